"""Base maps: the whole Earth in the Equal Earth projection, or a region with its own scale.

A view turns degrees into plane coordinates; everything drawn on a map goes through it, so places on both
sides of 180 degrees are neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from numpy.typing import ArrayLike, NDArray

from so2plumes.figures import style
from so2plumes.figures.coastlines import coast_edges, land_rings

FloatArray = NDArray[np.float64]

REGION_MAX_WIDTH_DEG = 60.0
"""At the equator; nearer to a pole a degree of longitude is shorter."""
REGION_MAX_TURN_DEG = 240.0
REGION_MAX_HEIGHT_DEG = 40.0
_NAME_PLACES = (
    (6.5, 0.0, "left", "center"),
    (-6.5, 0.0, "right", "center"),
    (0.0, 6.5, "center", "bottom"),
    (0.0, -6.5, "center", "top"),
    (5.8, 5.8, "left", "bottom"),
    (5.8, -5.8, "left", "top"),
    (-5.8, 5.8, "right", "bottom"),
    (-5.8, -5.8, "right", "top"),
)
_EQUAL_EARTH = (1.340264, -0.081106, 0.000893, 0.003796)


def equal_earth(longitude: ArrayLike, latitude: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Project degrees to the plane of the unit sphere by Equal Earth (Savric, Patterson and Jenny 2018)."""
    a1, a2, a3, a4 = _EQUAL_EARTH
    lam = np.radians(np.asarray(longitude, dtype=float))
    theta = np.arcsin(np.sqrt(3) / 2 * np.sin(np.radians(np.asarray(latitude, dtype=float))))
    t2, t6 = theta**2, theta**6
    slope = a1 + 3 * a2 * t2 + t6 * (7 * a3 + 9 * a4 * t2)
    return 2 * np.sqrt(3) / 3 * lam * np.cos(theta) / slope, theta * (a1 + a2 * t2 + t6 * (a3 + a4 * t2))


def longitude_span(longitude: ArrayLike) -> tuple[float, float]:
    """Western end and width, in degrees, of the shortest arc that holds all longitudes."""
    values = np.asarray(longitude, dtype=float)
    values = np.unique(np.mod(values[np.isfinite(values)], 360.0))
    if values.size < 2:
        return (float(values[0]) if values.size else 0.0), 0.0
    gaps = np.diff(np.append(values, values[0] + 360.0))
    widest = int(np.argmax(gaps))
    return float(values[(widest + 1) % values.size]), float(360.0 - gaps[widest])


