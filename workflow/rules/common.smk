# What all rules share: the validated configuration, the periods, and how commands are found.

import datetime
import functools
import json
import os
import shlex
import sys

from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from so2plumes.archive.listed import choice_of, is_current, read_listed
from so2plumes.config import check_files, parse_config
from so2plumes.detect.card import card_path
from so2plumes.environment import put_commands_on_path
from so2plumes.errors import ConfigError
from so2plumes.files import sha256
from so2plumes.folder import HEALED, hold_folder
from so2plumes.periods import campaign_years, year_bounds, year_periods
from so2plumes.provenance import config_digest
from so2plumes.scheduling import collect_garbage_rarely, one_timer_at_a_time
from so2plumes.training.variants import VARIANTS
from so2plumes.versions import ALGORITHMS

put_commands_on_path()
one_timer_at_a_time()
collect_garbage_rarely()

# Held until this process ends; jobs on a cluster read these files too, and hold nothing.
HOLD = hold_folder(Path(".snakemake")) if workflow.is_main_process else None
if HOLD and HOLD.healed:
    logger.warning(HEALED)

try:
    CONFIG = parse_config(config)
    check_files(CONFIG)
except ConfigError as error:
    sys.exit(f"configuration error: {error}")

KNOWN_SOURCES = "resources/known_sources.csv"
KNOWN_SHA256 = sha256(KNOWN_SOURCES)
RESULTS = CONFIG.results
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
START, END = CONFIG.campaign.start, CONFIG.campaign.end
YEARS = campaign_years(START, END)
SIMULATED = CONFIG.archive.source == "simulated"

PERIODS = {
    str(year): {
        period.name: period
        for period in year_periods(START, END, year, CONFIG.campaign.unit)
    }
    for year in YEARS
}

FILTER = f"--min-qa {CONFIG.filter.min_qa} --max-solar-zenith {CONFIG.filter.max_solar_zenith_deg}"
THRESHOLDS = (
    f"--threshold {CONFIG.detect.threshold} --growth-threshold {CONFIG.detect.growth_threshold}"
    f" --bridge-pixels {CONFIG.detect.bridge_pixels} --gap-pixels {CONFIG.detect.gap_pixels}"
)

E = CONFIG.emissions
RATE_RULE = (
    f"--estimator {E.estimator} --background {E.background}"
    f" --lifetime-sigma {E.lifetime_sigma_ln} --draws {E.draws}"
    f" --precision-factor {E.precision_factor} --background-systematic {E.background_systematic_du}"
    f" --wind-error {E.wind_error_m_s} --height-sigma {E.height_sigma_ln}"
)
EMISSION_RULE = (
    f"{RATE_RULE} --label-threshold {E.label_threshold}"
    f" --wind {','.join(E.wind)} --wind-statistic {E.wind_statistic} --lifetime {E.lifetime_h}"
)

TRAINING = f"{RESULTS}/training"
T = CONFIG.training
REGION = (
    f"--region {shlex.quote(json.dumps(CONFIG.campaign.region))}"
    if CONFIG.campaign.region
    else ""
)
FETCHED = CONFIG.archive.source in ("cdse", "s3")
# Where, who, how fast and how much is no reason to fetch again, so these options are no parameters.
LIMITS = (
    f"--connections {CONFIG.archive.connections} --quota-bytes {CONFIG.archive.quota_bytes or 'none'}"
    f" --quota-days {CONFIG.archive.quota_days}"
    if FETCHED
    else ""
)
ACCOUNT = (
    f"--credentials {shlex.quote(CONFIG.archive.credentials or 'none')}"
    + (" --anonymous" if CONFIG.archive.anonymous else "")
    if FETCHED
    else ""
)
BUCKET = f"--bucket {shlex.quote(CONFIG.archive.bucket)}"
STORE = f"--s3-endpoint {shlex.quote(CONFIG.archive.s3_endpoint or 'none')} --s3-region {shlex.quote(CONFIG.archive.s3_region)}"
LISTED_AT = {
    "cdse": f"--catalogue {shlex.quote(CONFIG.archive.catalogue)}",
    "s3": STORE,
}.get(CONFIG.archive.source, "")
CHECKSUM = "" if CONFIG.archive.checksum else "--no-checksum"
DOWNLOAD = (
    f"--download {shlex.quote(CONFIG.archive.download)} --token {shlex.quote(CONFIG.archive.token)} {STORE} {BUCKET} {ACCOUNT}"
    f" --shared-folder {shlex.quote(CONFIG.archive.shared_folder)} {LIMITS}"
    f" --staging {RESULTS}/{{wildcards.year}}/staging/{{wildcards.date}}"
    if FETCHED
    else ""
)
# Nor is the address of the service or how many requests it takes.
ERA5 = f"--max-requests {CONFIG.era5.max_requests}" + (
    f" --url {shlex.quote(CONFIG.era5.url)}" if CONFIG.era5.url else ""
)


