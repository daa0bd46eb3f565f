"""What all downloads of the machine share: so many at once, so many bytes in so many days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from so2plumes.archive.backoff import Timing
from so2plumes.archive.progress import Report
from so2plumes.archive.quota import Meter, Quota
from so2plumes.archive.slots import slot


@dataclass(frozen=True)
class Limits:
    """Connections and byte budget.

    Attributes
    ----------
    folder : path
        The same for all jobs, on a local disk.
    connections : int
        Granules that may be fetched or lie on the disk at once.
    quota_bytes : float, optional
        Bytes in `quota_days` days; None is no budget.
    host : str
        Whose bytes are counted: a service has a budget of its own.
    timing : Timing, optional
        How to wait for a connection.
    """

    folder: Path
    connections: int = 4
    quota_bytes: float | None = None
    quota_days: int = 30
    host: str = ""
    timing: Timing | None = None

    @contextmanager
    def granted(self, name: str, size_bytes: int) -> Iterator[Report]:
        """Wait for a connection, and with it for the budget: who waits for a connection has not reserved anything.

        Hold it while the granule is on the disk: then the disk holds at most one granule for each connection, twice
        where it arrives as a zip, beside what interrupted transfers left, to be continued.

        Parameters
        ----------
        name : str
        size_bytes : int
            0 where it is not known.

        Yields
        ------
        Report
            Give it to the transfer: it counts the bytes.
        """
        with slot(self.folder / "connections", self.connections, timing=self.timing):
            if self.quota_bytes is None:
                yield Meter()
                return
            quota = Quota(self.ledger, self.quota_bytes, self.quota_days)
            with quota.reserved(name, size_bytes) as meter:
                yield meter

    @property
    def ledger(self) -> Path:
        """File that counts the bytes of the host."""
        host = re.sub(r"[^a-z0-9.-]", "_", self.host.lower())
        return self.folder / (f"fetched_bytes-{host}.json" if host else "fetched_bytes.json")
