"""Numbers, places and days as a reader likes them."""

from __future__ import annotations

import math
from typing import Any

from so2plumes.figures.maps import latitude_text, longitude_text

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
