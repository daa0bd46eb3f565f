"""Areas of pixels and the grid of their corners.

Everything goes through sines and cosines of longitude differences or 3-D vectors, so the antimeridian and the
poles need no special case.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from so2plumes.earth import WGS84_A_M, WGS84_E2, authalic_q, unit_vectors

if TYPE_CHECKING:
    from pyproj import Proj

FloatArray = NDArray[np.floating]


def authalic_latitude_rad(latitude_deg: FloatArray | float) -> FloatArray:
    """Latitude on the sphere that has the area of the WGS84 ellipsoid everywhere."""
    sin_phi = np.sin(np.radians(np.asarray(latitude_deg, dtype=np.float64)))
    return np.arcsin(np.clip(authalic_q(sin_phi) / authalic_q(np.array(1.0)), -1.0, 1.0))


def authalic_radius_m() -> float:
    """Radius of the sphere with the area of the WGS84 ellipsoid."""
    return float(WGS84_A_M * np.sqrt(authalic_q(np.array(1.0)) / 2.0))


def _stretch_east(latitude_0_deg: FloatArray | float, beta0_rad: FloatArray) -> FloatArray:
    """Stretch east, and shrinking north, that makes the centre true to shape as well as to area; 1 at the poles."""
    phi0 = np.radians(np.asarray(latitude_0_deg, dtype=np.float64))
    parallel_m = WGS84_A_M * np.cos(phi0) / np.sqrt(1 - WGS84_E2 * np.sin(phi0) ** 2)
    near_pole = np.cos(beta0_rad) < 1e-4
    return np.where(near_pole, 1.0, parallel_m / (authalic_radius_m() * np.where(near_pole, 1.0, np.cos(beta0_rad))))


def equal_area_metres(
    longitude: FloatArray | float,
    latitude: FloatArray | float,
    longitude_0: FloatArray | float,
    latitude_0: FloatArray | float,
) -> tuple[FloatArray, FloatArray]:
    """Lambert azimuthal equal-area coordinates (ellipsoidal area kept) around a centre.

    Parameters
    ----------
    longitude, latitude : arrays, degrees
    longitude_0, latitude_0 : scalars or arrays that broadcast against them, degrees

    Returns
    -------
    x, y : metres east and north of the centre
    """
    beta, beta0 = authalic_latitude_rad(latitude), authalic_latitude_rad(latitude_0)
    dlam = np.radians(np.asarray(longitude, np.float64) - np.asarray(longitude_0, np.float64))
    cos_c = np.sin(beta0) * np.sin(beta) + np.cos(beta0) * np.cos(beta) * np.cos(dlam)
    k = authalic_radius_m() * np.sqrt(2.0 / np.maximum(1.0 + cos_c, 1e-12))
    x = k * np.cos(beta) * np.sin(dlam)
    y = k * (np.cos(beta0) * np.sin(beta) - np.sin(beta0) * np.cos(beta) * np.cos(dlam))
    stretch = _stretch_east(latitude_0, beta0)
    return x * stretch, y / stretch


@lru_cache(maxsize=4)
def _local_plane(longitude_0: float, latitude_0: float) -> Proj:
    """Projection of a centre; kept for the next points of the same plume, as making one costs more than using it."""
    from pyproj import Proj

    return Proj(proj="laea", lat_0=latitude_0, lon_0=longitude_0, ellps="WGS84")


def inverse_equal_area(
    x_m: FloatArray, y_m: FloatArray, longitude_0: float, latitude_0: float
) -> tuple[FloatArray, FloatArray]:
    """Degrees of points given in the local equal-area coordinates of a centre."""
    return _local_plane(float(longitude_0), float(latitude_0))(x_m, y_m, inverse=True)


def pixel_areas_m2(longitude_bounds: FloatArray, latitude_bounds: FloatArray) -> FloatArray:
    """Area of every pixel from its four corners.

    Parameters
    ----------
    longitude_bounds, latitude_bounds : (..., 4) degrees
        Corners in ring order, either sense.

    Returns
    -------
    (...) m2
        Not-a-number where a corner is missing. Agrees with the geodesic polygon of the WGS84 ellipsoid within
        1e-5 for pixels of up to 50 km.
    """
    lon = np.asarray(longitude_bounds, dtype=np.float64)
    lat = np.asarray(latitude_bounds, dtype=np.float64)
    x, y = equal_area_metres(lon, lat, lon[..., :1], lat[..., :1])
    twice = np.sum(x * np.roll(y, -1, axis=-1) - np.roll(x, -1, axis=-1) * y, axis=-1)
    return 0.5 * np.abs(twice)


def corner_grid(longitude_bounds: FloatArray, latitude_bounds: FloatArray) -> FloatArray:
    """Positions of the grid points where pixels meet.

    Parameters
    ----------
    longitude_bounds, latitude_bounds : (scanline, ground_pixel, 4) degrees
        Corner order of the product: (s, g), (s, g+1), (s+1, g+1), (s+1, g) counter-clockwise on the ascending part.

    Returns
    -------
    (scanline + 1, ground_pixel + 1, 3)
        Mean unit vectors over the pixels that share a corner; not-a-number where none has it.
    """
    vectors = unit_vectors(longitude_bounds, latitude_bounds)
    n_scan, n_pixel = vectors.shape[:2]
    total = np.zeros((n_scan + 1, n_pixel + 1, 3))
    count = np.zeros((n_scan + 1, n_pixel + 1, 1))
    for corner, (ds, dg) in enumerate(((0, 0), (0, 1), (1, 1), (1, 0))):
        here = vectors[:, :, corner]
        good = np.isfinite(here).all(axis=-1, keepdims=True)
        window = np.s_[ds : ds + n_scan, dg : dg + n_pixel]
        total[window] += np.where(good, here, 0.0)
        count[window] += good
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / np.where(count > 0, count, np.nan)
