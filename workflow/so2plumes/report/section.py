"""A section of a page."""

from __future__ import annotations

import re
from dataclasses import dataclass

PAPER = "six-year global values of the paper"


_UNITS = re.compile(r"(?<=\d) (?=%|kg |km\b|m s|t\b)|(?<=kg) (?=[hm]⁻)|(?<=m) (?=s⁻)|(?<=m⁻²) (?=s⁻)")


@dataclass(frozen=True)
class Section:
    """Anchor, short title for the contents, full title and HTML body."""

    anchor: str
    short: str
    title: str
    body: str

    def html(self) -> str:
        """Lay the section out, numbers and units unbroken."""
        body = _UNITS.sub("\u00a0", self.body)
        return f'<section id="{self.anchor}">\n<h2>{self.title}</h2>\n{body}\n</section>'
