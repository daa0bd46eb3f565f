"""Questions to public servers over HTTP: patient with busy ones, plain about wrong answers.

Nothing here knows an account: no credentials are sent, not even those of a ``.netrc`` file.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import numpy as np
import requests

from so2plumes import __version__
from so2plumes.errors import SO2PlumesError

log = logging.getLogger(__name__)

Result = TypeVar("Result")
_CHUNK_BYTES = 1 << 20
_BUSY = frozenset({408, 429})


class RemoteError(SO2PlumesError):
    """A server does not answer, or not with what was asked for; ``status`` is its last HTTP status, or 0."""

    def __init__(self, problem: str, *, status: int = 0, **parts: str | Path | None) -> None:
        super().__init__(problem, **parts)  # type: ignore[arg-type]
        self.status = status

    def __reduce__(self) -> tuple:
        """Keep the status when an error crosses a process border."""
        parts = {"where": self.where, "expected": self.expected, "found": self.found, "remedy": self.remedy}
        return (_rebuild, (self.problem, self.status, parts))


def _rebuild(problem: str, status: int, parts: dict[str, str | None]) -> RemoteError:
    return RemoteError(problem, status=status, **parts)


class MalformedError(Exception):
    """An answer with a good status that is not what was asked for; the text says what it is."""


class _Passing(Exception):
    """A fault that may be gone at the next attempt."""

    def __init__(self, found: str, status: int = 0, retry_after_s: float | None = None, malformed: bool = False):
        super().__init__(found)
        self.status = status
        self.retry_after_s = retry_after_s
        self.malformed = malformed


@dataclass(frozen=True)
class Patience:
    """How often and how long a server is asked again.

    Waits double from ``first_wait_s`` to ``longest_wait_s``, each shortened at random by up to a half, so that several
    jobs do not come back together, and are never shorter than a Retry-After of the server. No wait begins that would
    end after ``total_s``. An answer that is malformed is asked for ``malformed_attempts`` times.
    """

    attempts: int = 8
    malformed_attempts: int = 2
    first_wait_s: float = 2.0
    longest_wait_s: float = 120.0
    total_s: float = 1800.0
    connect_s: float = 20.0
    read_s: float = 180.0


@dataclass(frozen=True)
class Answer:
    """What a server answered with status 200; ``content`` is empty where it went to a file."""

    url: str
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    size_bytes: int = 0
    sha256: str = ""

    @property
    def content_type(self) -> str:
        """Content type without parameters, in small letters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


class _Session(requests.Session):
    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        """Leave a redirected request without credentials."""


def _no_credentials(request: Any) -> Any:
    return request


