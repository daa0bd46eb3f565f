"""Commands that set the papers' numbers beside ours."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

from so2plumes.commands.options import Common, Subparsers, add_command, add_paths, add_period, optional_path
from so2plumes.commands.report import read_findings

log = logging.getLogger(__name__)


def parity(options: argparse.Namespace) -> None:
    """Set every number of the papers beside that of the campaign, with a verdict and its reason."""
    from so2plumes.dictionary import write_described
    from so2plumes.files import read_json
    from so2plumes.parity.campaign import ParityInputs
    from so2plumes.parity.compare import parity_table
    from so2plumes.parity.published import read_published
    from so2plumes.parity.timing import read_pace
    from so2plumes.sources.known import read_known_sources

    run = ParityInputs(
        read_findings(options, config=json.loads(options.config)),
        read_known_sources(options.known),
        read_json(options.card) if options.card and options.card.is_file() else {},
        read_pace(options.results),
    )
    table = parity_table(run, read_published(options.papers))
    log.info(", ".join(f"{count} {verdict}" for verdict, count in table.attrs["counts"].items()))
    write_described(table, "parity", options.out)


def report_parity(options: argparse.Namespace) -> None:
    """Write the page of the papers' numbers beside ours: one HTML file that needs nothing else."""
    from so2plumes.files import write_text
    from so2plumes.report.parity_page import render_parity
    from so2plumes.table import read_table

    page = render_parity(read_table(options.table), options.title)
    write_text(options.out, page)
    log.info("page: %s", options.out)


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "parity", parity)
    add_period(parser)
    add_paths(
        parser,
        plumes="plume table",
        clusters="cluster table",
        eruptions="eruption table",
        edgar="EDGAR table",
        coverage="table of granules",
        known="CSV of known sources",
        papers="CSV of published numbers",
        results="folder of the run, for the times of its jobs",
        out="Parquet table",
    )
    parser.add_argument("--science", type=Path, nargs="*", default=[], help="other tables, named as in docs/tables.md")
    parser.add_argument("--card", type=optional_path, default=None, help="card of the detector, or none")
    parser.add_argument("--config", required=True, help="configuration as JSON text")
    parser = add_command(commands, common, "report-parity", report_parity)
    add_paths(parser, table="table of parity", out="HTML file")
    parser.add_argument("--title", required=True)
