"""Options that several commands share."""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from so2plumes.plumes.components import ComponentRule

Subparsers = Any
Common = argparse.ArgumentParser


def add_command(
    commands: Subparsers, common: Common, name: str, run: Callable[[argparse.Namespace], int | None]
) -> argparse.ArgumentParser:
    """Add a subcommand whose help is the first paragraph of its function's docstring."""
    text = " ".join((run.__doc__ or "").split("\n\n")[0].split())
    parser = commands.add_parser(name, parents=[common], help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def optional_path(text: str) -> Path | None:
    """Parse a path, or ``none``."""
    return None if text.lower() in ("", "none", "null") else Path(text)


def optional_float(text: str) -> float | None:
    """Parse a number, or ``none``."""
    return None if text.lower() in ("", "none", "null") else float(text)


def optional_int(text: str) -> int | None:
    """Parse a whole number, or ``none``."""
    return None if text.lower() in ("", "none", "null") else int(text)


def comma_list(text: str) -> list[str]:
    """Parse ``a,b,c``; empty text or ``all`` is the empty list."""
    return [] if text in ("", "all") else text.split(",")


def add_period(parser: argparse.ArgumentParser) -> None:
    """Add ``--start`` and ``--end``."""
    parser.add_argument("--start", type=datetime.date.fromisoformat, required=True, help="first day, YYYY-MM-DD")
    parser.add_argument("--end", type=datetime.date.fromisoformat, required=True, help="last day, included")


def add_filter(parser: argparse.ArgumentParser) -> None:
    """Add the quality filter."""
    parser.add_argument("--min-qa", type=float, default=0.5, help="use pixels with qa_value above this")
    parser.add_argument(
        "--max-solar-zenith",
        type=optional_float,
        default=None,
        help="largest solar zenith angle, degrees, or none",
    )


def add_component_rule(parser: argparse.ArgumentParser) -> None:
    """Add what makes a plume of probabilities."""
    parser.add_argument("--threshold", type=float, default=0.5, help="probability of a plume's pixels")
    parser.add_argument(
        "--growth-threshold",
        type=optional_float,
        default=None,
        help="also take connected pixels of this probability, or none",
    )
    parser.add_argument(
        "--bridge-pixels",
        type=optional_int,
        default=None,
        help="join plumes over gaps of at most this many unusable pixels, or none",
    )
    parser.add_argument(
        "--gap-pixels",
        type=optional_int,
        default=None,
        help="unusable pixels belong to a plume within this distance of usable ones, or none: always",
    )
    parser.add_argument("--min-pixels", type=int, default=6, help="smallest plume, pixels")


def component_rule(options: argparse.Namespace) -> ComponentRule:
    """Return what makes a plume from the options of `add_component_rule`."""
    from so2plumes.plumes.components import ComponentRule

    return ComponentRule(
        options.threshold, options.growth_threshold, options.bridge_pixels, options.gap_pixels, options.min_pixels
    )


def add_known(parser: argparse.ArgumentParser) -> None:
    """Add the lists of known sources."""
    parser.add_argument("--known", type=Path, required=True, help="CSV of known sources")
    parser.add_argument("--volcanoes", type=optional_path, default=None, help="GVP list of Holocene volcanoes, or none")


def add_seen(parser: argparse.ArgumentParser) -> None:
    """Add the grids of what was seen."""
    parser.add_argument("--seen", type=Path, nargs="*", default=[], help="grids of collect-seen; none: it is not known")


def add_paths(parser: argparse.ArgumentParser, **helps: str) -> None:
    """Add required path options by name."""
    for name, text in helps.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, required=True, help=text)
