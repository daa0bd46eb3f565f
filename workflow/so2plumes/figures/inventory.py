"""Figures of the comparison with the inventory (FP-pre Figs. 13-15)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from so2plumes.constants import EARTH_RADIUS_KM, PAPER_LIMIT_KG_H
from so2plumes.figures import style
from so2plumes.figures.maps import GLOBE, draw_base
from so2plumes.findings.inputs import ReportInputs

CELL_DEG = 0.1


def equator_cell_m2() -> float:
    """Area of a cell of 0.1 degree at the equator."""
    return float((np.radians(CELL_DEG) * EARTH_RADIUS_KM * 1e3) ** 2)


def limit_flux(limit_kg_h: float = PAPER_LIMIT_KG_H) -> float:
    """Flux, kg m-2 s-1, of a rate spread over a cell at the equator (524 kg/h: 1.18e-9)."""
    return limit_kg_h / 3600.0 / equator_cell_m2()


def top_cells(edgar: pd.DataFrame) -> pd.DataFrame:
    """Cells with the largest fluxes, each once."""
    top = edgar[edgar["is_top"].astype(bool)]
    return top.drop_duplicates(["longitude", "latitude"]).sort_values(["latitude", "longitude"])


def draw_curve(axes: Axes, edgar: pd.DataFrame) -> None:
    """Cumulative share of emission by share of cells, largest first (FP-pre Fig. 13)."""
    cells = 100 * np.asarray(edgar.attrs["curve_cells"], dtype=float)
    emission = 100 * np.asarray(edgar.attrs["curve_emission"], dtype=float)
    good = cells > 0
    axes.plot(cells[good], emission[good], color=style.ACCENT, lw=2)
    for at, share in (
        (1.0, edgar.attrs.get("top1_percent_share")),
        (0.1, edgar.attrs.get("top01_percent_share")),
    ):
        if share is not None and np.isfinite(share):
            axes.plot([at], [100 * share], "o", color=style.STRONG, ms=6, zorder=4)
            axes.annotate(
                f"top {at:g} %: {100 * share:.0f} %",
                (at, 100 * share),
                (8, -3),
                textcoords="offset points",
                va="top",
            )
    axes.set_xscale("log")
    axes.set_xlim(max(cells[good].min(), 1e-4), 100)
    axes.set_ylim(0, 104)
    axes.set_xlabel("% of all cells, largest first")
    axes.set_ylabel("% of emission")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def draw_fluxes(axes: Axes, edgar: pd.DataFrame) -> None:
    """Fluxes of the cells with plumes, by the inventory and by the plumes (FP-pre Fig. 14)."""
    with_plume = edgar[np.isfinite(edgar["plume_flux_kg_m2_s"].to_numpy(dtype=float))]
    parts = (
        ("edgar_flux_kg_m2_s", "inventory", style.ACCENT),
        ("plume_flux_kg_m2_s", "plumes", style.STRONG),
    )
    values = [with_plume[name].to_numpy(dtype=float) for name, *_ in parts]
    values = [v[np.isfinite(v) & (v > 0)] for v in values]
    both = np.concatenate(values)
    if both.size:
        edges = np.geomspace(max(both.min(), both.max() * 1e-12) / 1.2, both.max() * 1.2, 44)
        for data, (_, name, colour) in zip(values, parts, strict=True):
            axes.hist(
                data,
                bins=list(edges),
                histtype="stepfilled",
                color=colour,
                alpha=0.55,
                ec=colour,
                label=f"{name} ({data.size})",
            )
    axes.axvline(limit_flux(), color=style.INK, lw=1.2, ls=(0, (4, 2)), label="524 kg h$^{-1}$ over a cell")
    axes.set_xscale("log")
    axes.set_xlabel("flux, kg m$^{-2}$ s$^{-1}$")
    axes.set_ylabel("cells and months")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.03, 0.985), ncols=2, fontsize=8, borderpad=0.2, handlelength=1.6)


def draw_top_map(axes: Axes, edgar: pd.DataFrame) -> None:
    """Draw the largest cells with and without a plume nearby (FP-pre Fig. 15)."""
    draw_base(axes, GLOBE)
    top = top_cells(edgar)
    seen = top["has_plume"].astype(bool).to_numpy()
    x, y = GLOBE.xy(top["longitude"], top["latitude"])
    size = float(np.clip(14 * (400 / max(len(top), 1)) ** 0.5, 2, 14))
    axes.scatter(x[~seen], y[~seen], s=size, c=style.ACCENT, marker="o", lw=0, alpha=0.75, zorder=4,
                 label=f"no plume nearby ({(~seen).sum()})")  # fmt: skip
    axes.scatter(x[seen], y[seen], s=1.5 * size, c=style.STRONG, marker="^", lw=0, zorder=5,
                 label=f"plume nearby ({seen.sum()})")  # fmt: skip


@style.styled
def curve_figure(inputs: ReportInputs) -> Figure:
    """Draw the cumulative curve alone."""
    figure = style.new_figure(3.7, 2.7)
    draw_curve(figure.add_subplot(), inputs.edgar)
    return figure


@style.styled
def flux_figure(inputs: ReportInputs) -> Figure:
    """Draw the histogram of fluxes alone."""
    figure = style.new_figure(3.7, 2.7)
    draw_fluxes(figure.add_subplot(), inputs.edgar)
    return figure


@style.styled
def top_map_figure(inputs: ReportInputs) -> Figure:
    """Draw the map of the largest cells alone."""
    figure = style.new_figure(style.WIDE_IN, style.WIDE_IN / GLOBE.aspect + 0.45)
    draw_top_map(figure.add_subplot(), inputs.edgar)
    figure.legend(loc="outside lower center", ncols=2, markerscale=3.0 if len(top_cells(inputs.edgar)) > 1000 else 1.0)
    return figure


def has_curve(edgar: pd.DataFrame) -> bool:
    """Tell whether the cumulative curve was computed."""
    curve = edgar.attrs.get("curve_cells")
    return curve is not None and len(curve) > 1
