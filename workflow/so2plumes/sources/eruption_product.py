"""The tables that the workflow keeps of eruptions: a row an eruption, and a row a plume that matches one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.dictionary import empty, shaped
from so2plumes.seen import SeenPlaces
from so2plumes.sources.eruptions import match_eruptions
from so2plumes.sources.events import EventRule, Outflow, follow_outflow
from so2plumes.sources.gvp import active_between, last_days
from so2plumes.sources.origins import Origin, origin_coordinates, utc_days, utc_times
from so2plumes.sources.sphere import great_circle_km

_ORIGINS: tuple[Origin, Origin] = ("max", "upwind")


@dataclass(frozen=True)
class EruptionTables:
    """Both tables of a period.

    Attributes
    ----------
    eruptions : DataFrame
        Table ``eruptions``, most plumes first.
    plumes : DataFrame
        Table ``eruption_plumes``: plumes by strict match of either origin, and by outflow.
    """

    eruptions: pd.DataFrame
    plumes: pd.DataFrame


def absent_tables(radius_km: float, origin: Origin) -> EruptionTables:
    """Return the tables of a campaign without an eruption list."""
    facts: dict[Any, Any] = {"available": False, "source": "", "radius_km": radius_km, "origin": origin}
    return EruptionTables(empty("eruptions", **facts), empty("eruption_plumes", **facts))


def eruption_tables(
    plumes: pd.DataFrame,
    eruptions: pd.DataFrame,
    start: date,
    end: date,
    radius_km: float = 50.0,
    origin: Origin = "max",
    source: str = "",
    known: pd.DataFrame | None = None,
    rule: EventRule | None = None,
) -> EruptionTables:
    """List the eruptions of a period with the plumes of each (FP 3.2, X10).

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    eruptions : DataFrame
        From `gvp.read_eruptions`.
    start, end : date
        Period, both days included; an eruption counts when its interval overlaps it.
    radius_km : float
    origin : {'max', 'upwind'}
        Origin that counts for `n_plumes`; the other is counted beside it.
    source : str
        Name of the list.
    known : DataFrame, optional
        Known sources, which end an outflow.
    rule : EventRule, optional
        Of the outflow. Of several eruptions that a plume matches its outflow is that of one which began within
        `rule.days`, otherwise of the nearest.
    """
    rule = rule or EventRule(radius_km=radius_km)
    active = active_between(eruptions, start, end)
    active = active.assign(row=np.arange(len(active)))
    pairs = _strict_pairs(plumes, active, radius_km)
    chosen = pairs[pairs[f"by_{origin}"]]
    fresh = (chosen["days_since_start"] > rule.days).rename("old")
    seeds = chosen.assign(old=fresh).sort_values(["plume", "old", f"{origin}_distance_km", "row"])
    seeds = seeds.drop_duplicates("plume")
    outflow = follow_outflow(plumes, seeds["plume"].to_numpy(), seeds["row"].to_numpy(), known, rule)
    pairs = _with_outflow(pairs, plumes, active, outflow)
    facts: dict[Any, Any] = {
        "available": True,
        "source": source,
        "radius_km": radius_km,
        "origin": origin,
        "n_eruptions": len(active),
        "n_matched_eruptions": int(chosen["row"].nunique()),
        "n_matched_plumes": int(chosen["plume"].nunique()),
        "n_matched_plumes_max": int(pairs.loc[pairs["by_max"], "plume"].nunique()),
        "n_matched_plumes_upwind": int(pairs.loc[pairs["by_upwind"], "plume"].nunique()),
        "n_matched_plumes_event": int(pairs.loc[pairs["by_event"], "plume"].nunique()),
        "event_speed_m_s": rule.speed_m_s,
        "event_reach_km": rule.reach_km,
        "event_days": rule.days,
    }
    table = _eruption_rows(active, pairs, origin, start, end)
    table.attrs = facts
    listed = pairs.drop(columns=["plume", "row"])
    listed.attrs = facts
    return EruptionTables(shaped(table, "eruptions"), shaped(listed, "eruption_plumes"))


def _strict_pairs(plumes: pd.DataFrame, active: pd.DataFrame, radius_km: float) -> pd.DataFrame:
    """Pair plumes and eruptions within the radius and dates by either origin; a row a pair."""
    number = active.assign(eruption_number=active["row"].astype("Int64"))
    place = pd.Series(np.arange(len(plumes)), index=plumes["plume_id"].to_numpy() if len(plumes) else [])
    found = []
    for origin in _ORIGINS:
        match = match_eruptions(plumes, number, radius_km, origin).pairs
        found.append(
            pd.DataFrame(
                {
                    "plume": place.reindex(match["plume_id"].to_numpy()).to_numpy(dtype=np.int64),
                    "row": match["eruption_number"].to_numpy(dtype=np.int64),
                    f"by_{origin}": True,
                }
            )
        )
    pairs = found[0].merge(found[1], how="outer", on=["plume", "row"])
    for origin in _ORIGINS:
        pairs[f"by_{origin}"] = pairs[f"by_{origin}"].eq(True)
    return _placed(pairs, plumes, active)


def _placed(pairs: pd.DataFrame, plumes: pd.DataFrame, active: pd.DataFrame) -> pd.DataFrame:
    """Add distances and days to pairs of `plume` and `row`."""
    plume, row = pairs["plume"].to_numpy(dtype=np.int64), pairs["row"].to_numpy(dtype=np.int64)
    volcano = (active["longitude"].to_numpy()[row], active["latitude"].to_numpy()[row])
    table = pairs.copy()
    for origin in _ORIGINS:
        lon, lat = origin_coordinates(plumes, origin)
        table[f"{origin}_distance_km"] = great_circle_km(lon[plume], lat[plume], *volcano)
    begun = active["start_earliest"].to_numpy().astype("datetime64[D]")[row]
    days = utc_days(plumes["time"])[plume] if len(plumes) else begun
    table["days_since_start"] = (days - begun).astype(np.int64)
    return table


def _with_outflow(pairs: pd.DataFrame, plumes: pd.DataFrame, active: pd.DataFrame, outflow: Outflow) -> pd.DataFrame:
    reached = np.flatnonzero(outflow.eruption >= 0)
    event = pd.DataFrame({"plume": reached, "row": outflow.eruption[reached], "by_event": True})
    table = pairs[["plume", "row", "by_max", "by_upwind"]].merge(event, how="outer", on=["plume", "row"])
    for name in ("by_max", "by_upwind", "by_event"):
        table[name] = table[name].eq(True)
    table = _placed(table.sort_values(["row", "plume"], ignore_index=True), plumes, active)
    plume, row = table["plume"].to_numpy(), table["row"].to_numpy()
    flows = table["by_event"].to_numpy()
    table["path_km"] = np.where(flows, outflow.path_km[plume], np.nan)
    table["hours_since_seed"] = np.where(flows, outflow.hours[plume], np.nan)
    times = utc_times(plumes["time"]).dt.tz_localize(None).to_numpy().astype("datetime64[ms]") if len(plumes) else None
    moment = pd.Series(times[plume] if times is not None else np.empty(0, "datetime64[ms]"))
    first = moment.groupby(row).transform("min")
    table["days_since_first_plume"] = (moment - first).dt.total_seconds() / 86_400.0
    lon, lat = origin_coordinates(plumes, "max")
    table["longitude"], table["latitude"] = lon[plume], lat[plume]
    table["date"] = moment.dt.strftime("%Y-%m-%d").to_numpy()
    table["plume_id"] = plumes["plume_id"].to_numpy()[plume] if len(plumes) else []
    table["eruption_number"] = active["eruption_number"].array[row]
    table["volcano_name"] = active["volcano_name"].array[row]
    return table


def _dates(values: Iterable[Any]) -> list[str]:
    return ["" if pd.isna(value) else pd.Timestamp(value).strftime("%Y-%m-%d") for value in values]


def _eruption_rows(active: pd.DataFrame, pairs: pd.DataFrame, origin: Origin, start: date, end: date) -> pd.DataFrame:
    rows = pd.RangeIndex(len(active))
    strict = pairs[pairs[f"by_{origin}"]]
    groups = strict.groupby("row")
    begun = active["start_earliest"].to_numpy().astype("datetime64[D]")
    day = begun[strict["row"].to_numpy()] + strict["days_since_start"].to_numpy().astype("timedelta64[D]")
    days = pd.Series(day, index=strict.index).groupby(strict["row"])
    first, last = eruption_days(active, start, end)
    ids = groups["plume_id"].agg(sorted)
    event = pairs[pairs["by_event"]].groupby("row")
    own = [active[f"{side}_day_uncertainty"].fillna(0.0).to_numpy(float) if f"{side}_day_uncertainty" in active
           else np.zeros(len(active)) for side in ("start", "end")]  # fmt: skip
    table = pd.DataFrame(
        {
            "start": _dates(active["start_earliest"]),
            "start_latest": _dates(active["start_latest"]),
            "start_uncertainty_days": _width(active, "start") + own[0],
            "end": _ends(active),
            "end_known": active["end_known"].to_numpy(bool) if "end_known" in active else ~active["continuing"],
            "end_uncertainty_days": _width(active, "end") + own[1],
            "last_report": _dates(active["end_earliest"].where(active["continuing"])),
            "n_days": (last - first).astype(np.int64) + 1,
            "n_days_with_plume": days.nunique().reindex(rows, fill_value=0),
            "n_plumes": groups.size().reindex(rows, fill_value=0),
            "n_plumes_max": pairs[pairs["by_max"]].groupby("row").size().reindex(rows, fill_value=0),
            "n_plumes_upwind": pairs[pairs["by_upwind"]].groupby("row").size().reindex(rows, fill_value=0),
            "n_plumes_event": event.size().reindex(rows, fill_value=0),
            "outflow_km": event["path_km"].max().reindex(rows),
            "first_plume_date": _dates(days.min().reindex(rows)),
            "last_plume_date": _dates(days.max().reindex(rows)),
            "plume_ids": pd.Series([list(ids.get(row, [])) for row in rows], dtype=object),
        },
        index=rows,
    )
    for name in ("eruption_number", "volcano_number", "volcano_name", "longitude", "latitude", "vei", "continuing"):
        table[name] = active[name].to_numpy() if name in active else pd.NA
    table["matched"] = table["n_plumes"] > 0
    table["n_observable_days"] = pd.array([pd.NA] * len(table), dtype="Int64")
    table["status"] = np.where(table["matched"], "plume", "unknown")
    return table.sort_values(["n_plumes", "eruption_number"], ascending=[False, True], kind="stable", ignore_index=True)


def _ends(active: pd.DataFrame) -> list[str]:
    ends = last_days(active).astype("datetime64[D]").astype(str)
    return ["" if going else day for day, going in zip(ends, active["continuing"], strict=True)]


def _width(active: pd.DataFrame, side: str) -> NDArray[np.float64]:
    """Days by which a partly known date is uncertain."""
    span = active[f"{side}_latest"] - active[f"{side}_earliest"]
    return span.dt.days.fillna(0).to_numpy().astype(np.float64)


def eruption_days(
    active: pd.DataFrame, start: object, end: object
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Return first and last day of each eruption within a period (datetime64[D])."""
    begin, stop = np.datetime64(str(start), "D"), np.datetime64(str(end), "D")
    return (
        np.maximum(active["start_earliest"].to_numpy().astype("datetime64[D]"), begin),
        np.minimum(last_days(active), stop),
    )


