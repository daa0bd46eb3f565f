"""How QGIS draws plumes: one colour per label, the colours of the reports."""

from __future__ import annotations

from typing import Literal
from xml.etree import ElementTree

from so2plumes.figures.style import LABELS

Kind = Literal["fill", "marker"]
_QGIS = "3.28"


def _rgba(colour: str, alpha: int) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def _properties(kind: Kind, colour: str) -> dict[str, str]:
    shared = {"outline_color": _rgba(colour, 255), "outline_style": "solid", "outline_width_unit": "MM"}
    if kind == "fill":
        return {**shared, "color": _rgba(colour, 90), "style": "solid", "outline_width": "0.4"}
    return {
        **shared,
        "color": _rgba(colour, 200),
        "name": "circle",
        "size": "1.8",
        "size_unit": "MM",
        "outline_width": "0.1",
    }


def qml(kind: Kind, column: str = "label") -> str:
    """Return the style of a layer as QML: categories of a column.

    Parameters
    ----------
    kind : {"fill", "marker"}
        Outlines or points.
    column : str
        Column whose values are the labels of the plume table.
    """
    root = ElementTree.Element("qgis", version=_QGIS, styleCategories="Symbology")
    renderer = ElementTree.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr=column, enableorderby="0", symbollevels="0", forceraster="0"
    )
    categories = ElementTree.SubElement(renderer, "categories")
    symbols = ElementTree.SubElement(renderer, "symbols")
    for number, (value, (colour, _, meaning)) in enumerate(LABELS.items()):
        words = f"{value}: {meaning}"
        ElementTree.SubElement(categories, "category", value=value, symbol=str(number), label=words, render="true")
        symbol = ElementTree.SubElement(symbols, "symbol", name=str(number), type=kind, alpha="1", clip_to_extent="1")
        layer = ElementTree.SubElement(
            symbol, "layer", {"class": f"Simple{kind.title()}", "enabled": "1", "locked": "0", "pass": "0"}
        )
        options = ElementTree.SubElement(layer, "Option", type="Map")
        for name, text in _properties(kind, colour).items():
            ElementTree.SubElement(options, "Option", name=name, value=text, type="QString")
    ElementTree.indent(root)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ElementTree.tostring(
        root, encoding="unicode"
    )
