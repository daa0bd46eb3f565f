"""Turn the granules of one period into compact swaths, with a receipt for each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from so2plumes.archive.obtain import GranuleSource, Obtained
from so2plumes.archive.reasons import is_final
from so2plumes.archive.region import Region, scanlines_of
from so2plumes.archive.staging import Staging
from so2plumes.errors import GranuleError
from so2plumes.files import sha256
from so2plumes.swath.compact import write_compact
from so2plumes.swath.filters import usable_pixels
from so2plumes.swath.level2 import read_level2
from so2plumes.swath.model import Swath

log = logging.getLogger(__name__)

MOST_FAILURES_IN_A_ROW = 3
"""So many granules that cannot be had now end the period: the next ones would fail too, and leave parts on the disk."""


@dataclass(frozen=True)
class Receipt:
    """What happened to one granule.

    ``status`` is ``ready`` (a compact swath exists), ``quarantined`` (with the reason code of the error) or
    ``not_selected`` (another granule stands for its orbit). ``attempts`` and ``resumed_bytes`` are those of a download.
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
    attempts: int = 0
    resumed_bytes: int = 0
    notes: str = ""


@dataclass(frozen=True)
class FetchRule:
    """How granules are compacted: keep their checksum; the filter by which usable pixels are counted; the region."""

    checksum: bool = True
    min_qa: float = 0.5
    max_solar_zenith_deg: float | None = None
    region: Region | None = None


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


def _within(swath: Swath, region: Region | None) -> Swath:
    """Keep the scanlines that see the region."""
    if region is None:
        return swath
    rows = scanlines_of(swath, region)
    if rows is None:
        raise GranuleError("no pixel of the granule lies in the region", reason="outside_region", where=swath.granule)
    return swath.cut(rows, slice(None))


def fetch_granule(
    source: GranuleSource,
    row: pd.Series,
    target: Path,
    rule: FetchRule | None = None,
    written: Callable[[Receipt], None] = lambda receipt: None,
) -> Receipt:
    """Obtain one granule and write its compact swath; a failure becomes a receipt, not an exception.

    ``written`` is told of the receipt while the granule is still there: only then may it be deleted.

    Raises
    ------
    GranuleError
        When the granule could not be had now, but may be later.
    """
    rule = rule or FetchRule()
    base = {"granule": row["granule"], "orbit": int(row["orbit"]), "date": row["date"]}
    size = int(row["size_bytes"])
    try:
        with source.obtained(row) as got:
            size = got.size_bytes
            whole = _read(got.path)
            swath = _within(whole, rule.region)
            write_compact(swath, target)
            receipt = Receipt(**base, status="ready", **_facts(got, swath, rule))
            receipt = replace(receipt, notes="; ".join(filter(None, (receipt.notes, _day_note(row, whole)))))
            written(receipt)
            return receipt
    except GranuleError as error:
        if not is_final(error.reason):
            raise
        log.warning("quarantined %s: %s", row["granule"], error)
        receipt = Receipt(**base, status="quarantined", reason=error.reason, message=error.problem, size_bytes=size)
        written(receipt)
        return receipt


def _day_note(row: pd.Series, swath: Swath) -> str:
    """Say where the day that a list without sensing times takes from the name is not that of the measurements."""
    measured = str(swath.time[0])[:10]
    if row.get("time_from") != "name" or measured == row["date"]:
        return ""
    return f"measured from {measured} on; the list goes by the orbit in the name"


def _facts(got: Obtained, swath: Swath, rule: FetchRule) -> dict[str, Any]:
    usable = usable_pixels(swath, rule.min_qa, rule.max_solar_zenith_deg)
    return {
        "size_bytes": got.size_bytes,
        "sha256": got.sha256 or (sha256(got.path) if rule.checksum else ""),
        "scanlines": swath.shape[0],
        "ground_pixels": swath.shape[1],
        "usable_fraction": round(float(usable.mean()), 6),
        "retrieval": swath.retrieval,
        "processor_version": swath.processor_version,
        "unavailable": " ".join(swath.unavailable),
        "attempts": got.attempts,
        "resumed_bytes": got.resumed_bytes,
        "notes": "; ".join(got.notes),
    }


