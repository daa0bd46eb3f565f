"""The log of one job: how it is begun, how it ends, and how to read from it what became of the job.

A job holds a lock on its log while it runs, which the kernel frees however the job ends. A log therefore says at any
moment whether its job runs, is done, failed (with a reason code), or ended without a word, as after ``kill -9``.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from so2plumes.errors import GranuleError, SO2PlumesError

log = logging.getLogger(__name__)

REASONS = {
    "interrupted_by_user": "stopped with Ctrl-C",
    "killed": "ended without a word: kill -9, a power cut, or the memory limit of the machine or the cluster",
    "no_space": "the disk or the quota is full",
    "not_permitted": "a file or folder belongs to somebody else",
    "out_of_memory": "the job wanted more memory than there is",
    "read_only": "the file system can only be read",
    "terminated": "told to end: a time limit, a cancelled job, or a shutdown",
}
"""Reason codes of endings that no error class of the campaign stands for."""

_ERRNO = {
    errno.ENOSPC: "no_space",
    errno.EDQUOT: "no_space",
    errno.EROFS: "read_only",
    errno.EACCES: "not_permitted",
    errno.EPERM: "not_permitted",
    errno.ENOMEM: "out_of_memory",
}
_TAIL_BYTES = 4096
_ENDING = re.compile(r"^\d\d:\d\d:\d\d [a-z-]+: (?:(done) in [\d.]+ s|failed after [\d.]+ s: (\S+))$", re.M)


class Terminated(BaseException):
    """The job was told to end by a signal."""


@dataclass(frozen=True)
class Ending:
    """What a log says: ``running``, ``done`` or ``failed`` with a reason code."""

    state: str
    reason: str = ""


def reason_of(error: BaseException) -> str:
    """Return the reason code of an error."""
    if isinstance(error, GranuleError):
        return error.reason
    if isinstance(error, SO2PlumesError):
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()
    if isinstance(error, KeyboardInterrupt):
        return "interrupted_by_user"
    if isinstance(error, Terminated):
        return "terminated"
    if isinstance(error, MemoryError):
        return "out_of_memory"
    if isinstance(error, OSError) and error.errno in _ERRNO:
        return _ERRNO[error.errno]
    return f"unexpected_{type(error).__name__}"


def start_logging(command: str, path: Path | None) -> None:
    """Send messages to the terminal and, where a path is given and can be written, to the log of the job."""
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    problem = None
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handlers.append(_locked_handler(path))
        except OSError as error:
            problem = error
    logging.basicConfig(
        level=logging.INFO,
        format=f"%(asctime)s {command}: %(message)s",
        datefmt="%H:%M:%S",
        handlers=handlers,
        force=True,
    )
    logging.captureWarnings(True)
    if problem is not None:
        log.warning("no log is kept in %s: %s", path, problem.strerror)
    elif path is not None:
        log.info("process %d on %s", os.getpid(), os.uname().nodename)


def _locked_handler(path: Path) -> logging.FileHandler:
    handler = logging.FileHandler(path, mode="w")
    assert handler.stream is not None
    for _ in range(5):
        try:
            fcntl.flock(handler.stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            time.sleep(0.02)
    return handler


@contextmanager
def ending_on_signal() -> Iterator[None]:
    """Raise `Terminated` where the process is told to end, so that it can say so and remove what is half-written."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated(signal.Signals(number).name)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: Any = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def read_ending(path: Path) -> Ending | None:
    """Read from its log what became of a job; None where there is no log, or nothing in it."""
    try:
        with path.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(stream.tell() - _TAIL_BYTES, 0))
            text = stream.read().decode("utf-8", "replace")
            if not text:
                return None
            if said := _ENDING.findall(text):
                done, reason = said[-1]
                return Ending("done") if done else Ending("failed", reason)
            return Ending("running") if _is_held(stream.fileno()) else Ending("failed", "killed")
    except FileNotFoundError:
        return None


def _is_held(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.flock(handle, fcntl.LOCK_UN)
    return False
