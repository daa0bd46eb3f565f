"""Tables of a report, computed from its inputs; the page and the CSV files show the same ones."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

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
