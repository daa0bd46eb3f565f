"""Outlines built from pixel corners.

The outline is traced on the integer grid of pixel edges, where it is exact, and then every grid point takes the
position at which the pixels around it meet. (`cv2` contours run through pixel centres: a 4 x 4 block would have an
area of 9.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.earth import from_vectors, unit_vectors
from so2plumes.errors import GeometryError
from so2plumes.plumes.chips import Chip
from so2plumes.swath.geometry import corner_grid, equal_area_metres, inverse_equal_area

_DEGREE_GRID = 1e-9
_LONGITUDE_STEP = 2.0
_POLAR_STEP_M = 250.0
_LINE_STEP = 10.0
_LINE_STEP_M = 1000.0


@dataclass(frozen=True)
class Outline:
    """A plume's outline in three coordinate systems.

    Attributes
    ----------
    swath : shapely geometry
        x = ground pixel number, y = scanline number, pixel edges at integers.
    local : shapely geometry
        Metres east and north of the centre, equal-area.
    geographic : shapely geometry
        Degrees, EPSG:4326, counter-clockwise, split at the antimeridian.
    longitude_0, latitude_0 : float
        Centre of the local coordinates.
    crosses_antimeridian : bool
    """

    swath: Any
    local: Any
    geographic: Any
    longitude_0: float
    latitude_0: float
    crosses_antimeridian: bool


def index_outline(mask: NDArray[np.bool_]) -> Any:
    """Outline of a mask on the grid of pixel edges, with a vertex at every grid point.

    Parameters
    ----------
    mask : (scanline, ground_pixel) bool

    Returns
    -------
    shapely Polygon or MultiPolygon
        x = column edge, y = row edge.
    """
    import shapely

    boxes = []
    for row, line in enumerate(mask):
        steps = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
        boxes += [shapely.box(a, row, b, row + 1) for a, b in zip(steps[::2], steps[1::2], strict=True)]
    if not boxes:
        raise GeometryError("a plume without pixels has no outline", where="plume mask", found="0 pixels")
    return shapely.segmentize(shapely.union_all(boxes), 1.0)


def _centres_to_corners(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    """Corner positions (n+1, m+1, 3) midway between pixel centres, extrapolated at the rim."""
    padded = np.pad(vectors, ((1, 1), (1, 1), (0, 0)), mode="reflect", reflect_type="odd")
    return 0.25 * (padded[:-1, :-1] + padded[1:, :-1] + padded[:-1, 1:] + padded[1:, 1:])


def chip_corner_vectors(chip: Chip) -> NDArray[np.floating]:
    """Positions (n+1, m+1, 3) where pixels meet: from the file's corners, else midway between centres."""
    if chip.has_corners:
        return corner_grid(chip["longitude_bounds"], chip["latitude_bounds"])
    if min(chip.shape) < 2:
        raise GeometryError(
            "a granule of one line and without corners has no outline",
            where=chip.plume_id,
            expected="at least 2 x 2 pixels, or corners",
            found=str(chip.shape),
        )
    return _centres_to_corners(unit_vectors(chip["longitude"], chip["latitude"]))


def _mapped(geometry: Any, position: Any) -> Any:
    """Replace every vertex (column, row) by ``position(columns, rows)``, dropping vertices without one."""
    import shapely

    def ring(coordinates: Any) -> NDArray[np.floating]:
        index = np.rint(np.asarray(coordinates)[:-1]).astype(int)
        points = np.column_stack(position(index[:, 0], index[:, 1]))
        return points[np.isfinite(points).all(axis=1)]

    polygons = []
    for polygon in shapely.get_parts(geometry):
        shell = ring(polygon.exterior.coords)
        holes = [ring(hole.coords) for hole in polygon.interiors]
        if len(shell) >= 3:
            polygons.append(shapely.Polygon(shell, [hole for hole in holes if len(hole) >= 3]))
    if not polygons:
        raise GeometryError("no corner of the plume has a position", where="latitude_bounds")
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _valid(geometry: Any) -> Any:
    import shapely

    if not geometry.is_valid:
        geometry = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    return geometry


def _polygons(geometry: Any) -> list[Any]:
    """Polygons of a geometry, without the points and lines in which shapes may meet."""
    import shapely

    return [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]


def _folded(ring: NDArray[np.floating], pole: float) -> Any:
    """Area within a closed ring of degrees, brought to -180..180 piece by piece; a ring around the pole holds it.

    It is opened at its point nearest to the pole, from where nothing of it lies on the way there.
    """
    import shapely

    start = int(np.argmax(ring[:-1, 1] * np.sign(pole)))
    ring = np.concatenate([ring[start:-1], ring[: start + 1]])
    longitude, latitude = np.unwrap(ring[:, 0], period=360.0), ring[:, 1]
    if abs(longitude[-1] - longitude[0]) > 180.0:
        longitude = np.append(longitude, longitude[[-1, 0]])
        latitude = np.append(latitude, [pole, pole])
    plane = _valid(shapely.Polygon(np.column_stack([longitude, latitude])))
    pieces = []
    for turn in np.arange(np.floor((longitude.min() + 180) / 360), np.floor((longitude.max() + 180) / 360) + 1) * 360.0:
        window = shapely.box(turn - 180.0, -90.0, turn + 180.0, 90.0)
        pieces += _polygons(shapely.affinity.translate(plane.intersection(window), -turn))
    return shapely.union_all(pieces, grid_size=_DEGREE_GRID)


