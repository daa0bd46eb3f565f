"""The configuration: one typed model that validates, documents itself and generates the JSON schema.

Every key has a description; `config_docs` turns them into ``config/README.md`` and the schema, and a test fails
when they drift.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from so2plumes.detect.card import card_path
from so2plumes.errors import ConfigError

FIRST_MEASUREMENT = datetime.date(2018, 4, 30)
WINDOW_PIXELS = 32

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "paper": {
        "detect": {"threshold": 0.5, "growth_threshold": None, "bridge_pixels": None, "gap_pixels": None},
        "emissions": {
            "estimator": "paper",
            "background": "bbox_median",
            "wind": ["10m"],
            "wind_statistic": "median",
            "precision_factor": 1.0,
        },
        "cluster": {"origin": "max"},
        "eruptions": {"origin": "max"},
    },
    "recommended": {
        "detect": {"threshold": 0.6, "growth_threshold": 0.4, "bridge_pixels": 40, "gap_pixels": 2},
        "emissions": {
            "estimator": "recommended",
            "background": "ring",
            "wind": ["layer_height", "summit", "boundary_layer", "10m"],
            "wind_statistic": "vector_mean",
            "precision_factor": 1.3,
        },
        "cluster": {"origin": "upwind"},
        "eruptions": {"origin": "upwind"},
    },
}
"""Where the papers' choice and ours differ; a key that is set in the configuration wins over its preset."""

Origin = Literal["max", "upwind"]
Processor = Annotated[str, Field(pattern=r"^\d{6}$")]


def _without_user(value: str) -> str:
    """Refuse an address with user information: addresses stand in commands, logs and reports."""
    if "@" in value.partition("?")[0]:
        raise ValueError("an address without user name and password; they go into the environment or a private file")
    return value


Address = Annotated[str, AfterValidator(_without_user)]


