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

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingPlan:
    """Hyper-parameters of one training (FP 2.2 where the paper gives them)."""

    seed: int = 1
    base_width: int = 8
    epochs: int = 20
    batch: int = 64
    learning_rate: float = 1e-3
    noise: float = 0.1
    dropout: float = 0.2


def turn_and_flip(
    rng: np.random.Generator, images: NDArray, truth: NDArray, weight: NDArray
) -> tuple[NDArray, NDArray, NDArray]:
    """Apply one random quarter turn and flip to a whole batch."""
    turns = int(rng.integers(4))
    flip = bool(rng.integers(2))
    out = []
    for values in (images, truth, weight):
        turned = np.rot90(values, turns, axes=(1, 2))
        out.append(np.ascontiguousarray(turned[:, :, ::-1] if flip else turned))
    return out[0], out[1], out[2]


def _epoch(model: Any, data: TrainingSet, plan: TrainingPlan, rng: np.random.Generator) -> float:
    order = rng.permutation(len(data.images))
    losses = []
    for first in range(0, len(order) - plan.batch + 1, plan.batch):
        pick = order[first : first + plan.batch]
        images, truth, weight = turn_and_flip(rng, data.images[pick], data.truth[pick], data.weight[pick])
        losses.append(
            model.train_on_batch(images[..., None], truth[..., None].astype(np.float32), sample_weight=weight)
        )
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
        Per epoch: ``epoch, learning_rate, loss, test_loss``.

    Notes
    -----
    Weighted binary cross-entropy, Adam with a cosine decay of the learning rate.
    """
    import keras

    keras.utils.set_random_seed(plan.seed)
    training, test = data.part(test=False), data.part(test=True)
    if len(training.images) < plan.batch or len(test.images) == 0:
        raise ModelError(
            "the training set is too small",
            where="training.folders",
            expected=f"at least {plan.batch} training images and one test image",
            found=f"{len(training.images)} and {len(test.images)}",
            remedy="add granules",
        )
    model = build_unet(data.images.shape[1], plan.base_width, plan.noise, plan.dropout)
    model.compile(optimizer=keras.optimizers.Adam(plan.learning_rate), loss="binary_crossentropy")
    rng = np.random.default_rng(plan.seed)
    history = []
    for epoch in range(plan.epochs):
        rate = plan.learning_rate * max(0.02, 0.5 * (1.0 + math.cos(math.pi * epoch / plan.epochs)))
        model.optimizer.learning_rate = rate
        loss = _epoch(model, training, plan, rng)
        test_loss = model.evaluate(
            test.images[..., None],
            test.truth[..., None].astype(np.float32),
            sample_weight=test.weight,
            batch_size=512,
            verbose=0,
        )
        history.append({"epoch": epoch + 1, "learning_rate": rate, "loss": loss, "test_loss": float(test_loss)})
        log.info("epoch %d of %d: loss %.4f, test loss %.4f", epoch + 1, plan.epochs, loss, test_loss)
    return model, history


def save_model(model: Any, path: str | Path) -> None:
    """Write the weights and the architecture as ``.keras``, atomically and without optimizer state."""
    from keras.models import clone_model

    plain = clone_model(model)
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