wildcard_constraints:
    year=r"\d{4}",
    scope=r"\d{4}|campaign",
    date=r"\d{4}-\d{2}(-\d{2})?",
    model=r"(?!simulated\b)[A-Za-z0-9_.-]+",
    variant=r"[a-z-]+",


def days_of_year(wildcards):
    first, last = year_bounds(START, END, int(wildcards.year))
    return f"--start {first} --end {last}"


def calendar_year(wildcards):
    """All days of a year: the granule list does not change when the campaign is extended or shortened."""
    return f"--start {wildcards.year}-01-01 --end {wildcards.year}-12-31"


def periods_of(year):
    if year not in PERIODS:
        raise WorkflowError(
            f"{year} is not in the campaign, {START} to {END}: see campaign.start and campaign.end"
        )
    return PERIODS[year]


def period_of(wildcards):
    periods = periods_of(wildcards.year)
    if wildcards.date not in periods:
        raise WorkflowError(
            f"{wildcards.date} is no {CONFIG.campaign.unit} of {wildcards.year} in the campaign, {START} to {END}"
        )
    return periods[wildcards.date]


def days_of_month(wildcards):
    period = period_of(wildcards)
    return f"--start {period.start} --end {period.end}"


# A text costs the plan of six years less than a function does.
DAYS_OF_PERIOD = (
    "--start {date} --end {date}" if CONFIG.campaign.unit == "day" else days_of_month
)


def of_every_period(pattern):
    """Input function: a path for every period of the year."""
    return lambda wildcards: [
        f"{RESULTS}/{wildcards.year}/{pattern.format(date=date)}"
        for date in periods_of(wildcards.year)
    ]


def of_every_year(pattern):
    return [f"{RESULTS}/{year}/{pattern}" for year in YEARS]


ARCHIVE = f"{RESULTS}/{{year}}/simulated" if SIMULATED else CONFIG.archive.path
ARCHIVE_OPTION = (
    f"--source {CONFIG.archive.source}"
    if FETCHED
    else f"--archive {shlex.quote(ARCHIVE)}"
)


def list_choice(wildcards):
    """Digest of what the granule list of a year is made by: the parameters of `index_archive`."""
    return choice_of(
        ALGORITHMS["index_archive"],
        calendar_year(wildcards),
        list_options(wildcards),
        REGION,
        CONFIG.archive.processors,
        CONFIG.archive.retrievals,
    )


@functools.cache
def granule_list(path, stamp):
    """What the granule list of a year says; `stamp` is its time."""
    return read_listed(path)


def list_of_period(wildcards):
    """The granule list of the year: ancient where it says of the period what its receipt is of.

    A list that was made again then makes only the periods anew for which it has changed. It counts in full where the
    configuration asks for another list, as Snakemake does not look at the jobs behind an ancient input that is remade.
    """
    path = f"{RESULTS}/{wildcards.year}/index.parquet"
    if SIMULATED or not os.path.isfile(path):
        return path
    listed = granule_list(path, os.stat(path).st_mtime_ns)
    receipt = f"{RESULTS}/{wildcards.year}/receipts/{wildcards.date}.json"
    same = listed.choice == list_choice(wildcards) and is_current(
        receipt, listed, period_of(wildcards).dates
    )
    return ancient(path) if same else path


