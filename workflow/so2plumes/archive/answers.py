"""Ask for a body over HTTP and follow redirects without giving the token away."""

from __future__ import annotations

import html
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from so2plumes.archive.reasons import PassingFault
from so2plumes.errors import GranuleError

CHUNK_BYTES = 1 << 18
PAGE_BYTES = 1 << 14
_SHORTEST_SECRET = 8
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port: whom a token is shown to (RFC 6454)."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """Read the origin of a URL; a bare host means HTTPS."""
        parts = urlsplit(url if "://" in url else f"https://{url}")
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in _PORTS or not parts.hostname or port == -1:
            raise GranuleError(
                "this is not an address to download from",
                reason="redirect",
                expected="http:// or https:// and a host",
                found=without_query(url),
                remedy="check archive settings; if the server redirected here, tell its operator",
            )
        return cls(parts.scheme, parts.hostname, port or _PORTS[parts.scheme])

    @property
    def private(self) -> bool:
        """True where nobody between can read what is sent: TLS, or this machine."""
        if self.scheme == "https" or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True)
class Route:
    """Where redirects may lead and how long a silent server is waited for.

    ``trusted_origins`` are the origins, beside that of the first address, which may see the token.
    """

    trusted_origins: tuple[str, ...] = (
        "https://download.dataspace.copernicus.eu",
        "https://zipper.dataspace.copernicus.eu",
        "https://catalogue.dataspace.copernicus.eu",
    )
    max_redirects: int = 5
    connect_timeout_s: float = 30.0
    read_timeout_s: float = 60.0


@dataclass(frozen=True)
class Answer:
    """Status and headers of the last hop, and its body to be read in pieces."""

    status: int
    headers: Mapping[str, str]
    url: str
    authorised: bool
    _response: Any = field(repr=False)
    _secrets: tuple[str, ...] = field(repr=False, default=())

    def read(self) -> bytes:
        """Return the bytes that are there, at least one; none at the end of the body."""
        with reading():
            return self._response.raw.read1(CHUNK_BYTES, decode_content=False)

    def read_at_least(self, count: int) -> bytes:
        """Return at least `count` bytes, or the whole body where it is shorter."""
        pieces, length = [], 0
        while length < count and (piece := self.read()):
            pieces.append(piece)
            length += len(piece)
        return b"".join(pieces)

    @property
    def length(self) -> int | None:
        """Content-Length, where it is a number."""
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() else None

    @cached_property
    def _rest_of_page(self) -> bytes:
        with suppress(PassingFault):
            return self.read_at_least(PAGE_BYTES)
        return b""

    def page(self, start: bytes = b"") -> str:
        """Say in a few words what an unwanted body tells, given what has been read of it."""
        return page_words((start + self._rest_of_page)[:PAGE_BYTES], self._secrets)


def secrets_of(url: str) -> tuple[str, ...]:
    """Values of the query of an address, which may be a signature, as they stand there and in plain letters."""
    plain = [value for _, value in parse_qsl(urlsplit(url).query) if len(value) >= _SHORTEST_SECRET]
    return (*plain, *(quote(value, safe="") for value in plain))


def without_query(url: str) -> str:
    """Drop query, fragment and user information: signed addresses and passwords are not for logs."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _json_words(text: str) -> str | None:
    try:
        content = json.loads(text)
    except ValueError:
        return None
    content = content.get("error", content) if isinstance(content, dict) else content
    if isinstance(content, dict):
        content = next((content[key] for key in ("message", "detail", "title", "code") if key in content), "")
    return str(content)


def page_words(body: bytes, secrets: Sequence[str] = ()) -> str:
    """Return the title of an HTML page, the message of an XML or JSON answer, or the first bytes, without secrets."""
    text = body.decode("utf-8", errors="replace")
    for secret in secrets:
        text = text.replace(secret, "***").replace(html.escape(secret), "***")
    words = _json_words(text) if text.lstrip()[:1] in ("{", "[") else None
    if words is None:
        match = re.search(r"<(title|h1|message|\w*:?ExceptionText)\b[^>]*>(.*?)</", text, re.IGNORECASE | re.DOTALL)
        words = html.unescape(match[2]) if match else text
    words = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(words.split())[:200]


