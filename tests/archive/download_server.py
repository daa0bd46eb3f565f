"""A stand-in for the token and download services of the Copernicus Data Space Ecosystem, over real HTTP.

What it does, and where that is written:

- Token: POST of a form with ``client_id=cdse-public`` and ``grant_type=password`` (username, password) or
  ``refresh_token``; answers access_token with expires_in 600 s and refresh_token with refresh_expires_in 3600 s; every
  password grant opens a session (CDSE documentation, Token page). Refusals are ``invalid_grant``, 400 for a
  refresh token (RFC 6749, 5.2), 401 for a user.
- Download: ``GET /odata/v1/Products(<Id>)/$value`` with ``Authorization: Bearer`` (CDSE documentation, OData page); the
  catalogue and zipper hosts redirect to the download host. An expired or unknown token is 401 with WWW-Authenticate
  (RFC 6750, 3); an unknown Id is 404.
- Quotas: 4 concurrent connections, the fifth is ``429 Max session number 4 exceeded.`` (CDSE documentation, Quotas page
  and FAQ). No Retry-After is documented, so none is sent unless a test scripts it.
- Range: 206 with Content-Range, 416 with ``bytes */<length>``, ETag and If-Range, or 200 where ranges are ignored
  (RFC 9110, 13.1.5 and 14). That the real service answers ranges is users' experience, not documented.
- The body is the native NetCDF file, or the zip with a .cdl that was sent until November 2024 (CREODIAS release note of
  17 October 2024).

Everything else that it can do wrong is a `Fault`, scripted per request. It records what it saw.
"""

from __future__ import annotations

import itertools
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

PIECE_BYTES = 8192


@dataclass(frozen=True)
class Fault:
    """How one answer differs from the right one; without any field it does not.

    ``send_bytes`` ends the body early: ``ending`` is ``close`` (orderly), ``reset`` or ``stall`` (silent for
    ``stall_s``). ``pause_s`` is waited after every ``piece_bytes``. ``range_start`` is where a partial answer begins
    instead of where it was asked to.
    """

    status: int | None = None
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    send_bytes: int | None = None
    ending: str = "close"
    stall_s: float = 3.0
    pause_s: float = 0.0
    piece_bytes: int = PIECE_BYTES
    ignore_range: bool = False
    range_start: int | None = None
    content_range: str | None = None
    chunked: bool = False
    announce_length: bool = True


GOOD = Fault()


@dataclass
class Seen:
    """One request as it came in, and what was sent."""

    path: str
    authorization: str | None
    range: str | None
    if_range: str | None
    headers: dict[str, str]
    status: int = 0
    sent_bytes: int = 0


@dataclass(frozen=True)
class Product:
    content: bytes
    etag: str | None = '"v1"'
    content_type: str = "application/octet-stream"


