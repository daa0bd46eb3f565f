"""What lies behind the days with unusually many plumes (FP Table 1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.analysis.daily import SpikeRule, spike_runs
from so2plumes.analysis.published import SPIKES
from so2plumes.analysis.regions import Box, region_names
from so2plumes.dictionary import empty, shaped
from so2plumes.sources.origins import origin_coordinates, utc_days
from so2plumes.sources.sphere import great_circle_km, neighbours_within, spherical_mean

LEAST_SHARE = 0.1
_PAPER_KM, _PAPER_DAYS = 100.0, 5


def spike_table(
    plumes: pd.DataFrame,
    daily: pd.DataFrame,
    eruptions: pd.DataFrame,
    eruption_plumes: pd.DataFrame,
    clusters: pd.DataFrame,
    regions: Sequence[Box] = (),
    rule: SpikeRule | None = None,
) -> pd.DataFrame:
    """Name the causes of every run of days that stand out.

    A cause is an eruption (with its outflow), otherwise the source of a cluster, otherwise a region. One that holds
    a tenth of the run's plumes beyond the baseline, and `rule.plumes`, is a row; a run without any has one row for
    the cause with most plumes. So two eruptions at once are two rows.

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    daily : DataFrame
        From `daily.daily_counts`.
    eruptions, eruption_plumes : DataFrame
        Tables of `sources.eruption_product`; may be empty.
    clusters : DataFrame
        Table of `sources.cluster_product`; may be empty.
    regions : sequence of Box
    rule : SpikeRule, optional
        That of `daily`.

    Returns
    -------
    DataFrame
        Table ``spikes``, by time, marked A, B, ... AA. `paper_mark` is that of FP's Table 1 where place (100 km) and
        day (5 days) agree.
    """
    rule = rule or SpikeRule()
    runs = spike_runs(daily, rule.gap_days)
    if not runs:
        return empty("spikes", available=True, rule=vars(rule))
    causes = plume_causes(plumes, eruption_plumes, clusters, regions)
    causes["usual"] = causes["cause"].map(causes["cause"].value_counts() / max(int(daily["seen"].sum()), 1))
    rows: list[dict[str, Any]] = []
    for run in runs:
        rows += _causes_of(run, daily, causes, rule)
    table = pd.DataFrame(rows).sort_values(["peak_date", "n_cause_plumes"], ascending=[True, False], ignore_index=True)
    table = _with_eruptions(table, eruptions)
    table["region"] = region_names(table["longitude"], table["latitude"], regions)
    table["mark"] = [_letters(i) for i in range(len(table))]
    table["paper_mark"] = _paper_marks(table)
    table["others"] = _other_eruptions(table, eruptions)
    table.attrs = {"available": True, "rule": vars(rule), "n_runs": len(runs)}
    return shaped(table, "spikes")


def plume_causes(
    plumes: pd.DataFrame, eruption_plumes: pd.DataFrame, clusters: pd.DataFrame, regions: Sequence[Box]
) -> pd.DataFrame:
    """Return for each plume what it is counted for: an eruption before a cluster before a region.

    Returns
    -------
    DataFrame
        A row a plume: `day`, `longitude`, `latitude`, `kind`, `name`, `eruption_number` and `cause`, a key.
    """
    lon, lat = origin_coordinates(plumes, "max")
    table = pd.DataFrame({"day": utc_days(plumes["time"]).astype(str), "longitude": lon, "latitude": lat})
    table["kind"], table["name"] = "region", region_names(lon, lat, regions)
    table["eruption_number"] = pd.array([pd.NA] * len(table), dtype="Int64")
    place = pd.Series(np.arange(len(plumes)), index=plumes["plume_id"].to_numpy())
    for source, members in zip(clusters.get("nearest_source", []), clusters.get("plume_ids", []), strict=True):
        if source != "unknown":
            rows = place[list(members)].to_numpy()
            table.loc[rows, "kind"], table.loc[rows, "name"] = "cluster", source
    if len(eruption_plumes):
        strict = eruption_plumes["by_max"] | eruption_plumes["by_upwind"]
        best = eruption_plumes.assign(weak=~eruption_plumes["by_event"], far=~strict)
        best = best.sort_values(["weak", "far", "max_distance_km", "eruption_number"], kind="stable")
        best = best.drop_duplicates("plume_id")
        rows = place[best["plume_id"].to_numpy()].to_numpy()
        table.loc[rows, "kind"] = "eruption"
        table.loc[rows, "name"] = best["volcano_name"].to_numpy()
        table.loc[rows, "eruption_number"] = best["eruption_number"].array
    number = table["eruption_number"].astype("str").where(table["kind"] == "eruption", "")
    return table.assign(cause=table["kind"] + ":" + table["name"].astype("str") + ":" + number)


def _causes_of(
    run: NDArray[np.int64], daily: pd.DataFrame, causes: pd.DataFrame, rule: SpikeRule
) -> list[dict[str, Any]]:
    days = daily.iloc[run[0] : run[-1] + 1]
    inside = causes[causes["day"].between(days["date"].iloc[0], days["date"].iloc[-1])]
    groups = inside.groupby("cause")
    excess = groups.size() - groups["usual"].first() * len(days)
    total = float((days["n_plumes"] - days["baseline"]).clip(lower=0).sum())
    excess = excess.sort_values(ascending=False, kind="stable")
    chosen = excess[(excess >= LEAST_SHARE * total) & (excess >= rule.plumes)]
    chosen = chosen if len(chosen) else excess.head(1)
    counts = days.set_index("date")[["n_plumes", "baseline", "score"]].astype(float)
    return [_row(inside[inside["cause"] == cause], days, counts, total, float(chosen[cause])) for cause in chosen.index]


def _row(
    members: pd.DataFrame, days: pd.DataFrame, counts: pd.DataFrame, total: float, excess: float
) -> dict[str, Any]:
    by_day = members["day"].value_counts().sort_index()
    peak = str(by_day.idxmax())
    at_peak = members[members["day"] == peak]
    at = counts.loc[peak].to_dict()
    place = spherical_mean(at_peak["longitude"], at_peak["latitude"])
    return {
        "first_date": days["date"].iloc[0],
        "last_date": days["date"].iloc[-1],
        "peak_date": peak,
        "n_plumes": int(at["n_plumes"]),
        "baseline": float(at["baseline"]),
        "score": float(at["score"]),
        "kind": members["kind"].iloc[0],
        "cause": str(members["name"].iloc[0]),
        "n_cause_plumes": len(members),
        "share_of_excess": excess / total if total > 0 else float("nan"),
        "eruption_number": members["eruption_number"].iloc[0],
        "longitude": place[0],
        "latitude": place[1],
    }


def _with_eruptions(table: pd.DataFrame, eruptions: pd.DataFrame) -> pd.DataFrame:
    """Add what is known of the eruptions; a spike of an eruption is placed at its volcano."""
    table["eruption_number"] = table["eruption_number"].astype("Int64")
    facts = eruptions[["eruption_number", "start", "vei", "longitude", "latitude"]] if len(eruptions) else None
    if facts is None:
        return table.assign(
            eruption_start="", vei=pd.array([pd.NA] * len(table), dtype="Int64"), source_distance_km=np.nan
        )
    facts = facts.dropna(subset=["eruption_number"]).drop_duplicates("eruption_number")
    facts = facts.rename(columns={"longitude": "at_longitude", "latitude": "at_latitude", "start": "eruption_start"})
    table = table.merge(facts, how="left", on="eruption_number")
    away = great_circle_km(table["longitude"], table["latitude"], table["at_longitude"], table["at_latitude"])
    table["longitude"] = table["at_longitude"].fillna(table["longitude"])
    table["latitude"] = table["at_latitude"].fillna(table["latitude"])
    table["eruption_start"] = table["eruption_start"].fillna("")
    return table.assign(source_distance_km=away).drop(columns=["at_longitude", "at_latitude"])


def _other_eruptions(table: pd.DataFrame, eruptions: pd.DataFrame) -> pd.Series:
    """Eruptions nearby that were going on in the run as well, or began within days of it: the cause is not certain."""
    lists: list[list[str]] = [[] for _ in range(len(table))]
    if len(eruptions):
        near = neighbours_within(
            table["longitude"], table["latitude"], eruptions["longitude"], eruptions["latitude"], _PAPER_KM
        )
        margin = pd.Timedelta(days=_PAPER_DAYS)
        first, last = (pd.to_datetime(table[name]) for name in ("first_date", "last_date"))
        start = pd.to_datetime(eruptions["start"], errors="coerce")
        end = pd.to_datetime(eruptions["end"], errors="coerce").fillna(pd.Timestamp.max.normalize())
        for i, j in zip(near.first, near.second, strict=True):
            same = table["eruption_number"].iloc[i] is not pd.NA and (
                table["eruption_number"].iloc[i] == eruptions["eruption_number"].iloc[j]
            )
            if not same and start.iloc[j] <= last.iloc[i] + margin and end.iloc[j] >= first.iloc[i] - margin:
                lists[i].append(f"{eruptions['volcano_name'].iloc[j]} ({eruptions['start'].iloc[j]})")
    return pd.Series(lists, index=table.index, dtype=object)


def _letters(number: int) -> str:
    """Return A..Z, AA, AB, ... for 0, 1, ..."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _paper_marks(table: pd.DataFrame) -> list[str]:
    """Return FP's letters; each is given once, to the row that comes closest in time."""
    marks = [""] * len(table)
    first, last = (pd.to_datetime(table[name]) for name in ("first_date", "last_date"))
    for spike in SPIKES:
        day = pd.Timestamp(spike.date)
        days = np.maximum.reduce(
            [(first - day).dt.days.to_numpy(), (day - last).dt.days.to_numpy(), np.zeros(len(table))]
        )
        distance = great_circle_km(table["longitude"], table["latitude"], spike.longitude, spike.latitude)
        good = (distance <= _PAPER_KM) & (days <= _PAPER_DAYS) & (np.array(marks) == "")
        if good.any():
            marks[int(np.flatnonzero(good)[np.argmin(days[good])])] = spike.mark
    return marks
