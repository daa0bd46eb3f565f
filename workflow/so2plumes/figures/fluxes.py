"""The inventory's cumulative emission, and fluxes of inventory and plumes (FP-pre Figs. 13, 14)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from so2plumes.figures import style
from so2plumes.figures.inventory import limit_flux, top_cells
from so2plumes.findings.inputs import ReportInputs

METHODS = {"centre": "each plume in the cell of its maximum (paper)", "overlap": "each plume spread over its pixels"}
_PAPER_TOP = {1.0: 85.0, 0.1: 50.0}


def cumulative_data(inputs: ReportInputs) -> pd.DataFrame:
    """Share of the emission by share of cells, and the rate of a cell at that share.

    Returns
    -------
    DataFrame
        ``cell_percent, emission_percent, cell_emission_kg_h, cell_by_mean_cell``: the mean cell is that of the whole
        grid; kg/h are missing where the table does not state the total.
    """
    table = inputs.table("edgar_curve")
    n_cells = float(table.attrs.get("n_cells", np.nan))
    number = np.rint(table["cell_share"].to_numpy(dtype=float) * n_cells) if np.isfinite(n_cells) else None
    share, cells = table["emission_share"].to_numpy(dtype=float), table["cell_share"].to_numpy(dtype=float)
    if number is not None:
        _, first = np.unique(number, return_index=True)
        share, cells = share[first], number[first] / n_cells
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.diff(share, prepend=np.nan) / np.diff(cells, prepend=np.nan)
    mean_kg_h = float(table.attrs.get("total_emission_kg_h", np.nan)) / n_cells
    data = pd.DataFrame(
        {
            "cell_percent": 100.0 * cells,
            "emission_percent": 100.0 * share,
            "cell_emission_kg_h": relative * mean_kg_h,
            "cell_by_mean_cell": relative,
        }
    )
    return data[data["cell_percent"] > 0].reset_index(drop=True)


@style.styled
def cumulative_figure(inputs: ReportInputs) -> Figure:
    """Draw the cumulative emission of the inventory and the rate of its cells, largest first."""
    table, attrs = cumulative_data(inputs), inputs.table("edgar_curve").attrs
    figure = style.new_figure(0.75 * style.WIDE_IN, 3.4)
    axes = figure.add_subplot()
    axes.plot(table["cell_percent"], table["emission_percent"], color=style.INK, lw=2)
    for at, name in ((1.0, "top1_percent_share"), (0.1, "top01_percent_share")):
        share = 100.0 * float(attrs.get(name, np.nan))
        if np.isfinite(share):
            axes.plot([at], [share], "o", color=style.INK, ms=6, zorder=4)
            words = f"top {at:g} %: {share:.0f} % (paper {_PAPER_TOP[at]:.0f} %)"
            halo = [patheffects.withStroke(linewidth=3, foreground="white", alpha=0.9)]
            shift, side = ((-7, 5), "right") if at == 1.0 else ((7, -9), "left")
            axes.annotate(
                words, (at, share), shift, textcoords="offset points", ha=side, fontsize=8, zorder=9, path_effects=halo
            )
    axes.set_xscale("log")
    axes.set_xlim(float(table["cell_percent"].min()), 100)
    axes.set_ylim(0, 104)
    axes.set_xlabel(f"% of all cells of EDGAR {attrs.get('edgar_year', '')}, largest first")
    axes.set_ylabel("% of the emission (solid)")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    _draw_cell_rates(axes, table)
    return figure


def _draw_cell_rates(axes: Axes, table: pd.DataFrame) -> None:
    known = table["cell_emission_kg_h"].notna().any()
    column, words = (
        ("cell_emission_kg_h", "emission of the cell, kg h$^{-1}$ (dashed)")
        if known
        else ("cell_by_mean_cell", "emission of the cell by the mean of all cells (dashed)")
    )
    good = table[np.isfinite(table[column]) & (table[column] > 0)]
    right = axes.twinx()
    axes.set_zorder(right.get_zorder() + 1)
    axes.patch.set_visible(False)
    right.plot(good["cell_percent"], good[column], color=style.STRONG, lw=1.6, ls=(0, (5, 2)))
    right.set_yscale("log")
    right.set_ylabel(words, color=style.STRONG)
    right.tick_params(axis="y", colors=style.STRONG, labelcolor=style.STRONG)
    right.grid(False)
    right.spines["right"].set_visible(True)


def flux_data(inputs: ReportInputs) -> pd.DataFrame:
    """Cells and months by order of magnitude of their flux, by gridding."""
    table = inputs.table("edgar_histogram")
    table = table[table["quantity"] != "edgar_all_cells"]
    method = table["quantity"].str.split("_").str[1]
    return pd.DataFrame(
        {
            "method": method,
            "quantity": table["quantity"],
            "log10_low_kg_m2_s": table["log10_low"],
            "log10_high_kg_m2_s": table["log10_high"],
            "n_cells": table["n_cells"],
        }
    ).reset_index(drop=True)


@style.styled
def flux_histograms(inputs: ReportInputs) -> Figure:
    """Draw the fluxes of the cells with plumes, by the inventory and by the plumes, for both griddings."""
    table = flux_data(inputs)
    methods = [name for name in METHODS if (table["method"] == name).any()]
    figure = style.new_figure(style.WIDE_IN, 3.5)
    panels = figure.subplots(1, len(methods), sharex=True, squeeze=False)[0]
    facts = inputs.table("edgar_months").attrs
    for letter, axes, method in zip("AB", panels, methods, strict=False):
        _draw_fluxes(axes, table[table["method"] == method], method)
        axes.set_title(f"{letter}  {METHODS[method][0].upper()}{METHODS[method][1:]}", fontsize=8.5)
        ratio = facts.get(f"{method}_median_ratio")
        if ratio:
            words = f"plumes / inventory:\nmedian {_power(float(ratio))}"
            axes.text(0.02, 0.97, words, transform=axes.transAxes, va="top", fontsize=8)
    panels[0].set_ylabel("cells and months")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2)
    return figure


def _power(value: float) -> str:
    mantissa, power = f"{value:.1e}".split("e")
    return f"{mantissa} $\\times$ 10$^{{{int(power)}}}$" if abs(int(power)) > 2 else f"{value:.2g}"


def _draw_fluxes(axes: Axes, table: pd.DataFrame, method: str) -> None:
    looks: tuple[tuple[str, str, dict[str, Any]], ...] = (
        (f"edgar_{method}", "inventory, cells with a plume", {"color": style.ACCENT, "alpha": 0.55, "fill": True}),
        (f"plumes_{method}", "plumes, while they are seen", {"color": "#E69F00", "alpha": 0.6, "fill": True}),
        (f"plumes_{method}_month", "plumes, mean of the month", {"color": style.INK, "fill": False, "lw": 1.2}),
    )  # fmt: skip
    for quantity, words, look in looks:
        part = table[table["quantity"] == quantity]
        if len(part):
            edges = 10.0 ** np.append(part["log10_low_kg_m2_s"], part["log10_high_kg_m2_s"].iloc[-1])
            axes.stairs(part["n_cells"], edges, label=words, **look)
    axes.axvline(limit_flux(), color=style.MUTED, lw=1.2, ls=(0, (4, 2)), label="524 kg h$^{-1}$ over a cell")
    axes.set_xscale("log")
    filled = table[table["n_cells"] > 0]
    if len(filled):
        low, high = filled["log10_low_kg_m2_s"].min(), filled["log10_high_kg_m2_s"].max()
        axes.set_xlim(10.0 ** (low - 0.5), 10.0 ** (high + 0.5))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.set_xlabel("flux, kg m$^{-2}$ s$^{-1}$")


def top_cell_data(inputs: ReportInputs) -> pd.DataFrame:
    """Largest cells of the inventory with the distance of the nearest plume."""
    top = top_cells(inputs.edgar)
    return pd.DataFrame(
        {
            "longitude_deg": top["longitude"],
            "latitude_deg": top["latitude"],
            "edgar_flux_kg_m2_s": top["edgar_flux_kg_m2_s"],
            "nearest_plume_km": top["nearest_plume_km"],
            "has_plume": top["has_plume"].astype(bool),
        }
    ).reset_index(drop=True)
