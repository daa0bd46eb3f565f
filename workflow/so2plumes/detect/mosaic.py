"""Rolling-window probabilities: the median over all windows that cover a pixel (FP 2.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.windows import pad_to_window, window_starts

FloatArray = NDArray[np.float32]
Predictor = Callable[[FloatArray], FloatArray]

_ROWS_PER_BATCH = 16


@dataclass(frozen=True)
class Mosaic:
    """Probabilities of a swath and the work they took."""

    probability: FloatArray
    n_windows: int
    n_predicted: int


@dataclass(frozen=True)
class _WindowRow:
    start: int
    predictions: FloatArray


def _predict_rows(
    image: FloatArray, rows: NDArray, columns: NDArray, window: int, predict: Predictor, counter: list[int]
) -> Iterator[_WindowRow]:
    """Predict the windows of each window row; windows without information share one prediction."""
    blank: FloatArray | None = None
    for first in range(0, len(rows), _ROWS_PER_BATCH):
        batch_rows = rows[first : first + _ROWS_PER_BATCH]
        band = image[batch_rows[0] : batch_rows[-1] + window]
        views = np.lib.stride_tricks.sliding_window_view(band, (window, window))
        windows = views[np.ix_(batch_rows - batch_rows[0], columns)].reshape(-1, window, window)
        informed = windows.any(axis=(1, 2))
        predictions = np.empty(windows.shape, np.float32)
        if informed.any():
            predictions[informed] = predict(np.ascontiguousarray(windows[informed]))
        if not informed.all():
            if blank is None:
                blank = predict(np.zeros((1, window, window), np.float32))[0]
            predictions[~informed] = blank
        counter[0] += int(informed.sum())
        shaped = predictions.reshape(len(batch_rows), len(columns), window, window)
        for start, values in zip(batch_rows, shaped, strict=True):
            yield _WindowRow(int(start), values)


def _column_slots(columns: NDArray, window: int) -> NDArray[np.int64]:
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


def _median_of_rows(
    active: deque[_WindowRow],
    first: int,
    last: int,
    columns: NDArray,
    slots: NDArray,
    width: int,
    window: int,
) -> FloatArray:
    """Median over the stored windows for swath rows ``first`` to ``last`` (exclusive)."""
    n_slots = int(slots.max()) + 1
    stack = np.full((len(active), n_slots, last - first, width), np.nan, np.float32)
    for k, row in enumerate(active):
        top, bottom = max(first, row.start), min(last, row.start + window)
        if top >= bottom:
            continue
        part = row.predictions[:, top - row.start : bottom - row.start]
        for j, (start, slot) in enumerate(zip(columns, slots, strict=True)):
            stack[k, slot, top - first : bottom - first, start : start + window] = part[j]
    flat = np.sort(stack.reshape(-1, last - first, width), axis=0)
    count = np.isfinite(flat).sum(axis=0)
    lower = np.take_along_axis(flat, ((count - 1) // 2)[None], axis=0)[0]
    upper = np.take_along_axis(flat, (count // 2)[None], axis=0)[0]
    return np.float32(0.5) * (lower + upper)


def rolling_median(
    image: FloatArray,
    predict: Predictor,
    window: int = 32,
    step: int = 4,
    progress: Callable[[float], None] | None = None,
) -> Mosaic:
    """Apply a window predictor over a swath of any shape.

    Parameters
    ----------
    image : (scanline, ground_pixel) float32
        Normalised input; 0 where there is no information.
    predict : callable
        Maps (n, window, window) to (n, window, window) probabilities.
    window, step : int
    progress : callable, optional
        Called with the finished fraction.

    Returns
    -------
    Mosaic
        ``probability`` has the shape of `image`.

    Notes
    -----
    Only the window rows that still touch unfinished scanlines are held, so memory does not grow with the swath.
    """
    n_rows, n_columns = image.shape
    padded = pad_to_window(np.asarray(image, np.float32), window)
    rows = window_starts(padded.shape[0], window, step)
    columns = window_starts(padded.shape[1], window, step)
    slots = _column_slots(columns, window)
    result = np.empty(padded.shape, np.float32)
    active: deque[_WindowRow] = deque()
    counter = [0]
    for i, row in enumerate(_predict_rows(padded, rows, columns, window, predict, counter)):
        active.append(row)
        while active[0].start + window <= row.start:
            active.popleft()
        last = int(rows[i + 1]) if i + 1 < len(rows) else padded.shape[0]
        result[row.start : last] = _median_of_rows(active, row.start, last, columns, slots, padded.shape[1], window)
        if progress is not None and (i % 64 == 63 or i + 1 == len(rows)):
            progress((i + 1) / len(rows))
    return Mosaic(result[:n_rows, :n_columns], len(rows) * len(columns), counter[0])
