"""The exact median of all windows that cover a pixel, compiled: 16 pixels at once through a sorting network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from so2plumes.detect.lanes import LANES, larger, load, smaller, store


@njit(cache=True, nogil=True)
def sort_vectors(values: Any, n: Any) -> Any:
    """Sort `n` vectors lane by lane, in place (Batcher's merge exchange; Knuth, volume 3, algorithm 5.2.2M)."""
    top = 1
    while top < n:
        top *= 2
    p = top // 2
    while p > 0:
        q, r, d = top // 2, 0, p
        while d > 0:
            for i in range(n - d):
                if i & p == r:
                    low, high = load(values, i * LANES), load(values, (i + d) * LANES)
                    store(values, i * LANES, smaller(low, high))
                    store(values, (i + d) * LANES, larger(low, high))
            d, q, r = q - p if q > p else 0, q // 2, p
        p //= 2


@njit(cache=True, nogil=True)
def place_windows(
    scores: Any, answers: Any, columns: Any, slots: Any, plane_numbers: Any, first: Any, last: Any, planes: Any
) -> Any:
    """Copy the window rows from `first` to `last` into the planes.

    Parameters
    ----------
    scores : (answer, window, window) float32
    answers : (window_row, window_column) int
        Which answer belongs to which window.
    columns, slots : (window_column,) int
        First pixel of a window, and its slot: windows of a slot do not overlap.
    plane_numbers : (window_row,) int
    planes : (plane, slot, window, column) float32
    """
    size = scores.shape[1]
    for k in range(first, last):
        for j in range(len(columns)):
            answer, left = answers[k, j], columns[j]
            for y in range(size):
                for x in range(size):
                    planes[plane_numbers[k], slots[j], y, left + x] = scores[answer, y, x]


@njit(cache=True, nogil=True)
def middle_values(
    planes: Any,
    shape: Any,
    starts: Any,
    first: Any,
    last: Any,
    vector_slots: Any,
    vector_counts: Any,
    missing: Any,
    lower: Any,
    upper: Any,
) -> Any:
    """Find the two middle values of every pixel of the scanlines that the window rows `first` to `last` finish.

    Parameters
    ----------
    planes, shape : (n,) float32, tuple of int
        Planes of shape (plane, slot, window, column), flat. Window row ``i`` lies in plane ``i`` modulo their number,
        which is even. Where a slot has no window there are infinities whose signs alternate.
    starts : (window_row + 1,) int
        First scanline of each window row, then the number of scanlines.
    vector_slots, vector_counts : (vector, slot), (vector,) int
        The slots that have windows over 16 columns, and how many.
    missing : (column,) int
        How many of these have no window over a column.
    lower, upper : (scanline, column) float32
        Receive the values; they are the same where their number is odd.
    """
    n_planes, n_slots, size, width = shape
    values = np.empty(n_planes * vector_slots.shape[1] * LANES, np.float32)
    for i in range(first, last):
        oldest = i
        while oldest > 0 and starts[oldest - 1] + size > starts[i]:
            oldest -= 1
        for y in range(starts[i], starts[i + 1]):
            while starts[oldest] + size <= y:
                oldest += 1
            n_rows = i + 1 - oldest
            n_even = (i // 2 + 1) - (oldest + 1) // 2
            for vector in range(len(vector_counts)):
                n = 0
                for k in range(oldest, i + 1):
                    base = k % n_planes * n_slots
                    within = (y - starts[k]) * width + vector * LANES
                    for s in range(vector_counts[vector]):
                        at = (base + vector_slots[vector, s]) * size * width + within
                        store(values, n * LANES, load(planes, at))
                        n += 1
                sort_vectors(values, n)
                for lane in range(LANES):
                    x = vector * LANES + lane
                    below = n_even * ((missing[x] + 1) // 2) + (n_rows - n_even) * (missing[x] // 2)
                    known = n - n_rows * missing[x]
                    lower[y, x] = values[(below + (known - 1) // 2) * LANES + lane]
                    upper[y, x] = values[(below + known // 2) * LANES + lane]
