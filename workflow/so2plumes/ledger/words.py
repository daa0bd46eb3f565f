"""The ledger as text for a terminal and as JSON for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from so2plumes.ledger.days import Job
from so2plumes.ledger.summary import Ledger, YearLedger

EXIT_STATUS = {"finished": 0, "stopped": 3, "not_started": 3, "running": 4, "failed": 5}
"""Exit status of ``so2plumes status``; running with failures counts as failed."""

STATE_WORDS = {
    "finished": "finished: all days and all reports",
    "running": "running",
    "failed": "failures, nothing runs",
    "stopped": "nothing runs, and it is not finished; start Snakemake again to go on",
    "not_started": "not started",
}
NO_JOB = "no job at this moment; Snakemake runs"
DAY_WORDS = {
    "done": "done",
    "not_seen": "not seen (finished, but no granule could be used)",
    "running": "running",
    "failed": "failed",
    "begun": "begun",
    "waiting": "waiting",
}
_SHOWN = 8


def exit_status(ledger: Ledger) -> int:
    """Exit status of the command for scripts."""
    return EXIT_STATUS["failed" if ledger.failures else ledger.state]


def time_words(seconds: float | None) -> str:
    """Duration as a person says it; empty where it is not known."""
    if seconds is None:
        return ""
    minutes = seconds / 60
    if minutes < 90:
        return f"{max(minutes, 1):.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} days"


def byte_words(count: float) -> str:
    """Bytes with a decimal unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{number_words(count)} {unit}"
        count /= 1000
    return f"{number_words(count)} TB"


def number_words(value: float) -> str:
    """Three digits that count, never as a power of ten up to a million."""
    return f"{float(f'{value:.3g}'):g}"


def time_left_words(ledger: Ledger) -> str:
    """Pace and time left; empty where neither is known."""
    if ledger.seconds_left is None or ledger.days_per_hour is None:
        return ""
    pace = f"{number_words(ledger.days_per_hour)} days per hour"
    left = time_words(ledger.seconds_left)
    return (
        f"{left} left at {pace}"
        if ledger.state == "running"
        else f"about {left} of work left, at the earlier pace of {pace}"
    )


def job_name(job: Job) -> str:
    """Step and period of a job."""
    return f"{job.step} {job.period}".strip()


def status_lines(ledger: Ledger) -> list[str]:
    """Lay the ledger out for a terminal."""
    days = ledger.days
    lines = [
        f"{ledger.name}, {ledger.first_day} to {ledger.last_day}, in {ledger.results}",
        STATE_WORDS[ledger.state],
        "",
        f"{'days':10}{sum(days.values()):>6}",
        *(f"  {days[name]:>14}  {words}" for name, words in DAY_WORDS.items() if days[name] or name == "done"),
        f"{'plumes':10}{ledger.plumes:>6}",
        f"{'granules':10}{_granule_words(ledger)}",
        f"{'bytes':10}{byte_words(ledger.fetched_bytes)} fetched",
    ]
    if left := time_left_words(ledger):
        lines.append(f"{'time':10}{left}")
    if len(ledger.years) > 1:
        lines += ["", *_year_lines(ledger.years)]
    if ledger.running:
        lines += ["", f"running: {_some([job_name(job) for job in ledger.running])}"]
    elif ledger.state == "running":
        lines += ["", f"running: {NO_JOB}"]
    for failure in ledger.failures:
        lines += [
            "",
            f"failed, {failure.reason}: {failure.meaning}",
            f"  {_some([job_name(job) for job in failure.jobs])}",
            f"  log to open: {failure.log}",
        ]
    return lines


def _granule_words(ledger: Ledger) -> str:
    counts = ledger.granules
    return ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in sorted(counts)) or "none accounted for"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _year_lines(years: Sequence[YearLedger]) -> list[str]:
    head = f"{'year':6}" + "".join(f"{name.replace('_', ' '):>10}" for name in DAY_WORDS) + f"{'plumes':>10}  report"
    rows = [
        f"{year.year:<6}"
        + "".join(f"{year.days[name]:>10}" for name in DAY_WORDS)
        + f"{year.plumes:>10}  {'yes' if year.reported else 'no'}"
        for year in years
    ]
    return [head, *rows]


def status_document(ledger: Ledger) -> dict[str, Any]:
    """Lay the ledger out for JSON."""
    return {
        "campaign": ledger.name,
        "results": str(ledger.results),
        "first_day": ledger.first_day,
        "last_day": ledger.last_day,
        "read_at": datetime.fromtimestamp(ledger.read_at, UTC).isoformat(timespec="seconds"),
        "state": ledger.state,
        "days": ledger.days,
        "granules": ledger.granules,
        "fetched_bytes": ledger.fetched_bytes,
        "plumes": ledger.plumes,
        "days_per_hour": ledger.days_per_hour,
        "seconds_left": ledger.seconds_left,
        "years": [
            {
                "year": year.year,
                "days": dict(year.days),
                "granules": dict(year.granules),
                "fetched_bytes": year.fetched_bytes,
                "plumes": year.plumes,
                "reported": year.reported,
            }
            for year in ledger.years
        ],
        "running": [_job_document(job) for job in ledger.running],
        "failures": [
            {
                "reason": failure.reason,
                "meaning": failure.meaning,
                "log": str(failure.log),
                "jobs": [_job_document(job) for job in failure.jobs],
            }
            for failure in ledger.failures
        ],
    }


def _job_document(job: Job) -> dict[str, str]:
    return {"step": job.step, "period": job.period, "log": str(job.log)}
