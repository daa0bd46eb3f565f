"""The probability of detection against the emission rate, of the injected plumes of a model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from so2plumes.constants import PAPER_LIMIT_KG_H
from so2plumes.figures import style

PANELS = {"background": "By added background", "wind": "By wind speed", "edge": "By place in the swath"}
_COLOURS = ("#0072B2", "#009E73", "#E69F00", "#D55E00", "#CC79A7", "#56B4E9")
_MARKERS = ("o", "s", "D", "^", "v", "P")
_SPREAD = 0.025

Row = Mapping[str, Any]


def _names(rows: Sequence[Row], by: str) -> list[str]:
    return list(dict.fromkeys(str(row["of"]) for row in rows if row["by"] == by))


def _draw_group(axes: Axes, bins: Sequence[Row], lines: Sequence[Row], number: int, shift: float) -> None:
    """Found shares with their intervals, moved sideways by a share of a decade, and the fitted line."""
    colour = _COLOURS[number % len(_COLOURS)]
    rate = np.array([np.sqrt(row["low_kg_h"] * row["high_kg_h"]) for row in bins]) * 10.0**shift
    pod, low, high = (100.0 * np.array([row[key] for row in bins], float) for key in ("pod", "pod_low", "pod_high"))
    axes.errorbar(
        rate,
        pod,
        yerr=np.maximum([pod - low, high - pod], 0.0),
        fmt=_MARKERS[number % len(_MARKERS)],
        ms=4,
        color=colour,
        mec="white",
        mew=0.4,
        elinewidth=0.8,
        label=str(bins[0]["of"]),
        zorder=4,
    )
    for line in lines:
        axes.plot(line["emission_kg_h"], 100.0 * np.array(line["pod"], float), color=colour, lw=1.5, zorder=3)


def _draw_panel(axes: Axes, summary: Mapping[str, Any], by: str) -> None:
    """One division of the trials."""
    names = _names(summary["curves"], by)
    for number, of in enumerate(names):
        bins = [row for row in summary["curves"] if row["by"] == by and row["of"] == of]
        lines = [row for row in summary.get("lines", ()) if row["by"] == by and row["of"] == of]
        _draw_group(axes, bins, lines, number, _SPREAD * (number - (len(names) - 1) / 2))
    axes.axvline(PAPER_LIMIT_KG_H, color=style.INK, lw=1.1, ls=(0, (4, 2)), zorder=2)
    axes.set_title(PANELS[by])
    axes.set_xscale("log")
    axes.set_ylim(-3, 103)
    axes.set_xlabel("emission rate, kg h$^{-1}$")
    columns = 2 if max(map(len, names)) < 8 else 1
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.19), ncols=columns, fontsize=8, columnspacing=1.0)


@style.styled
def draw_detection_curves(summary: Mapping[str, Any]) -> Figure:
    """Draw the probability of detection by background, wind and place in the swath.

    Parameters
    ----------
    summary : mapping
        As from `so2plumes.evaluation.limits.summarise`, with at least one bin in ``curves``.
    """
    panels = [by for by in PANELS if _names(summary["curves"], by)]
    figure = style.new_figure(style.WIDE_IN, 3.5)
    row = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for axes, by in zip(row, panels, strict=True):
        _draw_panel(axes, summary, by)
    row[0].set_ylabel("plumes found, %")
    row[0].annotate(
        f"{PAPER_LIMIT_KG_H:.0f} kg h$^{{-1}}$", (PAPER_LIMIT_KG_H, 97), (-3, 0), textcoords="offset points",
        ha="right", va="top", rotation=90, fontsize=8, color=style.INK,
    )  # fmt: skip
    return figure
