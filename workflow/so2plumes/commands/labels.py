"""Commands for labels that people draw or confirm."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from so2plumes.commands.options import Common, Subparsers, add_command, add_paths

log = logging.getLogger(__name__)


def propose_labels(options: argparse.Namespace) -> None:
    """Outline what the local z-test finds and draw it, for a person to confirm as labels or to drop."""
    from so2plumes.detect.ztest import ZTest
    from so2plumes.training.backgrounds import evenly, granules_below
    from so2plumes.training.labels import write_labels
    from so2plumes.training.propose import propose_all

    paths = [granule.path for granule in evenly(granules_below(options.folders), options.max)]
    labels = propose_all(paths, ZTest(), options.pictures)
    write_labels(labels, options.out)
    log.info(
        "%d outlines in %d of %d granules; look at the pictures, then set author and date (docs/labels.md)",
        len(labels),
        labels["granule"].nunique(),
        len(paths),
    )


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "propose-labels", propose_labels)
    parser.add_argument("folders", type=Path, nargs="+", help="folders of Level-2 granules")
    parser.add_argument("--max", type=int, default=None, help="use at most that many granules, evenly spread")
    add_paths(parser, out="labels, .geojson or .parquet", pictures="folder for PNG, one per granule with a plume")
