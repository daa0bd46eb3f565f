"""Commands that turn chips into plume tables."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from so2plumes.commands.options import Common, Subparsers, add_command, add_paths

log = logging.getLogger(__name__)


def estimate_emissions(options: argparse.Namespace) -> None:
    """Compute the record of every plume of a chips file: geometry, mass, wind, rate, label, reason codes."""
    from so2plumes.emissions.record import EmissionRule, plume_record
    from so2plumes.made_by import MadeBy, extended
    from so2plumes.plumes.chips import read_chips, read_made_by
    from so2plumes.table import plume_frame, write_plumes

    rule = EmissionRule(options.estimator, options.background, options.label_threshold)
    rows = [plume_record(chip, rule) for chip in read_chips(options.chips)]
    versions = extended(read_made_by(options.chips), "estimate_emissions")
    write_plumes(plume_frame(rows), options.out, [MadeBy(versions, (options.chips.stem,))])
    log.info("%d plumes", len(rows))


def collect_plumes(options: argparse.Namespace) -> None:
    """Join plume tables into one, in time order."""
    from so2plumes.made_by import merged, read_field
    from so2plumes.table import conform, joined, read_plumes, write_plumes

    tables = [read_plumes(path) for path in options.tables]
    plumes = joined(tables).sort_values(["time", "plume_id"], ignore_index=True)
    records = merged(record for path in options.tables for record in read_field(path))
    write_plumes(conform(plumes), options.out, records)
    log.info("%d plumes from %d tables", len(plumes), len(tables))


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "estimate-emissions", estimate_emissions)
    add_paths(parser, chips="chips of a period", out="GeoParquet table")
    parser.add_argument("--estimator", default="paper")
    parser.add_argument("--background", default="ring")
    parser.add_argument("--label-threshold", type=float, default=0.8)
    parser = add_command(commands, common, "collect-plumes", collect_plumes)
    parser.add_argument("tables", type=Path, nargs="+", help="plume tables")
    add_paths(parser, out="GeoParquet table")
