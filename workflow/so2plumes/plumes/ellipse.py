"""The ellipse fitted to an outline and the plume's length along it (FP-pre 2.3, Fig. 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


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

    ``on_plume`` is False where the axis misses the outline and the length is the extent along the axis.
    """

    length_m: float
    on_plume: bool


def fit_ellipse(outline: Any) -> Ellipse | None:
    """Fit an ellipse to the corners of an outline in local metres.

    Least squares as in OpenCV; where that runs away (longer than twice the outline), its direct variant.

    Returns
    -------
    Ellipse or None
        None for fewer than 5 points or a fit that is not finite.
    """
    import cv2
    import shapely

    points = shapely.get_coordinates(outline)
    if len(np.unique(points, axis=0)) < 5:
        return None
    extent = float(np.hypot(*np.ptp(points, axis=0)))
    centre = points.mean(axis=0)
    scaled = ((points - centre) / extent).astype(np.float32)
    for fit in (cv2.fitEllipse, cv2.fitEllipseDirect):
        (x, y), (width, height), angle = fit(scaled)
        if np.isfinite([x, y, width, height, angle]).all() and 0.0 < max(width, height) <= 2.0:
            break
    else:
        return None
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
    points = shapely.get_coordinates(inside)
    on_plume = len(points) >= 2
    if not on_plume:
        points = shapely.get_coordinates(outline)
    along = (points - centre) @ axis
    return Length(float(np.ptp(along)), on_plume)


def overlap(outline: Any, ellipse: Ellipse) -> float:
    """Intersection over union of an outline and an ellipse."""
    shape = ellipse.polygon()
    return float(outline.intersection(shape).area / outline.union(shape).area)
