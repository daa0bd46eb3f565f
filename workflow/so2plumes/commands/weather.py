"""Commands that fetch what the weather was over plumes."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from so2plumes.commands.options import Common, Subparsers, add_command, add_paths, comma_list

log = logging.getLogger(__name__)


def fetch_winds(options: argparse.Namespace) -> None:
    """Fetch the ERA5 winds of the plumes of a chips file that need them, from a folder or the Climate Data Store."""
    from so2plumes.made_by import extended, to_text
    from so2plumes.plumes.chips import read_chips
    from so2plumes.weather.account import find_account
    from so2plumes.weather.client import CdsClient
    from so2plumes.weather.fetch import WindRule, download_blocks, folder_blocks, forget_requests, needed_blocks
    from so2plumes.weather.winds import write_winds

    rule = WindRule(options.use, tuple(int(level) for level in comma_list(options.levels_hpa)), options.max_requests)
    blocks = needed_blocks(read_chips(options.chips), rule)
    kept = Path(options.out).with_name(f".{options.out.name}.requests")
    if not blocks:
        boxes = []
    elif options.source == "download":
        client = CdsClient(find_account(options.url))
        boxes = download_blocks(client, blocks, rule.levels_hpa, kept)
    else:
        boxes = folder_blocks(options.source, blocks)
    write_winds(boxes, options.out, to_text(extended({}, "fetch_winds")))
    forget_requests(kept)


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "fetch-winds", fetch_winds)
    add_paths(parser, chips="chips of a period", out="NetCDF file of boxes")
    parser.add_argument("--use", choices=("missing", "always"), default="missing", help="which plumes get ERA5 winds")
    parser.add_argument("--source", required=True, help="folder of ERA5 files, or download")
    parser.add_argument("--url", default=None, help="address of the Climate Data Store's API, if not the account's")
    parser.add_argument("--levels-hpa", default="", help="pressure levels, comma separated")
    parser.add_argument("--max-requests", type=int, default=8, help="requests per data set, if they may be joined")
