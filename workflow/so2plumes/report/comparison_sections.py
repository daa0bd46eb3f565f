"""Sections on sources, eruptions and the inventory."""

from __future__ import annotations

import pandas as pd

from so2plumes.figures.inventory import (
    curve_figure,
    flux_figure,
    has_curve,
    limit_flux,
    top_cells,
    top_map_figure,
)
from so2plumes.figures.plume_maps import cluster_name, cluster_rates, clusters_figure, eruption_map
from so2plumes.findings.inputs import ReportInputs
from so2plumes.report import text
from so2plumes.report.drawn import drawn
from so2plumes.report.section import PAPER, Section

SHOWN_ROWS = 20
MAPPED_CLUSTERS = 3


def cluster_section(inputs: ReportInputs) -> Section:
    """Places with many plumes."""
    title = "Places with many plumes"
    clusters, attrs = inputs.clusters, inputs.clusters.attrs
    rule = f"{attrs.get('min_samples', 20)} plumes within {attrs.get('eps_km', 50):g} km of each other"
    if clusters.empty:
        said = f"No place has {rule}." if attrs.get("available", True) else "No cluster table was given."
        return Section("clusters", "Sources", title, text.empty(said))
    body = ""
    if len(clusters) >= MAPPED_CLUSTERS:
        body += _cluster_figures(inputs, rule)
    rows = [_cluster_row(row) for _, row in clusters.iterrows()]
    head = (
        "nearest source",
        "type",
        "rank",
        "plumes",
        "median rate",
        "middle 68 %",
        "days with a plume",
        "of observable days",
        "first",
        "last",
        "distance, km",
        "centre",
        "other known sources",
    )
    caption = (
        f"Clusters by number of plumes ({rule}). Rates in kg h⁻¹. A day is observable where half of the pixels within "
        "50 km could be used; the distance is that of the centre from the source."
    )
    body += text.data_table(head, rows, caption, (0, 1, 8, 9, 11, 12), wrapped=(12,))
    body += drawn(
        inputs,
        "cluster_history",
        "Share of the days of every month with a plume, for the largest clusters: of the observable days where these "
        "are known, otherwise of all; hatched months were not seen.",
    )
    shift = drawn(
        inputs,
        "origins_shift",
        "The same clusters by the pixels with the largest columns (as FP) and by the upwind ends of the plumes: "
        "where they lie "
        "from each other, and how far both are from the known source.",
    )
    if shift:
        body += text.folded("Centres of maxima and of upwind ends", shift)
    return Section("clusters", "Sources", title, body)


def _cluster_figures(inputs: ReportInputs, rule: str) -> str:
    n = len(inputs.clusters)
    shown = f"the {SHOWN_ROWS} largest clusters" if n > SHOWN_ROWS else f"all {n} clusters"
    return text.image(
        clusters_figure(inputs),
        f"Centres of {n} clusters (DBSCAN, {rule}), coloured and sized by their number of plumes.",
        "Map of clusters",
        "wide",
    ) + text.image(
        cluster_rates(inputs),
        f"Median emission rate (kg h⁻¹) and the middle 68 % of the plumes of {shown}; their number of "
        "plumes in brackets.",
        "Rates of clusters",
        "wide",
    )


def _cluster_row(row: pd.Series) -> tuple[str, ...]:
    return (
        cluster_name(row),
        str(row["source_type"]),
        str(row["rank"]),
        text.whole(row["n_plumes"]),
        text.rounded(row["median_emission_kg_h"]),
        f"{text.rounded(row['p16_emission_kg_h'])}{text.DASH}{text.rounded(row['p84_emission_kg_h'])}",
        f"{text.fixed(row['persistence_percent'], 1)}{text.THIN}%",
        f"{text.fixed(observable, 1)}{text.THIN}%" if (observable := _observable(row)) == observable else text.DASH,
        text.day(row["first_date"]),
        text.day(row["last_date"]),
        text.whole(row["source_distance_km"]),
        text.place(row["longitude"], row["latitude"]),
        ", ".join(str(name) for name in row.get("alternatives", ())) or text.DASH,
    )


def _observable(row: pd.Series) -> float:
    value = row.get("observable_persistence_percent")
    return float("nan") if value is None or pd.isna(value) else float(value)


