"""A chip on the ground: corners, outline and main axis in local equal-area kilometres, north up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.earth import from_vectors, unit_vectors
from so2plumes.plumes.ellipse import Ellipse
from so2plumes.plumes.outline import chip_corner_vectors
from so2plumes.swath.geometry import equal_area_metres

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from so2plumes.plumes.chips import Chip

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class ChipGeometry:
    """Where the pixels of a chip lie.

    Attributes
    ----------
    longitude_0, latitude_0 : float
        Origin of the plane, degrees.
    x_km, y_km : (scanline + 1, ground_pixel + 1)
        Corners, km east and north of the origin; not-a-number where unknown.
    mask : (scanline, ground_pixel) bool
        Pixels of the plume.
    """

    longitude_0: float
    latitude_0: float
    x_km: FloatArray
    y_km: FloatArray
    mask: NDArray[np.bool_]

    @property
    def drawable(self) -> NDArray[np.bool_]:
        """Pixels whose four corners are known."""
        good = np.isfinite(self.x_km) & np.isfinite(self.y_km)
        return good[:-1, :-1] & good[1:, :-1] & good[1:, 1:] & good[:-1, 1:]

    def quads(self, pixels: NDArray[np.bool_]) -> FloatArray:
        """Corners (n, 4, 2) of some pixels, km."""
        grid = np.stack([self.x_km, self.y_km], axis=-1)
        ring = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=2)
        return ring[pixels & self.drawable]

    def outline_segments(self) -> FloatArray:
        """Edges between plume and other pixels, (n, 2 ends, 2), km."""
        grid = np.stack([self.x_km, self.y_km], axis=-1)
        padded = np.pad(self.mask, 1)
        rows, columns = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])
        along = np.stack([grid[rows, columns], grid[rows, columns + 1]], axis=1)
        rows, columns = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
        across = np.stack([grid[rows, columns], grid[rows + 1, columns]], axis=1)
        segments = np.concatenate([along, across])
        return segments[np.isfinite(segments).all(axis=(1, 2))]

    def window(self, margin: float = 0.3, least_km: float = 25.0) -> tuple[float, float, float]:
        """Middle (x, y) and half width of a square around the plume, km."""
        quads = self.quads(self.mask)
        if not len(quads):
            return 0.0, 0.0, least_km
        low, high = quads.min(axis=(0, 1)), quads.max(axis=(0, 1))
        half = max(0.5 * float((high - low).max()) * (1 + margin), least_km)
        return float(0.5 * (low[0] + high[0])), float(0.5 * (low[1] + high[1])), half


def chip_geometry(chip: Chip, longitude_0: float | None = None, latitude_0: float | None = None) -> ChipGeometry:
    """Lay a chip out on a plane.

    Parameters
    ----------
    chip : Chip
        Where it has no corners they are put half-way between pixel centres.
    longitude_0, latitude_0 : float, optional
        Origin, degrees; the middle of the plume if not given.

    Raises
    ------
    GeometryError
        When there are no corners and too few pixels to guess them.
    """
    mask = chip.mask
    if longitude_0 is None or latitude_0 is None or not np.isfinite([longitude_0, latitude_0]).all():
        vectors = unit_vectors(chip["longitude"], chip["latitude"])
        chosen = vectors[mask] if mask.any() else vectors.reshape(-1, 3)
        lon0, lat0 = from_vectors(np.nanmean(chosen, axis=0))
        longitude_0, latitude_0 = float(lon0), float(lat0)
    origin = np.asarray(longitude_0), np.asarray(latitude_0)
    x, y = equal_area_metres(*from_vectors(chip_corner_vectors(chip)), *origin)
    return ChipGeometry(longitude_0, latitude_0, x / 1e3, y / 1e3, mask)


@dataclass(frozen=True)
class MainAxis:
    """Ellipse of a plume and its main axis, km in the plane of a chip whose origin is the ellipse's centre.

    ``full`` are the ends of the ellipse's axis, ``trimmed`` those of the part that is the plume's length
    (None where there is no length), each (2 ends, 2).
    """

    ellipse: FloatArray
    full: FloatArray
    trimmed: FloatArray | None


def centre_line(geometry: ChipGeometry, row: Mapping[str, Any]) -> FloatArray | None:
    """Lay the centre line of a row of the plume table on the plane of a chip, (n, 2) km; None where it has none."""
    from shapely import get_coordinates

    points = get_coordinates(row.get("centre_line"))
    if not len(points):
        return None
    x, y = equal_area_metres(points[:, 0], points[:, 1], geometry.longitude_0, geometry.latitude_0)
    return np.column_stack([x, y]) / 1e3


def main_axis(geometry: ChipGeometry, row: Mapping[str, Any]) -> MainAxis | None:
    """Build ellipse and main axis from a row of the plume table; None where it has no ellipse.

    The trimmed part runs between the first and last crossing of axis and outline. Where that is not the
    length of the row (axis off the plume), the row's length is laid around the middle of the plume's extent
    along the axis.
    """
    names = ("ellipse_major_m", "ellipse_minor_m", "ellipse_angle_deg")
    shape = Ellipse(0.0, 0.0, *(float(row[name]) for name in names))
    if not np.isfinite([shape.major_m, shape.minor_m, shape.angle_deg]).all():
        return None
    ring = np.asarray(shape.polygon().exterior.coords) / 1e3
    full = np.outer([-0.5e-3, 0.5e-3], shape.major_m * shape.axis)
    length = float(row["length_m"]) / 1e3
    if not np.isfinite(length):
        return MainAxis(ring, full, None)
    first, last = _crossings(geometry, full, shape.axis)
    if abs((last - first) - length) > 0.05 * length:
        middle = 0.5 * (first + last)
        first, last = middle - 0.5 * length, middle + 0.5 * length
    return MainAxis(ring, full, np.outer([first, last], shape.axis))


def _crossings(geometry: ChipGeometry, full: FloatArray, along: FloatArray) -> tuple[float, float]:
    """Find where along the axis its part in the plume ends, or the whole plume where it misses it."""
    from shapely import union_all
    from shapely.geometry import LineString, Polygon

    plume: BaseGeometry = union_all([Polygon(quad) for quad in geometry.quads(geometry.mask)])
    inside = LineString(full).intersection(plume)
    if inside.is_empty:
        reach = geometry.quads(geometry.mask).reshape(-1, 2) @ along
        return (float(reach.min()), float(reach.max())) if reach.size else (0.0, 0.0)
    parts = [np.asarray(part.coords) for part in getattr(inside, "geoms", [inside])]
    reach = np.concatenate(parts) @ along
    return float(reach.min()), float(reach.max())
