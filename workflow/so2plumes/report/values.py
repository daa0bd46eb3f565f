"""Values with a unit as a reader likes them, and tables with long texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from so2plumes.report import text

_SIGNS = {"about": "≈\u202f", "at least": "≥\u202f", "at most": "≤\u202f"}
_UNITS = {
    "kg h-1": "kg h⁻¹",
    "kg m-2 s-1": "kg m⁻² s⁻¹",
    "degrees_east": "° east",
    "degrees_north": "° north",
    "d": "days",
}
_DECIMALS = {"%": 1, "km": 1, "degrees_east": 2, "degrees_north": 2, "d": 0, "day of the month": 0}
WRAPPED = ' style="white-space: normal; overflow-wrap: anywhere; min-width: 10rem"'
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def unit_words(unit: str) -> str:
    """Return a unit as it follows a quantity, ``, kg h⁻¹``; nothing for counts and days of a month."""
    return "" if unit in ("1", "day of the month") else f", {_UNITS.get(unit, unit)}"


def value(number: float, unit: str) -> str:
    """Format a number by its unit; a dash for not-a-number."""
    if number != number:
        return text.DASH
    if unit == "kg m-2 s-1":
        mantissa, power = f"{number:.2e}".split("e")
        return f"{mantissa} × 10{str(int(power)).translate(_RAISED)}"
    if unit in _DECIMALS:
        return text.fixed(number, _DECIMALS[unit])
    if unit == "1" and number == round(number):
        return text.whole(number)
    return text.fixed(number, 2) if abs(number) < 10 else text.rounded(number)


def printed(row: Mapping[Any, Any]) -> str:
    """Format a published number: sign of its relation, and both ends of a range."""
    unit = row["unit"]
    number = value(row["paper_value"], unit)
    if unit == "kg h-1":
        number = f"{row['paper_value']:,.10g}".replace(",", text.THIN)
    sign = _SIGNS.get(row["relation"], "")
    if row["paper_high"] == row["paper_high"]:
        number += f"{text.DASH}{value(row['paper_high'], unit)}"
    return sign + number


def interval(row: Mapping[Any, Any]) -> str:
    """Format ours, with its interval where it has one."""
    ours = value(row["our_value"], row["unit"])
    low, high = row["our_low"], row["our_high"]
    if low != low or high != high:
        return ours
    between = " to " if low < 0 else text.DASH
    return f"{ours} ({value(low, row['unit'])}{between}{value(high, row['unit'])})"


def wrapped_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    wrapped: Collection[int],
    text_columns: Collection[int] = (),
    caption: str = "",
) -> str:
    """Lay out a table of texts that are escaped here; `wrapped` columns break their lines, others are numbers."""
    kinds = [WRAPPED if i in wrapped else "" if i in text_columns else ' class="n"' for i in range(len(head))]
    top = "".join(f'<th scope="col"{kind}>{text.escape(name)}</th>' for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{text.escape(c)}</td>" for c, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    title = text.paragraph(caption, "caption") if caption else ""
    return f'{title}<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
