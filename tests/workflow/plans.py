"""Many dry runs at the price of one start: Snakemake is imported once, and every plan is made in a fork of it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """What a dry run says.

    Attributes
    ----------
    jobs : dict
        Number of jobs by rule.
    used_by : frozenset of str
        Rules that run because their parameters or their set of inputs changed.
    """

    status: int
    text: str
    jobs: dict[str, int]
    used_by: frozenset[str]


def jobs_of(text: str) -> dict[str, int]:
    """Jobs by rule, as a run or a dry run lists them."""
    if "Job stats:" not in text:
        return {}
    jobs = {}
    for line in text.split("Job stats:")[1].splitlines()[3:]:
        if line.startswith("total"):
            break
        name, count = line.split()
        jobs[name] = int(count)
    return jobs


def _changed(text: str) -> frozenset[str]:
    found: set[str] = set()
    for reason in ("params have changed since last execution", "set of input files has changed since last execution"):
        for rules in re.findall(rf"^    {reason}:\n        (.*)$", text, re.M):
            found |= {name.strip() for name in rules.split(",")}
    return frozenset(found)


def plan(folder: Path, *arguments: str) -> Plan:
    """Make a dry run in a folder."""
    import snakemake.cli

    with tempfile.TemporaryFile() as out:
        child = os.fork()
        if not child:
            _run_in_child(snakemake.cli.main, folder, out.fileno(), arguments)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        text = out.read().decode()
    return Plan(os.waitstatus_to_exitcode(status), text, jobs_of(text), _changed(text))


def _run_in_child(main, folder: Path, handle: int, arguments: tuple[str, ...]) -> None:
    status = 70
    try:
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        os.chdir(folder)
        sys.argv = ["snakemake"]
        main([*arguments, "-n", "--cores", "2", "--configfile", "test.yaml"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
