"""Clusters through the months, and clusters of both origins side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from so2plumes.figures import style
from so2plumes.figures.maps import place_names
from so2plumes.figures.plume_maps import short_name
from so2plumes.findings.inputs import ReportInputs
from so2plumes.sources.known import UNKNOWN

SHOWN_CLUSTERS = 25
_NAMED = 8


def history_data(inputs: ReportInputs) -> pd.DataFrame:
    """List the persistence of the largest clusters by month, of the observable days where they are known."""
    table = inputs.table("cluster_history")
    table = table[table["month"].notna() & (table["rank"] <= SHOWN_CLUSTERS)]
    observable = table["n_observable_days"].notna()
    share = table["observable_persistence_percent"].where(observable, table["persistence_percent"])
    columns = ["rank", "cluster_id", "nearest_source", "year", "month", "n_plumes", "n_days", "n_observable_days"]
    shown = table[columns].assign(persistence_percent=share, of_observable_days=observable)
    return shown.sort_values(["rank", "year", "month"], ignore_index=True)


@style.styled
def history_figure(inputs: ReportInputs) -> Figure:
    """Draw persistence by cluster and month; months that could not be seen are hatched."""
    table = history_data(inputs)
    month = table["year"] * 12 + table["month"].astype(int) - 1
    grid = table.assign(at=month).pivot(index="rank", columns="at", values="persistence_percent")
    names = table.drop_duplicates("rank").set_index("rank")["nearest_source"]
    figure = style.new_figure(style.WIDE_IN, 1.35 + 0.19 * len(grid))
    axes = figure.add_subplot()
    axes.set_facecolor(style.NOT_SEEN)
    axes.grid(False)
    values = np.ma.masked_invalid(grid.to_numpy(dtype=float))
    edges = np.arange(len(grid.columns) + 1), np.arange(len(grid) + 1)
    for row, column in np.argwhere(np.ma.getmaskarray(values)):
        box = Rectangle(
            (column, row), 1, 1, facecolor=style.NOT_SEEN, hatch="////", edgecolor="#c3cacf", lw=0, zorder=1
        )
        axes.add_patch(box)
    image = axes.pcolormesh(*edges, values, cmap="cividis", vmin=0, vmax=100, zorder=2, lw=0)
    axes.hlines(edges[1], 0, len(grid.columns), color="white", lw=1.2, zorder=2.5)
    rows = [f"{rank}  {short_name(str(names[rank]).replace(UNKNOWN, 'unknown source'))}" for rank in grid.index]
    axes.set_yticks(edges[1][:-1] + 0.5, rows, fontsize=7.5, parse_math=False)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    _month_ticks(axes, [int(month) for month in np.unique(month)])
    bar = figure.colorbar(image, ax=axes, location="bottom", pad=0.03, aspect=45, shrink=0.6)
    of = "observable" if table["of_observable_days"].all() else "calendar"
    bar.set_label(f"{of} days with a plume, %")
    bar.outline.set_visible(False)
    return figure


def _month_ticks(axes: Axes, months: list[int]) -> None:
    """Write years where there are several, otherwise months."""
    letters = "JFMAMJJASOND"
    if len(months) > 14:
        starts = [i for i, month in enumerate(months) if month % 12 == 0 or i == 0]
        axes.set_xticks([i for i, month in enumerate(months) if month % 12 == 0])
        axes.set_xticklabels([])
        ends = [*starts[1:], len(months)]
        wide = [(a, b) for a, b in zip(starts, ends, strict=True) if b - a >= 3]
        axes.set_xticks([0.5 * (a + b) for a, b in wide], [str(months[a] // 12) for a, _ in wide], minor=True)
        axes.tick_params(axis="x", which="minor", length=0)
        for start in starts[1:]:
            axes.axvline(start, color=style.INK, lw=0.8, zorder=3)
        return
    axes.set_xticks(np.arange(len(months)) + 0.5, [letters[month % 12] for month in months])
    years = sorted({month // 12 for month in months})
    axes.set_xlabel(" and ".join(map(str, years)))


def shift_data(inputs: ReportInputs) -> pd.DataFrame:
    """Clusters that both origins make: the way from the upwind centre to that of the maxima, and both to the source."""
    table = inputs.table("cluster_origins")
    table = table[table["max_rank"].notna() & table["upwind_rank"].notna()]
    toward = np.radians(table["shift_bearing_deg"].to_numpy(dtype=float) + 180.0)
    shift = table["shift_km"].to_numpy(dtype=float)
    same = (table["max_nearest_source"] == table["upwind_nearest_source"]) & (table["max_nearest_source"] != UNKNOWN)
    return pd.DataFrame(
        {
            "max_rank": table["max_rank"],
            "nearest_source": table["max_nearest_source"],
            "same_source": same,
            "n_shared_plumes": table["n_shared"],
            "east_km": shift * np.sin(toward),
            "north_km": shift * np.cos(toward),
            "shift_km": shift,
            "max_source_distance_km": table["max_source_distance_km"],
            "upwind_source_distance_km": table["upwind_source_distance_km"],
        }
    ).reset_index(drop=True)


@style.styled
def shift_figure(inputs: ReportInputs) -> Figure:
    """Draw where the maxima lie from the upwind ends, and how far both lie from the known source."""
    table = shift_data(inputs)
    figure = style.new_figure(style.WIDE_IN, 3.6)
    left, right = figure.subplots(1, 2)
    _draw_shifts(left, table)
    _draw_distances(right, table)
    return figure


def _draw_shifts(axes: Axes, table: pd.DataFrame) -> None:
    east, north = table["east_km"].to_numpy(), table["north_km"].to_numpy()
    reach = 1.12 * max(float(np.hypot(east, north).max()), 10.0)
    angle = np.linspace(0, 2 * np.pi, 181)
    step = next(step for step in (5, 10, 25, 50, 100, 250, 500, 1000, 10_000) if reach / step < 5)
    for radius in np.arange(step, reach, step):
        axes.plot(radius * np.cos(angle), radius * np.sin(angle), color=style.RULE, lw=0.8, zorder=1)
    axes.plot(np.vstack([0 * east, east]), np.vstack([0 * north, north]), color=style.ACCENT, lw=0.6, alpha=0.5)
    axes.scatter(east, north, s=18, c=style.ACCENT, edgecolors="white", lw=0.4, zorder=4)
    axes.plot([0], [0], marker="P", ms=8, color=style.STRONG, mec="white", mew=0.5, zorder=5)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    axes.grid(False)
    axes.set_xlabel("km east of the upwind centre")
    axes.set_ylabel("km north of the upwind centre")
    middle = float(table["shift_km"].median())
    axes.set_title(f"A  Centre of maxima, median {middle:.0f} km away", fontsize=8.5)
    far = np.argsort(-table["shift_km"].to_numpy(), kind="stable")[:_NAMED]
    known = [i for i in far if table["nearest_source"].iloc[i] not in ("", UNKNOWN)]
    place_names(axes, east[known], north[known], [str(table["nearest_source"].iloc[i]) for i in known], 7.5)


def _draw_distances(axes: Axes, table: pd.DataFrame) -> None:
    table = table[table["same_source"]]
    ours, theirs = (table[f"{name}_source_distance_km"].to_numpy(dtype=float) for name in ("upwind", "max"))
    axes.set_xlabel("maxima: km from the known source")
    axes.set_ylabel("upwind ends: km from the known source")
    axes.set_title("B  Distance of the centre from the source", fontsize=8.5)
    if not len(table):
        axes.text(0.5, 0.5, "no cluster of a known source", transform=axes.transAxes, ha="center", color=style.MUTED)
        return
    high = 1.15 * float(max(ours.max(), theirs.max(), 10.0))
    axes.plot([0, high], [0, high], color=style.MUTED, lw=1, zorder=2)
    axes.scatter(theirs, ours, s=22, c=style.ACCENT, edgecolors="white", lw=0.4, zorder=4)
    axes.axvline(np.median(theirs), color=style.STRONG, lw=1.2, ls=(0, (4, 2)), zorder=3)
    axes.axhline(np.median(ours), color=style.STRONG, lw=1.2, zorder=3)
    handles = [
        Line2D([], [], color=style.STRONG, lw=1.2, label=f"median of upwind ends {np.median(ours):.0f} km"),
        Line2D([], [], color=style.STRONG, lw=1.2, ls=(0, (4, 2)), label=f"of maxima {np.median(theirs):.0f} km"),
        Line2D([], [], color=style.MUTED, lw=1, label="equal"),
    ]
    axes.legend(handles=handles, loc="upper left", fontsize=7.5, frameon=True, framealpha=0.9, edgecolor="white")
    axes.set_xlim(0, high)
    axes.set_ylim(0, high)
    axes.set_aspect("equal")
