"""What became of every period: from the times of its products, the endings of its logs and its receipt."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from so2plumes.files import read_json
from so2plumes.joblog import Ending, read_ending
from so2plumes.periods import Period

STEPS = {
    "fetch_swaths": ("receipts", ".json"),
    "detect_plumes": ("probability", ".nc"),
    "extract_plumes": ("chips", ".nc"),
    "fetch_winds": ("winds", ".nc"),
    "estimate_emissions": ("emissions", ".parquet"),
}
"""The steps of a period in their order, with folder and suffix of what each leaves; winds only where they are used."""

LAST = "estimate_emissions"
STATES = ("done", "running", "failed", "begun", "waiting")


@dataclass(frozen=True)
class Job:
    """A job that runs or failed. ``period`` is empty for one of a year or of the campaign."""

    step: str
    period: str
    log: Path
    changed: float
    ending: Ending


@dataclass(frozen=True)
class PeriodState:
    """What became of one period.

    Attributes
    ----------
    period : Period
    state : str
        ``done``, ``running``, ``failed``, ``begun`` (some of its steps are done) or ``waiting``.
    finished : float
        Seconds since 1970 when its last step was done; 0 before.
    job : Job or None
        The job that runs or failed.
    receipt : mapping
        Of the fetched granules; empty before.
    """

    period: Period
    state: str
    finished: float = 0.0
    job: Job | None = None
    receipt: Mapping[str, Any] | None = None

    @property
    def unseen_days(self) -> int:
        """Days of the period of which no granule could be used."""
        return len(self.receipt["days_without_data"]) if self.receipt else 0


@dataclass(frozen=True)
class _Folder:
    """Times of the files of a folder by their stem."""

    path: Path
    suffix: str
    times: Mapping[str, float]

    def file(self, name: str) -> Path:
        return self.path / f"{name}{self.suffix}"


def _folder(path: Path, suffix: str) -> _Folder:
    try:
        with os.scandir(path) as entries:
            times = {e.name.removesuffix(suffix): _time(e) for e in entries if e.name.endswith(suffix)}
    except (FileNotFoundError, NotADirectoryError):
        times = {}
    return _Folder(path, suffix, {name: time for name, time in times.items() if time > 0})


def _time(entry: os.DirEntry[str]) -> float:
    """Modification time, 0 where the file went away in between."""
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def year_states(results: Path, year: int, periods: list[Period]) -> list[PeriodState]:
    """Tell what became of the periods of a year.

    Parameters
    ----------
    results : path
        Results folder of the campaign.
    year : int
    periods : list of Period
    """
    products = {step: _folder(results / str(year) / name, suffix) for step, (name, suffix) in STEPS.items()}
    logs = {step: _folder(results / "logs" / str(year) / step, ".log") for step in STEPS}
    return [_period_state(period, products, logs) for period in periods]


def _period_state(period: Period, products: Mapping[str, _Folder], logs: Mapping[str, _Folder]) -> PeriodState:
    name = period.name
    finished = products[LAST].times.get(name, 0.0)
    job = _open_job(name, finished, logs)
    receipt = _receipt(products["fetch_swaths"], name)
    if job is not None:
        return PeriodState(period, job.ending.state, finished, job, receipt)
    if finished:
        return PeriodState(period, "done", finished, None, receipt)
    begun = any(name in folder.times for folder in products.values())
    return PeriodState(period, "begun" if begun else "waiting", 0.0, None, receipt)


def _open_job(name: str, finished: float, logs: Mapping[str, _Folder]) -> Job | None:
    """Return the latest job of a period where it is not done."""
    latest = max(logs, key=lambda step: logs[step].times.get(name, 0.0))
    changed = logs[latest].times.get(name, 0.0)
    if not changed or (finished and (latest == LAST or changed < finished)):
        return None
    path = logs[latest].file(name)
    ending = read_ending(path)
    if ending is None or ending.state == "done":
        return None
    return Job(latest, name, path, changed, ending)


def _receipt(receipts: _Folder, name: str) -> Mapping[str, Any] | None:
    if name not in receipts.times:
        return None
    try:
        document: Mapping[str, Any] = read_json(receipts.file(name))
        return {key: document[key] for key in ("bytes", "counts", "days_without_data")}
    except (OSError, ValueError, KeyError):
        return None


def other_jobs(results: Path, years: list[int]) -> list[Job]:
    """Return the jobs of years and of the campaign that run or failed."""
    jobs = []
    for name in [*map(str, years), "campaign", "external", ""]:
        for stem, changed in _folder(results / "logs" / name, ".log").times.items():
            path = results / "logs" / name / f"{stem}.log"
            ending = read_ending(path)
            if ending is not None and ending.state != "done":
                jobs.append(Job(stem, name if name.isdigit() else "", path, changed, ending))
    return jobs
