"""Where granules come from: a folder, or a download that is deleted after use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pandas as pd

from so2plumes.archive.limits import Limits
from so2plumes.archive.wanted import Download, TokenSource, TransferRules


@dataclass(frozen=True)
class Obtained:
    """A granule that can be read now; ``sha256`` is empty where nobody has computed it."""

    path: Path
    size_bytes: int
    sha256: str = ""
    attempts: int = 0
    resumed_bytes: int = 0
    notes: tuple[str, ...] = ()


class GranuleSource(Protocol):
    """Gives a granule of the index, for as long as it is read."""

    def obtained(self, row: pd.Series) -> AbstractContextManager[Obtained]:
        """Open a granule: the block's end means that it is no longer needed."""


@dataclass(frozen=True)
class LocalFolder:
    """Granules of a folder; they stay."""

    folder: Path

    @contextmanager
    def obtained(self, row: pd.Series) -> Iterator[Obtained]:
        """Give the file itself."""
        path = self.folder / row["path"]
        yield Obtained(path, path.stat().st_size if path.is_file() else 0)


@dataclass(frozen=True)
class CatalogueDownload:
    """Granules of the Copernicus Data Space, fetched one at a time and deleted when they have been read.

    Attributes
    ----------
    products_url : str
        Such as ``https://download.dataspace.copernicus.eu/odata/v1/Products``.
    folder : path
        For the granule that is being fetched, and what interrupted transfers left, to be continued.
    limits : Limits
        Connections and byte budget of all jobs of the machine.
    tokens : TokenSource, optional
    """

    products_url: str
    folder: Path
    limits: Limits
    tokens: TokenSource | None = None
    rules: TransferRules = field(default_factory=TransferRules)

    @contextmanager
    def obtained(self, row: pd.Series) -> Iterator[Obtained]:
        """Fetch, give and delete; the connection is held until then, so that the disk holds no more whole granules."""
        from so2plumes.archive.transfer import download

        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{row['granule']}.nc"
        target = self.folder / name
        url = f"{self.products_url}({row['product_id']})/$value"
        request = Download(url, name, int(row["size_bytes"]) or None, row["md5"] or None)
        with self.limits.granted(name, request.size_bytes or 0) as report:
            got = download(request, target, self.tokens, rules=self.rules, report=report)
            try:
                yield Obtained(got.path, got.size_bytes, got.sha256, got.attempts, got.resumed_bytes, got.notes)
            finally:
                target.unlink(missing_ok=True)
