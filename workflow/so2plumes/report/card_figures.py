"""Charts of a model card: precision and recall, reliability, scores by group, training history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from so2plumes.figures import style
from so2plumes.report import text
from so2plumes.report.card_tables import BY, OURS, Row, by_of, groups_of, method_name, methods_of

LOOKS: dict[str, tuple[str, str]] = {
    OURS: (style.ACCENT, "o"),
    "ztest": (style.STRONG, "s"),
    "threshold": (style.MUTED, "D"),
}
"""Colour and marker of every method."""
OTHER = ("#009E73", "^")


def look(method: str) -> dict[str, Any]:
    """Colour and marker of a method as plot keywords."""
    colour, marker = LOOKS.get(method, OTHER)
    return {"color": colour, "marker": marker, "markeredgecolor": "white", "markeredgewidth": 0.6}


@style.styled
def precision_recall_figure(rows: Sequence[Row], threshold: float | None = None) -> Figure:
    """Draw precision against recall of every method over its thresholds; a method with one threshold is a point.

    Parameters
    ----------
    rows : sequence of mappings
        ``method``, ``threshold``, ``precision``, ``recall``. Thresholds of zero and rows without a number are left out.
    threshold : float, optional
        Threshold of the U-Net that is in use; its point is ringed.
    """
    figure = style.new_figure(5.2, 4.2)
    axes = figure.add_subplot()
    shown = _distinct(rows)
    for method in methods_of(shown):
        mine = sorted((row for row in shown if row["method"] == method), key=lambda row: row["threshold"])
        recall, precision = ([row[name] for row in mine] for name in ("recall", "precision"))
        size = 4.5 if len(mine) > 1 else 8
        axes.plot(recall, precision, lw=1.6, ms=size, label=method_name(method), zorder=4, **look(method))
    used = [row for row in shown if row["method"] == OURS] if threshold is not None else []
    if used:
        row = min(used, key=lambda row: abs(row["threshold"] - threshold))
        axes.plot(row["recall"], row["precision"], "o", ms=12, mfc="none", mec=style.INK, mew=1.3, zorder=5,
                  label=f"in use: threshold {row['threshold']:g}")  # fmt: skip
    numbers = [row[name] for row in shown for name in ("precision", "recall")]
    low = max(0.0, np.floor(10 * min(numbers, default=0.0) - 0.2) / 10)
    axes.set_xlim(low, 1.005)
    axes.set_ylim(low, 1.005)
    _equal_f1(axes, low)
    axes.set_aspect("equal")
    axes.set_xlabel("recall")
    axes.set_ylabel("precision")
    if shown:
        figure.legend(loc="outside upper left", ncols=2, fontsize=8)
    return figure


def _distinct(rows: Sequence[Row]) -> list[Row]:
    """Drop points without numbers, those that call everything a plume, and repeated ones of yes-or-no methods."""
    kept: dict[tuple, Row] = {}
    for row in rows:
        if row["precision"] is not None and row["recall"] is not None and row["threshold"] > 0:
            kept.setdefault((row["method"], row["precision"], row["recall"]), row)
    return list(kept.values())


def _equal_f1(axes: Axes, low: float) -> None:
    """Draw lines of equal F1 that cross the shown square."""
    for f1 in np.arange(0.1, 0.96, 0.1):
        recall = np.linspace(f1 / (2 - f1), 1.0, 200)
        axes.plot(recall, f1 * recall / (2 * recall - f1), color=style.RULE, lw=0.9, ls=(0, (4, 3)), zorder=1)
        if f1 / (2 - f1) > low + 0.02:
            axes.annotate(f"F1 {f1:.1f}", (1.005, f1 / (2 - f1)), (3, 0), textcoords="offset points", va="center",
                          fontsize=7.5, color=style.MUTED, annotation_clip=False)  # fmt: skip


@style.styled
def reliability_figure(calibration: Row) -> Figure:
    """Draw the observed share of true pixels against the probability, with the number of pixels below."""
    bins = [b for b in calibration["bins"] if b["pixels"]]
    figure = style.new_figure(4.6, 4.8)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=style.MUTED, lw=1, ls=(0, (4, 3)), label="perfect")
    drawn = [b for b in bins if b["mean_probability"] is not None and b["observed"] is not None]
    upper.plot([b["mean_probability"] for b in drawn], [b["observed"] for b in drawn], lw=1.6, ms=6, label="U-Net",
               zorder=4, **look(OURS))  # fmt: skip
    upper.set_ylabel("share of true pixels")
    upper.set_xlim(-0.01, 1.01)
    upper.set_ylim(-0.02, 1.02)
    upper.legend(loc="upper left")
    lower.bar([b["low"] for b in bins], [b["pixels"] for b in bins], [b["high"] - b["low"] for b in bins],
              align="edge", color=style.ACCENT, alpha=0.6, edgecolor="white", lw=0.5)  # fmt: skip
    lower.set_yscale("log")
    lower.set_ylim(bottom=max(0.5 * min((b["pixels"] for b in bins), default=1), 0.5))
    lower.set_ylabel("pixels")
    lower.set_xlabel("probability")
    return figure


def is_divided(rows: Sequence[Row]) -> bool:
    """Tell whether there are groups to draw."""
    return any(by != "all" for by in groups_of(rows))


@style.styled
def groups_figure(rows: Sequence[Row], value: str, counted: str, label: str) -> Figure:
    """Draw one panel for every division with a dot for each method and group.

    Parameters
    ----------
    rows : sequence of mappings
        ``method``, ``by``, ``of``, the value and, where known, its interval ``low`` and ``high``; some of them have to
        be divided, see `is_divided`.
    value, counted : str
        Keys of the value, 0 to 1, and of the number of cases.
    label : str
        Name of the value.
    """
    panels = [(by, by_of(group)) for by, group in groups_of(rows).items() if by != "all"]
    pairs = [panels[i : i + 2] for i in range(0, len(panels), 2)]
    heights = [max(len(cells) for _, cells in pair) + 1.2 for pair in pairs]
    figure = style.new_figure(style.WIDE_IN, 0.6 + 0.27 * sum(heights))
    grid = GridSpec(len(pairs), 2, figure=figure, height_ratios=heights)
    low = _floor(row[name] for row in rows for name in (value, "low") if row.get(name) is not None)
    for i, (by, cells) in enumerate(panels):
        axes = figure.add_subplot(grid[i // 2, i % 2])
        _dots(axes, cells, value, counted)
        axes.set_title(BY.get(by, f"By {by}"))
        axes.set_xlim(low, 1.01)
        axes.set_xlabel(label if i >= len(panels) - 2 else "")
    handles = {name: Line2D([], [], ls="", ms=6, **look(name)) for name in methods_of(rows)}
    figure.legend(handles.values(), [method_name(name) for name in handles], loc="outside upper left", ncols=3)
    return figure


def _floor(values: Any) -> float:
    """Largest tenth that is below all values."""
    return float(max(0.0, np.floor(10 * min(values, default=0.0) - 0.2) / 10))


def _dots(axes: Axes, cells: Mapping[str, Mapping[str, Row]], value: str, counted: str) -> None:
    methods = methods_of(row for group in cells.values() for row in group.values())
    for at, group in enumerate(cells.values()):
        for method, row in group.items():
            if row.get(value) is None:
                continue
            y = at + 0.16 * (methods.index(method) - (len(methods) - 1) / 2)
            if row.get("low") is not None:
                axes.plot([row["low"], row["high"]], [y, y], color=look(method)["color"], lw=1.3, zorder=3)
            axes.plot(row[value], y, ls="", ms=5.5, zorder=5 if method == OURS else 4, **look(method))
    names = [f"{of}  ({text.whole(next(iter(group.values()))[counted])})" for of, group in cells.items()]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


@style.styled
def history_figure(history: Sequence[Row]) -> Figure:
    """Draw loss and learning rate over the epochs."""
    figure = style.new_figure(style.WIDE_IN, 2.6)
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
    for name, label, colour in (
        ("loss", "training windows", style.MUTED),
        ("test_loss", "unseen orbits", style.ACCENT),
    ):
        known = [(row["epoch"], row[name]) for row in history if row.get(name) is not None]
        if known:
            left.plot(*zip(*known, strict=True), "o-", color=colour, ms=3.5, lw=1.4, label=label)
    left.set_yscale("log")
    limits = left.get_ylim()
    style.plain_log(left.yaxis, *limits)
    left.set_ylabel("loss")
    left.legend()
    rates = [(row["epoch"], row["learning_rate"]) for row in history if row.get("learning_rate") is not None]
    if rates:
        right.plot(*zip(*rates, strict=True), "o-", color=style.STRONG, ms=3.5, lw=1.4)
    right.set_ylabel("learning rate")
    right.set_ylim(bottom=0)
    for axes in (left, right):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    return figure
