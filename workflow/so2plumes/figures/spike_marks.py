"""Marks of the days that stand out, each with its cause where there is room."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from numpy.typing import NDArray

from so2plumes.figures import style
from so2plumes.figures.maps import fits

MOST_CAUSES = 3
_LINES_PT = (0.0, 9.0, 18.0, 27.0)


def draw_marks(figure: Figure, panels: Sequence[Axes], daily: pd.DataFrame, spikes: pd.DataFrame) -> None:
    """Shade every run of days that stands out and write its causes beside it; letters alone where there is no room.

    Parameters
    ----------
    figure : Figure
        Complete but for the marks: limits and layout must be final.
    panels : sequence of Axes
        A time axis and counts each.
    daily : DataFrame
        ``time, n_plumes``.
    spikes : DataFrame
        Table ``spikes``.
    """
    if spikes.empty:
        return
    figure.draw_without_rendering()
    runs = [causes for _, causes in spikes.groupby(["first_date", "last_date"], sort=True)]
    runs.sort(key=lambda causes: -int(causes["n_plumes"].max()))
    for axes in panels:
        low, high = axes.get_xlim()
        taken: list[NDArray] = []
        for causes in runs:
            days = (causes[name].iloc[0] for name in ("first_date", "last_date"))
            begin, end = (float(mdates.date2num(pd.Timestamp(day))) for day in days)
            if end < low or begin > high:
                continue
            axes.axvspan(begin - 0.5, end + 0.5, color=style.STRONG, alpha=0.25, lw=0, zorder=1)
            _write(axes, begin, end, causes, taken, _bars(axes, daily))


def _bars(axes: Axes, daily: pd.DataFrame) -> NDArray[np.float64]:
    """Boxes (day, 4) of the bars, display units."""
    days = mdates.date2num(daily["time"])
    low, high = axes.get_xlim()
    inside = (days >= low) & (days <= high)
    count = daily["n_plumes"].to_numpy(dtype=float)[inside]
    foot = axes.transData.transform(np.column_stack([days[inside] - 0.5, np.zeros(len(count))]))
    top = axes.transData.transform(np.column_stack([days[inside] + 0.5, count]))
    return np.column_stack([foot, top])


def cause_lines(causes: pd.DataFrame) -> list[str]:
    """Lines of a mark: ``A Raikoke [A]``, the paper's letter in brackets; the strongest causes first."""
    ordered = causes.sort_values("n_cause_plumes", ascending=False, kind="stable")
    lines = []
    for row in ordered.head(MOST_CAUSES).to_dict("records"):
        name = str(row["cause"]) or "no cause known"
        lines.append(f"{row['mark']} {name}" + (f" [{row['paper_mark']}]" if row["paper_mark"] else ""))
    left = len(ordered) - MOST_CAUSES
    return [*lines, f"and {left} more"] if left > 0 else lines


def _write(
    axes: Axes, begin: float, end: float, causes: pd.DataFrame, taken: list[NDArray], bars: NDArray[np.float64]
) -> None:
    """Write all causes beside the run, otherwise the letters above it."""
    bounds = np.asarray(axes.get_window_extent().extents)
    whole, letters = "\n".join(cause_lines(causes)), ",".join(sorted(causes["mark"].astype(str)))
    right, left = (end + 0.5, 3.0, "left"), (begin - 0.5, -3.0, "right")
    places = [(words, side, down) for words in (whole, letters) for down in _LINES_PT for side in (right, left)]
    for words, side, down in places:
        text = _text(axes, words, *side, down)
        box = np.asarray(text.get_window_extent().extents)
        hides = ((bars[:, 2:] > box[:2]) & (bars[:, :2] < box[2:])).all(axis=1)
        if fits(box, taken, bounds) and not hides.any():
            taken.append(box)
            return
        text.remove()
    _text(axes, letters, *right, 0.0)


def _text(axes: Axes, words: str, x: float, shift: float, across: str, down: float) -> Annotation:
    top = axes.get_ylim()[1]
    text = axes.annotate(
        words, (x, top), (shift, -1 - down), textcoords="offset points", ha=across, va="top", fontsize=7.5,
        color="#8f3c00", zorder=9, linespacing=1.05, parse_math=False,
        path_effects=[patheffects.withStroke(linewidth=2.0, foreground="white", alpha=0.9)],
    )  # fmt: skip
    text.set_in_layout(False)
    return text
