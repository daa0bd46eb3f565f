"""Histograms of what was measured on every plume (FP-pre Fig. 12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from so2plumes.figures import style
from so2plumes.findings.inputs import ReportInputs


@dataclass(frozen=True)
class Quantity:
    """A column of the plume table as a histogram shows it.

    ``scale`` turns the column's unit into the shown one; ``paper`` names the paper's values.
    """

    column: str
    title: str
    unit: str
    scale: float
    logarithmic: bool
    paper: str
    figures: int = 3


QUANTITIES = (
    Quantity(
        "emission_kg_h",
        "Emission rate",
        "kg h$^{-1}$",
        1.0,
        True,
        "median 14\u202f629, 1st percentile 524 kg h⁻¹",
    ),
    Quantity("length_m", "Plume length", "km", 1e-3, True, "median 37.3 km"),
    Quantity("ellipse_fit", "Ellipse fit (area ratio)", "", 1.0, False, "median 0.6; above 0.4 is called good", 2),
    Quantity("wind_cov_percent", "Variation of the wind, std / mean", "%", 1.0, False, "median 12.5 %"),
)

_PLAIN_UNITS = {"kg h$^{-1}$": "kg h-1"}


def finite_values(plumes: pd.DataFrame, quantity: Quantity) -> NDArray[np.float64]:
    """Values in the shown unit; for a logarithmic quantity the positive ones."""
    values = plumes[quantity.column].to_numpy(dtype=float) * quantity.scale
    good = np.isfinite(values) & ((values > 0) | (not quantity.logarithmic))
    return values[good]


def bin_edges(values: NDArray[np.float64], quantity: Quantity) -> NDArray[np.float64]:
    """Edges of the bins of some values; of a linear quantity the last bin takes the largest 0.5 % as well."""
    n_bins = int(np.clip(2 * np.sqrt(values.size), 8, 48))
    low, high = float(values.min()), float(np.quantile(values, 0.995))
    if quantity.logarithmic:
        low, high = low / 1.05, float(values.max()) * 1.05
        widen = max(np.sqrt(10 * low / high), 1.0)
        return np.geomspace(low / widen, high * widen, n_bins + 1)
    pad = max(high - low, 0.05 * max(abs(high), 1e-6)) * 0.02
    return np.linspace(min(low, 0.0), high + pad, n_bins + 1)


def histogram_counts(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count values in bins; those above the last edge belong to the last bin."""
    return np.histogram(np.minimum(values, edges[-1]), edges)[0]


def histogram_data(inputs: ReportInputs) -> pd.DataFrame:
    """Bins of all quantities in the units shown, with the number of plumes in each."""
    parts = []
    for quantity in QUANTITIES:
        values = finite_values(inputs.plumes, quantity)
        if values.size:
            edges = bin_edges(values, quantity)
            counts = histogram_counts(values, edges)
            unit = _PLAIN_UNITS.get(quantity.unit, quantity.unit or "1")
            bins = {"quantity": quantity.column, "unit": unit, "low": edges[:-1], "high": edges[1:], "n_plumes": counts}
            parts.append(pd.DataFrame(bins))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def draw_histogram(axes: Axes, values: NDArray[np.float64], quantity: Quantity) -> None:
    """Draw a histogram with the median and the 1st percentile."""
    axes.set_title(quantity.title, pad=19)
    axes.set_xlabel(quantity.unit or "ratio")
    axes.set_ylabel("plumes")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.grid(axis="x", visible=False)
    if values.size == 0:
        axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", color=style.MUTED)
        return
    edges = bin_edges(values, quantity)
    axes.stairs(histogram_counts(values, edges), edges, fill=True, color=style.ACCENT, alpha=0.75)
    if quantity.logarithmic:
        axes.set_xscale("log")
    first, middle = np.quantile(values, (0.01, 0.5))
    if quantity.logarithmic:
        style.plain_log(axes.xaxis, edges[0], edges[-1])
    for value, name, dashes in ((middle, "median", "-"), (first, "1st percentile", (0, (4, 2)))):
        axes.axvline(value, color=style.STRONG, lw=1.4, ls=dashes, label=f"{name} {_short(value, quantity)}")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.985), ncols=2, fontsize=8, borderpad=0.2, handlelength=1.6)


def _short(value: float, quantity: Quantity) -> str:
    digits = quantity.figures - 1 - int(np.floor(np.log10(abs(value)))) if value else 1
    return f"{round(value, digits):,.{max(digits, 0)}f}".replace(",", "\u202f")


@style.styled
def histogram(inputs: ReportInputs, quantity: Quantity) -> Figure:
    """Draw one quantity as a small figure."""
    figure = style.new_figure(3.7, 2.6)
    draw_histogram(figure.add_subplot(), finite_values(inputs.plumes, quantity), quantity)
    return figure


@style.styled
def histograms(inputs: ReportInputs) -> Figure:
    """Draw all quantities in one figure."""
    figure = style.new_figure(style.WIDE_IN, 5.4)
    for letter, axes, quantity in zip("ABCD", figure.subplots(2, 2).flat, QUANTITIES, strict=True):
        draw_histogram(axes, finite_values(inputs.plumes, quantity), quantity)
        axes.set_title(f"{letter}  {quantity.title}", pad=19)
    return figure


@style.styled
def label_bars(shares: Mapping[str, float]) -> Figure:
    """Draw the share of every label as horizontal bars, in the order given."""
    figure = style.new_figure(style.WIDE_IN, 0.5 + 0.34 * len(shares))
    axes = figure.add_subplot()
    y = np.arange(len(shares))[::-1]
    colours = [style.LABELS.get(name, ("black", "", ""))[0] for name in shares]
    axes.barh(y, [100 * share for share in shares.values()], color=colours, height=0.68)
    for at, share in zip(y, shares.values(), strict=True):
        axes.text(100 * share, at, f" {100 * share:.1f} %", va="center", fontsize=8.5)
    axes.set_yticks(y, list(shares))
    axes.set_xlim(0, max(100 * max(shares.values()) * 1.12, 1))
    axes.set_xlabel("% of plumes")
    axes.grid(axis="y", visible=False)
    return figure
