"""Sections that show single plumes: the gallery, the worked rate and the simulated truth."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from so2plumes.errors import GeometryError
from so2plumes.figures.chips import card, worked
from so2plumes.figures.truth import truth_rates, truth_signal, with_estimate
from so2plumes.findings.inputs import ReportInputs
from so2plumes.findings.sample import select_gallery, select_worked
from so2plumes.report import text
from so2plumes.report.section import Section
from so2plumes.table import reason_codes

log = logging.getLogger(__name__)


def gallery_section(inputs: ReportInputs) -> Section:
    """Examples of plumes (FP-pre Fig. 2)."""
    title = "What they look like"
    chips = {chip.plume_id: chip for chip in inputs.chips}
    known = inputs.plumes[inputs.plumes["plume_id"].isin(list(chips))]
    if known.empty:
        return Section("gallery", "Gallery", title, text.empty("No images of plumes are at hand."))
    rows = known.set_index("plume_id")
    cards = []
    for name in select_gallery(known, inputs.gallery):
        try:
            figure = card(chips[name])
        except GeometryError as error:
            log.warning("plume %s is not drawn: %s", name, error.problem)
            continue
        cards.append(text.image(figure, _card_caption(name, rows.loc[name]), f"Plume {name}", dpi=200))
    order = "the strongest by mass first"
    if len(inputs.plumes) > inputs.gallery:
        order += ", then a random sample of the rest in order of time"
    intro = (
        f"{text.plural(len(cards), 'plume')}, {order}. Column in Dobson units with its own colour scale in "
        "each image; red: outline along pixel edges; grey: pixels that fail the quality filter; north is up."
    )
    return Section(
        "gallery",
        "Gallery",
        title,
        text.paragraph(intro, "note") + f'<div class="cards">{"".join(cards)}</div>',
    )


def _card_caption(name: str, row: Mapping[str, Any]) -> str:
    rate = row["emission_kg_h"]
    words = f"{text.rounded(rate)} kg h⁻¹" if np.isfinite(rate) else "no rate"
    codes = f"<br>{text.escape(', '.join(row['quality']))}" if len(row["quality"]) else ""
    where = text.place(row["max_longitude"], row["max_latitude"])
    breakable = text.escape(name).replace("_", "_<wbr>")
    return (
        f'<b class="nb">{words}</b> · <span class="nb">{text.day(row["date"])}</span><br>'
        f"{where} · {text.rounded(row['mass_kg'] / 1e3)} t<br>{breakable}{codes}"
    )


def worked_section(inputs: ReportInputs) -> Section:
    """One rate, step by step (FP-pre 2.3, Fig. 3)."""
    title = "One rate, step by step"
    chips = {chip.plume_id: chip for chip in inputs.chips}
    name = select_worked(inputs.plumes, chips)
    if name is None:
        return Section(
            "worked",
            "One rate",
            title,
            text.empty("No plume with an image has a rate by the paper's formula."),
        )
    row = inputs.plumes.set_index("plume_id").loc[name].to_dict()
    caption = (
        f"Plume {text.escape(name)}, {text.day(row['date'])}, near "
        f"{text.place(row['max_longitude'], row['max_latitude'])}: mass "
        f"enhancement of every pixel over the background of {text.rounded(row['background_mol_m2'] * 1e3)} "
        "mmol m⁻². Red: outline, "
        f"n = {text.plural(row['n_valid'], 'usable pixel')}. Light blue: fitted ellipse (fit "
        f"{text.fixed(row['ellipse_fit'], 2)}). White: "
        "its main axis, solid where it is the plume's length, dashed where it is trimmed off. "
        "Orange: centre line, with a dot at the upwind end."
    )
    body = text.image(worked(chips[name], row), caption, "Mass enhancement of one plume", "narrow", 160)
    body += _formula(row)
    if len(row["quality"]):
        notes = "; ".join(f"{code}: {reason_codes().get(code, '')}" for code in row["quality"])
        body += text.paragraph("To remark on this plume: " + text.escape(notes) + ".", "note")
    return Section("worked", "One rate", title, body)


def _formula(row: Mapping[str, Any]) -> str:
    mass, wind, length = row["mass_kg"], row["wind_speed_median_m_s"], row["length_m"]
    lines = (
        "<i>E</i> = Δ<i>M</i> · <i>ws</i> / <i>L</i> · 3600<br>"
        f"= {text.whole(mass)} kg × {text.fixed(wind, 2)} m s⁻¹ / {text.whole(length)} m × 3600 s h⁻¹<br>"
        f"= <b>{text.whole(mass * wind / length * 3600.0)} kg h⁻¹</b>"
    )
    after = (
        f"Δ<i>M</i>: mass over the background; <i>ws</i>: median 10 m wind over the plume "
        f"({text.fixed(row['wind_speed_min_m_s'])} to {text.fixed(row['wind_speed_max_m_s'])} m s⁻¹, std / "
        "mean "
        f"{text.fixed(row['wind_cov_percent'])} %); <i>L</i>: length of the trimmed axis. The table's "
        "recommended rate for this "
        f"plume is {text.rounded(row['emission_kg_h'])} kg h⁻¹."
    )
    return f'<p class="formula">{lines}</p>' + text.paragraph(after, "note")


def truth_section(inputs: ReportInputs) -> Section | None:
    """Score the plumes against a simulated truth; None for a real archive."""
    truth = inputs.truth
    if truth is None:
        return None
    title = "Against the simulated truth"
    if truth.empty:
        return Section("truth", "Truth", title, text.empty("The simulated archive holds no plume in this period."))
    found, rated = int(truth["found"].astype(bool).sum()), with_estimate(truth)
    ratio = rated["estimated_kg_h"].to_numpy(float) / rated["emission_kg_h"].to_numpy(float)
    extra = len(set(inputs.plumes["plume_id"]) - set(truth["plume_id"].dropna().astype(str)))
    share = text.percent(found / len(truth), 0)
    words = f"{text.whole(found)} of {text.plural(len(truth), 'simulated plume')} were found ({share}). "
    if ratio.size:
        low, middle, high = np.quantile(ratio, (0.16, 0.5, 0.84))
        within = float(np.mean((ratio > 0.5) & (ratio < 2)))
        words += (
            f"Estimate divided by truth: median {text.fixed(middle, 2)}, middle 68 % {text.fixed(low, 2)} "
            f"to {text.fixed(high, 2)}, "
            f"{text.percent(within, 0)} within a factor of two. "
        )
    words += f"{text.plural(extra, 'plume')} of the table without a simulated counterpart."
    figures = text.image(
        truth_rates(inputs),
        f"Estimated against true emission rate (kg h⁻¹), n = {text.whole(len(rated))}; missed plumes lie "
        "on the lower edge.",
        "Estimated against true rate",
        dpi=180,
    ) + text.image(
        truth_signal(inputs),
        "Found and missed plumes by number of pixels and largest column in units of the noise, n = "
        f"{text.whole(len(truth))}.",
        "Found and missed plumes",
        dpi=180,
    )
    body = text.paragraph(words) + f'<div class="pair">{figures}</div>' + _truth_table(inputs)
    return Section("truth", "Truth", title, body)


def _truth_table(inputs: ReportInputs) -> str:
    assert inputs.truth is not None
    rows = [
        (
            str(t["source"]),
            text.place(t["longitude"], t["latitude"]),
            text.rounded(t["emission_kg_h"]),
            text.rounded(t["estimated_kg_h"]) if t["found"] else text.DASH,
            text.whole(t["n_pixels"]),
            text.fixed(t["peak_sigma"], 1),
            "found" if t["found"] else "missed",
        )
        for t in inputs.truth.sort_values("emission_kg_h", ascending=False).to_dict("records")
    ]
    head = ("source", "position", "true rate", "estimate", "pixels", "column / noise", "")
    return text.folded(f"All {len(rows)} simulated plumes", text.table(head, rows, "Rates in kg h⁻¹.", (0, 1, 6)))
