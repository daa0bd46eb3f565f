"""Let at most so many jobs of the machine do something at once."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from so2plumes.archive.backoff import Timing
from so2plumes.archive.shared import sharing
from so2plumes.errors import ConfigError
from so2plumes.locks import try_lock

log = logging.getLogger(__name__)


def _try_all(folder: Path, count: int) -> tuple[int, int] | None:
    with sharing(folder, "connection locks"):
        for number in range(count):
            handle = try_lock(folder / f"slot-{number}")
            if handle is not None:
                return number, handle
    return None


def _prepare(folder: Path, count: int) -> None:
    if count < 1:
        raise ConfigError("there must be at least one connection", expected="1 or more", found=str(count))
    with sharing(folder, "connection locks"):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def slot(
    folder: str | Path,
    count: int,
    *,
    poll_s: float = 0.5,
    log_every_s: float = 60.0,
    timing: Timing | None = None,
) -> Iterator[int]:
    """Hold one of `count` slots, waiting for it as long as it takes.

    A slot is an advisory lock on a file, which the kernel frees when its process ends, however it ends.

    Parameters
    ----------
    folder : path
        On a local disk, the same for all jobs.
    count : int
        How many may hold a slot at once; must be the same in all jobs.
    poll_s, log_every_s : float
        How often (s) a waiting job looks, and how often it says so.

    Yields
    ------
    int
        Number of the slot, from 0.
    """
    folder, timing = Path(folder), timing or Timing()
    _prepare(folder, count)
    began = said = timing.clock()
    while (held := _try_all(folder, count)) is None:
        now = timing.clock()
        if now - said >= log_every_s:
            said = now
            log.info("waiting for one of %d connections since %.0f s", count, now - began)
        timing.sleep(poll_s)
    number, handle = held
    try:
        yield number
    finally:
        os.close(handle)
