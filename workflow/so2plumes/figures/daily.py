"""Plumes per day, with the days that were not seen set apart from the days without plumes."""

from __future__ import annotations

from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from so2plumes.figures import style
from so2plumes.findings.inputs import ReportInputs
from so2plumes.findings.summary import daily_counts, unusual_days

ONE_PANEL_DAYS = 200
TICK_DAYS = 100


def panels_of(inputs: ReportInputs) -> list[tuple[str, pd.Timestamp, pd.Timestamp]]:
    """Name and limits of every panel: one a year, or a single one for a short period."""
    start, end = pd.Timestamp(inputs.start), pd.Timestamp(inputs.end)
    if (end - start).days < ONE_PANEL_DAYS:
        return [("", start, end)]
    return [(str(year), pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)) for year in inputs.years]


@style.styled
def daily_figure(inputs: ReportInputs) -> Figure:
    """Draw plumes per day in a panel a year (FP-pre Fig. 5)."""
    daily = daily_counts(inputs).assign(time=lambda table: pd.to_datetime(table["date"]))
    marks = unusual_days(inputs)
    panels = panels_of(inputs)
    height = 2.4 if len(panels) == 1 else 1.05 * len(panels)
    figure = style.new_figure(style.WIDE_IN, height + 0.55)
    rows = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for axes, (name, first, last) in zip(rows, panels, strict=True):
        part = daily[daily["time"].between(first, last)]
        top = max(float(part["plumes"].max()), 4.0)
        _panel(axes, part, first, last, top, single=len(panels) == 1)
        axes.set_ylabel("plumes a day" if len(panels) == 1 else name, weight="normal" if len(panels) == 1 else "bold")
        _mark(axes, marks, first, last, top)
    figure.legend(handles=_keys((panels[0][2] - panels[0][1]).days), loc="outside lower center", ncols=3)
    return figure


def _panel(axes: Axes, part: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, top: float, single: bool) -> None:
    day = pd.Timedelta(hours=12)
    hidden = pd.Series(True, index=pd.date_range(first, last, freq="D"))
    hidden[part.loc[part["seen"], "time"]] = False
    for begin, end in spans(hidden):
        axes.axvspan(
            *mdates.date2num([begin - day, end + day]),
            facecolor=style.NOT_SEEN,
            hatch="////",
            edgecolor="#c3cacf",
            lw=0,
            zorder=0,
        )
    some = part[part["plumes"] > 0]
    axes.vlines(some["time"], 0, some["plumes"], color=style.ACCENT, lw=_bar_width((last - first).days), zorder=2)
    none = part[part["seen"] & (part["plumes"] == 0)]
    days = (last - first).days
    if len(none):
        axes.plot(none["time"], np.zeros(len(none)), ls="", clip_on=False, zorder=4, **_no_plume(days))
    axes.set_xlim(*mdates.date2num([first - day, last + day]))
    axes.set_ylim(0, top * 1.18)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4 if single else 2, integer=True))
    axes.grid(axis="x", visible=False)
    if days > TICK_DAYS:
        axes.xaxis.set_major_locator(mdates.MonthLocator())
    else:
        axes.xaxis.set_major_locator(mdates.DayLocator(bymonthday=range(1, 32) if days < 12 else (1, 11, 21)))
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%b" if days > TICK_DAYS else "%d %b"))
    if single:
        axes.set_xlabel(str(first.year) if first.year == last.year else f"{first.year} to {last.year}")


def _bar_width(days: int) -> float:
    """Width of a day's bar, points."""
    return 0.87 * 72 * 0.9 * style.WIDE_IN / (days + 1)


def _no_plume(days: int) -> dict[str, Any]:
    """Look of a day that was seen without a plume: a small circle where there is room, otherwise a tick."""
    if days <= TICK_DAYS:
        return {"marker": "o", "ms": 4.2, "mfc": "white", "mec": style.ACCENT, "mew": 1.1}
    return {"marker": "|", "ms": 4.5, "mew": 1.0, "color": style.ACCENT}


def spans(flags: pd.Series) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last index of every run of true values."""
    runs = (flags != flags.shift()).cumsum()
    return [(run.index[0], run.index[-1]) for _, run in flags.groupby(runs) if run.iloc[0]]


def _mark(axes: Axes, marks: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, top: float) -> None:
    for _, mark in marks.iterrows():
        peak = pd.Timestamp(mark["peak_date"])
        if first <= peak <= last:
            axes.annotate(
                mark["mark"], (peak, min(mark["plumes"], top)), (0, 2), textcoords="offset points",
                ha="center", va="bottom", color=style.STRONG, weight="bold", fontsize=9,
            )  # fmt: skip


def _keys(days: int) -> list[Artist]:
    return [
        Patch(color=style.ACCENT, label="plumes"),
        Line2D([], [], ls="", label="seen, no plume", **_no_plume(days)),
        Patch(facecolor=style.NOT_SEEN, hatch="////", edgecolor="#c3cacf", lw=0, label="not seen"),
    ]
