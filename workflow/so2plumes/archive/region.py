"""The part of the Earth that a campaign is about: a box or a polygon in degrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from so2plumes.archive.footprints import parse_footprint
from so2plumes.earth import unit_vectors, wrap_longitude
from so2plumes.errors import ConfigError
from so2plumes.swath.model import Swath

_KEY = "campaign.region"
_EXPECTED = "[west, south, east, north] in degrees, a GeoJSON Polygon or MultiPolygon, or WKT"
_TURNS = (-720, -360, 0, 360, 720)
_PIXEL_KM = 15.0
"""Reach of a pixel: the largest half diagonal, at the edge of the swath."""
_REACH_DEG = 0.2
"""The same in latitude, rounded up."""


@dataclass(frozen=True)
class Region:
    """A region; its edges are straight in longitude and latitude.

    Attributes
    ----------
    geometry : shapely geometry
        Longitudes in [-180, 180], split at the antimeridian.
    text : str
        How it was written, for records.
    """

    geometry: Any = field(repr=False)
    text: str

    def contains(self, longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.bool_]:
        """Tell which points lie in the region, its edge included.

        Parameters
        ----------
        longitude, latitude : array, any shape
            Degrees; not-a-number is outside.

        Returns
        -------
        array of bool
        """
        import shapely

        x, y = wrap_longitude(longitude), np.asarray(latitude, dtype=float)
        inside = shapely.intersects_xy(self.geometry, x, y)
        east_edge = x == -180.0
        if np.any(east_edge):
            inside = inside | (east_edge & shapely.intersects_xy(self.geometry, 180.0, y))
        return np.asarray(inside, dtype=bool)

    def meets(self, footprint: str | None, margin_deg: float = 0.5) -> bool:
        """Tell whether a granule may have pixels in the region; in doubt it does.

        Parameters
        ----------
        footprint : str or None
            Outline of the granule as WKT; without one the answer is True.
        margin_deg : float
            Outlines in the catalogue are simplified: one that passes at this distance counts.
        """
        import shapely

        if not footprint:
            return True
        outline = parse_footprint(footprint)
        if outline.ambiguous:
            return True
        lines = outline.lines()
        for turn in _TURNS:
            moved = shapely.transform(lines, lambda xy, turn=turn: xy + (turn, 0.0))
            if shapely.dwithin(self.geometry, moved, margin_deg):
                return True
        inner = np.array([[p.x, p.y] for p in map(shapely.point_on_surface, shapely.get_parts(self.geometry))])
        return bool(outline.covers(inner[:, 0], inner[:, 1]).any())


def parse_region(value: Sequence[float] | dict[str, Any] | str) -> Region:
    """Read a region.

    Parameters
    ----------
    value : list, dict or str
        ``[west, south, east, north]`` in degrees, where west > east crosses the antimeridian; a GeoJSON Polygon or
        MultiPolygon (or a Feature with one); or its WKT. Longitudes beyond 180 go on eastwards.

    Raises
    ------
    ConfigError
        It is none of these, has no area, or an edge is longer than 180 degrees of longitude.
    """
    if isinstance(value, str):
        return _polygon_region(_from_wkt(value), value)
    if isinstance(value, dict):
        return _polygon_region(_from_geojson(value), str(value))
    return _box_region(list(value))


def _wrong(problem: str, found: Any, expected: str = _EXPECTED) -> ConfigError:
    return ConfigError(problem, where=_KEY, expected=expected, found=str(found)[:300])


def _box_region(box: list[float]) -> Region:
    import shapely

    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) and np.isfinite(v) for v in box)
    if len(box) != 4 or not numbers:
        raise _wrong("the box of the region needs four numbers", box)
    west, south, east, north = map(float, box)
    if not (-90 <= south < north <= 90):
        raise _wrong("the box of the region has no height", box, "-90 <= south < north <= 90")
    if not (-180 <= west <= 360 and -180 <= east <= 360) or west == east:
        raise _wrong("the box of the region has no width", box, "west and east in -180..360, and different")
    if west > east:
        east += 360
    if east - west >= 360:
        west, east = -180.0, 180.0
    return Region(_on_the_globe(shapely.box(west, south, east, north)), f"[{', '.join(f'{v:g}' for v in box)}]")


def _from_wkt(text: str) -> Any:
    import shapely

    try:
        return shapely.from_wkt(text)
    except shapely.errors.ShapelyError as error:
        raise _wrong("the region is no WKT", f"{text[:100]} ({error})") from error


def _from_geojson(document: dict[str, Any]) -> Any:
    import shapely
    from shapely.geometry import shape

    try:
        return shape(document.get("geometry") or document)
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise _wrong("the region is no GeoJSON geometry", f"{document} ({error})") from error


def _polygon_region(geometry: Any, text: str) -> Region:
    import shapely

    if geometry.geom_type not in ("Polygon", "MultiPolygon") or geometry.is_empty or not geometry.area > 0:
        raise _wrong("the region has no area", text)
    if not geometry.is_valid:
        raise _wrong("the outline of the region crosses itself", shapely.is_valid_reason(geometry), "a simple outline")
    x0, y0, x1, y1 = geometry.bounds
    if y0 < -90 or y1 > 90 or x0 < -360 or x1 > 540:
        raise _wrong("the region leaves the Earth", f"bounds {geometry.bounds}", "longitude first, both in degrees")
    for ring in (ring for part in shapely.get_parts(geometry) for ring in (part.exterior, *part.interiors)):
        if np.abs(np.diff(np.asarray(ring.coords)[:, 0])).max() > 180:
            raise _wrong(
                "an edge of the region is longer than 180 degrees of longitude",
                text,
                "a polygon split at the antimeridian, or longitudes that go on beyond 180; for a belt around the Earth"
                " the box [-180, south, 180, north]",
            )
    return Region(_on_the_globe(geometry), text)


def _on_the_globe(geometry: Any) -> Any:
    """Bring the parts beyond the antimeridian back to [-180, 180]."""
    import shapely

    globe = shapely.box(-180, -90, 180, 90)
    turned = [shapely.transform(geometry, lambda xy, turn=turn: xy + (turn, 0.0)) for turn in (-360, 0, 360)]
    parts = [part for piece in shapely.intersection(turned, globe) for part in shapely.get_parts(piece)]
    return shapely.union_all([part for part in parts if part.geom_type == "Polygon"])


def rows_that_see(longitude: NDArray[np.floating], latitude: NDArray[np.floating], region: Region) -> NDArray[np.intp]:
    """Return the numbers of the scanlines with a pixel in the region, or within 15 km of one smaller than a pixel.

    Parameters
    ----------
    longitude, latitude : (scanline, ground_pixel) degrees
        Fill values see nothing.
    region : Region
    """
    _, south, _, north = region.geometry.bounds
    located = (np.abs(longitude) <= 360.0) & (np.abs(latitude) <= 90.0)
    level = located & (latitude >= south - _REACH_DEG) & (latitude <= north + _REACH_DEG)
    candidates = np.flatnonzero(level.any(axis=1))
    longitude, latitude, located = longitude[candidates], latitude[candidates], located[candidates]
    seeing = (region.contains(longitude, latitude) & located).any(axis=1)
    if not seeing.any():
        seeing = (_close_to(region, longitude, latitude) & located).any(axis=1)
    return candidates[seeing]


def scanlines_of(swath: Swath, region: Region, margin: int = 32) -> slice | None:
    """Return the scanlines of a swath that see a region.

    Parameters
    ----------
    swath : Swath
    region : Region
    margin : int
        Scanlines kept before and after, for plumes that leave the region and for the background around them.

    Returns
    -------
    slice or None
        Rows of the swath; None where no pixel lies in the region. A region smaller than a pixel is seen by the
        pixels within 15 km of it.
    """
    rows = rows_that_see(swath["longitude"], swath["latitude"], region)
    if rows.size == 0:
        return None
    return slice(max(0, int(rows[0]) - margin), min(swath.shape[0], int(rows[-1]) + 1 + margin))


def _close_to(region: Region, longitude: NDArray, latitude: NDArray) -> NDArray[np.bool_]:
    import shapely

    from so2plumes.constants import EARTH_RADIUS_KM

    corners = shapely.get_coordinates(region.geometry)
    corners = corners[:: max(1, len(corners) // 50)]
    pixels = unit_vectors(longitude, latitude)
    least = np.cos(_PIXEL_KM / EARTH_RADIUS_KM)
    close = np.zeros(longitude.shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        for corner in unit_vectors(corners[:, 0], corners[:, 1]):
            close |= pixels @ corner >= least
    return close
