"""What was found of the plumes that a simulated archive holds, and how well their rates were estimated."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from so2plumes.figures import style
from so2plumes.findings.inputs import ReportInputs


def with_estimate(truth: pd.DataFrame) -> pd.DataFrame:
    """Rows of the found plumes that have an estimate."""
    estimate = pd.to_numeric(truth["estimated_kg_h"], errors="coerce")
    return truth[truth["found"].astype(bool) & np.isfinite(estimate) & (estimate > 0)]


def draw_rates(axes: Axes, truth: pd.DataFrame) -> None:
    """Estimate against truth with the line of equality and a factor of two; missed plumes along the axis."""
    found = with_estimate(truth)
    true, estimate = found["emission_kg_h"].to_numpy(float), found["estimated_kg_h"].to_numpy(float)
    missed = truth.loc[~truth["found"].astype(bool), "emission_kg_h"].to_numpy(float)
    every = np.concatenate([truth["emission_kg_h"].to_numpy(float), estimate])
    low, high = every.min() / 2.5, every.max() * 2.5
    line = np.array([low, high])
    axes.fill_between(line, line / 2, line * 2, color=style.ACCENT, alpha=0.09, lw=0, label="within a factor of 2")
    axes.plot(line, line, color=style.MUTED, lw=1)
    axes.scatter(
        true,
        estimate,
        s=28,
        c=style.ACCENT,
        edgecolors="white",
        lw=0.5,
        zorder=4,
        label=f"found ({len(found)})",
    )
    axes.scatter(missed, np.full(missed.size, low), s=34, c=style.STRONG, marker="x", lw=1.3, zorder=5,
                 clip_on=False, label=f"missed ({missed.size})")  # fmt: skip
    style.square_log(axes, low, high)
    axes.set_xlabel("true rate, kg h$^{-1}$")
    axes.set_ylabel("estimated rate, kg h$^{-1}$")
    axes.legend(loc="upper left", fontsize=8)


def draw_signal(axes: Axes, truth: pd.DataFrame) -> None:
    """Found and missed plumes by size and strength of the signal."""
    found = truth["found"].astype(bool).to_numpy()
    size, peak = truth["n_pixels"].to_numpy(float), truth["peak_sigma"].to_numpy(float)
    axes.scatter(size[found], peak[found], s=28, c=style.ACCENT, edgecolors="white", lw=0.5, label="found", zorder=4)
    axes.scatter(size[~found], peak[~found], s=34, c=style.STRONG, marker="x", lw=1.3, label="missed", zorder=5)
    axes.set_xscale("log")
    axes.set_yscale("log")
    style.plain_log(axes.xaxis, *axes.get_xlim())
    style.plain_log(axes.yaxis, *axes.get_ylim())
    axes.set_xlabel("pixels of the plume")
    axes.set_ylabel("largest column / noise")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.03, 0.985), ncols=2, fontsize=8)


@style.styled
def truth_rates(inputs: ReportInputs) -> Figure:
    """Draw estimate against truth alone."""
    figure = style.new_figure(3.7, 3.6)
    draw_rates(figure.add_subplot(), _truth(inputs))
    return figure


@style.styled
def truth_signal(inputs: ReportInputs) -> Figure:
    """Draw found and missed plumes alone."""
    figure = style.new_figure(3.7, 3.6)
    draw_signal(figure.add_subplot(), _truth(inputs))
    return figure


def _truth(inputs: ReportInputs) -> pd.DataFrame:
    return inputs.truth if inputs.truth is not None else pd.DataFrame()
