"""Fit the U-Net to a training set."""

from __future__ import annotations

import logging
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.unet import build_unet
from so2plumes.errors import ModelError
from so2plumes.files import atomic_path
from so2plumes.training.dataset import TrainingSet
from so2plumes.training.losses import LOSSES

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingPlan:
    """Hyper-parameters of one training (FP 2.2 where the paper gives them).

    ``normalisation`` is a key of `so2plumes.detect.inputs.INPUTS`, ``loss`` one of `so2plumes.training.losses.LOSSES`;
    with two ``channels`` the network also sees which pixels are usable. The paper's dropout is 0.2; with so many
    images less is better.
    """

    seed: int = 1
    normalisation: str = "local_robust"
    channels: int = 1
    loss: str = "bce"
    base_width: int = 8
    epochs: int = 20
    batch: int = 64
    learning_rate: float = 1e-3
    noise: float = 0.1
    dropout: float = 0.05


def turn_and_flip(rng: np.random.Generator, images: NDArray, target: NDArray) -> tuple[NDArray, NDArray]:
    """Apply one random quarter turn and flip to a whole batch, (n, window, window, ...)."""
    turns = int(rng.integers(4))
    flip = bool(rng.integers(2))
    out = []
    for values in (images, target):
        turned = np.rot90(values, turns, axes=(1, 2))
        out.append(np.ascontiguousarray(turned[:, :, ::-1] if flip else turned))
    return out[0], out[1]


@dataclass(frozen=True)
class _Arrays:
    """Network input (n, window, window, channels) and target (n, window, window, 2)."""

    images: NDArray[np.float32]
    target: NDArray[np.float32]


def _arrays(data: TrainingSet, plan: TrainingPlan) -> _Arrays:
    target = np.stack([data.truth.astype(np.float32), data.weight], axis=-1)
    return _Arrays(data.inputs(plan.normalisation, plan.channels), target)


def _epoch(model: Any, data: _Arrays, plan: TrainingPlan, rng: np.random.Generator) -> float:
    order = rng.permutation(len(data.images))
    losses = []
    for first in range(0, len(order) - plan.batch + 1, plan.batch):
        pick = order[first : first + plan.batch]
        losses.append(model.train_on_batch(*turn_and_flip(rng, data.images[pick], data.target[pick])))
    return float(np.mean([np.ravel(loss)[0] for loss in losses[-200:]]))


def train(data: TrainingSet, plan: TrainingPlan) -> tuple[Any, list[dict[str, float]]]:
    """Train on the training part of a set.

    Parameters
    ----------
    data : TrainingSet
    plan : TrainingPlan

    Returns
    -------
    model : keras.Model
    history : list of dict
        Per epoch: ``epoch, learning_rate, loss, test_loss``. The test part is only watched: nothing is chosen by it.

    Notes
    -----
    Adam with a cosine decay of the learning rate; every batch is turned and flipped.
    """
    import keras

    keras.utils.set_random_seed(plan.seed)
    training, test = data.part("train"), data.part("test")
    if len(training) < plan.batch or len(test) == 0:
        raise ModelError(
            "the training set is too small",
            where="training.folders",
            expected=f"at least {plan.batch} training images and one test image",
            found=f"{len(training)} and {len(test)}",
            remedy="add granules",
        )
    learned, watched = _arrays(training, plan), _arrays(test, plan)
    model = build_unet(data.truth.shape[1], plan.base_width, plan.noise, plan.dropout, plan.channels)
    model.compile(optimizer=keras.optimizers.Adam(plan.learning_rate), loss=LOSSES[plan.loss])
    rng = np.random.default_rng(plan.seed)
    history = []
    for epoch in range(plan.epochs):
        rate = plan.learning_rate * max(0.02, 0.5 * (1.0 + math.cos(math.pi * epoch / plan.epochs)))
        model.optimizer.learning_rate = rate
        loss = _epoch(model, learned, plan, rng)
        test_loss = float(model.evaluate(watched.images, watched.target, batch_size=512, verbose=0))
        history.append({"epoch": epoch + 1, "learning_rate": rate, "loss": loss, "test_loss": test_loss})
        log.info("epoch %d of %d: loss %.4f, test loss %.4f", epoch + 1, plan.epochs, loss, test_loss)
    return model, history


def save_model(model: Any, path: str | Path) -> None:
    """Write the weights and the architecture as ``.keras``, atomically and without optimizer state."""
    plain = type(model).from_config(model.get_config())
    plain.set_weights(model.get_weights())
    with atomic_path(path) as temporary:
        whole = temporary.with_name(f"{temporary.name}.keras")
        try:
            plain.save(whole)
            whole.replace(temporary)
        finally:
            whole.unlink(missing_ok=True)


def plan_document(plan: TrainingPlan, history: list[dict[str, float]]) -> dict[str, Any]:
    """Lay out the log of a training for JSON."""
    return {"plan": asdict(plan), "history": history}