def _not_selected(row: pd.Series) -> Receipt:
    return Receipt(
        granule=row["granule"],
        orbit=int(row["orbit"]),
        date=row["date"],
        status="not_selected",
        reason=row["reason"],
        size_bytes=int(row["size_bytes"]),
    )


def fetch_period(
    index: pd.DataFrame,
    source: GranuleSource,
    dates: list[str],
    folder: Path,
    rule: FetchRule | None = None,
    staging: Staging | None = None,
) -> list[Receipt]:
    """Make the compact swaths of some days.

    Parameters
    ----------
    index : DataFrame
        The frozen granule list of the year.
    source : GranuleSource
        Where the granules come from.
    dates : list of str
        Days as ``YYYY-MM-DD``.
    folder : path
        Existing folder for ``<granule>.nc``.
    rule : FetchRule, optional
    staging : Staging, optional
        Keeps what is finished until the whole period is, so that an interrupted job fetches nothing twice.

    Returns
    -------
    list of Receipt
        One per granule of the index on these days, in time order.

    Raises
    ------
    GranuleError
        When granules could not be had now but may be later; the others are finished first and stay staged, unless
        `MOST_FAILURES_IN_A_ROW` granules fail one after the other.
    """
    receipts: list[Receipt] = []
    missing: list[GranuleError] = []
    in_a_row = 0
    rows = index[index["date"].isin(dates)]
    for count, (_, row) in enumerate(rows.iterrows(), 1):
        if not row["selected"]:
            receipts.append(_not_selected(row))
            continue
        try:
            receipt = _staged(source, row, folder, rule, staging)
        except GranuleError as error:
            log.warning("not now: %s", error)
            missing.append(error)
            in_a_row += 1
            if in_a_row == MOST_FAILURES_IN_A_ROW:
                log.warning("%d granules in a row could not be had; the others are left for the next run", in_a_row)
                break
            continue
        in_a_row = 0
        receipts.append(receipt)
        log.info("%d of %d: %s %s", count, len(rows), row["granule"], receipt.status)
    if missing:
        raise GranuleError(
            f"{len(missing)} of {int(rows['selected'].sum())} granules could not be had"
            + (", and the ones after them were not tried" if in_a_row == MOST_FAILURES_IN_A_ROW else ""),
            reason=missing[0].reason,
            where=", ".join(dates[:1] + dates[1:][-1:]),
            found=missing[0].problem,
            remedy="run the same command again: what is finished is kept, and what was begun is continued",
        )
    return receipts


def _staged(
    source: GranuleSource, row: pd.Series, folder: Path, rule: FetchRule | None, staging: Staging | None
) -> Receipt:
    target = folder / f"{row['granule']}.nc"
    if staging is None:
        return fetch_granule(source, row, target, rule)
    kept = staging.receipt(row)
    if kept is None:
        kept = asdict(
            fetch_granule(source, row, staging.swath(row), rule, lambda receipt: staging.keep(row, asdict(receipt)))
        )
    else:
        log.info("%s was finished in an earlier run", row["granule"])
    staging.hand_over(row, target)
    return Receipt(**kept)


def receipt_document(period: str, dates: list[str], receipts: list[Receipt], listed: str = "") -> dict[str, Any]:
    """Lay out the receipts of one period for JSON, with counts per status.

    ``listed`` is the digest of the rows of the granule list that they are of (`listed.Listed.of`).
    """
    counts: dict[str, int] = {}
    for receipt in receipts:
        counts[receipt.status] = counts.get(receipt.status, 0) + 1
    return {
        "period": period,
        "days": len(dates),
        "days_without_data": sorted(set(dates) - {r.date for r in receipts if r.status == "ready"}),
        "counts": counts,
        "listed": listed,
        "bytes": sum(receipt.size_bytes for receipt in receipts if receipt.status == "ready"),
        "granules": [asdict(receipt) for receipt in receipts],
    }
