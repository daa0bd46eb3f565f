"""Distances and neighbours on the sphere.

Positions are degrees east and north; any longitude convention is right, as everything goes through unit
vectors. Distances are kilometres on a sphere of the mean Earth radius (within 0.6 % of the ellipsoid).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from so2plumes.constants import EARTH_RADIUS_KM
from so2plumes.earth import unit_vectors


@dataclass(frozen=True)
class Neighbours:
    """Pairs of points closer than a radius: row of the first set, row of the second, distance."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    distance_km: NDArray[np.float64]


@dataclass(frozen=True)
class Nearest:
    """For each point the row of its nearest target (-1 for none) and the distance (NaN for none)."""

    index: NDArray[np.int64]
    distance_km: NDArray[np.float64]


def great_circle_km(
    longitude1: ArrayLike, latitude1: ArrayLike, longitude2: ArrayLike, latitude2: ArrayLike
) -> NDArray[np.float64]:
    """Return the great-circle distance by the haversine formula.

    Parameters
    ----------
    longitude1, latitude1, longitude2, latitude2 : array_like
        Positions in degrees; shapes broadcast.

    Returns
    -------
    array
        Distance in km.
    """
    lon1, lat1, lon2, lat2 = (
        np.radians(np.asarray(a, dtype=float)) for a in (longitude1, latitude1, longitude2, latitude2)
    )
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))


def bearing_deg(
    longitude1: ArrayLike, latitude1: ArrayLike, longitude2: ArrayLike, latitude2: ArrayLike
) -> NDArray[np.float64]:
    """Return the direction at the first place towards the second, degrees clockwise from north, 0 to 360."""
    lon1, lat1, lon2, lat2 = (
        np.radians(np.asarray(a, dtype=float)) for a in (longitude1, latitude1, longitude2, latitude2)
    )
    east = np.sin(lon2 - lon1) * np.cos(lat2)
    north = np.cos(lat1) * np.sin(lat2) - np.sin(lat1) * np.cos(lat2) * np.cos(lon2 - lon1)
    return np.degrees(np.arctan2(east, north)) % 360.0


def chord_of(distance_km: float) -> float:
    """Return the straight chord on the unit sphere that spans a great-circle distance."""
    return 2.0 * float(np.sin(min(distance_km / (2.0 * EARTH_RADIUS_KM), np.pi / 2)))


def spherical_mean(longitude: ArrayLike, latitude: ArrayLike) -> tuple[float, float]:
    """Return the mean position (longitude, latitude) in degrees: the direction of the mean unit vector.

    NaN for no points and for points that cancel each other.
    """
    vectors = unit_vectors(longitude, latitude).reshape(-1, 3)
    mean = vectors.mean(axis=0) if len(vectors) else np.full(3, np.nan)
    length = float(np.linalg.norm(mean))
    if not length > 1e-12:
        return float("nan"), float("nan")
    return (
        float(np.degrees(np.arctan2(mean[1], mean[0]))),
        float(np.degrees(np.arcsin(np.clip(mean[2] / length, -1.0, 1.0)))),
    )


def _finite_rows(longitude: ArrayLike, latitude: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    vectors = unit_vectors(longitude, latitude).reshape(-1, 3)
    rows = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    return rows, vectors[rows]


def neighbours_within(
    longitude: ArrayLike,
    latitude: ArrayLike,
    target_longitude: ArrayLike,
    target_latitude: ArrayLike,
    radius_km: float,
) -> Neighbours:
    """Return all pairs (point, target) not farther apart than `radius_km`, sorted by point and target.

    Positions that are NaN have no neighbours. One kd-tree on each set of unit vectors.
    """
    from scipy.spatial import cKDTree

    rows, points = _finite_rows(longitude, latitude)
    target_rows, targets = _finite_rows(target_longitude, target_latitude)
    if not len(rows) or not len(target_rows):
        empty = np.empty(0, dtype=np.int64)
        return Neighbours(empty, empty.copy(), np.empty(0))
    pairs = cKDTree(points).sparse_distance_matrix(cKDTree(targets), chord_of(radius_km), output_type="ndarray")
    first, second = rows[pairs["i"]], target_rows[pairs["j"]]
    order = np.lexsort((second, first))
    return Neighbours(first[order], second[order], _arc_km(pairs["v"][order]))


def nearest(
    longitude: ArrayLike, latitude: ArrayLike, target_longitude: ArrayLike, target_latitude: ArrayLike
) -> Nearest:
    """Return the nearest target of every point; -1 and NaN where there is none."""
    from scipy.spatial import cKDTree

    rows, points = _finite_rows(longitude, latitude)
    target_rows, targets = _finite_rows(target_longitude, target_latitude)
    index = np.full(np.size(longitude), -1, dtype=np.int64)
    distance = np.full(np.size(longitude), np.nan)
    if len(rows) and len(target_rows):
        chord, found = cKDTree(targets).query(points)
        index[rows] = target_rows[found]
        distance[rows] = _arc_km(chord)
    return Nearest(index, distance)


def _arc_km(chord: NDArray[np.float64]) -> NDArray[np.float64]:
    return 2.0 * EARTH_RADIUS_KM * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))
