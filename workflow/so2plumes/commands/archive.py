"""Commands that freeze the granule list and make compact swaths."""

from __future__ import annotations

import argparse
import logging

from so2plumes.commands.options import (
    Common,
    Subparsers,
    add_command,
    add_filter,
    add_paths,
    add_period,
    comma_list,
)

log = logging.getLogger(__name__)


def index_archive(options: argparse.Namespace) -> None:
    """Freeze the granule list of a year: what exists, what is selected and why."""
    from so2plumes.archive.index import build_index, summarise_index
    from so2plumes.table import write_table

    table = build_index(options.archive, options.start, options.end, options.processors, options.retrievals)
    for line in summarise_index(table, options.start, options.end):
        log.info("%s", line)
    write_table(table, options.out)


def fetch_swaths(options: argparse.Namespace) -> None:
    """Make the compact swaths of some days and a receipt that accounts for every granule."""
    from so2plumes.archive.fetch import FetchRule, fetch_period, receipt_document
    from so2plumes.files import atomic_directory, write_json
    from so2plumes.periods import Period
    from so2plumes.table import read_table

    rule = FetchRule(options.checksum, options.min_qa, options.max_solar_zenith)
    dates = Period("", options.start, options.end).dates
    with atomic_directory(options.out) as folder:
        receipts = fetch_period(read_table(options.index), options.archive, dates, folder, rule)
        document = receipt_document(options.period, dates, receipts)
        write_json(options.receipt, document)
    counts = ", ".join(f"{count} {status}" for status, count in sorted(document["counts"].items()))
    log.info("%s: %s", options.period, counts or "no granules")


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "index-archive", index_archive)
    add_period(parser)
    parser.add_argument("--processors", type=comma_list, default=[], help="allowed, best first: 020401,020500; or all")
    parser.add_argument("--retrievals", type=comma_list, default=[], help="allowed: doas, cobra; or all")
    add_paths(parser, archive="folder of Level-2 granules", out="Parquet table")
    parser = add_command(commands, common, "fetch-swaths", fetch_swaths)
    add_period(parser)
    parser.add_argument("--period", required=True, help="name of the period, such as 2021-03-24")
    parser.add_argument("--no-checksum", dest="checksum", action="store_false", help="leave out the SHA-256")
    add_filter(parser)
    add_paths(
        parser,
        index="granule list of the year",
        archive="folder to which its paths are relative",
        out="folder of the compact swaths",
        receipt="JSON receipt",
    )
