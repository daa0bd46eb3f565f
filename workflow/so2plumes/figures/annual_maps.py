"""Where the plumes of every year were (FP-pre Fig. 4)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from so2plumes.figures import style
from so2plumes.figures.maps import draw_base
from so2plumes.figures.plume_maps import plume_map, plume_view
from so2plumes.findings.inputs import ReportInputs

_MONTH_STARTS = (1, 32, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)


def location_data(inputs: ReportInputs) -> pd.DataFrame:
    """Place, day and rate of every plume."""
    plumes = inputs.plumes
    day = pd.to_datetime(plumes["date"].astype(str))
    return pd.DataFrame(
        {
            "plume_id": plumes["plume_id"],
            "date": plumes["date"],
            "year": day.dt.year,
            "day_of_year": day.dt.day_of_year,
            "longitude_deg": plumes["max_longitude"],
            "latitude_deg": plumes["max_latitude"],
            "emission_kg_h": plumes["emission_kg_h"],
        }
    )


def location_figure(inputs: ReportInputs) -> Figure:
    """Draw a panel a year coloured by day of year; of a single year the map coloured by rate."""
    years = [year for year in inputs.years if (location_data(inputs)["year"] == year).any()]
    return annual_maps(inputs, years) if len(years) > 1 else plume_map(inputs)


@style.styled
def annual_maps(inputs: ReportInputs, years: list[int]) -> Figure:
    """Draw the plumes of some years in a panel each, coloured by day of year, early days below late ones."""
    data, view = location_data(inputs), plume_view(inputs)
    columns = 2 if view.aspect > 1.3 else 3
    rows = -(-len(years) // columns)
    width = style.WIDE_IN / columns
    figure = style.new_figure(style.WIDE_IN, rows * (min(width / view.aspect, 3.2) + 0.32) + 0.65)
    grid = figure.subplots(rows, columns, squeeze=False)
    size = float(np.clip(12 * (300 * len(years) / max(len(data), 1)) ** 0.5, 1.0, 12))
    drawn = []
    for axes, year in zip(grid.flat, years, strict=False):
        part = data[data["year"] == year].sort_values("day_of_year", kind="stable")
        draw_base(axes, view)
        drawn.append(
            axes.scatter(
                *view.xy(part["longitude_deg"], part["latitude_deg"]), c=part["day_of_year"], s=size, lw=0,
                cmap="viridis", vmin=1, vmax=366, zorder=4, rasterized=style.is_crowd(len(data)),
            )
        )  # fmt: skip
        axes.set_title(f"{year} ({len(part):,})".replace(",", "\u202f"))
    for axes in grid.flat[len(years) :]:
        axes.remove()
    bar = figure.colorbar(
        drawn[0], ax=list(grid.flat[: len(years)]), location="bottom", aspect=50, shrink=0.7, pad=0.02
    )
    bar.outline.set_visible(False)
    bar.long_axis.set_major_locator(FixedLocator(list(_MONTH_STARTS)))
    bar.set_ticklabels(list("JFMAMJJASOND"))
    bar.set_label("day of the year (number of plumes in brackets)")
    return figure
