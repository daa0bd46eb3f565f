"""What a campaign takes, from what its finished days took: disk, bytes to fetch, CPU time and memory."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from so2plumes.config import Config
from so2plumes.errors import TableError
from so2plumes.files import read_json
from so2plumes.ledger.days import STEPS
from so2plumes.ledger.words import byte_words, number_words


@dataclass(frozen=True)
class StepNeeds:
    """Means over the jobs of one step: wall and CPU seconds of a day, and the largest memory in MB."""

    step: str
    jobs: int
    wall_s: float
    cpu_s: float
    memory_mb: float


@dataclass(frozen=True)
class Needs:
    """What was measured per day, and the days of the whole campaign.

    Attributes
    ----------
    measured_days, days : int
        Days that were measured, and those of the campaign.
    kept_bytes, fetched_bytes, largest_granule : float
        Per day: products that stay, and granules; and the largest granule.
    """

    measured_days: int
    days: int
    steps: Sequence[StepNeeds]
    kept_bytes: float
    fetched_bytes: float
    largest_granule: float

    @property
    def cpu_h(self) -> float:
        """CPU hours of the campaign."""
        return self.days * sum(step.cpu_s for step in self.steps) / 3600


def measure_needs(config: Config, root: Path = Path()) -> Needs:
    """Measure the finished days of a campaign.

    Raises
    ------
    TableError
        When no day is finished.
    """
    results = root / config.results
    receipts = [read_json(path) for path in sorted(results.glob("*/receipts/*.json"))]
    days = sum(document["days"] for document in receipts)
    if not days:
        raise TableError(
            "no day of the campaign is fetched yet, so nothing was measured",
            where=results,
            remedy="run a few days first, for instance with campaign: {end: ...} set to an early day",
        )
    kept = sum(
        path.stat().st_size
        for name, suffix in (*STEPS.values(), ("seen", ".nc"))
        for path in results.glob(f"*/{name}/*{suffix}")
        if path.parent.parent.name.isdigit()
    )
    sizes = [granule["size_bytes"] for document in receipts for granule in document["granules"]]
    per_job = days / len(receipts)
    total = (config.campaign.end - config.campaign.start).days + 1
    return Needs(
        measured_days=days,
        days=total,
        steps=[needs for step in STEPS if (needs := _step(results, step, per_job))],
        kept_bytes=kept / days,
        fetched_bytes=sum(document["bytes"] for document in receipts) / days,
        largest_granule=max(sizes, default=0),
    )


def _step(results: Path, step: str, days_per_job: float) -> StepNeeds | None:
    rows = []
    for path in sorted((results / "benchmarks").glob(f"*/{step}/*.tsv")):
        with path.open() as stream:
            rows.append(next(csv.DictReader(stream, delimiter="\t"), {}))
    wall, cpu, memory = (_numbers(rows, name) for name in ("s", "cpu_time", "max_rss"))
    if not wall or not cpu:
        return None
    scale = 1 / days_per_job
    return StepNeeds(
        step, len(rows), scale * sum(wall) / len(wall), scale * sum(cpu) / len(cpu), max(memory, default=0.0)
    )


def _numbers(rows: Sequence[dict[str, str]], name: str) -> list[float]:
    found = []
    for row in rows:
        try:
            found.append(float(row[name]))
        except (KeyError, ValueError):
            continue
    return found


def needs_lines(needs: Needs, config: Config) -> list[str]:
    """Lay the needs out for a terminal."""
    lines = [
        f"measured on {needs.measured_days} days, for {needs.days}",
        f"{'step':20}{'jobs':>6}{'wall s':>9}{'CPU s':>9}{'MB':>8}   a day",
        *(f"{s.step:20}{s.jobs:>6}{s.wall_s:>9.1f}{s.cpu_s:>9.1f}{s.memory_mb:>8.0f}" for s in needs.steps),
        f"CPU      {number_words(needs.cpu_h)} h",
        f"disk     {byte_words(needs.days * needs.kept_bytes)} of products of days",
        f"read     {byte_words(needs.days * needs.fetched_bytes)} of granules",
    ]
    archive = config.archive
    if archive.source in ("cdse", "s3"):
        staged = archive.connections * needs.largest_granule
        lines.append(f"staged   {byte_words(staged)} at most, {archive.connections} granules at a time")
        if archive.quota_bytes:
            spans = needs.days * needs.fetched_bytes / archive.quota_bytes
            lines.append(
                f"quota    {number_words(spans)} times {byte_words(archive.quota_bytes)} in {archive.quota_days} days"
            )
    return lines
