"""How plumes are found and measured."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from so2plumes.config.section import Address, Section

WINDOW_PIXELS = 32


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
