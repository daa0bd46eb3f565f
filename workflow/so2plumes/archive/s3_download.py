"""Granules of an S3 bucket, fetched one at a time and deleted when they have been read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from so2plumes.archive.answers import Route
from so2plumes.archive.limits import Limits
from so2plumes.archive.obtain import Obtained
from so2plumes.archive.progress import Report
from so2plumes.archive.s3_store import BUCKET_KEY, S3Bucket
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
        For the granule that is being fetched, and what interrupted transfers left, to be continued.
    limits : Limits
        Connections and byte budget of all jobs of the machine.
    """

    bucket: S3Bucket
    folder: Path
    limits: Limits
    rules: TransferRules = field(default_factory=_own_route)

    @contextmanager
    def obtained(self, row: pd.Series) -> Iterator[Obtained]:
        """Fetch, give and delete; the connection is held until then, so that the disk holds no more whole granules."""
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / f"{row['granule']}.nc"
        with self.limits.granted(target.name, max(int(row["size_bytes"]), 0)) as report:
            got = self._fetch(row, target, report)
            try:
                yield Obtained(got.path, got.size_bytes, got.sha256, got.attempts, got.resumed_bytes, got.notes)
            finally:
                target.unlink(missing_ok=True)

    def _fetch(self, row: pd.Series, target: Path, report: Report) -> Transferred:
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
            return download(request, target, rules=self.rules, report=report)
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
