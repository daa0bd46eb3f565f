"""The detector: a network with what is needed to feed it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.card import card_path
from so2plumes.detect.engines import Engine, EngineChoice, MosaicEngine, import_engine, load_engine
from so2plumes.detect.inputs import INPUTS, unchanged
from so2plumes.detect.mosaic import FloatArray, Mosaic, Places, cut_windows, rolling_median
from so2plumes.detect.seconds import Seconds
from so2plumes.errors import ModelError
from so2plumes.files import read_json, sha256

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SchemeScorer:
    """Scores windows of a scene's image with an engine, see `mosaic.WindowScorer`.

    Attributes
    ----------
    engine : Engine
    normalisation : str
        Key of `INPUTS`.
    """

    engine: Engine
    normalisation: str

    def of_inputs(self, images: FloatArray) -> FloatArray:
        """Scores of the network's inputs (n, window, window, channels), see `InputScheme.prepare`."""
        size = self.engine.window
        tops = np.arange(len(images)) * size
        image, source = (np.ascontiguousarray(images[..., k]).reshape(-1, size) for k in (0, -1))
        return self.engine.scores(image, source, tops, np.zeros_like(tops))

    def of_windows(self, windows: FloatArray) -> FloatArray:
        """Scores of windows (n, window, window) that were cut from a scene's image."""
        return self.of_inputs(INPUTS[self.normalisation].prepare(windows, self.engine.channels))

    def scores(self, image: FloatArray, tops: Places, lefts: Places) -> FloatArray:
        """Scores of the windows of a scene's image with these first rows and columns."""
        if INPUTS[self.normalisation].window is unchanged:
            return self.engine.scores(image, image, tops, lefts)
        return self.of_windows(cut_windows(image, tops, lefts, self.engine.window))

    def probability(self, scores: FloatArray) -> FloatArray:
        """Turn scores into probabilities."""
        return self.engine.probability(scores)


@dataclass(frozen=True)
class UNet:
    """A trained network with what is needed to feed it.

    Attributes
    ----------
    engine : Engine
        Runs the network.
    normalisation : str
        Key of `INPUTS`.
    sha256 : str
        Digest of the weights file.
    step : int
        Step of the rolling window.
    threads : int
        For the medians.
    seconds : Seconds
        Receives the time of `probability` by stage.
    """

    engine: Engine
    normalisation: str
    sha256: str
    step: int = 4
    threads: int = 1
    seconds: Seconds = field(default_factory=Seconds, compare=False)

    @property
    def identity(self) -> str:
        """Digest of the weights."""
        return self.sha256

    @property
    def window(self) -> int:
        """Side of a window, pixels."""
        return self.engine.window

    @property
    def channels(self) -> int:
        """Input channels of the network."""
        return self.engine.channels

    @property
    def n_weights(self) -> int:
        """Number of weights."""
        return self.engine.n_weights

    @property
    def scorer(self) -> SchemeScorer:
        """What answers for single windows."""
        return SchemeScorer(self.engine, self.normalisation)

    def predict(self, windows: FloatArray) -> FloatArray:
        """Probabilities (n, window, window) of windows (n, window, window) of the scene's image."""
        return self.engine.probability(self.scorer.of_windows(windows))

    def network(self, images: FloatArray) -> FloatArray:
        """Probabilities (n, window, window) of the network's inputs (n, window, window, channels)."""
        return self.engine.probability(self.scorer.of_inputs(images))

    def mosaic(self, image: FloatArray) -> Mosaic:
        """Median over all windows that cover a pixel of the scene's image (FP 2.2)."""
        if isinstance(self.engine, MosaicEngine):
            made = self.engine.mosaic(image, INPUTS[self.normalisation].window, self.step)
            if made is not None:
                return made
        return rolling_median(image, self.scorer, self.window, self.step, threads=self.threads)

    def probability(self, column: NDArray[np.floating], usable: NDArray[np.bool_]) -> FloatArray:
        """Median over all windows that cover a pixel (FP 2.2)."""
        with self.seconds.of("normalise"):
            image = INPUTS[self.normalisation].scene(column, usable)
        mosaic = self.mosaic(image)
        self.seconds.add("infer", mosaic.infer_s)
        self.seconds.add("mosaic", mosaic.mosaic_s)
        log.info("%d of %d windows hold usable pixels", mosaic.n_predicted, mosaic.n_windows)
        return mosaic.probability


def load_detector(
    path: str | Path, step: int = 4, choice: EngineChoice | None = None, seconds: Seconds | None = None
) -> UNet:
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
    return detector_of(path, facts["normalisation"], step, choice, seconds)


def detector_of(
    path: str | Path,
    normalisation: str,
    step: int = 4,
    choice: EngineChoice | None = None,
    seconds: Seconds | None = None,
) -> UNet:
    """Load weights that have no card yet; `seconds` receives the time of each stage."""
    choice, seconds = choice or EngineChoice(), seconds or Seconds()
    with seconds.of("import"):
        import_engine(choice)
    with seconds.of("load"):
        engine, digest = load_engine(path, choice), sha256(path)
    log.info("loaded %s (%d weights), engine: %s, %s", path, engine.n_weights, engine.name, engine.precision)
    return UNet(engine, normalisation, digest, step, choice.threads, seconds)
