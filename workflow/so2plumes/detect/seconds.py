"""Where the time of a job goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Seconds:
    """Wall-clock seconds by stage, in the order in which the stages were first seen."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}

    def add(self, stage: str, seconds: float) -> None:
        """Add to a stage."""
        self._spent[stage] = self._spent.get(stage, 0.0) + seconds

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Add what the block takes, also when it fails."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - began)

    def __getitem__(self, stage: str) -> float:
        return self._spent.get(stage, 0.0)

    def __str__(self) -> str:
        return ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in self._spent.items())
