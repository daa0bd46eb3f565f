"""The page of the papers' numbers beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Any

import pandas as pd

from so2plumes.parity.judge import AGREES, DIFFERS, NOT_COMPARABLE, NOT_COMPUTED
from so2plumes.parity.published import GROUPS
from so2plumes.report import text
from so2plumes.report.page import TEMPLATE
from so2plumes.report.parity_words import erratum_section, rule_section
from so2plumes.report.section import Section
from so2plumes.report.values import interval, printed, unit_words, value

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
    misprints = int(((table["verdict"] == DIFFERS) & table["reason"].str.contains("ours agrees with the corr")).sum())
    of_them = f" ({text.whole(misprints)} of them by a misprint of the paper)" if misprints else ""
    return (
        f"Of {text.plural(len(table), 'published number')}, {text.whole(counts[AGREES])} agree, "
        f"{text.whole(counts[DIFFERS])} differ{of_them}, {text.whole(counts[NOT_COMPARABLE])} are not comparable "
        f"because this run does not cover what they are about, and {text.whole(counts[NOT_COMPUTED])} were not "
        "computed because an input lacks."
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
    """Lay out numbers; what stands in the reasons is numbered and said once below."""
    own = bool(rows["recommended_value"].notna().any())
    head = ["quantity", "paper", "the paper", "ours (95 % interval)", *(["as configured"] if own else []), "ratio"]
    notes: dict[str, int] = {}
    cells = []
    for row in rows.to_dict("records"):
        said = [note for note in str(row["reason"]).split("; ") if note]
        marks = [str(notes.setdefault(note, len(notes) + 1)) for note in said]
        cells.append(
            (
                f"{row['quantity']}{unit_words(row['unit'])}",
                f"{row['paper']} {row['paper_section']}",
                printed(row),
                interval(row),
                *((value(row["recommended_value"], row["unit"]),) if own else ()),
                text.fixed(row["ratio"], 2),
                row["verdict"],
                ", ".join(marks),
            )
        )
    last = len(head) + 1
    body = text.table((*head, "verdict", "notes"), cells, "", (0, 1, last - 1, last))
    listed = " ".join(f"<b>{mark}</b>&nbsp;{text.escape(note)}." for note, mark in notes.items())
    return body + (text.paragraph(listed, "note") if listed else "")


def _top_ten(rows: pd.DataFrame) -> str:
    """Lay out the ten largest clusters, the paper's line above ours; every number of theirs folded below."""
    cells = []
    for name, group in rows.groupby(rows["quantity"].str.split(": ").str[0], sort=False):
        numbers = dict(zip(group["id"].str.rsplit("-", n=1).str[1], group.to_dict("records"), strict=True))
        counts = group["verdict"].value_counts()
        verdict = ", ".join(f"{counts[word]} {word}" for word in counts.index)
        cells.append((str(name), "paper", *_cluster_cells(numbers, "paper_value"), ""))
        cells.append(("", "ours", *_cluster_cells(numbers, "our_value"), verdict))
    head = ("source", "", "rank", "centre", "plumes", "median rate, kg h⁻¹", "days with a plume, %", "verdict")
    caption = (
        "The ten largest clusters of Table 2, and the largest cluster of ours whose nearest known source is the same."
    )
    return text.table(head, cells, caption, (0, 1, 3, 7)) + text.folded(
        f"All {len(rows)} numbers of Table 2 with ratios, intervals and reasons", _number_table(rows)
    )


def _cluster_cells(numbers: Mapping[str, Mapping[Any, Any]], which: str) -> tuple[str, ...]:
    rank, latitude, longitude, plumes, rate, persistence = (numbers[name][which] for name in _FIELDS)
    return (
        text.whole(rank),
        text.place(longitude, latitude),
        text.whole(plumes),
        text.whole(rate) if which == "paper_value" else text.rounded(rate),
        text.fixed(persistence, 1),
    )
