"""A download that is not finished: the bytes so far, and what they belong to."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from so2plumes.archive.reasons import storing
from so2plumes.locks import locked


@dataclass(frozen=True)
class Digest:
    """Size and checksums (hexadecimal) of some bytes."""

    size_bytes: int
    md5: str
    sha256: str


@dataclass(frozen=True)
class Belonging:
    """Whose bytes a part holds: what the catalogue says and what the server said when it began to send.

    ``etag`` is a strong validator (RFC 9110, section 8.8.3) or None; ``total_bytes`` the length of the whole body.
    """

    name: str
    size_bytes: int | None
    md5: str | None
    etag: str | None = None
    total_bytes: int | None = None


class _Hashes:
    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self.length = 0

    def add(self, data: bytes) -> None:
        self._md5.update(data)
        self._sha256.update(data)
        self.length += len(data)

    def digest(self) -> Digest:
        return Digest(self.length, self._md5.hexdigest(), self._sha256.hexdigest())


def _hash_file(path: Path) -> _Hashes:
    hashes = _Hashes()
    with open(path, "rb") as stream:
        while piece := stream.read(1 << 20):
            hashes.add(piece)
    return hashes


def digest_file(path: Path) -> Digest:
    """Return size and checksums of a file."""
    return _hash_file(path).digest()


class Part:
    """``<target>.part`` and, beside it, a small file that says what it belongs to and serves as its lock."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self.sidecar = target.with_name(f"{target.name}.part.json")
        self._stream: BinaryIO | None = None
        self._hashes = _Hashes()

    @property
    def length(self) -> int:
        """Bytes so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def belonging(self) -> Belonging | None:
        """Read whose bytes these are; None where that is not known for sure."""
        try:
            return Belonging(**json.loads(self.sidecar.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def usable_for(self, wanted: Belonging) -> Belonging | None:
        """Return the belonging of a part that may be continued: same object, and a way to prove it at the end."""
        found = self.belonging()
        if found is None or not self.length:
            return None
        same = (found.name, found.size_bytes, found.md5) == (wanted.name, wanted.size_bytes, wanted.md5)
        provable = found.md5 is not None or found.etag is not None
        fits = found.total_bytes is None or self.length <= found.total_bytes
        return found if same and provable and fits else None

    def begin(self, belonging: Belonging) -> None:
        """Start from nothing."""
        self.close()
        with storing(self.path):
            self.path.unlink(missing_ok=True)
            # in place: the lock is on this very file; a torn write reads as unknown, and the part is not used
            self.sidecar.write_text(json.dumps(asdict(belonging)))
            self._stream = open(self.path, "ab", buffering=0)  # noqa: SIM115
        self._hashes = _Hashes()

    def resume(self) -> None:
        """Open for more and read the checksums of what is there."""
        self.close()
        with storing(self.path):
            self._hashes = _hash_file(self.path)
            self._stream = open(self.path, "ab", buffering=0)  # noqa: SIM115

    def append(self, data: bytes) -> None:
        """Write more bytes."""
        if self._stream is None:
            raise RuntimeError("begin or resume first")
        view = memoryview(data)
        with storing(self.path):
            while view:
                view = view[self._stream.write(view) :]
        self._hashes.add(data)

    def digest(self) -> Digest:
        """Size and checksums of all bytes so far, as they came or, if they came earlier, from the disk."""
        return self._hashes.digest() if self._hashes.length == self.length else digest_file(self.path)

    def close(self) -> None:
        """Close the file; the lock stays."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def discard(self) -> None:
        """Remove the bytes."""
        self.close()
        self.path.unlink(missing_ok=True)
        self._hashes = _Hashes()

    def become(self, target: Path) -> None:
        """Take the place of `target`, on the disk before in name."""
        self.close()
        with storing(target):
            with open(self.path, "rb+") as stream:
                os.fsync(stream.fileno())
            os.replace(self.path, target)


@contextmanager
def locked_part(target: Path) -> Iterator[Part]:
    """Hold the part of a target alone; the kernel frees it when the process ends, however it ends.

    A part that is empty or finished leaves nothing behind.
    """
    with storing(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    part = Part(target)
    with ExitStack() as held:
        with storing(part.sidecar):
            held.enter_context(locked(part.sidecar, f"{target.name}: another job is fetching it, waiting", 0o644))
        try:
            yield part
        finally:
            part.close()
            if not part.length:
                part.path.unlink(missing_ok=True)
                part.sidecar.unlink(missing_ok=True)
