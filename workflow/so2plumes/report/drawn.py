"""Figures of the catalogue on a page."""

from __future__ import annotations

from so2plumes.figures.catalogue import figure_named
from so2plumes.findings.inputs import ReportInputs
from so2plumes.report import text


def drawn(inputs: ReportInputs, name: str, caption: str) -> str:
    """Figure of the catalogue with a caption (HTML); nothing where it cannot be drawn."""
    figure = figure_named(name)
    if figure.absent(inputs):
        return ""
    return text.image(figure.draw(inputs), caption, figure.title, "wide")
