"""Swaths and chips from analytic grids: pixels of known size, plumes of known shape and rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod, Proj

from so2plumes.plumes.chips import Chip
from so2plumes.plumes.components import ComponentRule
from so2plumes.plumes.extract import ExtractionRule, extract_plumes
from so2plumes.simulate.orbits import swath_geometry, to_datetime64
from so2plumes.simulate.plumes import local_metres
from so2plumes.simulate.views import locate, window_around
from so2plumes.swath.model import Swath

MADE_OF = {"orbit": 17_863, "processor_version": "02.04.01", "retrieval": "doas"}


@dataclass(frozen=True)
class Grid:
    """Pixels of a swath; ``x_m`` and ``y_m`` are the centres in metres east and north of the middle."""

    longitude: NDArray
    latitude: NDArray
    longitude_bounds: NDArray
    latitude_bounds: NDArray
    x_m: NDArray
    y_m: NDArray

    @property
    def shape(self) -> tuple[int, int]:
        return self.longitude.shape


def _ring(grid: NDArray) -> NDArray:
    return np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=-1)


def _f4(values: NDArray) -> NDArray:
    return np.asarray(values).astype("f4")


def metre_grid(
    n_scan: int = 40,
    n_pixel: int = 40,
    longitude: float = 15.0,
    latitude: float = 37.7,
    along_m: float = 5500.0,
    across_m: float = 3500.0,
    turn_deg: float = 0.0,
) -> Grid:
    """Rectangular pixels of exactly ``along_m x across_m``, laid out in an equal-area projection around a place."""
    s, g = np.meshgrid(np.arange(n_scan + 1) - n_scan / 2, np.arange(n_pixel + 1) - n_pixel / 2, indexing="ij")
    turn = np.radians(turn_deg)
    x = across_m * g * np.cos(turn) + along_m * s * np.sin(turn)
    y = -across_m * g * np.sin(turn) + along_m * s * np.cos(turn)
    x_centre, y_centre = _ring(x).mean(axis=-1), _ring(y).mean(axis=-1)

    equal_area = Proj(proj="laea", lon_0=longitude, lat_0=latitude, ellps="WGS84")

    def degrees(east: NDArray, north: NDArray) -> tuple[NDArray, NDArray]:
        lon, lat = equal_area(east, north, inverse=True)
        return (lon + 180.0) % 360.0 - 180.0, lat

    lon, lat = degrees(x_centre, y_centre)
    lon_edge, lat_edge = degrees(x, y)
    return Grid(_f4(lon), _f4(lat), _f4(_ring(lon_edge)), _f4(_ring(lat_edge)), x_centre, y_centre)


def orbit_grid(orbit: int, longitude: float, latitude: float, n_scan: int = 40, n_pixel: int = 40) -> Grid:
    """Pixels of a simulated orbit around a place that it sees."""
    view = locate(orbit, longitude, latitude)
    assert view is not None, "the orbit does not see the place"
    geometry = swath_geometry(
        orbit, window_around(view.scanline, n_scan, 4172), window_around(view.ground_pixel, n_pixel, 450)
    )
    x, y = local_metres(geometry.longitude, geometry.latitude, longitude, latitude)
    return Grid(
        _f4(geometry.longitude),
        _f4(geometry.latitude),
        _f4(geometry.longitude_bounds),
        _f4(geometry.latitude_bounds),
        x,
        y,
    )


def make_swath(
    grid: Grid,
    column: NDArray | float = 0.0,
    wind: tuple[float, float] | None = (5.0, 0.0),
    corners: bool = True,
    qa_value: NDArray | int = 100,
    flags: NDArray | int | None = 0,
    granule: str = "granule",
    origin: tuple[int, int] = (1000, 100),
    **more: NDArray,
) -> Swath:
    """Make a swath of the grid with a column (mol m-2), a wind (east, north; m/s) and detection flags."""
    fields: dict[str, Any] = {
        "longitude": grid.longitude,
        "latitude": grid.latitude,
        "vertical_column": _f4(np.broadcast_to(column, grid.shape)).copy(),
        "qa_value": np.broadcast_to(np.asarray(qa_value, "u1"), grid.shape).copy(),
        **more,
    }
    if corners:
        fields |= {"longitude_bounds": grid.longitude_bounds, "latitude_bounds": grid.latitude_bounds}
    if wind is not None:
        for name, part in zip(("eastward_wind", "northward_wind"), wind, strict=True):
            fields[name] = _f4(np.broadcast_to(part, grid.shape)).copy()
    if flags is not None:
        fields["detection_flag"] = np.broadcast_to(np.asarray(flags, "u1"), grid.shape).copy()
    n_scan, n_pixel = grid.shape
    return Swath(
        granule=granule,
        time=to_datetime64(353_000_000.0 + 0.84 * np.arange(n_scan)),
        scanline=origin[0] + np.arange(n_scan),
        ground_pixel=origin[1] + np.arange(n_pixel),
        fields=fields,
        **MADE_OF,  # type: ignore[arg-type]
    )


def cut(swath: Swath, mask: NDArray[np.bool_], **rule: Any) -> list[Chip]:
    """Cut the plumes of a known mask; the smallest may have one pixel."""
    return extract_plumes(swath, mask.astype("f4"), ExtractionRule(ComponentRule(min_pixels=1), **rule), "digest")


def only(chips: Sequence[Chip]) -> Chip:
    """Return the one chip that there must be."""
    assert len(chips) == 1
    return chips[0]


def block(grid: Grid, rows: slice, columns: slice) -> NDArray[np.bool_]:
    """Mask of a block of pixels."""
    mask = np.zeros(grid.shape, bool)
    mask[rows, columns] = True
    return mask


def ellipse_mask(
    grid: Grid,
    major_m: float,
    minor_m: float,
    angle_deg: float = 0.0,
    centre_m: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.bool_]:
    """Pixels whose centre lies in an ellipse; full axes, angle clockwise from north."""
    angle = np.radians(angle_deg)
    east, north = grid.x_m - centre_m[0], grid.y_m - centre_m[1]
    along = east * np.sin(angle) + north * np.cos(angle)
    across = east * np.cos(angle) - north * np.sin(angle)
    return (2 * along / major_m) ** 2 + (2 * across / minor_m) ** 2 <= 1.0


def geodesic_area_m2(geometry: Any) -> float:
    """Area of a shape in degrees on the WGS84 ellipsoid, by the geodesic polygon."""
    return abs(Geod(ellps="WGS84").geometry_area_perimeter(geometry)[0])
