"""Measure how fast a transfer is, and tell it now and then."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """State of one transfer; what is not known is None.

    ``done_bytes`` are on the disk, ``fetched_bytes`` were received by this transfer, in all of its attempts.
    """

    name: str
    done_bytes: int
    total_bytes: int | None
    rate_bytes_s: float
    remaining_s: float | None
    fetched_bytes: int = 0


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Pace:
    """The slowest transfer that is waited for: so many bytes per second over a window (s)."""

    min_rate_bytes_s: float = 10_000.0
    window_s: float = 60.0


class RateMeter:
    """Bytes per second over the last `window_s` seconds."""

    def __init__(self, window_s: float, clock: Callable[[], float]) -> None:
        self._window_s = window_s
        self._clock = clock
        self._began = clock()
        self._pieces: deque[list[float]] = deque()
        self._sum = 0.0

    def add(self, count: int) -> None:
        """Record bytes that came just now; pieces within a hundredth of the window are one."""
        now = self._clock()
        if self._pieces and now - self._pieces[-1][0] < self._window_s / 100.0:
            self._pieces[-1][1] += count
        else:
            self._pieces.append([now, float(count)])
        self._sum += count
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._pieces and now - self._pieces[0][0] > self._window_s:
            self._sum -= self._pieces.popleft()[1]

    @property
    def rate_bytes_s(self) -> float:
        """Rate over the window, or since the start where that is shorter."""
        now = self._clock()
        self._forget(now)
        return self._sum / max(min(now - self._began, self._window_s), 1e-3)

    def slower_than(self, pace: Pace) -> bool:
        """Tell whether a whole window has passed and brought too little."""
        return self._clock() - self._began >= self._window_s and self.rate_bytes_s < pace.min_rate_bytes_s


class LogProgress:
    """Log a transfer at most every `every_s` seconds, the first time after as long."""

    def __init__(self, every_s: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._clock = clock
        self._said = clock()

    def __call__(self, progress: Progress) -> None:
        """Say how far it is, how fast, and how long it will take."""
        now = self._clock()
        if now - self._said < self._every_s:
            return
        self._said = now
        total = "?" if progress.total_bytes is None else f"{progress.total_bytes / 1e6:.1f}"
        remaining = "" if progress.remaining_s is None else f", {progress.remaining_s:.0f} s left"
        log.info(
            "%s: %.1f of %s MB, %.2f MB/s%s",
            progress.name,
            progress.done_bytes / 1e6,
            total,
            progress.rate_bytes_s / 1e6,
            remaining,
        )
