"""What to fetch, by which rules, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from so2plumes.archive.answers import Route
from so2plumes.archive.backoff import Patience
from so2plumes.archive.partial import Belonging
from so2plumes.archive.progress import Pace


@dataclass(frozen=True)
class Download:
    """What to fetch.

    Attributes
    ----------
    url : str
    name : str
        File name of the granule.
    size_bytes, md5 : optional
        As far as the catalogue has them; 0 is unknown.
    etag : str, optional
        Version of the object in the list, without quotes: another one is not accepted (RFC 9110, section 13.1.1).
    sign : callable, optional
        Makes a signed address, anew for every request, so that none expires while it waits. Its query is secret.
    """

    url: str
    name: str
    size_bytes: int | None = None
    md5: str | None = None
    etag: str | None = None
    sign: Callable[[], str] | None = field(default=None, repr=False, compare=False)

    @property
    def belonging(self) -> Belonging:
        """The same without the address, as parts are labelled."""
        return Belonging(self.name, self.size_bytes or None, self.md5.strip().lower() if self.md5 else None)


@dataclass(frozen=True)
class Transferred:
    """A granule that arrived.

    ``size_bytes``, ``md5`` and ``sha256`` are those of the file at ``path``. ``attempts`` are requests (0: it was
    there), ``resumed_bytes`` did not have to be fetched again, ``fetched_bytes`` count towards the quota,
    ``checksum_state`` is ``md5`` (agrees with the catalogue) or ``none`` (the catalogue has none), ``notes`` are for
    the receipt.
    """

    path: Path
    size_bytes: int
    md5: str
    sha256: str
    attempts: int
    resumed_bytes: int
    fetched_bytes: int
    seconds: float
    checksum_state: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TransferRules:
    """How patient a transfer is, how slow it may be and whom it trusts."""

    patience: Patience = field(default_factory=Patience)
    pace: Pace = field(default_factory=Pace)
    route: Route = field(default_factory=Route)


class TokenSource(Protocol):
    """Where access tokens come from, such as `tokens.TokenStore`."""

    def token(self) -> str:
        """Return a token that is good now."""
        ...

    def renew(self, stale_token: str) -> str:
        """Return another one than that which was refused."""
        ...
