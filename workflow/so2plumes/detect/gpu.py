"""The engine on a GPU, and what happens when the GPU fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from so2plumes.detect.device import DeviceMosaic
from so2plumes.detect.engines import Engine, EngineChoice, FunctionEngine, batched, load_keras
from so2plumes.detect.mosaic import FloatArray, Mosaic, Places
from so2plumes.errors import ModelError

log = logging.getLogger(__name__)

Failure = Literal["memory", "lost"]

_MEMORY = ("resource_exhausted", "resource exhausted", "out of memory", "oom when allocating", "failed to allocate")
_LOST = ("cuda_error", "cuda error", "cudnn", "cublas", "device lost", "no longer available", "gpu is lost", "xid")


def failure(error: BaseException) -> Failure | None:
    """Tell an error of the device from any other, by its text: every framework has classes of its own."""
    text = f"{type(error).__name__}: {error}".lower()
    if any(words in text for words in _MEMORY):
        return "memory"
    return "lost" if any(words in text for words in _LOST) else None


def seen_device(backend: str) -> str | None:
    """Return the GPU on which a backend of Keras will compute, or None."""
    if backend == "tensorflow":
        import tensorflow as tf

        found = tf.config.list_physical_devices("GPU")
        return found[0].name if found else None
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        return str(device) if device.platform in ("gpu", "cuda", "rocm") else None
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None


class GpuEngine:
    """Scores windows, and makes whole mosaics, on a GPU.

    Out of memory, it goes on once with a quarter of the batch. When that does not help, or the device is lost, it goes
    on with `fallback`, or says what to do where there is none.

    Parameters
    ----------
    make : callable
        Batch to a function from image, window stage and step to a `Mosaic`.
    windows : FunctionEngine
        Runs single windows.
    batch : int
    fallback : callable, optional
        Makes the engine for the CPU.
    """

    precision = "fp32"

    def __init__(
        self,
        make: Callable[[int], Callable[..., Mosaic]],
        windows: FunctionEngine,
        batch: int,
        fallback: Callable[[], Engine] | None = None,
    ) -> None:
        self._make, self._windows, self._batch, self._fallback = make, windows, batch, fallback
        self._mosaic = make(batch)
        self._reduced = False
        self._replaced: Engine | None = None
        self.name, self.window, self.channels = windows.name, windows.window, windows.channels
        self.n_weights = windows.n_weights

    def scores(self, image: FloatArray, source: FloatArray, tops: Places, lefts: Places) -> FloatArray:
        """Return an answer per pixel, see `engines.Engine`."""
        return (self._replaced or self._windows).scores(image, source, tops, lefts)

    def probability(self, scores: FloatArray) -> FloatArray:
        """Turn scores into probabilities."""
        return (self._replaced or self._windows).probability(scores)

    def mosaic(self, image: FloatArray, stage: Callable[..., Any], step: int) -> Mosaic | None:
        """Return the mosaic of a scene's image; None once the CPU has taken over.

        Raises
        ------
        ModelError
            When the device fails and there is no fallback.
        """
        if self._replaced is not None:
            return None
        try:
            return self._mosaic(image, stage, step)
        except Exception as error:
            kind = failure(error)
            if kind is None:
                raise
            return self._after(kind, error, image, stage, step)

    def _after(
        self, kind: Failure, error: Exception, image: FloatArray, stage: Callable[..., Any], step: int
    ) -> Mosaic | None:
        if kind == "memory" and not self._reduced:
            self._reduced, self._batch = True, max(1, self._batch // 4)
            log.warning("the GPU is out of memory: going on with %d windows at once", self._batch)
            self._mosaic = self._make(self._batch)
            return self.mosaic(image, stage, step)
        what = "the GPU is out of memory" if kind == "memory" else "the GPU is lost"
        if self._fallback is None:
            raise ModelError(
                what,
                where=f"detect.engine, {self.name}",
                found=str(error).splitlines()[0][:200],
                remedy="lower detect.batch, free the device, or set detect.cpu_fallback to true",
            ) from error
        self._replaced = self._fallback()
        log.warning("%s: going on with the engine %s", what, self._replaced.name)
        self.name = f"{self.name}, then {self._replaced.name}"
        return None


def gpu_engine(path: str | Path, choice: EngineChoice, fallback: Callable[[], Engine]) -> GpuEngine:
    """Return the engine on the GPU that the Keras backend sees.

    Raises
    ------
    ModelError
        When it sees none.
    """
    from keras import backend

    device = seen_device(backend.backend())
    if device is None:
        raise ModelError(
            "the Keras backend sees no GPU",
            where=f"detect.backend: {backend.backend()}",
            remedy="install the extra gpu (envs/gpu.lock), choose another backend, or set detect.engine to auto",
        )
    model = load_keras(path, choice.window)
    _, window, _, channels = model.input_shape
    windows = FunctionEngine(
        batched(model, choice.batch),
        int(window),
        int(channels),
        f"keras on {backend.backend()}, {device}",
        n_weights=int(model.count_params()),
    )
    allowed = fallback if choice.cpu_fallback else None
    return GpuEngine(lambda batch: DeviceMosaic(model, batch), windows, choice.batch, allowed)
