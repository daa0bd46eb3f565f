"""The ledger of a campaign: days by state, bytes, plumes, pace, and failures grouped by reason."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from so2plumes.archive.reasons import FINAL_REASONS, PASSING_REASONS
from so2plumes.config import Config
from so2plumes.folder import is_running
from so2plumes.joblog import REASONS
from so2plumes.ledger.days import STATES, Job, PeriodState, other_jobs, year_states
from so2plumes.periods import campaign_years, year_periods

PAUSE_S = 3 * 3600.0
PACE_PERIODS = 200

_CLASSES = {
    "config": "the configuration, or something that it names, cannot be used",
    "external_data": "a file of GVP or EDGAR does not have the documented layout",
    "geometry": "corners, outlines or areas cannot be built",
    "model": "the weights of the detector cannot be used",
    "table": "a file of an earlier step is not whole or was written by another version",
}


@dataclass(frozen=True)
class Failure:
    """Jobs that ended for the same reason; ``log`` is that of the latest."""

    reason: str
    meaning: str
    jobs: tuple[Job, ...]

    @property
    def log(self) -> Path:
        """Log to open first."""
        return max(self.jobs, key=lambda job: job.changed).log


@dataclass(frozen=True)
class YearLedger:
    """One year. ``days`` counts days by state and ``not_seen``; ``reported`` tells whether its report is there."""

    year: int
    days: Mapping[str, int]
    granules: Mapping[str, int]
    fetched_bytes: int
    plumes: int
    reported: bool


@dataclass(frozen=True)
class Ledger:
    """What became of a campaign so far.

    Attributes
    ----------
    state : str
        ``finished``, ``running`` (a job, or a run that waits for one), ``failed`` (nothing runs and something failed),
        ``stopped`` or ``not_started``.
    days_per_hour : float or None
        Over the last 200 finished periods without a pause of three hours; None with fewer than two.
    seconds_left : float or None
        For the days that are not done, at that pace.
    """

    name: str
    results: Path
    first_day: str
    last_day: str
    state: str
    years: Sequence[YearLedger]
    running: Sequence[Job] = ()
    failures: Sequence[Failure] = ()
    days_per_hour: float | None = None
    seconds_left: float | None = None
    read_at: float = field(default_factory=time.time)

    @property
    def days(self) -> dict[str, int]:
        """Days of the campaign by state."""
        return _summed(year.days for year in self.years)

    @property
    def granules(self) -> dict[str, int]:
        """Granules of the receipts by status."""
        return _summed(year.granules for year in self.years)

    @property
    def fetched_bytes(self) -> int:
        """Bytes of the granules that were read."""
        return sum(year.fetched_bytes for year in self.years)

    @property
    def plumes(self) -> int:
        """Plumes so far."""
        return sum(year.plumes for year in self.years)


def read_ledger(config: Config, root: Path = Path()) -> Ledger:
    """Read the ledger of a campaign from its files, whether or not it runs.

    Parameters
    ----------
    config : Config
    root : path
        Folder in which the workflow runs.
    """
    results, campaign = root / config.results, config.campaign
    years = campaign_years(campaign.start, campaign.end)
    states = {
        year: year_states(results, year, year_periods(campaign.start, campaign.end, year, campaign.unit))
        for year in years
    }
    periods = [state for year in years for state in states[year]]
    jobs = [state.job for state in periods if state.job is not None] + other_jobs(results, years)
    running = [job for job in jobs if job.ending.state == "running"]
    failures = _grouped([job for job in jobs if job.ending.state == "failed"])
    ledgers = [_year_ledger(results, year, states[year]) for year in years]
    whole = all(year.reported for year in ledgers) and (results / "campaign" / "report.html").is_file()
    pace = days_per_hour(periods)
    left = sum(len(state.period.dates) for state in periods if state.state != "done")
    return Ledger(
        name=campaign.name,
        results=results,
        first_day=campaign.start.isoformat(),
        last_day=campaign.end.isoformat(),
        state=_state(periods, bool(running) or _is_running(config, root), failures, whole),
        years=ledgers,
        running=running,
        failures=failures,
        days_per_hour=pace,
        seconds_left=3600 * left / pace if pace and left else None,
    )


def _is_running(config: Config, root: Path) -> bool:
    """Tell whether a run of this campaign lives: between two jobs, or while all of them wait in a queue, none runs."""
    folders = [*map(str, campaign_years(config.campaign.start, config.campaign.end)), "campaign"]
    return is_running(root / ".snakemake", [f"{os.path.normpath(config.results)}/{name}/" for name in folders])


def _state(periods: Sequence[PeriodState], running: bool, failures: Sequence[Failure], whole: bool) -> str:
    if running:
        return "running"
    if failures:
        return "failed"
    states = {state.state for state in periods}
    if states == {"done"} and whole:
        return "finished"
    return "not_started" if states == {"waiting"} else "stopped"


def _year_ledger(results: Path, year: int, states: Sequence[PeriodState]) -> YearLedger:
    days = dict.fromkeys((*STATES, "not_seen"), 0)
    granules: dict[str, int] = {}
    fetched = 0
    for state in states:
        unseen = state.unseen_days if state.state == "done" else 0
        days[state.state] += len(state.period.dates) - unseen
        days["not_seen"] += unseen
        if state.receipt:
            fetched += int(state.receipt["bytes"])
            granules = _summed([granules, state.receipt["counts"]])
    return YearLedger(
        year=year,
        days=days,
        granules=granules,
        fetched_bytes=fetched,
        plumes=_plumes(results / str(year), states),
        reported=(results / str(year) / "report.html").is_file(),
    )


def _plumes(folder: Path, states: Sequence[PeriodState]) -> int:
    """Count the plumes of a year: one table where it is newer than all of its periods, otherwise theirs."""
    finished = [state for state in states if state.finished]
    if not finished:
        return 0
    import pyarrow.parquet as pq

    table = folder / "plumes.parquet"
    paths = [folder / "emissions" / f"{state.period.name}.parquet" for state in finished]
    if table.is_file() and table.stat().st_mtime >= max(state.finished for state in finished):
        paths = [table] if len(finished) == len(states) else paths
    count = 0
    for path in paths:
        try:
            count += pq.read_metadata(path).num_rows
        except FileNotFoundError:
            continue
    return count


def days_per_hour(periods: Iterable[PeriodState]) -> float | None:
    """Return the pace of the latest stretch of work, days per hour; None where it cannot be told."""
    finished = sorted(((state.finished, len(state.period.dates)) for state in periods if state.finished), reverse=True)
    days, newest = 0, finished[0][0] if finished else 0.0
    oldest = newest
    for (later, later_days), (earlier, _) in zip(finished[:PACE_PERIODS], finished[1:], strict=False):
        if later - earlier > PAUSE_S:
            break
        days, oldest = days + later_days, earlier
    return 3600 * days / (newest - oldest) if newest > oldest else None


def meaning_of(reason: str) -> str:
    """Explain a reason code."""
    for known in (REASONS, PASSING_REASONS, FINAL_REASONS, _CLASSES):
        if reason in known:
            return known[reason]
    return "an error that the campaign does not foresee: please report it with the log"


def _grouped(jobs: Sequence[Job]) -> list[Failure]:
    reasons = {job.ending.reason for job in jobs}
    groups = [
        Failure(reason, meaning_of(reason), tuple(job for job in jobs if job.ending.reason == reason))
        for reason in reasons
    ]
    return sorted(groups, key=lambda group: (-len(group.jobs), group.reason))


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            total[name] = total.get(name, 0) + count
    return total
