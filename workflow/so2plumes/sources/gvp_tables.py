"""Raw cells of a GVP list: xlsx, text table or GeoJSON, told apart by their first bytes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from so2plumes.errors import ExternalDataError

_HEADER_ROWS = 20

Cells = tuple[list[str], list[list[Any]]]
"""Header and rows."""


@dataclass(frozen=True)
class ListKind:
    """A list of the GVP: what to call it and a column that tells it, in lower-case letters and digits."""

    name: str
    marks: frozenset[str]

    @property
    def remedy(self) -> str:
        """What to do when a file is not this list."""
        return f"download the {self.name} list again from volcano.si.edu (search result) or its web service (GeoJSON)"


ERUPTION_LIST = ListKind("eruption", frozenset({"startyear", "startdateyear"}))
VOLCANO_LIST = ListKind("volcano", frozenset({"primaryvolcanotype", "lastknowneruption", "lasteruptionyear"}))


def read_cells(path: Path, kind: ListKind = ERUPTION_LIST) -> Cells:
    """Return header and rows of a list in a file of any layout.

    Raises
    ------
    ExternalDataError
        The file is absent, empty, a web page, an error report of the web service, a workbook of another
        kind, or has no header row of the list.
    """
    if not path.is_file():
        raise ExternalDataError(f"the GVP {kind.name} list is absent", where=path, remedy=kind.remedy)
    content = path.read_bytes()
    if content.startswith(b"PK\x03\x04"):
        return _workbook_cells(path, content, kind)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise _unknown(path, "a workbook of the old binary kind (xls)", kind, "save it as xlsx or CSV")
    text = _decode(content).lstrip()
    if not text:
        raise _unknown(path, "an empty file", kind)
    if text.startswith("<"):
        raise _unknown(path, _describe_markup(text), kind)
    if text.startswith(("{", "[")):
        return _geojson_cells(path, text, kind)
    return _text_cells(path, text, kind)


def _unknown(path: Path, found: str, kind: ListKind, remedy: str = "") -> ExternalDataError:
    return ExternalDataError(
        "the GVP file has a layout that is not known",
        where=path,
        expected="an xlsx or CSV search result, or GeoJSON of the web service",
        found=found,
        remedy=remedy or kind.remedy,
    )


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _describe_markup(text: str) -> str:
    if "office:spreadsheet" in text[:2000]:
        return "an XML spreadsheet; save it as xlsx or CSV"
    kind = "a web page" if "<html" in text[:2000].casefold() else "an XML report"
    words = " ".join(re.sub(r"<[^>]*>", " ", text[:4000]).split())
    return f"{kind} that says: {words[:200]}"


def _find_header(rows: Sequence[Sequence[Any]], kind: ListKind) -> int | None:
    for i, row in enumerate(rows[:_HEADER_ROWS]):
        names = {"".join(c for c in str(cell).casefold() if c.isalnum()) for cell in row if cell is not None}
        if "volcanonumber" in names and names & kind.marks:
            return i
    return None


def _below_header(rows: list[list[Any]], start: int) -> Cells:
    header = ["" if cell is None else str(cell).strip() for cell in rows[start]]
    body = [[None if cell == "" else cell for cell in row] for row in rows[start + 1 :]]
    return header, [row for row in body if any(cell is not None for cell in row)]


def _workbook_cells(path: Path, content: bytes, kind: ListKind) -> Cells:
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except Exception as error:
        raise _unknown(path, f"a zip file that is no workbook ({error})", kind) from error
    seen = []
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        start = _find_header(rows, kind)
        if start is not None:
            return _below_header(rows, start)
        seen.append(f"sheet {sheet.title!r} starting with {_first_cells(rows)}")
    raise _unknown(path, f"a workbook without a header of the {kind.name} list: " + "; ".join(seen), kind)


def _text_cells(path: Path, text: str, kind: ListKind) -> Cells:
    head = text[:10_000]
    delimiter = max(",;\t", key=head.count)
    rows: list[list[Any]] = [list(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    start = _find_header(rows, kind)
    if start is None:
        raise _unknown(path, f"a text table starting with {_first_cells(rows)}", kind)
    return _below_header(rows, start)


def _first_cells(rows: Sequence[Iterable[Any]]) -> str:
    cells = [str(cell) for row in rows[:2] for cell in row if cell not in (None, "")]
    return ", ".join(cells)[:300] or "nothing"


def _geojson_cells(path: Path, text: str, kind: ListKind) -> Cells:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise _unknown(path, f"broken JSON ({error}); the download may have been cut off", kind) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        found = ", ".join(map(str, document)) if isinstance(document, dict) else "a list"
        raise _unknown(path, f"JSON without features: {found[:200]}", kind)
    total = document.get("totalFeatures")
    if isinstance(total, int) and total > len(features):
        raise ExternalDataError(
            f"the GVP file holds a part of the {kind.name} list",
            where=path,
            expected=f"{total} features",
            found=f"{len(features)} features",
            remedy="download it with maxFeatures=50000",
        )
    records = [_feature_record(feature) for feature in features]
    header = list(dict.fromkeys(name for record in records for name in record))
    return header, [[record.get(name) for name in header] for record in records]


def _feature_record(feature: dict[str, Any]) -> dict[str, Any]:
    record = dict(feature.get("properties") or {})
    coordinates = (feature.get("geometry") or {}).get("coordinates")
    if coordinates and not {"LongitudeDecimal", "Longitude"} & record.keys():
        record["Longitude"], record["Latitude"] = coordinates[:2]
    return record
