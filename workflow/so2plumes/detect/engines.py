"""What runs the network: equal answers at different speed.

===========  ===========================================================================================
`gpu`        Keras on a GPU with the backend that KERAS_BACKEND names, the medians on the GPU as well (`gpu`)
`compiled`   own compiled code for CPUs (`compiled`); the fastest where no GPU is at hand, starts in a second
`keras`      Keras on a CPU, with the backend that KERAS_BACKEND names; runs any network
===========  ===========================================================================================

`auto` takes the first of the table that can run the network; `gpu` only where a device is given.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from so2plumes.detect.mosaic import FloatArray, Mosaic, Places, cut_windows
from so2plumes.errors import ModelError

log = logging.getLogger(__name__)

Network = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class EngineChoice:
    """Which engine, and what it may use.

    Attributes
    ----------
    name : str
        `auto`, or a name of the table above.
    batch : int
        Windows per call of Keras.
    threads : int
    device : str, optional
        The GPU that this process may use.
    cpu_fallback : bool
        Go on with the CPU when the GPU fails.
    window : int, optional
        Side of the windows, where it is not the one of the training.
    """

    name: str = "auto"
    batch: int = 512
    threads: int = os.cpu_count() or 1
    device: str | None = None
    cpu_fallback: bool = False
    window: int | None = None

    @property
    def tries_gpu(self) -> bool:
        """Whether the GPU comes first."""
        return self.name == "gpu" or (self.name == "auto" and self.device is not None)


class Engine(Protocol):
    """Runs a network on windows of an image.

    Attributes
    ----------
    name, precision : str
    window, channels, n_weights : int
    """

    @property
    def name(self) -> str:
        """What it is."""

    @property
    def precision(self) -> str:
        """Of its numbers."""

    @property
    def window(self) -> int:
        """Side of a window, pixels."""

    @property
    def channels(self) -> int:
        """Input channels."""

    @property
    def n_weights(self) -> int:
        """Number of weights."""

    def scores(self, image: FloatArray, source: FloatArray, tops: Places, lefts: Places) -> FloatArray:
        """Return an answer per pixel, (n, window, window).

        Parameters
        ----------
        image, source : (row, column) float32
            What the network sees, and the image whose non-zero pixels hold information.
        tops, lefts : (n,) int
            First rows and columns of the windows.
        """

    def probability(self, scores: FloatArray) -> FloatArray:
        """Turn scores into probabilities; never falls where scores rise."""


@runtime_checkable
class MosaicEngine(Protocol):
    """An engine that makes the whole mosaic itself."""

    def mosaic(self, image: FloatArray, stage: Callable[[FloatArray], FloatArray], step: int) -> Mosaic | None:
        """Return the mosaic of a scene's image (scanline, ground_pixel), or None where it no longer can.

        Parameters
        ----------
        image : (scanline, ground_pixel) float32
        stage : callable
            What the input scheme does with windows.
        step : int
        """


@dataclass(frozen=True)
class FunctionEngine:
    """Any function from images (n, window, window, channels) to probabilities (n, window, window)."""

    network: Network
    window: int
    channels: int
    name: str = "function"
    precision: str = "fp32"
    n_weights: int = 0

    def scores(self, image: FloatArray, source: FloatArray, tops: Places, lefts: Places) -> FloatArray:
        """Cut the windows, stack the channels and run the function."""
        windows = cut_windows(image, tops, lefts, self.window)
        if self.channels == 1:
            return self.network(windows[..., None])
        informed = cut_windows(source, tops, lefts, self.window) != 0
        return self.network(np.stack([windows, informed.astype(np.float32)], axis=-1))

    def probability(self, scores: FloatArray) -> FloatArray:
        """Return the scores, which are probabilities."""
        return scores


def logistic(scores: FloatArray) -> FloatArray:
    """Return the sigmoid, without overflow."""
    small = np.exp(-np.abs(scores))
    return np.asarray(np.where(scores >= 0, np.float32(1.0), small) / (np.float32(1.0) + small), np.float32)


def batched(model: Any, batch: int) -> Network:
    """Wrap a Keras model as a predictor with batches of a few sizes (so that it is traced a few times only)."""
    sizes = sorted({max(1, batch >> halvings) for halvings in range(4)})

    def predict(images: FloatArray) -> FloatArray:
        result = np.empty(images.shape[:3], np.float32)
        for first in range(0, len(images), batch):
            part = images[first : first + batch]
            size = next(size for size in sizes if size >= len(part))
            filled = np.zeros((size, *images.shape[1:]), np.float32)
            filled[: len(part)] = part
            result[first : first + len(part)] = np.asarray(model.predict_on_batch(filled))[: len(part), ..., 0]
        return result

    return predict


def load_keras(path: str | Path, window: int | None = None) -> Any:
    """Load a Keras model without what training needs, for windows of another side if one is given.

    Raises
    ------
    ModelError
        When the file is not a whole ``.keras`` file.
    """
    from keras.models import clone_model, load_model

    try:
        model = load_model(path, compile=False)
    except (OSError, ValueError) as error:
        raise ModelError("the weights cannot be loaded", where=path, found=str(error)) from None
    if window in (None, model.input_shape[1]):
        return model
    from keras import Input

    wider = clone_model(model, input_tensors=Input((window, window, model.input_shape[-1]), name="column"))
    wider.set_weights(model.get_weights())
    return wider


def keras_engine(path: str | Path, choice: EngineChoice) -> FunctionEngine:
    """Return the engine that runs any network, on the backend that KERAS_BACKEND names."""
    from keras import backend

    model = load_keras(path, choice.window)
    _, window, _, channels = model.input_shape
    return FunctionEngine(
        batched(model, choice.batch),
        int(window),
        int(channels),
        f"keras on {backend.backend()}",
        n_weights=int(model.count_params()),
    )


def compiled_engine(path: str | Path, choice: EngineChoice) -> Engine:
    """Return the fast engine for CPUs.

    Raises
    ------
    ModelError
        When it cannot run this network.
    """
    from so2plumes.detect.compiled import CompiledUNet
    from so2plumes.detect.weights import read_weights

    weights = read_weights(path)
    return CompiledUNet(replace(weights, window=choice.window or weights.window), choice.threads)


def import_engine(choice: EngineChoice) -> None:
    """Import what the engine of choice needs, the slow part of a start."""
    if choice.name == "keras" or choice.tries_gpu:
        importlib.import_module("keras")
    elif importlib.util.find_spec("numba"):
        importlib.import_module("so2plumes.detect.compiled")


def load_engine(path: str | Path, choice: EngineChoice) -> Engine:
    """Load a network into the engine of choice.

    Raises
    ------
    ModelError
        When the file cannot be read, or the engine cannot run this network.
    """
    if choice.name == "keras":
        return keras_engine(path, choice)
    if choice.name == "compiled":
        return compiled_engine(path, choice)
    if choice.tries_gpu:
        from so2plumes.detect.gpu import gpu_engine

        try:
            return gpu_engine(path, choice, lambda: load_engine(path, replace(choice, name="auto", device=None)))
        except ModelError as reason:
            if choice.name == "gpu":
                raise
            log.info("not on the GPU: %s", _one_line(reason))
    try:
        return compiled_engine(path, choice)
    except (ImportError, ModelError) as reason:
        log.info("the compiled engine cannot run this network, Keras can: %s", _one_line(reason))
    return keras_engine(path, choice)


def _one_line(reason: Exception) -> str:
    return "; ".join(line.strip() for line in str(reason).splitlines())
