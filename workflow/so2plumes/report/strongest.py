"""The strongest plumes, one row each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from so2plumes.figures.plume_maps import cluster_name
from so2plumes.findings.inputs import ReportInputs
from so2plumes.report import text
from so2plumes.report.answer import interval
from so2plumes.report.section import Section

LISTED = 300
SHOWN = 15


def strongest_section(inputs: ReportInputs) -> Section | None:
    """List the strongest plumes by rate, to sort and to filter; None without any rate."""
    rates = inputs.plumes["emission_kg_h"]
    rated = inputs.plumes[np.isfinite(rates.to_numpy(dtype=float))]
    if rated.empty:
        return None
    table = rated.sort_values(["emission_kg_h", "plume_id"], ascending=[False, True]).head(LISTED)
    places = _places(inputs)
    rows = [_row(row, places) for _, row in table.iterrows()]
    head = ("day", "near", "rate", "68 % interval", "mass", "length", "wind", "label", "remarks", "plume")
    listed = f"the {LISTED} strongest of {text.whole(len(rated))}" if len(rated) > LISTED else f"all {len(rated)}"
    caption = (
        f"Plumes with a rate, {listed}. Rate in kg h⁻¹ with the middle 68 % of its errors; mass enhancement in t; "
        f"length in "
        "km; transport wind in m s⁻¹ with the rung of the ladder it is from. All plumes: <code>plumes.parquet</code>."
    )
    body = text.data_table(head, rows, caption, (0, 1, 7, 8, 9), SHOWN, (8,))
    return Section("strongest", "Strongest", "The strongest plumes", body)


def _places(inputs: ReportInputs) -> dict[str, str]:
    if "plume_ids" not in inputs.clusters:
        return {}
    return {name: cluster_name(row) for _, row in inputs.clusters.iterrows() for name in row["plume_ids"]}


def _row(row: pd.Series, places: dict[str, str]) -> tuple[str, ...]:
    where = places.get(row["plume_id"]) or text.place(row["max_longitude"], row["max_latitude"], 1)
    wind = f"{text.fixed(row['transport_speed_m_s'])} ({row['wind_rung']})" if row["wind_rung"] else text.DASH
    return (
        text.day(row["date"]),
        where,
        text.rounded(row["emission_kg_h"]),
        interval(row),
        text.rounded(row["mass_kg"] / 1e3),
        text.rounded(row["length_m"] / 1e3),
        wind,
        str(row["label"]),
        ", ".join(row["quality"]) or text.DASH,
        str(row["plume_id"]),
    )
