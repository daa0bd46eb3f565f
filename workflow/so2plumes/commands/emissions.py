"""Commands that turn chips into plume tables."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from so2plumes.commands.options import Common, Subparsers, add_command, add_paths, optional_path

if TYPE_CHECKING:
    from so2plumes.plumes.chips import Chip
    from so2plumes.weather.interpolate import WindField

log = logging.getLogger(__name__)


def estimate_emissions(options: argparse.Namespace) -> None:
    """Compute the record of every plume of a chips file: geometry, mass, wind, rate, label, reason codes."""
    from so2plumes.emissions.record import EmissionRule, plume_record
    from so2plumes.plumes.chips import read_chips
    from so2plumes.provenance import Provenance
    from so2plumes.table import plume_frame, write_plumes

    rule = EmissionRule(options.estimator, options.background, options.label_threshold)
    made_by = Provenance(options.config_sha256)
    chips = read_chips(options.chips)
    fields = [None] * len(chips) if options.winds is None else _fields(options.winds, chips)
    rows = [plume_record(chip, rule, made_by, field) for chip, field in zip(chips, fields, strict=True)]
    write_plumes(plume_frame(rows), options.out)
    log.info("%d plumes", len(rows))


def _fields(path: Path, chips: list[Chip]) -> list[WindField | None]:
    from so2plumes.weather.winds import read_winds

    winds = read_winds(path)
    return [winds.field_for(chip) for chip in chips]


def collect_plumes(options: argparse.Namespace) -> None:
    """Join plume tables into one, in time order."""
    from so2plumes.table import conform, joined, read_plumes, write_plumes

    tables = [read_plumes(path) for path in options.tables]
    plumes = joined(tables).sort_values(["time", "plume_id"], ignore_index=True)
    write_plumes(conform(plumes), options.out)
    log.info("%d plumes from %d tables", len(plumes), len(tables))


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "estimate-emissions", estimate_emissions)
    add_paths(parser, chips="chips of a period", out="GeoParquet table")
    parser.add_argument("--estimator", default="paper")
    parser.add_argument("--background", default="ring")
    parser.add_argument("--label-threshold", type=float, default=0.8)
    parser.add_argument("--winds", type=optional_path, default=None, help="file of fetch-winds, or none")
    parser.add_argument("--config-sha256", default="", help="digest of the configuration, kept in every row")
    parser = add_command(commands, common, "collect-plumes", collect_plumes)
    parser.add_argument("tables", type=Path, nargs="+", help="plume tables")
    add_paths(parser, out="GeoParquet table")
