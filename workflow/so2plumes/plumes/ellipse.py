"""The ellipse fitted to an outline and the plume's length along it (FP-pre 2.3, Fig. 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MIN_AXIS_SHARE = 0.5


@dataclass(frozen=True)
class Ellipse:
    """An ellipse in local metres.

    Attributes
    ----------
    x_m, y_m : float
        Centre, east and north.
    major_m, minor_m : float
        Full axes.
    angle_deg : float
        Direction of the main axis, clockwise from north, 0 to 180.
    """

    x_m: float
    y_m: float
    major_m: float
    minor_m: float
    angle_deg: float

    @property
    def area_m2(self) -> float:
        """Area."""
        return float(np.pi * self.major_m * self.minor_m / 4.0)

    @property
    def axis(self) -> NDArray[np.floating]:
        """Unit vector (east, north) of the main axis."""
        angle = np.radians(self.angle_deg)
        return np.array([np.sin(angle), np.cos(angle)])

    def polygon(self, n: int = 180) -> Any:
        """Return the ellipse as a shapely polygon."""
        import shapely

        t = np.linspace(0.0, 2 * np.pi, n, endpoint=False)
        along, across = self.axis, np.array([self.axis[1], -self.axis[0]])
        points = np.outer(np.cos(t), along) * self.major_m / 2 + np.outer(np.sin(t), across) * self.minor_m / 2
        return shapely.Polygon(points + [self.x_m, self.y_m])


@dataclass(frozen=True)
class Length:
    """Length of a plume along its main axis.

    ``on_plume`` is False where the axis misses most of the outline and the length is the extent along the axis.
    """

    length_m: float
    on_plume: bool


def _from_rectangle(outline: Any) -> Ellipse:
    """Ellipse with the centre, direction and second moments of the smallest rectangle around an outline."""
    import shapely

    corners = shapely.get_coordinates(shapely.oriented_envelope(outline))[:4]
    sides = np.diff(corners[:3], axis=0)
    lengths = np.hypot(*sides.T)
    x, y = corners.mean(axis=0)
    axis = sides[int(np.argmax(lengths))]
    minor, major = np.sort(lengths) * 2.0 / np.sqrt(3.0)
    return Ellipse(
        float(x), float(y), float(major), float(minor), float(np.degrees(np.arctan2(axis[0], axis[1])) % 180.0)
    )


def fit_ellipse(outline: Any) -> Ellipse | None:
    """Fit an ellipse to the outer corners of an outline in local metres.

    Least squares as in OpenCV; where that runs away (longer than twice the outline) or collapses (less than half its
    area), its direct variant, and where both do (a straight row of pixels), the smallest rectangle's ellipse.

    Returns
    -------
    Ellipse or None
        None for fewer than 5 points.
    """
    import cv2
    import shapely

    points = shapely.get_coordinates(shapely.get_exterior_ring(shapely.get_parts(outline)))
    if len(np.unique(points, axis=0)) < 5:
        return None
    extent = float(np.hypot(*np.ptp(points, axis=0)))
    centre = points.mean(axis=0)
    scaled = ((points - centre) / extent).astype(np.float32)
    least = 0.5 * outline.area / extent**2
    for fit in (cv2.fitEllipse, cv2.fitEllipseDirect):
        (x, y), (width, height), angle = fit(scaled)
        finite = np.isfinite([x, y, width, height, angle]).all()
        if finite and max(width, height) <= 2.0 and np.pi / 4 * width * height >= least:
            break
    else:
        return _from_rectangle(outline)
    turn = np.radians(angle)
    axis = (np.cos(turn), np.sin(turn)) if width >= height else (-np.sin(turn), np.cos(turn))
    return Ellipse(
        x_m=float(x * extent + centre[0]),
        y_m=float(y * extent + centre[1]),
        major_m=float(max(width, height) * extent),
        minor_m=float(min(width, height) * extent),
        angle_deg=float(np.degrees(np.arctan2(axis[0], axis[1])) % 180.0),
    )


def trimmed_length(outline: Any, ellipse: Ellipse) -> Length:
    """Length of the main axis between its first and last point inside the outline.

    Where the axis misses the outline, or meets less than half of it (a curved plume), the extent along the axis.

    Parameters
    ----------
    outline : shapely geometry, local metres
    ellipse : Ellipse
    """
    import shapely

    axis = ellipse.axis
    centre = np.array([ellipse.x_m, ellipse.y_m])
    half = axis * ellipse.major_m / 2
    inside = shapely.LineString([centre - half, centre + half]).intersection(outline)
    extent = float(np.ptp((shapely.get_coordinates(outline) - centre) @ axis))
    points = (shapely.get_coordinates(inside) - centre) @ axis
    length = float(np.ptp(points)) if len(points) else 0.0
    on_plume = length >= MIN_AXIS_SHARE * min(extent, ellipse.major_m)
    return Length(length if on_plume else extent, on_plume)


def overlap(outline: Any, ellipse: Ellipse) -> float:
    """Intersection over union of an outline and an ellipse."""
    shape = ellipse.polygon()
    return float(outline.intersection(shape).area / outline.union(shape).area)