class HttpClient:
    """Asks again where a server is busy or a connection breaks, and gives up within bounds.

    Parameters
    ----------
    rng : numpy.random.Generator
        Spreads the waits.
    patience : Patience, optional
    sleep, clock : callables, optional
        Seconds to wait; seconds of a steady clock.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rng = rng
        self._patience = patience or Patience()
        self._sleep = sleep
        self._clock = clock
        self._session = _Session()
        self._session.auth = _no_credentials
        self._session.headers["User-Agent"] = f"so2plumes/{__version__}"

    def ask(self, url: str, read: Callable[[Answer], Result], parameters: Mapping[str, str] | None = None) -> Result:
        """Get an address and read the answer.

        Parameters
        ----------
        url : str
        read : callable
            Makes the result of an `Answer`; raises `MalformedError` where it is not what was asked for.
        parameters : mapping, optional
            Query of the address.

        Raises
        ------
        RemoteError
            The server refuses, stays busy, or answers with something else.
        """
        address = with_query(url, parameters)

        def once() -> Result:
            with self._open(address) as response:
                content = response.content
            digest = hashlib.sha256(content).hexdigest()
            return read(Answer(address, content, response.headers, len(content), digest))

        return self._patiently(address, once)

    def download(self, url: str, path: Path, parameters: Mapping[str, str] | None = None) -> Answer:
        """Stream an answer into a file, which a failed attempt leaves incomplete: give a temporary name.

        Raises
        ------
        RemoteError
            As for `ask`.
        """
        address = with_query(url, parameters)

        def once() -> Answer:
            digest, size = hashlib.sha256(), 0
            with self._open(address) as response, path.open("wb") as stream:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    stream.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
            return Answer(address, b"", response.headers, size, digest.hexdigest())

        return self._patiently(address, once)

    def _open(self, address: str) -> requests.Response:
        limits = (self._patience.connect_s, self._patience.read_s)
        response = self._session.get(address, timeout=limits, stream=True)
        if response.status_code == 200:
            return response
        with response:
            found = f"HTTP {response.status_code}: {describe_body(response.content)}"
        if response.status_code in _BUSY or response.status_code >= 500:
            raise _Passing(found, response.status_code, retry_after_s(response.headers))
        raise RemoteError(
            "the server refuses the question",
            status=response.status_code,
            where=address,
            found=found,
            remedy="check the address; the service may have changed or the data may be gone",
        )

    def _patiently(self, address: str, once: Callable[[], Result]) -> Result:
        begun, malformed = self._clock(), 0
        for attempt in range(1, self._patience.attempts + 1):
            try:
                return _attempt(address, once)
            except _Passing as fault:
                malformed += fault.malformed
                wait = self._wait_s(attempt, fault.retry_after_s)
                late = self._clock() - begun + wait > self._patience.total_s
                if attempt == self._patience.attempts or malformed >= self._patience.malformed_attempts or late:
                    raise _final(address, fault, attempt) from fault.__cause__
                log.warning("%s; asking again in %.0f s (attempt %d): %s", fault, wait, attempt + 1, address)
                self._sleep(wait)
        raise AssertionError("unreachable")

    def _wait_s(self, attempt: int, asked_s: float | None) -> float:
        longest = min(self._patience.longest_wait_s, self._patience.first_wait_s * 2.0 ** (attempt - 1))
        wait = longest * (0.5 + 0.5 * float(self._rng.random()))
        return wait if asked_s is None else max(wait, asked_s * (1 + 0.1 * float(self._rng.random())))


def _attempt(address: str, once: Callable[[], Result]) -> Result:
    try:
        return once()
    except MalformedError as error:
        raise _Passing(str(error), 200, malformed=True) from error
    except requests.exceptions.SSLError as error:
        raise RemoteError(
            "the server's certificate is not trusted",
            where=address,
            found=str(error),
            remedy="check the clock and the certificates of this machine, or its proxy",
        ) from error
    except (
        requests.exceptions.ConnectionError,
        requests.exceptions.Timeout,
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ContentDecodingError,
    ) as error:
        raise _Passing(f"the connection failed ({type(error).__name__}: {error})") from error
    except requests.exceptions.RequestException as error:
        raise RemoteError("the address cannot be asked", where=address, found=str(error)) from error


def _final(address: str, fault: _Passing, attempts: int) -> RemoteError:
    if fault.malformed:
        problem, remedy = "the server's answer is not what was asked for", "open the address in a browser"
    else:
        problem, remedy = "the server does not answer", "try again later; what is there already is kept"
    times = "once" if attempts == 1 else f"{attempts} times"
    return RemoteError(
        f"{problem} (asked {times})", status=fault.status, where=address, found=str(fault), remedy=remedy
    )


def with_query(url: str, parameters: Mapping[str, str] | None) -> str:
    """Add a query with spaces as %20: not every service reads a plus sign as one."""
    if not parameters:
        return url
    return f"{url}?{urlencode(parameters, quote_via=quote, safe='$/(),:')}"


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After (RFC 9110, section 10.2.3) as seconds from now; None where it is absent or senseless.

    A date is compared with the answer's own Date, so that a wrong clock on either side does not matter.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    moment = _http_date(text) if text else None
    if moment is None:
        return None
    sent = _http_date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (moment - sent).total_seconds())


def describe_body(content: bytes) -> str:
    """Say in a few words what a body is that should not be there: a page's title, an XML report's text."""
    text = content[:4000].decode("utf-8", errors="replace").strip()
    if not text:
        return "an empty body"
    if not text.startswith("<"):
        return repr(text[:200])
    title = re.search(r"<title[^>]*>(.*?)</title>", text, flags=re.IGNORECASE | re.DOTALL)
    if title:
        return f"a web page titled {' '.join(title.group(1).split())!r}"
    words = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    kind = "a web page" if "<html" in text.casefold() else "an XML report"
    return f"{kind} that says: {words[:300]}"
