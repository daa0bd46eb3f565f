"""Load detector weights and run them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.card import card_path
from so2plumes.detect.inputs import INPUTS
from so2plumes.detect.mosaic import rolling_median
from so2plumes.errors import ModelError
from so2plumes.files import read_json, sha256

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UNet:
    """A trained network with what is needed to feed it.

    Attributes
    ----------
    network : callable
        (n, window, window, channels) float32 -> (n, window, window) float32.
    window, channels : int
    normalisation : str
        Key of `INPUTS`.
    sha256 : str
        Digest of the weights file.
    step : int
        Step of the rolling window.
    n_weights : int
    """

    network: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    window: int
    normalisation: str
    sha256: str
    channels: int = 1
    step: int = 4
    n_weights: int = 0

    @property
    def identity(self) -> str:
        """Digest of the weights."""
        return self.sha256

    def predict(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities (n, window, window) of windows (n, window, window) of the scene's image."""
        return self.network(INPUTS[self.normalisation].prepare(windows, self.channels))

    def probability(self, column: NDArray[np.floating], usable: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Median over all windows that cover a pixel (FP 2.2)."""
        start = time.perf_counter()
        image = INPUTS[self.normalisation].scene(column, usable)
        normalised = time.perf_counter()
        mosaic = rolling_median(image, self.predict, self.window, self.step)
        log.debug(
            "%d of %d windows predicted, normalise %.1f s, windows %.1f s",
            mosaic.n_predicted,
            mosaic.n_windows,
            normalised - start,
            time.perf_counter() - normalised,
        )
        return mosaic.probability


def batched(model: Any, batch: int) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Wrap a Keras model as a predictor with batches of a few sizes (so that it is traced a few times only)."""
    sizes = sorted({max(1, batch >> halvings) for halvings in range(4)})

    def predict(images: NDArray[np.float32]) -> NDArray[np.float32]:
        result = np.empty(images.shape[:3], np.float32)
        for first in range(0, len(images), batch):
            part = images[first : first + batch]
            size = next(size for size in sizes if size >= len(part))
            filled = np.zeros((size, *images.shape[1:]), np.float32)
            filled[: len(part)] = part
            result[first : first + len(part)] = np.asarray(model.predict_on_batch(filled))[: len(part), ..., 0]
        return result

    return predict


def load_detector(path: str | Path, batch: int = 512, step: int = 4) -> UNet:
    """Load a ``.keras`` file and the card beside it.

    Raises
    ------
    ModelError
        When the weights or the card are missing, unreadable or do not fit each other.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(
            "the detector's weights are not there",
            where=f"detect.model: {path}",
            remedy="name a .keras file, or train one: snakemake results/training/<name>/model",
        )
    card = card_path(path)
    if not card.is_file():
        raise ModelError(
            "the model has no card",
            where=card,
            expected="card.json with normalisation and window, as written by `so2plumes evaluate-model`",
            remedy="copy the card beside the weights",
        )
    facts = read_json(card)
    if facts.get("normalisation") not in INPUTS:
        raise ModelError(
            "the card names an unknown normalisation",
            where=card,
            expected=" or ".join(INPUTS),
            found=str(facts.get("normalisation")),
        )
    digest = sha256(path)
    if facts.get("sha256") not in (None, digest):
        raise ModelError(
            "the weights are not the ones that the card describes",
            where=path,
            expected=f"sha256 {facts['sha256']}",
            found=digest,
            remedy="restore the pair of weights and card, or evaluate the model again",
        )
    return detector_of(path, facts["normalisation"], batch, step)


def detector_of(path: str | Path, normalisation: str, batch: int = 512, step: int = 4) -> UNet:
    """Load weights that have no card yet."""
    from keras.models import load_model

    try:
        model = load_model(path, compile=False)
    except (OSError, ValueError) as error:
        raise ModelError("the weights cannot be loaded", where=path, found=str(error)) from None
    log.info("loaded %s (%d weights)", path, model.count_params())
    _, window, _, channels = model.input_shape
    return UNet(
        batched(model, batch), int(window), normalisation, sha256(path), int(channels), step, int(model.count_params())
    )
