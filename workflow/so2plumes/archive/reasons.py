"""Why a transfer failed: the reason codes of receipts, and which of them are worth another try later."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from so2plumes.errors import GranuleError

FINAL_REASONS = {
    "bad_name": "the name is not that of a Level-2 SO2 granule",
    "changed": "the archive holds another version than the granule list (412)",
    "checksum": "two complete bodies in a row had the wrong size or MD5",
    "empty": "the server sent no bytes, twice",
    "identity": "the identity inside the file belongs to another granule",
    "unreadable": "the body cannot be opened as HDF5",
    "vanished": "the archive no longer has the granule (404, 410)",
    "zip": "the zip is damaged or does not hold exactly one .nc file",
}

PASSING_REASONS = {
    "forbidden": "the server refuses the account (403): licence, quota or terms",
    "interrupted": "the connection broke in the middle, too often",
    "no_space": "the disk or the quota is full",
    "not_writable": "the target folder cannot be written",
    "page": "the server sent a page or something else instead of data",
    "redirect": "the server redirects in circles or to an address that is not safe",
    "refused": "the server refuses the request with an unexpected status",
    "server_error": "the server failed (5xx) too often",
    "throttled": "the server says that there are too many requests (429), too often",
    "too_slow": "the server was silent or too slow, too often",
    "unauthorised": "the server does not accept a renewed token (401)",
    "unreachable": "no connection to the server",
}

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_final(reason: str) -> bool:
    """Tell whether asking again later is pointless; what is unknown here is final, as for any other granule error."""
    return reason not in PASSING_REASONS


class PassingFault(Exception):
    """Something that may go away by itself; it never leaves this package.

    ``wait_s`` is what the server asked for (Retry-After), None where it said nothing.
    """

    def __init__(self, reason: str, problem: str, *, found: str | None = None, wait_s: float | None = None) -> None:
        super().__init__(problem)
        self.reason = reason
        self.problem = problem
        self.found = found
        self.wait_s = wait_s


class WrongBody(Exception):
    """A complete body is not what was asked for: thrown away and fetched once more."""

    def __init__(self, reason: str, problem: str, *, expected: str | None = None, found: str | None = None) -> None:
        super().__init__(problem)
        self.reason = reason
        self.problem = problem
        self.expected = expected
        self.found = found


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Say in words why a file cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise GranuleError(
                "there is no space left for the download",
                reason="no_space",
                where=path,
                found=error.strerror,
                remedy="make room and start again; what was fetched is kept and continued",
            ) from error
        raise GranuleError(
            "the download cannot be written",
            reason="not_writable",
            where=path,
            expected="a folder that this user may write",
            found=error.strerror or type(error).__name__,
            remedy="choose another results folder or change its permissions",
        ) from error
