"""Tell a lock that a dead run left from that of a living one.

Snakemake locks a working folder with files, which outlive ``kill -9`` and power cuts. Every run also holds a lock that
the kernel frees when its process ends: where nobody holds that one, the files are left over and can go.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HEALED = (
    "An earlier run in this folder ended without removing its lock (kill -9, a power cut or the memory limit), and no "
    "other run holds it: the lock is removed, and what that run left half-made is made again."
)


@dataclass(frozen=True)
class FolderHold:
    """Held by a run for as long as its process lives. ``healed`` tells whether an old lock was removed."""

    handle: int | None
    healed: bool = False


def hold_folder(folder: Path) -> FolderHold:
    """Hold a working folder together with other living runs, and remove the lock of dead ones.

    Parameters
    ----------
    folder : path
        The folder ``.snakemake``; where it cannot be written or locked nothing is done.
    """
    locks = folder / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        return FolderHold(None)
    try:
        healed = (_alone(handle) or _alone(handle, after_s=0.05)) and locks.is_dir() and any(locks.iterdir())
        if healed:
            shutil.rmtree(locks)
        fcntl.flock(handle, fcntl.LOCK_SH)
    except OSError:
        os.close(handle)
        return FolderHold(None)
    return FolderHold(handle, healed)


def is_running(folder: Path, made: Iterable[str]) -> bool:
    """Tell whether a living run in a working folder makes some files, also while none of its jobs runs.

    Parameters
    ----------
    folder : path
        The folder ``.snakemake``; nothing in it is changed.
    made : iterable of str
        How the paths of the files begin. A dry run makes none.
    """
    beginnings = tuple(made)
    handle = _opened(folder / "alive")
    if handle is None:
        return False
    try:
        alone = _alone(handle)
    except OSError:
        return False
    finally:
        os.close(handle)
    return not alone and any(line.startswith(beginnings) for line in _locked(folder / "locks"))


def _locked(locks: Path) -> Iterator[str]:
    """Yield the files that runs of Snakemake make."""
    for path in locks.glob("*.output.lock"):
        with suppress(FileNotFoundError):
            yield from path.read_text().splitlines()


def _opened(path: Path) -> int | None:
    """Open for writing, as locks of a network file system need it; otherwise for reading."""
    for mode in (os.O_RDWR, os.O_RDONLY):
        try:
            return os.open(path, mode | os.O_CLOEXEC)
        except OSError:
            continue
    return None


def _alone(handle: int, after_s: float = 0.0) -> bool:
    """Take the lock of a run that is alone. A second try later tells runs from those who only ask."""
    time.sleep(after_s)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
