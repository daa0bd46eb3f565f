"""Advisory locks on files: the kernel frees one when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)


@contextmanager
def locked(path: str | Path, waiting: str = "", mode: int = 0o600) -> Iterator[bool]:
    """Lock a file, which is made where it is not there, waiting for its holder.

    The holder may remove the file: whoever waits for it then makes it anew.

    Parameters
    ----------
    path : path
        In an existing folder.
    waiting : str
        Logged once when another process holds it.
    mode : int
        Permissions of a new file.

    Yields
    ------
    bool
        True where another process held it.
    """
    path, waited = Path(path), False
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
        try:
            waited = _take(handle, "" if waited else waiting) or waited
            if _is_still(handle, path):
                yield waited
                return
        finally:
            os.close(handle)


def _take(handle: int, waiting: str) -> bool:
    """Lock an open file; tell whether another process held it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        if waiting:
            log.info("%s", waiting)
        fcntl.flock(handle, fcntl.LOCK_EX)
        return True


def _is_still(handle: int, path: Path) -> bool:
    try:
        return os.fstat(handle).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def try_lock(path: Path) -> int | None:
    """Lock a file, made where it is missing, and return its handle; None while another process holds it.

    Closing the handle frees the lock. Child processes do not inherit it. Put the file on a local disk.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise
    return handle
