"""A budget of bytes over the last days that all jobs of the machine share: who would exceed it waits."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from so2plumes.archive.progress import LogProgress, Progress, Report
from so2plumes.archive.shared import sharing
from so2plumes.errors import ConfigError
from so2plumes.files import read_json, write_json
from so2plumes.locks import locked

log = logging.getLogger(__name__)

DAY_S = 86400.0
_SAY_AGAIN_S = 6 * 3600.0

Entries = dict[str, list[float]]


class Meter:
    """Reports the progress of a transfer, and knows how many bytes it took."""

    def __init__(self, report: Report | None = None) -> None:
        self._report = report or LogProgress()
        self.fetched_bytes = 0

    def __call__(self, progress: Progress) -> None:
        """Take note of a piece."""
        self.fetched_bytes = progress.fetched_bytes
        self._report(progress)


@dataclass(frozen=True)
class Quota:
    """Bytes that may be fetched within some days.

    The ledger is one file. A transfer enters its size before it begins and corrects it when it ends, so a killed one
    counts in full: the budget is never exceeded, at worst not used up.

    Attributes
    ----------
    ledger : path
        JSON file, the same for all jobs.
    limit_bytes : float
    days : int
        The window moves with the clock: what was fetched so long ago no longer counts.
    now, sleep : callable
        Seconds since 1970, and how to wait.
    poll_s : float
        How often a waiting transfer looks, as another one may have taken less than it reserved.
    """

    ledger: Path
    limit_bytes: float
    days: int = 30
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    poll_s: float = 60.0

    @contextmanager
    def reserved(self, name: str, size_bytes: int, report: Report | None = None) -> Iterator[Meter]:
        """Wait until the budget has room for a transfer, and count what it takes.

        Parameters
        ----------
        name : str
            What is fetched, for the log.
        size_bytes : int
            0 where it is not known: the mean of the transfers that count is entered.
        report : callable, optional
            Passed on to; logs when absent.

        Raises
        ------
        ConfigError
            When the whole budget is smaller than this transfer.
        """
        if size_bytes > self.limit_bytes:
            raise ConfigError(
                f"the byte budget is smaller than {name}",
                where="archive.quota_bytes",
                expected=f"at least {size_bytes}, or null for no budget",
                found=f"{self.limit_bytes:.0f}",
            )
        key, meter = uuid.uuid4().hex, Meter(report)
        self._wait(key, name, size_bytes)
        try:
            yield meter
        finally:
            self._correct(key, name, meter.fetched_bytes)

    def spent_bytes(self) -> float:
        """Bytes of the last days, those of running transfers in full."""
        with self._locked() as entries:
            return _sum(entries)

    def _correct(self, key: str, name: str, fetched_bytes: int) -> None:
        """Enter what a transfer took; where that fails it goes on counting in full, and its own error is not lost."""
        try:
            with self._locked() as entries:
                entries[key] = [self.now(), fetched_bytes]
        except ConfigError as error:
            log.warning("%s counts in full: %s", name, error)

    def _wait(self, key: str, name: str, size_bytes: int) -> None:
        said = -_SAY_AGAIN_S
        while (wait_s := self._enter(key, size_bytes)) > 0:
            now = self.now()
            if now - said >= _SAY_AGAIN_S:
                said = now
                log.warning(
                    "the budget of %.4g GB in %d days is used up: %s waits until about %s UTC. The run may be stopped "
                    "and started again, nothing is lost; archive.quota_bytes changes the budget",
                    self.limit_bytes / 1e9,
                    self.days,
                    name,
                    datetime.fromtimestamp(now + wait_s, UTC).strftime("%Y-%m-%d %H:%M"),
                )
            self.sleep(min(wait_s, self.poll_s))

    def _enter(self, key: str, size_bytes: int) -> float:
        """Enter a transfer where there is room and return 0; else return the seconds until there will be."""
        with self._locked() as entries:
            size_bytes = size_bytes or _mean(entries)
            excess = _sum(entries) + size_bytes - self.limit_bytes
            if excess <= 0:
                entries[key] = [self.now(), size_bytes]
                return 0.0
            for entered, n_bytes in sorted(entries.values()):
                excess -= n_bytes
                if excess <= 0:
                    return max(entered + self.days * DAY_S - self.now(), 1.0)
        return 1.0

    @contextmanager
    def _locked(self) -> Iterator[Entries]:
        """Give the entries that still count; what the block makes of them is kept."""
        with sharing(self.ledger.parent, "count of fetched bytes"):
            self.ledger.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.ledger.with_suffix(".lock")):
                kept, now = self._read(), self.now()
                # one from the future was entered before the clock was set back: it counts from now
                entries = {key: [min(when, now), size] for key, (when, size) in kept.items()}
                entries = {key: entry for key, entry in entries.items() if entry[0] > now - self.days * DAY_S}
                yield entries
                if entries != kept:
                    write_json(self.ledger, {"transfers": entries})

    def _read(self) -> Entries:
        if not self.ledger.is_file():
            return {}
        try:
            transfers: Entries = read_json(self.ledger)["transfers"]
            return {key: [float(when), float(count)] for key, (when, count) in transfers.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ConfigError(
                "the ledger of fetched bytes is damaged",
                where=self.ledger,
                expected='{"transfers": {...}}',
                remedy="remove it; the bytes of the last days are then not counted, so look up your quota first",
            ) from None


def _mean(entries: Entries) -> int:
    known = [n_bytes for _, n_bytes in entries.values() if n_bytes > 0]
    return round(sum(known) / len(known)) if known else 0


def _sum(entries: Entries) -> float:
    return sum(n_bytes for _, n_bytes in entries.values())
