"""The granule list of a period from an S3 bucket.

A store knows names, sizes and ETags. It has no sensing times: they are taken from the orbit's in the name, of which
measurements fill the middle. It has no outlines either: every granule meets every region.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePosixPath

import pandas as pd

from so2plumes.archive.catalogue_entry import CatalogueEntry
from so2plumes.archive.catalogue_index import CatalogueIndex, index_catalogue, table_of, typed
from so2plumes.archive.catalogue_query import instant_text
from so2plumes.archive.frozen import MonthRecord, Provenance
from so2plumes.archive.region import Region
from so2plumes.archive.s3_prefixes import check_prefix, is_dated, prefix_of
from so2plumes.archive.s3_store import S3Bucket, S3Object
from so2plumes.errors import GranuleError
from so2plumes.swath.names import is_granule_file, parse_granule_name

log = logging.getLogger(__name__)

_SLICES = "NRTI"
_DARK = timedelta(minutes=21, seconds=30)
"""Between the orbit's start in a name and the first measurement, and between the last and the orbit's stop: of real
granules, and good to a minute or two for whole ones."""
_UNDATED = "undated"


@dataclass(frozen=True)
class S3Listing:
    """The objects below the prefixes of a month, or below a prefix without a date."""

    month: str
    prefixes: tuple[str, ...]
    objects: tuple[S3Object, ...] = field(repr=False)

    @property
    def sha256(self) -> str:
        """Digest of keys, sizes and ETags."""
        lines = sorted(f"{item.key} {item.size_bytes} {item.etag}\n" for item in self.objects)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def list_bucket(
    bucket: S3Bucket, prefixes: Sequence[str], start: date, end: date, connections: int = 4
) -> list[S3Listing]:
    """List the objects of a period and of a day on both sides of it, day by day.

    Parameters
    ----------
    bucket : S3Bucket
    prefixes : sequence of str
        Beginnings of keys with ``{year}``, ``{month}`` and ``{day}``; one without is listed once.
    start, end : date
        First and last day.
    connections : int
        Days that are listed at once.

    Raises
    ------
    ConfigError, RemoteError
    """
    for prefix in prefixes:
        check_prefix(prefix)
    days = [start + timedelta(days=count) for count in range(-1, (end - start).days + 2)]
    asked: dict[str, str] = {}
    for template in prefixes:
        dated = is_dated(template)
        for day in days:
            asked.setdefault(prefix_of(template, day), f"{day:%Y-%m}" if dated else _UNDATED)
    with ThreadPoolExecutor(max(1, connections)) as pool:
        found = dict(zip(asked, pool.map(lambda prefix: _below(bucket, prefix), asked), strict=True))
    for template in prefixes:
        if not any(found[prefix_of(template, day)] for day in days):
            log.warning("no object of the bucket %s begins with %s", bucket.name, template)
    months = dict.fromkeys(asked.values())
    listings = []
    for month in months:
        below = [prefix for prefix, its_month in asked.items() if its_month == month]
        objects = tuple(item for prefix in below for item in found[prefix])
        log.info("%s %s: %d objects below %d prefixes", bucket.name, month, len(objects), len(below))
        listings.append(S3Listing(month, tuple(below), objects))
    return listings


def _below(bucket: S3Bucket, prefix: str) -> list[S3Object]:
    """Objects whose keys begin with a prefix, which may end in the middle of a name."""
    return [item for item in bucket.objects(prefix.rpartition("/")[0]) if item.key.startswith(prefix)]


def _entry(bucket: S3Bucket, item: S3Object) -> CatalogueEntry | None:
    file = PurePosixPath(item.key).name
    if not is_granule_file(file):
        return None
    try:
        name = parse_granule_name(file)
    except GranuleError as error:
        log.warning("left out of the list: %s", error)
        return None
    dark = timedelta() if name.stream == _SLICES else _DARK
    return CatalogueEntry(
        product_id=item.etag,
        name=name,
        size_bytes=item.size_bytes,
        md5=item.md5,
        content_start=name.start + dark,
        content_end=name.stop - dark,
        publication_date=item.modified,
        online=True,
        s3_path=f"s3://{bucket.name}/{item.key}",
        footprint=None,
        time_from="name",
    )


def entries_of(bucket: S3Bucket, listings: Iterable[S3Listing]) -> list[CatalogueEntry]:
    """Read the granules of a listing, in either layout: the file in the folder of the day, or in one of its own.

    Slices of the near-real-time stream are left out, unless a prefix names the stream.
    """
    entries, slices = [], 0
    for listing in listings:
        wanted = any(_SLICES in prefix for prefix in listing.prefixes)
        for item in listing.objects:
            entry = _entry(bucket, item)
            if entry is None:
                continue
            if entry.name.stream == _SLICES and not wanted:
                slices += 1
            else:
                entries.append(entry)
    if slices:
        log.info("near-real-time slices left out: %d", slices)
    return entries


def index_bucket(
    entries: Sequence[CatalogueEntry],
    start: date,
    end: date,
    processors: Sequence[str] = (),
    retrievals: Sequence[str] = (),
    region: Region | None = None,
) -> CatalogueIndex:
    """Make the granule list of a period, like `index_catalogue`.

    An object without bytes (mirrors have them) stands for no orbit: it is in the list with the reason ``empty_object``.
    """
    whole = [entry for entry in entries if entry.size_bytes > 0]
    names = {entry.name.stem for entry in whole}
    hollow = [entry for entry in entries if entry.size_bytes == 0 and entry.name.stem not in names]
    index = index_catalogue(whole, start, end, processors, retrievals, region)
    if not hollow:
        return index
    empty = table_of(hollow).assign(selected=False, reason="empty_object")
    empty = empty[(empty["date"] >= start.isoformat()) & (empty["date"] <= end.isoformat())]
    tables = [table for table in (index.table, empty) if len(table)]
    return replace(index, table=typed(pd.concat(tables, ignore_index=True)) if tables else index.table)


def remarks(region: Region | None) -> list[str]:
    """Lines for the summary on what a store does not know."""
    lines = ["a store has no sensing times: measurements are taken to begin 21.5 minutes after the orbit in the name"]
    if region is not None:
        lines.append("a store has no outlines: every granule is fetched, then cut to the region or put aside")
    return lines


def provenance_of_bucket(
    bucket: S3Bucket,
    listings: Sequence[S3Listing],
    start: date,
    end: date,
    *,
    processors: Sequence[str] = (),
    retrievals: Sequence[str] = (),
    region: str | None = None,
    asked_at: datetime | None = None,
) -> Provenance:
    """Lay out where a list comes from; ``asked_at`` is now unless given."""
    months = tuple(
        MonthRecord(
            listing.month,
            " ".join(
                (listing.prefixes[0], "..", listing.prefixes[-1]) if len(listing.prefixes) > 1 else listing.prefixes
            ),
            listing.sha256,
            len(listing.prefixes),
            len(listing.objects),
        )
        for listing in listings
    )
    return Provenance(
        bucket.address("").rstrip("/"),
        instant_text(asked_at or datetime.now(UTC)),
        start.isoformat(),
        end.isoformat(),
        tuple(processors),
        tuple(retrievals),
        region,
        0,
        months,
    )
