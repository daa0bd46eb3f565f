"""Commands that put plumes of known rate through the chain."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from so2plumes.commands.detect import add_detector, detector_from, use_backend
from so2plumes.commands.emissions import add_emission_rule, emission_rule
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


def closed_loop(options: argparse.Namespace) -> None:
    """Simulate plumes of known emission rate, detect and extract them, estimate their rates: a row per plume."""
    use_backend(options)
    from so2plumes.plumes.extract import ExtractionRule
    from so2plumes.table import write_table
    from so2plumes.truth.cases import CasePlan
    from so2plumes.truth.loop import run_cases
    from so2plumes.truth.score import with_makers
    from so2plumes.versions import code_version

    extraction = ExtractionRule(
        component_rule(options),
        buffer=options.buffer,
        chip_margin=options.chip_margin,
        min_qa=options.min_qa,
        max_solar_zenith_deg=options.max_solar_zenith,
    )
    detector = detector_from(options)
    cases = run_cases(range(options.cases), CasePlan(), options.seed, detector, extraction, emission_rule(options))
    makers = {
        "model_sha256": detector.identity,
        "config_sha256": options.config_sha256,
        "seed": options.seed,
        "code_version": code_version(),
    }
    write_table(with_makers(cases, makers), options.out)
    log.info("%d plumes, %d found", len(cases), int(cases["found"].sum()))


def score_closed_loop(options: argparse.Namespace) -> None:
    """Score the closed loop: how far rates are from the truth, which intervals hold it, how biased backgrounds are."""
    from so2plumes.files import write_json
    from so2plumes.table import read_table
    from so2plumes.truth.score import score_cases, score_tables

    scores = score_cases(read_table(options.cases))
    write_json(options.out, scores)
    for line in score_tables(scores).splitlines():
        log.info("%s", line)


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "closed-loop", closed_loop)
    add_paths(parser, out="Parquet table of the cases")
    parser.add_argument("--cases", type=int, default=1000, help="plumes")
    parser.add_argument("--seed", type=int, default=2024)
    add_detector(parser)
    add_component_rule(parser)
    parser.add_argument("--buffer", type=int, default=3)
    parser.add_argument("--chip-margin", type=int, default=16)
    parser.add_argument("--config-sha256", default="", help="digest of the configuration, kept with the scores")
    add_filter(parser)
    add_emission_rule(parser)
    parser = add_command(commands, common, "score-closed-loop", score_closed_loop)
    parser.add_argument("--cases", type=Path, required=True, help="table of `closed-loop`")
    add_paths(parser, out="JSON file")
