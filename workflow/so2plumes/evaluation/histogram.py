"""Gather probabilities of very many pixels: calibration and precision-recall curve."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 200
RELIABILITY_BINS = 10


class ProbabilityHistogram:
    """Counts of pixels by probability, apart for plume and no plume."""

    def __init__(self) -> None:
        self.total = np.zeros(BINS, np.int64)
        self.true = np.zeros(BINS, np.int64)
        self.probability_sum = np.zeros(BINS)

    def add(self, probability: NDArray[np.floating], truth: NDArray[np.bool_]) -> None:
        """Count some pixels; arrays of one shape."""
        place = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
        self.total += np.bincount(place, minlength=BINS)
        self.true += np.bincount(place, weights=truth, minlength=BINS).astype(np.int64)
        self.probability_sum += np.bincount(place, weights=probability, minlength=BINS)

    def calibration(self) -> dict[str, Any]:
        """Reliability by tenths, and the expected calibration error: the mean distance, weighted by pixels."""
        total, true, mass = (
            values.reshape(RELIABILITY_BINS, -1).sum(axis=1) for values in (self.total, self.true, self.probability_sum)
        )
        bins = [
            {
                "low": round(i / RELIABILITY_BINS, 2),
                "high": round((i + 1) / RELIABILITY_BINS, 2),
                "mean_probability": round(float(mass[i] / total[i]), 4),
                "observed": round(float(true[i] / total[i]), 4),
                "pixels": int(total[i]),
            }
            for i in range(RELIABILITY_BINS)
            if total[i]
        ]
        error = float(np.abs(mass - true).sum() / max(1, total.sum()))
        return {"ece": round(error, 4), "pixels": int(total.sum()), "bins": bins}

    def precision_recall(self, every: int = 10) -> list[dict[str, float]]:
        """Precision and recall of all pixels over thresholds."""
        found = self.total[::-1].cumsum()[::-1]
        hit = self.true[::-1].cumsum()[::-1]
        return [
            {
                "threshold": round(i / BINS, 3),
                "precision": round(float(hit[i] / found[i]), 4),
                "recall": round(float(hit[i] / self.true.sum()), 4),
            }
            for i in range(0, BINS, every)
            if found[i] and self.true.sum()
        ]
