"""Compare variants of the network by short trainings of equal length."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from so2plumes.evaluation.histogram import ProbabilityHistogram
from so2plumes.evaluation.images import false_pixel_share
from so2plumes.evaluation.scores import pixel_counts
from so2plumes.training.dataset import TrainingSet
from so2plumes.training.train import TrainingPlan, train
from so2plumes.training.variants import VARIANTS, variant_plan


def held_out(data: TrainingSet, most: int, seed: int) -> TrainingSet:
    """Split the training part once more, by orbit, so that a choice between variants sees no test image.

    Returns
    -------
    TrainingSet
        Its ``test`` part are the images of every fifth training orbit, its ``train`` part at most `most` of the others.
    """
    own = data.part("train")
    orbits = own.table["orbit"].to_numpy()
    watched = np.isin(orbits, np.unique(orbits)[::5])
    learned = np.random.default_rng([seed, 4]).permutation(np.flatnonzero(~watched))[:most]
    kept = np.sort(np.concatenate([learned, np.flatnonzero(watched)]))
    few = own.pick(kept)
    part = np.where(watched[kept], "test", "train")
    return replace(few, table=few.table.assign(part=part))


def score_variant(name: str, data: TrainingSet, plan: TrainingPlan, max_images: int) -> dict[str, Any]:
    """Train a variant on some of the training orbits and score it on the others.

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
    few = held_out(data, max_images, plan.seed)
    model, _ = train(few, own)
    test = few.part("test")
    probability = model.predict(test.inputs(own.normalisation, own.channels), batch_size=512, verbose=0)[..., 0]
    predicted, counted = probability >= 0.5, test.weight >= 1.0
    peak = np.where(test.table["source"].isin(["injected", "none"]), test.table["peak_sigma"], np.nan)
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
        "false_pixel_share": false_pixel_share(test, {name: predicted})[name],
        "ece": histogram.calibration()["ece"],
        "chosen": name == "chosen",
    }
