"""Numbers and places as a reader likes them, and the few HTML elements that a page is made of."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.figure import Figure

from so2plumes.report import style
from so2plumes.report.maps import latitude_text, longitude_text

THIN = "\u202f"
DASH = "\u2013"


def whole(value: float) -> str:
    """Count with thin spaces, ``14 629``; a dash for not-a-number."""
    return DASH if _missing(value) else f"{round(float(value)):,}".replace(",", THIN)


def rounded(value: float, figures: int = 3) -> str:
    """Format with a few significant figures and thin spaces; a dash for not-a-number."""
    if _missing(value):
        return DASH
    number = float(value)
    if number == 0:
        return "0"
    digits = figures - 1 - math.floor(math.log10(abs(number)))
    number = round(number, digits)
    return f"{number:,.{max(digits, 0)}f}".replace(",", THIN)


def percent(share: float | None, decimals: int = 1) -> str:
    """Share 0..1 as per cent."""
    return DASH if share is None or _missing(share) else f"{100 * float(share):.{decimals}f}{THIN}%"


def fixed(value: float, decimals: int = 1) -> str:
    """Format with fixed decimals; a dash for not-a-number."""
    return DASH if _missing(value) else f"{float(value):.{decimals}f}"


def place(longitude: float, latitude: float, decimals: int = 2) -> str:
    """Position for a reader, ``37.75°N 15.00°E``."""
    if _missing(longitude) or _missing(latitude):
        return DASH
    return f"{latitude_text(float(latitude), decimals)} {longitude_text(float(longitude), decimals)}"


def day(value: Any) -> str:
    """Date as YYYY-MM-DD; a dash where there is none."""
    return DASH if _missing(value) else str(value)[:10]


def plural(count: int, one: str, many: str | None = None) -> str:
    """Count with its noun, ``1 plume`` or ``2 plumes``."""
    return f"{whole(count)} {one if count == 1 else many or one + 's'}"


def _missing(value: Any) -> bool:
    if value is None or (isinstance(value, str) and value in ("", "nan", "NaT", "None")):
        return True
    return bool(value != value)


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
) -> str:
    """Lay out a table of texts that are escaped here; columns not named as text are set as numbers."""
    left = set(text_columns)
    kinds = ["" if i in left else ' class="n"' for i in range(len(head))]
    top = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{escape(c)}</td>" for c, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    title = f'<p class="caption">{caption}</p>' if caption else ""
    grid = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f'{title}<div class="scroll">{grid}</div>'


def folded(summary: str, content: str) -> str:
    """Content that opens on demand."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"
