"""Background column of a plume.

==========================  ==========================================================================
``bbox_median``             median of the bounding box outside the plume (FP-pre 2.3); too high for
                            small plumes, whose own fringe it holds
``ring``                    median 4 to 12 pixels from the plume, other plumes and flagged pixels left
                            out
``normalised_convolution``  Gaussian mean (10 pixels) over the same free pixels: a level per pixel
==========================  ==========================================================================

The standard error of all three counts one independent pixel in nine, as noise and stripes are correlated. Fewer than
nine pixels tell no scatter: theirs is at least their stated precision, or the scatter of the usable pixels of the
chip outside the plume where none is stated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from so2plumes.registry import look_up

if TYPE_CHECKING:
    from so2plumes.plumes.chips import Chip

RING_INNER_PIXELS = 4
RING_OUTER_PIXELS = 12
RING_WIDE_PIXELS = 24
RING_MIN_PIXELS = 50
CONVOLUTION_PIXELS = 10.0
_CORRELATED_PIXELS = 9


@dataclass(frozen=True)
class Background:
    """A background level.

    Attributes
    ----------
    value_mol_m2, sem_mol_m2 : float
        Level (over the plume, where it varies) and its standard error; not-a-number without a usable pixel.
    n_pixels : int
        Pixels that it was taken from.
    std_mol_m2 : float
        Scatter of those pixels, from their median absolute deviation.
    level : (scanline, ground_pixel) mol m-2, or None
        The level of every pixel of the chip, where the method has one per pixel.
    """

    value_mol_m2: float
    sem_mol_m2: float
    n_pixels: int
    std_mol_m2: float = float("nan")
    level: NDArray[np.floating] | None = field(default=None, repr=False)

    @property
    def starved(self) -> bool:
        """True with too few pixels for a scatter of their own."""
        return 0 < self.n_pixels < _CORRELATED_PIXELS

    @property
    def per_pixel(self) -> NDArray[np.floating] | float:
        """Level per pixel, or the one level of all."""
        return self.value_mol_m2 if self.level is None else self.level


NO_BACKGROUND = Background(float("nan"), float("nan"), 0)


def _scatter(values: NDArray[np.floating]) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def _chip_scatter(chip: Chip, pick: NDArray[np.bool_], values: NDArray[np.floating]) -> float:
    """Scatter of picked pixels; `values` are what is left of their columns."""
    scatter = _scatter(values)
    if len(values) >= _CORRELATED_PIXELS:
        return scatter
    stated = chip.get("vertical_column_precision")
    if stated is not None and (good := np.isfinite(stated[pick]) & (stated[pick] > 0)).any():
        return max(scatter, float(np.median(stated[pick][good])))
    return max(scatter, _scatter(chip["vertical_column"][chip.usable & ~chip.mask].astype(float)))


def _level(chip: Chip, pick: NDArray[np.bool_]) -> Background:
    values = chip["vertical_column"][pick].astype(float)
    if len(values) == 0:
        return NO_BACKGROUND
    std = _chip_scatter(chip, pick, values)
    independent = max(1.0, len(values) / _CORRELATED_PIXELS)
    return Background(float(np.median(values)), std / np.sqrt(independent), len(values), std)


def bbox_median(chip: Chip) -> Background:
    """Median of the usable pixels of the bounding box outside the plume (FP-pre 2.3)."""
    pick = np.zeros(chip.shape, bool)
    pick[chip.bbox] = True
    pick &= ~chip.mask & chip.usable
    return _level(chip, pick)


def dilate(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Pixels within a distance (a disc) of a mask."""
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), pixels, pixels, pixels, pixels, cv2.BORDER_CONSTANT, value=0)
    return cv2.dilate(padded, kernel)[pixels:-pixels, pixels:-pixels].astype(bool)


def free_pixels(chip: Chip) -> NDArray[np.bool_]:
    """Usable pixels outside the plume, outside other plumes with 2 pixels around them, and without an SO2 flag."""
    free = chip.usable & ~chip.mask
    other = chip["other_plume"].astype(bool)
    if other.any():
        free &= ~dilate(other, 2)
    flags = chip.get("detection_flag")
    if flags is not None:
        free &= ~np.isin(flags, (1, 2, 3))
    return free


def ring(chip: Chip) -> Background:
    """Median of a ring 4 to 12 pixels from the plume.

    A ring with fewer than 50 free pixels is widened to 24 pixels, then to the whole chip, then up to the plume.
    """
    free = free_pixels(chip)
    outside = free & ~dilate(chip.mask, RING_INNER_PIXELS - 1)
    pick = outside & dilate(chip.mask, RING_OUTER_PIXELS)
    if pick.sum() < RING_MIN_PIXELS:
        pick = outside & dilate(chip.mask, RING_WIDE_PIXELS)
    if pick.sum() < RING_MIN_PIXELS:
        pick = outside
    if pick.sum() < RING_MIN_PIXELS:
        pick = free
    return _level(chip, pick)


def normalised_convolution(chip: Chip) -> Background:
    """Gaussian mean over the free pixels at least 4 pixels away: follows a background that varies under the plume.

    Notes
    -----
    With weights ``g`` and ``w`` = 1 on free pixels the level is ``(g * w V) / (g * w)``; its variance under noise of
    scatter ``s`` is ``9 s^2 (g^2 * w) / (g * w)^2``. The standard error is the mean of its root over the plume.
    """
    free = free_pixels(chip)
    away = free & ~dilate(chip.mask, RING_INNER_PIXELS - 1)
    pick = away if away.sum() >= RING_MIN_PIXELS else free
    if not pick.any():
        return NO_BACKGROUND
    column = chip["vertical_column"]
    middle = float(np.median(column[pick]))
    weight = _blurred(pick.astype(float))
    level = middle + _blurred(np.where(pick, column - middle, 0.0)) / weight
    std = _chip_scatter(chip, pick, (column - level)[pick])
    sem = std * np.sqrt(_CORRELATED_PIXELS * np.maximum(_blurred(pick.astype(float), power=2), 0.0)) / weight
    over = chip.mask
    return Background(float(level[over].mean()), float(sem[over].mean()), int(pick.sum()), std, level)


def _blurred(values: NDArray[np.floating], power: int = 1) -> NDArray[np.floating]:
    """Convolve with a power of the Gaussian; a wide tail of 1e-9 keeps the weight positive everywhere."""
    rows, columns = (_gaussian(size) ** power for size in values.shape)
    return rows @ values @ columns.T


def _gaussian(size: int) -> NDArray[np.floating]:
    distance = np.subtract.outer(np.arange(size), np.arange(size)) / CONVOLUTION_PIXELS
    return np.exp(-0.5 * distance**2) + 1e-9


BACKGROUNDS: dict[str, Callable[[Chip], Background]] = {
    "bbox_median": bbox_median,
    "ring": ring,
    "normalised_convolution": normalised_convolution,
}
"""Background methods by their configuration name."""


def get_background(name: str) -> Callable[[Chip], Background]:
    """Look a method up by name; an unknown one is a `ConfigError` that lists the known ones."""
    return look_up(BACKGROUNDS, name, "emissions.background")
