"""Sections on the run itself: what was seen, versions, configuration, how to read it all."""

from __future__ import annotations

from collections import Counter
from typing import Any

import yaml

from so2plumes.findings.inputs import ReportInputs
from so2plumes.findings.summary import STATUSES, coverage_by_month, daily_counts, quarantined
from so2plumes.made_by import spans
from so2plumes.report import text
from so2plumes.report.section import Section
from so2plumes.table import reason_codes

SHOWN_QUARANTINED = 10
FOLDED_QUARANTINED = 200
FOLDED_VERSIONS = 12


def coverage_section(inputs: ReportInputs) -> Section:
    """Days and granules that were seen, and those that were not."""
    title = "What was seen and what was not"
    if inputs.coverage.empty:
        said = "No granule is accounted for in this period: days without a plume count as not seen."
        return Section("coverage", "Coverage", title, text.empty(said))
    daily = daily_counts(inputs)
    hidden = int((~daily["seen"]).sum())
    words = (
        f"{text.plural(int(daily['seen'].sum()), 'day')} of {text.whole(len(daily))} had at least one "
        "granule with usable pixels"
        f"{f'; about the other {text.whole(hidden)} nothing is known' if hidden else ''}. A quarantined "
        "granule could not be used; one that was not "
        "selected stands behind another granule of its orbit."
    )
    months = coverage_by_month(inputs)
    unit, scale = ("GB", 1.0) if months["ready_gigabytes"].sum() >= 1 else ("MB", 1e3)
    rows = [
        (
            r["month"],
            f"{text.whole(r['days_seen'])} / {text.whole(r['days'])}",
            *(text.whole(r[status]) for status in STATUSES),
            text.whole(r["plumes"]),
            text.rounded(scale * r["ready_gigabytes"]),
        )
        for r in months.to_dict("records")
    ]
    head = ("month", "days seen", "granules ready", "quarantined", "not selected", "plumes", f"{unit} read")
    table = text.table(head, rows, "Every month of the period.")
    body = text.paragraph(words) + _transfers(inputs) + (text.folded("Every month", table) if len(rows) > 24 else table)
    return Section("coverage", "Coverage", title, body + _quarantined(inputs))


def _transfers(inputs: ReportInputs) -> str:
    """Tell what was fetched, and how much can have lain on the disk; nothing where granules were at hand."""
    archive = inputs.config.get("archive") or {}
    if archive.get("source") not in ("cdse", "s3") or "resumed_bytes" not in inputs.coverage:
        return ""
    asked = inputs.coverage[inputs.coverage["status"] != "not_selected"]
    if asked.empty:
        return ""
    requests, connections = int(asked["attempts"].sum()), int(archive["connections"])
    largest, total = (float(asked["size_bytes"].agg(how)) / 1e6 for how in ("max", "sum"))
    saved = float(asked["resumed_bytes"].sum()) / 1e6
    return text.paragraph(
        f"{text.plural(len(asked), 'granule')} of {text.rounded(total)} MB came in {text.plural(requests, 'request')}; "
        f"going on where a transfer had stopped saved {text.rounded(saved)} MB. A granule is removed when its compact "
        f"swath and its receipt are written: with {text.plural(connections, 'connection')} and a largest granule of "
        f"{text.rounded(largest)} MB, at most {text.rounded(connections * largest)} MB of granules lay on the disk at "
        "a time (twice as much where they arrive as zips), beside what interrupted transfers left, to be continued."
    )


def _quarantined(inputs: ReportInputs) -> str:
    bad = quarantined(inputs)
    if bad.empty:
        return text.paragraph("No granule was quarantined.")
    counts = bad["reason"].value_counts()
    summary = ", ".join(f"{text.escape(name)} ({text.whole(counts[name])})" for name in sorted(counts.index))
    rows = [(r["date"], str(r["granule"]), str(r["reason"]), str(r["message"])) for r in bad.to_dict("records")]
    body = "<h3>Quarantined granules</h3>" + text.paragraph(f"By reason: {summary}.")
    head = ("date", "granule", "reason", "what was wrong")
    body += text.table(head, rows[:SHOWN_QUARANTINED], "", (0, 1, 2, 3))
    more = rows[SHOWN_QUARANTINED:FOLDED_QUARANTINED]
    if more:
        body += text.folded(f"{text.whole(len(more))} more", text.table(head, more, "", (0, 1, 2, 3)))
    if len(rows) > FOLDED_QUARANTINED:
        left = text.whole(len(rows) - FOLDED_QUARANTINED)
        body += text.paragraph(f"{left} others are in <code>quarantined.csv</code>.", "note")
    return body


