"""The figure of the probability of detection with its caption, as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from so2plumes.constants import PAPER_LIMIT_KG_H
from so2plumes.figures.curve import PANELS, draw_detection_curves
from so2plumes.report import text


def _paper_words(summary: Mapping[str, Any]) -> str:
    """Say what share of plumes of the paper's limit is found."""
    words = f"Dashed: the paper's detection limit, {PAPER_LIMIT_KG_H:.0f} kg/h, the first percentile of its rates"
    for row in summary["curves"]:
        if row["by"] == "all" and row["low_kg_h"] <= PAPER_LIMIT_KG_H < row["high_kg_h"]:
            words += (
                f"; of {text.plural(row['trials'], 'plume')} of {text.rounded(row['low_kg_h'])} to "
                f"{text.rounded(row['high_kg_h'])} kg/h "
                f"{text.whole(row['found']) if row['found'] else 'none'} {'was' if row['found'] == 1 else 'were'} found"
            )
    points = [row for row in summary.get("paper_limit", ()) if not row["edge"] and row["pod"] is not None]
    if not points:
        return f"{words}."
    clean = [row for row in points if row["background_du"] == min(point["background_du"] for point in points)]
    best = max(clean, key=lambda row: row["pod"])
    share = "less than 0.1 %" if best["pod"] < 0.001 else f"{text.rounded(100 * best['pod'], 2)} %"
    return f"{words}, and the regression says {share} over a clean background at {best['wind_speed_m_s']:g} m/s."


def detection_curve_figure(summary: Mapping[str, Any]) -> str:
    """Figure of the probability of detection as HTML with its caption, or a sentence where there were no trials.

    Parameters
    ----------
    summary : mapping
        As from `so2plumes.evaluation.limits.summarise`.
    """
    if not any(row["by"] in PANELS for row in summary.get("curves", ())):
        return text.empty("No plume was injected to measure the probability of detection.")
    skipped = summary.get("skipped", 0)
    caption = (
        f"Share of {text.plural(summary['trials'], 'injected plume')} that is found. Points: bins of the emission rate "
        "with Wilson's 95 % interval, moved apart sideways. Lines: logistic regression, averaged over the wind, noise "
        f"and place of all trials of a colour. {_paper_words(summary)}"
    )
    if skipped:
        caption += f" Put aside: {text.plural(skipped, 'trial')} where a plume was found without the injection too."
    alt = "Probability of detection against emission rate"
    return text.image(draw_detection_curves(summary), text.escape(caption), alt, "wide")
