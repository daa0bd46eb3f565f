"""Options of what all downloads of the machine share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from so2plumes.commands.options import optional_float
from so2plumes.errors import ConfigError

if TYPE_CHECKING:
    from so2plumes.archive.catalogue_index import TransferBudget
    from so2plumes.archive.limits import Limits


def add_limit_options(parser: argparse.ArgumentParser) -> None:
    """Add connections and byte budget."""
    parser.add_argument("--connections", type=int, default=4, help="downloads at once, over all jobs of the machine")
    parser.add_argument("--quota-bytes", type=optional_float, default=None, help="bytes within --quota-days, or none")
    parser.add_argument("--quota-days", type=int, default=30)
    parser.add_argument(
        "--shared-folder", type=Path, default=Path("~/.cache/so2plumes"), help="tokens and connections of all jobs"
    )


def incoming_of(options: argparse.Namespace) -> Path:
    """Return the folder of granules on their way.

    Raises
    ------
    ConfigError
        Without ``--staging``.
    """
    if options.staging is None:
        raise ConfigError(
            "fetching needs a folder for what is on its way",
            where="--staging",
            expected="a folder",
            found="none",
            remedy="add --staging <folder>; what is begun there is continued by the next run",
        )
    staging: Path = options.staging
    return staging / "incoming"


def budget_of(options: argparse.Namespace) -> TransferBudget:
    """Return what the list of granules is held against."""
    from so2plumes.archive.catalogue_index import TransferBudget

    return TransferBudget(options.connections, quota_bytes=options.quota_bytes, quota_days=options.quota_days)


def limits_of(options: argparse.Namespace, address: str) -> Limits:
    """Return what downloads from an address keep to."""
    from so2plumes.archive.limits import Limits

    shared = options.shared_folder.expanduser()
    return Limits(shared, options.connections, options.quota_bytes, options.quota_days, urlsplit(address).netloc)
