"""Fetch the lists of the Global Volcanism Program, or take over a file that was downloaded by hand.

The web service (GeoServer, WFS 1.0.0) answers faults with status 200 and an XML report, and may cut a list off
at a number of features; neither becomes a file here. Next to the list lies ``<list>.json`` with its origin.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import re
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from so2plumes.errors import ExternalDataError
from so2plumes.files import atomic_path, sha256, write_json
from so2plumes.http import Answer, HttpClient, MalformedError, describe_body, with_query
from so2plumes.sources.gvp import read_eruptions
from so2plumes.sources.known import read_volcanoes

log = logging.getLogger(__name__)

GVP_WFS = "https://webservices.volcano.si.edu/geoserver/GVP-VOTW/ows"
GVP_LAYER = "E3WebApp_Eruptions1960"
GVP_VOLCANO_LAYER = "Smithsonian_VOTW_Holocene_Volcanoes"
MAX_FEATURES = 50_000
CITATION = (
    "Global Volcanism Program. [Database] Volcanoes of the World. Distributed by Smithsonian Institution, "
    "compiled by Venzke, E. https://doi.org/10.5479/si.GVP.VOTW5-2024.5.2"
)
_VERSION = re.compile(
    r"(?:Volcanoes of the World|VOTW|(?<![A-Za-z])v\.?)\s*\(?v?\.?\s*(\d+\.\d+(?:\.\d+)?)", flags=re.IGNORECASE
)
_DOWNLOADED = re.compile(r"Downloaded on (\d{1,2} \w{3,9} \d{4})")
_NAMED_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class EruptionListOrigin:
    """Where an eruption list comes from.

    Attributes
    ----------
    source : str
        Address, or name of the file that was taken over.
    version : str or None
        Of the database; the web service does not state one.
    downloaded : str
        Day or instant, UTC.
    newest_report : str
        The latest day of any eruption in the list: how far it reaches.
    features : int
        Rows as counted by the source.
    eruptions : int
        Confirmed eruptions with a start year.
    sha256 : str
    size_bytes : int
    citation : str
    """

    source: str
    version: str | None
    downloaded: str
    newest_report: str
    features: int
    eruptions: int
    sha256: str
    size_bytes: int
    citation: str = CITATION


def sidecar_of(path: str | Path) -> Path:
    """Return the name of the file with the origin of a list."""
    path = Path(path)
    return path.with_name(path.name + ".json")


def download_eruptions(
    client: HttpClient,
    path: str | Path,
    url: str = GVP_WFS,
    layer: str = GVP_LAYER,
    now: datetime | None = None,
) -> EruptionListOrigin:
    """Fetch a layer of eruptions as GeoJSON.

    Parameters
    ----------
    client : HttpClient
    path : path
        Written whole or not at all, with its sidecar.
    url, layer : str
        The web service and its layer.
    now : datetime, optional
        Time of the download.

    Raises
    ------
    RemoteError
        The service does not answer, or answers with a report, a page, broken JSON or a part of the list.
    ExternalDataError
        The list has not the documented columns.
    """
    parameters = _request(layer)
    answer = client.ask(url, _checked, parameters)
    instant = _instant(now)
    with atomic_path(path) as temporary:
        temporary.write_bytes(answer.content)
        features = len(json.loads(answer.content)["features"])
        origin = _describe(temporary, with_query(url, parameters), None, instant, features)
    write_json(sidecar_of(path), asdict(origin))
    log.info("GVP: %d eruptions, newest report of %s: %s", origin.eruptions, origin.newest_report, path)
    return origin


def download_volcanoes(
    client: HttpClient,
    path: str | Path,
    url: str = GVP_WFS,
    layer: str = GVP_VOLCANO_LAYER,
    now: datetime | None = None,
) -> int:
    """Fetch the layer of Holocene volcanoes as GeoJSON, with ``<list>.json`` beside it; return how many there are.

    Raises
    ------
    RemoteError
        As `download_eruptions`.
    ExternalDataError
        The list has not the documented columns.
    """
    parameters = _request(layer)
    answer = client.ask(url, _checked, parameters)
    with atomic_path(path) as temporary:
        temporary.write_bytes(answer.content)
        volcanoes = len(read_volcanoes(temporary))
        digest, size = sha256(temporary), os.path.getsize(temporary)
    origin = {
        "source": with_query(url, parameters),
        "downloaded": _instant(now),
        "volcanoes": volcanoes,
        "sha256": digest,
        "size_bytes": size,
        "citation": CITATION,
    }
    write_json(sidecar_of(path), origin)
    log.info("GVP: %d Holocene volcanoes: %s", volcanoes, path)
    return volcanoes


def _request(layer: str) -> dict[str, str]:
    return {
        "service": "WFS",
        "version": "1.0.0",
        "request": "GetFeature",
        "typeName": f"GVP-VOTW:{layer}",
        "outputFormat": "application/json",
        "maxFeatures": str(MAX_FEATURES),
    }


def _instant(now: datetime | None) -> str:
    return (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")


def adopt_eruptions(source: str | Path, path: str | Path) -> EruptionListOrigin:
    """Take over a search result that was exported from the website (CSV or XLSX) or GeoJSON of the web service.

    Version and day come from its title row or its name; the day is otherwise that of the file.

    Raises
    ------
    ExternalDataError
        It is no eruption list.
    """
    source = Path(source)
    texts = [source.name, *_title_texts(source)]
    version = next((m.group(1) for text in texts if (m := _VERSION.search(text))), None)
    with atomic_path(path) as temporary:
        if not source.is_file():
            raise ExternalDataError("the GVP eruption list is absent", where=source)
        shutil.copyfile(source, temporary)
        day = _stated_day(texts) or f"{datetime.fromtimestamp(source.stat().st_mtime, UTC):%Y-%m-%d}"
        features = len(read_eruptions(temporary, confirmed_only=False))
        origin = _describe(temporary, source.name, version, day, features)
    write_json(sidecar_of(path), asdict(origin))
    return origin


def _describe(path: Path, source: str, version: str | None, downloaded: str, features: int) -> EruptionListOrigin:
    eruptions = read_eruptions(path)
    days = eruptions[["start_latest", "end_latest", "end_earliest"]].stack().dropna()
    if days.empty:
        raise ExternalDataError("the GVP file holds no eruption with a date", where=path, found=f"{features} rows")
    return EruptionListOrigin(
        source=source,
        version=version,
        downloaded=downloaded,
        newest_report=str(max(days))[:10],
        features=features,
        eruptions=len(eruptions),
        sha256=sha256(path),
        size_bytes=os.path.getsize(path),
    )


def _checked(answer: Answer) -> Answer:
    """Pass on an answer that is a whole list of features."""
    if answer.content.lstrip()[:1] != b"{":
        raise MalformedError(describe_body(answer.content))
    try:
        document = json.loads(answer.content)
    except ValueError as error:
        raise MalformedError(f"broken JSON of {answer.size_bytes} bytes ({error}); it may have been cut off") from None
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise MalformedError("JSON without features: " + ", ".join(document)[:200])
    for name in ("totalFeatures", "numberMatched", "numberReturned"):
        stated = document.get(name)
        if isinstance(stated, int) and stated != len(features):
            raise MalformedError(f"{len(features)} features where {name} says {stated}")
    if len(features) >= MAX_FEATURES:
        raise MalformedError(f"{len(features)} features, which is as many as were asked for: the list may go on")
    return answer


def _title_texts(path: Path) -> list[str]:
    """Return the cells above the table, where the website writes version and day."""
    rows: list[tuple[Any, ...]] = []
    if path.suffix.lower() == ".xlsx" and path.is_file():
        import openpyxl

        try:
            book = openpyxl.load_workbook(path, read_only=True)
        except Exception:
            return []
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            rows += sheet.iter_rows(max_row=3, values_only=True)
        book.close()
    elif path.suffix.lower() == ".csv" and path.is_file():
        head = path.read_bytes()[:4000].decode("utf-8", errors="replace").splitlines()[:1]
        rows = [tuple(row) for row in csv.reader(io.StringIO("\n".join(head)))]
    return [str(cell) for row in rows for cell in row if cell]


def _stated_day(texts: list[str]) -> str | None:
    for text in texts:
        if match := _DOWNLOADED.search(text):
            for pattern in ("%d %b %Y", "%d %B %Y"):
                try:
                    return datetime.strptime(match.group(1), pattern).strftime("%Y-%m-%d")
                except ValueError:
                    continue
    match = _NAMED_DAY.search(texts[0])
    return match.group(1) if match else None
