"""Where and when each TROPOMI pixel looks: a sun-synchronous circular orbit over a spherical, rotating Earth.

Everything is 3-D unit vectors in the Earth-fixed frame, so poles and antimeridian need no special case. Times
are seconds since 2010-01-01 UTC. The constants reproduce real granules (227 orbits in 16 days): a place is
seen within 40 s of the true time and at most five rows away from the true one; times in file names agree
within a minute, pixel areas within 8 %. Eccentricity and the oblateness of the Earth are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from so2plumes.earth import from_vectors
from so2plumes.errors import GeometryError

FloatArray = NDArray[np.floating]

EPOCH = np.datetime64("2010-01-01T00:00:00", "ms")
ORBIT_PERIOD_S = 16 * 86400.0 / 227
INCLINATION_DEG = 98.74
NODE_LOCAL_SOLAR_HOUR = 13.5
NODE_OF_ORBIT_ZERO_S = 245_585_046.3
ORBIT_RADIUS_EARTH_RADII = 1.1304
GROUND_PIXELS = 450
EDGE_ROWS = 20
"""Rows on either side that are read out without binning: half as wide in angle, and noisier."""
INNER_STEP_DEG = 0.2504
EDGE_STEP_DEG = 0.1275
SMALL_PIXELS_SINCE = date(2019, 8, 6)


@dataclass(frozen=True)
class ScanPattern:
    """How many scanlines an orbit has and how long each lasts."""

    n_scanlines: int
    interval_s: float


@dataclass(frozen=True)
class SwathGeometry:
    """Pixel positions of a range of scanlines.

    Attributes
    ----------
    orbit : int
    scanline_start, ground_pixel_start : int
        Place of the first pixel in the full orbit.
    time_s : (scanline,) float64
        Middle of each scanline, seconds since 2010-01-01 UTC.
    longitude, latitude, solar_zenith_deg, viewing_zenith_deg : (scanline, ground_pixel) float64
    longitude_bounds, latitude_bounds : (scanline, ground_pixel, 4) float64
        Corners (s, g), (s, g+1), (s+1, g+1), (s+1, g): counter-clockwise, from the south-west on the
        ascending part. Neighbours share the very same numbers.
    """

    orbit: int
    scanline_start: int
    ground_pixel_start: int
    time_s: FloatArray
    longitude: FloatArray
    latitude: FloatArray
    solar_zenith_deg: FloatArray
    viewing_zenith_deg: FloatArray
    longitude_bounds: FloatArray
    latitude_bounds: FloatArray

    @property
    def shape(self) -> tuple[int, int]:
        """Scanlines and ground pixels."""
        rows, columns = self.longitude.shape
        return rows, columns

    @property
    def ground_pixels(self) -> NDArray[np.integer]:
        """Numbers of the ground pixels in the full row."""
        return self.ground_pixel_start + np.arange(self.shape[1])


def edge_pixels(ground_pixel: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Ground pixels (numbers in the full orbit) in the narrow, noisier rows on either side of the swath."""
    return (ground_pixel < EDGE_ROWS) | (ground_pixel >= GROUND_PIXELS - EDGE_ROWS)


def to_datetime64(time_s: float | FloatArray) -> NDArray[np.datetime64]:
    """Convert seconds since 2010-01-01 to ``datetime64[ms]``."""
    return EPOCH + np.rint(np.asarray(time_s) * 1000).astype("int64").astype("timedelta64[ms]")


def seconds_of(day: date) -> float:
    """Midnight that begins a day, in seconds since 2010-01-01."""
    return (day - date(2010, 1, 1)).days * 86400.0


def date_of(time_s: float) -> date:
    """UTC day of an instant."""
    return to_datetime64(time_s).astype("datetime64[D]").item()


def sun_vector(time_s: float | FloatArray) -> FloatArray:
    """Return the unit vector (..., 3) to the Sun in the Earth-fixed frame, good to about 0.01 degree."""
    days = np.asarray(time_s, float) / 86400.0 + 3652.5
    anomaly = np.radians(357.529 + 0.98560028 * days)
    mean = 280.459 + 0.98564736 * days
    ecliptic = np.radians(mean + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.radians(23.439 - 3.6e-7 * days)
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(ecliptic), np.cos(ecliptic))
    declination = np.arcsin(np.sin(obliquity) * np.sin(ecliptic))
    longitude = right_ascension - np.radians((280.46061837 + 360.98564736629 * days) % 360.0)
    return np.stack(
        [
            np.cos(declination) * np.cos(longitude),
            np.cos(declination) * np.sin(longitude),
            np.sin(declination),
        ],
        axis=-1,
    )


def node_time_s(orbit: int) -> float:
    """Time at which an orbit crosses the equator northwards."""
    return NODE_OF_ORBIT_ZERO_S + orbit * ORBIT_PERIOD_S


