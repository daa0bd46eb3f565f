"""Give every job a GPU of its own: one lock per device.

Snakemake counts GPUs (``--resources gpu=2``) but does not choose them.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from so2plumes.errors import ConfigError
from so2plumes.locks import try_lock

log = logging.getLogger(__name__)

VARIABLE = "CUDA_VISIBLE_DEVICES"


def visible_devices(environment: Mapping[str, str], files: Path = Path("/dev")) -> list[str]:
    """Return the devices that this job may use, as CUDA_VISIBLE_DEVICES names them.

    Where the variable is set (SLURM sets it, people do), these are all there are; as in CUDA the list ends before the
    first -1. Elsewhere they are the NVIDIA devices of the machine, by number.
    """
    named = environment.get(VARIABLE)
    if named is not None:
        devices: list[str] = []
        for name in (part.strip() for part in named.split(",")):
            if name in ("", "-1", "NoDevFiles"):
                break
            devices.append(name)
        return devices
    numbers = (re.fullmatch(r"nvidia(\d+)", path.name) for path in files.glob("nvidia*"))
    return [str(number) for number in sorted(int(match[1]) for match in numbers if match)]


def is_built_for_cpus(backend: str) -> bool:
    """Tell whether the installed backend of Keras cannot use a GPU, without importing it."""
    if backend != "tensorflow":
        return False
    installed = {name for name in ("tensorflow", "tensorflow-cpu") if _is_installed(name)}
    return installed == {"tensorflow-cpu"}


def _is_installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def lock_folder(environment: Mapping[str, str], base: Path | None = None) -> Path:
    """Return the folder of the locks of this user, made where it is missing.

    Within a SLURM job it is one of that job: SLURM gives jobs different devices but may call all of them 0.

    Raises
    ------
    ConfigError
        When somebody else owns the folder.
    """
    folder = (base or Path(tempfile.gettempdir())) / f"so2plumes-gpu-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or folder.is_symlink():
        raise ConfigError(
            "the folder of the GPU locks belongs to somebody else",
            where=folder,
            expected=f"user {os.getuid()}",
            found=f"user {found.st_uid}",
            remedy="set TMPDIR to a folder of yours on a local disk, the same for all jobs",
        )
    job = environment.get("SLURM_JOB_ID")
    if job:
        folder = folder / f"slurm-{job}"
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _lock_first(devices: Sequence[str], folder: Path) -> tuple[str, int] | None:
    for device in devices:
        handle = try_lock(folder / re.sub(r"[^\w.-]", "_", device))
        if handle is not None:
            return device, handle
    return None


@contextmanager
def own_device(
    devices: Sequence[str], folder: Path, *, poll_s: float = 0.5, log_every_s: float = 60.0
) -> Iterator[str]:
    """Hold one of `devices`, waiting as long as others hold all of them.

    Parameters
    ----------
    devices : sequence of str
        Names, at least one.
    folder : path
        Of the locks; on a local disk, the same for all jobs.
    poll_s, log_every_s : float
        How often (s) a waiting job looks, and how often it says so.

    Yields
    ------
    str
        Name of the device.

    Raises
    ------
    ConfigError
        When there is no device.
    """
    if not devices:
        raise ConfigError(
            "no GPU is visible",
            where="detect.engine: gpu",
            expected=f"an NVIDIA device; {VARIABLE} is {os.environ.get(VARIABLE, 'not set')}",
            remedy="run on a machine with a GPU, or set detect.engine to auto",
        )
    began = said = time.monotonic()
    while (held := _lock_first(devices, folder)) is None:
        now = time.monotonic()
        if now - said >= log_every_s:
            said = now
            log.info("waiting for one of %d GPUs since %.0f s", len(devices), now - began)
        time.sleep(poll_s)
    device, handle = held
    try:
        yield device
    finally:
        os.close(handle)
