"""Granules of an S3 bucket, fetched one at a time and deleted when they have been read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from so2plumes.archive.answers import Route
from so2plumes.archive.obtain import Obtained
from so2plumes.archive.s3_store import BUCKET_KEY, S3Bucket
from so2plumes.archive.slots import slot
from so2plumes.archive.transfer import Download, Transferred, TransferRules, download
from so2plumes.errors import ConfigError, GranuleError


def _own_route() -> TransferRules:
    return TransferRules(route=Route(trusted_origins=()))


@dataclass(frozen=True)
class S3Download:
    """Granules of a bucket.

    Attributes
    ----------
    bucket : S3Bucket
    folder : path
        For the granule that is being fetched; at most one is there.
    slots_folder : path
    connections : int
        Downloads at once, over all jobs of the machine.
    """

    bucket: S3Bucket
    folder: Path
    slots_folder: Path
    connections: int = 4
    rules: TransferRules = field(default_factory=_own_route)

    @contextmanager
    def obtained(self, row: pd.Series) -> Iterator[Obtained]:
        """Fetch, give and delete."""
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / f"{row['granule']}.nc"
        with slot(self.slots_folder, self.connections):
            got = self._fetch(row, target)
        try:
            yield Obtained(got.path, got.size_bytes, got.sha256, got.attempts, got.resumed_bytes, got.notes)
        finally:
            target.unlink(missing_ok=True)

    def _fetch(self, row: pd.Series, target: Path) -> Transferred:
        key = self._key(row)
        request = Download(
            self.bucket.address(key),
            target.name,
            int(row["size_bytes"]) or None,
            row["md5"] or None,
            row["product_id"] or None,
            self.bucket.signer(key),
        )
        try:
            return download(request, target, rules=self.rules)
        except GranuleError as error:
            if error.reason == "vanished":
                # a store that is not there says 404 too: only one that lists the folder has lost the granule
                self.bucket.objects(key.rpartition("/")[0])
            raise

    def _key(self, row: pd.Series) -> str:
        start = f"s3://{self.bucket.name}/"
        place = str(row["s3_path"])
        if not place.startswith(start):
            raise ConfigError(
                "the granule list is of another bucket",
                where=BUCKET_KEY,
                expected=place.split("/")[2] if place.startswith("s3://") else "the bucket of the list",
                found=self.bucket.name,
                remedy="correct the key, or index the archive again (--forcerun index_archive)",
            )
        return place.removeprefix(start)
