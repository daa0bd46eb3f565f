"""The model card for people: its parts, in words and tables, and their Markdown text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from so2plumes.report import card_facts as facts
from so2plumes.report import card_tables as tables
from so2plumes.report import card_words as words
from so2plumes.report.card_tables import CardTable
from so2plumes.report.card_variants import variants_table, variants_words
from so2plumes.report.text import THIN


@dataclass(frozen=True)
class CardPart:
    """A part of the card: anchor, short title for the contents, title, sentences and tables.

    Text between backquotes is code. ``bullets`` says that the sentences are a list.
    """

    anchor: str
    short: str
    title: str
    words: tuple[str, ...] = ()
    tables: tuple[CardTable, ...] = ()
    bullets: bool = False


def card_parts(card: dict[str, Any]) -> list[CardPart]:
    """Parts of a card in their order; what the card does not hold is left out.

    Parameters
    ----------
    card : dict
        The card, see `so2plumes.evaluation.card`. Every key after ``data`` may be absent.
    """
    made = [build(card) for build in _BUILDERS]
    return [part for part in made if part is not None]


def card_markdown(card: dict[str, Any]) -> str:
    """Render a card as Markdown: the words and tables of the page, without its pictures.

    Parameters
    ----------
    card : dict

    Returns
    -------
    str
        The same text for the same card.
    """
    blocks = [f"# Model card: {card['name']}", facts.summary(card)]
    for part in card_parts(card):
        blocks.append(f"## {part.title}")
        if part.words:
            blocks.append("\n".join(f"- {word}" for word in part.words) if part.bullets else "\n".join(part.words))
        for table in part.tables:
            blocks += [f"*{_inline(table.caption.rstrip('.'))}*"] if table.caption else []
            blocks.append(_grid(table))
    blocks.append(facts.attribution(card, []))
    return "\n\n".join(blocks).replace(THIN, " ") + "\n"


def _grid(table: CardTable) -> str:
    left = set(table.text_columns)
    rule = [" --- " if i in left else " ---: " for i in range(len(table.head))]
    lines = ["|" + "|".join(f" {_cell(text)} " for text in row) + "|" for row in (table.head, *table.rows)]
    return "\n".join([lines[0], "|" + "|".join(rule) + "|", *lines[1:]])


def _cell(text: str) -> str:
    return _inline(text).replace("|", "\\|")


def _inline(text: str) -> str:
    return " ".join(text.split())


def _verdict(card: dict[str, Any]) -> CardPart | None:
    bounds = card.get("bounds")
    if not bounds:
        return None
    said = [*words.verdict_words(bounds), *words.comparison_words(card)]
    return _part("verdict", "Bounds", "Does it meet its bounds?", said, [tables.bounds_table(bounds)])


def _methods(card: dict[str, Any]) -> CardPart | None:
    rows = card.get("pixel_scores")
    if not rows:
        return None
    return _part(
        "pixels",
        "Pixels",
        "Pixels, beside the baselines",
        words.score_words(rows, "windows"),
        tables.score_tables(rows, "images"),
    )


def _scenes(card: dict[str, Any]) -> CardPart | None:
    rows = card.get("scene_scores")
    if not rows:
        return None
    return _part(
        "scenes",
        "Scenes",
        "Pixels of whole scenes",
        words.score_words(rows, "whole scenes"),
        tables.score_tables(rows, "scenes"),
    )


def _objects(card: dict[str, Any]) -> CardPart | None:
    rows = card.get("object_scores")
    if not rows:
        return None
    said = [*words.object_words(rows), "Intervals are Wilson's, 95 %, in per cent."]
    return _part("plumes", "Plumes", "Plumes found", said, tables.object_tables(rows))


def _quiet(card: dict[str, Any]) -> CardPart | None:
    rows = card.get("quiet_scenes")
    if not rows:
        return None
    said = [*words.quiet_words(rows), *words.false_pixel_words(card.get("false_pixel_share", {}))]
    return _part("quiet", "False plumes", "False plumes where none was injected", said, [tables.quiet_table(rows)])


def _calibration(card: dict[str, Any]) -> CardPart | None:
    calibration = card.get("calibration")
    if not calibration:
        return None
    said = words.calibration_words(calibration)
    return _part(
        "calibration", "Calibration", "What a probability is worth", said, [tables.calibration_table(calibration)]
    )


def _bands(card: dict[str, Any]) -> CardPart | None:
    bands = card.get("bands")
    return (
        _part("bands", "Long plumes", "Long plumes", [*words.bands_words(bands), *words.separation_words(card)])
        if bands
        else None
    )


def _strong(card: dict[str, Any]) -> CardPart | None:
    rows = card.get("strong_scenes")
    if not rows:
        return None
    said = words.strong_words(rows)
    return _part("strong", "Real scenes", "Strong real scenes", said, [tables.strong_table(rows)])


def _detection(card: dict[str, Any]) -> CardPart | None:
    detection = card.get("detection")
    if not detection:
        return None
    made = [facts.limits_table(detection), facts.moves_table(detection), facts.curve_table(detection)]
    return _part(
        "detection",
        "Detection limits",
        "What emission rates it sees",
        words.limits_words(detection),
        [table for table in made if table is not None],
    )


def _variants(card: dict[str, Any]) -> CardPart | None:
    rows = card.get("variants")
    if not rows:
        return None
    return _part("variants", "Variants", "Why this net", variants_words(rows), [variants_table(rows)])


def _training(card: dict[str, Any]) -> CardPart:
    plan = facts.plan_of(card)
    made = [facts.model_table(card), facts.data_table(card), *([facts.plan_table(plan)] if plan else [])]
    said = words.history_words(card.get("training", {}).get("history", []))
    return _part("training", "Training", "Net, data and training", said, made)


def _regenerate(card: dict[str, Any]) -> CardPart:
    return _part("again", "Make it again", "How to make it again", facts.regenerate_words(card))


def _caveats(card: dict[str, Any]) -> CardPart:
    return CardPart("limits", "Caveats", "What the numbers do not say", tuple(facts.caveats(card)), bullets=True)


def _part(anchor: str, short: str, title: str, said: Sequence[str], made: Sequence[CardTable] = ()) -> CardPart:
    return CardPart(anchor, short, title, tuple(said), tuple(made))


_BUILDERS: tuple[Callable[[dict[str, Any]], CardPart | None], ...] = (
    _verdict,
    _methods,
    _scenes,
    _objects,
    _quiet,
    _calibration,
    _bands,
    _detection,
    _variants,
    _strong,
    _training,
    _regenerate,
    _caveats,
)
