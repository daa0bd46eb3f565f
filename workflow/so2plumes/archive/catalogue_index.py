"""The granule list of a period from the catalogue, and what it will take to fetch it."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from so2plumes.archive.catalogue_entry import CatalogueEntry
from so2plumes.archive.index import INDEX_COLUMNS
from so2plumes.archive.region import Region
from so2plumes.archive.select import select_granules

log = logging.getLogger(__name__)

CATALOGUE_COLUMNS = (
    *INDEX_COLUMNS,
    "product_id",
    "md5",
    "online",
    "s3_path",
    "publication_date",
    "footprint",
)
"""Columns of the index of a catalogue: those of every index, and what a download needs."""

_TIMES = ("created", "sensing_start", "sensing_end", "publication_date")
_LISTED_GAPS = 8
_LONG_AGO = datetime(1970, 1, 1)


@dataclass(frozen=True)
class TransferBudget:
    """What the archive allows (CDSE documentation, Quotas page: Copernicus General users)."""

    connections: int = 4
    rate_bytes_s: float = 20e6
    quota_bytes: float | None = 12e12
    quota_days: int = 30


@dataclass(frozen=True)
class CatalogueIndex:
    """The index and what was left out of it.

    Attributes
    ----------
    table : DataFrame
        One row per granule, columns `CATALOGUE_COLUMNS`, sorted by sensing time.
    outside_region : int
        Granules of the period whose outline does not meet the region.
    """

    table: pd.DataFrame
    outside_region: int = 0


def _row(entry: CatalogueEntry) -> dict[str, object]:
    name, day = entry.name, entry.content_start.strftime("%Y-%m-%d")
    return {
        "granule": name.stem,
        "path": f"{day.replace('-', '/')}/{name.stem}.nc",
        "size_bytes": entry.size_bytes,
        "orbit": name.orbit,
        "stream": name.stream,
        "collection": name.collection,
        "processor": name.processor,
        "retrieval": name.retrieval,
        "created": name.created,
        "sensing_start": entry.content_start,
        "sensing_end": entry.content_end,
        "date": day,
        "time_from": entry.time_from,
        "product_id": entry.product_id,
        "md5": entry.md5 or "",
        "online": entry.online,
        "s3_path": entry.s3_path,
        "publication_date": entry.publication_date,
        "footprint": entry.footprint or "",
    }


def _one_per_name(entries: Iterable[CatalogueEntry]) -> list[CatalogueEntry]:
    """Keep one product per file name: online before offline, then the one published last."""
    kept: dict[str, CatalogueEntry] = {}
    for entry in entries:
        other = kept.setdefault(entry.name.stem, entry)
        if other.product_id != entry.product_id:
            kept[entry.name.stem] = max(other, entry, key=_standing)
            log.warning("the catalogue lists %s twice; %s is used", entry.name.stem, kept[entry.name.stem].product_id)
    return list(kept.values())


def _standing(entry: CatalogueEntry) -> tuple[bool, datetime, str]:
    published = entry.publication_date
    return entry.online, published.replace(tzinfo=None) if published else _LONG_AGO, entry.product_id


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """Give the columns of a catalogue index their order and types, and the rows their order."""
    table = table.copy()
    for column in _TIMES:
        table[column] = pd.to_datetime(table[column], utc=True).astype("datetime64[ms, UTC]")
    texts = set(CATALOGUE_COLUMNS) - {*_TIMES, "size_bytes", "orbit", "selected", "online"}
    kinds: dict[str, str] = dict.fromkeys(sorted(texts), "str")
    kinds |= {"size_bytes": "int64", "orbit": "int64", "selected": "bool", "online": "bool"}
    table = table.sort_values(["sensing_start", "granule"]).reset_index(drop=True)
    return table[list(CATALOGUE_COLUMNS)].astype(kinds)


def table_of(entries: Iterable[CatalogueEntry]) -> pd.DataFrame:
    """Lay out entries, one per file name, before anything is selected."""
    rows = [_row(entry) for entry in _one_per_name(entries)]
    return pd.DataFrame(rows, columns=[c for c in CATALOGUE_COLUMNS if c not in ("selected", "reason")])


def index_catalogue(
    entries: Iterable[CatalogueEntry],
    start: date,
    end: date,
    processors: Sequence[str] = (),
    retrievals: Sequence[str] = (),
    region: Region | None = None,
) -> CatalogueIndex:
    """Make the granule list of a period.

    Selection sees all entries, so give those of the days around the period too: of an orbit whose copies begin on
    either side of midnight only one then stands in the lists of both days.

    Parameters
    ----------
    entries : iterable of CatalogueEntry
    start, end : date
        First and last day; a granule belongs to the day on which its sensing starts.
    processors, retrievals : sequences of str
        See `select_granules`.
    region : Region, optional
        Only granules whose outline meets it are kept. It has no part in the selection.

    Raises
    ------
    GranuleError
        Two granules of an orbit rank the same.
    """
    table = select_granules(table_of(entries), processors, retrievals)
    table = table[(table["date"] >= start.isoformat()) & (table["date"] <= end.isoformat())]
    outside = 0
    if region is not None:
        meets = [region.meets(footprint) for footprint in table["footprint"]]
        outside = len(meets) - sum(meets)
        table = table[pd.Series(meets, index=table.index, dtype=bool)]
    return CatalogueIndex(typed(table), outside)


def summarise(index: CatalogueIndex, start: date, end: date, budget: TransferBudget | None = None) -> list[str]:
    """Lines to read before anything is fetched: granules, bytes, gaps, processors by month, time and quota.

    Parameters
    ----------
    index : CatalogueIndex
    start, end : date
    budget : TransferBudget, optional
    """
    table = index.table
    selected = table[table["selected"]]
    days = [day.strftime("%Y-%m-%d") for day in pd.date_range(start, end, freq="D")]
    empty = sorted(set(days) - set(selected["date"]))
    lines = [
        f"{len(table)} granules found, {len(selected)} selected, {_amount(_bytes(selected))}, "
        f"{len(days) - len(empty)} of {len(days)} days with data"
    ]
    if index.outside_region:
        lines.append(f"outside the region: {index.outside_region} granules")
    if empty:
        lines.append(f"days without data: {len(empty)} ({_ranges(empty)})")
    kinds = selected["stream"] + " " + selected["processor"] + " " + selected["retrieval"]
    for month, rows in selected.groupby(selected["date"].str[:7]).groups.items():
        counts = kinds.loc[rows].value_counts().sort_index()
        lines.append(f"{month}: " + ", ".join(f"{kind}: {count}" for kind, count in counts.items()))
    for reason, group in table[~table["selected"]].groupby(table["reason"].str.split("_of_").str[0]):
        lines.append(f"not selected, {reason}: {len(group)} granules")
    return lines + _doubts(selected) + _budget_lines(_bytes(selected), budget or TransferBudget())


def _bytes(selected: pd.DataFrame) -> float:
    """Bytes of the selected granules; one without a size counts as the mean of the others."""
    sizes = selected["size_bytes"]
    known = sizes[sizes > 0]
    return float(known.mean() * len(sizes)) if len(known) else 0.0


def _doubts(selected: pd.DataFrame) -> list[str]:
    doubts = {
        "without a size, counted as the mean of the others": selected["size_bytes"] <= 0,
        "without a checksum, accepted when their content opens": selected["md5"] == "",
        "without an outline, kept in every region": selected["footprint"] == "",
        "not online, to be ordered before they can be fetched": ~selected["online"],
    }
    return [f"selected {text}: {int(rows.sum())}" for text, rows in doubts.items() if rows.any()]


def _budget_lines(n_bytes: float, budget: TransferBudget) -> list[str]:
    if not n_bytes:
        return ["nothing to fetch"]
    seconds = n_bytes / (budget.connections * budget.rate_bytes_s)
    lines = [
        f"to fetch: {_amount(n_bytes)}, at least {_duration(seconds)} with {budget.connections} connections of "
        f"{budget.rate_bytes_s / 1e6:g} MB/s"
    ]
    if budget.quota_bytes is None:
        return lines
    allowance = f"{_amount(budget.quota_bytes)} in {budget.quota_days} days"
    windows = math.ceil(n_bytes / budget.quota_bytes)
    if windows == 1:
        return [*lines, f"quota: {n_bytes / budget.quota_bytes:.1%} of {allowance}"]
    last = (n_bytes - (windows - 1) * budget.quota_bytes) / (budget.connections * budget.rate_bytes_s)
    wait = (windows - 1) * budget.quota_days * 86400.0
    return [*lines, f"quota: {windows} windows of {allowance}, so at least {_duration(wait + last)} in all"]


def _amount(n_bytes: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= size:
            return f"{n_bytes / size:.4g} {unit}"
    return f"{n_bytes:.0f} bytes"


def _duration(seconds: float) -> str:
    if seconds >= 2 * 86400:
        return f"{seconds / 86400:.1f} days"
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{math.ceil(seconds / 60)} min"


def _ranges(days: list[str]) -> str:
    """Join days to ranges: ``2020-03-01, 2020-03-05..2020-03-07``."""
    ranges: list[list[date]] = []
    for day in map(date.fromisoformat, days):
        if ranges and day - ranges[-1][1] == timedelta(days=1):
            ranges[-1][1] = day
        else:
            ranges.append([day, day])
    texts = [str(a) if a == b else f"{a}..{b}" for a, b in ranges[:_LISTED_GAPS]]
    return ", ".join(texts) + (f" and {len(ranges) - _LISTED_GAPS} more" if len(ranges) > _LISTED_GAPS else "")
