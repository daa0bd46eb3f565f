"""Parts of a scene around a source, cut for a detection trial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.earth import from_vectors, unit_vectors
from so2plumes.simulate.orbits import EPOCH, SwathGeometry, edge_pixels
from so2plumes.simulate.plumes import PlumeSpec, plume_column
from so2plumes.simulate.scenes import pixel_mean_column
from so2plumes.swath.geometry import pixel_areas_m2
from so2plumes.swath.model import Swath
from so2plumes.training.backgrounds import Background

FloatArray = NDArray[np.floating]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Place:
    """Pixel of a scene: indices of its row and column."""

    row: int
    column: int


@dataclass(frozen=True)
class Position:
    """Longitude and latitude, degrees."""

    longitude: float
    latitude: float


@dataclass(frozen=True)
class Crop:
    """Part of a scene around a source.

    Attributes
    ----------
    swath : Swath
        Cut to the part.
    column, sigma : (scanline, ground_pixel), mol m-2
        Column with the structured enhancement but without the plume, and local noise of the scene.
    usable : (scanline, ground_pixel) bool
    """

    swath: Swath
    column: FloatArray
    sigma: FloatArray
    usable: Mask


def choose_source(rng: np.random.Generator, background: Background, edge_share: float) -> Place | None:
    """Draw a usable pixel that holds no plume of its own, or None where there is none."""
    quiet = background.usable & ~background.loud
    edge = np.broadcast_to(edge_pixels(background.swath.ground_pixel), quiet.shape)
    wanted = quiet & (edge if rng.random() < edge_share else ~edge)
    places = np.argwhere(wanted if wanted.any() else quiet)
    if not len(places):
        return None
    row, column = places[rng.integers(len(places))]
    return Place(int(row), int(column))


def _span(centre: int, size: int, length: int) -> slice:
    """As many indices as `size` around a centre, moved inside where the scene ends."""
    start = int(np.clip(centre - size // 2, 0, max(0, length - size)))
    return slice(start, min(start + size, length))


def cut_crop(background: Background, place: Place, size: int, structure: FloatArray | float = 0.0) -> Crop:
    """Cut a scene around a place after adding an enhancement (mol m-2, of the scene's shape or one for all)."""
    shape = background.usable.shape
    part = _span(place.row, size, shape[0]), _span(place.column, size, shape[1])
    column = background.swath["vertical_column"] + structure
    swath = background.swath.cut(*part)
    return Crop(swath, column[part], background.local.sigma[part], background.usable[part])


def geometry_of(swath: Swath) -> SwathGeometry:
    """Positions of a swath that has corners, as the simulation wants them."""
    unknown = np.full(swath.shape, np.nan)
    angles = [swath.get(name) for name in ("solar_zenith_angle", "viewing_zenith_angle")]
    solar, viewing = (unknown if angle is None else angle for angle in angles)
    return SwathGeometry(
        orbit=swath.orbit,
        scanline_start=int(swath.scanline[0]),
        ground_pixel_start=int(swath.ground_pixel[0]),
        time_s=(swath.time - EPOCH) / np.timedelta64(1, "s"),
        longitude=swath["longitude"],
        latitude=swath["latitude"],
        solar_zenith_deg=solar,
        viewing_zenith_deg=viewing,
        longitude_bounds=swath["longitude_bounds"],
        latitude_bounds=swath["latitude_bounds"],
    )


def plume_signal(plume: PlumeSpec, swath: Swath) -> FloatArray:
    """Column of a plume, mol m-2, (scanline, ground_pixel): averaged over each pixel, at its centre without corners."""
    if swath.has_corners:
        return np.nan_to_num(pixel_mean_column(plume, geometry_of(swath)))
    return plume_column(plume, swath["longitude"], swath["latitude"])


def source_position(rng: np.random.Generator, swath: Swath, place: Place) -> Position:
    """Draw a point of a pixel, as a plume through its centre is seen best; the centre where there are no corners."""
    u, v = rng.random(2)
    at = place.row, place.column
    if swath.has_corners and np.isfinite(swath["longitude_bounds"][at] + swath["latitude_bounds"][at]).all():
        weights = np.array([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v])
        corners = unit_vectors(swath["longitude_bounds"][at], swath["latitude_bounds"][at])
        longitude, latitude = from_vectors(weights @ corners)
        return Position(float(longitude), float(latitude))
    return Position(float(swath["longitude"][at]), float(swath["latitude"][at]))


def value_at(swath: Swath, name: str, place: Place) -> float:
    """Value of a field at a pixel; not-a-number where the granule does not have it."""
    values = swath.get(name)
    return float("nan") if values is None else float(values[place.row, place.column])


def area_km2(swath: Swath, place: Place) -> float:
    """Area of a pixel; not-a-number where the granule has no corners."""
    if not swath.has_corners:
        return float("nan")
    at = place.row, place.column
    return float(pixel_areas_m2(swath["longitude_bounds"][at], swath["latitude_bounds"][at])) / 1e6
