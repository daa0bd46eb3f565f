"""Other catalogues of SO2 beside this one."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from so2plumes.findings.inputs import ReportInputs
from so2plumes.report import text
from so2plumes.report.drawn import drawn
from so2plumes.report.section import Section

TITLE = "Beside other catalogues of SO₂"


def catalogue_section(inputs: ReportInputs) -> Section:
    """Eruption masses (MSVOLSO2L4) and persistent rates of other catalogues, and ours."""
    masses, rates = inputs.table("catalogue_eruptions"), inputs.table("catalogue_sources")
    body = _part(masses, _masses) + _part(rates, _rates)
    if body:
        body = drawn(inputs, "catalogue_ratios", "Line: equal values; band: within a factor of 3.") + body
    if not body:
        said = "No other catalogue was given, so none was compared (keys catalogues.masses and catalogues.persistent)."
        body = text.empty(said)
    return Section("catalogues", "Catalogues", TITLE, body)


def _part(table: pd.DataFrame, say: Callable[[pd.DataFrame], str]) -> str:
    return say(table) if table.attrs.get("available", False) else ""


def _masses(table: pd.DataFrame) -> str:
    facts = table.attrs
    if table.empty:
        return text.empty("The catalogue of eruption masses has no row in this period.")
    ratio = (
        f" with a median of our mass over theirs of {text.rounded(facts['median_ratio'], 2)}"
        if facts["n_found"]
        else ""
    )
    words = (
        f"Of {text.plural(len(table), 'eruption')} with a mass in the catalogue, {text.whole(facts['n_found'])} have "
        f"plumes "
        f"of ours on that day{ratio}. Theirs is the mass of the whole cloud, with a retrieval for the height of the "
        f"cloud; "
        "ours is what lies inside the outlines of one orbit."
    )
    head = (
        "volcano",
        "day",
        "type",
        "VEI",
        "their mass, kt",
        "our mass, kt",
        "ratio",
        "largest within days, kt",
        "seen",
    )
    rows = [
        (
            str(r["volcano"]),
            text.day(r["date"]),
            str(r["type"]),
            text.whole(r["vei"]) if pd.notna(r["vei"]) else text.DASH,
            text.rounded(r["mass_kt"]),
            text.rounded(r["our_mass_kt"]),
            text.rounded(r["ratio"], 2),
            text.rounded(r["our_best_mass_kt"]),
            text.DASH if pd.isna(r["observable"]) else ("yes" if r["observable"] else "no"),
        )
        for r in _ours_first(table).to_dict("records")
    ]
    return "<h3>Masses of eruptions</h3>" + text.paragraph(words) + text.data_table(head, rows, "", (0, 1, 2, 8), 12)


def _rates(table: pd.DataFrame) -> str:
    facts = table.attrs
    if table.empty:
        return text.empty("The catalogue of persistent sources has no row.")
    ratio = (
        f"; the median of our rate over theirs is {text.rounded(facts['median_ratio'], 2)}, and "
        f"{text.rounded(facts['median_ratio_persistent'], 2)} when days without a plume of ours count as days without "
        "emission"
        if facts["n_with_cluster"]
        else ""
    )
    words = (
        f"Of {text.plural(len(table), 'source')} that degas persistently, {text.whole(facts['n_with_cluster'])} have a "
        f"cluster of ours within {facts['radius_km']:g} km{ratio}. Theirs is a mean over years, ours is that of the "
        f"moments "
        "at which a plume was seen."
    )
    head = (
        "source",
        "position",
        "their rate",
        "our median",
        "ratio",
        "ratio by persistence",
        "days with a plume",
        "plumes",
    )
    rows = [
        (
            str(r["name"]) or text.DASH,
            text.place(r["longitude"], r["latitude"]),
            text.rounded(r["emission_kg_h"]),
            text.rounded(r["our_median_kg_h"]),
            text.rounded(r["ratio"], 2),
            text.rounded(r["ratio_persistent"], 2),
            text.percent(r["our_persistence_percent"] / 100.0),
            text.whole(r["n_plumes"]),
        )
        for r in _ours_first(table).to_dict("records")
    ]
    said = "Rates in kg h⁻¹."
    return "<h3>Persistent sources</h3>" + text.paragraph(words) + text.data_table(head, rows, said, (0, 1), 12)


def _ours_first(table: pd.DataFrame) -> pd.DataFrame:
    """Rows with plumes of ours before the others."""
    return table.iloc[(table["n_plumes"].to_numpy() == 0).argsort(kind="stable")]
