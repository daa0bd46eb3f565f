"""The page of a model card."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from so2plumes.report import card_figures as figures
from so2plumes.report import text
from so2plumes.report.card_facts import attribution, real_archives, summary
from so2plumes.report.card_pictures import example_figure
from so2plumes.report.card_tables import OURS, CardTable, nouns, per_100_scenes, standing
from so2plumes.report.card_text import CardPart, card_parts
from so2plumes.report.section import Section

if TYPE_CHECKING:
    from so2plumes.evaluation.examples import Example

TEMPLATE = Path(__file__).with_name("page.html")
QUIET = "quiet"
SHOWN = 12
PICTURE_DPI = 120
SCENE_DPI = 160
LARGER = ' style="grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr))"'
"""Whole scenes need more room than windows."""
UNBROKEN = "\u2011"
"""A hyphen at which no line breaks."""
KINDS = {
    "missed": (
        "misses",
        "Misses",
        "Worst misses",
        "injected plumes that were not found, or of which most pixels were not",
    ),
    "false": (
        "alarms",
        "False alarms",
        "Worst false alarms",
        "detections where nothing was injected and nothing is significant",
    ),
    "found": ("found", "Found", "Plumes that were found", "injected plumes that were found"),
    "real": ("strong", "Real scenes", "Real scenes", "real scenes; what is true in them is not known"),
}
"""Anchor, short title, title and meaning of every kind of example."""
SIMULATED = (
    '<p class="banner"><b>Simulated archive.</b> No real scene stands behind these numbers: plumes, noise and '
    "backgrounds are made.</p>"
)


def card_page(card: dict[str, Any], examples: Sequence[Example]) -> str:
    """Render a model card as one HTML file that needs nothing else.

    Parameters
    ----------
    card : dict
        The card; what it does not hold is left out.
    examples : sequence of Example
        The most telling first; `SHOWN` of every kind are drawn.

    Returns
    -------
    str
        The same text for the same card and examples.
    """
    sections = _sections(card, examples)
    contents = "\n".join(f'<a href="#{section.anchor}">{section.short}</a>' for section in sections)
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=f"Model card: {text.escape(card['name'])}",
        kicker="A detector of sulphur dioxide plumes in TROPOMI Level-2 data",
        subtitle=_inline(summary(card)),
        banner="" if real_archives(card) else SIMULATED,
        keys=_keys(card),
        contents=contents,
        sections="\n".join(section.html() for section in sections),
        footer=text.paragraph(text.escape(attribution(card, [example.granule for example in examples]))),
    )


def _sections(card: dict[str, Any], examples: Sequence[Example]) -> list[Section]:
    pictures = {kind: _pictures(card, kind, examples) for kind in KINDS}
    shown: list[Section] = []
    for part in card_parts(card):
        if part.anchor == "training":
            shown += [
                Section(*KINDS[kind][:3], body)
                for kind, body in pictures.items()
                if body and not any(section.anchor == KINDS[kind][0] for section in shown)
            ]
        section = _section(card, part)
        if part.anchor == KINDS["real"][0]:
            section = replace(section, body=section.body + pictures["real"])
        shown.append(section)
    return shown


def _section(card: dict[str, Any], part: CardPart) -> Section:
    if part.bullets:
        body = "<ul>" + "".join(f"<li>{text.paragraph(_inline(word))}</li>" for word in part.words) + "</ul>"
    else:
        body = "".join(text.paragraph(_inline(word)) for word in part.words)
    draw = _FIGURES.get(part.anchor)
    body += "".join(_table(table) for table in part.tables if not table.folded)
    body += draw(card) if draw else ""
    body += "".join(_table(table) for table in part.tables if table.folded)
    return Section(part.anchor, part.short, part.title, body)


def _inline(said: str) -> str:
    """Text made safe for HTML; what stands between backquotes is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text.escape(said))


