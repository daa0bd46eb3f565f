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

log = logging.getLogger("so2plumes")


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with all subcommands."""
    parser = argparse.ArgumentParser(prog="so2plumes", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"so2plumes {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--log", type=Path, help="also write the messages to this file")
    common.add_argument("--debug", action="store_true", help="show the traceback of expected errors too")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for add_commands in GROUPS:
        add_commands(commands, common)
    return parser


def _start_logging(command: str, path: Path | None) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(path, mode="w"))
    logging.basicConfig(
        level=logging.INFO,
        format=f"%(asctime)s {command}: %(message)s",
        datefmt="%H:%M:%S",
        handlers=handlers,
        force=True,
    )
    logging.captureWarnings(True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; return its exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options = build_parser().parse_args(arguments)
    _start_logging(options.command, options.log)
    start = time.perf_counter()
    try:
        options.run(options)
    except SO2PlumesError as error:
        log.error("%s", error, exc_info=options.debug)
        return 1
    except Exception:
        log.exception("unexpected error; please report it with this log")
        return 2
    log.info("done in %.1f s", time.perf_counter() - start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
