"""The few HTML elements that a page is made of, and numbers as a reader likes them."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.figure import Figure

from so2plumes.figures import style
from so2plumes.figures.numbers import DASH, THIN, day, fixed, percent, place, plural, rounded, whole

__all__ = [
    "DASH",
    "THIN",
    "data_table",
    "day",
    "empty",
    "escape",
    "fixed",
    "folded",
    "image",
    "paragraph",
    "percent",
    "place",
    "plural",
    "rounded",
    "table",
    "whole",
]


def escape(value: Any) -> str:
    """Text made safe for HTML."""
    return html.escape(str(value), quote=True)


def paragraph(text: str, kind: str = "") -> str:
    """Paragraph of HTML text."""
    return f'<p class="{kind}">{text}</p>' if kind else f"<p>{text}</p>"


def empty(text: str) -> str:
    """Say that there is nothing to show, and why."""
    return paragraph(escape(text), "empty")


def image(figure: Figure, caption: str, alt: str, kind: str = "", dpi: int = 150) -> str:
    """Figure with a caption (HTML) and an alternative text.

    One of the kind ``wide`` takes its share of the text's width, so that letters have one size everywhere.
    """
    png = style.png_bytes(figure, dpi)
    share = min(100 * style.png_width_in(png, dpi) / style.WIDE_IN, 100)
    limit = f' style="max-width:{share:.0f}%"' if kind == "wide" and share < 97 else ""
    picture = f'<img src="{style.data_uri(png)}" alt="{escape(alt)}"{limit}>'
    return f'<figure class="{kind}"><div class="frame">{picture}</div><figcaption>{caption}</figcaption></figure>'


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    caption: str = "",
    text_columns: Iterable[int] = (0,),
    wrapped: Iterable[int] = (),
) -> str:
    """Lay out a table of texts that are escaped here; columns not named as text are set as numbers."""
    left, long = set(text_columns), set(wrapped)
    kinds = [' class="w"' if i in long else "" if i in left else ' class="n"' for i in range(len(head))]
    top = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{escape(c)}</td>" for c, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    title = f'<p class="caption">{caption}</p>' if caption else ""
    grid = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f'{title}<div class="scroll">{grid}</div>'


def data_table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    caption: str = "",
    text_columns: Iterable[int] = (0,),
    shown: int = 20,
    wrapped: Iterable[int] = (),
) -> str:
    """Table that a reader sorts by its heads and filters by words.

    Only the first rows show, on screen and in print, until more are asked for; all of them without scripts.
    """
    grid = table(head, rows, caption, text_columns, wrapped).replace("<table>", '<table class="sorts">', 1)
    said, scroll = grid.split('<div class="scroll">', 1)
    label = escape("filter rows: " + ", ".join(name for name in head if name))
    tools = (
        f'<div class="tools" hidden><input type="search" placeholder="filter rows" aria-label="{label}">'
        '<output></output><button type="button">show all</button></div>'
    )
    return f'<div class="data" data-shown="{shown}">{said}{tools}<div class="scroll">{scroll}</div>'


def folded(summary: str, content: str) -> str:
    """Content that opens on demand."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"