def fault_words(error: BaseException) -> str:
    """Name a network error by its innermost cause, without addresses."""
    seen: BaseException | None = error
    words = type(error).__name__
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            words = seen.strerror
        inner = next((arg for arg in seen.args if isinstance(arg, BaseException)), None)
        reason = getattr(seen, "reason", None)
        seen = inner or (reason if isinstance(reason, BaseException) else None) or seen.__cause__ or seen.__context__
    return words


@contextmanager
def opening(host: str) -> Iterator[None]:
    """Turn whatever stands between here and an answer's headers into a `PassingFault`."""
    import requests

    try:
        yield
    except requests.exceptions.ReadTimeout:
        raise PassingFault("too_slow", f"{host} does not answer") from None
    except (requests.exceptions.RequestException, OSError) as error:
        raise PassingFault("unreachable", f"no connection to {host}", found=fault_words(error)) from None


@contextmanager
def reading() -> Iterator[None]:
    """Turn a broken or silent body into a `PassingFault`."""
    import http.client

    import requests
    import urllib3

    try:
        yield
    except (urllib3.exceptions.ReadTimeoutError, requests.exceptions.ReadTimeout, TimeoutError):
        raise PassingFault("too_slow", "the server fell silent in the middle") from None
    except (
        urllib3.exceptions.HTTPError,
        requests.exceptions.RequestException,
        http.client.HTTPException,
        OSError,
    ) as error:
        raise PassingFault("interrupted", "the connection broke in the middle", found=fault_words(error)) from None


def _bad_redirect(problem: str, url: str, found: str) -> GranuleError:
    return GranuleError(
        problem, reason="redirect", where=without_query(url), found=found, remedy="tell the operator of the archive"
    )


def _next_hop(url: str, location: str | None) -> str:
    if not location:
        raise _bad_redirect("the server redirects to nowhere", url, "no Location")
    target = urljoin(url, location)
    if Origin.of(url).scheme == "https" and Origin.of(target).scheme != "https":
        raise _bad_redirect("the server redirects from HTTPS to plain HTTP", url, without_query(target))
    return target


def _silent(request: Any) -> Any:
    """Give requests an authentication that adds nothing: otherwise it would add what ~/.netrc has for the host."""
    return request


@contextmanager
def open_answer(url: str, headers: Mapping[str, str], token: str | None, route: Route) -> Iterator[Answer]:
    """Ask with GET and follow redirects by hand.

    The token goes to the origin of `url` and to the trusted origins only, and never over plain HTTP to another machine.

    Parameters
    ----------
    url : str
    headers : mapping
        Sent to every hop.
    token : str or None
        Sent as ``Authorization: Bearer`` (RFC 6750).
    route : Route

    Yields
    ------
    Answer
        Any status that is not a redirect. The connection is closed at the end.
    """
    import requests

    shown_to = {Origin.of(url)} | {Origin.of(origin) for origin in route.trusted_origins}
    secrets: tuple[str, ...] = (token,) if token else ()
    with requests.Session() as session:
        for _ in range(route.max_redirects + 1):
            origin = Origin.of(url)
            authorised = token is not None and origin in shown_to and origin.private
            secrets += secrets_of(url)
            with opening(origin.host):
                response = session.get(
                    url,
                    headers=dict(headers) | ({"Authorization": f"Bearer {token}"} if authorised else {}),
                    auth=_silent,
                    stream=True,
                    allow_redirects=False,
                    timeout=(route.connect_timeout_s, route.read_timeout_s),
                )
            with response:
                if response.status_code not in _REDIRECTS:
                    yield Answer(
                        response.status_code, response.headers, without_query(url), authorised, response, secrets
                    )
                    return
                url = _next_hop(url, response.headers.get("Location"))
    raise _bad_redirect("the server redirects too often", url, f"more than {route.max_redirects} redirects")
