"""Curved centre line of a plume.

A plume at least three times as long as wide is followed by its own shape, so that arcs, S-shapes and spirals keep
their length: distances run through the mask (a graph of neighbouring pixels), the two pixels that are farthest apart
are its ends A and B, and ``t = (distance from A - distance from B) / 2`` orders the pixels along the plume. Sections of
equal ``t`` cross the plume at right angles also in bends, because what distances gain on the inner side of a bend
cancels in the difference. The line joins the mass-weighted centres of the sections. Half a width at each end is left
out of the sections, where they bend around the corner that holds the end, and the line goes on straight to the outline.

Of a stouter plume such sections say nothing; it gets a straight line along the main axis of its moments.

Sections of one axis, wind or ellipse, were not taken: an arc of three quarters of a circle has no such axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.plumes.ellipse import MIN_AXIS_SHARE, Ellipse

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Points = NDArray[np.floating]

MIN_LENGTH_TO_WIDTH = 3.0
SECTION_WIDTHS = 0.5
SECTION_PIXELS = 1.5
_SMOOTHINGS = 2


def _joined(points: Points, labels: NDArray[np.integer]) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Pairs of nearest pixels that join the pieces of a plume, nearest pieces first."""
    from scipy.spatial import cKDTree

    first, second = [], []
    inside = labels == np.bincount(labels).argmax()
    while not inside.all():
        members, others = np.flatnonzero(inside), np.flatnonzero(~inside)
        distance, nearest = cKDTree(points[members]).query(points[others])
        pick = int(np.argmin(distance))
        first.append(members[nearest[pick]])
        second.append(others[pick])
        inside |= labels == labels[others[pick]]
    return np.array(first, int), np.array(second, int)


def pixel_graph(mask: NDArray[np.bool_], points: Points) -> csr_matrix:
    """Distances between neighbouring pixels of a mask; separate pieces are joined at their nearest pixels.

    Parameters
    ----------
    mask : (scanline, ground_pixel) bool
    points : (n, 2) metres
        Centres of the n pixels of the mask, row by row.

    Returns
    -------
    (n, n) sparse matrix, metres, upper or lower triangle only
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    number = np.full(np.add(mask.shape, 2), -1)
    number[1:-1, 1:-1][mask] = np.arange(len(points))
    inner = number[1:-1, 1:-1]
    first, second = [], []
    for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
        other = number[1 + down : 1 + down + mask.shape[0], 1 + right : 1 + right + mask.shape[1]]
        linked = (inner >= 0) & (other >= 0)
        first.append(inner[linked])
        second.append(other[linked])

    def graph() -> csr_matrix:
        i, j = np.concatenate(first), np.concatenate(second)
        metres = np.maximum(np.hypot(*(points[i] - points[j]).T), 1e-3)
        return csr_matrix((metres, (i, j)), shape=(len(points),) * 2)

    count, labels = connected_components(graph(), directed=False)
    if count > 1:
        for ends, more in zip((first, second), _joined(points, labels), strict=True):
            ends.append(more)
    return graph()


def along_plume(mask: NDArray[np.bool_], points: Points) -> NDArray[np.floating]:
    """Place of every pixel along the plume, metres from one end, in the order of `pixel_graph`."""
    from scipy.sparse.csgraph import dijkstra

    graph = pixel_graph(mask, points)

    def distances(start: int) -> NDArray[np.floating]:
        return dijkstra(graph, directed=False, indices=start)

    middle = int(np.argmin(np.hypot(*(points - points.mean(axis=0)).T)))
    from_a = distances(int(np.argmax(distances(middle))))
    end = int(np.argmax(from_a))
    return 0.5 * (from_a - distances(end) + from_a[end])


def _section_centres(
    points: Points, weights: NDArray[np.floating], place: NDArray[np.floating], edges: NDArray[np.floating]
) -> Points:
    """Weighted centres of the sections between edges; those without pixels are left out."""
    section = np.digitize(place, edges) - 1
    kept = (section >= 0) & (section < len(edges) - 1)
    section, points, weights = section[kept], points[kept], weights[kept]
    count = np.bincount(section, minlength=len(edges) - 1)
    total = np.bincount(section, weights, minlength=len(count))
    weights = np.where(total[section] > 0.0, weights, 1.0)
    total = np.bincount(section, weights, minlength=len(count))
    sums = [np.bincount(section, weights * part, minlength=len(count)) for part in points.T]
    return np.column_stack([part[count > 0] / total[count > 0] for part in sums])


def _smoothed(line: Points) -> Points:
    """Average every inner point with its neighbours, weights 1/4, 1/2, 1/4."""
    for _ in range(_SMOOTHINGS):
        line = np.concatenate([line[:1], 0.25 * line[:-2] + 0.5 * line[1:-1] + 0.25 * line[2:], line[-1:]])
    return line


def _tip(line: Points, outline: Any, reach_m: float) -> Points:
    """Where the line, carried on beyond its first point by at most some metres, leaves the outline; (0 or 1, 2)."""
    import shapely

    step = line[0] - line[1]
    ray = shapely.LineString([line[0], line[0] + step * reach_m / max(float(np.hypot(*step)), 1e-9)])
    inside = ray.intersection(outline)
    if inside.is_empty:
        return np.empty((0, 2))
    ends = shapely.get_coordinates(min(shapely.get_parts(inside), key=shapely.Point(line[0]).distance))
    far = ends[np.argmax(np.hypot(*(ends - line[0]).T))]
    return far[None] if np.hypot(*(far - line[0])) > 1.0 else np.empty((0, 2))


def _straight(outline: Any, ellipse: Ellipse, centre: Points) -> Points:
    """Part of the main axis between its first and last point in the outline, or else the outline's extent along it."""
    import shapely

    along = (shapely.get_coordinates(outline) - centre) @ ellipse.axis
    ends = np.array([along.min(), along.max()])
    chord = shapely.LineString(centre + np.outer(ends, ellipse.axis)).intersection(outline)
    inside = (shapely.get_coordinates(chord) - centre) @ ellipse.axis
    if len(inside) and np.ptp(inside) >= MIN_AXIS_SHARE * np.ptp(along):
        ends = np.array([inside.min(), inside.max()])
    return centre + np.outer(ends, ellipse.axis)


