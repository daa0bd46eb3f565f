"""The probability of detection (POD) as a function of emission rate, wind, noise, background and place in the swath.

It is a logistic regression on the logarithms of emission rate, wind speed and noise, with a step for each strength of
the structured background and one for the edge of the swath.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.evaluation.pod_bins import level_name

FloatArray = NDArray[np.floating]

SLOPES = ("emission_kg_h", "wind_speed_m_s", "noise_du")
"""Variables that enter with their logarithms."""
_WEAK_PENALTY_C = 1e4


@dataclass(frozen=True)
class DetectionModel:
    """Logistic regression of being found: ``logit(POD) = intercept + sum(coefficient * variable)``.

    Attributes
    ----------
    intercept : float
    coefficients : dict of float
        Of log10 of ``emission_kg_h``, ``wind_speed_m_s`` and ``noise_du``, of ``edge`` where both kinds were tried, and
        of ``background <n> DU`` for all strengths but the weakest.
    """

    intercept: float
    coefficients: dict[str, float]

    @property
    def slope(self) -> float:
        """Growth of the logit per decade of emission rate."""
        return self.coefficients["emission_kg_h"]

    def probability(self, trials: pd.DataFrame) -> FloatArray:
        """POD of each row of a table that has the columns of the variables."""
        values = design(trials, tuple(self.coefficients)) @ np.array(list(self.coefficients.values()))
        return 1.0 / (1.0 + np.exp(-(self.intercept + values)))

    def emission_kg_h(self, conditions: pd.DataFrame, pod: float) -> FloatArray:
        """Emission rate of a POD for each row of conditions; not-a-number where the POD does not grow with the rate."""
        if self.slope <= 0.0:
            return np.full(len(conditions), np.nan)
        others = {name: value for name, value in self.coefficients.items() if name != "emission_kg_h"}
        rest = self.intercept + design(conditions, tuple(others)) @ np.array(list(others.values()))
        return 10.0 ** np.clip((np.log(pod / (1.0 - pod)) - rest) / self.slope, -300.0, 300.0)


def variables_of(trials: pd.DataFrame) -> tuple[str, ...]:
    """Names of the variables that trials can tell apart."""
    levels = [level_name(level) for level in sorted(trials["background_du"].unique())]
    edge = ["edge"] if trials["edge"].nunique() == 2 else []
    return (*SLOPES, *edge, *levels[1:])


def design(table: pd.DataFrame, names: tuple[str, ...]) -> FloatArray:
    """Columns (row, variable) of the regression."""
    columns = []
    for name in names:
        if name in SLOPES:
            columns.append(np.log10(table[name].to_numpy(float)))
        elif name == "edge":
            columns.append(table["edge"].to_numpy(float))
        else:
            columns.append((table["background_du"].map(level_name) == name).to_numpy(float))
    return np.stack(columns, axis=1)


def fit_model(trials: pd.DataFrame) -> DetectionModel:
    """Fit the POD to trials, of which some are found and some missed."""
    return next(fit_models(trials, [np.ones(len(trials))]))


def fit_models(trials: pd.DataFrame, weights: Iterable[FloatArray]) -> Iterator[DetectionModel]:
    """Fit the POD to trials once for each set of weights, in which both found and missed trials count.

    The penalty is too weak to be seen; it keeps coefficients finite where all plumes of a kind are found or missed.
    """
    from sklearn.linear_model import LogisticRegression

    names = variables_of(trials)
    values, found = design(trials, names), trials["found"].to_numpy(bool)
    centre, spread = values.mean(axis=0), values.std(axis=0)
    spread[spread == 0.0] = 1.0
    for weight in weights:
        regression = LogisticRegression(C=_WEAK_PENALTY_C, solver="newton-cholesky")
        regression.fit((values - centre) / spread, found, sample_weight=weight)
        slopes = regression.coef_[0] / spread
        intercept = float(regression.intercept_[0] - slopes @ centre)
        yield DetectionModel(intercept, dict(zip(names, slopes.tolist(), strict=True)))
