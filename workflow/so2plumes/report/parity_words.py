"""How numbers are compared, and what is wrong in the papers, in words."""

from __future__ import annotations

import pandas as pd

from so2plumes.inventory.arithmetic import flux_arithmetic
from so2plumes.parity.scope import (
    DAYS_AROUND,
    GRANULES_A_DAY,
    LEAST_DAYS,
    LEAST_GRANULES,
    LEAST_PLUMES,
    SOURCE_MARGIN_DEG,
)
from so2plumes.report import text
from so2plumes.report.section import Section
from so2plumes.report.values import printed, unit_words, value, wrapped_table


def rule_section() -> Section:
    """Say when a number is compared, and when it agrees."""
    days, granules = f"{100 * LEAST_DAYS:.0f} %", f"{100 * LEAST_GRANULES:.0f} %"
    words = (
        "A number is compared only where this run covers what it is about. For a number of the six years that is a "
        f"real archive, {days} of the 2192 days of 2019 to 2024 seen (a granule with usable pixels, or a plume) and "
        "no others in the campaign, and the whole globe: no <code>campaign.region</code>, and "
        f"{granules} of {GRANULES_A_DAY} granules a day on the days seen. For a number of one year, of one "
        f"day, or of the days around an event ({DAYS_AROUND} to either side) it is the same for these. For place, "
        "plumes, rate and persistence of one source a region is enough "
        f"that holds it and {SOURCE_MARGIN_DEG:g} degree around.",
        "Shares of the inventory need a real grid of 2022, the number of eruptions a real list and a campaign of the "
        f"six years, times of jobs whole swaths or {LEAST_PLUMES} plumes. Scores of the detector are never compared: "
        "the truth of the test sets differs. Arithmetic always is.",
        "Ours agrees when it, or a value of its 95 % interval (order statistics for medians and percentiles, Wilson's "
        "for shares), lies within the tolerance of the papers' number: 5 % of it as a rule, 10 % for single clusters, "
        "half a degree for centres, 2 days for events; <code>parity.csv</code> has the tolerance of every number. "
        "Intervals take plumes as independent; those of one cloud are not, so they are rather too narrow.",
        "Like is compared with like: rates are by the papers' formula (<code>emission_paper_kg_h</code>), clusters by "
        "the papers' choices (maxima, 50 km, 20 plumes) and matches with eruptions by the maximum, whatever the run's "
        "choices are. Beside them stands what the run's own choices give, where that is another number. Plumes are "
        "those of this detector and this run's thresholds.",
        "Where a paper printed a wrong number, ours is held against the printed one, and the note has the right one.",
    )
    return Section("rule", "Rule", "How it is judged", "".join(text.paragraph(part) for part in words))


def erratum_section(table: pd.DataFrame) -> Section:
    """List what the papers print wrong, with the arithmetic."""
    wrong = table[table["erratum"] != ""].drop_duplicates("quantity")
    rows = [
        (
            f"{row['quantity']}{unit_words(row['unit'])}",
            row["paper_section"] if row["paper"] == "both" else f"{row['paper']} {row['paper_section']}",
            printed(row),
            value(row["corrected_value"], row["unit"]),
            row["erratum"],
        )
        for row in wrong.to_dict("records")
    ]
    body = wrapped_table(("quantity", "where", "printed", "corrected", "why"), rows, (0, 4), (1,))
    arithmetic = [
        (
            row["what"],
            text.whole(row["emission_kg_h"]),
            text.rounded(row["area_m2"] / 1e6),
            value(row["flux_kg_m2_s"], "kg m-2 s-1"),
            value(row["paper_flux_kg_m2_s"], "kg m-2 s-1"),
            text.fixed(row["paper_by_ours"], 2),
        )
        for row in flux_arithmetic().to_dict("records")
    ]
    head = ("statement", "rate, kg h⁻¹", "area, km²", "flux, kg m⁻² s⁻¹", "the paper's", "paper by ours")
    body += text.table(head, arithmetic, "Rates of the preprint and fluxes, each over the area that it belongs to.")
    return Section("errata", "Errata", "What the papers print wrong", body)
