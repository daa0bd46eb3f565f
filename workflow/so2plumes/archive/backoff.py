"""Wait between attempts, and know when to stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from so2plumes.archive.reasons import PassingFault
from so2plumes.errors import GranuleError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timing:
    """Clock (s, any origin) and sleep, so that tests need not wait."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Patience:
    """How often and how long to try.

    ``attempts`` counts failures in a row without progress, ``all_attempts`` all failures. Waits double from
    ``first_wait_s`` (or ``throttled_wait_s`` after 429; the data space allows few sessions, and one must end first)
    up to ``longest_wait_s`` and are lengthened by up to ``jitter`` of themselves, so that jobs do not return together.
    """

    attempts: int = 8
    all_attempts: int = 60
    total_s: float = 6 * 3600.0
    first_wait_s: float = 2.0
    throttled_wait_s: float = 60.0
    longest_wait_s: float = 600.0
    jitter: float = 0.25


class Backoff:
    """Counts the failures of one task; `pause` waits, or ends the task with its last fault as a `GranuleError`."""

    def __init__(self, patience: Patience, timing: Timing, rng: np.random.Generator, where: str) -> None:
        self._patience = patience
        self._timing = timing
        self._rng = rng
        self._where = where
        self._failures = 0
        self._in_a_row = 0
        self.deadline = timing.clock() + patience.total_s

    def _wait_s(self, fault: PassingFault) -> float:
        rule = self._patience
        first = rule.throttled_wait_s if fault.reason == "throttled" else rule.first_wait_s
        usual = min(rule.longest_wait_s, first * 2.0 ** min(self._in_a_row - 1, 30))
        # never sooner than the server asked
        asked = max(usual, fault.wait_s) if fault.wait_s is not None and fault.wait_s > 0 else usual
        return asked * (1.0 + rule.jitter * float(self._rng.random()))

    def _end(self, fault: PassingFault, why: str) -> GranuleError:
        tries = f"{self._failures} {'attempt' if self._failures == 1 else 'attempts'}"
        return GranuleError(
            f"{fault.problem}; gave up after {tries}: {why}",
            reason=fault.reason,
            where=self._where,
            found=fault.found,
            remedy="start again later; what was fetched is kept and continued",
        )

    def pause(self, fault: PassingFault, progressed: bool = False) -> None:
        """Wait before the next attempt.

        Raises
        ------
        GranuleError
            With the fault's reason, when attempts or time are used up (or the server asks for more time than is left).
        """
        self._failures += 1
        self._in_a_row = 1 if progressed else self._in_a_row + 1
        if self._in_a_row >= self._patience.attempts or self._failures >= self._patience.all_attempts:
            raise self._end(fault, "no attempts left")
        wait_s = self._wait_s(fault)
        if self._timing.clock() + wait_s > self.deadline:
            raise self._end(
                fault, f"the next would be in {wait_s:.0f} s, past the {self._patience.total_s:.0f} s allowed"
            )
        log.info("%s: %s; again in %.0f s", self._where, fault.problem, wait_s)
        self._timing.sleep(wait_s)