def orbit_plane(time_s: float | FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return unit vectors of the orbit plane in the Earth-fixed frame, each (..., 3).

    Returns
    -------
    node, quarter, left
        Ascending node, the point a quarter orbit later, and the normal, which lies left of the flight
        direction.
        The plane keeps its local solar time, so seen from the ground it turns once a day.
    """
    hours = np.asarray(time_s, float) / 3600.0
    longitude = np.radians(15.0 * (NODE_LOCAL_SOLAR_HOUR - hours % 24.0))
    inclination = np.radians(INCLINATION_DEG)
    sin_l, cos_l, zero = np.sin(longitude), np.cos(longitude), np.zeros_like(longitude)
    node = np.stack([cos_l, sin_l, zero], axis=-1)
    quarter = np.stack([-np.cos(inclination) * sin_l, np.cos(inclination) * cos_l, zero + np.sin(inclination)], axis=-1)
    return node, quarter, np.cross(node, quarter)


@lru_cache(maxsize=4096)
def noon_time_s(orbit: int) -> float:
    """Time at which the satellite is closest to the subsolar point: the middle of the measurements."""
    node_time = node_time_s(orbit)
    node, quarter, _ = orbit_plane(node_time)
    sun = sun_vector(node_time)
    return node_time + float(np.arctan2(sun @ quarter, sun @ node)) / (2 * np.pi) * ORBIT_PERIOD_S


def orbit_interval_s(orbit: int) -> tuple[float, float]:
    """Start and stop of an orbit as in its file name: from midnight side to midnight side."""
    noon = noon_time_s(orbit)
    return noon - ORBIT_PERIOD_S / 2, noon + ORBIT_PERIOD_S / 2


def scan_pattern(orbit: int) -> ScanPattern:
    """Scanlines of an orbit: 3245 of 1.08 s before 6 August 2019, 4172 of 0.84 s after."""
    small = date_of(noon_time_s(orbit)) >= SMALL_PIXELS_SINCE
    return ScanPattern(4172, 0.84) if small else ScanPattern(3245, 1.08)


def sensing_start_s(orbit: int) -> float:
    """Time at which the first scanline begins."""
    pattern = scan_pattern(orbit)
    return noon_time_s(orbit) - pattern.n_scanlines * pattern.interval_s / 2


def orbits_of_day(day: date) -> list[int]:
    """Orbits whose noon lies on a UTC day: the one rule by which an orbit has a day."""
    first = int((seconds_of(day) - NODE_OF_ORBIT_ZERO_S) // ORBIT_PERIOD_S) - 1
    return [orbit for orbit in range(first, first + 18) if date_of(noon_time_s(orbit)) == day]


def scan_angle_edges_rad() -> FloatArray:
    """Angles (451,) at the satellite between rows, negative to the left (west on the ascending part)."""
    steps = np.full(GROUND_PIXELS, INNER_STEP_DEG)
    steps[:EDGE_ROWS] = steps[-EDGE_ROWS:] = EDGE_STEP_DEG
    edges = np.concatenate([[0.0], np.cumsum(steps)])
    return np.radians(edges - edges[-1] / 2)


def viewing_zenith_rad(scan_angle_rad: FloatArray) -> FloatArray:
    """Angle between the line of sight and the vertical on the ground."""
    return np.arcsin(np.clip(ORBIT_RADIUS_EARTH_RADII * np.sin(np.abs(scan_angle_rad)), -1.0, 1.0))


def ground_angle_rad(scan_angle_rad: FloatArray) -> FloatArray:
    """Angle at the Earth's centre between the sub-satellite point and where a line of sight ends."""
    return np.sign(scan_angle_rad) * (viewing_zenith_rad(scan_angle_rad) - np.abs(scan_angle_rad))


def _look(time_s: FloatArray, orbit: int, ground_angle: FloatArray) -> FloatArray:
    """Ground points (scanline, ground_pixel, 3) of all times and angles across track."""
    phase = 2 * np.pi * (time_s - node_time_s(orbit)) / ORBIT_PERIOD_S
    node, quarter, left = orbit_plane(time_s)
    below = np.cos(phase)[:, None] * node + np.sin(phase)[:, None] * quarter
    across = ground_angle[None, :, None]
    return np.cos(across) * below[:, None, :] - np.sin(across) * left[:, None, :]


def _range(wanted: tuple[int, int] | None, size: int, name: str) -> tuple[int, int]:
    start, stop = wanted or (0, size)
    if not 0 <= start < stop <= size:
        raise GeometryError(
            f"the {name} range is not within the orbit",
            where=name,
            expected=f"0 <= start < stop <= {size}",
            found=f"{start}, {stop}",
        )
    return start, stop


def _corners(grid: FloatArray) -> FloatArray:
    return np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=-1)


def swath_geometry(
    orbit: int,
    scanlines: tuple[int, int] | None = None,
    ground_pixels: tuple[int, int] | None = None,
) -> SwathGeometry:
    """Pixel centres, corners, angles and times of an orbit or a part of it.

    Parameters
    ----------
    orbit : int
        Absolute orbit number.
    scanlines, ground_pixels : (start, stop), optional
        Half-open ranges within the full orbit; all of it by default.

    Raises
    ------
    GeometryError
        When a range leaves the orbit.
    """
    pattern = scan_pattern(orbit)
    first, last = _range(scanlines, pattern.n_scanlines, "scanlines")
    left, right = _range(ground_pixels, GROUND_PIXELS, "ground_pixels")
    edge_times = sensing_start_s(orbit) + np.arange(first, last + 1) * pattern.interval_s
    times = (edge_times[:-1] + edge_times[1:]) / 2
    edge_angles = scan_angle_edges_rad()[left : right + 1]
    angles = (edge_angles[:-1] + edge_angles[1:]) / 2

    centres = _look(times, orbit, ground_angle_rad(angles))
    longitude, latitude = from_vectors(centres)
    grid_lon, grid_lat = from_vectors(_look(edge_times, orbit, ground_angle_rad(edge_angles)))
    cos_zenith = np.einsum("sgx,sx->sg", centres, sun_vector(times))
    zenith = np.degrees(viewing_zenith_rad(angles))
    return SwathGeometry(
        orbit=orbit,
        scanline_start=first,
        ground_pixel_start=left,
        time_s=times,
        longitude=longitude,
        latitude=latitude,
        solar_zenith_deg=np.degrees(np.arccos(np.clip(cos_zenith, -1.0, 1.0))),
        viewing_zenith_deg=np.broadcast_to(zenith, longitude.shape),
        longitude_bounds=_corners(grid_lon),
        latitude_bounds=_corners(grid_lat),
    )
