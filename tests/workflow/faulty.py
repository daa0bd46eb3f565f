"""Stands in front of the command line in a job: notes who runs where, and does what a test asked for, once.

The folder named by SO2PLUMES_TEST_FAULTS holds files named ``<command>_<kind>``; the job of the command that can remove
one does it. Kinds: ``fail`` ends with an error, ``eat`` takes 700 MB and waits (each time, the file stays), ``hang``
waits for ever, ``meet`` waits until two jobs of the command have begun.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from so2plumes import commands
from so2plumes.cli import main


def wait_for_two(folder: Path, command: str) -> None:
    until = time.monotonic() + 180
    while len(list(folder.glob(f"begun_{command}_*"))) < 2 and time.monotonic() < until:
        time.sleep(0.2)


def fault(folder: Path, command: str) -> None:
    device = os.environ.get("CUDA_VISIBLE_DEVICES", "none")
    (folder / f"begun_{command}_{os.getpid()}").write_text(
        f"{time.time()} {device} {os.environ.get('OMP_NUM_THREADS', 'none')}"
    )
    if (folder / f"{command}_meet").exists():
        wait_for_two(folder, command)
    if (folder / f"{command}_eat").exists():
        eaten = bytearray(700_000_000)
        eaten[::4096] = b"x" * len(eaten[::4096])
        time.sleep(8)
    for kind in ("fail", "hang"):
        try:
            (folder / f"{command}_{kind}").unlink()
        except FileNotFoundError:
            continue
        if kind == "hang":
            time.sleep(3600)
        raise RuntimeError("the fault of a test")


def wrap(add_commands, folder: Path):
    def add(subparsers, common):
        add_commands(subparsers, common)
        for name, parser in subparsers.choices.items():
            work = parser.get_default("run")

            def faulty(options, name=name, work=work):
                fault(folder, name)
                result = work(options)
                (folder / f"ended_{name}_{os.getpid()}").write_text(str(time.time()))
                return result

            parser.set_defaults(run=faulty)

    return add


if __name__ == "__main__":
    where = Path(os.environ["SO2PLUMES_TEST_FAULTS"])
    import so2plumes.cli

    so2plumes.cli.GROUPS = (*commands.GROUPS[:-1], wrap(commands.GROUPS[-1], where))
    sys.exit(main())
