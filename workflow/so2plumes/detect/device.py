"""The whole rolling window on a device: windows, network and medians in Keras 3, on TensorFlow, JAX or torch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.inputs import divide_by_maximum, unchanged
from so2plumes.detect.mosaic import FloatArray, Mosaic, Places
from so2plumes.detect.windows import pad_to_window, window_starts

log = logging.getLogger(__name__)

_ROWS_PER_STRIP = 64


def _divided(windows: Any) -> Any:
    from keras import ops

    largest = ops.max(windows, axis=(1, 2), keepdims=True)
    known = largest > 0
    return ops.where(known, ops.clip(windows / ops.where(known, largest, 1.0), -1.0, 1.0), 0.0)


_WINDOW_STAGES: dict[Callable[..., Any], Callable[[Any], Any]] = {unchanged: lambda x: x, divide_by_maximum: _divided}
"""The stages of `inputs` that work on windows, with the operations of Keras."""


def device_network(model: Any) -> Callable[[Any], Any]:
    """Return the network as one compiled call, (n, window, window, channels) to (n, window, window), tensors both."""
    from keras import backend

    name = backend.backend()
    if name == "jax":
        import jax

        trained = [variable.value for variable in model.trainable_variables]
        others = [variable.value for variable in model.non_trainable_variables]
        return jax.jit(lambda x: model.stateless_call(trained, others, x, training=False)[0][..., 0])
    if name == "torch":
        import torch

        def on_torch(x: Any) -> Any:
            with torch.inference_mode():
                return model(x, training=False)[..., 0]

        return on_torch
    import tensorflow as tf

    return tf.function(lambda x: model(x, training=False)[..., 0], reduce_retracing=True)


@dataclass(frozen=True)
class _Cover:
    """Which windows cover each pixel of one axis, (pixel, n): numbers, places within them, and whether they count."""

    windows: NDArray[np.int32]
    places: NDArray[np.int32]
    counts: NDArray[np.bool_]


def _most(starts: Places, window: int) -> int:
    """Return how many windows cover a pixel of an axis at most."""
    return int((np.arange(1, len(starts) + 1) - np.searchsorted(starts, starts - window, side="right")).max())


def _cover(starts: Places, window: int, length: int, most: int) -> _Cover:
    pixels = np.arange(length)[:, None]
    first = np.searchsorted(starts, pixels - window, side="right")
    numbers = first + np.arange(most)
    last = np.searchsorted(starts, pixels, side="right")
    counts = numbers < last
    numbers = np.where(counts, numbers, first)
    return _Cover(numbers.astype(np.int32), (pixels - starts[numbers]).astype(np.int32), counts)


class DeviceMosaic:
    """Median over all windows that cover a pixel, computed where Keras computes.

    Parameters
    ----------
    model : keras.Model
    batch : int
        Windows per call.
    """

    def __init__(self, model: Any, batch: int) -> None:
        self._network = device_network(model)
        _, window, _, channels = model.input_shape
        self._window, self._channels, self._batch = int(window), int(channels), batch

    def __call__(self, image: FloatArray, stage: Callable[..., Any], step: int) -> Mosaic:
        """Return the probabilities of a scene's image (scanline, ground_pixel).

        Parameters
        ----------
        image : (scanline, ground_pixel) float32
        stage : callable
            What an `InputScheme` does with windows.
        step : int
        """
        from keras import ops

        began, window = time.perf_counter(), self._window
        padded = pad_to_window(np.asarray(image, np.float32), window)
        rows, columns = (window_starts(size, window, step) for size in padded.shape)
        most = max(_most(starts, window) for starts in (rows, columns))
        across, down = (_cover(s, window, n, most) for s, n in ((columns, padded.shape[1]), (rows, padded.shape[0])))
        flat = ops.reshape(ops.convert_to_tensor(padded), (-1,))
        result = np.empty(padded.shape, np.float32)
        held, n_predicted, finished = None, 0, 0
        for first in range(0, len(rows), _ROWS_PER_STRIP):
            numbers = np.arange(first, first + _ROWS_PER_STRIP).clip(max=len(rows) - 1)
            answers, n = self._answers(flat, padded, rows[numbers], columns, _WINDOW_STAGES[stage])
            n_predicted += n
            before = ops.zeros_like(answers[:most]) if held is None else held
            answers = ops.concatenate([before, answers])
            held = answers[-most:]
            last = int(rows[numbers[-1] + 1]) if numbers[-1] + 1 < len(rows) else padded.shape[0]
            lines = np.s_[finished:last]
            local = _Cover(down.windows[lines] - first + most, down.places[lines], down.counts[lines])
            result[lines] = _medians(answers, local, across)
            finished = last
        area = np.s_[: image.shape[0], : image.shape[1]]
        n_windows = len(rows) * len(columns)
        return Mosaic(result[area], n_windows, min(n_predicted, n_windows), time.perf_counter() - began)

    def _answers(
        self, flat: Any, padded: FloatArray, rows: Places, columns: Places, stage: Callable[[Any], Any]
    ) -> tuple[Any, int]:
        """Answers of all windows of some window rows, and how many the network saw; blank batches share one."""
        from keras import ops

        window, width = self._window, padded.shape[1]
        corners = (rows[:, None] * width + columns).ravel().astype(np.int32)
        inside = (np.arange(window)[:, None] * width + np.arange(window)).astype(np.int32)
        parts, n_predicted = [], 0
        for first in range(0, len(corners), self._batch):
            wanted = corners[first : first + self._batch]
            numbers = np.resize(wanted, self._batch)
            top, bottom = int(wanted.min()) // width, int(wanted.max()) // width + window
            if padded[top:bottom].any():
                places = ops.convert_to_tensor(numbers)[:, None, None] + ops.convert_to_tensor(inside)
                windows = ops.take(flat, places)
                n_predicted += len(wanted)
            else:
                windows = ops.zeros((self._batch, window, window), "float32")
            parts.append(self._network(self._images(windows, stage)))
        answers = ops.concatenate(parts)[: len(corners)]
        return ops.reshape(answers, (len(rows), len(columns), window, window)), n_predicted

    def _images(self, windows: Any, stage: Callable[[Any], Any]) -> Any:
        from keras import ops

        scaled = stage(windows)
        if self._channels == 1:
            return scaled[..., None]
        return ops.stack([scaled, ops.cast(windows != 0, "float32")], axis=-1)


def _medians(answers: Any, down: _Cover, across: _Cover) -> FloatArray:
    """Median of the answers (window_row, window_column, window, window) at every pixel of some scanlines."""
    from keras import ops

    _, n_columns, window, _ = answers.shape
    on_rows = (down.windows * n_columns * window + down.places).astype(np.int32)
    on_columns = (across.windows * window * window + across.places).astype(np.int32)
    places = (
        ops.convert_to_tensor(on_rows * window)[:, None, :, None] + ops.convert_to_tensor(on_columns)[None, :, None, :]
    )
    counts = down.counts[:, None, :, None] & across.counts[None, :, None, :]
    values = ops.where(ops.convert_to_tensor(counts), ops.take(ops.reshape(answers, (-1,)), places), np.float32(np.inf))
    n_lines, n_pixels = len(on_rows), len(on_columns)
    ordered = ops.sort(ops.reshape(values, (n_lines, n_pixels, -1)), axis=-1)
    known = down.counts.sum(axis=1)[:, None] * across.counts.sum(axis=1)
    middle = np.stack([(known - 1) // 2, known // 2], axis=-1).astype(np.int32)
    lower_upper = ops.take_along_axis(ordered, ops.convert_to_tensor(middle), axis=-1)
    return np.asarray(ops.convert_to_numpy(ops.sum(lower_upper, axis=-1) * np.float32(0.5)), np.float32)
