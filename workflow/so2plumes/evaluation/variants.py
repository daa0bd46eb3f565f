"""Compare variants of the network by short trainings of equal length."""

from __future__ import annotations

from typing import Any

import numpy as np

from so2plumes.evaluation.histogram import ProbabilityHistogram
from so2plumes.evaluation.scores import pixel_counts
from so2plumes.training.dataset import TrainingSet
from so2plumes.training.train import TrainingPlan, train
from so2plumes.training.variants import VARIANTS, variant_plan


def thinned(data: TrainingSet, most: int, seed: int) -> TrainingSet:
    """Return the test part and at most so many training images, drawn at random."""
    is_train = (data.table["part"] == "train").to_numpy()
    numbers = np.flatnonzero(is_train)
    kept = np.random.default_rng([seed, 4]).permutation(numbers)[:most]
    return data.pick(np.sort(np.concatenate([kept, np.flatnonzero(~is_train)])))


def score_variant(name: str, data: TrainingSet, plan: TrainingPlan, max_images: int) -> dict[str, Any]:
    """Train a variant and score it on the test images.

    Parameters
    ----------
    name : str
        Key of `so2plumes.training.variants.VARIANTS`.
    data : TrainingSet
    plan : TrainingPlan
        The chosen plan with the epochs of the short training.
    max_images : int

    Returns
    -------
    dict
        A row of the table of variants.
    """
    own = variant_plan(name, plan)
    few = thinned(data, max_images, plan.seed)
    model, _ = train(few, own)
    test = few.part("test")
    probability = model.predict(test.inputs(own.normalisation, own.channels), batch_size=512, verbose=0)[..., 0]
    predicted, counted = probability >= 0.5, test.weight >= 1.0
    peak = test.table["peak_sigma"].to_numpy()
    over_3, over_6 = peak >= 3.0, peak >= 6.0

    def counts(rows: np.ndarray) -> Any:
        return pixel_counts(predicted[rows], test.truth[rows], counted[rows])

    histogram = ProbabilityHistogram()
    histogram.add(probability[counted], test.truth[counted])
    return {
        "variant": name,
        "text": VARIANTS[name],
        "normalisation": own.normalisation,
        "channels": own.channels,
        "loss": own.loss,
        "base_width": own.base_width,
        "weights": int(model.count_params()),
        "epochs": own.epochs,
        "images": len(few) - len(test),
        "precision_over_3": counts(over_3).precision,
        "recall_over_3": counts(over_3).recall,
        "f1_over_3": counts(over_3).f1,
        "f1_over_6": counts(over_6).f1,
        "f1_3_to_6": counts(over_3 & ~over_6).f1,
        "false_pixel_share": round(float((predicted & counted)[peak == 0].sum() / max(1, counted[peak == 0].sum())), 5),
        "ece": histogram.calibration()["ece"],
        "chosen": name == "chosen",
    }
