"""Plumes of major eruptions by the days since the first of them (FP-pre Fig. A1)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from so2plumes.figures import style
from so2plumes.figures.maps import draw_base, framed_view
from so2plumes.findings.inputs import ReportInputs

MOST_ERUPTIONS = 8
SHOWN_DAYS = 10.0
_ASPECT = 2.0


def major_eruptions(inputs: ReportInputs, most: int = MOST_ERUPTIONS) -> pd.DataFrame:
    """Choose the eruptions that stand out, otherwise those with the largest outflow; the largest first.

    Returns
    -------
    DataFrame
        ``eruption_number, first_date, last_date``: of an eruption that stands out the days from its spike to the end
        of the outflow after it, of others all days. The largest `most`.
    """
    flows = inputs.table("eruption_plumes")
    flows = flows[flows["by_event"] & flows["eruption_number"].notna()]
    spikes = inputs.table("spikes")
    spikes = spikes[(spikes["kind"] == "eruption") & spikes["eruption_number"].isin(flows["eruption_number"])]
    if len(spikes):
        days = float(inputs.table("eruption_plumes").attrs.get("event_days", SHOWN_DAYS))
        chosen = spikes.sort_values("n_cause_plumes", ascending=False, kind="stable").head(most)
        last = pd.to_datetime(chosen["last_date"]) + pd.Timedelta(days=days)
        first = pd.to_datetime(chosen["first_date"]) - pd.Timedelta(days=1)
        chosen = chosen[["eruption_number"]].assign(first_date=_text(first), last_date=_text(last))
        return chosen.reset_index(drop=True)
    groups = flows.groupby("eruption_number")
    largest = groups.size().sort_values(ascending=False, kind="stable").head(most).index
    return groups["date"].agg(first_date="min", last_date="max").loc[largest].reset_index()


def _text(times: pd.Series) -> pd.Series:
    return times.dt.strftime("%Y-%m-%d")


def outflow_data(inputs: ReportInputs) -> pd.DataFrame:
    """Plumes of the eruptions shown, by panel, with the days since the first of the panel."""
    flows = inputs.table("eruption_plumes")
    flows = flows[flows["by_event"]]
    parts = []
    for chosen in major_eruptions(inputs).to_dict("records"):
        member = flows[flows["eruption_number"] == chosen["eruption_number"]]
        member = member[member["date"].between(chosen["first_date"], chosen["last_date"])]
        days = member["days_since_first_plume"] - member["days_since_first_plume"].min()
        if len(member):
            parts.append(member.assign(days_since_first_shown_d=days, first=member["date"].min()))
    if not parts:
        return pd.DataFrame()
    parts.sort(key=lambda part: (part["first"].iloc[0], part["eruption_number"].iloc[0]))
    table = pd.concat([part.assign(panel=number) for number, part in enumerate(parts, start=1)], ignore_index=True)
    return pd.DataFrame(
        {
            "panel": table["panel"],
            "eruption_number": table["eruption_number"],
            "volcano_name": table["volcano_name"],
            "plume_id": table["plume_id"],
            "date": table["date"],
            "longitude_deg": table["longitude"],
            "latitude_deg": table["latitude"],
            "days_since_first_plume_d": table["days_since_first_shown_d"],
        }
    )


@style.styled
def outflow_figure(inputs: ReportInputs) -> Figure:
    """Draw a map of its own extent for every major eruption, its plumes coloured by days, late ones on top."""
    table = outflow_data(inputs)
    panels = [part for _, part in table.groupby("panel")]
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    width = style.WIDE_IN / 2 if columns == 2 else 0.7 * style.WIDE_IN
    figure = style.new_figure(width * columns, rows * (width / _ASPECT + 0.3) + 0.65)
    grid = figure.subplots(rows, columns, squeeze=False)
    limit = SHOWN_DAYS if (inputs.table("spikes")["kind"] == "eruption").any() else np.inf
    high = float(np.clip(np.ceil(table["days_since_first_plume_d"].max()), 1.0, limit))
    drawn = [_draw_panel(axes, inputs, part, high) for axes, part in zip(grid.flat, panels, strict=False)]
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    more = "max" if table["days_since_first_plume_d"].max() > high else "neither"
    bar = figure.colorbar(
        drawn[0], ax=list(grid.flat[: len(panels)]), location="bottom", aspect=45, shrink=0.7, pad=0.02, extend=more
    )
    bar.set_label("days since the first plume shown; triangle: the volcano")
    bar.outline.set_visible(False)
    return figure


def _draw_panel(axes: Axes, inputs: ReportInputs, part: pd.DataFrame, high: float) -> Any:
    listed = inputs.eruptions[inputs.eruptions["eruption_number"] == part["eruption_number"].iloc[0]]
    at = listed[["longitude", "latitude"]].astype(float).to_numpy()
    lon = np.concatenate([part["longitude_deg"].to_numpy(dtype=float), at[:, 0]])
    lat = np.concatenate([part["latitude_deg"].to_numpy(dtype=float), at[:, 1]])
    view = framed_view(lon, lat, _ASPECT)
    draw_base(axes, view)
    part = part.sort_values("days_since_first_plume_d", kind="stable")
    size = float(np.clip(20 * (120 / len(part)) ** 0.5, 3.0, 26.0))
    points = axes.scatter(
        *view.xy(part["longitude_deg"], part["latitude_deg"]), c=part["days_since_first_plume_d"], s=size,
        cmap="viridis", vmin=0.0, vmax=high, edgecolors="white", lw=0.2, zorder=4, rasterized=style.is_crowd(len(part)),
    )  # fmt: skip
    x, y = view.xy(at[:, 0], at[:, 1])
    axes.scatter(x, y, s=70, marker="^", c=style.STRONG, edgecolors="white", lw=1.0, zorder=6)
    name, first = str(part["volcano_name"].iloc[0]), str(part["date"].min())
    axes.set_title(f"{name}, {first} ({len(part)})", fontsize=8.5, parse_math=False)
    axes.tick_params(labelsize=7.5)
    return points
