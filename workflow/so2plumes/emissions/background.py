"""Background column of a plume.

======================  ==========================================================================
``bbox_median``         median of the bounding box outside the plume (FP-pre 2.3); +0.13..0.17 DU
                        too high for small plumes, whose own fringe it holds
``ring``                median 4 to 12 pixels from the plume, other plumes and flagged pixels left
                        out; +0.03..0.05 DU
======================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.plumes.chips import Chip
from so2plumes.registry import look_up

RING_INNER_PIXELS = 4
RING_OUTER_PIXELS = 12
RING_MIN_PIXELS = 50
_CORRELATED_PIXELS = 9


@dataclass(frozen=True)
class Background:
    """A background level.

    Attributes
    ----------
    value_mol_m2, sem_mol_m2 : float
        Level and its standard error; not-a-number without a usable pixel.
    n_pixels : int
    """

    value_mol_m2: float
    sem_mol_m2: float
    n_pixels: int


def _level(values: NDArray[np.floating]) -> Background:
    if len(values) == 0:
        return Background(float("nan"), float("nan"), 0)
    median = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - median)))
    independent = max(1.0, len(values) / _CORRELATED_PIXELS)
    return Background(median, spread / np.sqrt(independent), len(values))


def bbox_median(chip: Chip) -> Background:
    """Median of the usable pixels of the bounding box outside the plume (FP-pre 2.3)."""
    pick = np.zeros(chip.shape, bool)
    pick[chip.bbox] = True
    pick &= ~chip.mask & chip.usable
    return _level(chip["vertical_column"][pick].astype(float))


def _dilate(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), pixels, pixels, pixels, pixels, cv2.BORDER_CONSTANT, value=0)
    return cv2.dilate(padded, kernel)[pixels:-pixels, pixels:-pixels].astype(bool)


def ring(chip: Chip) -> Background:
    """Median of a ring 4 to 12 pixels from the plume.

    Other plumes (with 2 pixels around them) and pixels that the product flags as SO2 are left out; a ring with fewer
    than 50 pixels is widened to the whole chip.
    """
    free = chip.usable & ~_dilate(chip["other_plume"].astype(bool), 2) & ~chip.mask
    flags = chip.get("detection_flag")
    if flags is not None:
        free &= ~np.isin(flags, (1, 2, 3))
    outside = ~_dilate(chip.mask, RING_INNER_PIXELS - 1)
    pick = free & outside & _dilate(chip.mask, RING_OUTER_PIXELS)
    if pick.sum() < RING_MIN_PIXELS:
        pick = free & outside
    if pick.sum() < RING_MIN_PIXELS:
        pick = free
    return _level(chip["vertical_column"][pick].astype(float))


BACKGROUNDS: dict[str, Callable[[Chip], Background]] = {"bbox_median": bbox_median, "ring": ring}
"""Background methods by their configuration name."""


def get_background(name: str) -> Callable[[Chip], Background]:
    """Look a method up by name; an unknown one is a `ConfigError` that lists the known ones."""
    return look_up(BACKGROUNDS, name, "emissions.background")
