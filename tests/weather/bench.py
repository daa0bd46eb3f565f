"""Time that passes only by waiting, and how long a test is patient."""

from __future__ import annotations

from so2plumes.http import Patience

PATIENCE = Patience(attempts=4, first_wait_s=2.0, longest_wait_s=60.0, total_s=3600.0, read_s=10.0)


class Clock:
    """Time that passes only by waiting."""

    def __init__(self):
        self.now, self.waits = 0.0, []

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds

    def __call__(self):
        return self.now