class DownloadServer:
    """Products and faults by product Id; faults are used up in the order of requests, then one may stay for ever."""

    def __init__(self, user: str = "ada", password: str = "pass word", max_sessions: int | None = 4) -> None:
        self.user, self.password, self.max_sessions = user, password, max_sessions
        self.products: dict[str, Product] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.for_ever: dict[str, Fault] = {}
        self.token_faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.grants: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.peak_sessions = 0
        self.needs_token = True
        self.expires_in: float = 600
        self.refresh_expires_in: float = 3600
        self.clock_offset_s = 0.0
        self.good_tokens: set[str] = set()
        self.good_refreshes: set[str] = set()
        self._sessions = 0
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.stand_in = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def token_url(self) -> str:
        return f"{self.url}/auth/realms/CDSE/protocol/openid-connect/token"

    def product_url(self, identity: str) -> str:
        return f"{self.url}/odata/v1/Products({identity})/$value"

    def script(self, identity: str, *faults: Fault, for_ever: Fault | None = None) -> None:
        self.faults[identity] = list(faults)
        if for_ever is not None:
            self.for_ever[identity] = for_ever

    @property
    def statuses(self) -> list[int]:
        return [request.status for request in self.seen]

    @property
    def sent_bytes(self) -> int:
        """Bytes of bodies of status 200 and 206."""
        return sum(request.sent_bytes for request in self.seen if request.status in (200, 206))

    def revoke_tokens(self) -> None:
        self.good_tokens.clear()

    def next_fault(self, identity: str) -> Fault:
        with self._lock:
            queue = self.faults.get(identity, [])
            return queue.pop(0) if queue else self.for_ever.get(identity, GOOD)

    def next_token_fault(self) -> Fault | None:
        with self._lock:
            return self.token_faults.pop(0) if self.token_faults else None

    def note(self, request: Seen) -> None:
        with self._lock:
            self.seen.append(request)

    @contextmanager
    def session(self) -> Iterator[bool]:
        """Count a download; False where there are too many."""
        with self._lock:
            self._sessions += 1
            self.peak_sessions = max(self.peak_sessions, self._sessions)
            allowed = self.max_sessions is None or self._sessions <= self.max_sessions
        try:
            yield allowed
        finally:
            with self._lock:
                self._sessions -= 1

    def grant(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        with self._lock:
            self.forms.append(form)
            kind = form.get("grant_type", "")
            self.grants.append(kind)
            if form.get("client_id") != "cdse-public":
                return 401, {"error": "invalid_client"}
            if kind == "password" and (form.get("username"), form.get("password")) != (self.user, self.password):
                return 401, {"error": "invalid_grant", "error_description": "Invalid user credentials"}
            if kind == "refresh_token" and form.get("refresh_token") not in self.good_refreshes:
                return 400, {"error": "invalid_grant", "error_description": "Session not active"}
            number = next(self._numbers)
            access, refresh = f"access-secret-{number}", f"refresh-secret-{number}"
            self.good_tokens.add(access)
            self.good_refreshes.add(refresh)
        return 200, {
            "access_token": access,
            "expires_in": self.expires_in,
            "refresh_token": refresh,
            "refresh_expires_in": self.refresh_expires_in,
            "token_type": "Bearer",
        }

    def __enter__(self) -> DownloadServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    stand_in: DownloadServer

    def handle_error(self, *_: object) -> None:
        """Clients that go away are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(time.time() + self.server.stand_in.clock_offset_s, usegmt=True)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        form = {key: values[0] for key, values in parse_qs(self.rfile.read(length).decode()).items()}
        fault = self.server.stand_in.next_token_fault()
        if fault is not None:
            time.sleep(fault.pause_s)
            self._send(fault.status or 200, fault.body or b"", fault.headers)
            return
        status, content = self.server.stand_in.grant(form)
        self._send(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def do_GET(self) -> None:
        stand_in = self.server.stand_in
        self.close_connection = True
        seen = Seen(
            self.path,
            self.headers.get("Authorization"),
            self.headers.get("Range"),
            self.headers.get("If-Range"),
            dict(self.headers.items()),
        )
        stand_in.note(seen)
        match = re.fullmatch(r"/odata/v1/Products\(([^)]+)\)/\$value", self.path.partition("?")[0])
        identity = match[1] if match else ""
        fault = stand_in.next_fault(identity)
        with stand_in.session() as allowed:
            if fault.status is not None:
                self._send(fault.status, fault.body or b"", fault.headers, seen)
            elif not allowed:
                self._send(429, b'{"detail": "Max session number 4 exceeded."}', {}, seen)
            elif stand_in.needs_token and not self._token_is_good():
                headers = {"WWW-Authenticate": 'Bearer error="invalid_token"', "Content-Type": "application/json"}
                self._send(401, b'{"detail": "Expired signature!"}', headers, seen)
            elif identity not in stand_in.products:
                self._send(404, b'{"detail": "Product not found."}', {"Content-Type": "application/json"}, seen)
            else:
                self._send_product(stand_in.products[identity], fault, seen)

    def _token_is_good(self) -> bool:
        scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
        return scheme == "Bearer" and token in self.server.stand_in.good_tokens

    def _send(self, status: int, body: bytes, headers: dict[str, str], seen: Seen | None = None) -> None:
        if seen is not None:
            seen.status = status
            seen.sent_bytes = len(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _range(self, product: Product, fault: Fault, seen: Seen) -> tuple[int, int]:
        """Return the status and the first byte to send."""
        match = re.fullmatch(r"bytes=(\d+)-", seen.range or "")
        changed = seen.if_range is not None and seen.if_range != product.etag
        if match is None or fault.ignore_range or changed:
            return 200, 0
        first = int(match[1]) if fault.range_start is None else fault.range_start
        return (206, first) if first < len(product.content) else (416, first)

    def _send_product(self, product: Product, fault: Fault, seen: Seen) -> None:
        content = product.content if fault.body is None else fault.body
        status, first = self._range(product, fault, seen)
        if status == 416:
            headers = {"Content-Range": fault.content_range or f"bytes */{len(content)}"}
            self._send(416, b"", headers | fault.headers, seen)
            return
        seen.status = status
        body = content[first:]
        self.send_response(status)
        if status == 206:
            right = f"bytes {first}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", fault.content_range or right)
        headers = {"Content-Type": product.content_type} | ({"ETag": product.etag} if product.etag else {})
        for name, value in (headers | fault.headers).items():
            self.send_header(name, value)
        if fault.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif fault.announce_length:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self._send_body(body, fault, seen)

    def _send_body(self, body: bytes, fault: Fault, seen: Seen) -> None:
        end = len(body) if fault.send_bytes is None else min(fault.send_bytes, len(body))
        for begin in range(0, end, fault.piece_bytes):
            piece = body[begin : min(begin + fault.piece_bytes, end)]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if fault.chunked else piece)
            seen.sent_bytes += len(piece)
            if fault.pause_s:
                time.sleep(fault.pause_s)
        if end == len(body):
            if fault.chunked:
                self.wfile.write(b"0\r\n\r\n")
        elif fault.ending == "stall":
            time.sleep(fault.stall_s)
        elif fault.ending == "reset":
            self._reset()

    def _reset(self) -> None:
        """End the connection as a crash would; what was sent has time to arrive before."""
        time.sleep(0.05)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())
