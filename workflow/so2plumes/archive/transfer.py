"""Fetch one granule over HTTPS: whole, verified and under its own name, or not at all.

What each fault leads to is in ``docs/faults.md``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from so2plumes.archive.backoff import Timing
from so2plumes.archive.course import Course, check_digest
from so2plumes.archive.partial import digest_file, locked_part
from so2plumes.archive.progress import LogProgress, Report
from so2plumes.archive.reasons import WrongBody, is_final
from so2plumes.archive.verify import check_identity
from so2plumes.archive.wanted import Download, TokenSource, Transferred, TransferRules
from so2plumes.errors import GranuleError
from so2plumes.swath.names import parse_granule_name

__all__ = ["Download", "TokenSource", "TransferRules", "Transferred", "download"]


def _already_there(course: Course, target: Path) -> Transferred | None:
    if not target.is_file():
        return None
    digest = digest_file(target)
    try:
        check_digest(digest, course.wanted)
        course.notes.extend(check_identity(target, course.request.name))
    except (WrongBody, GranuleError):
        course.note("a file of this name was there and was not the granule; replaced")
        return None
    course.note("it was there already")
    return course.told(target, digest)


def download(
    request: Download,
    target: str | Path,
    tokens: TokenSource | None = None,
    *,
    rules: TransferRules | None = None,
    report: Report | None = None,
    timing: Timing | None = None,
    rng: np.random.Generator | None = None,
) -> Transferred:
    """Fetch one granule.

    A transfer that broke, in this process or an earlier one, is continued from ``<target>.part``. Only one process at a
    time fetches a target; the others wait and find it there.

    Parameters
    ----------
    request : Download
    target : path
        Where the NetCDF file goes; it appears there only when everything about it was verified.
    tokens : TokenSource, optional
        Without it the server is asked without a token.
    rules : TransferRules, optional
    report : callable, optional
        Called with a `Progress` for every piece; logs every 10 s when absent.
    timing, rng : optional
        Clock and sleep, and the generator of the jitter of waits.

    Returns
    -------
    Transferred

    Raises
    ------
    GranuleError
        With a reason of `reasons.FINAL_REASONS` (nothing is kept) or `reasons.PASSING_REASONS` (the part is kept).
    ConfigError
        When the account is refused.
    """
    target = Path(target)
    parse_granule_name(request.name)
    timing, rules = timing or Timing(), rules or TransferRules()
    report, rng = report or LogProgress(clock=timing.clock), rng or np.random.default_rng()
    with locked_part(target) as part:
        course = Course(request, part, tokens, rules, report, timing, rng)
        there = _already_there(course, target)
        if there is not None:
            part.discard()
            return there
        try:
            return course.run(target)
        except GranuleError as error:
            if is_final(error.reason):
                part.discard()
            raise
