"""Outflow of eruptions: plumes that follow, step by step, from plumes at the volcano.

FP matches plumes within 50 km of a volcano; the cloud of a large eruption is seen for days and thousands of
kilometres. The wider match starts from the plumes that match strictly and goes on to later plumes that the wind can
have brought there. It is a rule of neighbourhood, not a trajectory: a plume of another origin on the way is taken too,
unless it lies at a known source of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from so2plumes.constants import EARTH_RADIUS_KM
from so2plumes.earth import unit_vectors
from so2plumes.sources.origins import origin_coordinates, utc_times
from so2plumes.sources.sphere import great_circle_km, nearest

_NO_ERUPTION = -1
_LEAST_KM = 1e-3


@dataclass(frozen=True)
class EventRule:
    """When a plume goes on from an earlier one.

    Attributes
    ----------
    radius_km : float
        Distance that is always bridged; also that of a known source that a plume belongs to.
    speed_m_s : float
        The bridged distance grows with the time between the plumes at this speed.
    reach_km : float
        Longest step.
    hours : float
        Longest time between two plumes of a chain.
    days : float
        Longest time from the plume at the volcano.
    together_hours : float
        Plumes that are no farther apart in time go on from one another either way: pieces of one cloud,
    together_km : float
        over at least this distance.
    """

    radius_km: float = 50.0
    speed_m_s: float = 12.0
    reach_km: float = 500.0
    hours: float = 36.0
    days: float = 10.0
    together_hours: float = 2.0
    together_km: float = 150.0


@dataclass(frozen=True)
class Outflow:
    """For each plume the eruption whose outflow it belongs to.

    Attributes
    ----------
    eruption : (plume,) int
        Row of the eruption table; -1 for none. A plume that matches strictly belongs to that eruption.
    path_km : (plume,) float
        Length of the chain from the plume at the volcano; NaN for none.
    hours : (plume,) float
        Time since that plume.
    """

    eruption: NDArray[np.int64]
    path_km: NDArray[np.float64]
    hours: NDArray[np.float64]


def follow_outflow(
    plumes: pd.DataFrame,
    seed_plume: NDArray[np.int64],
    seed_eruption: NDArray[np.int64],
    known: pd.DataFrame | None = None,
    rule: EventRule | None = None,
) -> Outflow:
    """Follow plumes from those at a volcano.

    Parameters
    ----------
    plumes : DataFrame
        Plume table; the maximum is a plume's place.
    seed_plume, seed_eruption : (n,) int
        Rows of plumes that match strictly, and of their eruptions; a plume comes once.
    known : DataFrame, optional
        Known sources: a plume at one of them that is no seed is of that source.
    rule : EventRule, optional

    Returns
    -------
    Outflow
        A plume that several chains reach belongs to the shortest.
    """
    rule = rule or EventRule()
    n = len(plumes)
    outflow = Outflow(np.full(n, _NO_ERUPTION), np.full(n, np.nan), np.full(n, np.nan))
    if not n or not len(seed_plume):
        return outflow
    lon, lat = origin_coordinates(plumes, "max")
    hours = utc_times(plumes["time"]).astype("int64").to_numpy() / _per_hour(plumes)
    free = np.ones(n, bool)
    if known is not None and len(known):
        with np.errstate(invalid="ignore"):
            free = ~(nearest(lon, lat, known["longitude"], known["latitude"]).distance_km <= rule.radius_km)
    free[seed_plume] = True
    graph = _steps(lon, lat, hours, free, rule)
    path, _, source = dijkstra(graph, indices=seed_plume, min_only=True, return_predecessors=True)
    reached = np.isfinite(path)
    since = np.full(n, np.nan)
    since[reached] = hours[reached] - hours[source[reached]]
    reached &= np.nan_to_num(since, nan=np.inf) <= 24.0 * rule.days
    of_seed = np.full(n, _NO_ERUPTION)
    of_seed[seed_plume] = seed_eruption
    outflow.eruption[reached] = of_seed[source[reached]]
    outflow.path_km[reached] = path[reached]
    outflow.hours[reached] = since[reached]
    return outflow


def _per_hour(plumes: pd.DataFrame) -> float:
    """Ticks of the time column in an hour, whatever its unit."""
    unit = utc_times(plumes["time"]).dt.unit
    return 3600.0 * {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit]


def _steps(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    hours: NDArray[np.float64],
    free: NDArray[np.bool_],
    rule: EventRule,
) -> csr_matrix:
    """Build the graph of steps, weighted by their length in km."""
    rows = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    scaled = np.column_stack([unit_vectors(lon, lat) * (EARTH_RADIUS_KM / rule.reach_km), hours / rule.hours])[rows]
    pairs = rows[cKDTree(scaled).query_pairs(np.sqrt(2.0), output_type="ndarray")]
    swap = hours[pairs[:, 0]] > hours[pairs[:, 1]]
    pairs[swap] = pairs[swap, ::-1]
    first, second = pairs.T
    between = hours[second] - hours[first]
    distance = great_circle_km(lon[first], lat[first], lon[second], lat[second])
    reach = np.minimum(rule.radius_km + 3.6 * rule.speed_m_s * between, rule.reach_km)
    together = between <= rule.together_hours
    reach = np.where(together, np.maximum(reach, rule.together_km), reach)
    near = (between <= rule.hours) & (distance <= reach)
    first, second, distance, back = first[near], second[near], distance[near], together[near]
    start, stop = np.concatenate([first, second[back]]), np.concatenate([second, first[back]])
    length = np.maximum(np.concatenate([distance, distance[back]]), _LEAST_KM)
    allowed = free[stop]
    size = len(lon)
    return csr_matrix((length[allowed], (start[allowed], stop[allowed])), shape=(size, size))
