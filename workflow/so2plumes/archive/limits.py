"""What all downloads of the machine share: so many at once, so many bytes in so many days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
    """

    folder: Path
    connections: int = 4
    quota_bytes: float | None = None
    quota_days: int = 30

    @contextmanager
    def granted(self, name: str, size_bytes: int) -> Iterator[Report]:
        """Wait for a connection and for the budget.

        Hold it while the granule is on the disk: then the disk never holds more than one granule for each connection.

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
        if self.quota_bytes is None:
            with slot(self.folder / "connections", self.connections):
                yield Meter()
            return
        quota = Quota(self.folder / "fetched_bytes.json", self.quota_bytes, self.quota_days)
        with quota.reserved(name, size_bytes) as meter, slot(self.folder / "connections", self.connections):
            yield meter
