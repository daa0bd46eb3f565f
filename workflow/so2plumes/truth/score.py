"""How far rates are from the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from so2plumes.emissions.estimators import estimator_names

STRONG_KG_H = 36_000.0
"""10 kg/s, above which the recommended rate must be unbiased."""


@dataclass(frozen=True)
class Score:
    """Ratio of estimate and truth.

    Attributes
    ----------
    n : int
        Plumes with a rate.
    median, p16, p84 : float
        Of the ratio.
    """

    n: int
    median: float
    p16: float
    p84: float


def ratio_score(ratio: pd.Series) -> Score:
    """Summarise ratios of estimate and truth; those without a rate do not count."""
    values = ratio.dropna().to_numpy()
    if not len(values):
        return Score(0, float("nan"), float("nan"), float("nan"))
    p16, median, p84 = np.quantile(values, [0.16, 0.5, 0.84])
    return Score(len(values), float(median), float(p16), float(p84))


def coverage(table: pd.DataFrame, way: str) -> float:
    """Share of truths inside the 16th to 84th percentile, among plumes with an interval."""
    low, high = table[f"{way}_emission_p16_kg_h"], table[f"{way}_emission_p84_kg_h"]
    known = low.notna()
    inside = (low <= table["truth_kg_h"]) & (table["truth_kg_h"] <= high)
    return float(inside[known].mean()) if known.any() else float("nan")


def score_cases(table: pd.DataFrame) -> dict[str, object]:
    """Score the cases of `loop.run_cases`: all, strong ones, and by kind.

    Returns
    -------
    dict
        Plain numbers, for JSON.
    """
    strong = table["truth_kg_h"] >= STRONG_KG_H
    groups: Mapping[str, pd.Series] = {
        "all": pd.Series(True, table.index),
        "strong": strong,
        **{f"strong {kind}": strong & (table["kind"] == kind) for kind in sorted(table["kind"].unique())},
        "weak": ~strong,
    }
    return {name: _group(table[pick]) for name, pick in groups.items()}


def _group(table: pd.DataFrame) -> dict[str, object]:
    names = ["", *(f"{name}_" for name in estimator_names())]
    result: dict[str, object] = {"cases": len(table), "found": int(table["found"].sum())}
    for way in ("right", "drawn"):
        scores = {
            name.rstrip("_") or "chosen": asdict(
                ratio_score(table[f"{way}_emission_{name}kg_h"] / table["truth_kg_h"])
            )
            for name in names
        }
        result[way] = {"ratio": scores, "coverage": coverage(table, way)}
    return result
