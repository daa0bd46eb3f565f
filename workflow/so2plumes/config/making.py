"""Simulated archives, training, and plumes of known rate."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from so2plumes.config.section import Section


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