def eruption_section(inputs: ReportInputs) -> Section:
    """Eruptions of the list and the plumes near them."""
    title = "Eruptions and their plumes"
    eruptions, attrs = inputs.eruptions, inputs.eruptions.attrs
    if not attrs.get("available", True):
        return Section(
            "eruptions",
            "Eruptions",
            title,
            text.empty("No list of eruptions was given, so none was matched."),
        )
    if eruptions.empty:
        return Section("eruptions", "Eruptions", title, text.empty("The list holds no eruption in this period."))
    matched = eruptions["matched"].astype(bool)
    n_plumes = len({name for names in eruptions["plume_ids"] for name in names})
    radius = float(attrs.get("radius_km", 50.0))
    source = f" ({text.escape(attrs['source'])})" if attrs.get("source") else ""
    caption = (
        f"{text.plural(len(eruptions), 'eruption')} active in the period{source}: "
        f"{text.whole(matched.sum())} ({text.percent(matched.mean(), 0)}) with at least one of "
        f"{text.plural(n_plumes, 'plume')} "
        f"within {radius:g} km on a day of the eruption. For orientation, {PAPER}: 110 of 227 (49 %), 7943 "
        "plumes. "
        "Small grey points: all plumes; in a regional map the dashed line is the radius."
    )
    body = text.image(eruption_map(inputs), caption, "Map of eruptions with and without plumes", "wide")
    ordered = eruptions.sort_values(["n_plumes", "volcano_name"], ascending=[False, True])
    with_plume, without = ordered[ordered["matched"].astype(bool)], ordered[~ordered["matched"].astype(bool)]
    head = (
        "volcano",
        "what was found",
        "VEI",
        "start",
        "end",
        "position",
        "plumes",
        "with outflow",
        "first plume",
        "last plume",
        "observable days",
    )
    if with_plume.empty:
        body += text.empty("No eruption has a plume within the radius on one of its days.")
    rows = [_eruption_row(row) for _, row in pd.concat([with_plume, without]).iterrows()]
    said = (
        "Every eruption. A volcano that was not seen on any day of its eruption says nothing about plumes; outflow "
        "counts "
        "the plumes at the volcano and those that followed from them downwind."
    )
    body += text.data_table(head, rows, said, (0, 1, 3, 4, 5, 8, 9))
    return Section("eruptions", "Eruptions", title, body)


_STATUS = {
    "plume": "plume",
    "no_plume": "observed, no plume",
    "not_seen": "not seen",
    "unknown": "no plume",
}


def _eruption_row(row: pd.Series) -> tuple[str, ...]:
    continuing = row["continuing"] is True or str(row["continuing"]) == "True"
    status = str(row.get("status", "plume" if row["matched"] else "unknown"))
    return (
        str(row["volcano_name"]),
        _STATUS.get(status, status),
        text.whole(row["vei"]),
        text.day(row["start"]),
        "continuing" if continuing else text.day(row["end"]),
        text.place(row["longitude"], row["latitude"]),
        text.whole(row["n_plumes"]),
        _count(row, "n_plumes_event"),
        text.day(row["first_plume_date"]),
        text.day(row["last_plume_date"]),
        _count(row, "n_observable_days"),
    )


def _count(row: pd.Series, name: str) -> str:
    value = row.get(name)
    return text.DASH if value is None or pd.isna(value) else text.whole(value)


def edgar_section(inputs: ReportInputs) -> Section:
    """Plumes beside the EDGAR inventory."""
    title = "Beside the EDGAR inventory"
    edgar, attrs = inputs.edgar, inputs.edgar.attrs
    if not attrs.get("available", True) or edgar.empty:
        return Section("edgar", "EDGAR", title, text.empty("No EDGAR file was given, so nothing was compared."))
    body = text.paragraph(_edgar_words(inputs))
    pair = ""
    if has_curve(edgar):
        pair = text.image(
            curve_figure(inputs),
            f"Cumulative share of the emission of {attrs.get('used_year', 'the inventory')} by share of "
            "cells of 0.1°, largest "
            f"first. The paper: top 1 % hold 85 %, top 0.1 % hold 50 %.",
            "Cumulative emission by cells",
            dpi=180,
        )
    pair += text.image(
        flux_figure(inputs),
        "Fluxes (kg m⁻² s⁻¹) of the cells and months with plumes, n = "
        f"{text.whole(edgar['plume_flux_kg_m2_s'].notna().sum())}: "
        "inventory, a monthly or yearly mean, and plumes, rates at the moment of the overpass spread over "
        "one cell. They are "
        "different things: the distance between them is no error of either.",
        "Histogram of fluxes",
        dpi=180,
    )
    body += f'<div class="pair">{pair}</div>'
    body += text.image(
        top_map_figure(inputs),
        f"The {text.whole(len(top_cells(edgar)))} cells with the largest fluxes (top "
        f"{text.percent(attrs.get('top_share'))} of the "
        f"cells, at least {_flux(attrs.get('threshold_flux'))} kg m⁻² s⁻¹), with and without a plume within "
        f"{attrs.get('radius_km', 200):g} km in the period.",
        "Map of the largest cells",
        "wide",
    )
    return Section("edgar", "EDGAR", title, body)


def _edgar_words(inputs: ReportInputs) -> str:
    attrs = inputs.edgar.attrs
    share = text.percent(attrs.get("share_top_with_plume"))
    words = (
        f"{share} of the cells with the largest fluxes have a plume within {attrs.get('radius_km', 200):g} "
        "km "
        f"(the paper, 2019 to 2024: 9.4 %)."
    )
    if attrs.get("used_year") not in (None, attrs.get("year")):
        words += f" The inventory used is that of {attrs['used_year']}, the last year it has."
    limit = attrs.get("detection_limit_kg_h")
    if limit is not None and limit == limit:
        words += (
            f" The 1st percentile of our rates, {text.rounded(limit)} kg h⁻¹, over a cell at the equator is "
            f"{_flux(limit_flux(limit))} kg m⁻² s⁻¹."
        )
    return words + (
        f" The paper's 524 kg h⁻¹ over such a cell is {_flux(limit_flux())} kg m⁻² s⁻¹; its 3.81 × 10⁻⁹ is "
        "266 kg h⁻¹ over "
        "one pixel of 19.4 km²."
    )


def _flux(value: float | None) -> str:
    if value is None or value != value:
        return text.DASH
    mantissa, power = f"{value:.2e}".split("e")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{raised}"