class Section(BaseModel):
    """Base of the sections: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Campaign(Section):
    """Which days are processed."""

    name: str = Field("tropomi-so2", description="Title of the reports.")
    start: datetime.date = Field(description="First day, YYYY-MM-DD.")
    end: datetime.date = Field(description="Last day, included.")
    unit: Literal["day", "month"] = Field(
        "day",
        description="Period of one job: `day` for the global archive, `month` for sparse regional ones.",
    )

    region: list[float] | dict[str, Any] | str | None = Field(
        None,
        description="Only this part of the Earth: a box [west, south, east, north] in degrees (west > east crosses the "
        "antimeridian), a GeoJSON geometry or WKT. Swaths are cut to the scanlines that see it.",
    )

    @field_validator("region")
    @classmethod
    def _readable(cls, value: Any) -> Any:
        if value is not None:
            from so2plumes.archive.region import parse_region

            try:
                parse_region(value)
            except ConfigError as error:
                raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Campaign:
        if self.start > self.end:
            raise ValueError(f"start {self.start} lies after end {self.end}")
        if self.start < FIRST_MEASUREMENT:
            raise ValueError(f"start {self.start} lies before the first measurement, {FIRST_MEASUREMENT}")
        return self


class Archive(Section):
    """Where the Level-2 granules come from and which are used."""

    source: Literal["local", "simulated", "cdse", "s3"] = Field(
        description="`local`: a folder of granules, searched recursively; `simulated`: granules with known truth "
        "are made first; `cdse`: the Copernicus Data Space, granules are fetched, compacted and deleted; `s3`: a "
        "bucket of an S3 store, likewise."
    )
    path: str = Field("archive", description="Folder of the local archive. Not used by the other sources.")
    catalogue: Address = Field(
        "https://catalogue.dataspace.copernicus.eu/odata/v1/Products", description="Products of the OData catalogue."
    )
    download: Address = Field(
        "https://download.dataspace.copernicus.eu/odata/v1/Products", description="Where products are downloaded."
    )
    token: Address = Field(
        "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token",
        description="The token service.",
    )
    credentials: str | None = Field(
        None,
        description="File with user name and password in two lines, or in netrc format, that only its owner can read. "
        "The environment (CDSE_USER, CDSE_PASSWORD) goes before, ~/.netrc after it. For `s3`: file with access key, "
        "secret key and, if there is one, session token in a line each, or in the format of ~/.aws/credentials; the "
        "environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN) goes before, ~/.aws/credentials "
        "after.",
    )
    s3_endpoint: Address | None = Field(
        "https://eodata.dataspace.copernicus.eu",
        description="Address of the S3 store; null: Amazon. The defaults of an S3 store are those of the Copernicus "
        "Data Space.",
    )
    bucket: str = Field("eodata", min_length=1, description="Bucket of the S3 store.")
    prefixes: list[str] = Field(
        default=["Sentinel-5P/TROPOMI/L2__SO2___/{year}/{month}/{day}/"],
        min_length=1,
        description="Beginnings of the keys of the S3 store, a stream each, with {year}, {month} and {day} where the "
        "date stands; one without them is listed as it is. The granule may lie there or in a folder of its own.",
    )
    s3_region: str = Field(
        "default", description="Region of the S3 store, such as eu-central-1 (not `campaign.region`)."
    )
    anonymous: bool = Field(False, description="Ask the S3 store without keys: for public buckets.")
    connections: int = Field(4, ge=1, description="Downloads at once, over all jobs of the machine.")
    quota_bytes: float | None = Field(
        12e12,
        gt=0,
        description="Bytes that may be fetched within `quota_days`, over all jobs of the machine; what exceeds them "
        "waits. The default is what the Copernicus Data Space allows; null: no budget.",
    )
    quota_days: int = Field(30, ge=1, description="Days over which `quota_bytes` are counted.")
    shared_folder: str = Field(
        "~/.cache/so2plumes",
        description="For the token, the connections and the count of fetched bytes that all jobs of the machine share.",
    )
    processors: list[Processor] = Field(
        default=["020401", "020500", "020600", "020601"],
        description="Processor versions that may be used, six digits each; within a stream (reprocessed before offline "
        "before near-real-time) the first of the list wins. The SO2 retrieval changed from DOAS to COBRA in November "
        "2024 (020700), so newest-wins would mix algorithms. An empty list allows all.",
    )
    retrievals: list[Literal["doas", "cobra"]] = Field(
        default=["doas"], description="Retrievals that may be used. An empty list allows all."
    )
    window: int = Field(
        16,
        ge=1,
        description="At most this many periods of compact swaths of a year exist at a time. Changing it reruns "
        "fetch_swaths.",
    )
    checksum: bool = Field(True, description="Keep the SHA-256 of every granule in its receipt.")

    @field_validator("prefixes")
    @classmethod
    def _listable(cls, value: list[str]) -> list[str]:
        from so2plumes.archive.s3_prefixes import check_prefix

        for prefix in value:
            try:
                check_prefix(prefix)
            except ConfigError as error:
                raise ValueError(f"{error.expected}, not {prefix!r}") from None
        return value


class Filter(Section):
    """Which pixels are used."""

    min_qa: float = Field(0.5, ge=0, lt=1, description="Pixels with qa_value greater than this are used.")
    max_solar_zenith_deg: float | None = Field(
        None, gt=0, le=180, description="Also drop pixels with a larger solar zenith angle; null keeps all."
    )


class Detect(Section):
    """How plumes are detected."""

    method: Literal["unet", "ztest"] = Field(
        "unet",
        description="`unet`: the rolling-window network; `ztest`: a local significance test without a network.",
    )
    model: str = Field(
        "resources/models/unet-8/model.keras",
        description="Weights of the U-Net; card.json must lie beside them.",
    )
    window: int = Field(
        WINDOW_PIXELS,
        ge=16,
        multiple_of=16,
        description="Side of the rolling window, the model's input size.",
    )
    step: int = Field(4, ge=1, description="Step of the rolling window along both axes, pixels.")
    mosaic: Literal["rolling", "dense"] = Field(
        "rolling",
        description="`rolling`: windows of the training's size at every step (paper); `dense`: the same network on "
        "tiles of 64 pixels, several times cheaper and not equal (docs/performance.md).",
    )
    threshold: float = Field(0.5, gt=0, lt=1, description="A plume has pixels of at least this probability.")
    growth_threshold: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="A plume also holds the connected pixels of at least this probability, which keeps long plumes in "
        "one piece; null: no growth (paper).",
    )
    bridge_pixels: int | None = Field(
        None,
        ge=1,
        description="Two plumes are one where a gap of at most this many unusable pixels lies between them (it goes on "
        "under a cloud); null: no bridges (paper).",
    )
    gap_pixels: int | None = Field(
        None,
        ge=0,
        description="Unusable pixels belong to a plume only within this many pixels of its measured ones; null: always "
        "(paper).",
    )
    engine: Literal["auto", "gpu", "compiled", "keras"] = Field(
        "auto",
        description="What runs the network: Keras on a `gpu`, `compiled` code for CPUs, `keras` on a CPU (any "
        "network), or `auto`, the fastest that can. The answers are equal, so changing it reruns nothing; the "
        "probability files name it.",
    )
    cpu_fallback: bool = Field(False, description="Go on with the CPU when a GPU fails; false: the job fails.")
    batch: int = Field(512, ge=1, description="Windows per call of Keras.")
    backend: Literal["tensorflow", "jax", "torch"] = Field(
        "tensorflow", description="Backend of Keras; tensorflow is the one that the environments install."
    )

    @model_validator(mode="after")
    def _step_fits(self) -> Detect:
        if self.step > self.window:
            raise ValueError(f"step {self.step} is larger than window {self.window}: pixels would be skipped")
        return self

    @model_validator(mode="after")
    def _grows(self) -> Detect:
        if self.growth_threshold is not None and self.growth_threshold > self.threshold:
            raise ValueError(
                f"growth_threshold {self.growth_threshold} (the preset's, where it is not set) lies above threshold "
                f"{self.threshold}"
            )
        return self


class Plumes(Section):
    """How plumes are cut out."""

    min_pixels: int = Field(6, ge=1, description="Smallest plume, pixels.")
    buffer: int = Field(3, ge=0, description="Pixels added around a plume for its bounding box.")
    chip_margin: int = Field(
        16, ge=12, description="Pixels kept around a plume in its chip; the background ring reaches 12."
    )


class Emissions(Section):
    """How rates are computed from chips."""

    estimator: str = Field(
        "recommended",
        description="Estimator whose rate becomes emission_kg_h: `recommended` (the rule of docs/rates.md) or one of "
        "`csf`, `disk`, `ime_decay`, `ime_fetch`, `paper`; all are computed.",
    )
    background: Literal["bbox_median", "ring", "normalised_convolution"] = Field(
        "ring",
        description="Background column: `bbox_median` (paper), `ring` (4 to 12 pixels away) or "
        "`normalised_convolution` (a Gaussian mean of 10 pixels, a level per pixel).",
    )
    wind: list[Literal["layer_height", "summit", "boundary_layer", "10m"]] = Field(
        ["layer_height", "summit", "boundary_layer", "10m"],
        min_length=1,
        description="The wind ladder, best first; the first rung that gives a wind is used. All but `10m` need a wind "
        "field; the paper has `10m` alone.",
    )
    wind_statistic: Literal["vector_mean", "median"] = Field(
        "vector_mean",
        description="Speed over the plume: `vector_mean`, weighted by mass, or scalar `median` (paper).",
    )
    lifetime_h: float = Field(18, gt=0, description="First-order lifetime of the gas, hours.")
    lifetime_sigma_ln: float = Field(
        0.7, ge=0, description="Its uncertainty: standard deviation of its logarithm (0.7: 9 to 36 h)."
    )
    draws: int = Field(500, ge=0, description="Draws of the errors of a rate; 0 gives no intervals.")
    precision_factor: float = Field(
        1.3, gt=0, description="The stated precision is multiplied by this; 1.3 is what real scenes scatter."
    )
    background_systematic_du: float = Field(
        0.1, ge=0, description="Offset of a column against its surroundings that no averaging removes, Dobson units."
    )
    wind_error_m_s: float = Field(1.5, ge=0, description="Smallest error of the wind speed.")
    height_sigma_ln: float = Field(
        0.3,
        ge=0,
        description="Error of the columns by the height of the plume; the range of the 1, 7 and 15 km columns where "
        "larger.",
    )
    label_threshold: float = Field(
        0.8, ge=0.5, lt=1, description="A label needs more than this share of a plume's pixels."
    )

    @field_validator("estimator")
    @classmethod
    def _known_estimator(cls, value: str) -> str:
        from so2plumes.emissions.estimators import RECOMMENDED, estimator_names

        names = (RECOMMENDED, *estimator_names())
        if value not in names:
            raise ValueError(f"unknown estimator {value}; expected {', '.join(names)}")
        return value


class Cluster(Section):
    """How plumes are clustered."""

    eps_km: float = Field(50, gt=0, description="DBSCAN: largest great-circle distance of neighbours.")
    min_samples: int = Field(20, ge=1, description="DBSCAN: plumes that make a core point.")
    origin: Origin = Field(
        "upwind",
        description="Point of a plume that is clustered: `max` (paper) or `upwind` (end of the mask).",
    )
    centre: Literal["mean", "densest"] = Field(
        "densest",
        description="Place of a cluster, from which its source is named: the `mean` of its points (paper) or where "
        "they are `densest`.",
    )


class Sources(Section):
    """Known sources that clusters are named after."""

    volcanoes: str | None = Field(
        None,
        description="List of Holocene volcanoes of the GVP (website CSV or XLSX, or WFS GeoJSON), added to the known "
        "sources; they name what no known source explains. Null: the known sources alone; `download` fetches it first.",
    )


class Eruptions(Section):
    """Match with the eruptions of the Global Volcanism Program."""

    path: str | None = Field(
        None,
        description="GVP eruption list: website CSV or XLSX, or WFS GeoJSON. Null skips the match, and the report "
        "says so; `download` fetches it first; `simulated` is the list of a simulated archive.",
    )
    url: Address = Field(
        "https://webservices.volcano.si.edu/geoserver/GVP-VOTW/ows", description="Web service of the GVP (`download`)."
    )
    radius_km: float = Field(50, gt=0, description="Largest distance of plume and volcano.")
    origin: Origin = Field("upwind", description="Point of a plume that is matched: `max` (paper) or `upwind`.")
    event_speed_m_s: float = Field(
        12,
        gt=0,
        description="Outflow of an eruption: how far it may have gone between two plumes, by their time apart.",
    )
    event_reach_km: float = Field(500, gt=0, description="Outflow: longest distance of two plumes that follow.")
    event_days: float = Field(10, gt=0, description="Outflow: how long it is followed from the volcano.")


class Edgar(Section):
    """Comparison with the EDGAR inventory."""

    path: str | None = Field(
        None,
        description="EDGAR v8.1 SO2 file or folder (nc or zip). Null skips the comparison, and the report says so; "
        "`download` fetches the grids first; `simulated` is the grid of a simulated archive.",
    )
    url: Address = Field(
        "https://jeodpp.jrc.ec.europa.eu/ftp/jrc-opendata/EDGAR/datasets/v81_FT2022_AP_new",
        description="Where the EDGAR grids are (`download`).",
    )
    top_share: float = Field(0.001, gt=0, lt=1, description="Share of cells that counts as the strongest.")
    radius_km: float = Field(200, gt=0, description="A cell has a plume when one lies within this distance.")


class Era5(Section):
    """Winds of the ERA5 reanalysis."""

    use: Literal["never", "missing", "always"] = Field(
        "never",
        description="Which plumes get ERA5 winds: none, those whose granule has no wind, or all.",
    )
    path: str | None = Field(
        None,
        description="Folder of ERA5 NetCDF or zip files of the Climate Data Store, any layout, searched recursively "
        "for time and place; `download` asks the Climate Data Store (account: CDSAPI_URL and CDSAPI_KEY, or "
        "~/.cdsapirc).",
    )
    url: Address | None = Field(
        None, description="Address of the API of the Climate Data Store; null: that of the account (`download`)."
    )
    levels_hpa: list[Annotated[int, Field(ge=1, le=1000)]] = Field(
        default=[1000, 925, 850, 700, 600, 500, 400, 300, 250, 200, 150, 100, 70],
        description="Pressure levels that are fetched; an empty list fetches the 10 m wind, boundary-layer height and "
        "surface pressure only (`download`).",
    )
    max_requests: int = Field(
        8,
        ge=1,
        description="At most this many requests per period for each of the two data sets: boxes of plumes are joined "
        "until it holds (`download`).",
    )

    @model_validator(mode="after")
    def _has_a_source(self) -> Era5:
        if self.use != "never" and self.path is None:
            raise ValueError(f"use {self.use} needs path: a folder of ERA5 files, or download")
        return self


class Catalogues(Section):
    """Comparison with catalogues of others."""

    masses: str | None = Field(None, description="NASA's MSVOLSO2L4 (text): masses of eruptions. Null skips it.")
    persistent: str | None = Field(
        None, description="Persistent volcanic degassing (`.rc` text, kg of sulphur per second). Null skips it."
    )


class Analysis(Section):
    """Days, regions and labels."""

    spike_window_days: int = Field(61, ge=7, description="Length of the running median of the daily counts.")
    spike_score: float = Field(
        6, gt=0, description="A day stands out by this many robust standard deviations above the running median,"
    )
    spike_plumes: float = Field(10, ge=0, description="and by this many plumes.")
    panel_name: str = Field("Norilsk", description="Name of the box whose plumes are counted per day (FP Fig. 6).")
    panel_box: list[float] = Field(
        default=[78.0, 64.0, 98.0, 74.0],
        min_length=4,
        max_length=4,
        description="The box: west, south, east, north; west > east crosses the antimeridian.",
    )
    none_eps_km: float = Field(150, gt=0, description="DBSCAN of plumes without enhancement: distance of neighbours.")
    none_min_samples: int = Field(20, ge=1, description="DBSCAN of plumes without enhancement: plumes of a core point.")


class Simulate(Section):
    """The simulated archive."""

    seed: int = Field(2019, ge=0, description="Seed of all simulated orbits, clouds, noise and plumes.")
    scanlines: int = Field(320, ge=5, le=4172, description="Scanlines of a granule around its source.")
    ground_pixels: int = Field(450, ge=32, le=450, description="Ground pixels across the swath.")


class Training(Section):
    """How a detector is trained (`snakemake results/training/<name>/card.html`)."""

    folders: list[str] = Field(
        default=[],
        description="Folders of Level-2 granules whose quiet scenes are used; simulated ones are added.",
    )
    labels: list[str] = Field(
        default=["resources/labels/etna-reviewed.geojson"],
        description="Files of masks drawn or confirmed by people (docs/labels.md); granules that are not in `folders` "
        "are left out.",
    )
    simulated_days: int = Field(120, ge=1, description="Days of simulated quiet granules.")
    max_granules: int | None = Field(None, ge=1, description="Build the training set from at most this many granules.")
    seed: int = Field(1, ge=0, description="Seed of the training set, of the training and of the scoring.")
    normalisation: Literal["local_robust", "window_max"] = Field(
        "local_robust",
        description="Input: column in units of the `local_robust` noise, or divided by the `window_max`imum.",
    )
    validity_channel: bool = Field(True, description="Give the network a second channel: which pixels are usable.")
    loss: Literal["bce", "dice", "focal"] = Field("bce", description="Loss: binary cross-entropy, Dice or focal.")
    base_width: int = Field(8, ge=2, description="Filters of the U-Net's first block.")
    dropout: float = Field(0.05, ge=0, lt=1, description="Share of dropped activations; the paper has 0.2.")
    epochs: int = Field(24, ge=1, description="Passes over the training set.")
    batch: int = Field(64, ge=1, description="Images per step.")
    compare_epochs: int = Field(
        4, ge=0, description="Passes of the short trainings that compare inputs, widths and losses; 0 leaves them out."
    )
    compare_images: int = Field(6000, ge=100, description="Images of the short trainings.")
    trials: int = Field(2000, ge=0, description="Injected plumes of the detection curve; 0 leaves it out.")
    weights: str | None = Field(
        None, description="Score these weights, with the training log of the card beside them, instead of training."
    )


class Truth(Section):
    """The closed loop: simulated plumes of known rate (`snakemake results/truth/closed_loop.json`)."""

    cases: int = Field(1000, ge=10, description="Simulated plumes.")
    seed: int = Field(2024, ge=0, description="Seed of the simulated plumes.")


class Report(Section):
    """The reports."""

    gallery: int = Field(20, ge=0, description="Plumes shown with their outlines.")


class Product(Section):
    """The data set that is published (`snakemake product`)."""

    licence: str = Field(
        "other",
        pattern=r"^[A-Za-z0-9.+-]+$",
        description="Licence of the plume table: an SPDX identifier (such as CC-BY-4.0), or `other`, the terms of its "
        "sources.",
    )
    publisher: str | None = Field(None, description="Who publishes the plume table.")


class Config(Section):
    """The whole configuration."""

    preset: Literal["paper", "recommended"] = Field(
        "recommended", description="Default choices where the papers' and ours differ; keys that are set win."
    )
    results: str = Field("results", description="Folder of everything that the campaign makes.")
    campaign: Campaign
    archive: Archive
    filter: Filter = Filter()
    detect: Detect = Detect()
    plumes: Plumes = Plumes()
    emissions: Emissions = Emissions()
    cluster: Cluster = Cluster()
    sources: Sources = Sources()
    eruptions: Eruptions = Eruptions()
    edgar: Edgar = Edgar()
    era5: Era5 = Era5()
    catalogues: Catalogues = Catalogues()
    analysis: Analysis = Analysis()
    simulate: Simulate = Simulate()
    training: Training = Training()
    truth: Truth = Truth()
    report: Report = Report()
    product: Product = Product()

    @model_validator(mode="before")
    @classmethod
    def _apply_preset(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        merged = dict(values)
        for section, choices in PRESETS.get(merged.get("preset", "recommended"), {}).items():
            given = merged.get(section) or {}
            if isinstance(given, Mapping):
                merged[section] = {**choices, **given}
        return merged

    @field_validator("results")
    @classmethod
    def _plain_folder(cls, value: str) -> str:
        return value.rstrip("/")


def _allowed(error: Mapping[str, Any]) -> str:
    context = error.get("ctx") or {}
    if "expected" in context:
        return str(context["expected"])
    if error["type"] == "extra_forbidden":
        return "a key of config/README.md"
    return str(error["msg"]).removeprefix("Value error, ")


def _found(error: Mapping[str, Any]) -> str:
    return "nothing" if error["type"] == "missing" else re.sub(r"//.*@", "//***@", repr(error.get("input")))


def parse_config(values: Mapping[str, Any]) -> Config:
    """Validate a configuration.

    Raises
    ------
    ConfigError
        Names every wrong key, its value and what is allowed.
    """
    try:
        return Config.model_validate(dict(values))
    except ValidationError as invalid:
        problems = [
            f"{'.'.join(str(part) for part in error['loc']) or 'configuration'}: "
            f"found {_found(error)}; allowed: {_allowed(error)}"
            for error in invalid.errors()
        ]
        raise ConfigError(
            f"{len(problems)} configuration value{'s are' if len(problems) > 1 else ' is'} wrong\n    "
            + "\n    ".join(problems),
            remedy="config/README.md explains every key",
        ) from None


def check_files(config: Config, root: str | Path = ".") -> None:
    """Check that the files that the configuration names exist.

    Raises
    ------
    ConfigError
        Names the key and the path.
    """
    named = {}
    if config.detect.method == "unet":
        named = {"detect.model": config.detect.model, "detect.model, its card": str(card_path(config.detect.model))}
    for section in ("eruptions", "edgar"):
        path = getattr(config, section).path
        made = path == "download" or (config.archive.source == "simulated" and path == "simulated")
        if path is not None and not made:
            named[f"{section}.path"] = path
    if config.era5.use != "never" and config.era5.path not in (None, "download"):
        named["era5.path"] = str(config.era5.path)
    if config.sources.volcanoes not in (None, "download"):
        named["sources.volcanoes"] = config.sources.volcanoes
    for key in ("masses", "persistent"):
        if (path := getattr(config.catalogues, key)) is not None:
            named[f"catalogues.{key}"] = path
    for key, path in named.items():
        if not (Path(root) / path).exists():
            raise ConfigError(
                "a file that the configuration names is missing",
                where=key,
                expected="an existing file",
                found=path,
                remedy="correct the path"
                if key.startswith("detect")
                else "download it, or set the key to download or null",
            )


def load_config(path: str | Path) -> Config:
    """Read and validate a YAML file."""
    try:
        values = yaml.safe_load(Path(path).read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError("the configuration cannot be read", where=path, found=str(error)) from None
    return parse_config(values or {})
