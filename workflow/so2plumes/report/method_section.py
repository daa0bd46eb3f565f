"""How a campaign came to its numbers, in the words of its own configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from so2plumes.findings.inputs import ReportInputs
from so2plumes.report import text
from so2plumes.report.section import Section


def method_section(inputs: ReportInputs) -> Section:
    """One line a step, with the values of this run."""
    title = "How it was done"
    if not inputs.config:
        return Section("methods", "Methods", title, text.empty("No configuration was recorded."))
    steps = (
        ("Archive", _archive),
        ("Detection", _detection),
        ("Outlines", _outlines),
        ("Mass and rate", _rates),
        ("Interval", _interval),
        ("Sources", _clusters),
        ("Eruptions", _eruptions),
        ("Inventory", _inventory),
    )
    items = "".join(f"<dt>{name}</dt><dd>{words}</dd>" for name, say in steps if (words := _said(say, inputs.config)))
    more = text.paragraph(
        "Steps and files: <code>docs/steps.md</code>. Rates: <code>docs/rates.md</code>. Columns: "
        "<code>docs/columns.md</code> and <code>docs/tables.md</code>.",
        "note",
    )
    return Section("methods", "Methods", title, f'<dl class="methods">{items}</dl>' + more)


def _said(say: Any, config: Mapping[str, Any]) -> str:
    """Words of a step; nothing where the configuration at hand lacks one of its keys."""
    try:
        return str(say(config))
    except KeyError:
        return ""


def _archive(config: Mapping[str, Any]) -> str:
    archive, qa = config["archive"], config["filter"]["min_qa"]
    source = {
        "simulated": "simulated granules",
        "local": "granules of a local folder",
        "cdse": "granules of the Copernicus Data Space",
        "s3": f"granules of the bucket {archive.get('bucket', '')}",
    }.get(archive["source"], archive["source"])
    kinds = ", ".join(archive["retrievals"])
    return (
        f"{text.escape(source.capitalize())}; retrieval {text.escape(kinds)}; pixels with a quality value above {qa:g}."
    )


def _detection(config: Mapping[str, Any]) -> str:
    detect = config["detect"]
    if detect["method"] == "ztest":
        return "Local z-test of the column against its surroundings."
    way = (
        f"windows of {detect['window']} pixels every {detect['step']}, and the median of all answers for a pixel"
        if detect["mosaic"] == "rolling"
        else "overlapping tiles, and the median of all answers for a pixel"
    )
    return (
        f"U-Net <code>{text.escape(detect['model'])}</code>: {way} (FP 2.2). Plumes start where the probability is "
        f"at least "
        f"{detect['threshold']:g} and grow to {detect['growth_threshold'] or detect['threshold']:g}."
    )


def _outlines(config: Mapping[str, Any]) -> str:
    return (
        f"Connected pixels, at least {config['plumes']['min_pixels']} usable ones; outlines run along pixel corners "
        "(FP-pre 2.3)."
    )


def _rates(config: Mapping[str, Any]) -> str:
    rates = config["emissions"]
    rungs = " then ".join(str(name).replace("_", " ") for name in rates["wind"])
    return (
        f"Mass over the background ({text.escape(rates['background'])}); estimator "
        f"{text.escape(rates['estimator'])}; wind of "
        f"{text.escape(rungs)}, whichever is the first at hand; lifetime {rates['lifetime_h']:g} h. The paper's "
        f"formula "
        "(FP-pre 2.3) is computed beside it for every plume."
    )


def _interval(config: Mapping[str, Any]) -> str:
    rates = config["emissions"]
    if not rates["draws"]:
        return "Not computed (emissions.draws is 0)."
    return (
        f"{rates['draws']} draws of noise, background (systematic {rates['background_systematic_du']:g} DU), wind "
        f"({rates['wind_error_m_s']:g} m s⁻¹), length, lifetime, mask and height; the middle 68 % are given."
    )


def _clusters(config: Mapping[str, Any]) -> str:
    cluster = config["cluster"]
    where = {"upwind": "upwind end", "max": "largest column"}.get(cluster["origin"], cluster["origin"])
    return (
        f"DBSCAN on the sphere, {cluster['eps_km']:g} km and {cluster['min_samples']} plumes, of the plumes' {where} "
        f"(FP 3.1); "
        "named after the nearest known source within 100 km."
    )


def _eruptions(config: Mapping[str, Any]) -> str:
    return (
        f"Plumes within {config['eruptions']['radius_km']:g} km of the volcano on a day of the eruption, of every "
        f"eruption "
        "that overlaps the period (FP 3.2)."
    )


def _inventory(config: Mapping[str, Any]) -> str:
    edgar = config["edgar"]
    if not edgar["path"]:
        return ""
    name = "A simulated inventory" if edgar["path"] == "simulated" else "EDGAR v8.1"
    return (
        f"{name} on 0.1°; the strongest {100 * edgar['top_share']:g} % of its cells, with and without a plume "
        f"within "
        f"{edgar['radius_km']:g} km; rates spread over cells by the overlap of their pixels, and by centre as FP-pre "
        f"3.5."
    )
