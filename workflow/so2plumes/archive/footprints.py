"""Outlines of granules on the sphere.

The catalogue's outlines are WKT in degrees whose edges are parts of great circles (they are of the type *geography*).
A TROPOMI swath reaches over the poles, and its outline may be split at the antimeridian or jump across it; on the
sphere neither needs a special case.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.earth import from_vectors, unit_vectors
from so2plumes.errors import GeometryError

_STEP_DEG = 0.5
_TILT = np.array([0.0123, -0.0217, 0.0171])
"""Keeps the reference point off meridians and parallels, on which outlines have their corners."""

_SPREAD_OUT = 0.05
"""Length of the mean unit vector below which an outline goes around the Earth, and has no side that is surely out."""


@dataclass(frozen=True)
class Footprint:
    """The outline of one granule.

    Attributes
    ----------
    rings : tuple of (n, 2) float
        Closed rings of longitude and latitude in degrees; shells and holes alike.
    """

    rings: tuple[NDArray[np.float64], ...]

    @cached_property
    def _edges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        vectors = [unit_vectors(ring[:, 0], ring[:, 1]) for ring in self.rings]
        return np.concatenate([v[:-1] for v in vectors]), np.concatenate([v[1:] for v in vectors])

    @cached_property
    def _outlines(self) -> list[NDArray[np.float64]]:
        return [_along_great_circles(ring) for ring in self.rings]

    @cached_property
    def _outside(self) -> NDArray[np.float64] | None:
        """Return a point that is outside: opposite to the mean of the outline; None where there is no such mean."""
        mean = np.concatenate(self._outlines).mean(axis=0)
        if np.linalg.norm(mean) < _SPREAD_OUT:
            return None
        point = _TILT - mean / np.linalg.norm(mean)
        return point / np.linalg.norm(point)

    @property
    def ambiguous(self) -> bool:
        """True where inside and outside cannot be told: edges that go around the Earth, or an outline that does."""
        jumps = [np.abs(np.diff(ring[:, 0])) for ring in self.rings]
        lows = [np.minimum(np.abs(ring[:-1, 1]), np.abs(ring[1:, 1])) for ring in self.rings]
        around = any(bool(((jump > 359) & (low < 85)).any()) for jump, low in zip(jumps, lows, strict=True))
        return around or self._outside is None

    def covers(self, longitude: NDArray[np.floating], latitude: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Tell which points (degrees, any shape) lie inside; all of them where that is ambiguous."""
        points = unit_vectors(longitude, latitude)
        if self.ambiguous or self._outside is None:
            return np.ones(points.shape[:-1], dtype=bool)
        flat = points.reshape(-1, 3)
        crossings = _crossings(flat, self._outside, *self._edges)
        return (crossings % 2 == 1).reshape(points.shape[:-1])

    def lines(self) -> Any:
        """Return the outline as planar lines with a vertex every half degree (shapely MultiLineString).

        Longitudes go on where the outline crosses the antimeridian, so they may leave [-180, 180].
        """
        import shapely

        lines = []
        for vectors in self._outlines:
            longitude, latitude = from_vectors(vectors)
            lines.append(np.column_stack([np.unwrap(longitude, period=360.0), latitude]))
        return shapely.MultiLineString(lines)


def parse_footprint(text: str) -> Footprint:
    """Read the WKT of a Polygon or MultiPolygon, longitude first, in degrees.

    Raises
    ------
    GeometryError
        The text is no such thing.
    """
    import shapely

    try:
        geometry = shapely.from_wkt(text)
        polygons = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and not part.is_empty]
    except shapely.errors.ShapelyError as error:
        raise _no_outline(text, str(error)) from error
    rings = [np.asarray(ring.coords)[:, :2] for p in polygons for ring in (p.exterior, *p.interiors)]
    if not rings:
        raise _no_outline(text, geometry.geom_type)
    return Footprint(tuple(rings))


def _no_outline(text: str, found: str) -> GeometryError:
    return GeometryError(
        "the outline of a granule cannot be read",
        where=text[:100],
        expected="WKT of a Polygon or MultiPolygon in degrees",
        found=found,
    )


def _along_great_circles(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return unit vectors along a ring at steps of half a degree at most."""
    vectors = unit_vectors(ring[:, 0], ring[:, 1])
    pieces = []
    for a, b in zip(vectors[:-1], vectors[1:], strict=True):
        angle = float(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b))
        n = max(1, int(np.ceil(np.degrees(angle) / _STEP_DEG)))
        share = np.arange(n)[:, None] / n
        if n == 1:
            pieces.append(a[None])
        else:
            pieces.append((np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle))
    pieces.append(vectors[-1][None])
    return np.concatenate(pieces)


def _crossings(
    points: NDArray[np.float64], reference: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Count the edges a-b that the arc from each point to the reference crosses.

    Two arcs shorter than 180 degrees cross where all four triple products have one sign.
    """
    normals = np.cross(a, b)
    arcs = np.cross(points, reference)
    with_point = -(points @ normals.T)
    with_reference = np.broadcast_to(normals @ reference, with_point.shape)
    with_b, with_a = -(arcs @ b.T), arcs @ a.T
    stacked = np.stack([with_point, with_reference, with_b, with_a])
    return ((stacked > 0).all(axis=0) | (stacked < 0).all(axis=0)).sum(axis=1)