def _table(table: CardTable) -> str:
    kinds = ["t" if i in table.wrapped else "" if i in table.text_columns else "n" for i in range(len(table.head))]
    names = [text.escape(name).replace("-", UNBROKEN) for name in table.head]
    head = "".join(f'<th scope="col"{_kind(k)}>{name}</th>' for k, name in zip(kinds, names, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{_kind(k)}>{_cell(c)}</td>" for k, c in zip(kinds, row, strict=True)) + "</tr>"
        for row in table.rows
    )
    grid = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    if table.folded:
        return text.folded(table.caption.rstrip("."), grid)
    return (f'<p class="caption">{text.escape(table.caption)}</p>' if table.caption else "") + grid


def _kind(name: str) -> str:
    return f' class="{name}"' if name else ""


def _cell(content: str) -> str:
    colour = {"met": "accent", "not met": "warm"}.get(content)
    said = text.escape(content)
    return f'<b style="color:var(--{colour})">{said}</b>' if colour else said


def _keys(card: dict[str, Any]) -> str:
    """Band of the numbers that matter most."""
    cells = [*_bound_key(card), *_score_keys(card)]
    items = "".join(f"<div><dt>{_inline(a)}</dt><dd>{b}</dd><dd>{_inline(c)}</dd></div>" for a, b, c in cells)
    fill = ' style="grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr))"' if len(cells) != 6 else ""
    return f'<dl class="keys"{fill}>{items}</dl>' if cells else ""


def _bound_key(card: dict[str, Any]) -> list[tuple[str, str, str]]:
    states = [standing(bound) for bound in card.get("bounds", ())]
    if not states:
        return []
    return [("bounds met", f"{states.count('met')} of {len(states)}", f"{states.count('not measured')} not measured")]


def _score_keys(card: dict[str, Any]) -> list[tuple[str, str, str]]:
    cells = []
    for name, value, head in (("pixel_scores", "f1", "pixel F1"), ("object_scores", "recall", "plumes found")):
        ours = [
            row
            for row in card.get(name, ())
            if row.get("by") == "all" and row.get("method") == OURS and row.get(value) is not None
        ]
        for row in ours[:1]:
            number = text.fixed(row[value], 3) if value == "f1" else text.percent(row[value])
            cells.append((head, number, str(row["of"])))
    for row in card.get("quiet_scenes", ()):
        if row.get("method", OURS) == OURS and row["scenes"] and row.get("scene", QUIET) == QUIET:
            more = f"per 100 quiet scenes of {row['of']}"
            cells.append(("false plumes", text.fixed(per_100_scenes(row), 2), more))
    if card.get("calibration"):
        cells.append(("calibration error", text.fixed(card["calibration"]["ece"], 4), "all pixels"))
    return cells


def _pictures(card: dict[str, Any], kind: str, examples: Sequence[Example]) -> str:
    mine = [example for example in examples if example.kind == kind]
    if not mine:
        return ""
    _, _, title, meaning = KINDS[kind]
    shown = mine[:SHOWN]
    dpi, larger = (SCENE_DPI, LARGER) if kind == "real" else (PICTURE_DPI, "")
    count = f"{len(shown)} of {len(mine)}" if len(mine) > SHOWN else f"{len(mine)}"
    intro = (
        f"{count} {meaning}. Colour: column above the local background in units of the local noise, linear within "
        f"3 sigma and logarithmic beyond, each picture with its own scale; grey: not usable. Green: "
        "plumes. "
    )
    intro += "Black: the true plume. " if any(example.truth is not None for example in shown) else ""
    cards = "".join(
        text.image(example_figure(example), _caption(example), f"{title}: {example.title}", dpi=dpi)
        for example in shown
    )
    note = text.paragraph(text.escape(intro + "Axes count pixels."), "note")
    return f'{note}<div class="cards"{larger}>{cards}</div>'


def _caption(example: Example) -> str:
    granule = text.escape(example.granule).replace("_", "_<wbr>")
    lines = [f"<b>{text.escape(example.title)}</b>", text.escape(example.note), granule]
    return "<br>".join(line for line in lines if line)


def _pixel_figures(card: dict[str, Any]) -> str:
    body = ""
    if card.get("precision_recall"):
        body += text.image(
            figures.precision_recall_figure(card["precision_recall"], card.get("threshold")),
            "Precision and recall of pixels over the thresholds of every method. Dashed: lines of equal F1.",
            "Precision against recall",
            "narrow",
            140,
        )
    return body + _groups(card["pixel_scores"], "f1", "images", "F1", "F1 of pixels in windows of unseen orbits")


def _groups(rows: Sequence[dict[str, Any]], value: str, counted: str, label: str, caption: str) -> str:
    if not figures.is_divided(rows):
        return ""
    figure = figures.groups_figure(rows, value, counted, label)
    lines = " Lines: 95 % intervals." if any(row.get("low") is not None for row in rows) else ""
    return text.image(
        figure, f"{caption}, by group; the number of {nouns(counted)} in brackets.{lines}", caption, "wide", 140
    )


def _scene_figures(card: dict[str, Any]) -> str:
    return _groups(card["scene_scores"], "f1", "scenes", "F1", "F1 of pixels of whole scenes")


def _object_figures(card: dict[str, Any]) -> str:
    return _groups(card["object_scores"], "recall", "plumes", "share found", "Share of the plumes that were found")


def _calibration_figure(card: dict[str, Any]) -> str:
    caption = "Share of true pixels against the probability that the net gives them, and the number of pixels."
    return text.image(figures.reliability_figure(card["calibration"]), caption, "Reliability diagram", "narrow", 140)


def _history(card: dict[str, Any]) -> str:
    history = card.get("training", {}).get("history")
    if not history:
        return ""
    caption = "Loss and learning rate over the training."
    return text.image(figures.history_figure(history), caption, "Training history", "wide", 140)


def _detection_figure(card: dict[str, Any]) -> str:
    from so2plumes.report.card_curve import detection_curve_figure

    return detection_curve_figure(card["detection"])


_FIGURES: dict[str, Callable[[dict[str, Any]], str]] = {
    "pixels": _pixel_figures,
    "scenes": _scene_figures,
    "plumes": _object_figures,
    "calibration": _calibration_figure,
    "detection": _detection_figure,
    "training": _history,
}
