"""Scenes that plumes are injected into, and what in them is not quiet."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.normalise import LocalStatistics, local_statistics
from so2plumes.errors import GranuleError
from so2plumes.swath.filters import usable_pixels
from so2plumes.swath.level2 import read_level2
from so2plumes.swath.model import Swath
from so2plumes.swath.names import is_granule_file

log = logging.getLogger(__name__)

Item = TypeVar("Item")

LOUD_SIGMA = 4.5
LOUD_MARGIN_PIXELS = 8
MAX_LOUD = 0.25


@dataclass(frozen=True)
class Background:
    """A scene with its usable pixels, local statistics and the pixels that may hold a real plume.

    ``archive`` is the name of the folder that it comes from.
    """

    swath: Swath
    usable: NDArray[np.bool_]
    local: LocalStatistics
    loud: NDArray[np.bool_]
    archive: str = ""

    @property
    def loud_fraction(self) -> float:
        """Share of usable pixels that may hold a real plume."""
        return float(self.loud[self.usable].mean()) if self.usable.any() else 1.0

    @property
    def is_quiet(self) -> bool:
        """True where at most a quarter of the usable pixels may hold a real plume."""
        return self.loud_fraction <= MAX_LOUD

    @property
    def z(self) -> NDArray[np.floating]:
        """Column above the local background in units of the local noise."""
        with np.errstate(invalid="ignore"):
            return (self.swath["vertical_column"] - self.local.background) / self.local.sigma


def loud_pixels(z: NDArray[np.floating], usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels near a place where the 3 x 3 mean of the standardised column is significant.

    Parameters
    ----------
    z : (scanline, ground_pixel)
        Column above the local background in units of the local noise.
    usable : (scanline, ground_pixel) bool

    Returns
    -------
    (scanline, ground_pixel) bool
        True within 8 pixels of a 3 x 3 mean above 4.5 of its own standard deviations.
    """
    import cv2

    weight = cv2.boxFilter(usable.astype(np.float32), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    total = cv2.boxFilter(
        np.where(usable, z, 0.0).astype(np.float32),
        -1,
        (3, 3),
        normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )
    significance = total / np.sqrt(np.maximum(weight, 1.0))
    size = 2 * LOUD_MARGIN_PIXELS + 1
    return cv2.dilate((significance > LOUD_SIGMA).astype(np.uint8), np.ones((size, size), np.uint8)).astype(bool)


def load_background(path: str | Path, archive: str = "", min_usable: float = 0.15) -> Background | None:
    """Read a granule of an archive as a background, or None where it cannot serve as one."""
    try:
        swath = read_level2(path)
    except GranuleError as error:
        log.info("not a background: %s", error.problem)
        return None
    usable = usable_pixels(swath)
    if usable.mean() < min_usable or min(swath.shape) < 16:
        return None
    scene = Background(swath, usable, local_statistics(swath["vertical_column"], usable), ~usable, archive)
    return replace(scene, loud=loud_pixels(scene.z, usable))


@dataclass(frozen=True)
class GranulePath:
    """A granule file and the name of the folder that was searched for it."""

    path: Path
    archive: str

    def load(self) -> Background | None:
        """Read it as a background."""
        return load_background(self.path, self.archive)


def granules_below(folders: Sequence[str | Path]) -> list[GranulePath]:
    """All granule files below some folders, sorted by name; of two files of one name the one of the last folder."""
    found = {
        path.name: GranulePath(path, Path(folder).resolve().name)
        for folder in folders
        for path in sorted(Path(folder).rglob("*.nc*"))
        if is_granule_file(path)
    }
    return [found[name] for name in sorted(found)]


def evenly(items: Sequence[Item], most: int | None) -> Sequence[Item]:
    """Return at most so many items, evenly spread over all; all of them for None."""
    if most is None or len(items) <= most:
        return items
    return [items[place] for place in np.linspace(0, len(items) - 1, most).astype(int)]


def cropped(background: Background, rows: slice, columns: slice) -> Background:
    """Cut a piece of a background: everything keeps its statistics of the whole scene."""
    box = (rows, columns)
    local = LocalStatistics(background.local.background[box], background.local.sigma[box])
    swath = background.swath.cut(rows, columns)
    return Background(swath, background.usable[box], local, background.loud[box], background.archive)
