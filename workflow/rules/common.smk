# What all rules share: the validated configuration, the periods, and how commands are found.

import datetime
import os
import sys

from so2plumes.config import check_files, parse_config
from so2plumes.errors import ConfigError
from so2plumes.files import sha256
from so2plumes.periods import campaign_years, year_bounds, year_periods
from so2plumes.versions import ALGORITHMS

# Rules call the `so2plumes` of the environment that runs Snakemake.
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]

try:
    CONFIG = parse_config(config)
    check_files(CONFIG, workflow.basedir)
except ConfigError as error:
    sys.exit(f"configuration error: {error}")

RESULTS = CONFIG.results
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
START, END = CONFIG.campaign.start, CONFIG.campaign.end
YEARS = campaign_years(START, END)
SIMULATED = CONFIG.archive.source == "simulated"

PERIODS = {
    str(year): {
        period.name: period for period in year_periods(START, END, year, CONFIG.campaign.unit)
    }
    for year in YEARS
}

FILTER = (
    f"--min-qa {CONFIG.filter.min_qa} --max-solar-zenith {CONFIG.filter.max_solar_zenith_deg}"
)


wildcard_constraints:
    year=r"\d{4}",
    date=r"\d{4}-\d{2}(-\d{2})?",
    model=r"[A-Za-z0-9_.-]+",


def days_of_year(wildcards):
    first, last = year_bounds(START, END, int(wildcards.year))
    return f"--start {first} --end {last}"


def days_of_period(wildcards):
    period = PERIODS[wildcards.year].get(wildcards.date)
    if period is None:
        raise ValueError(
            f"{wildcards.date} is no {CONFIG.campaign.unit} of {wildcards.year} in the campaign {START}..{END}"
        )
    return f"--start {period.start} --end {period.end}"


def of_every_period(pattern):
    """Input function: a path for every period of the year."""
    return lambda wildcards: [
        f"{RESULTS}/{wildcards.year}/" + pattern.format(date=date)
        for date in PERIODS[wildcards.year]
    ]


def of_every_year(pattern):
    return [f"{RESULTS}/{year}/{pattern}" for year in YEARS]


def archive_folder(wildcards):
    """Where the granules of a year are."""
    return f"{RESULTS}/{wildcards.year}/simulated" if SIMULATED else CONFIG.archive.path


def archive_input(wildcards):
    return archive_folder(wildcards) if SIMULATED else []
