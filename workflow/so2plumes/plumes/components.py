"""Connected components of the plume probability (FP 2.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Box:
    """A box of array indices, stops exclusive."""

    row_start: int
    row_stop: int
    column_start: int
    column_stop: int

    def grow(self, margin: int, shape: tuple[int, int]) -> Box:
        """Enlarge by a margin, within the array."""
        return Box(
            max(0, self.row_start - margin),
            min(shape[0], self.row_stop + margin),
            max(0, self.column_start - margin),
            min(shape[1], self.column_stop + margin),
        )

    @property
    def slices(self) -> tuple[slice, slice]:
        """The box as slices."""
        return slice(self.row_start, self.row_stop), slice(self.column_start, self.column_stop)


@dataclass(frozen=True)
class Components:
    """Plumes of a swath.

    Attributes
    ----------
    labels : (scanline, ground_pixel) int32
        0 outside plumes, ``i + 1`` in the plume of ``boxes[i]``.
    boxes : tuple of Box
        Tight bounding boxes, ordered by first scanline, then first ground pixel.
    """

    labels: NDArray[np.int32]
    boxes: tuple[Box, ...]


NO_PLUME = 0.05


@dataclass(frozen=True)
class ComponentRule:
    """What makes a plume of probabilities.

    Attributes
    ----------
    threshold : float
        A plume has pixels of at least this probability.
    growth_threshold : float, optional
        It also holds the pixels of at least this probability that are connected with them, which keeps the faint
        stretches of long plumes together. None: no growth, as in the paper.
    bridge_pixels : int, optional
        Two pieces, each a plume of its own, are one where a gap of at most that many unusable pixels lies between them:
        the plume goes on under a cloud. Pixels of the gap stay outside, unless they reach `growth_threshold`, and those
        that the detector is sure of to hold none (less than 0.05) are no bridge. None: no bridges, as in the paper.
    gap_pixels : int, optional
        Unusable pixels belong to a plume only within that many pixels of its usable ones: a plume does not claim wide
        areas that were not measured. None: they always do, as in the paper.
    min_pixels : int
        Pixels that reach `threshold` in one connected piece, and as many usable ones (a plume must have been measured).
    """

    threshold: float = 0.5
    growth_threshold: float | None = None
    bridge_pixels: int | None = None
    gap_pixels: int | None = None
    min_pixels: int = 6


def _large_pieces(mask: NDArray[np.bool_], usable: NDArray[np.bool_], min_pixels: int) -> NDArray[np.bool_]:
    """Pixels of 8-connected pieces with enough pixels and enough usable ones."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    enough = stats[:, cv2.CC_STAT_AREA] >= min_pixels
    enough &= np.bincount(labels[usable], minlength=count) >= min_pixels
    enough[0] = False
    return enough[labels]


def find_components(
    probability: NDArray[np.floating],
    usable: NDArray[np.bool_],
    located: NDArray[np.bool_],
    rule: ComponentRule = ComponentRule(),
) -> Components:
    """Find plumes: 8-connected pixels of enough probability (FP 2.2), grown into their faint surroundings.

    Parameters
    ----------
    probability : (scanline, ground_pixel)
        Not-a-number counts as 0.
    usable, located : (scanline, ground_pixel) bool
        Pixels that pass the filter; pixels with a position.
    rule : ComponentRule

    Returns
    -------
    Components
    """
    import cv2

    seeds = _large_pieces(_without_gaps(probability, rule.threshold, usable, located, rule), usable, rule.min_pixels)
    plume = seeds
    if rule.growth_threshold is not None:
        plume = _with_seed(_without_gaps(probability, rule.growth_threshold, usable, located, rule), seeds)
    connected = plume
    if rule.bridge_pixels is not None:
        near = _around(plume, -(-rule.bridge_pixels // 2))
        connected = plume | (near & ~usable & located & _reaches(probability, NO_PLUME))
    _, pieces = cv2.connectedComponents(connected.astype(np.uint8), connectivity=8)
    return _in_order(np.where(plume, pieces, 0))


def _around(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Pixels within a distance of a mask, diagonals included."""
    import cv2

    size = 2 * pixels + 1
    return cv2.dilate(mask.astype(np.uint8), np.ones((size, size), np.uint8)).astype(bool)


def _without_gaps(
    probability: NDArray[np.floating],
    threshold: float,
    usable: NDArray[np.bool_],
    located: NDArray[np.bool_],
    rule: ComponentRule,
) -> NDArray[np.bool_]:
    """Pixels that reach a threshold; unusable ones only near usable ones that do."""
    mask = _reaches(probability, threshold) & located
    if rule.gap_pixels is None:
        return mask
    return mask & (usable | _around(mask & usable, rule.gap_pixels))


def _with_seed(mask: NDArray[np.bool_], seeds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of 8-connected pieces that hold a seed."""
    import cv2

    count, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, bool)
    kept[pieces[seeds]] = True
    kept[0] = False
    return kept[pieces]


def _reaches(probability: NDArray[np.floating], threshold: float) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return probability >= threshold


def _in_order(pieces: NDArray[np.integer]) -> Components:
    """Return pieces, numbered by their first scanline, then first ground pixel."""
    from scipy.ndimage import find_objects

    found = [
        (Box(rows.start, rows.stop, columns.start, columns.stop), number)
        for number, box in enumerate(find_objects(pieces), 1)
        if box is not None
        for rows, columns in [box]
    ]
    found.sort(key=lambda item: (item[0].row_start, item[0].column_start, item[1]))
    renumber = np.zeros(int(pieces.max(initial=0)) + 1, np.int32)
    for place, (_, number) in enumerate(found, 1):
        renumber[number] = place
    return Components(renumber[pieces], tuple(box for box, _ in found))
