"""The configuration: one typed model that validates, documents itself and generates the JSON schema.

Every key has a description; `config_docs` turns them into ``config/README.md`` and the schema, and a test fails
when they drift.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from so2plumes.detect.card import card_path
from so2plumes.errors import ConfigError

FIRST_MEASUREMENT = datetime.date(2018, 4, 30)
WINDOW_PIXELS = 32

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "paper": {
        "detect": {"threshold": 0.5, "growth_threshold": None, "bridge_pixels": None, "gap_pixels": None},
        "emissions": {"background": "bbox_median"},
        "cluster": {"origin": "max"},
        "eruptions": {"origin": "max"},
    },
    "recommended": {
        "detect": {"threshold": 0.6, "growth_threshold": 0.4, "bridge_pixels": 40, "gap_pixels": 2},
        "emissions": {"background": "ring"},
        "cluster": {"origin": "upwind"},
        "eruptions": {"origin": "upwind"},
    },
}
"""Where the papers' choice and ours differ; a key that is set in the configuration wins over its preset."""

Origin = Literal["max", "upwind"]
Processor = Annotated[str, Field(pattern=r"^\d{6}$")]


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

    source: Literal["local", "simulated", "cdse"] = Field(
        description="`local`: a folder of granules, searched recursively; `simulated`: granules with known truth "
        "are made first; `cdse`: the Copernicus Data Space, granules are fetched, compacted and deleted."
    )
    path: str = Field("archive", description="Folder of the local archive. Not used by the other sources.")
    catalogue: str = Field(
        "https://catalogue.dataspace.copernicus.eu/odata/v1/Products", description="Products of the OData catalogue."
    )
    download: str = Field(
        "https://download.dataspace.copernicus.eu/odata/v1/Products", description="Where products are downloaded."
    )
    token: str = Field(
        "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token",
        description="The token service.",
    )
    credentials: str | None = Field(
        None,
        description="File with user name and password in two lines, or in netrc format, that only its owner can read. "
        "The environment (CDSE_USER, CDSE_PASSWORD) goes before, ~/.netrc after it.",
    )
    connections: int = Field(4, ge=1, description="Downloads at once, over all jobs of the machine.")
    shared_folder: str = Field(
        "~/.cache/so2plumes", description="For the token and the connections that all jobs of the machine share."
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

    estimator: Literal["paper"] = Field("paper", description="Estimator whose rate becomes emission_kg_h.")
    background: Literal["bbox_median", "ring"] = Field(
        "ring", description="Background column: `bbox_median` (paper) or `ring` (4 to 12 pixels away)."
    )
    label_threshold: float = Field(
        0.8, ge=0.5, lt=1, description="A label needs more than this share of a plume's pixels."
    )


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


class Eruptions(Section):
    """Match with the eruptions of the Global Volcanism Program."""

    path: str | None = Field(
        None,
        description="GVP eruption list: website CSV or XLSX, or WFS GeoJSON. Null skips the match, and the report "
        "says so; `download` fetches it first; `simulated` is the list of a simulated archive.",
    )
    url: str = Field(
        "https://webservices.volcano.si.edu/geoserver/GVP-VOTW/ows", description="Web service of the GVP (`download`)."
    )
    radius_km: float = Field(50, gt=0, description="Largest distance of plume and volcano.")
    origin: Origin = Field("upwind", description="Point of a plume that is matched: `max` (paper) or `upwind`.")


class Edgar(Section):
    """Comparison with the EDGAR inventory."""

    path: str | None = Field(
        None,
        description="EDGAR v8.1 SO2 file or folder (nc or zip). Null skips the comparison, and the report says so; "
        "`download` fetches the grids first; `simulated` is the grid of a simulated archive.",
    )
    url: str = Field(
        "https://jeodpp.jrc.ec.europa.eu/ftp/jrc-opendata/EDGAR/datasets/v81_FT2022_AP_new",
        description="Where the EDGAR grids are (`download`).",
    )
    top_share: float = Field(0.001, gt=0, lt=1, description="Share of cells that counts as the strongest.")
    radius_km: float = Field(200, gt=0, description="A cell has a plume when one lies within this distance.")


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


class Report(Section):
    """The reports."""

    gallery: int = Field(20, ge=0, description="Plumes shown with their outlines.")


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
    eruptions: Eruptions = Eruptions()
    edgar: Edgar = Edgar()
    simulate: Simulate = Simulate()
    training: Training = Training()
    report: Report = Report()

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
    return "nothing" if error["type"] == "missing" else repr(error.get("input"))


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
