"""Rolling-window probabilities: the median over all windows that cover a pixel (FP 2.2)."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.windows import pad_to_window, window_starts

FloatArray = NDArray[np.float32]
Places = NDArray[np.int64]

_ROWS_PER_STRIP = 32
_LANES = 16


class WindowScorer(Protocol):
    """What answers for single windows."""

    def scores(self, image: FloatArray, tops: Places, lefts: Places) -> FloatArray:
        """Return an answer per pixel, (n, window, window), for the windows with these first rows and columns."""

    def probability(self, scores: FloatArray) -> FloatArray:
        """Turn scores of any shape into probabilities; never falls where scores rise."""


@dataclass(frozen=True)
class OfWindows:
    """A scorer from a function of windows, (n, window, window) to probabilities of that shape."""

    predict: Callable[[FloatArray], FloatArray]
    window: int = 32

    def scores(self, image: FloatArray, tops: Places, lefts: Places) -> FloatArray:
        """Cut the windows and predict them."""
        return self.predict(cut_windows(image, tops, lefts, self.window))

    def probability(self, scores: FloatArray) -> FloatArray:
        """Return the scores, which are probabilities."""
        return scores


def cut_windows(image: FloatArray, tops: Places, lefts: Places, window: int) -> FloatArray:
    """Return the windows (n, window, window) with these first rows and columns."""
    return np.lib.stride_tricks.sliding_window_view(image, (window, window))[tops, lefts]


@dataclass(frozen=True)
class Mosaic:
    """Probabilities of a swath and the work they took, wall-clock seconds."""

    probability: FloatArray
    n_windows: int
    n_predicted: int
    infer_s: float = 0.0
    mosaic_s: float = 0.0


@dataclass(frozen=True)
class _Layout:
    """Where the predictions of a window row are kept, see `medians.middle_values`."""

    slots: Places
    vector_slots: Places
    vector_counts: Places
    missing: Places
    fill: FloatArray


def _column_slots(columns: Places, window: int) -> Places:
    """Give each window column a slot so that windows in one slot never overlap."""
    slots = np.zeros(len(columns), np.int64)
    ends: list[int] = []
    for i, start in enumerate(columns):
        free = next((slot for slot, end in enumerate(ends) if end <= start), len(ends))
        if free == len(ends):
            ends.append(0)
        ends[free] = int(start) + window
        slots[i] = free
    return slots


def _layout(columns: Places, window: int, width: int) -> _Layout:
    slots = _column_slots(columns, window)
    n_vectors = -(-width // _LANES)
    covered = np.zeros((slots.max() + 1, n_vectors * _LANES), bool)
    for start, slot in zip(columns, slots, strict=True):
        covered[slot, start : start + window] = True
    present = covered.reshape(len(covered), n_vectors, _LANES).any(axis=2)
    counts = present.sum(axis=0)
    vector_slots = np.argsort(~present.T, axis=1, kind="stable")
    absent = ~covered & np.repeat(present, _LANES, axis=1)
    rank = np.cumsum(absent, axis=0) - 1
    fill = np.zeros((2, *covered.shape), np.float32)
    for parity in range(2):
        fill[parity][absent] = np.where((rank[absent] + parity) % 2 == 0, -np.inf, np.inf)
    return _Layout(slots, vector_slots.astype(np.int64), counts.astype(np.int64), absent.sum(axis=0), fill)


def informed_windows(image: FloatArray, rows: Places, columns: Places, window: int) -> NDArray[np.bool_]:
    """Tell which windows hold information, (window_row, window_column)."""
    counts = np.zeros((image.shape[0] + 1, image.shape[1] + 1), np.int32)
    counts[1:, 1:] = (image != 0).cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)
    ends = counts[np.ix_(rows + window, columns + window)] - counts[np.ix_(rows + window, columns)]
    return ends - counts[np.ix_(rows, columns + window)] + counts[np.ix_(rows, columns)] > 0


def _in_parallel(pool: ThreadPoolExecutor, work: Callable[[int, int], None], first: int, last: int) -> None:
    """Share the numbers from `first` to `last` among threads, two at a time."""
    for done in [pool.submit(work, k, min(k + 2, last)) for k in range(first, last, 2)]:
        done.result()


class _Strips:
    """Predictions of the window rows that still touch unfinished scanlines, and the medians so far."""

    def __init__(self, rows: Places, columns: Places, shape: tuple[int, int], window: int, threads: int) -> None:
        self._rows, self._columns = rows, columns
        self._starts = np.append(rows, shape[0])
        self._layout = _layout(columns, window, shape[1])
        behind = int(np.searchsorted(rows, rows[0] + window)) + 1
        n_planes = min(_ROWS_PER_STRIP, len(rows)) + behind
        n_planes += n_planes % 2
        fill = self._layout.fill[np.arange(n_planes) % 2]
        self._planes = np.repeat(fill[:, :, None], window, axis=2)
        self.lower, self.upper = (np.empty((shape[0], fill.shape[-1]), np.float32) for _ in range(2))
        self._pool = ThreadPoolExecutor(threads)

    def add(self, scores: FloatArray, answers: Places, first: int) -> None:
        """Take the window rows from `first` on: `answers` numbers the scores of their windows."""
        from so2plumes.detect.medians import middle_values, place_windows

        layout, last = self._layout, first + len(answers)
        numbers, flat = np.arange(first, last) % len(self._planes), self._planes.reshape(-1)

        def place(k: int, end: int) -> None:
            place_windows(scores, answers, self._columns, layout.slots, numbers, k, end, self._planes)

        def reduce(k: int, end: int) -> None:
            middle_values(
                flat,
                self._planes.shape,
                self._starts,
                k,
                end,
                layout.vector_slots,
                layout.vector_counts,
                layout.missing,
                self.lower,
                self.upper,
            )

        _in_parallel(self._pool, place, 0, len(answers))
        _in_parallel(self._pool, reduce, first, last)


def rolling_median(
    image: FloatArray,
    scorer: WindowScorer,
    window: int = 32,
    step: int = 4,
    progress: Callable[[float], None] | None = None,
    threads: int = 1,
) -> Mosaic:
    """Apply a window scorer over a swath of any shape.

    Parameters
    ----------
    image : (scanline, ground_pixel) float32
        Normalised input; 0 where there is no information.
    scorer : WindowScorer
    window, step : int
    progress : callable, optional
        Called with the finished fraction.
    threads : int
        For the medians.

    Returns
    -------
    Mosaic
        ``probability`` has the shape of `image`.

    Notes
    -----
    Only the window rows that still touch unfinished scanlines are held, so memory does not grow with the swath. Windows
    without information have one answer, which is asked for once. Scores are sorted, and only the two middle ones of a
    pixel become probabilities: a function that never falls does not change an order.
    """
    padded = np.ascontiguousarray(pad_to_window(np.asarray(image, np.float32), window))
    rows = window_starts(padded.shape[0], window, step)
    columns = window_starts(padded.shape[1], window, step)
    informed = informed_windows(padded, rows, columns, window)
    strips = _Strips(rows, columns, (padded.shape[0], padded.shape[1]), window, threads)
    blank: FloatArray | None = None
    infer_s = mosaic_s = 0.0
    for first in range(0, len(rows), _ROWS_PER_STRIP):
        began = time.perf_counter()
        here = informed[first : first + _ROWS_PER_STRIP]
        which_row, which_column = np.nonzero(here)
        answers = np.full(here.shape, len(which_row), np.int64)
        answers[which_row, which_column] = np.arange(len(which_row))
        parts: list[FloatArray] = []
        if len(which_row):
            parts.append(scorer.scores(padded, rows[first + which_row], columns[which_column]))
        if not here.all():
            if blank is None:
                zero = np.zeros(1, np.int64)
                blank = scorer.scores(np.zeros((window, window), np.float32), zero, zero)
            parts.append(blank)
        predicted = time.perf_counter()
        strips.add(parts[0] if len(parts) == 1 else np.concatenate(parts), answers, first)
        infer_s += predicted - began
        mosaic_s += time.perf_counter() - predicted
        if progress is not None:
            progress(min(1.0, (first + _ROWS_PER_STRIP) / len(rows)))
    began = time.perf_counter()
    area = np.s_[: image.shape[0], : image.shape[1]]
    lower, upper = (scorer.probability(np.ascontiguousarray(part[area])) for part in (strips.lower, strips.upper))
    probability = np.float32(0.5) * (lower + upper)
    mosaic_s += time.perf_counter() - began
    return Mosaic(probability, informed.size, int(informed.sum()), infer_s, mosaic_s)
