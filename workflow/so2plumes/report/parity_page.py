"""The page of the papers' numbers beside ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

import pandas as pd

from so2plumes.parity.judge import AGREES, CORRECTED, DIFFERS, NOT_COMPARABLE, NOT_COMPUTED
from so2plumes.parity.published import GROUPS
from so2plumes.report import text
from so2plumes.report.page import TEMPLATE
from so2plumes.report.parity_words import erratum_section, rule_section
from so2plumes.report.section import Section
from so2plumes.report.values import interval, printed, unit_words, value, wrapped_table

SIMULATED = (
    '<p class="banner"><b>Simulated archive.</b> Nothing here was measured, so it is not held against the papers.</p>'
)
TOP_TEN = "Table 2"
_FIELDS = ("rank", "latitude", "longitude", "plumes", "rate", "persistence")


def render_parity(table: pd.DataFrame, title: str) -> str:
    """Render the table ``parity`` as one HTML file that needs nothing else.

    Parameters
    ----------
    table : DataFrame
        Table ``parity`` with its attributes.
    title : str
        Name of the campaign.

    Returns
    -------
    str
        The same text for the same table.
    """
    facts = table.attrs
    sections = [_verdict_section(table), *_group_sections(table), rule_section(), erratum_section(table)]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=text.escape(f"{title}: beside the papers"),
        kicker="The numbers of Finch and Palmer, and those of this run",
        subtitle=text.escape(f"{facts['start']} to {facts['end']}"),
        banner=SIMULATED if facts["simulated"] else "",
        keys=_keys(facts),
        contents="\n".join(f'<a href="#{section.anchor}">{section.short}</a>' for section in sections),
        sections="\n".join(section.html() for section in sections),
        footer=text.paragraph(
            "FP: Finch and Palmer, Atmos. Meas. Tech. 19, 4049, 2026 (doi 10.5194/amt-19-4049-2026). FP-pre: its "
            "preprint, which has the rates and the inventory. The same as a table: <code>parity.parquet</code> and "
            "<code>tables/parity.csv</code>."
        ),
    )


def verdict_sentence(table: pd.DataFrame) -> str:
    """Say in a sentence how many numbers agree, differ, and are not compared."""
    counts = table.attrs["counts"]
    misprints = int(((table["verdict"] == DIFFERS) & table["reason"].str.contains(CORRECTED)).sum())
    of_them = f" ({text.whole(misprints)} by a misprint of the paper)" if misprints else ""
    return (
        f"{text.plural(len(table), 'published number')}: {text.plural(counts[AGREES], 'agrees', 'agree')}, "
        f"{text.plural(counts[DIFFERS], 'differs', 'differ')}{of_them}, "
        f"{text.plural(counts[NOT_COMPARABLE], 'is', 'are')} not comparable (this run does not cover "
        f"what it is about, or the truth is another), "
        f"{text.plural(counts[NOT_COMPUTED], 'was', 'were')} not computed (an input is missing)."
    )


def extent_sentence(facts: Mapping[Any, Any]) -> str:
    """Say in a sentence what the run covers of the papers' archive."""
    granules = facts["granules_a_day"]
    granules = "an unknown number of" if granules is None or granules != granules else f"{granules:.1f}"
    where = "one region" if facts["region"] else "no region set"
    kind = "a simulated archive" if facts["simulated"] else "a real archive"
    days = f"{text.whole(facts['n_days_seen'])} of the {text.whole(facts['n_days'])} days of 2019 to 2024"
    return f"The run: {kind}, {where}, {days} seen, {granules} granules a seen day (the papers: 14.2)."


def _verdict_section(table: pd.DataFrame) -> Section:
    facts = table.attrs
    body = text.paragraph(verdict_sentence(table)) + text.paragraph(text.escape(extent_sentence(facts)))
    if not facts["counts"][AGREES] + facts["counts"][DIFFERS]:
        body += text.paragraph("No number is comparable; ours stand beside the papers' all the same.")
    choices = facts["other_choices"]
    if choices:
        listed = ", ".join(f"<code>{text.escape(choice)}</code>" for choice in choices)
        body += text.paragraph(f"Choices of this run that are not the papers': {listed}.", "note")
    return Section("verdict", "Verdict", "What agrees and what differs", body)


