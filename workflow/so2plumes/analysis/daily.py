"""Plumes per day, and the days that stand out by a stated rule (FP 3.1, Fig. 5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.dictionary import shaped
from so2plumes.seen import SeenPlaces
from so2plumes.sources.origins import utc_days


@dataclass(frozen=True)
class SpikeRule:
    """Which days stand out.

    A day stands out when its count exceeds the running median of the seen days around it by `score` robust standard
    deviations and by `plumes` plumes. The standard deviation is 1.4826 times the running median absolute deviation,
    and at least the square root of the running median (a count of rare things varies by that) and 1.

    Attributes
    ----------
    window_days : int
        Length of the running median, centred; shorter at the ends of the period.
    score : float
    plumes : float
    gap_days : int
        Days that stand out with at most so many others between them belong together.
    """

    window_days: int = 61
    score: float = 6.0
    plumes: float = 10.0
    gap_days: int = 2


def daily_counts(
    plumes: pd.DataFrame,
    coverage: pd.DataFrame | None,
    start: object,
    end: object,
    seen: SeenPlaces | None = None,
    rule: SpikeRule | None = None,
) -> pd.DataFrame:
    """Count plumes per UTC day and score every day.

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    coverage : DataFrame or None
        A row a granule (``date``, ``status``, ``usable_fraction``); None where it is not known.
    start, end : date-like
        Period, both days included; plumes outside are left out.
    seen : SeenPlaces, optional
        For the area of the Earth that was observable; its places do not matter.
    rule : SpikeRule, optional

    Returns
    -------
    DataFrame
        Table ``daily``: a row a day. A day is seen with a ready granule that has a usable pixel, with observable
        area, or with a plume; without any knowledge all days count as seen.
    """
    rule = rule or SpikeRule()
    days = np.arange(np.datetime64(str(start), "D"), np.datetime64(str(end), "D") + np.timedelta64(1, "D"))
    of_plume = utc_days(plumes["time"]) if len(plumes) else np.empty(0, "datetime64[D]")
    inside = (of_plume >= days[0]) & (of_plume <= days[-1])
    place = (of_plume[inside] - days[0]).astype(np.int64)
    counts = np.bincount(place, minlength=len(days))
    granules = _ready_granules(coverage, days)
    was_seen = counts > 0
    if granules is not None:
        was_seen |= granules > 0
    if seen is not None:
        was_seen |= seen.area_km2 > 0
    if granules is None and seen is None:
        was_seen[:] = True
    baseline, spread = running_level(counts, was_seen, rule.window_days)
    score = (counts - baseline) / spread
    table = pd.DataFrame(
        {
            "date": days.astype(str),
            "year": days.astype("datetime64[Y]").astype(np.int64) + 1970,
            "seen": was_seen,
            "n_granules": pd.array([pd.NA] * len(days), dtype="Int64") if granules is None else granules,
            "observable_km2": np.nan if seen is None else seen.area_km2,
            "n_plumes": counts,
            **_by_label(plumes, inside, place, len(days)),
            "baseline": baseline,
            "spread": spread,
            "score": np.where(was_seen, score, np.nan),
        }
    )
    table["spike"] = was_seen & (score >= rule.score) & (counts - baseline >= rule.plumes)
    table.attrs = {"available": True, "rule": vars(rule), "n_outside_period": int((~inside).sum())}
    return shaped(table, "daily")


def _by_label(plumes: pd.DataFrame, inside: NDArray, place: NDArray, n: int) -> dict[str, NDArray[np.int64]]:
    names = ("so2", "volcanic", "anthropogenic", "none", "combined")
    labels = plumes["label"].to_numpy(dtype=object)[inside] if "label" in plumes else np.full(len(place), "")
    return {f"n_{name}": np.bincount(place[labels == name], minlength=n) for name in names}


def _ready_granules(coverage: pd.DataFrame | None, days: NDArray[np.datetime64]) -> NDArray[np.int64] | None:
    if coverage is None:
        return None
    if coverage.empty:
        return np.zeros(len(days), np.int64)
    good = (coverage["status"] == "ready") & (coverage["usable_fraction"].astype(float).fillna(1.0) > 0)
    dates = coverage.loc[good, "date"].astype(str).value_counts()
    return dates.reindex(days.astype(str), fill_value=0).to_numpy().astype(np.int64)


def running_level(
    counts: NDArray[np.integer], seen: NDArray[np.bool_], window_days: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return running median and robust spread of counts over the seen days around each day.

    Parameters
    ----------
    counts : (day,) int
    seen : (day,) bool
    window_days : int
        Odd or even; the window reaches half of it to either side.

    Returns
    -------
    baseline, spread : (day,) float
        0 and 1 where no day of the window was seen.
    """
    half = max(window_days // 2, 1)
    values = np.where(seen, counts, np.nan).astype(float)
    padded = np.pad(values, half, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    some = np.isfinite(windows).any(axis=1)
    median, deviation = np.zeros(len(counts)), np.zeros(len(counts))
    median[some] = np.nanmedian(windows[some], axis=1)
    deviation[some] = np.nanmedian(np.abs(windows[some] - median[some, None]), axis=1)
    return median, np.maximum.reduce([1.4826 * deviation, np.sqrt(median), np.ones(len(counts))])


def spike_runs(daily: pd.DataFrame, gap_days: int = 2) -> list[NDArray[np.int64]]:
    """Return the rows of the daily table that stand out, those close together in one run."""
    rows = np.flatnonzero(daily["spike"].to_numpy(dtype=bool))
    if not rows.size:
        return []
    return np.split(rows, np.flatnonzero(np.diff(rows) > gap_days + 1) + 1)
