"""Sections on all plumes: map, days, distributions, labels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from so2plumes.figures.daily import daily_figure, panels_of
from so2plumes.figures.distributions import QUANTITIES, Quantity, finite_values, histogram, label_bars
from so2plumes.figures.labels import label_rows
from so2plumes.figures.plume_maps import label_map, plume_map, plume_view
from so2plumes.findings.inputs import ReportInputs
from so2plumes.findings.summary import daily_counts, yearly
from so2plumes.report import text
from so2plumes.report.drawn import drawn
from so2plumes.report.section import PAPER, Section

NO_PLUMES = "No plume was found in this period."


def key_numbers(inputs: ReportInputs) -> str:
    """Band of key numbers."""
    daily, plumes = daily_counts(inputs), inputs.plumes
    total = yearly(inputs).iloc[-1]
    status = inputs.coverage["status"].value_counts()
    matched = int(inputs.eruptions["matched"].astype(bool).sum())
    listed = len(inputs.eruptions) if inputs.eruptions.attrs.get("available", True) else None
    has_rate = total["plumes_with_rate"] > 0
    middle = f"{text.rounded(total['p16_emission_kg_h'])}{text.DASH}{text.rounded(total['p84_emission_kg_h'])}"
    cards = (
        ("plumes", text.whole(len(plumes)), f"{text.whole(total['plumes_with_rate'])} with a rate"),
        (
            "granules read",
            text.whole(status.get("ready", 0)),
            f"{text.whole(status.get('quarantined', 0))} quarantined",
        ),
        ("days seen", text.whole(daily["seen"].sum()), f"of {text.plural(len(daily), 'day')}"),
        (
            "median rate",
            text.rounded(total["median_emission_kg_h"]),
            f"kg h⁻¹, 68\u00a0% within<br>{middle}" if has_rate else "no plume has a rate",
        ),
        ("clusters", text.whole(len(inputs.clusters)), _cluster_rule(inputs)),
        (
            "eruptions matched",
            text.DASH if listed is None else text.whole(matched),
            "no list was given" if listed is None else f"of {text.whole(listed)} listed",
        ),
    )
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd><dd>{more}</dd></div>" for name, value, more in cards)
    return f'<dl class="keys">{items}</dl>'


def _cluster_rule(inputs: ReportInputs) -> str:
    attrs = inputs.clusters.attrs
    if "eps_km" not in attrs:
        return "places with many plumes"
    return f"{attrs['eps_km']:g} km, at least {attrs.get('min_samples', text.DASH)} plumes"


def map_section(inputs: ReportInputs) -> Section:
    """Where the plumes were."""
    if inputs.plumes.empty:
        return Section("map", "Map", "Where the plumes were", text.empty(NO_PLUMES))
    rates = inputs.plumes["emission_kg_h"].to_numpy(dtype=float)
    n_open = int((~(np.isfinite(rates) & (rates > 0))).sum())
    crossing = int(inputs.plumes["crosses_antimeridian"].sum())
    caption = (
        f"Pixel with the largest column of each of {text.plural(len(inputs.plumes), 'plume')}. Colour and "
        "size: emission "
        "rate in kg h⁻¹, darker and larger is stronger."
    )
    if n_open:
        caption += f" White: {text.plural(n_open, 'plume')} without a positive rate."
    if len(inputs.clusters):
        caption += " Rings: clusters; the largest are named after the nearest known source."
    if crossing:
        caption += f" {text.plural(crossing, 'plume crosses', 'plumes cross')} 180° of longitude."
    if not plume_view(inputs).is_global:
        caption += " Grey: where the outlines lie, darker where more of them do."
    body = text.image(plume_map(inputs), caption, "Map of all plumes by emission rate", "wide")
    return Section("map", "Map", "Where the plumes were", body)


def days_section(inputs: ReportInputs) -> Section:
    """When plumes were seen."""
    daily = daily_counts(inputs)
    seen = int(daily["seen"].sum())
    if not seen:
        return Section("days", "Days", "When they were seen", text.empty("No day of this period was seen."))
    caption = (
        f"Plumes per day, {inputs.start} to {inputs.end}; n = "
        f"{text.plural(int(daily['plumes'].sum()), 'plume')} on "
        f"{text.plural(int((daily['plumes'] > 0).sum()), 'day')}. A tick or circle on the axis is a day "
        "that was seen and has no plume "
        f"({text.whole(seen - (daily['plumes'] > 0).sum())}); hatched days were not seen "
        f"({text.whole(len(daily) - seen)} of the "
        "period), so nothing is known about them."
    )
    if len(panels_of(inputs)) > 1:
        caption += " Every year has its own scale."
    spikes = inputs.table("spikes")
    if len(spikes):
        caption += " Shaded days stand out; their marks are those of the table below, in brackets those of the paper."
    if len(inputs.table("daily")):
        caption += " Black: the running median of the seen days."
    body = text.image(daily_figure(inputs), caption, "Plumes per day", "wide")
    if len(spikes):
        body += _spike_table(spikes)
    body += drawn(
        inputs,
        "figA1_outflow",
        "Plumes of the eruptions behind these days (or, without such days, of those with most outflow), by days "
        "since the "
        "first plume of each; every map has its own extent.",
    )
    body += _region_panel(inputs)
    return Section("days", "Days", "When they were seen", body)


def _region_panel(inputs: ReportInputs) -> str:
    panel = inputs.table("region_panel")
    count = int(panel["n_plumes"].sum())
    if not count:
        return ""
    name = text.escape(panel["region"].iloc[0])
    return drawn(
        inputs,
        "fig06_region_panel",
        f"{text.plural(count, 'plume')} in the box {name} (<code>analysis.panel_box</code>), day by day.",
    )


def _spike_table(spikes: pd.DataFrame) -> str:
    """Days that stand out and their causes."""
    rows = [
        (
            f"{row['mark']} [{row['paper_mark']}]" if row["paper_mark"] else str(row["mark"]),
            " to ".join(dict.fromkeys((row["first_date"], row["last_date"]))),
            text.whole(row["n_plumes"]),
            f"{row['cause'] or 'not known'} ({row['kind']})",
            text.whole(row["n_cause_plumes"]),
            text.percent(row["share_of_excess"], 0),
        )
        for row in spikes.to_dict("records")
    ]
    rule = spikes.attrs.get("rule", {})
    score, plumes = rule.get("score", 6.0), rule.get("plumes", 10.0)
    caption = (
        f"Days that stand out: at least {score:g} robust standard deviations and {plumes:g} plumes above the running "
        "median. The share is that of the plumes beyond the median."
    )
    head = ("", "days", "plumes on the largest day", "cause", "its plumes", "share")
    return text.table(head, rows, caption, (0, 1, 3))


def histogram_section(inputs: ReportInputs) -> Section:
    """How strong, long and regular the plumes were."""
    title = "How strong, long and regular they were"
    if inputs.plumes.empty:
        return Section("distributions", "Distributions", title, text.empty(NO_PLUMES))
    figures = "".join(
        text.image(histogram(inputs, q), _histogram_caption(inputs, q), f"Histogram: {q.title}", dpi=180)
        for q in QUANTITIES
    )
    return Section("distributions", "Distributions", title, f'<div class="pair">{figures}</div>{_yearly_table(inputs)}')


def _histogram_caption(inputs: ReportInputs, quantity: Quantity) -> str:
    values = finite_values(inputs.plumes, quantity)
    unit = {"kg h$^{-1}$": " kg h⁻¹", "km": " km", "%": f"{text.THIN}%"}.get(quantity.unit, "")
    if not values.size:
        return f"{quantity.title}: no plume has a value."
    first, middle = (text.rounded(v, quantity.figures) for v in np.quantile(values, (0.01, 0.5)))
    left_out = len(inputs.plumes) - values.size
    kind = "positive value" if quantity.logarithmic else "value"
    missing = f" {text.plural(left_out, 'plume')} without a {kind}." if left_out else ""
    return (
        f"{quantity.title}; n = {text.whole(values.size)}. Median {middle}{unit}, 1st percentile "
        f"{first}{unit}.{missing} "
        f"For orientation, {PAPER}: {quantity.paper}."
    )


def _yearly_table(inputs: ReportInputs) -> str:
    head = (
        "year",
        "days seen",
        "plumes",
        "with rate",
        "1st percentile",
        "median",
        "middle 68 %",
        "length",
        "fit",
        "wind",
    )
    rows = [
        (
            row["year"],
            f"{text.whole(row['days_seen'])} / {text.whole(row['days'])}",
            text.whole(row["plumes"]),
            text.whole(row["plumes_with_rate"]),
            text.rounded(row["p01_emission_kg_h"]),
            text.rounded(row["median_emission_kg_h"]),
            f"{text.rounded(row['p16_emission_kg_h'])}{text.DASH}{text.rounded(row['p84_emission_kg_h'])}",
            text.rounded(row["median_length_m"] / 1e3),
            text.fixed(row["median_ellipse_fit"], 2),
            text.fixed(row["median_wind_cov_percent"], 1),
        )
        for row in yearly(inputs).to_dict("records")
    ]
    caption = (
        "Every year. Rates in kg h⁻¹; medians of length (km), ellipse fit and variation of the wind (%). "
        "The 1st percentile of "
        "the rates is what the paper takes for its practical detection limit."
    )
    return text.table(head, rows, caption)


def label_section(inputs: ReportInputs) -> Section:
    """Labels from the file's detection flag."""
    title = "What the detection flag calls them"
    if inputs.plumes.empty:
        return Section("labels", "Labels", title, text.empty(NO_PLUMES))
    shares = label_rows(inputs)
    if shares.empty:
        return Section("labels", "Labels", title, text.empty("No table of labels was given."))
    bars = label_bars(dict(zip(shares["label"], shares["share"], strict=True)))
    caption = (
        f"Share of every label, n = {text.plural(len(inputs.plumes), 'plume')}. A label is the flag that "
        f"more than {100 * _label_threshold(inputs):g} % of the "
        f"plume's pixels share. For orientation, {PAPER}: general 43.5 %, volcanic 30.8 %, anthropogenic "
        "14.7 %, none 10.0 %."
    )
    rows = [
        (r["label"], r["meaning"].replace("SO2", "SO₂"), text.whole(r["n_plumes"]), text.percent(r["share"]))
        for r in shares.to_dict("records")
    ]
    body = text.image(bars, caption, "Share of labels", "wide")
    body += text.table(("label", "meaning", "plumes", "share"), rows, text_columns=(0, 1))
    if len(shares) > 1:
        body += text.image(
            label_map(inputs),
            f"The same {text.plural(len(inputs.plumes), 'plume')} by label, at the pixel with the largest column.",
            "Map of plumes by label",
            "wide",
        )
    return Section("labels", "Labels", title, body + _without_enhancement(inputs))


