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
from so2plumes.figures.spike_marks import draw_marks
from so2plumes.findings.inputs import ReportInputs
from so2plumes.findings.summary import daily_counts

ONE_PANEL_DAYS = 200
TICK_DAYS = 100


def panels_of(inputs: ReportInputs) -> list[tuple[str, pd.Timestamp, pd.Timestamp]]:
    """Name and limits of every panel: one a year, or a single one for a short period."""
    start, end = pd.Timestamp(inputs.start), pd.Timestamp(inputs.end)
    if (end - start).days < ONE_PANEL_DAYS:
        return [("", start, end)]
    return [(str(year), pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)) for year in inputs.years]


def day_table(inputs: ReportInputs) -> pd.DataFrame:
    """Days of the period: ``date, time, seen, n_plumes, baseline``.

    Without the table ``daily`` they are counted here, and have no baseline.
    """
    table = inputs.table("daily")
    if table.empty:
        table = daily_counts(inputs).rename(columns={"plumes": "n_plumes"}).assign(baseline=np.nan)
    table = table[["date", "seen", "n_plumes", "baseline"]].reset_index(drop=True)
    return table.assign(time=pd.to_datetime(table["date"]))


def daily_data(inputs: ReportInputs) -> pd.DataFrame:
    """List the counts of every day, and what stands out at its peak."""
    days = day_table(inputs).drop(columns="time").rename(columns={"baseline": "baseline_n_plumes"})
    spikes = inputs.table("spikes")
    names = ["mark", "paper_mark", "kind", "cause", "first_date", "last_date"]
    marks = spikes[["peak_date", *names]].rename(columns={"peak_date": "date"})
    return days.merge(marks, how="left", on="date") if len(marks) else days.assign(**dict.fromkeys(names, ""))


@style.styled
def daily_figure(inputs: ReportInputs) -> Figure:
    """Draw plumes per day in a panel a year, and name what stands out (FP-pre Fig. 5)."""
    daily, spikes = day_table(inputs), inputs.table("spikes")
    panels = panels_of(inputs)
    single = len(panels) == 1
    figure = style.new_figure(style.WIDE_IN, (2.6 if single else 1.15 * len(panels)) + 0.55)
    rows = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for axes, (name, first, last) in zip(rows, panels, strict=True):
        draw_days(axes, daily, first, last, single)
        axes.set_ylabel("plumes a day" if single else name, weight="normal" if single else "bold")
    days = (panels[0][2] - panels[0][1]).days
    if not single:
        figure.supylabel("plumes a day", fontsize=9)
    figure.legend(handles=day_keys(days, spikes, daily), loc="outside lower center", ncols=3)
    draw_marks(figure, list(rows), daily, spikes)
    return figure


def draw_days(axes: Axes, daily: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, single: bool) -> None:
    """Draw the days of a panel, bars from zero; its scale holds its largest day.

    Parameters
    ----------
    axes : Axes
    daily : DataFrame
        ``time, seen, n_plumes, baseline``.
    first, last : Timestamp
    single : bool
        The panel is the only one.
    """
    part = daily[daily["time"].between(first, last)]
    half = pd.Timedelta(hours=12)
    draw_unseen(axes, part, first, last)
    some = part[part["n_plumes"] > 0]
    days = (last - first).days
    axes.vlines(some["time"], 0, some["n_plumes"], color=style.ACCENT, lw=_bar_width(days), zorder=2)
    if part["baseline"].notna().any():
        axes.plot(part["time"], part["baseline"].where(part["seen"]), color=style.INK, lw=0.9, zorder=3)
    none = part[part["seen"] & (part["n_plumes"] == 0)]
    if len(none):
        axes.plot(none["time"], np.zeros(len(none)), ls="", clip_on=False, zorder=4, **_no_plume(days))
    axes.set_xlim(*mdates.date2num([first - half, last + half]))
    axes.set_ylim(0, max(float(part["n_plumes"].max()) if len(part) else 0.0, 4.0) * 1.18)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4 if single else 2, integer=True))
    axes.grid(axis="x", visible=False)
    _time_ticks(axes, days)
    if single:
        axes.set_xlabel(str(first.year) if first.year == last.year else f"{first.year} to {last.year}")


def draw_unseen(axes: Axes, part: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> None:
    """Hatch the days of a panel of which nothing is known."""
    half = pd.Timedelta(hours=12)
    hidden = pd.Series(True, index=pd.date_range(first, last, freq="D"))
    hidden[part.loc[part["seen"], "time"]] = False
    for begin, end in spans(hidden):
        ends = mdates.date2num([begin - half, end + half])
        axes.axvspan(*ends, facecolor=style.NOT_SEEN, hatch="////", edgecolor="#c3cacf", lw=0, zorder=0)


def _time_ticks(axes: Axes, days: int) -> None:
    if days > TICK_DAYS:
        axes.xaxis.set_major_locator(mdates.MonthLocator())
    else:
        axes.xaxis.set_major_locator(mdates.DayLocator(bymonthday=range(1, 32) if days < 12 else (1, 11, 21)))
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%b" if days > TICK_DAYS else "%d %b"))


def _bar_width(days: int) -> float:
    """Width of a day's bar, points."""
    return min(0.87 * 72 * 0.9 * style.WIDE_IN / (days + 1), 40.0)


def _no_plume(days: int) -> dict[str, Any]:
    """Look of a day that was seen without a plume: a small circle where there is room, otherwise a tick."""
    if days <= TICK_DAYS:
        return {"marker": "o", "ms": 4.2, "mfc": "white", "mec": style.ACCENT, "mew": 1.1}
    return {"marker": "|", "ms": 4.5, "mew": 1.0, "color": style.ACCENT}


def spans(flags: pd.Series) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last index of every run of true values."""
    runs = (flags != flags.shift()).cumsum()
    return [(run.index[0], run.index[-1]) for _, run in flags.groupby(runs) if run.iloc[0]]


def day_keys(days: int, spikes: pd.DataFrame, daily: pd.DataFrame) -> list[Artist]:
    """Key of the panels; what stands out and the running median only where there is any."""
    keys: list[Artist] = [
        Patch(color=style.ACCENT, label="plumes"),
        Line2D([], [], ls="", label="seen, no plume", **_no_plume(days)),
        Patch(facecolor=style.NOT_SEEN, hatch="////", edgecolor="#c3cacf", lw=0, label="not seen"),
    ]
    if daily["baseline"].notna().any():
        keys.append(Line2D([], [], color=style.INK, lw=0.9, label="running median"))
    if len(spikes):
        keys.append(Patch(color=style.STRONG, alpha=0.25, label="stands out: mark and cause"))
    if (spikes["paper_mark"].astype(str) != "").any():
        keys.append(Line2D([], [], ls="", label="[A]: letter in the paper"))
    return keys