def chips_of_earlier_period(wildcards):
    """Chips of the period that lies a window back: at most a window of compact swaths exists at a time.

    `temp()` alone does not bound them, as all fetch jobs may run before the first detection. The input is not ancient:
    Snakemake would not ask the jobs behind an ancient input that is remade whether they have to run themselves.
    """
    names = list(periods_of(wildcards.year))
    place = names.index(period_of(wildcards).name) - CONFIG.archive.window
    return f"{RESULTS}/{wildcards.year}/chips/{names[place]}.nc" if place >= 0 else []


def winds_of_period(wildcards):
    """ERA5 winds, where the configuration uses them."""
    return (
        f"{RESULTS}/{wildcards.year}/winds/{wildcards.date}.nc"
        if CONFIG.era5.use != "never"
        else []
    )


def winds_option(wildcards, input):
    return f"--winds {input.winds}" if input.winds else ""


def eruption_list():
    if CONFIG.eruptions.path == "simulated" and SIMULATED:
        return f"{RESULTS}/simulated/eruptions.csv"
    if CONFIG.eruptions.path == "download":
        return f"{RESULTS}/external/gvp_eruptions.geojson"
    return CONFIG.eruptions.path or []


def volcano_list():
    if CONFIG.sources.volcanoes == "download":
        return f"{RESULTS}/external/gvp_volcanoes.geojson"
    return CONFIG.sources.volcanoes or []


def days_of_scope(wildcards):
    """Days of a year or of the campaign."""
    if wildcards.scope == "campaign":
        return f"--start {START} --end {END}"
    first, last = year_bounds(START, END, int(wildcards.scope))
    return f"--start {first} --end {last}"


def seen_of_scope(wildcards):
    """Grids of what was seen in a year or in the campaign."""
    years = YEARS if wildcards.scope == "campaign" else [wildcards.scope]
    return [f"{RESULTS}/{year}/seen.nc" for year in years]


def edgar_grid(wildcards):
    """The inventory: a simulated year, a configured file or folder, or nothing."""
    if CONFIG.edgar.path == "simulated" and SIMULATED:
        year = getattr(wildcards, "year", str(END.year))
        return f"{RESULTS}/simulated/edgar/v8.1_FT2022_AP_SO2_{year}_TOTALS_flx.nc"
    if CONFIG.edgar.path == "download":
        return f"{RESULTS}/external/edgar"
    return ancient(CONFIG.edgar.path) if CONFIG.edgar.path else []


def truth_option(wildcards, input):
    return f"--truth {input.truth}" if SIMULATED else ""


def whole_config(wildcards):
    """The configuration as a file; a function, for Snakemake would fill in the braces of `archive.prefixes`."""
    return CONFIG.model_dump_json(indent=2)


def config_of_this_run(wildcards, input):
    """The configuration for the report.

    As a function of the input it is no trigger: a report is not written again because a value that only other
    steps use has changed; those steps are, and then the report.
    """
    return CONFIG.model_dump_json()


def card_of_this_run(wildcards, input):
    """The card of the detector, or none; no trigger, as a changed model makes other plumes."""
    return str(card_path(CONFIG.detect.model)) if MODEL else "none"


def list_options(wildcards):
    """What is listed: a change of these lists again; a function, for Snakemake would fill in the braces of the prefixes."""
    if not FETCHED:
        return ARCHIVE_OPTION.format(year=wildcards.year)
    if CONFIG.archive.source == "cdse":
        return "--source cdse"
    prefixes = shlex.quote(json.dumps(CONFIG.archive.prefixes))
    return f"--source s3 {BUCKET} --prefixes {prefixes}"


def weights_of(wildcards):
    """The weights that are scored: configured ones, or those that are trained."""
    return T.weights or f"{TRAINING}/{wildcards.model}/weights.keras"


def training_log_of(wildcards):
    """The log of the training; of configured weights the card beside them has it."""
    return (
        card_path(T.weights)
        if T.weights
        else f"{TRAINING}/{wildcards.model}/history.json"
    )


def variants_of(wildcards):
    if T.weights or not T.compare_epochs:
        return []
    return [
        f"{TRAINING}/{wildcards.model}/variants/{variant}.json" for variant in VARIANTS
    ]


def curve_of(wildcards):
    return f"{TRAINING}/{wildcards.model}/detection_curve.parquet" if T.trials else []
