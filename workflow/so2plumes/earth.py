"""Positions and areas on the Earth that every room may use."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

WGS84_A_M = 6_378_137.0
WGS84_E2 = 0.0066943799901413165


def wrap_longitude(longitude: ArrayLike) -> NDArray[np.float64]:
    """Return longitudes in [-180, 180)."""
    return (np.asarray(longitude, dtype=float) + 180.0) % 360.0 - 180.0


def unit_vectors(longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.float64]:
    """Return positions (degrees) as unit vectors, shape (..., 3)."""
    lam, phi = np.radians(np.asarray(longitude, dtype=float)), np.radians(np.asarray(latitude, dtype=float))
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def authalic_q(sin_latitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return twice the WGS84 area between the equator and a parallel, per radian of longitude and squared semi-axis."""
    e = np.sqrt(WGS84_E2)
    es = e * sin_latitude
    return (1 - WGS84_E2) * (sin_latitude / (1 - es**2) + np.arctanh(es) / e)


def from_vectors(vectors: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return longitude and latitude in degrees of vectors (..., 3) of any length."""
    x, y, z = np.moveaxis(np.asarray(vectors, float), -1, 0)
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
