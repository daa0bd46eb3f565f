"""Precision, recall and shares with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _ratio(part: float, whole: float) -> float | None:
    return round(float(part) / float(whole), 4) if whole > 0 else None


@dataclass(frozen=True)
class Counts:
    """Pixels that were predicted, that are plume, and that are both."""

    hit: int = 0
    predicted: int = 0
    true: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.hit + other.hit, self.predicted + other.predicted, self.true + other.true)

    @property
    def precision(self) -> float | None:
        """Share of the predicted pixels that are plume; None where nothing was predicted."""
        return _ratio(self.hit, self.predicted)

    @property
    def recall(self) -> float | None:
        """Share of the plume pixels that were predicted; None where there are none."""
        return _ratio(self.hit, self.true)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both; None where nothing was predicted or true."""
        return _ratio(2 * self.hit, self.predicted + self.true)

    def document(self) -> dict[str, Any]:
        """Lay out for JSON."""
        return {"truth_pixels": self.true, "precision": self.precision, "recall": self.recall, "f1": self.f1}


def pixel_counts(predicted: NDArray[np.bool_], truth: NDArray[np.bool_], counted: NDArray[np.bool_]) -> Counts:
    """Count the pixels of some images or scenes; arrays of one shape."""
    return Counts(
        int((predicted & truth & counted).sum()), int((predicted & counted).sum()), int((truth & counted).sum())
    )


@dataclass(frozen=True)
class Share:
    """A share of a number of cases with its 95 % interval (Wilson); not-a-number of no case."""

    found: int
    total: int

    @property
    def value(self) -> float:
        """The share itself."""
        return self.found / self.total if self.total else float("nan")

    def _bound(self, sign: float) -> float:
        if not self.total:
            return float("nan")
        z, n = 1.959964, self.total
        middle = self.value + z**2 / (2 * n)
        half = z * np.sqrt(self.value * (1 - self.value) / n + z**2 / (4 * n**2))
        return float(np.clip((middle + sign * half) / (1 + z**2 / n), 0.0, 1.0))

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self._bound(-1.0)

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self._bound(1.0)
