"""Commands that freeze the granule list and make compact swaths."""

from __future__ import annotations

import argparse
import json
import logging
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from so2plumes.commands.archive_limits import add_limit_options, budget_of, incoming_of, limits_of
from so2plumes.commands.archive_s3 import add_s3_options
from so2plumes.commands.options import (
    Common,
    Subparsers,
    add_command,
    add_filter,
    add_paths,
    add_period,
    comma_list,
    optional_path,
)

if TYPE_CHECKING:
    import pandas as pd

    from so2plumes.archive.catalogue_index import CatalogueIndex
    from so2plumes.archive.frozen import Provenance
    from so2plumes.archive.obtain import GranuleSource
    from so2plumes.archive.region import Region

log = logging.getLogger(__name__)


def index_archive(options: argparse.Namespace) -> None:
    """Freeze the granule list of a year: what exists, what is selected and why."""
    from so2plumes.archive.listed import CHOICE, write_listed
    from so2plumes.table import write_table

    ways = {"folder": _from_folder, "cdse": _from_catalogue, "s3": _from_bucket}
    table = ways[options.source](options)
    table.attrs = {CHOICE: options.choice}
    write_table(table, options.out)
    write_listed(table, options.out)


def _from_folder(options: argparse.Namespace) -> pd.DataFrame:
    from so2plumes.archive.index import build_index, summarise_index

    choice = (options.processors, options.retrievals, _region(options))
    table = build_index(options.archive, options.start, options.end, *choice)
    for line in summarise_index(table, options.start, options.end):
        log.info("%s", line)
    return table


def _from_bucket(options: argparse.Namespace) -> pd.DataFrame:
    from so2plumes.commands.archive_s3 import index_of_bucket

    return _freeze(options, *index_of_bucket(options, _region(options)))


def _from_catalogue(options: argparse.Namespace) -> pd.DataFrame:
    import numpy as np

    from so2plumes.archive.catalogue import list_catalogue
    from so2plumes.archive.catalogue_index import index_catalogue, summarise
    from so2plumes.archive.catalogue_query import CatalogueQuery
    from so2plumes.archive.frozen import provenance_of
    from so2plumes.http import HttpClient

    query = CatalogueQuery(options.catalogue)
    region = _region(options)
    choice = {"processors": options.processors, "retrievals": options.retrievals}
    listings = list_catalogue(HttpClient(np.random.default_rng()), query, options.start, options.end)
    entries = [entry for listing in listings for entry in listing.entries]
    index = index_catalogue(entries, options.start, options.end, region=region, **choice)
    summary = summarise(index, options.start, options.end, budget_of(options))
    provenance = provenance_of(
        query,
        listings,
        options.start,
        options.end,
        region=None if region is None else options.region,
        outside_region=index.outside_region,
        **choice,
    )
    return _freeze(options, index, provenance, summary)


def _freeze(
    options: argparse.Namespace, index: CatalogueIndex, provenance: Provenance, summary: list[str]
) -> pd.DataFrame:
    """Write the list; one that is there already is compared with it first."""
    from so2plumes.archive.changes import compare_indexes
    from so2plumes.archive.frozen import read_frozen, write_frozen

    for line in summary:
        log.info("%s", line)
    frozen = options.out.with_suffix(".csv")
    if frozen.is_file():
        for line in compare_indexes(read_frozen(frozen).table, index.table).lines():
            log.info("since the earlier list: %s", line)
    write_frozen(index, frozen, provenance)
    return index.table


def fetch_swaths(options: argparse.Namespace) -> None:
    """Make the compact swaths of some days and a receipt that accounts for every granule."""
    from so2plumes.archive.fetch import FetchRule, fetch_period, receipt_document
    from so2plumes.archive.listed import listed_in
    from so2plumes.archive.staging import Staging
    from so2plumes.files import atomic_directory, write_json
    from so2plumes.made_by import extended, write_beside
    from so2plumes.periods import Period
    from so2plumes.table import read_table
    from so2plumes.versions import ALGORITHMS

    region = _region(options)
    rule = FetchRule(options.checksum, options.min_qa, options.max_solar_zenith, region)
    dates = Period("", options.start, options.end).dates
    identity = f"{ALGORITHMS['fetch_swaths']} {options.min_qa} {options.max_solar_zenith} {options.region}"
    staging = Staging(options.staging, identity) if options.staging else None
    with staging.held() if staging else nullcontext(False) as waited:
        if waited and options.out.is_dir() and options.receipt.is_file():
            log.info("%s: another job has made it", options.period)
            return
        with atomic_directory(options.out) as folder:
            index = read_table(options.index)
            receipts = fetch_period(index, _source(options), dates, folder, rule, staging)
            write_beside(folder, extended({}, "fetch_swaths"))
            document = receipt_document(options.period, dates, receipts, listed_in(index).of(dates))
            write_json(options.receipt, document)
        if staging is not None:
            staging.clear()
    counts = ", ".join(f"{count} {status}" for status, count in sorted(document["counts"].items()))
    log.info("%s: %s", options.period, counts or "no granules")


def _region(options: argparse.Namespace) -> Region | None:
    from so2plumes.archive.region import parse_region

    return parse_region(json.loads(options.region)) if options.region != "null" else None


def _source(options: argparse.Namespace) -> GranuleSource:
    from so2plumes.archive.obtain import CatalogueDownload, LocalFolder

    if options.source == "folder":
        return LocalFolder(options.archive)
    if options.source == "s3":
        from so2plumes.commands.archive_s3 import download_of_bucket

        return download_of_bucket(options)
    from so2plumes.archive.credentials import find_credentials
    from so2plumes.archive.tokens import TokenStore

    shared = options.shared_folder.expanduser()
    return CatalogueDownload(
        options.download,
        incoming_of(options),
        limits_of(options, options.download),
        TokenStore(options.token, find_credentials(options.credentials), shared / "tokens"),
    )


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", choices=["folder", "cdse", "s3"], default="folder")
    parser.add_argument("--archive", type=Path, default=Path(), help="folder of Level-2 granules")
    add_limit_options(parser)
    parser.add_argument("--region", default="null", help="JSON: a box [west, south, east, north], GeoJSON, WKT or null")
    add_s3_options(parser)


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "index-archive", index_archive)
    add_period(parser)
    parser.add_argument("--processors", type=comma_list, default=[], help="allowed, best first: 020401,020500; or all")
    parser.add_argument("--retrievals", type=comma_list, default=[], help="allowed: doas, cobra; or all")
    _add_source(parser)
    parser.add_argument("--catalogue", default="", help="address of the products of an OData catalogue")
    parser.add_argument("--prefixes", default="[]", help="JSON: beginnings of the keys of an S3 store")
    parser.add_argument("--choice", default="", help="digest of the configuration that the list is made by; kept in it")
    add_paths(parser, out="Parquet table, with .json beside it; of a catalogue also .csv and .csv.json")
    parser = add_command(commands, common, "fetch-swaths", fetch_swaths)
    add_period(parser)
    parser.add_argument("--period", required=True, help="name of the period, such as 2021-03-24")
    parser.add_argument("--no-checksum", dest="checksum", action="store_false", help="leave out the SHA-256")
    add_filter(parser)
    _add_source(parser)
    parser.add_argument("--download", default="", help="address below which products are downloaded")
    parser.add_argument("--token", default="", help="address of the token service")
    parser.add_argument("--staging", type=optional_path, default=None, help="keeps what is finished until all is")
    add_paths(
        parser,
        index="granule list of the year",
        out="folder of the compact swaths",
        receipt="JSON receipt",
    )
