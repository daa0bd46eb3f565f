"""Eruption masses and persistent rates of other catalogues beside ours."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from so2plumes.figures import style
from so2plumes.figures.maps import place_names
from so2plumes.findings.inputs import ReportInputs

_NAMED = 8
_FACTOR = 3.0


def ratio_data(inputs: ReportInputs) -> pd.DataFrame:
    """Pairs of values: of eruptions masses in kt, of persistent sources rates in kg/h; ours is missing where none."""
    masses, rates = inputs.table("catalogue_eruptions"), inputs.table("catalogue_sources")
    of_masses = pd.DataFrame(
        {
            "part": "eruption",
            "name": masses["volcano"],
            "date": masses["date"],
            "observable": masses["observable"],
            "catalogue_mass_kt": masses["mass_kt"],
            "our_mass_kt": masses["our_mass_kt"].where(masses["our_mass_kt"] > 0),
            "ratio": masses["ratio"],
        }
    )
    of_rates = pd.DataFrame(
        {
            "part": "source",
            "name": rates["name"],
            "catalogue_emission_kg_h": rates["emission_kg_h"],
            "our_median_emission_kg_h": rates["our_median_kg_h"],
            "our_persistence_percent": rates["our_persistence_percent"],
            "ratio": rates["ratio"],
        }
    )
    parts = [part for part in (of_masses, of_rates) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else of_masses


@style.styled
def ratio_figure(inputs: ReportInputs) -> Figure:
    """Draw our masses and rates over those of the catalogues, with the line of equality and a band of a factor of 3."""
    table = ratio_data(inputs)
    figure = style.new_figure(style.WIDE_IN, 3.75)
    left, right = figure.subplots(1, 2)
    part = table[table["part"] == "eruption"]
    left.set_title("A  Eruption masses", fontsize=8.5)
    if len(part):
        words = ("MSVOLSO2L4, kt", "ours, the orbit with most, kt")
        _draw_pairs(left, part, ("catalogue_mass_kt", "our_mass_kt"), words)
    else:
        _say_nothing(left, "no catalogue of eruption masses,\nor no row of this period")
    part = table[table["part"] == "source"]
    right.set_title("B  Persistent rates", fontsize=8.5)
    if len(part):
        words = ("catalogue, mean of all days, kg h$^{-1}$", "ours, days with a plume, kg h$^{-1}$")
        _draw_pairs(right, part, ("catalogue_emission_kg_h", "our_median_emission_kg_h"), words)
    else:
        _say_nothing(right, "no catalogue of persistent sources")
    return figure


def _say_nothing(axes: Axes, words: str) -> None:
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", color=style.MUTED, wrap=True)
    style.bare(axes)


def _draw_pairs(axes: Axes, table: pd.DataFrame, columns: tuple[str, str], labels: tuple[str, str]) -> None:
    x, y = (table[name].to_numpy(dtype=float) for name in columns)
    both = np.isfinite(x) & np.isfinite(y) & (x > 0) & (y > 0)
    alone = np.isfinite(x) & (x > 0) & ~both
    if not both.any():
        _say_nothing(axes, f"none of {len(table)} rows has a plume of ours")
        return
    low, high = _limits(np.concatenate([x[both], y[both], x[alone]]))
    line = np.array([low, high])
    axes.fill_between(line, line / _FACTOR, line * _FACTOR, color=style.ACCENT, alpha=0.1, lw=0, label="factor of 3")
    axes.plot(line, line, color=style.MUTED, lw=1, label="equal")
    ratio = y[both] / x[both]
    within = int(np.sum((ratio > 1 / _FACTOR) & (ratio < _FACTOR)))
    axes.scatter(
        x[both], y[both], s=20, c=style.ACCENT, edgecolors="white", lw=0.4, zorder=4, label=f"both ({both.sum()})"
    )
    if alone.any():
        axes.plot(x[alone], np.full(alone.sum(), low), ls="", marker="|", ms=8, mew=0.9, color=style.STRONG, zorder=5,
                  clip_on=False, label=f"none of ours ({alone.sum()})")  # fmt: skip
    axes.set(xlabel=labels[0], ylabel=labels[1])
    style.square_log(axes, low, high)
    axes.set_title(axes.get_title(loc="left"), fontsize=8.5, pad=17)
    words = f"ours / catalogue: median {np.median(ratio):.2g}, {within} of {both.sum()} within a factor of 3"
    axes.text(0.0, 1.02, words, transform=axes.transAxes, fontsize=7.5, in_layout=False)
    axes.legend(loc="upper left", fontsize=7.5)
    strong = np.flatnonzero(both)[np.argsort(-x[both], kind="stable")][:_NAMED]
    strong = strong[[str(name) != "" for name in table["name"].iloc[strong]]]
    place_names(axes, x[strong], y[strong], table["name"].astype(str).iloc[strong].tolist(), 7.5)


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """Limits around some positive numbers, at least two decades."""
    low, high = float(values.min()) / 1.8, float(values.max()) * 1.8
    middle = np.sqrt(low * high)
    return min(low, middle / 10.0), max(high, middle * 10.0)
