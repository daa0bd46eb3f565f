"""Get access tokens of the data space and share them between all jobs of the machine."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from so2plumes.archive.answers import Origin, Route, opening, page_words
from so2plumes.archive.backoff import Backoff, Patience, Timing
from so2plumes.archive.credentials import IDENTITY_HOST, Credentials
from so2plumes.archive.reasons import PassingFault
from so2plumes.archive.shared import sharing
from so2plumes.errors import ConfigError
from so2plumes.files import atomic_path
from so2plumes.http import retry_after_s
from so2plumes.locks import locked

log = logging.getLogger(__name__)

TOKEN_URL = f"https://{IDENTITY_HOST}/auth/realms/CDSE/protocol/openid-connect/token"
CLIENT_ID = "cdse-public"
TOKEN_PATIENCE = Patience(attempts=6, total_s=900.0, throttled_wait_s=15.0, longest_wait_s=120.0)
MARGIN_S = 60.0


@dataclass(frozen=True)
class _Token:
    """A token and until when (s, own wall clock at receipt plus what the server said) it may be used."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    received_s: float
    access_until_s: float
    refresh_until_s: float

    def usable(self, now_s: float) -> bool:
        """Tell whether the access token is still good; a token from the future means that the clock was set back."""
        return self.received_s <= now_s < self.access_until_s

    def refreshable(self, now_s: float) -> bool:
        return bool(self.refresh) and self.received_s <= now_s < self.refresh_until_s


def _lifetime_s(answer: dict[str, Any], key: str, default_s: float) -> float:
    value = answer.get(key, default_s)
    return float(value) if isinstance(value, int | float) and value > 0 else default_s


def _until(now_s: float, lifetime_s: float) -> float:
    """Leave a margin for the request itself, less where tokens live shortly."""
    return now_s + lifetime_s - min(MARGIN_S, lifetime_s / 5.0)


class _Refused(Exception):
    """The grant is not accepted."""


@dataclass(frozen=True)
class TokenStore:
    """Access tokens of one account, kept in a file that only its owner can read.

    All processes that share `cache_folder` ask for one token: an account may have 100 sessions, and every password
    grant opens one (CDSE documentation, Token page).

    Parameters
    ----------
    url : str
        Token address; HTTPS, or this machine.
    credentials : Credentials
    cache_folder : path
        On a local disk.
    """

    url: str
    credentials: Credentials
    cache_folder: Path
    patience: Patience = TOKEN_PATIENCE
    timing: Timing = field(default_factory=Timing)
    wall_clock: Callable[[], float] = time.time
    route: Route = field(default_factory=Route)

    def token(self) -> str:
        """Return an access token that is good for a request now.

        Raises
        ------
        ConfigError
            When the account is refused or the cache cannot be written.
        GranuleError
            With a passing reason, when the service cannot be reached for long.
        """
        cached = self._read()
        if cached is not None and cached.usable(self.wall_clock()):
            return cached.access
        return self._replace(None)

    def renew(self, stale_token: str) -> str:
        """Return another token than the one that was refused, asking for it unless another job just did."""
        return self._replace(stale_token)

    @property
    def _path(self) -> Path:
        identity = f"{self.url}\n{self.credentials.user}".encode()
        return Path(self.cache_folder) / f"token-{hashlib.sha256(identity).hexdigest()[:16]}.json"

    def _replace(self, stale: str | None) -> str:
        with self._locked():
            cached, now_s = self._read(), self.wall_clock()
            if cached is not None and cached.usable(now_s) and cached.access != stale:
                return cached.access
            new = self._ask(cached)
            self._write(new)
            return new.access

    def _ask(self, cached: _Token | None) -> _Token:
        if cached is not None and cached.refreshable(self.wall_clock()):
            try:
                return self._grant({"grant_type": "refresh_token", "refresh_token": cached.refresh})
            except _Refused:
                log.info("the session has ended; opening another")
        user, password = self.credentials.user, self.credentials.password
        try:
            return self._grant({"grant_type": "password", "username": user, "password": password})
        except _Refused as refusal:
            raise ConfigError(
                "the account was refused",
                where=self.url,
                found=str(refusal),
                remedy="check user name and password by logging in at https://dataspace.copernicus.eu",
            ) from None

    def _grant(self, form: dict[str, str]) -> _Token:
        if not Origin.of(self.url).private:
            raise ConfigError(
                "the password would be sent unprotected",
                where=self.url,
                expected="https://",
                remedy="correct the address",
            )
        backoff = Backoff(self.patience, self.timing, np.random.default_rng(), self.url)
        while True:
            try:
                return self._post(form)
            except PassingFault as fault:
                backoff.pause(fault)

    def _post(self, form: dict[str, str]) -> _Token:
        import requests

        with opening(Origin.of(self.url).host):
            answer = requests.post(
                self.url,
                data={"client_id": CLIENT_ID} | form,
                auth=lambda request: request,
                # a redirect would carry the password elsewhere
                allow_redirects=False,
                timeout=(self.route.connect_timeout_s, self.route.read_timeout_s),
            )
        now_s, status = self.wall_clock(), answer.status_code
        # a broken answer of status 200 may hold a token
        body = b"" if status == 200 else answer.content[:4096]
        words = self._without_secrets(page_words(body), form)
        if status == 429 or status >= 500:
            reason = "throttled" if status == 429 else "server_error"
            found = f"{status} {words}".strip()
            raise PassingFault(
                reason, f"the token service answers {status}", found=found, wait_s=retry_after_s(answer.headers)
            )
        if status in (400, 401, 403):
            raise _Refused(f"{status} {words}".strip())
        content = _content_of(answer) if status == 200 else None
        if content is None:
            raise ConfigError(
                "this is not a token service",
                where=self.url,
                expected="a JSON answer with access_token",
                found=f"{status} {words}".strip(),
                remedy="correct the token address",
            )
        refresh_s = _lifetime_s(content, "refresh_expires_in", 0.0)
        return _Token(
            access=content["access_token"],
            refresh=str(content.get("refresh_token") or ""),
            received_s=now_s,
            access_until_s=_until(now_s, _lifetime_s(content, "expires_in", 300.0)),
            refresh_until_s=_until(now_s, refresh_s) if refresh_s else now_s,
        )

    def _without_secrets(self, words: str, form: dict[str, str]) -> str:
        for secret in (form.get("password"), form.get("refresh_token"), self.credentials.user):
            words = words.replace(secret, "***") if secret else words
        return words

    def _read(self) -> _Token | None:
        """Read the cache; whatever is wrong with it means that there is none."""
        try:
            with open(self._path, encoding="utf-8") as stream:
                about = os.fstat(stream.fileno())
                if about.st_uid != os.getuid() or stat.S_IMODE(about.st_mode) & 0o077:
                    return None
                return _Token(**json.load(stream))
        except (OSError, ValueError, TypeError):
            return None

    def _write(self, token: _Token) -> None:
        with sharing(self.cache_folder, "token cache"), atomic_path(self._path) as temporary:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(asdict(token), stream)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with ExitStack() as held:
            with sharing(self.cache_folder, "token cache"):
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                held.enter_context(locked(self._path.with_suffix(".lock")))
            yield


def _content_of(answer: Any) -> dict[str, Any] | None:
    try:
        content = answer.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) and isinstance(content.get("access_token"), str) else None