def with_seen_eruptions(table: pd.DataFrame, seen: SeenPlaces) -> pd.DataFrame:
    """Say on how many of its days each eruption could be seen: "no plume" and "not seen" differ.

    Parameters
    ----------
    table : DataFrame
        Table ``eruptions``.
    seen : SeenPlaces
        What was seen at the volcanoes, in their order.

    Returns
    -------
    DataFrame
        `n_observable_days` counts days that were observable; an eruption with a plume has at least its days with
        one. `status` is ``plume``, ``no_plume`` (some day was observable) or ``not_seen`` (none was).
    """
    if table.empty:
        return table
    first = pd.to_datetime(table["start"], errors="coerce").to_numpy().astype("datetime64[D]")
    last = pd.to_datetime(table["end"], errors="coerce").to_numpy().astype("datetime64[D]")
    first = np.where(np.isnat(first), seen.days[0], first)
    last = np.where(np.isnat(last), seen.days[-1], last)
    during = (seen.days[:, None] >= first) & (seen.days[:, None] <= last)
    number = np.maximum((seen.observable & during).sum(axis=0), table["n_days_with_plume"].to_numpy())
    status = np.where(table["matched"], "plume", np.where(number > 0, "no_plume", "not_seen"))
    filled = table.assign(n_observable_days=pd.array(number, dtype="Int64"), status=status)
    filled.attrs = dict(table.attrs) | {
        "observable": True,
        **{f"n_{name}": int((status == name).sum()) for name in ("plume", "no_plume", "not_seen")},
    }
    return filled