def _label_threshold(inputs: ReportInputs) -> float:
    return float((inputs.config.get("emissions") or {}).get("label_threshold", 0.8))


def _without_enhancement(inputs: ReportInputs) -> str:
    """Clusters of plumes that the flag calls no enhancement (FP 3.3)."""
    table = inputs.table("none_clusters")
    if table.empty:
        return ""
    facts = table.attrs
    words = (
        f"{text.plural(len(table), 'cluster')} hold {text.percent(facts['share_in_clusters'], 0)} of the plumes "
        f"without "
        f"enhancement; {text.whole(facts['n_overlapping'])} overlap a cluster of known source. For orientation, "
        f"{PAPER}: "
        "34 clusters with 24 %, 27 of them overlapping."
    )
    rows = [
        (
            text.place(r["longitude"], r["latitude"]),
            str(r["nearest_cluster_source"]) or text.DASH,
            text.whole(r["n_plumes"]),
            text.percent(r["share_of_none"]),
            "yes" if r["overlaps"] else "no",
            text.rounded(r["plume_distance_km"]),
            text.rounded(r["centre_distance_km"]),
        )
        for r in table.to_dict("records")
    ]
    head = ("centre", "nearest cluster", "plumes", "share", "overlaps", "between plumes, km", "between centres, km")
    return (
        "<h3>Plumes that the flag does not see</h3>"
        + text.paragraph(words)
        + drawn(inputs, "fig11_none_clusters", "Plumes without enhancement by the flag, and their clusters.")
        + text.data_table(head, rows, "", (0, 1, 4), 10)
    )
