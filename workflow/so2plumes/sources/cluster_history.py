"""Clusters by year and month, and clusters of one origin beside those of the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.dictionary import empty, shaped
from so2plumes.seen import SeenPlaces
from so2plumes.sources.cluster_facts import observable_days
from so2plumes.sources.clusters import NOISE, Centre, cluster_labels, densest_place
from so2plumes.sources.known import nearest_source
from so2plumes.sources.origins import Origin, origin_coordinates, utc_days
from so2plumes.sources.sphere import bearing_deg, great_circle_km, spherical_mean


def cluster_history(
    plumes: pd.DataFrame, clusters: pd.DataFrame, start: object, end: object, seen: SeenPlaces | None = None
) -> pd.DataFrame:
    """Describe every cluster in every year and month of a period (FP Table 2 by time).

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    clusters : DataFrame
        From `cluster_product.cluster_product`, with ``plume_ids``.
    start, end : date-like
        Period, both days included.
    seen : SeenPlaces, optional
        What was seen at the centres of the clusters, in their order.

    Returns
    -------
    DataFrame
        Table ``cluster_history``; `month` is missing in the rows of whole years. Months without a plume are rows
        too: what was seen of them differs.
    """
    if clusters.empty:
        return empty("cluster_history", available=True)
    days = np.arange(np.datetime64(str(start), "D"), np.datetime64(str(end), "D") + np.timedelta64(1, "D"))
    rows_of = pd.Series(np.arange(len(plumes)), index=plumes["plume_id"].to_numpy())
    members = [rows_of[list(names)].to_numpy() for names in clusters["plume_ids"]]
    plume_days, rates = utc_days(plumes["time"]), plumes["emission_kg_h"].to_numpy(dtype=float)
    observable = observable_days([plume_days[rows] for rows in members], seen, len(clusters))
    rows = np.concatenate(members)
    inside = (plume_days[rows] >= days[0]) & (plume_days[rows] <= days[-1])
    table = pd.DataFrame(
        {
            "cluster": np.repeat(np.arange(len(members)), [len(part) for part in members])[inside],
            "day": plume_days[rows][inside],
            "rate": rates[rows][inside],
        }
    )
    parts = [_by_time(table, days, observable, len(clusters), unit) for unit in ("M", "Y")]
    table = pd.concat(parts, ignore_index=True)
    for name in ("rank", "cluster_id", "source_name", "nearest_source"):
        table[name] = clusters[name].to_numpy()[table["cluster"].to_numpy()]
    table = table.drop(columns="cluster").sort_values(["rank", "year", "month"], na_position="first", ignore_index=True)
    table.attrs = {"available": True, "observable": observable is not None}
    return shaped(table, "cluster_history")


def _by_time(
    members: pd.DataFrame,
    days: NDArray[np.datetime64],
    observable: list[NDArray[np.datetime64]] | None,
    n_clusters: int,
    unit: str,
) -> pd.DataFrame:
    """Summarise all clusters by months ('M') or years ('Y')."""
    names, calendar = np.unique(days.astype(f"datetime64[{unit}]"), return_counts=True)
    first, size = int(names[0].astype("int64")), len(names)
    place = members["day"].to_numpy().astype(f"datetime64[{unit}]").astype("int64") - first
    key = members["cluster"].to_numpy() * size + place
    groups = members.groupby(key)
    every = pd.RangeIndex(n_clusters * size)
    cluster = np.repeat(np.arange(n_clusters), size)
    time = np.tile(np.arange(size) + first, n_clusters)
    table = pd.DataFrame(
        {
            "cluster": cluster,
            "year": time // 12 + 1970 if unit == "M" else time + 1970,
            "month": pd.array(time % 12 + 1 if unit == "M" else [pd.NA] * len(time), dtype="Int64"),
            "n_plumes": np.bincount(key, minlength=len(every)),
            "n_days": groups["day"].nunique().reindex(every, fill_value=0).to_numpy(),
            "n_calendar_days": np.tile(calendar, n_clusters),
            **{
                f"{name}_emission_kg_h": groups["rate"].quantile(share).reindex(every).to_numpy()
                for name, share in (("p16", 0.16), ("median", 0.5), ("p84", 0.84))
            },
        }
    )
    table["persistence_percent"] = 100.0 * table["n_days"] / table["n_calendar_days"]
    if observable is None:
        missing = pd.array([pd.NA] * len(table), dtype="Int64")
        return table.assign(n_observable_days=missing, observable_persistence_percent=np.nan)
    number = np.concatenate(
        [
            np.bincount(could.astype(f"datetime64[{unit}]").astype("int64") - first, minlength=size)
            for could in observable
        ]
    )
    share = np.divide(100.0 * table["n_days"].to_numpy(), number, out=np.full(len(table), np.nan), where=number > 0)
    return table.assign(n_observable_days=pd.array(number, dtype="Int64"), observable_persistence_percent=share)


def compare_origins(
    plumes: pd.DataFrame,
    known: pd.DataFrame,
    eps_km: float = 50.0,
    min_samples: int = 20,
    centre: Centre = "mean",
) -> pd.DataFrame:
    """Set the clusters by `max` origin (FP) beside those by `upwind` origin.

    Two clusters are a pair where each shares more plumes with the other than with any third.

    Returns
    -------
    DataFrame
        Table ``cluster_origins``: the pairs first, then clusters that one origin alone has; ``attrs`` count them.
    """
    labels = {origin: cluster_labels(*origin_coordinates(plumes, origin), eps_km, min_samples) for origin in ORIGINS}
    places = {origin: _places(plumes, labels[origin], origin, known, centre) for origin in ORIGINS}
    both = (labels["max"] != NOISE) & (labels["upwind"] != NOISE)
    shared = pd.DataFrame({o: labels[o][both] for o in ORIGINS}).value_counts().rename("n_shared").reset_index()
    shared = shared.sort_values(["n_shared", "max", "upwind"], ascending=[False, True, True])
    pairs = shared[~shared["max"].duplicated() & ~shared["upwind"].duplicated()]
    table = places["max"].merge(pairs, how="left", on="max").merge(places["upwind"], how="outer", on="upwind")
    if table.empty:
        return empty("cluster_origins", available=True, n_clusters_max=0, n_clusters_upwind=0, n_pairs=0)
    ends = [table[f"{o}_{axis}"].to_numpy(float) for o in ORIGINS for axis in ("longitude", "latitude")]
    table = table.assign(shift_km=great_circle_km(*ends), shift_bearing_deg=bearing_deg(*ends))
    table["max_rank"], table["upwind_rank"] = table["max"] + 1, table["upwind"] + 1
    table["n_shared"] = table["n_shared"].fillna(0)
    for name in ("max_nearest_source", "upwind_nearest_source"):
        table[name] = table[name].fillna("")
    table = table.drop(columns=list(ORIGINS)).sort_values(["max_rank", "upwind_rank"], ignore_index=True)
    table.attrs = {
        "available": True,
        "n_clusters_max": len(places["max"]),
        "n_clusters_upwind": len(places["upwind"]),
        "n_pairs": len(pairs),
    }
    return shaped(table, "cluster_origins")


ORIGINS: tuple[Origin, Origin] = ("max", "upwind")


def _places(
    plumes: pd.DataFrame, labels: NDArray[np.int64], origin: Origin, known: pd.DataFrame, centre: Centre
) -> pd.DataFrame:
    lon, lat = origin_coordinates(plumes, origin)
    rows: list[dict[str, Any]] = []
    for number in range(int(labels.max(initial=NOISE)) + 1):
        member = labels == number
        find = spherical_mean if centre == "mean" else densest_place
        place = find(lon[member], lat[member])
        rows.append({origin: number, f"{origin}_longitude": place[0], f"{origin}_latitude": place[1],
                     f"{origin}_n_plumes": int(member.sum())})  # fmt: skip
    columns = [origin, f"{origin}_longitude", f"{origin}_latitude", f"{origin}_n_plumes"]
    table = pd.DataFrame(rows, columns=columns).astype({origin: "Int64", f"{origin}_n_plumes": "Int64"})
    source = nearest_source(table[columns[1]].astype(float), table[columns[2]].astype(float), known)
    return table.assign(
        **{
            f"{origin}_nearest_source": source["nearest_source"].to_numpy(),
            f"{origin}_source_distance_km": source["source_distance_km"].to_numpy(),
        }
    )
