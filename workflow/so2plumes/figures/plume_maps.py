"""Maps of plumes, clusters and eruptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from so2plumes.constants import EARTH_RADIUS_KM
from so2plumes.figures import style
from so2plumes.figures.maps import MapView, draw_base, place_names, view_of
from so2plumes.findings.inputs import ReportInputs

NAMED_CLUSTERS = 12
MAX_OUTLINES = 1500
STRONG_IS_DARK = "viridis_r"


def plume_view(inputs: ReportInputs) -> MapView:
    """View that holds all plumes and, where there are none, all eruptions."""
    if len(inputs.plumes):
        return view_of(inputs.plumes["max_longitude"], inputs.plumes["max_latitude"])
    return view_of(_numbers(inputs.eruptions, "longitude"), _numbers(inputs.eruptions, "latitude"))


def shared_view(inputs: ReportInputs, places: pd.DataFrame) -> MapView:
    """View of the plumes where it holds all places, otherwise that of the places."""
    view = plume_view(inputs)
    lon, lat = view.wrapped(_numbers(places, "longitude")), _numbers(places, "latitude")
    inside = (lon >= view.west) & (lon <= view.east) & (lat >= view.south) & (lat <= view.north)
    return view if inside.all() else view_of(lon, lat)


def map_figure(view: MapView, bar: bool) -> tuple[Figure, Axes]:
    """Make a figure with a base map whose height follows the map."""
    width = style.WIDE_IN * (1.0 if view.aspect > 1.3 else 0.86)
    height = min(width * (0.86 if bar and not view.is_global else 1.0) / view.aspect, 7.0)
    figure = style.new_figure(width, height + (0.75 if view.is_global else 0.35))
    axes = figure.add_subplot()
    draw_base(axes, view)
    return figure, axes


@style.styled
def plume_map(inputs: ReportInputs) -> Figure:
    """Map of all plumes, coloured and sized by emission rate; clusters are ringed, the largest named."""
    view = plume_view(inputs)
    figure, axes = map_figure(view, bar=True)
    rates = inputs.plumes["emission_kg_h"].to_numpy(dtype=float)
    good = np.isfinite(rates) & (rates > 0)
    x, y = view.xy(inputs.plumes["max_longitude"], inputs.plumes["max_latitude"])
    if not view.is_global:
        _draw_outlines(axes, view, inputs.plumes)
    crowd = style.is_crowd(len(x))
    axes.scatter(x[~good], y[~good], s=7, c="white", edgecolors="#6b7780", lw=0.6, zorder=3, rasterized=crowd)
    if good.any():
        norm = rate_norm(rates[good])
        order = np.flatnonzero(good)[np.argsort(rates[good], kind="stable")]
        points = axes.scatter(
            x[order], y[order], c=rates[order], s=_sizes(rates[order], norm, len(rates)),
            cmap=STRONG_IS_DARK, norm=norm, edgecolors="#2b3a44", lw=0.25, alpha=0.9, zorder=4, rasterized=crowd,
        )  # fmt: skip
        rate_bar(axes, points, view.is_global)
    ring_clusters(axes, view, inputs.clusters)
    return figure


def rate_norm(rates: NDArray[np.float64]) -> LogNorm:
    """Logarithmic scale over the middle 98 % of some rates, at least a decade wide."""
    low, high = np.quantile(rates, (0.01, 0.99))
    middle = np.sqrt(low * high)
    return LogNorm(min(low, middle / np.sqrt(10)), max(high, middle * np.sqrt(10)))


def rate_bar(axes: Axes, points: Any, horizontal: bool, label: str = "") -> None:
    """Colour bar beside or below a map."""
    text = label or "emission rate, kg h$^{-1}$"
    where = {"location": "bottom", "aspect": 45, "shrink": 0.6} if horizontal else {"aspect": 28, "shrink": 0.8}
    bar = axes.figure.colorbar(points, ax=axes, pad=0.02, extend="both" if not label else "neither", **where)
    bar.set_label(text)
    bar.outline.set_visible(False)
    style.plain_log(bar.long_axis, *points.get_clim())


def _sizes(rates: NDArray[np.float64], norm: LogNorm, n: int) -> NDArray[np.float64]:
    crowd = float(np.clip((300 / max(n, 1)) ** 0.45, 0.07, 1.0))
    return crowd * (10 + 70 * np.clip(np.asarray(norm(rates)), 0, 1) ** 1.5)


def _draw_outlines(axes: Axes, view: MapView, plumes: pd.DataFrame) -> None:
    rings = []
    for shape in plumes.geometry.head(MAX_OUTLINES):
        for polygon in getattr(shape, "geoms", [shape]):
            if polygon is None or polygon.is_empty:
                continue
            points = np.asarray(polygon.exterior.coords)
            turn = view.wrapped(points[:, 0].mean()) - points[:, 0].mean()
            rings.append(np.column_stack(view.project(points[:, 0] + turn, points[:, 1])))
    alpha = float(np.clip(6 / max(len(rings), 1), 0.015, 0.16))
    axes.add_collection(PolyCollection(rings, facecolors=style.INK, edgecolors="none", alpha=alpha, zorder=2.7))


def ring_clusters(axes: Axes, view: MapView, clusters: pd.DataFrame) -> None:
    """Ring every cluster and name the largest."""
    if clusters.empty:
        return
    x, y = view.xy(_numbers(clusters, "longitude"), _numbers(clusters, "latitude"))
    for width, colour in ((2.4, "white"), (1.2, style.INK)):
        axes.scatter(x, y, s=120, facecolors="none", edgecolors=colour, lw=width, zorder=6)
    names = [short_name(cluster_name(row)) for _, row in clusters.head(NAMED_CLUSTERS).iterrows()]
    place_names(axes, x[: len(names)], y[: len(names)], names)


def short_name(name: str, most: int = 30) -> str:
    """Cut a long name at a word."""
    if len(name) <= most:
        return name
    return name[: most - 1].rsplit(" ", 1)[0] + "\u2026"


def cluster_name(row: Mapping[Any, Any] | pd.Series) -> str:
    """Nearest source of a cluster, or its rank where none is known."""
    return str(row["nearest_source"]) if has_known_source(row) else f"cluster {row['rank']}"


def has_known_source(row: Mapping[Any, Any] | pd.Series) -> bool:
    """Tell whether a known source lies near a cluster."""
    return str(row["nearest_source"]) not in ("", "unknown", "nan", "None")


@style.styled
def label_map(inputs: ReportInputs) -> Figure:
    """Map of all plumes by label."""
    view = plume_view(inputs)
    figure, axes = map_figure(view, bar=False)
    x, y = view.xy(inputs.plumes["max_longitude"], inputs.plumes["max_latitude"])
    size = float(np.clip(26 * (300 / max(len(x), 1)) ** 0.5, 2.5, 26))
    counts = inputs.plumes["label"].value_counts()
    handles = []
    for label in sorted(counts.index, key=lambda name: (-counts[name], name)):
        colour, marker, _ = style.LABELS.get(label, ("black", "x", ""))
        here = (inputs.plumes["label"] == label).to_numpy()
        axes.scatter(
            x[here], y[here], s=size, c=colour, marker=marker, edgecolors="white", lw=0.3, zorder=4,
            rasterized=style.is_crowd(len(x)),
        )  # fmt: skip
        handles.append(_key(marker, colour, f"{label} ({counts[label]})"))
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 4))
    return figure


def _key(marker: str, colour: str, text: str, filled: bool = True) -> Line2D:
    face = colour if filled else "white"
    return Line2D([], [], ls="", marker=marker, ms=6, mfc=face, mec=colour, mew=1.2, label=text)


def cluster_map(axes: Axes, inputs: ReportInputs, view: MapView) -> None:
    """Cluster centres coloured and sized by their number of plumes (FP-pre Fig. 7)."""
    clusters = inputs.clusters
    x, y = view.xy(_numbers(clusters, "longitude"), _numbers(clusters, "latitude"))
    count = _numbers(clusters, "n_plumes")
    middle = np.sqrt(max(count.min(), 1) * count.max())
    norm = LogNorm(min(max(count.min(), 1) * 0.9, middle / 2), max(count.max() * 1.1, middle * 2))
    points = axes.scatter(
        x, y, c=count, s=25 + 90 * np.asarray(norm(count)), cmap=STRONG_IS_DARK, norm=norm,
        edgecolors="white", lw=0.8, zorder=5,
    )  # fmt: skip
    rate_bar(axes, points, view.is_global, "plumes in the cluster")
    place_names(axes, x[:NAMED_CLUSTERS], y[:NAMED_CLUSTERS],
                [short_name(cluster_name(row)) for _, row in clusters.head(NAMED_CLUSTERS).iterrows()])  # fmt: skip


@style.styled
def clusters_figure(inputs: ReportInputs) -> Figure:
    """Map of the clusters (FP-pre Fig. 7)."""
    view = shared_view(inputs, inputs.clusters)
    figure, axes = map_figure(view, bar=True)
    cluster_map(axes, inputs, view)
    return figure


@style.styled
def cluster_rates(inputs: ReportInputs, most: int = 20) -> Figure:
    """Median emission rate of the largest clusters with the middle 68 % of their plumes."""
    table = inputs.clusters.head(most)
    figure = style.new_figure(style.WIDE_IN, 0.9 + 0.24 * len(table))
    axes = figure.add_subplot()
    y = np.arange(len(table))[::-1]
    low, middle, high = (_numbers(table, f"{name}_emission_kg_h") for name in ("p16", "median", "p84"))
    for kind, colour, marker in (("volcano", style.STRONG, "^"), ("", style.ACCENT, "s")):
        here = table["source_type"].astype(str).str.startswith("volcan").to_numpy() == (kind == "volcano")
        axes.hlines(y[here], low[here], high[here], color=colour, lw=2.2, alpha=0.45)
        axes.plot(middle[here], y[here], ls="", marker=marker, color=colour, ms=6,
                  label=kind or "other or unknown source")  # fmt: skip
    axes.set_xscale("log")
    style.plain_log(axes.xaxis, *axes.get_xlim())
    axes.set_yticks(y, [f"{short_name(cluster_name(row))}  ({row['n_plumes']})" for _, row in table.iterrows()],
                    parse_math=False)  # fmt: skip
    axes.set_ylim(-0.7, len(table) - 0.3)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("emission rate, kg h$^{-1}$")
    figure.legend(loc="outside lower left", ncols=2)
    return figure


@style.styled
def eruption_map(inputs: ReportInputs) -> Figure:
    """Eruptions with a plume, without one, and those whose volcano was never observable (FP-pre Fig. 8)."""
    eruptions = inputs.eruptions
    matched = eruptions["matched"].astype(bool).to_numpy()
    hidden = ~matched & (eruptions["status"] == "not_seen").to_numpy() if "status" in eruptions else matched & False
    view = shared_view(inputs, eruptions if hidden.all() else eruptions[~hidden])
    figure, axes = map_figure(view, bar=False)
    n = max(len(inputs.plumes), 1)
    axes.scatter(
        *view.xy(inputs.plumes["max_longitude"], inputs.plumes["max_latitude"]), c="#5d6a74", lw=0, alpha=0.5, zorder=3,
        s=float(np.clip(2.5 * (3000 / n) ** 0.5, 0.5, 2.5)), rasterized=style.is_crowd(n),
    )  # fmt: skip
    x, y = view.xy(_numbers(eruptions, "longitude"), _numbers(eruptions, "latitude"))
    if not view.is_global:
        _draw_circles(axes, view, eruptions[~hidden], float(eruptions.attrs.get("radius_km", 50.0)))
    bare = ~matched & ~hidden
    open_circle: dict[str, Any] = {"marker": "o", "facecolors": "white", "edgecolors": style.ACCENT}
    axes.scatter(x[hidden], y[hidden], s=16, marker="x", c=style.MUTED, lw=0.9, zorder=3.5)
    axes.scatter(x[bare], y[bare], s=24, lw=1.2, zorder=4, **open_circle)
    axes.scatter(x[matched], y[matched], s=38, marker="^", c=style.STRONG, edgecolors="white", lw=0.5, zorder=5)
    order = np.argsort(-_numbers(eruptions, "n_plumes"), kind="stable")
    order = order[matched[order]][:10]
    place_names(axes, x[order], y[order], [str(eruptions["volcano_name"].iloc[i]) for i in order])
    handles = [
        _key("^", style.STRONG, f"with a plume ({matched.sum()})"),
        _key("o", style.ACCENT, f"without ({bare.sum()})", filled=False),
    ]
    if hidden.any():
        handles.append(_key("x", style.MUTED, f"never observable ({hidden.sum()})"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _draw_circles(axes: Axes, view: MapView, places: pd.DataFrame, radius_km: float) -> None:
    angle = np.linspace(0, 2 * np.pi, 91)
    reach = np.degrees(radius_km / EARTH_RADIUS_KM)
    for lon, lat in zip(_numbers(places, "longitude"), _numbers(places, "latitude"), strict=True):
        east = reach * np.sin(angle) / np.cos(np.radians(lat))
        ring = view.project(view.wrapped(lon) + east, lat + reach * np.cos(angle))
        axes.plot(*ring, color=style.INK, lw=0.9, ls=(0, (4, 2)), zorder=3)


def _numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    return frame[name].to_numpy(dtype=float)
