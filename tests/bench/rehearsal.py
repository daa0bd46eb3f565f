"""Rehearse a long campaign with tiny simulated days: what a job costs beside its work, and what the scheduler takes.

Prints one table and leaves it in ``build/rehearsal/report.md``. A rehearsal that was stopped goes on when it is started
again; ``--days`` takes the first days of the six years only. Run it with ``make rehearsal``.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRST, ALL_DAYS = date(2019, 1, 1), 2192
TICKS = os.sysconf("SC_CLK_TCK")
SNAKEMAKE = (sys.executable, "-m", "snakemake", "--configfile", "rehearsal.json")
STEPS = ("fetch_swaths", "detect_plumes", "extract_plumes", "estimate_emissions")


@dataclass
class Driver:
    """Memory and CPU of the Snakemake process, without its jobs."""

    cpu_s: float = 0.0
    peak_mb: float = 0.0

    def look(self, number: int) -> None:
        try:
            fields = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()
            status = Path(f"/proc/{number}/status").read_text()
        except OSError:
            return
        self.cpu_s = (int(fields[11]) + int(fields[12])) / TICKS
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self.peak_mb = int(line.split()[1]) / 1024


def configuration(days: int) -> dict:
    return {
        "campaign": {"name": "rehearsal", "start": str(FIRST), "end": str(FIRST + timedelta(days=days - 1))},
        "archive": {"source": "simulated"},
        "simulate": {"seed": 1, "scanlines": 24, "ground_pixels": 48},
        "detect": {"method": "ztest"},
        "report": {"gallery": 0},
    }


def prepare(folder: Path, days: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("Snakefile", "workflow", "resources", "profiles", "envs", "config"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    (folder / "rehearsal.json").write_text(json.dumps(configuration(days)))


def run(folder: Path, cores: int) -> tuple[int, float, Driver]:
    """Run the campaign; return its status, its wall time and what the driver took."""
    command = [*SNAKEMAKE, "--quiet", "rules", "--cores", str(cores)]
    begun, driver = time.monotonic(), Driver()
    with (folder / "run.txt").open("a") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
        while process.poll() is None:
            driver.look(process.pid)
            time.sleep(0.5)
    return process.returncode, time.monotonic() - begun, driver


def plan(folder: Path) -> str:
    """Say what a dry run takes: the jobs of the whole campaign, also of days that are done."""
    command = [*SNAKEMAKE, "--quiet", "all", "-n"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the dry run ended with status {process.returncode}: try {' '.join(command)} in {folder}")
    return f"A dry run before it: {usage.ru_utime + usage.ru_stime:.0f} CPU s, {usage.ru_maxrss / 1024:.0f} MB."


def times(folder: Path, step: str) -> list[tuple[float, float, float]]:
    """Wall seconds, CPU seconds and MB of every job of a step."""
    found: list[tuple[float, float, float]] = []
    for path in sorted((folder / "results" / "benchmarks").glob(f"*/{step}/*.tsv")):
        row = next(csv.DictReader(path.open(), delimiter="\t"))
        found.append(
            tuple(float(row[name]) if row[name] not in ("NA", "-") else 0.0 for name in ("s", "cpu_time", "max_rss"))
        )
    return found


def table(folder: Path, days: int, wall_s: float, driver: Driver, before: int) -> list[str]:
    lines = [
        "| step of a day | jobs | wall s | CPU s | least CPU s (start-up) | MB |",
        "|---|---|---|---|---|---|",
    ]
    jobs, cpu = 0, 0.0
    for step in STEPS:
        rows = times(folder, step)
        if not rows:
            continue
        mean = [sum(row[i] for row in rows) / len(rows) for i in range(2)]
        least = min(row[1] for row in rows if row[1] > 0)
        most = max(row[2] for row in rows)
        jobs, cpu = jobs + len(rows), cpu + mean[1] * len(rows)
        lines.append(f"| {step} | {len(rows)} | {mean[0]:.2f} | {mean[1]:.2f} | {least:.2f} | {most:.0f} |")
    return [
        *lines,
        "",
        f"{days} days, {jobs} jobs of days, {wall_s / 3600:.2f} h of this run.",
        f"Scheduler: {driver.peak_mb:.0f} MB at most, {driver.cpu_s:.0f} CPU s, "
        f"{1000 * driver.cpu_s / max(jobs - before, 1):.0f} ms for each of the {jobs - before} jobs of this run.",
        f"Jobs: {cpu / days:.2f} CPU s a day; for {ALL_DAYS} days {cpu / days * ALL_DAYS / 3600:.2f} CPU h.",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=ALL_DAYS)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "rehearsal")
    options = parser.parse_args(arguments)
    prepare(options.folder, options.days)
    planned = plan(options.folder)
    before = sum(len(times(options.folder, step)) for step in STEPS)
    status, wall_s, driver = run(options.folder, options.cores)
    report = "\n".join([*table(options.folder, options.days, wall_s, driver, before), planned]) + "\n"
    (options.folder / "report.md").write_text(report)
    print(report)
    if status:
        print(f"the run ended with status {status}: {options.folder}/run.txt", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
