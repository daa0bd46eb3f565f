"""The frozen index: a CSV that people read, compare and share, and a sidecar that says where it comes from."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from so2plumes.archive.catalogue import MonthListing
from so2plumes.archive.catalogue_index import CATALOGUE_COLUMNS, CatalogueIndex, typed
from so2plumes.archive.catalogue_query import CatalogueQuery, instant_text
from so2plumes.errors import TableError
from so2plumes.files import atomic_path, read_json, sha256, write_json

log = logging.getLogger(__name__)

_TIMES = ("created", "sensing_start", "sensing_end", "publication_date")
_FLAGS = ("selected", "online")
_READABLE_ORDER = ("date", "sensing_start", "orbit", "granule", "selected", "reason", "size_bytes", "md5")
CSV_COLUMNS = (*_READABLE_ORDER, *(c for c in CATALOGUE_COLUMNS if c not in _READABLE_ORDER))
"""Columns of the file: what people look for first, the long outline last."""


@dataclass(frozen=True)
class MonthRecord:
    """What the catalogue answered for a month."""

    month: str
    filter: str
    sha256: str
    pages: int
    products: int
    asked: int = 1


@dataclass(frozen=True)
class Provenance:
    """Where an index comes from."""

    source: str
    asked_at: str
    start: str
    end: str
    processors: tuple[str, ...] = ()
    retrievals: tuple[str, ...] = ()
    region: str | None = None
    outside_region: int = 0
    months: tuple[MonthRecord, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class FrozenIndex:
    """A frozen index as it is read; ``provenance`` is None where the sidecar is absent."""

    table: pd.DataFrame
    provenance: Provenance | None


def provenance_of(
    query: CatalogueQuery,
    listings: Sequence[MonthListing],
    start: date,
    end: date,
    *,
    processors: Sequence[str] = (),
    retrievals: Sequence[str] = (),
    region: str | None = None,
    outside_region: int = 0,
    asked_at: datetime | None = None,
) -> Provenance:
    """Lay out where an index comes from; ``asked_at`` is now unless given."""
    months = tuple(
        MonthRecord(
            part.window.month,
            query.filter_text(part.window.start, part.window.end),
            part.sha256,
            part.pages,
            part.products,
            part.asked,
        )
        for part in listings
    )
    asked = instant_text(asked_at or datetime.now(UTC))
    return Provenance(
        query.url,
        asked,
        start.isoformat(),
        end.isoformat(),
        tuple(processors),
        tuple(retrievals),
        region,
        outside_region,
        months,
    )


def sidecar_of(path: str | Path) -> Path:
    """Return the name of the sidecar of a frozen index."""
    path = Path(path)
    return path.with_name(path.name + ".json")


def write_frozen(index: CatalogueIndex | pd.DataFrame, path: str | Path, provenance: Provenance) -> None:
    """Write an index as CSV, one line per granule in time order, and its sidecar ``<path>.json``.

    Equal indexes are equal bytes: times are ISO in UTC with milliseconds, flags ``true`` or ``false``, and what is
    not known is empty.
    """
    table = typed(index.table if isinstance(index, CatalogueIndex) else index)
    text = pd.DataFrame({name: table[name] for name in CSV_COLUMNS})
    for name in _TIMES:
        text[name] = [instant_text(moment) if pd.notna(moment) else "" for moment in table[name]]
    for name in _FLAGS:
        text[name] = table[name].map({True: "true", False: "false"})
    with atomic_path(path) as temporary:
        text.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")
        digest = sha256(temporary)
        counts = {"granules": len(table), "selected": int(table["selected"].sum())}
        counts["selected_bytes"] = int(table.loc[table["selected"], "size_bytes"].sum())
        document = {"sha256": digest, "counts": counts, "provenance": asdict(provenance)}
        write_json(sidecar_of(path), document)


def read_frozen(path: str | Path) -> FrozenIndex:
    """Read a frozen index.

    Raises
    ------
    TableError
        The file is absent or no index, or its digest is not the one of the sidecar.
    """
    path = Path(path)
    if not path.is_file():
        raise TableError("the frozen index is absent", where=path, remedy="run index_archive")
    provenance = _check_sidecar(path)
    frame = pd.read_csv(io.StringIO(path.read_text(encoding="utf-8")), dtype=str, keep_default_na=False)
    missing = [name for name in CSV_COLUMNS if name not in frame.columns]
    if missing:
        raise TableError(
            "the frozen index lacks columns",
            where=path,
            expected=", ".join(CSV_COLUMNS),
            found="missing: " + ", ".join(missing),
            remedy="run index_archive with this version",
        )
    return FrozenIndex(typed(_parsed(frame, path)), provenance)


def _parsed(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    frame = frame.copy()
    try:
        for name in _TIMES:
            frame[name] = pd.to_datetime(frame[name].replace("", None), utc=True, format="ISO8601")
        for name in _FLAGS:
            if not frame[name].isin(["true", "false"]).all():
                raise ValueError(f"{name} is neither true nor false")
            frame[name] = frame[name] == "true"
        for name in ("size_bytes", "orbit"):
            frame[name] = frame[name].astype("int64")
    except ValueError as error:
        raise TableError(
            "the frozen index cannot be read", where=path, found=str(error), remedy="take the file as it was written"
        ) from error
    return frame


def _check_sidecar(path: Path) -> Provenance | None:
    sidecar = sidecar_of(path)
    if not sidecar.is_file():
        log.warning("%s has no sidecar: where it comes from is not known", path)
        return None
    document = read_json(sidecar)
    found = sha256(path)
    if document.get("sha256") != found:
        raise TableError(
            "the frozen index is not the file that was written",
            where=path,
            expected=f"SHA-256 {document.get('sha256')} as in {sidecar.name}",
            found=found,
            remedy="take both files from one place; to use an index that was edited, remove the sidecar",
        )
    return _provenance(document["provenance"])


def _provenance(document: dict[str, Any]) -> Provenance:
    months = tuple(MonthRecord(**month) for month in document["months"])
    lists = {name: tuple(document[name]) for name in ("processors", "retrievals")}
    return Provenance(**(document | lists | {"months": months}))
