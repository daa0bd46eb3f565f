"""The table that the workflow keeps of clusters, with the plumes that belong to them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from so2plumes.dictionary import shaped
from so2plumes.seen import SeenPlaces
from so2plumes.sources.cluster_facts import member_facts, named, observable_days, with_observable
from so2plumes.sources.clusters import NOISE, Centre, cluster_labels, cluster_table
from so2plumes.sources.origins import Origin, origin_coordinates, utc_days


def _dates(values: pd.Series) -> list[str]:
    return ["" if pd.isna(value) else pd.Timestamp(value).strftime("%Y-%m-%d") for value in values]


def cluster_product(
    plumes: pd.DataFrame,
    known: pd.DataFrame,
    n_calendar_days: int,
    eps_km: float = 50.0,
    min_samples: int = 20,
    origin: Origin = "max",
    centre: Centre = "mean",
) -> pd.DataFrame:
    """Cluster plumes and describe the clusters (FP 3.1, Table 2).

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    known : DataFrame
        Known sources.
    n_calendar_days : int
        Days of the period.
    eps_km, min_samples
        DBSCAN.
    origin : {'max', 'upwind'}
        Point of a plume that is clustered.
    centre : {'mean', 'densest'}
        Place of a cluster.

    Returns
    -------
    DataFrame
        `cluster_table` with ``plume_ids`` (list) per cluster; the parameters are in ``attrs``.
    """
    labels = cluster_labels(*origin_coordinates(plumes, origin), eps_km, min_samples)
    table = cluster_table(plumes, labels, known, n_calendar_days, origin, eps_km, centre=centre)
    names = plumes["plume_id"].to_numpy(dtype=object)
    members = [np.flatnonzero(labels == number) for number in np.unique(labels[labels != NOISE])]
    table = named(table, known).join(member_facts(plumes, members, known, centre))
    table = with_observable(table, None)
    table["plume_ids"] = pd.Series([sorted(names[rows]) for rows in members], dtype=object)
    for column in ("first_date", "last_date"):
        table[column] = _dates(table[column])
    n_clustered = int((labels != NOISE).sum())
    table.attrs = {
        "available": True,
        "eps_km": eps_km,
        "min_samples": min_samples,
        "origin": origin,
        "centre": centre,
        "n_plumes": len(plumes),
        "n_clustered": n_clustered,
        "n_calendar_days": n_calendar_days,
    }
    return shaped(table, "clusters")


def with_seen_days(table: pd.DataFrame, plumes: pd.DataFrame, seen: SeenPlaces) -> pd.DataFrame:
    """Fill in on how many days each cluster could be seen, and the persistence over them (X14).

    Parameters
    ----------
    table : DataFrame
        From `cluster_product`.
    plumes : DataFrame
    seen : SeenPlaces
        What was seen at the centres of the clusters, in their order.
    """
    if table.empty:
        return table
    days = pd.Series(utc_days(plumes["time"]), index=plumes["plume_id"].to_numpy())
    with_plume = [np.unique(days[list(names)].to_numpy().astype("datetime64[D]")) for names in table["plume_ids"]]
    filled = with_observable(table, observable_days(with_plume, seen, len(table)))
    filled.attrs = dict(table.attrs) | {"observable": True}
    return filled
