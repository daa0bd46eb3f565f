"""Options of what all downloads of the machine share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from so2plumes.commands.options import optional_float

if TYPE_CHECKING:
    from so2plumes.archive.catalogue_index import TransferBudget
    from so2plumes.archive.limits import Limits


def add_limit_options(parser: argparse.ArgumentParser) -> None:
    """Add connections and byte budget."""
    parser.add_argument("--connections", type=int, default=4, help="downloads at once, over all jobs of the machine")
    parser.add_argument("--quota-bytes", type=optional_float, default=None, help="bytes within --quota-days, or none")
    parser.add_argument("--quota-days", type=int, default=30)
    parser.add_argument("--shared-folder", type=Path, default=Path(), help="tokens and connections of all jobs")


def budget_of(options: argparse.Namespace) -> TransferBudget:
    """Return what the list of granules is held against."""
    from so2plumes.archive.catalogue_index import TransferBudget

    return TransferBudget(options.connections, quota_bytes=options.quota_bytes, quota_days=options.quota_days)


def limits_of(options: argparse.Namespace) -> Limits:
    """Return what downloads keep to."""
    from so2plumes.archive.limits import Limits

    shared = options.shared_folder.expanduser()
    return Limits(shared, options.connections, options.quota_bytes, options.quota_days)