def _split(polygon: Any, pole: float) -> list[Any]:
    """Cut a polygon of degrees along the antimeridian."""
    import shapely

    whole = _folded(shapely.get_coordinates(polygon.exterior), pole)
    for hole in polygon.interiors:
        whole = shapely.difference(whole, _folded(shapely.get_coordinates(hole), pole), grid_size=_DEGREE_GRID)
    return _polygons(whole)


def _longest_step(longitude: NDArray[np.floating]) -> float:
    """Largest difference between neighbouring longitudes, the short way round."""
    return float(np.abs((np.diff(longitude) + 180.0) % 360.0 - 180.0).max(initial=0.0))


def to_geographic(local: Any, longitude_0: float, latitude_0: float) -> tuple[Any, bool]:
    """Turn a local outline into degrees: counter-clockwise, split at the antimeridian, closed over a pole.

    Beside a pole, where an edge spans more than 2 degrees of longitude, points are added every 250 m: a straight edge
    of degrees would leave the pixel's edge there.

    Returns
    -------
    geometry : shapely Polygon or MultiPolygon, EPSG:4326
    crosses : bool
        True where it was split.
    """
    import shapely

    def degrees(points: NDArray) -> NDArray:
        longitude, latitude = inverse_equal_area(points[:, 0], points[:, 1], longitude_0, latitude_0)
        return np.column_stack([np.clip(longitude, -180.0, 180.0), latitude])

    parts = []
    crosses = False
    for part in shapely.get_parts(local):
        plain = shapely.transform(part, degrees)
        rings = (plain.exterior, *plain.interiors)
        if max(_longest_step(shapely.get_coordinates(ring)[:, 0]) for ring in rings) > _LONGITUDE_STEP:
            plain = shapely.transform(shapely.segmentize(part, _POLAR_STEP_M), degrees)
        if np.abs(np.diff(shapely.get_coordinates(plain.exterior)[:, 0])).max() <= 180.0:
            parts.append(plain)
            continue
        pieces = _split(plain, float(np.copysign(90.0, latitude_0)))
        west, _, east, _ = shapely.total_bounds(pieces)
        crosses |= bool(west == -180.0 and east == 180.0)
        parts += pieces
    geometry = _valid(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))
    oriented = [shapely.geometry.polygon.orient(part, 1.0) for part in shapely.get_parts(geometry)]
    return oriented[0] if len(oriented) == 1 else shapely.MultiPolygon(oriented), crosses


@dataclass(frozen=True)
class Line:
    """A line on the ground.

    Attributes
    ----------
    geometry : shapely LineString or MultiLineString
        Degrees, EPSG:4326, in the order of its points, split at the antimeridian.
    length_m : float
        Geodesic length.
    """

    geometry: Any
    length_m: float


def line_to_geographic(points: NDArray[np.floating], longitude_0: float, latitude_0: float) -> Line:
    """Turn a line (n, 2) in local metres into degrees; beside a pole points are added every kilometre."""
    import shapely
    from pyproj import Geod

    longitude, latitude = inverse_equal_area(points[:, 0], points[:, 1], longitude_0, latitude_0)
    if _longest_step(longitude) > _LINE_STEP:
        points = shapely.get_coordinates(shapely.segmentize(shapely.LineString(points), _LINE_STEP_M))
        longitude, latitude = inverse_equal_area(points[:, 0], points[:, 1], longitude_0, latitude_0)
    length = float(Geod(ellps="WGS84").line_length(longitude, latitude))
    parts = [shapely.LineString(part) for part in _split_line(np.unwrap(longitude, period=360.0), latitude)]
    return Line(parts[0] if len(parts) == 1 else shapely.MultiLineString(parts), length)


def _split_line(longitude: NDArray[np.floating], latitude: NDArray[np.floating]) -> list[NDArray[np.floating]]:
    """Cut a line of unwrapped longitudes at the antimeridian; pieces (n, 2) of -180 to 180 degrees in their order."""
    turn = np.floor((longitude + 180.0) / 360.0)
    at = np.flatnonzero(np.diff(turn))
    border = 360.0 * np.maximum(turn[at], turn[at + 1]) - 180.0
    share = (border - longitude[at]) / (longitude[at + 1] - longitude[at])
    latitude = np.insert(latitude, at + 1, latitude[at] + share * (latitude[at + 1] - latitude[at]))
    points = np.column_stack([np.insert(longitude, at + 1, border), latitude])
    turn = np.floor((0.5 * (points[:-1, 0] + points[1:, 0]) + 180.0) / 360.0)
    ends = [0, *(np.flatnonzero(np.diff(turn)) + 1), len(turn)]
    pieces = [points[a : b + 1] - [360.0 * turn[a], 0.0] for a, b in zip(ends[:-1], ends[1:], strict=True)]
    return [piece for piece in pieces if np.ptp(piece, axis=0).any()]


def outline_of(chip: Chip) -> Outline:
    """Outline of a chip's plume.

    Raises
    ------
    GeometryError
        When no position is known.
    """
    import shapely

    corners = chip_corner_vectors(chip)
    index = index_outline(chip.mask)
    centre = np.nanmean(unit_vectors(chip["longitude"], chip["latitude"])[chip.mask], axis=0)
    longitude_0, latitude_0 = (float(v) for v in from_vectors(centre))
    longitude, latitude = from_vectors(corners)
    x, y = equal_area_metres(longitude, latitude, longitude_0, latitude_0)
    local = _valid(_mapped(index, lambda columns, rows: (x[rows, columns], y[rows, columns])))
    geographic, crosses = to_geographic(local, longitude_0, latitude_0)
    shifted = shapely.affinity.translate(index, chip.ground_pixel_start, chip.scanline_start)
    return Outline(shapely.simplify(shifted, 0.0), local, geographic, longitude_0, latitude_0, crosses)
