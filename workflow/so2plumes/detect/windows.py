"""Where the rolling windows lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tiling:
    """How a swath is cut: side and step in pixels; the network's own side where none is given."""

    window: int | None
    step: int


DENSE = Tiling(64, 20)
"""Larger overlapping tiles. 20 is 4 more than 16, so the tiles of a pixel lie at four shifts to the poolings."""


def tiling(mosaic: str, step: int) -> Tiling:
    """Return the tiling of `detect.mosaic`, ``rolling`` (FP 2.2, with this step) or ``dense``."""
    return DENSE if mosaic == "dense" else Tiling(None, step)


def window_starts(length: int, window: int, step: int) -> NDArray[np.int64]:
    """First indices of the windows along one axis.

    The last window is moved back to the edge when the step does not end there, so every pixel is covered
    (swaths have any length, and 450 - 32 is not a multiple of 4).

    Parameters
    ----------
    length : int
        Pixels along the axis, at least `window`.
    window, step : int

    Returns
    -------
    (n,) int, strictly increasing
    """
    if length < window or step < 1:
        raise ValueError(f"need length >= window and step >= 1, got {length}, {window}, {step}")
    last = length - window
    starts = np.arange(0, last + 1, step)
    return starts if starts[-1] == last else np.append(starts, last)


def pad_to_window(image: NDArray, window: int) -> NDArray:
    """Append zeros (no information) to an image that is shorter or narrower than a window."""
    missing = [max(0, window - size) for size in image.shape]
    return np.pad(image, [(0, missing[0]), (0, missing[1])]) if any(missing) else image