@dataclass(frozen=True)
class MapView:
    """What a map shows. Longitudes of a region run from west to east and may leave -180..180."""

    is_global: bool
    west: float = -180.0
    east: float = 180.0
    south: float = -90.0
    north: float = 90.0

    @property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of the middle, degrees."""
        return 0.5 * (self.west + self.east), 0.5 * (self.south + self.north)

    def wrapped(self, longitude: ArrayLike) -> FloatArray:
        """Longitudes within half a turn of the view's middle."""
        middle = self.centre[0]
        return np.mod(np.asarray(longitude, dtype=float) - middle + 180.0, 360.0) - 180.0 + middle

    def project(self, longitude: ArrayLike, latitude: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Plane coordinates of longitudes that are wrapped already."""
        lon, lat = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
        if self.is_global:
            return equal_earth(lon, lat)
        return (lon - self.centre[0]) * np.cos(np.radians(self.centre[1])), lat

    def xy(self, longitude: ArrayLike, latitude: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Plane coordinates of any points."""
        return self.project(self.wrapped(longitude), latitude)

    @property
    def aspect(self) -> float:
        """Width of the map divided by its height."""
        if self.is_global:
            return 2.05
        width, _ = self.project(self.east, 0.0)
        return float(2 * width / (self.north - self.south))


GLOBE = MapView(is_global=True)


def view_of(longitude: ArrayLike, latitude: ArrayLike) -> MapView:
    """Choose the view of some points: their region when they lie close together, otherwise the Earth."""
    lat = np.asarray(latitude, dtype=float)
    lat = lat[np.isfinite(lat)]
    west, width = longitude_span(longitude)
    if lat.size == 0:
        return GLOBE
    south, north = float(lat.min()), float(lat.max())
    shrink = float(np.cos(np.radians(0.5 * (south + north))))
    if width * shrink > REGION_MAX_WIDTH_DEG or width > REGION_MAX_TURN_DEG or north - south > REGION_MAX_HEIGHT_DEG:
        return GLOBE
    half_y = max(0.5 * (north - south) * 1.16, 1.5)
    half_x = max(0.5 * width * shrink * 1.16, 1.5)
    half_y, half_x = max(half_y, half_x / 2.0), max(half_x, half_y * 1.1)
    middle_x = west + 0.5 * width
    middle_x -= 360.0 if middle_x > 180.0 else 0.0
    middle_y = float(np.clip(0.5 * (south + north), -89.0 + half_y, 89.0 - half_y))
    return MapView(
        False,
        middle_x - half_x / shrink,
        middle_x + half_x / shrink,
        middle_y - half_y,
        middle_y + half_y,
    )


def framed_view(longitude: ArrayLike, latitude: ArrayLike, aspect: float, least_deg: float = 3.0) -> MapView:
    """View of a given aspect around some points, as wide as it takes; the Earth where a plane map cannot hold them.

    Parameters
    ----------
    longitude, latitude : array, degrees
        Of the points; those not finite do not count.
    aspect : float
        Width by height of the map.
    least_deg : float
        Least height, degrees.
    """
    lon, lat = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    here = np.isfinite(lon) & np.isfinite(lat)
    if not here.any():
        return GLOBE
    west, width = longitude_span(lon[here])
    south, north = float(lat[here].min()), float(lat[here].max())
    middle = 0.5 * (south + north)
    shrink = float(np.cos(np.radians(min(abs(middle), 88.0))))
    half = max(0.58 * (north - south), 0.58 * width * shrink / aspect, 0.5 * least_deg)
    if half > 80.0 or half * aspect / shrink > 175.0:
        return GLOBE
    middle = float(np.clip(middle, -90.0 + half, 90.0 - half))
    shrink = float(np.cos(np.radians(middle)))
    centre = (west + 0.5 * width + 180.0) % 360.0 - 180.0
    reach = min(half * aspect / shrink, 180.0)
    return MapView(False, centre - reach, centre + reach, middle - half, middle + half)


def draw_base(axes: Axes, view: MapView) -> None:
    """Draw sea, land, coast, graticule and frame; set limits and aspect."""
    style.bare(axes)
    axes.set_aspect("equal")
    frame = _frame(view)
    sea = PathPatch(Outline(frame), facecolor=style.SEA, edgecolor="none", zorder=0)
    axes.add_artist(sea)
    for patch in _land(view):
        patch.set_clip_path(sea)
        axes.add_artist(patch)
    axes.plot(*_coast(view), color=style.COAST, lw=0.45 if view.is_global else 0.8, zorder=2, clip_path=sea)
    _graticule(axes, view)
    axes.plot(*frame.T, color="#b9c1c7", lw=0.8, zorder=8, clip_on=False)
    for artist in (*axes.lines, *axes.patches):
        artist.set_in_layout(False)
    axes.set_xlim(frame[:, 0].min(), frame[:, 0].max())
    axes.set_ylim(frame[:, 1].min(), frame[:, 1].max())


def _frame(view: MapView) -> FloatArray:
    side = np.linspace(view.south, view.north, 91)
    lon = np.concatenate([np.full(91, view.west), np.full(91, view.east), [view.west]])
    lat = np.concatenate([side, side[::-1], side[:1]])
    return np.column_stack(view.project(lon, lat))


def _visible_rings(view: MapView) -> list[tuple[FloatArray, NDArray[np.bool_]]]:
    """Rings that touch the view, moved by whole turns into it, with their coast edges."""
    turns = (0.0,) if view.is_global else (-360.0, 0.0, 360.0)
    found = []
    for ring in land_rings("110m" if view.is_global else "50m"):
        low, high = ring.min(axis=0), ring.max(axis=0)
        for turn in turns:
            inside_x = low[0] + turn <= view.east and high[0] + turn >= view.west
            if inside_x and low[1] <= view.north and high[1] >= view.south:
                found.append((ring + [turn, 0.0], coast_edges(ring)))
    return found


def _land(view: MapView) -> list[PathPatch]:
    vertices, codes = [], []
    for ring, _ in _visible_rings(view):
        vertices.append(np.column_stack(view.project(ring[:, 0], ring[:, 1])))
        kinds = np.full(len(ring), Outline.LINETO)
        kinds[0], kinds[-1] = Outline.MOVETO, Outline.CLOSEPOLY
        codes.append(kinds)
    if not vertices:
        return []
    outline = Outline(np.concatenate(vertices), np.concatenate(codes))
    return [PathPatch(outline, facecolor=style.LAND, edgecolor=style.LAND, lw=0.4, zorder=1)]


def _coast(view: MapView) -> tuple[FloatArray, FloatArray]:
    """One line with a break after every piece of coast."""
    lines = [np.full((1, 2), np.nan)]
    for ring, edges in _visible_rings(view):
        points = np.repeat(ring, 2, axis=0)[1:-1].reshape(-1, 2, 2)[edges]
        broken = np.concatenate([points, np.full((len(points), 1, 2), np.nan)], axis=1).reshape(-1, 2)
        lines += [ring if edges.all() else broken, np.full((1, 2), np.nan)]
    return view.project(*np.concatenate(lines).T)


def _step(span: float) -> float:
    return next((step for step in (0.5, 1.0, 2.0, 5.0, 10.0, 20.0) if span / step <= 6), 30.0)


def _graticule(axes: Axes, view: MapView) -> None:
    line: dict[str, Any] = {"color": "#8a959d", "lw": 0.4, "alpha": 0.35, "zorder": 2.5}
    if view.is_global:
        for lon in range(-120, 180, 60):
            axes.plot(*view.project(np.full(61, lon), np.linspace(-90, 90, 61)), **line)
        for lat in range(-60, 90, 30):
            axes.plot(*view.project(np.linspace(-180, 180, 61), np.full(61, lat)), **line)
        return
    x_step, y_step = _step(view.east - view.west), _step(view.north - view.south)
    lons = np.arange(np.ceil(view.west / x_step), np.floor(view.east / x_step) + 1) * x_step
    lats = np.arange(np.ceil(view.south / y_step), np.floor(view.north / y_step) + 1) * y_step
    axes.set_xticks(view.project(lons, 0.0 * lons)[0], [longitude_text(lon) for lon in lons])
    axes.set_yticks(lats, [latitude_text(lat) for lat in lats])
    axes.tick_params(length=0)
    for x in view.project(lons, 0.0 * lons)[0]:
        axes.axvline(x, **line)
    for y in lats:
        axes.axhline(y, **line)


def thin_ticks(axes: Axes, most: int) -> None:
    """Leave at most some tick labels on either axis of a region's map, evenly spaced."""
    for axis in (axes.xaxis, axes.yaxis):
        places, labels = axis.get_ticklocs(), [label.get_text() for label in axis.get_ticklabels()]
        every = -(-len(places) // most) if len(places) else 1
        axis.set_ticks(places[::every], labels[::every])


def longitude_text(longitude: float, decimals: int = 0) -> str:
    """Longitude for a reader, ``177°W``."""
    value = (longitude + 180.0) % 360.0 - 180.0
    text = f"{abs(value):.{decimals}f}" if decimals else f"{abs(value):g}"
    return f"{text}°" + ("" if float(text) in (0.0, 180.0) else "E" if value > 0 else "W")


def latitude_text(latitude: float, decimals: int = 0) -> str:
    """Latitude for a reader, ``38°N``."""
    text = f"{abs(latitude):.{decimals}f}" if decimals else f"{abs(latitude):g}"
    return f"{text}°" + ("" if float(text) == 0 else "N" if latitude > 0 else "S")


def place_names(axes: Axes, x: ArrayLike, y: ArrayLike, names: Sequence[str], size: float = 8.0) -> None:
    """Write names beside points where they hide no earlier name or point; one without room is left out.

    Limits and aspect of the axes must be final.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    bounds = np.asarray(axes.get_window_extent().extents)
    points = axes.transData.transform(np.column_stack([np.asarray(x, float), np.asarray(y, float)]))
    taken = [np.array([px - 5, py - 5, px + 5, py + 5]) for px, py in points]
    halo = [patheffects.withStroke(linewidth=2.2, foreground="white", alpha=0.85)]
    for px, py, name in zip(np.asarray(x, float), np.asarray(y, float), names, strict=True):
        for dx, dy, across, along in _NAME_PLACES:
            text = axes.annotate(
                name, (px, py), (dx, dy), textcoords="offset points", fontsize=size, ha=across, va=along,
                zorder=9, path_effects=halo, parse_math=False,
            )  # fmt: skip
            box = np.asarray(text.get_window_extent().extents)
            if fits(box, taken, bounds):
                taken.append(box)
                break
            text.remove()


def fits(box: NDArray, taken: Sequence[NDArray], bounds: NDArray) -> bool:
    """Tell whether a box (left, lower, right, upper) lies inside the bounds and hides none that is there."""
    inside = (box[:2] >= bounds[:2]).all() and (box[2:] <= bounds[2:]).all()
    clear = all((box[:2] > other[2:]).any() or (box[2:] < other[:2]).any() for other in taken)
    return bool(inside and clear)