def _keys(facts: Mapping[Any, Any]) -> str:
    counts = facts["counts"]
    cards = [(verdict, text.whole(count), "numbers") for verdict, count in counts.items()]
    cards.append(("days seen", text.whole(facts["n_days_seen"]), f"of {text.whole(facts['n_days'])}"))
    granules = facts["granules_a_day"]
    cards.append(("granules a day", text.DASH if granules is None else text.fixed(granules, 1), "on days seen; 14.2"))
    items = "".join(f"<div><dt>{name}</dt><dd>{number}</dd><dd>{more}</dd></div>" for name, number, more in cards)
    return f'<dl class="keys">{items}</dl>'


def _group_sections(table: pd.DataFrame) -> list[Section]:
    sections = []
    for group, title in GROUPS.items():
        rows = table[table["group"] == group]
        if rows.empty:
            continue
        top = rows["paper_section"] == TOP_TEN
        body = _number_table(rows[~top]) if (~top).any() else ""
        if top.any():
            body += _top_ten(rows[top])
        sections.append(Section(group, title.split(" and ")[0].split(" with ")[0], title, body))
    return sections


def _number_table(rows: pd.DataFrame) -> str:
    """Lay out numbers; a reason that several rows share is numbered and said once below."""
    own = bool(rows["recommended_value"].notna().any())
    said = [[note for note in reason.split("; ") if note] for reason in rows["reason"]]
    uses = Counter(note for notes in said for note in notes)
    shared = {note: str(number) for number, note in enumerate((n for n in uses if uses[n] > 1), 1)}
    cells = [
        (
            f"{row['quantity']}{unit_words(row['unit'])}",
            printed(row),
            interval(row),
            *((value(row["recommended_value"], row["unit"]),) if own else ()),
            text.fixed(row["ratio"], 2),
            row["verdict"],
            _why(notes, shared),
            row["paper_section"] if row["paper"] == "both" else f"{row['paper']} {row['paper_section']}",
        )
        for row, notes in zip(rows.to_dict("records"), said, strict=True)
    ]
    head = ("quantity", "paper", "ours", *(["as configured"] if own else []), "ratio", "verdict", "why", "where")
    last = len(head) - 1
    body = wrapped_table(head, cells, (0, last - 1), (last - 2, last))
    listed = "".join(f"<br><b>{mark}</b>&nbsp;&nbsp;{text.escape(note)}" for note, mark in shared.items())
    return body + (text.paragraph(listed.removeprefix("<br>"), "note") if listed else "")


def _why(notes: Sequence[str], shared: Mapping[str, str]) -> str:
    """Join the numbers of shared notes and the words of the others."""
    marks = ", ".join(shared[note] for note in notes if note in shared)
    return "; ".join([*([marks] if marks else []), *(note for note in notes if note not in shared)])


def _top_ten(rows: pd.DataFrame) -> str:
    """Lay out the ten largest clusters, the paper's line above ours; every number of theirs folded below."""
    cells = []
    for name, group in rows.groupby(rows["quantity"].str.split(": ").str[0], sort=False):
        numbers = dict(zip(group["id"].str.rsplit("-", n=1).str[1], group.to_dict("records"), strict=True))
        counts = group["verdict"].value_counts()
        verdict = (
            ", ".join(_counted(counts[word], word) for word in counts.index) if len(counts) > 1 else counts.index[0]
        )
        cells.append((str(name), "paper", *_cluster_cells(numbers, "paper_value"), ""))
        cells.append(("", "ours", *_cluster_cells(numbers, "our_value"), verdict))
    head = ("source", "", "rank", "centre", "plumes", "median rate, kg h⁻¹", "days with a plume, %", "verdict")
    caption = (
        "The ten largest clusters of Table 2, and the largest cluster of ours whose nearest known source is the same."
    )
    return text.table(head, cells, caption, (0, 1, 3, 7)) + text.folded(
        f"All {len(rows)} numbers of Table 2 with ratios, intervals and reasons", _number_table(rows)
    )


def _counted(count: int, verdict: str) -> str:
    """Count of a verdict, ``5 agree`` or ``1 differs``."""
    return text.plural(count, verdict, verdict.removesuffix("s"))


def _cluster_cells(numbers: Mapping[str, Mapping[Any, Any]], which: str) -> tuple[str, ...]:
    rank, latitude, longitude, plumes, rate, persistence = (numbers[name][which] for name in _FIELDS)
    return (
        text.whole(rank),
        text.place(longitude, latitude),
        text.whole(plumes),
        text.whole(rate) if which == "paper_value" else text.rounded(rate),
        text.fixed(persistence, 1),
    )
