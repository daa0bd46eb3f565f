"""Cells of a regular longitude-latitude grid: edges, areas, lookup."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from so2plumes.earth import WGS84_A_M, authalic_q


def cell_edges(centre: ArrayLike, limit: float) -> NDArray[np.float64]:
    """Return the n + 1 edges of n ascending cell centres, half-way between them and not beyond +-`limit`."""
    centre = np.asarray(centre, dtype=float)
    if centre.size < 2:
        raise ValueError("a grid axis has at least two cells")
    middle = (centre[1:] + centre[:-1]) / 2
    edges = np.concatenate([[2 * centre[0] - middle[0]], middle, [2 * centre[-1] - middle[-1]]])
    return np.clip(edges, -limit, limit)


def zone_area_m2(south: ArrayLike, north: ArrayLike, width_deg: ArrayLike) -> NDArray[np.float64]:
    """Return the area between two parallels and two meridians on the WGS84 ellipsoid (closed form).

    Parameters
    ----------
    south, north : array_like
        Latitudes of the parallels, degrees.
    width_deg : array_like
        Difference of longitude, degrees.

    Returns
    -------
    array
        Area, m2.
    """
    return np.radians(width_deg) * (_area_integral(north) - _area_integral(south))


def _area_integral(latitude: ArrayLike) -> NDArray[np.float64]:
    """Area per radian of longitude between the equator and a parallel."""
    return WGS84_A_M**2 / 2 * authalic_q(np.sin(np.radians(np.asarray(latitude, dtype=float))))


def cell_areas_m2(latitude: ArrayLike, longitude: ArrayLike) -> NDArray[np.float64]:
    """Return the area of one cell of each row (m2), for ascending centres and cells of one width."""
    edges = cell_edges(latitude, 90.0)
    width = float(np.median(np.diff(np.asarray(longitude, dtype=float))))
    return zone_area_m2(edges[:-1], edges[1:], width)


def locate(value: ArrayLike, centre: NDArray[np.float64], limit: float) -> NDArray[np.int64]:
    """Return the cell that holds each value (a cell owns its lower edge); -1 for NaN and off the grid."""
    value, edges = np.asarray(value, dtype=float), cell_edges(centre, limit)
    index = np.searchsorted(edges, value, side="right") - 1
    index = np.where(value == edges[-1], centre.size - 1, index)
    inside = np.isfinite(value) & (index >= 0) & (index < centre.size)
    return np.where(inside, index, -1).astype(np.int64)