def reading_section(inputs: ReportInputs) -> Section:
    """How far a rate can be trusted: what holds for all, and what is to be said about those of this run."""
    body = text.paragraph(
        "An emission rate is an estimate for the moment of one overpass. It is no yearly mean, no value of an "
        "inventory, "
        "and says nothing about places where no plume was found: weak plumes are missed (the model card gives the "
        "probability of detection by rate), clouds hide others. Columns assume a height of the gas, and the wind is "
        "that "
        "of the best source at hand; where that is the wind at 10 m, a volcanic plume at altitude can move several "
        "times "
        "faster, more than the interval spans."
    )
    if len(inputs.plumes):
        body += _rungs(inputs) + _remarks(inputs)
    body += text.paragraph("All limits: <code>docs/limitations.md</code>.", "note")
    return Section("limits", "Limits", "How far to trust it", body)


def _rungs(inputs: ReportInputs) -> str:
    rated = inputs.plumes[inputs.plumes["emission_kg_h"].notna()]
    counts = rated["wind_rung"].astype(str).value_counts()
    if rated.empty:
        return text.paragraph("No plume has a rate.")
    named = ", ".join(
        f"{text.escape(name.replace('_', ' '))} {text.percent(count / len(rated), 0)}" for name, count in counts.items()
    )
    return text.paragraph(f"Wind of the {text.plural(len(rated), 'rate')}: {named}.")


def _remarks(inputs: ReportInputs) -> str:
    """Reason codes by frequency."""
    counts = Counter(code for codes in inputs.plumes["quality"] for code in codes)
    if not counts:
        return text.paragraph("No plume of this run has a remark.")
    meaning = reason_codes()
    rows = [
        (code, meaning.get(code, ""), text.whole(n), text.percent(n / len(inputs.plumes)))
        for code, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    said = f"Remarks on the {text.plural(len(inputs.plumes), 'plume')} of this run; one can have several."
    return text.table(("remark", "meaning", "plumes", "share"), rows, said, (0, 1), wrapped=(1,))


def version_section(inputs: ReportInputs) -> Section:
    """Versions and configuration that made this report."""
    rows = [(name, value) for name, value in _flat(inputs.versions)]
    body = (
        text.table(("what", "version or digest"), rows, "", (0, 1))
        if rows
        else text.empty("No versions were recorded.")
    )
    body += _made_by(inputs)
    used = inputs.coverage[inputs.coverage["status"] == "ready"]
    if len(used):
        pairs = Counter(zip(used["retrieval"], used["processor_version"], strict=True))
        names = ", ".join(f"{r or 'unknown'} {v or 'unknown'} ({text.whole(n)})" for (r, v), n in sorted(pairs.items()))
        body += text.paragraph(f"Retrieval and processor of the granules read: {text.escape(names)}.")
    if inputs.config:
        dumped = yaml.safe_dump(_plain(inputs.config), sort_keys=True, allow_unicode=True, width=100)
        body += text.folded("Configuration", f"<pre>{text.escape(dumped)}</pre>")
    else:
        body += text.empty("No configuration was recorded.")
    return Section("versions", "Versions", "Versions and configuration", body)


def _made_by(inputs: ReportInputs) -> str:
    """Tell which version made which days: a new one does not recompute what is there."""
    if not inputs.made_by:
        return ""
    every = sorted(name for record in inputs.made_by for name in record.periods)
    rows = [
        (
            f"{first} to {last}" if first != last else first,
            "; ".join(f"{step} {version}" for step, version in record.versions.items()),
        )
        for record in inputs.made_by
        for first, last in spans(record.periods, every)
    ]
    table = text.table(("days", "made by"), sorted(rows), "Which version made which days.", (0, 1))
    return text.folded("Which version made which days", table) if len(rows) > FOLDED_VERSIONS else table


def _flat(mapping: Any, prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name in sorted(mapping):
        value = mapping[name]
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{name} ")
        else:
            rows.append((f"{prefix}{name}", str(value)))
    return rows


def _plain(value: Any) -> Any:
    """Value made of what YAML can write."""
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
