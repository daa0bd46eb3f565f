"""Turn the granules of one period into compact swaths, with a receipt for each."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from so2plumes.errors import GranuleError
from so2plumes.files import sha256
from so2plumes.swath.compact import write_compact
from so2plumes.swath.filters import usable_pixels
from so2plumes.swath.level2 import read_level2
from so2plumes.swath.model import Swath

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Receipt:
    """What happened to one granule.

    ``status`` is ``ready`` (a compact swath exists), ``quarantined`` (with the reason code of the error) or
    ``not_selected`` (another granule stands for its orbit).
    """

    granule: str
    orbit: int
    date: str
    status: str
    reason: str = ""
    message: str = ""
    size_bytes: int = 0
    sha256: str = ""
    scanlines: int = 0
    ground_pixels: int = 0
    usable_fraction: float = 0.0
    retrieval: str = ""
    processor_version: str = ""
    unavailable: str = ""


@dataclass(frozen=True)
class FetchRule:
    """How granules are compacted: keep their checksum; the filter by which usable pixels are counted."""

    checksum: bool = True
    min_qa: float = 0.5
    max_solar_zenith_deg: float | None = None


def _read(source: Path) -> Swath:
    """Read a granule; whatever a damaged file does to the reader is a `GranuleError`."""
    try:
        return read_level2(source)
    except GranuleError:
        raise
    except Exception as error:
        raise GranuleError(
            "the granule cannot be read", reason="unreadable", where=source, found=repr(error), remedy="fetch it again"
        ) from error


def compact_granule(source: Path, row: pd.Series, target: Path, rule: FetchRule | None = None) -> Receipt:
    """Read one granule and write its compact swath; a failure becomes a receipt, not an exception."""
    rule = rule or FetchRule()
    base = {"granule": row["granule"], "orbit": int(row["orbit"]), "date": row["date"]}
    size = source.stat().st_size if source.is_file() else 0
    try:
        swath = _read(source)
        write_compact(swath, target)
    except GranuleError as error:
        log.warning("quarantined %s: %s", row["granule"], error)
        return Receipt(**base, status="quarantined", reason=error.reason, message=error.problem, size_bytes=size)
    return Receipt(
        **base,
        status="ready",
        size_bytes=size,
        sha256=sha256(source) if rule.checksum else "",
        scanlines=swath.shape[0],
        ground_pixels=swath.shape[1],
        usable_fraction=round(float(usable_pixels(swath, rule.min_qa, rule.max_solar_zenith_deg).mean()), 6),
        retrieval=swath.retrieval,
        processor_version=swath.processor_version,
        unavailable=" ".join(swath.unavailable),
    )


def fetch_period(
    index: pd.DataFrame, archive: str | Path, dates: list[str], folder: Path, rule: FetchRule | None = None
) -> list[Receipt]:
    """Make the compact swaths of some days.

    Parameters
    ----------
    index : DataFrame
        The frozen granule list of the year.
    archive : path
        Folder to which the paths of the index are relative.
    dates : list of str
        Days as ``YYYY-MM-DD``.
    folder : path
        Existing folder for ``<granule>.nc``.
    rule : FetchRule, optional

    Returns
    -------
    list of Receipt
        One per granule of the index on these days, in time order.
    """
    receipts = []
    rows = index[index["date"].isin(dates)]
    for count, (_, row) in enumerate(rows.iterrows(), 1):
        if not row["selected"]:
            receipts.append(
                Receipt(
                    granule=row["granule"],
                    orbit=int(row["orbit"]),
                    date=row["date"],
                    status="not_selected",
                    reason=row["reason"],
                    size_bytes=int(row["size_bytes"]),
                )
            )
            continue
        target = folder / f"{row['granule']}.nc"
        receipts.append(compact_granule(Path(archive) / row["path"], row, target, rule))
        log.info("%d of %d: %s %s", count, len(rows), row["granule"], receipts[-1].status)
    return receipts


def receipt_document(period: str, dates: list[str], receipts: list[Receipt]) -> dict[str, Any]:
    """Lay out the receipts of one period for JSON, with counts per status."""
    counts: dict[str, int] = {}
    for receipt in receipts:
        counts[receipt.status] = counts.get(receipt.status, 0) + 1
    return {
        "period": period,
        "days": len(dates),
        "days_without_data": sorted(set(dates) - {r.date for r in receipts if r.status == "ready"}),
        "counts": counts,
        "bytes": sum(receipt.size_bytes for receipt in receipts if receipt.status == "ready"),
        "granules": [asdict(receipt) for receipt in receipts],
    }