def centre_line(
    mask: NDArray[np.bool_], points: Points, weights: NDArray[np.floating], outline: Any, ellipse: Ellipse
) -> Points:
    """Line along the middle of a plume, from one end of its outline to the other.

    Parameters
    ----------
    mask : (scanline, ground_pixel) bool
    points : (n, 2) local metres
        Centres of the n pixels of the mask, row by row.
    weights : (n,)
        Mass of the pixels, not negative; where a section has none its pixels count the same.
    outline : shapely geometry, local metres
    ellipse : Ellipse
        Of the outline's moments; the line of a plume less than three times as long as wide is its main axis.

    Returns
    -------
    (k, 2) local metres
        Two points for a straight line.
    """
    pixel_m = np.sqrt(outline.area / len(points))
    place = along_plume(mask, points)
    length_m = float(place.max()) + pixel_m
    width_m = outline.area / length_m
    if length_m >= MIN_LENGTH_TO_WIDTH * width_m:
        trim = 0.5 * (width_m - pixel_m)
        step = max(SECTION_WIDTHS * width_m, SECTION_PIXELS * pixel_m)
        count = max(3, round((place.max() - 2.0 * trim) / step))
        edges = np.linspace(trim, place.max() - trim, count + 1)
        edges[-1] = np.nextafter(edges[-1], np.inf)
        line = _section_centres(points, weights, place, edges)
        if len(line) >= 3:
            line = _smoothed(line)
            reach = 1.25 * (trim + 0.5 * (edges[1] - edges[0]) + pixel_m)
            return np.concatenate([_tip(line, outline, reach), line, _tip(line[::-1], outline, reach)])
    total = weights.sum()
    centre = np.average(points, axis=0, weights=weights if total > 0.0 else None)
    return _straight(outline, ellipse, centre)
