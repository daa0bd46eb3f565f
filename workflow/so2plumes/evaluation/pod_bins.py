"""Shares of found plumes: in bins of the emission rate, in tenths of a predicted probability, and as smooth lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.evaluation.scores import Share

FloatArray = NDArray[np.floating]

BINS_PER_DECADE = 3
WIND_EDGES_M_S = (0.0, 3.0, 7.0, float("inf"))
LINE_POINTS = 25
TENTHS = 10
EDGE_NAME = "edge of the swath"
INSIDE_NAME = "rest of the swath"


@dataclass(frozen=True)
class TrialGroup:
    """Trials that share something: what they are divided by, which ones these are."""

    by: str
    of: str
    trials: pd.DataFrame


def level_name(level_du: float) -> str:
    """Name of a strength of the structured background."""
    return f"background {level_du:g} DU"


def wind_name(low_m_s: float, high_m_s: float) -> str:
    """Name of a class of winds."""
    if not low_m_s:
        return f"up to {high_m_s:g} m/s"
    return f"over {low_m_s:g} m/s" if np.isinf(high_m_s) else f"{low_m_s:g} to {high_m_s:g} m/s"


def groups_of(trials: pd.DataFrame) -> Iterator[TrialGroup]:
    """Yield all trials, then those of each background, wind class, place in the swath and archive; none is empty."""
    if trials.empty:
        return
    yield TrialGroup("all", "all", trials)
    for level, part in trials.groupby("background_du"):
        yield TrialGroup("background", f"{level:g} DU", part)
    wind = trials["wind_speed_m_s"]
    for low, high in zip(WIND_EDGES_M_S[:-1], WIND_EDGES_M_S[1:], strict=True):
        part = trials[(wind > low) & (wind <= high)]
        if not part.empty:
            yield TrialGroup("wind", wind_name(low, high), part)
    for edge, part in trials.groupby("edge"):
        yield TrialGroup("edge", EDGE_NAME if edge else INSIDE_NAME, part)
    for archive, part in trials.groupby("archive"):
        yield TrialGroup("archive", str(archive), part)


def rate_edges(emission_kg_h: pd.Series) -> FloatArray:
    """Limits of the bins, kg/h: whole thirds of a decade that hold all rates."""
    low, high = np.log10(emission_kg_h.min()), np.log10(emission_kg_h.max())
    first, last = np.floor(low * BINS_PER_DECADE), np.floor(high * BINS_PER_DECADE) + 1
    return 10.0 ** (np.arange(first, last + 1) / BINS_PER_DECADE)


def _share(found: int, total: int) -> dict[str, float | int]:
    share = Share(found, total)
    values = {"pod": share.value, "pod_low": share.low, "pod_high": share.high}
    return {"trials": total, "found": found, **{name: round(value, 4) for name, value in values.items()}}


def empirical_curves(trials: pd.DataFrame) -> list[dict[str, Any]]:
    """Share of found plumes in bins of the emission rate, with Wilson's 95 % interval.

    Parameters
    ----------
    trials : DataFrame
        Without skipped ones.

    Returns
    -------
    list of dict
        ``by``, ``of``, ``low_kg_h``, ``high_kg_h``, ``trials``, ``found``, ``pod``, ``pod_low``, ``pod_high``; bins
        without trials are left out.
    """
    rows = []
    for group in groups_of(trials):
        edges = rate_edges(trials["emission_kg_h"])
        where = np.digitize(group.trials["emission_kg_h"], edges) - 1
        found = group.trials["found"].to_numpy(bool)
        for i in np.unique(where):
            limits = {"low_kg_h": float(f"{edges[i]:.4g}"), "high_kg_h": float(f"{edges[i + 1]:.4g}")}
            counts = _share(int(found[where == i].sum()), int((where == i).sum()))
            rows.append({"by": group.by, "of": group.of, **limits, **counts})
    return rows


def fitted_lines(trials: pd.DataFrame, probability: Callable[[pd.DataFrame], FloatArray]) -> list[dict[str, Any]]:
    """Predicted POD along the emission rate, averaged over the trials of each group as if all had that rate.

    Parameters
    ----------
    trials : DataFrame
        Without skipped ones.
    probability : callable
        Predicts the POD of each row.

    Returns
    -------
    list of dict
        ``by``, ``of``, and the lists ``emission_kg_h`` and ``pod``.
    """
    rates = np.geomspace(trials["emission_kg_h"].min(), trials["emission_kg_h"].max(), LINE_POINTS)
    lines = []
    for group in groups_of(trials):
        pods = [round(float(probability(group.trials.assign(emission_kg_h=rate)).mean()), 4) for rate in rates]
        shown = [float(f"{rate:.4g}") for rate in rates]
        lines.append({"by": group.by, "of": group.of, "emission_kg_h": shown, "pod": pods})
    return lines


def calibration(probability: FloatArray, found: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Compare predicted with observed shares in tenths of the trials, ordered by the prediction.

    Returns
    -------
    list of dict
        ``low`` and ``high`` of the prediction, ``predicted``, ``observed`` with ``observed_low`` and ``observed_high``,
        ``trials``.
    """
    rows = []
    for part in np.array_split(np.argsort(probability, kind="stable"), TENTHS):
        if not len(part):
            continue
        share, inside = Share(int(found[part].sum()), len(part)), probability[part]
        values = {
            "low": inside.min(),
            "high": inside.max(),
            "predicted": inside.mean(),
            "observed": share.value,
            "observed_low": share.low,
            "observed_high": share.high,
        }
        rows.append({**{name: round(float(value), 4) for name, value in values.items()}, "trials": len(part)})
    return rows
