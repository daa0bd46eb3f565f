"""Tell a lock that a dead run left from that of a living one.

Snakemake locks a working folder with files, which outlive ``kill -9`` and power cuts. Every run also holds a lock that
the kernel frees when its process ends: where nobody holds that one, the files are left over and can go.
"""

from __future__ import annotations

import fcntl
import os
import shutil
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
        healed = _alone(handle) and locks.is_dir() and any(locks.iterdir())
        if healed:
            shutil.rmtree(locks)
        fcntl.flock(handle, fcntl.LOCK_SH)
    except OSError:
        os.close(handle)
        return FolderHold(None)
    return FolderHold(handle, healed)


def _alone(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
