"""Clusters of plume origins and the table that describes them (FP 3.1)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from so2plumes.sources.known import nearest_source
from so2plumes.sources.origins import Origin, origin_coordinates, require_columns, utc_days
from so2plumes.sources.sphere import chord_of, great_circle_km, spherical_mean, unit_vectors

NOISE = -1

Centre = Literal["mean", "densest"]
DENSE_KM = 25.0

CLUSTER_DTYPES = {
    "rank": "int64",
    "cluster_id": "str",
    "longitude": "float64",
    "latitude": "float64",
    "nearest_source": "str",
    "source_type": "str",
    "source_distance_km": "float64",
    "radius_km": "float64",
    "n_plumes": "int64",
    "n_days": "int64",
    "n_rates": "int64",
    "median_emission_kg_h": "float64",
    "p16_emission_kg_h": "float64",
    "p84_emission_kg_h": "float64",
    "persistence_percent": "float64",
    "first_date": "datetime64[s]",
    "last_date": "datetime64[s]",
}
"""Columns of the cluster table, in order."""


def cluster_labels(
    longitude: ArrayLike, latitude: ArrayLike, eps_km: float = 50.0, min_samples: int = 20
) -> NDArray[np.int64]:
    """Group positions by DBSCAN with great-circle distance (FP 3.1).

    The neighbourhood is a chord between unit vectors, which orders pairs as the great circle does, so 180
    degrees and the poles are places like any other. Points are visited in order of position and clusters
    numbered by size (largest first), then by their southernmost member: the answer does not depend on the
    order of rows.

    Parameters
    ----------
    longitude, latitude : array_like, shape (n,)
        Positions in degrees; NaN positions are noise.
    eps_km : float
        Greatest distance between neighbours, km.
    min_samples : int
        Neighbours, itself included, that make a point the core of a cluster.

    Returns
    -------
    array of int, shape (n,)
        0 for the largest cluster, and so on; -1 for noise.
    """
    from sklearn.cluster import DBSCAN

    lon, lat = np.asarray(longitude, dtype=float).ravel(), np.asarray(latitude, dtype=float).ravel()
    vectors = unit_vectors(lon, lat)
    order = np.lexsort((lon, lat))
    order = order[np.isfinite(vectors[order]).all(axis=1)]
    labels = np.full(lon.size, NOISE, dtype=np.int64)
    if order.size:
        model = DBSCAN(eps=chord_of(eps_km), min_samples=min_samples, algorithm="kd_tree")
        labels[order] = _number_by_size(model.fit(vectors[order]).labels_)
    return labels


def _number_by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    names, first, size = np.unique(labels[labels != NOISE], return_index=True, return_counts=True)
    new = np.empty(names.size, dtype=np.int64)
    new[np.lexsort((first, -size))] = np.arange(names.size)
    return np.where(labels == NOISE, NOISE, new[np.searchsorted(names, labels).clip(0)] if names.size else NOISE)


def cluster_table(
    plumes: pd.DataFrame,
    labels: ArrayLike,
    known: pd.DataFrame,
    n_calendar_days: int,
    origin: Origin = "max",
    eps_km: float = 50.0,
    source_radius_km: float = 100.0,
    centre: Centre = "mean",
) -> pd.DataFrame:
    """Describe every cluster: place, source, rates and persistence (FP Table 2).

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    labels : array_like of int, shape (n,)
        Cluster of each plume, -1 for none, from `cluster_labels` at the same `origin`.
    known : DataFrame
        Known sources, from `known.read_known_sources`.
    n_calendar_days : int
        Days of the period; persistence is the share of them with a plume in the cluster.
    origin : {'max', 'upwind'}
        Point of a plume.
    eps_km : float
        Neighbourhood that made the labels; it is part of the cluster's name.
    source_radius_km : float
        A cluster farther than this from every known source is of an unknown one.
    centre : {'mean', 'densest'}
        Place of a cluster: the mean of its points (paper), or of those within 25 km of the point with most others
        around it. Around a busy source neighbouring plumes chain over hundreds of kilometres and the mean drifts
        downwind; the densest place stays at the source.

    Returns
    -------
    DataFrame
        Columns `CLUSTER_DTYPES`, one row a cluster, largest first. `n_rates` counts plumes with an emission
        rate; the median and percentiles are theirs. A cluster of unknown source keeps the distance to the
        nearest one. ``radius_km`` is the median distance of its points from the centre.
    """
    if n_calendar_days < 1:
        raise ValueError(f"n_calendar_days is {n_calendar_days}; a period has at least one day")
    require_columns(plumes, ("time", "emission_kg_h"), "plume")
    label = np.asarray(labels, dtype=np.int64)
    lon, lat = origin_coordinates(plumes, origin)
    if label.shape != lon.shape:
        raise ValueError(f"{label.size} labels for {lon.size} plumes")
    if not (label != NOISE).any():
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in CLUSTER_DTYPES.items()})
    days, rates = utc_days(plumes["time"]), plumes["emission_kg_h"].to_numpy(dtype=float)
    rows = [
        _describe(lon[member], lat[member], days[member], rates[member], centre)
        for member in (label == name for name in np.unique(label[label != NOISE]))
    ]
    table = pd.DataFrame(rows).sort_values("n_plumes", ascending=False, kind="stable", ignore_index=True)
    table = table.join(nearest_source(table["longitude"], table["latitude"], known, source_radius_km))
    table["rank"] = np.arange(1, len(table) + 1)
    table["persistence_percent"] = 100.0 * table["n_days"] / n_calendar_days
    table["cluster_id"] = [
        f"SO2_{kind}_{eps_km:g}km_{lon:.2f}_{lat:.2f}"
        for kind, lon, lat in zip(table["source_type"], table["longitude"], table["latitude"], strict=True)
    ]
    return table[list(CLUSTER_DTYPES)].astype(CLUSTER_DTYPES)


def densest_place(longitude: ArrayLike, latitude: ArrayLike, radius_km: float = DENSE_KM) -> tuple[float, float]:
    """Return the mean of the points around the point that has most others within a radius.

    Parameters
    ----------
    longitude, latitude : array_like, shape (n,), n > 0
        Positions in degrees.
    radius_km : float

    Returns
    -------
    longitude, latitude : float
        Of equally crowded points the southernmost, then westernmost counts: the order of rows does not matter.
    """
    from scipy.spatial import cKDTree

    lon, lat = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    vectors = unit_vectors(lon, lat)
    tree, reach = cKDTree(vectors), chord_of(radius_km)
    crowd = tree.query_ball_point(vectors, reach, return_length=True)
    best = np.lexsort((lon, lat, -crowd))[0]
    near = np.sort(tree.query_ball_point(vectors[best], reach))
    return spherical_mean(lon[near], lat[near])


def _describe(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    days: NDArray[np.datetime64],
    rates: NDArray[np.float64],
    centre: Centre,
) -> dict[str, Any]:
    place = spherical_mean(lon, lat) if centre == "mean" else densest_place(lon, lat)
    rates = rates[np.isfinite(rates)]
    p16, median, p84 = np.percentile(rates, (16, 50, 84)) if rates.size else (np.nan,) * 3
    return {
        "longitude": place[0],
        "latitude": place[1],
        "radius_km": float(np.median(great_circle_km(*place, lon, lat))),
        "n_plumes": lon.size,
        "n_days": np.unique(days).size,
        "n_rates": rates.size,
        "median_emission_kg_h": median,
        "p16_emission_kg_h": p16,
        "p84_emission_kg_h": p84,
        "first_date": days.min(),
        "last_date": days.max(),
    }
