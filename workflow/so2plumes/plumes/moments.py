"""Shape of an outline from its moments: ellipse, elongation and solidity.

The moments are those of the area that the outline encloses, exactly: every square metre counts the same, holes count
nothing, and a row of single pixels keeps its width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.plumes.ellipse import Ellipse


def _ring_moments(ring: NDArray[np.floating]) -> NDArray[np.floating]:
    """Integrals of 1, x, y, xx, xy, yy over the inside of a closed ring (n, 2), positive for either sense."""
    (x0, y0), (x1, y1) = ring[:-1].T, ring[1:].T
    cross = x0 * y1 - x1 * y0
    moments = np.array(
        [
            cross.sum() / 2.0,
            ((x0 + x1) * cross).sum() / 6.0,
            ((y0 + y1) * cross).sum() / 6.0,
            ((x0 * x0 + x0 * x1 + x1 * x1) * cross).sum() / 12.0,
            ((2.0 * (x0 * y0 + x1 * y1) + x0 * y1 + x1 * y0) * cross).sum() / 24.0,
            ((y0 * y0 + y0 * y1 + y1 * y1) * cross).sum() / 12.0,
        ]
    )
    return moments * np.sign(moments[0])


def moments_ellipse(outline: Any) -> Ellipse | None:
    """Ellipse with the centre and the second moments of an outline: full axes 4 sqrt(eigenvalue of the covariance).

    An ellipse gives itself; a rectangle gives axes 15 % longer than its sides.

    Parameters
    ----------
    outline : shapely Polygon or MultiPolygon, local equal-area metres

    Returns
    -------
    Ellipse or None
        None where the outline has no area.
    """
    import shapely

    total = np.zeros(6)
    for polygon in shapely.get_parts(outline):
        total += _ring_moments(shapely.get_coordinates(polygon.exterior))
        for hole in polygon.interiors:
            total -= _ring_moments(shapely.get_coordinates(hole))
    if not total[0] > 0.0:
        return None
    x, y, xx, xy, yy = total[1:] / total[0]
    covariance = np.array([[xx - x * x, xy - x * y], [xy - x * y, yy - y * y]])
    values, vectors = np.linalg.eigh(covariance)
    minor, major = 4.0 * np.sqrt(np.maximum(values, 0.0))
    east, north = vectors[:, 1]
    angle = float(np.degrees(np.arctan2(east, north)) % 180.0)
    return Ellipse(float(x), float(y), float(major), float(minor), 0.0 if angle == 180.0 else angle)


def solidity(outline: Any) -> float:
    """Area of an outline / area of its convex hull; 1 for a convex plume without holes."""
    hull = outline.convex_hull.area
    return float(outline.area / hull) if hull > 0.0 else float("nan")
