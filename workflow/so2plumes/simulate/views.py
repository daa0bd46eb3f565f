"""Which orbits see a place, and which scanlines of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from so2plumes.earth import unit_vectors
from so2plumes.simulate.orbits import (
    GROUND_PIXELS,
    ORBIT_PERIOD_S,
    date_of,
    ground_angle_rad,
    node_time_s,
    noon_time_s,
    orbit_plane,
    orbits_of_day,
    scan_angle_edges_rad,
    scan_pattern,
    sensing_start_s,
    sun_vector,
    viewing_zenith_rad,
)


@dataclass(frozen=True)
class OrbitView:
    """How one orbit sees a place.

    Attributes
    ----------
    orbit : int
    time_s : float
        Seconds since 2010-01-01 UTC.
    scanline, ground_pixel : int
        The pixel of the full orbit that holds the place.
    viewing_zenith_deg, solar_zenith_deg : float
    """

    orbit: int
    time_s: float
    scanline: int
    ground_pixel: int
    viewing_zenith_deg: float
    solar_zenith_deg: float


def locate(orbit: int, longitude: float, latitude: float) -> OrbitView | None:
    """Find the pixel of an orbit that holds a place, or None where its swath misses it.

    Parameters
    ----------
    orbit : int
    longitude, latitude : float, degrees
    """
    place = unit_vectors(np.array(longitude), np.array(latitude))
    noon = noon_time_s(orbit)
    node_time, time = node_time_s(orbit), noon
    for _ in range(5):
        node, quarter, left = orbit_plane(time)
        phase = float(np.arctan2(place @ quarter, place @ node)) / (2 * np.pi)
        passed = node_time + phase * ORBIT_PERIOD_S
        time = passed - ORBIT_PERIOD_S * round((passed - noon) / ORBIT_PERIOD_S)
    across = -float(np.arcsin(np.clip(place @ orbit_plane(time)[2], -1.0, 1.0)))
    edges = scan_angle_edges_rad()
    pixel = int(np.searchsorted(ground_angle_rad(edges), across, side="right")) - 1
    pattern = scan_pattern(orbit)
    scanline = int(np.floor((time - sensing_start_s(orbit)) / pattern.interval_s))
    if not (0 <= pixel < GROUND_PIXELS and 0 <= scanline < pattern.n_scanlines):
        return None
    return OrbitView(
        orbit=orbit,
        time_s=float(time),
        scanline=scanline,
        ground_pixel=pixel,
        viewing_zenith_deg=float(np.degrees(viewing_zenith_rad((edges[pixel : pixel + 2]).mean()))),
        solar_zenith_deg=float(np.degrees(np.arccos(np.clip(place @ sun_vector(time), -1.0, 1.0)))),
    )


def orbits_seeing(longitude: float, latitude: float, day: date) -> list[OrbitView]:
    """Overpasses of a place within a UTC day, the steepest view first.

    Parameters
    ----------
    longitude, latitude : float, degrees
    day : date

    Returns
    -------
    list of OrbitView
        Usually one near the equator, two to five at high latitudes, none beyond the polar night's edge.
    """
    own = orbits_of_day(day)
    views = [locate(orbit, longitude, latitude) for orbit in range(own[0] - 1, own[-1] + 2)]
    seen = [view for view in views if view is not None and date_of(view.time_s) == day]
    return sorted(seen, key=lambda view: view.viewing_zenith_deg)


def window_around(centre: int, size: int, total: int) -> tuple[int, int]:
    """Half-open range of at most `size` around an index, moved so that it stays within 0..total."""
    size = min(size, total)
    start = min(max(centre - size // 2, 0), total - size)
    return start, start + size
