"""The command that says how a campaign stands."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from so2plumes.commands.options import Common, Subparsers, add_command


def status(options: argparse.Namespace) -> int:
    """Say how a campaign stands: days, running and failed jobs, bytes, plumes, time left.

    Exit status: 0 finished, 3 unfinished and nothing runs, 4 running, 5 failures.
    """
    from so2plumes.config import load_config
    from so2plumes.ledger.summary import read_ledger
    from so2plumes.ledger.words import exit_status, status_document, status_lines

    ledger = read_ledger(load_config(options.config))
    if options.json:
        sys.stdout.write(json.dumps(status_document(ledger), indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(status_lines(ledger)) + "\n")
    if options.html:
        from so2plumes.files import write_text
        from so2plumes.report.status_page import render_status

        write_text(options.html, render_status(ledger))
    return exit_status(ledger)


def fetch_size(options: argparse.Namespace) -> None:
    """Say how many granules and bytes a new detection of a year would fetch, and from where; fetch nothing."""
    from so2plumes.config import load_config
    from so2plumes.ledger.fetch_size import fetch_size as count
    from so2plumes.ledger.words import byte_words, number_words

    config = load_config(options.config)
    size = count(config, options.year)
    lines = [f"{size.year}: {size.granules} granules, {byte_words(size.n_bytes)}, from {size.source}"]
    quota = config.archive.quota_bytes
    if config.archive.source in ("cdse", "s3") and quota:
        share = number_words(100 * size.n_bytes / quota)
        lines.append(f"{share} % of the {byte_words(quota)} that may be fetched in {config.archive.quota_days} days")
    sys.stdout.write("\n".join(lines) + "\n")


def needs(options: argparse.Namespace) -> None:
    """Say what a campaign takes in CPU time, memory, disk and bytes, from what its finished days took."""
    from so2plumes.config import load_config
    from so2plumes.ledger.needs import measure_needs, needs_lines

    config = load_config(options.config)
    sys.stdout.write("\n".join(needs_lines(measure_needs(config), config)) + "\n")


def _add_config(parser: argparse.ArgumentParser) -> None:
    default = Path("config/config.yaml")
    parser.add_argument("config", type=Path, nargs="?", default=default, help="configuration of the campaign")


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "status", status)
    _add_config(parser)
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument("--html", type=Path, help="also write this page")
    parser.epilog = "Exit status: 0 finished, 3 unfinished and nothing runs, 4 running, 5 failures."
    parser.set_defaults(silent=True)
    parser = add_command(commands, common, "fetch-size", fetch_size)
    parser.add_argument("year", type=int)
    _add_config(parser)
    parser.set_defaults(silent=True)
    parser = add_command(commands, common, "needs", needs)
    _add_config(parser)
    parser.set_defaults(silent=True)
