"""Score detectors on the test images of a training set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.evaluation.bins import score_groups
from so2plumes.evaluation.scores import pixel_counts
from so2plumes.training.dataset import TrainingSet

LIMITS_SIGMA = np.arange(0.5, 4.01, 0.125)


def score_images(data: TrainingSet, predictions: Mapping[str, NDArray[np.bool_]]) -> list[dict[str, Any]]:
    """Pixel scores by method and group.

    Parameters
    ----------
    data : TrainingSet
        The images that are scored.
    predictions : mapping of method to (n, window, window) bool

    Returns
    -------
    list of dict
        ``method, by, of, images, truth_pixels, precision, recall, f1``. Labelled images are a group of their own; where
        no pixel without a plume was judged, there is no precision.
    """
    counted = data.weight >= 1.0
    injected = data.table["source"].isin(["injected", "none"]).to_numpy()
    rows = []
    for group in score_groups(data.table):
        if group.by != "truth":
            group = replace(group, rows=group.rows & injected)
        for method, predicted in predictions.items():
            counts = pixel_counts(predicted[group.rows], data.truth[group.rows], counted[group.rows])
            images = int(group.rows.sum())
            row = {"method": method, "by": group.by, "of": group.of, "images": images, **counts.document()}
            if counts.true == int(counted[group.rows].sum()):
                row |= {"precision": None, "f1": None}
            rows.append(row)
    return rows


def false_pixel_share(data: TrainingSet, predictions: Mapping[str, NDArray[np.bool_]]) -> dict[str, float]:
    """Share of the pixels that are predicted in images without a plume, by method."""
    quiet = (data.table["source"] == "none").to_numpy()
    counted = data.weight[quiet] >= 1.0
    total = max(1, int(counted.sum()))
    return {name: round(float((mask[quiet] & counted).sum() / total), 6) for name, mask in predictions.items()}


def best_limit(data: TrainingSet) -> float:
    """Return the limit of a plain threshold, in sigma, that has the best pixel F1 on some images."""
    clear = data.pick((data.table["peak_sigma"] >= 3.0).to_numpy())
    counted = clear.weight >= 1.0
    scores = [pixel_counts(clear.z >= limit, clear.truth, counted).f1 or 0.0 for limit in LIMITS_SIGMA]
    return float(LIMITS_SIGMA[int(np.argmax(scores))])
