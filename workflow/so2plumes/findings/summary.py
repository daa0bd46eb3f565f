"""Tables of a report, computed from its inputs; the page and the CSV files show the same ones."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

from so2plumes.figures.style import LABELS
from so2plumes.findings.inputs import ReportInputs

STATUSES = ("ready", "quarantined", "not_selected")


def daily_counts(inputs: ReportInputs) -> pd.DataFrame:
    """Plumes and granules of every calendar day of the period.

    Returns
    -------
    DataFrame
        Columns ``date`` (YYYY-MM-DD), ``seen``, ``ready``, ``quarantined``, ``not_selected``, ``plumes``.
        A day is seen when a granule with a usable pixel was ready, or a plume was found; one that is not
        says nothing about plumes.
    """
    days = pd.date_range(inputs.start, inputs.end, freq="D").strftime("%Y-%m-%d")
    table = pd.DataFrame({"date": days})
    coverage = inputs.coverage
    for status in STATUSES:
        counts = coverage.loc[coverage["status"] == status, "date"].astype(str).value_counts()
        table[status] = days.map(counts.to_dict()).fillna(0).astype("int64")
    usable = coverage["usable_fraction"].astype(float).fillna(1.0) > 0
    seen = set(coverage.loc[(coverage["status"] == "ready") & usable, "date"].astype(str))
    counts = inputs.plumes["date"].astype(str).value_counts()
    table["plumes"] = days.map(counts.to_dict()).fillna(0).astype("int64")
    table["seen"] = table["date"].isin(seen) | (table["plumes"] > 0)
    return table[["date", "seen", *STATUSES, "plumes"]]


def unusual_days(inputs: ReportInputs, most: int = 10) -> pd.DataFrame:
    """Days with unusually many plumes and what lies behind them (FP-pre Fig. 5, Table 1).

    A day is unusual when its count exceeds the median of the seen days by six robust standard deviations
    (1.4826 times the median absolute deviation, at least one plume) and by ten plumes. Days within a week
    belong together.

    Returns
    -------
    DataFrame
        ``mark`` (A, B, ... in time), ``date``, ``last_date``, ``plumes`` (of the largest day), ``peak_date``,
        ``source`` (eruption or cluster with most plumes of these days, empty where neither has any) and
        ``source_plumes``.
    """
    columns = ["mark", "date", "last_date", "peak_date", "plumes", "source", "source_plumes"]
    daily = daily_counts(inputs)
    counts = daily.loc[daily["seen"], "plumes"]
    if counts.empty:
        return pd.DataFrame(columns=columns)
    spread = max(1.4826 * float((counts - counts.median()).abs().median()), 1.0)
    high = daily[daily["plumes"] > counts.median() + max(6 * spread, 10)].copy()
    dates = pd.to_datetime(high["date"])
    if high.empty:
        return pd.DataFrame(columns=columns)
    high["event"] = (dates.diff().dt.days > 7).cumsum()
    rows = []
    for _, event in high.groupby("event"):
        peak = event.loc[event["plumes"].idxmax()]
        first, last = event["date"].iloc[0], event["date"].iloc[-1]
        source, number = _behind(inputs, first, last)
        rows.append((first, last, peak["date"], int(peak["plumes"]), source, number))
    table = pd.DataFrame(rows, columns=columns[1:])
    table = table.nlargest(most, "plumes").sort_values("date", ignore_index=True)
    table.insert(0, "mark", [chr(ord("A") + i) for i in range(len(table))])
    return table


def _behind(inputs: ReportInputs, first: str, last: str) -> tuple[str, int]:
    """Eruption, otherwise cluster, with most of the plumes of some days."""
    plumes = inputs.plumes
    ids = set(plumes.loc[plumes["date"].between(first, last), "plume_id"])
    for frame, name in ((inputs.eruptions, "volcano_name"), (inputs.clusters, "nearest_source")):
        if frame.empty or "plume_ids" not in frame.columns:
            continue
        shared = [len(ids.intersection(members)) for members in frame["plume_ids"]]
        if max(shared) > 0:
            return str(frame[name].iloc[int(np.argmax(shared))]), max(shared)
    return "", 0


def yearly(inputs: ReportInputs) -> pd.DataFrame:
    """Summarise every year of the period, and the whole period where it has several years."""
    daily = daily_counts(inputs)
    years = daily["date"].str[:4]
    plume_years = inputs.plumes["date"].astype(str).str[:4]
    rows = [
        {"year": str(year), **_summary(daily[years == str(year)], inputs.plumes[plume_years == str(year)])}
        for year in inputs.years
    ]
    if len(rows) > 1:
        rows.append({"year": "all", **_summary(daily, inputs.plumes)})
    return pd.DataFrame(rows)


def _summary(daily: pd.DataFrame, plumes: pd.DataFrame) -> dict[str, float]:
    rates = quantiles(plumes["emission_kg_h"], (0.01, 0.16, 0.5, 0.84))
    return {
        "days": len(daily),
        "days_seen": int(daily["seen"].sum()),
        **{f"granules_{status}": int(daily[status].sum()) for status in STATUSES},
        "plumes": len(plumes),
        "plumes_with_rate": int(np.isfinite(plumes["emission_kg_h"].to_numpy(float)).sum()),
        "p01_emission_kg_h": rates[0],
        "p16_emission_kg_h": rates[1],
        "median_emission_kg_h": rates[2],
        "p84_emission_kg_h": rates[3],
        "median_length_m": quantiles(plumes["length_m"], (0.5,))[0],
        "median_ellipse_fit": quantiles(plumes["ellipse_fit"], (0.5,))[0],
        "median_wind_cov_percent": quantiles(plumes["wind_cov_percent"], (0.5,))[0],
    }


def quantiles(values: pd.Series, shares: tuple[float, ...]) -> list[float]:
    """Quantiles of the finite values; not-a-number where there are none."""
    finite = values.to_numpy(dtype=float)
    finite = finite[np.isfinite(finite)]
    return [float(q) for q in np.quantile(finite, shares)] if finite.size else [float("nan")] * len(shares)


def label_shares(inputs: ReportInputs) -> pd.DataFrame:
    """Plumes and share of every label, the most frequent first; labels that no plume has are left out."""
    counts = inputs.plumes["label"].astype(str).value_counts()
    table = pd.DataFrame({"label": counts.index.astype(str), "plumes": counts.to_numpy()})
    table["share"] = table["plumes"] / max(len(inputs.plumes), 1)
    table["meaning"] = [LABELS.get(label, ("", "", ""))[2] for label in table["label"]]
    return table.sort_values(["plumes", "label"], ascending=[False, True], ignore_index=True)


def coverage_by_month(inputs: ReportInputs) -> pd.DataFrame:
    """Days, seen days, granules by status and gigabytes read in every month of the period."""
    daily = daily_counts(inputs)
    month = daily["date"].str[:7].rename("month")
    table = daily.groupby(month)[["seen", *STATUSES, "plumes"]].sum().rename(columns={"seen": "days_seen"})
    table.insert(0, "days", daily.groupby(month).size())
    ready = inputs.coverage[inputs.coverage["status"] == "ready"]
    size = ready.groupby(ready["date"].astype(str).str[:7])["size_bytes"].sum()
    table["ready_gigabytes"] = table.index.map(size.to_dict()).to_numpy(dtype=float) / 1e9
    return table.fillna({"ready_gigabytes": 0.0}).reset_index()


def quarantined(inputs: ReportInputs) -> pd.DataFrame:
    """Granules that could not be used, with the reason."""
    names = ["date", "orbit", "granule", "reason", "message", "size_bytes"]
    bad = inputs.coverage[inputs.coverage["status"] == "quarantined"]
    return bad[names].sort_values(["date", "granule"], ignore_index=True)


def period_days(start: datetime.date, end: datetime.date) -> int:
    """Calendar days from start to end, both included."""
    return (end - start).days + 1
