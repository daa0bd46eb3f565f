"""The page of the ledger: how a campaign stands, for a person who does not sit at the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from string import Template

from so2plumes.ledger.summary import Ledger
from so2plumes.ledger.words import DAY_WORDS, NO_JOB, STATE_WORDS, byte_words, job_name, time_left_words
from so2plumes.report import text
from so2plumes.report.page import TEMPLATE
from so2plumes.report.section import Section

SHOWN_JOBS = 40


def render_status(ledger: Ledger) -> str:
    """Render the ledger as one HTML file that needs nothing else.

    Parameters
    ----------
    ledger : Ledger

    Returns
    -------
    str
        The same text for the same ledger.
    """
    sections = ledger_sections(ledger)
    read_at = datetime.fromtimestamp(ledger.read_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=text.escape(f"{ledger.name}: status"),
        kicker="How the campaign stands",
        subtitle=text.escape(f"{ledger.first_day} to {ledger.last_day}, read at {read_at}"),
        banner="",
        keys=_keys(ledger),
        contents="\n".join(f'<a href="#{section.anchor}">{section.short}</a>' for section in sections),
        sections="\n".join(section.html() for section in sections),
        footer=text.paragraph("Written by <code>so2plumes status --html</code>; it does not follow the run by itself."),
    )


def ledger_sections(ledger: Ledger) -> list[Section]:
    """Sections of the page."""
    return [_years(ledger), _failures(ledger), _running(ledger)]


def _keys(ledger: Ledger) -> str:
    days = ledger.days
    cards = (
        ("state", text.escape(STATE_WORDS[ledger.state].split(",")[0].split(":")[0]), time_left_words(ledger)),
        ("days done", text.whole(days["done"]), f"of {text.whole(sum(days.values()))}"),
        ("not seen", text.whole(days["not_seen"]), "finished, no usable granule"),
        ("failed", text.whole(days["failed"]), text.plural(len(ledger.failures), "reason")),
        ("fetched", byte_words(ledger.fetched_bytes), text.plural(ledger.granules.get("ready", 0), "granule")),
        ("plumes", text.whole(ledger.plumes), "so far"),
    )
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd><dd>{more}</dd></div>" for name, value, more in cards)
    return f'<dl class="keys">{items}</dl>'


def _years(ledger: Ledger) -> Section:
    head = ("year", *(name.replace("_", " ") for name in DAY_WORDS), "plumes", "read", "report")
    rows = [
        (
            str(year.year),
            *(text.whole(year.days[name]) for name in DAY_WORDS),
            text.whole(year.plumes),
            byte_words(year.fetched_bytes),
            "yes" if year.reported else "no",
        )
        for year in ledger.years
    ]
    words = "; ".join(f"{name.replace('_', ' ')}: {meaning}" for name, meaning in DAY_WORDS.items() if "(" in meaning)
    return Section(
        "years", "Years", "Days by year", text.table(head, rows, "Days.") + text.paragraph(words + ".", "note")
    )


def _failures(ledger: Ledger) -> Section:
    if not ledger.failures:
        return Section("failures", "Failures", "Failures by reason", text.empty("Nothing failed."))
    rows = [
        (
            failure.reason,
            failure.meaning,
            text.whole(len(failure.jobs)),
            ", ".join(job_name(job) for job in failure.jobs[:SHOWN_JOBS]),
            str(failure.log),
        )
        for failure in ledger.failures
    ]
    table = text.table(("reason", "meaning", "jobs", "which", "log to open"), rows, "", (0, 1, 3, 4))
    return Section("failures", "Failures", "Failures by reason", table)


def _at_rest(ledger: Ledger) -> str:
    return f"{NO_JOB[0].upper()}{NO_JOB[1:]}." if ledger.state == "running" else "Nothing runs."


def _running(ledger: Ledger) -> Section:
    if not ledger.running:
        return Section("running", "Running", "What runs now", text.empty(_at_rest(ledger)))
    rows = [(job.step, job.period, str(job.log)) for job in ledger.running[:SHOWN_JOBS]]
    return Section("running", "Running", "What runs now", text.table(("step", "period", "log"), rows, "", (0, 1, 2)))
