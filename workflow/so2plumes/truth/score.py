"""How far rates are from the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from so2plumes.emissions.background import BACKGROUNDS
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
        Plain numbers, for JSON; None where there is no plume to say it of.
    """
    strong = table["truth_kg_h"] >= STRONG_KG_H
    groups: Mapping[str, pd.Series] = {
        "all": pd.Series(True, table.index),
        "strong": strong,
        **{f"strong {kind}": strong & (table["kind"] == kind) for kind in sorted(table["kind"].unique())},
        "weak": ~strong,
    }
    scores = {
        "made_with": {**_makers(table), "cases": len(table)},
        "groups": {name: _group(table[pick]) for name, pick in groups.items()},
        "puff": {way: asdict(puff_score(table, way)) for way in ("right", "drawn")},
        "background": {name: asdict(background_score(table, name)) for name in BACKGROUNDS},
    }
    return {name: _without_nan(part) for name, part in scores.items()}


@dataclass(frozen=True)
class PuffScore:
    """How well the code ``puff`` tells puffs: shares of those that come in puffs and of others that get it."""

    puffs: int
    others: int
    hit_rate: float
    false_alarm_rate: float


def puff_score(table: pd.DataFrame, way: str) -> PuffScore:
    """Score the code ``puff`` among found plumes whose rate is that of ``csf``, which tells the flux by section."""
    table = table[table["found"] & (table[f"{way}_estimator"] == "csf")]
    said = table[f"{way}_quality"].str.split(",").map(lambda codes: "puff" in codes).astype(bool)
    puffs = table["kind"] == "puffs"
    hit, false = (float(said[pick].mean()) if pick.any() else float("nan") for pick in (puffs, ~puffs))
    return PuffScore(int(puffs.sum()), int((~puffs).sum()), hit, false)


_MAKER = "made_"


def with_makers(table: pd.DataFrame, makers: Mapping[str, str | int]) -> pd.DataFrame:
    """Return cases with a constant column for everything that made them: model, configuration, seed, code."""
    return table.assign(**{f"{_MAKER}{name}": value for name, value in makers.items()})


def _makers(table: pd.DataFrame) -> dict[str, Any]:
    names = [name for name in map(str, table.columns) if name.startswith(_MAKER)] if len(table) else []
    first = {name.removeprefix(_MAKER): table[name].iloc[0] for name in names}
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in first.items()}


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nan(part) for name, part in value.items()}
    return None if isinstance(value, float) and np.isnan(value) else value


@dataclass(frozen=True)
class BackgroundScore:
    """Error of a background level, Dobson units; ``scatter_per_sem`` in units of the stated standard error."""

    n: int
    median_du: float
    p16_du: float
    p84_du: float
    scatter_per_sem: float


def background_score(table: pd.DataFrame, method: str) -> BackgroundScore:
    """Summarise the errors of a background method."""
    error = table[f"background_{method}_error_du"].dropna()
    nothing = float("nan")
    if not len(error):
        return BackgroundScore(0, nothing, nothing, nothing, nothing)
    p16, median, p84 = (float(value) for value in np.quantile(error, [0.16, 0.5, 0.84]))
    z = (error / table[f"background_{method}_sem_du"]).replace([np.inf, -np.inf], np.nan).dropna()
    low, high = np.quantile(z, [0.16, 0.84])
    return BackgroundScore(len(error), median, p16, p84, float(0.5 * (high - low)))


def _group(table: pd.DataFrame) -> dict[str, object]:
    names = ["", *(f"{name}_" for name in estimator_names())]
    result: dict[str, object] = {"cases": len(table), "found": int(table["found"].sum())}
    for way in ("right", "drawn"):
        scores = {
            name.rstrip("_") or "chosen": asdict(ratio_score(table[f"{way}_emission_{name}kg_h"] / table["truth_kg_h"]))
            for name in names
        }
        result[way] = {"ratio": scores, "coverage": coverage(table, way)}
    return result


def score_tables(scores: Mapping[str, Any]) -> str:
    """Markdown tables of the scores, for the documentation."""
    groups = scores["groups"]
    lines = [
        "| rate / truth: median [16 %, 84 %] | right wind and lifetime | drawn wind, lifetime, height |",
        "|---|---|---|",
    ]
    for group in ("strong", "weak"):
        for name in groups[group]["right"]["ratio"]:
            cells = [_ratio_text(groups[group][way]["ratio"][name]) for way in ("right", "drawn")]
            label = "recommended" if name == "chosen" else name
            lines.append(f"| {_GROUP_TEXT[group]}, {label} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| cases | plumes | found | median ratio | 68 % interval holds, right | drawn |",
        "|---|---|---|---|---|---|",
    ]
    for group, found in groups.items():
        ratio = _number(found["right"]["ratio"]["chosen"]["median"], ".2f")
        held = " | ".join(_number(found[way]["coverage"], ".1%") for way in ("right", "drawn"))
        lines.append(f"| {group} | {found['cases']} | {found['found']} | {ratio} | {held} |")
    lines += [
        "",
        "| background | error in DU: median [16 %, 84 %] | scatter / stated standard error |",
        "|---|---|---|",
    ]
    for name, found in scores["background"].items():
        median, low, high = (_number(found[key], "+.2f") for key in ("median_du", "p16_du", "p84_du"))
        lines.append(f"| {name} | {median} [{low}, {high}] | {_number(found['scatter_per_sem'], '.1f')} |")
    return "\n".join([*lines, *_puff_lines(scores.get("puff", {})), *_made_line(scores.get("made_with", {}))])


def _puff_lines(puff: Mapping[str, Any]) -> list[str]:
    rows = [
        f"| {way} | {found['puffs']} | {_number(found['hit_rate'], '.1%')} "
        f"| {found['others']} | {_number(found['false_alarm_rate'], '.1%')} |"
        for way, found in sorted(puff.items(), reverse=True)
    ]
    return (
        ["", "| code `puff` | in puffs | said | not in puffs | said |", "|---|---|---|---|---|", *rows] if rows else []
    )


def _made_line(made: Mapping[str, Any]) -> list[str]:
    known = [f"{name} {value}" for name, value in sorted(made.items()) if value not in (None, "")]
    return ["", "Made with " + ", ".join(known) + "."] if known else []


_GROUP_TEXT = {"strong": "10 kg/s and more", "weak": "less"}


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _ratio_text(score: Mapping[str, Any]) -> str:
    median, low, high = (_number(score[key], ".2f") for key in ("median", "p16", "p84"))
    return f"{median} [{low}, {high}], n = {score['n']}"
