"""What is said of a cluster beyond its place: names, alternatives, both origins, observable days, months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr

from so2plumes.seen import SeenPlaces
from so2plumes.sources.clusters import Centre, densest_place
from so2plumes.sources.known import UNKNOWN, alternative_sources
from so2plumes.sources.origins import Origin, origin_coordinates, utc_days
from so2plumes.sources.sphere import bearing_deg, great_circle_km, nearest, spherical_mean

INTERVAL = ("emission_p16_kg_h", "emission_p84_kg_h")
"""Columns of a plume's own uncertainty, where the plume table has them."""


def source_names(table: pd.DataFrame) -> list[str]:
    """Return a name for every cluster that does not change when plumes are added to it.

    The name of its source in lower case with hyphens; of several clusters of one source the nearest has the bare
    name and the others ``-2``, ``-3`` by distance. A cluster of unknown source is named after its cell of one
    degree, ``unknown-19n-099w``.

    Parameters
    ----------
    table : DataFrame
        From `clusters.cluster_table`.
    """
    plain = [
        _cell_name(lon, lat) if source == UNKNOWN else _slug(source)
        for source, lon, lat in zip(table["nearest_source"], table["longitude"], table["latitude"], strict=True)
    ]
    frame = pd.DataFrame({"name": plain, "km": table["source_distance_km"].to_numpy(), "rank": range(len(table))})
    place = frame.sort_values(["name", "km", "rank"]).groupby("name").cumcount().reindex(frame.index)
    return [name if number == 0 else f"{name}-{number + 1}" for name, number in zip(plain, place, strict=True)]


def _slug(name: str) -> str:
    words = "".join(c if c.isalnum() else " " for c in name.casefold()).split()
    return "-".join(words)


def _cell_name(longitude: float, latitude: float) -> str:
    lon, lat = int(np.floor(longitude)), int(np.floor(latitude))
    return f"{UNKNOWN}-{abs(lat):02d}{'n' if lat >= 0 else 's'}-{abs(lon):03d}{'e' if lon >= 0 else 'w'}"


def median_interval(values: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """Return the confidence interval of the median by order statistics; the whole range of few values."""
    values = np.sort(values[np.isfinite(values)])
    if not values.size:
        return float("nan"), float("nan")
    below = bdtr(np.arange(values.size + 1, dtype=float), values.size, 0.5)
    low = max(int(np.searchsorted(below, (1 - level) / 2)) - 1, 0)
    return float(values[low]), float(values[values.size - 1 - low])


def member_facts(
    plumes: pd.DataFrame, members: Sequence[NDArray[np.int64]], known: pd.DataFrame, centre: Centre
) -> pd.DataFrame:
    """Describe the plumes of each cluster by both origins and by days.

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    members : sequence of (n,) int
        Rows of the plumes of each cluster.
    known : DataFrame
        Known sources.
    centre : {'mean', 'densest'}

    Returns
    -------
    DataFrame
        A row a cluster: centre by `max` and by `upwind` origin with the distance of each from the source nearest to
        it, length and direction of the shift from `max` to `upwind`, interval of the median rate, the median of
        daily medians (a day with three passes counts once), and medians of the plumes' own intervals.
    """
    days = utc_days(plumes["time"]) if len(plumes) else np.empty(0, "datetime64[D]")
    rates = plumes["emission_kg_h"].to_numpy(dtype=float) if len(plumes) else np.empty(0)
    rows: list[dict[str, Any]] = []
    for rows_of in members:
        facts: dict[str, Any] = {}
        for origin in ("max", "upwind"):
            facts[f"{origin}_longitude"], facts[f"{origin}_latitude"] = _centre_of(plumes, rows_of, origin, centre)
        low, high = median_interval(rates[rows_of])
        daily = pd.Series(rates[rows_of]).groupby(days[rows_of]).median()
        facts |= {
            "median_low_kg_h": low,
            "median_high_kg_h": high,
            "median_daily_emission_kg_h": float(daily.median()),
        }
        for name in INTERVAL:
            own = plumes[name].to_numpy(dtype=float)[rows_of] if name in plumes else np.full(1, np.nan)
            facts[f"median_plume_{name}"] = float(np.nanmedian(own)) if np.isfinite(own).any() else float("nan")
        rows.append(facts)
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    for origin in ("max", "upwind"):
        place = nearest(
            table[f"{origin}_longitude"], table[f"{origin}_latitude"], known["longitude"], known["latitude"]
        )
        table[f"{origin}_source_distance_km"] = place.distance_km
    ends = [table[f"{o}_{axis}"].to_numpy() for o in ("max", "upwind") for axis in ("longitude", "latitude")]
    return table.assign(shift_km=great_circle_km(*ends), shift_bearing_deg=bearing_deg(*ends))


def _centre_of(plumes: pd.DataFrame, rows: NDArray[np.int64], origin: Origin, centre: Centre) -> tuple[float, float]:
    lon, lat = (values[rows] for values in origin_coordinates(plumes, origin))
    there = np.isfinite(lon) & np.isfinite(lat)
    if not there.any():
        return float("nan"), float("nan")
    if centre == "mean":
        return spherical_mean(lon[there], lat[there])
    return densest_place(lon[there], lat[there])


def named(table: pd.DataFrame, known: pd.DataFrame, radius_km: float = 100.0) -> pd.DataFrame:
    """Add `source_name` and `alternatives` to a cluster table."""
    others = alternative_sources(table["longitude"], table["latitude"], known, radius_km)
    return table.assign(source_name=source_names(table), alternatives=pd.Series(others, dtype=object))


def observable_days(
    plume_days: Sequence[NDArray[np.datetime64]], seen: SeenPlaces | None, n_places: int
) -> list[NDArray[np.datetime64]] | None:
    """Return the days on which each place could be seen; a day with a plume was one. None without grids.

    Parameters
    ----------
    plume_days : sequence of (n,) datetime64[D]
        Days with a plume at each place.
    seen : SeenPlaces or None
    n_places : int
    """
    if seen is None:
        return None
    flags = seen.observable
    inside = [days[(days >= seen.days[0]) & (days <= seen.days[-1])] for days in plume_days]
    return [np.union1d(seen.days[flags[:, i]], inside[i]) for i in range(n_places)]


def with_observable(table: pd.DataFrame, days: Sequence[ArrayLike] | None) -> pd.DataFrame:
    """Add `n_observable_days` and `observable_persistence_percent`; missing where nobody kept what was seen."""
    if days is None:
        return table.assign(
            n_observable_days=pd.array([pd.NA] * len(table), dtype="Int64"), observable_persistence_percent=np.nan
        )
    number = np.array([len(np.asarray(d)) for d in days], dtype=np.int64)
    share = np.divide(100.0 * table["n_days"].to_numpy(), number, out=np.full(len(number), np.nan), where=number > 0)
    return table.assign(n_observable_days=pd.array(number, dtype="Int64"), observable_persistence_percent=share)
