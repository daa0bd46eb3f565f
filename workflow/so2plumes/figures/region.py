"""Plumes per day in one box of the map (FP-pre Fig. 6)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from so2plumes.figures import style
from so2plumes.figures.daily import day_keys, day_table, draw_days, panels_of
from so2plumes.figures.maps import MapView, draw_base, latitude_text, longitude_text, thin_ticks
from so2plumes.findings.inputs import ReportInputs

_STRIP_IN = 1.75


def region_days(inputs: ReportInputs) -> pd.DataFrame:
    """Days of the box: ``date, time, seen, n_plumes, observable_share, baseline``.

    A day is seen where some of the box was observable or a plume was found; where what was observable is not known,
    as the whole day.
    """
    table = inputs.table("region_panel")
    days = day_table(inputs)
    known = table["observable_share"].notna()
    whole = table["date"].isin(set(days.loc[days["seen"], "date"]))
    seen = (table["observable_share"] > 0).where(known, whole) | (table["n_plumes"] > 0)
    columns = table[["date", "n_plumes", "median_emission_kg_h", "observable_share"]]
    return columns.assign(seen=seen.astype(bool), time=pd.to_datetime(table["date"]), baseline=np.nan)


def region_data(inputs: ReportInputs) -> pd.DataFrame:
    """List the counts of every day, with name and edges of the box."""
    table = region_days(inputs).drop(columns=["time", "baseline"])
    facts = inputs.table("region_panel").attrs
    edges = {f"{side}_deg": facts.get(side, np.nan) for side in ("west", "south", "east", "north")}
    return table.assign(region=inputs.table("region_panel")["region"], **edges)


@style.styled
def region_figure(inputs: ReportInputs) -> Figure:
    """Draw plumes per day in the box in a panel a year, with a map of the box and the course of the year."""
    days, panels = region_days(inputs), panels_of(inputs)
    single = len(panels) == 1
    height = _STRIP_IN + (2.0 if single else 1.0 * len(panels)) + 0.7
    figure = style.new_figure(style.WIDE_IN, height)
    heights = [_STRIP_IN, *([2.0] if single else [1.0] * len(panels))]
    grid = figure.add_gridspec(len(panels) + 1, 2, width_ratios=[1, 1.9], height_ratios=heights)
    _draw_box(figure.add_subplot(grid[0, 0]), inputs)
    _draw_months(figure.add_subplot(grid[0, 1]), days)
    for row, (name, first, last) in enumerate(panels, start=1):
        axes = figure.add_subplot(grid[row, :])
        draw_days(axes, days, first, last, single)
        axes.set_ylabel("plumes a day" if single else name, weight="normal" if single else "bold")
    span = (panels[0][2] - panels[0][1]).days
    figure.legend(handles=day_keys(span, inputs.table("spikes").head(0), days), loc="outside lower center", ncols=3)
    return figure


def _draw_months(axes: Axes, days: pd.DataFrame) -> None:
    """Plumes per seen day by calendar month."""
    month = days["time"].dt.month
    seen = days["seen"].groupby(month).sum().reindex(range(1, 13), fill_value=0).to_numpy(dtype=float)
    plumes = days["n_plumes"].groupby(month).sum().reindex(range(1, 13), fill_value=0).to_numpy(dtype=float)
    rate = np.divide(plumes, seen, out=np.zeros(12), where=seen > 0)
    axes.bar(np.arange(12), rate, color=style.ACCENT, width=0.7, zorder=2)
    for at in np.flatnonzero(seen == 0):
        axes.axvspan(at - 0.5, at + 0.5, facecolor=style.NOT_SEEN, hatch="////", edgecolor="#c3cacf", lw=0, zorder=0)
    axes.set_xticks(np.arange(12), list("JFMAMJJASOND"))
    axes.set_xlim(-0.5, 11.5)
    axes.set_ylim(0, max(float(rate.max()) * 1.1, 0.1))
    axes.grid(axis="x", visible=False)
    axes.set_title(f"Plumes per seen day, n = {int(plumes.sum())} on {int(seen.sum())} days", fontsize=8.5)


def _draw_box(axes: Axes, inputs: ReportInputs) -> None:
    """Map of the box and the plumes around it."""
    facts: dict[Any, Any] = inputs.table("region_panel").attrs
    west, south, east, north = (float(facts[side]) for side in ("west", "south", "east", "north"))
    width = (east - west) % 360.0 or 360.0
    view = box_view(west, south, width, north)
    draw_base(axes, view)
    thin_ticks(axes, 3)
    x, y = view.xy(inputs.plumes["max_longitude"], inputs.plumes["max_latitude"])
    axes.scatter(x, y, s=2, c=style.ACCENT, lw=0, alpha=0.6, zorder=3, rasterized=style.is_crowd(len(x)))
    along = np.linspace(0.0, width, 40)
    lon = view.wrapped(west + 0.5 * width) - 0.5 * width + np.concatenate([along, along[::-1], along[:1]])
    lat = np.concatenate([np.full(40, south), np.full(40, north), [south]])
    axes.plot(*view.project(lon, lat), color=style.STRONG, lw=1.5, zorder=6)
    name = f"{facts.get('name', 'box')}: " if facts.get("name") else ""
    west, south, east, north = (round(edge, 1) for edge in (west, south, east, north))
    edges = f"{longitude_text(west)} to {longitude_text(east)},\n{latitude_text(south)} to {latitude_text(north)}"
    axes.set_title(name + edges, fontsize=8.5, parse_math=False)


def box_view(west: float, south: float, width: float, north: float) -> MapView:
    """View that shows a box and as much again around it, degrees."""
    around_x, around_y = 0.5 * width, 0.5 * (north - south)
    low, high = max(south - around_y, -90.0), min(north + around_y, 90.0)
    middle = west + 0.5 * width
    middle -= 360.0 if middle > 180.0 else 0.0
    reach = min(0.5 * width + around_x, 180.0)
    return MapView(False, middle - reach, middle + reach, low, high)
