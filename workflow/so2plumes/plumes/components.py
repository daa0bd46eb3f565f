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


def find_components(
    probability: NDArray[np.floating],
    usable: NDArray[np.bool_],
    located: NDArray[np.bool_],
    threshold: float = 0.5,
    min_pixels: int = 6,
) -> Components:
    """Find plumes: 8-connected pixels of enough probability.

    Parameters
    ----------
    probability : (scanline, ground_pixel)
        Not-a-number counts as 0.
    usable, located : (scanline, ground_pixel) bool
        Pixels that pass the filter; pixels with a position.
    threshold : float
        A plume pixel has at least this probability.
    min_pixels : int
        A plume has at least this many pixels, and as many usable ones (a plume must have been measured).

    Returns
    -------
    Components
    """
    import cv2

    with np.errstate(invalid="ignore"):
        mask = (probability >= threshold) & located
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    n_usable = np.bincount(labels[usable], minlength=count)
    kept = []
    for label in range(1, count):
        left, top, width, height, area = (int(v) for v in stats[label])
        if area >= min_pixels and n_usable[label] >= min_pixels:
            kept.append((Box(top, top + height, left, left + width), label))
    kept.sort(key=lambda item: (item[0].row_start, item[0].column_start, item[1]))
    renumber = np.zeros(count, np.int32)
    for number, (_, label) in enumerate(kept, 1):
        renumber[label] = number
    return Components(renumber[labels], tuple(box for box, _ in kept))
