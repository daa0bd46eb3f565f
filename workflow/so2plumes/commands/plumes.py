"""The command that cuts plumes out of swaths."""

from __future__ import annotations

import argparse
import logging

from so2plumes.commands.options import (
    Common,
    Subparsers,
    add_command,
    add_component_rule,
    add_filter,
    add_paths,
    component_rule,
)

log = logging.getLogger(__name__)


def extract_plumes(options: argparse.Namespace) -> None:
    """Cut a chip for every plume, all its pixels, and map what was seen; after this the swaths can go."""
    import netCDF4

    from so2plumes.detect.probability import read_probabilities
    from so2plumes.made_by import extended, from_text
    from so2plumes.plumes.chips import Chip, write_chips
    from so2plumes.plumes.extract import ExtractionRule
    from so2plumes.plumes.extract import extract_plumes as extract
    from so2plumes.seen import join_days, write_seen
    from so2plumes.swath.compact import read_compact
    from so2plumes.swath.filters import usable_pixels
    from so2plumes.swath.seen import seen_by_day

    rule = ExtractionRule(
        component_rule(options),
        buffer=options.buffer,
        chip_margin=options.chip_margin,
        min_qa=options.min_qa,
        max_solar_zenith_deg=options.max_solar_zenith,
    )
    with netCDF4.Dataset(options.probability) as dataset:
        model = dataset.model_sha256
        versions = extended(from_text(getattr(dataset, "made_by", "")), "extract_plumes")
    chips: list[Chip] = []
    seen = join_days(())
    for granule, probability in read_probabilities(options.probability):
        swath = read_compact(options.swaths / f"{granule}.nc")
        seen = seen.joined(seen_by_day(swath, usable_pixels(swath, rule.min_qa, rule.max_solar_zenith_deg)))
        found = extract(swath, probability, rule, model)
        log.info("%s: %d plumes", granule, len(found))
        chips += found
    write_chips(chips, options.out, versions)
    write_seen(seen, options.seen)
    log.info("%d plumes", len(chips))


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "extract-plumes", extract_plumes)
    add_paths(
        parser,
        swaths="folder of compact swaths",
        probability="their plume probabilities",
        out="NetCDF file of chips",
        seen="NetCDF grid of what was seen",
    )
    add_component_rule(parser)
    parser.add_argument("--buffer", type=int, default=3)
    parser.add_argument("--chip-margin", type=int, default=16)
    add_filter(parser)
