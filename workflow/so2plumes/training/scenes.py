"""Draw scenes: a quiet background, perhaps plumes, perhaps an extended enhancement that is no plume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.training.backgrounds import Background
from so2plumes.training.inject import TRUTH_SIGMA, inject, structured_background

FAINT_SIGMA = 3.0
UNUSABLE_WEIGHT = 0.2
TRUTH_TEXT = f"injected column above {TRUTH_SIGMA:g} standard deviation of the local noise"
NO_PLUME = "none"


@dataclass(frozen=True)
class SceneMix:
    """What scenes are drawn from.

    Attributes
    ----------
    quiet_share : float
        Share of scenes without a plume.
    structured_share : float
        Share of scenes with an extended enhancement of 0.5 to 5 DU.
    peak_sigma : pair of float
        Range of the plumes' peaks, in units of the local noise, log-uniform.
    kind : str, optional
        Only this kind of plume; see `so2plumes.training.inject.PLUME_KINDS`.
    structure_du : float, optional
        Strength of the enhancement; drawn where not given.
    """

    quiet_share: float = 0.4
    structured_share: float = 0.5
    peak_sigma: tuple[float, float] = (1.5, 200.0)
    kind: str | None = None
    structure_du: float | None = None


@dataclass(frozen=True)
class DrawnScene:
    """A scene of known truth; arrays are (scanline, ground_pixel).

    Attributes
    ----------
    column : mol m-2
    signal_sigma
        Column of the plumes in units of the local noise before they were added.
    truth : bool
        Where that exceeds 1.
    structure_du
        Extended enhancement that belongs to no plume.
    kind : str
        Kind of the plumes, or ``none``.
    """

    column: NDArray[np.floating]
    signal_sigma: NDArray[np.floating]
    truth: NDArray[np.bool_]
    structure_du: NDArray[np.floating]
    kind: str


def draw_scene(
    rng: np.random.Generator, background: Background, mix: SceneMix, where: NDArray[np.bool_] | None = None
) -> DrawnScene:
    """Draw a scene over a background; plumes begin near a pixel of `where`, or near any usable one."""
    swath, shape = background.swath, background.usable.shape
    column = swath["vertical_column"]
    signal: NDArray[np.floating] = np.zeros(shape)
    structure: NDArray[np.floating] = np.zeros(shape)
    kind = NO_PLUME
    if rng.random() >= mix.quiet_share:
        made = inject(
            rng,
            column,
            background.usable,
            swath["longitude"],
            swath["latitude"],
            kind=mix.kind,
            peak_sigma=mix.peak_sigma,
            local=background.local,
            where=where,
        )
        column, signal, kind = made.column, made.signal_sigma, made.kind
    if rng.random() < mix.structured_share:
        structure = structured_background(rng, shape, strength_du=mix.structure_du)
    return DrawnScene(column + structure, signal, signal > TRUTH_SIGMA, structure / MOL_M2_PER_DU, kind)


def faint_truth(
    truth: NDArray[np.bool_], signal_sigma: NDArray[np.floating], usable: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Truth pixels of connected plumes that reach 3 sigma on no usable pixel."""
    import cv2

    count, labels = cv2.connectedComponents(truth.astype(np.uint8), connectivity=8)
    peaks = np.zeros(count)
    np.maximum.at(peaks, labels, np.where(usable, signal_sigma, 0.0))
    return truth & (peaks < FAINT_SIGMA)[labels]


def scene_weight(background: Background, scene: DrawnScene, judged: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Weight of every pixel in training and scoring.

    Returns
    -------
    (scanline, ground_pixel) float32
        0 outside `judged`, where the scene itself may hold a plume and on injected plumes that nowhere reach 3 sigma
        (neither answer is wrong there), 0.2 on unusable pixels (the net learns to bridge small gaps), else 1.
    """
    weight = np.where(background.usable, 1.0, UNUSABLE_WEIGHT).astype(np.float32)
    weight[background.loud | ~judged] = 0.0
    weight[faint_truth(scene.truth, scene.signal_sigma, background.usable)] = 0.0
    return weight
