"""The command line: one subcommand per rule of the workflow.

``so2plumes <command> --help`` explains each; the workflow calls exactly these commands, so every step can be typed by
hand.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from so2plumes import __version__
from so2plumes.commands import GROUPS
from so2plumes.errors import SO2PlumesError
from so2plumes.joblog import REASONS, Terminated, ending_on_signal, reason_of, start_logging

log = logging.getLogger("so2plumes")

_STATUS = {KeyboardInterrupt: 130, Terminated: 143}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with all subcommands."""
    parser = argparse.ArgumentParser(prog="so2plumes", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"so2plumes {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--log", type=Path, help="also write the messages to this file")
    common.set_defaults(silent=False)
    common.add_argument("--debug", action="store_true", help="show the traceback of expected errors too")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for add_commands in GROUPS:
        add_commands(commands, common)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; return its exit status: its own; 1, 2 expected, unexpected error; 130, 143 told to end."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options = build_parser().parse_args(arguments)
    start_logging(options.command, options.log)
    start = time.perf_counter()
    try:
        with ending_on_signal():
            status = options.run(options) or 0
    except (Exception, KeyboardInterrupt, Terminated) as error:
        reason = reason_of(error)
        _tell(error, reason, options.debug)
        log.info("failed after %.1f s: %s", time.perf_counter() - start, reason)
        return _STATUS.get(type(error), 1 if isinstance(error, SO2PlumesError) else 2)
    if not options.silent:
        log.info("done in %.1f s", time.perf_counter() - start)
    return status


def _tell(error: BaseException, reason: str, debug: bool) -> None:
    if isinstance(error, SO2PlumesError):
        log.error("%s", error, exc_info=debug)
    elif reason in REASONS:
        log.error("%s: %s", REASONS[reason], error, exc_info=debug)
    else:
        log.error("unexpected error; please report it with this log", exc_info=error)


if __name__ == "__main__":
    sys.exit(main())
