"""A small granule on a server, a client for it, and sleeps that take no time."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tests.archive.download_server import DownloadServer

from so2plumes.archive.answers import Route
from so2plumes.archive.backoff import Patience, Timing
from so2plumes.archive.credentials import Credentials
from so2plumes.archive.progress import Pace, Report
from so2plumes.archive.tokens import TokenStore
from so2plumes.archive.transfer import Download, Transferred, TransferRules, download

STEM = "S5P_RPRO_L2__SO2____20211211T104909_20211211T123039_21566_03_020401_20230227T010934"
OTHER_STEM = "S5P_RPRO_L2__SO2____20211211T123039_20211211T141209_21567_03_020401_20230227T010934"
NAME = f"{STEM}.nc"
ID = "0b9d4c4c-0000-4000-8000-000000000001"

QUICK = TransferRules(
    patience=Patience(attempts=4, all_attempts=12, total_s=3000.0),
    pace=Pace(min_rate_bytes_s=20_000.0, window_s=0.3),
    route=Route(connect_timeout_s=2.0, read_timeout_s=0.4),
)


def netcdf_bytes(folder: Path, stem: str = STEM, scanlines: int = 60, **attributes: object) -> bytes:
    """Make a granule of noise, which does not compress, with the global attributes that are compared."""
    import netCDF4

    path = folder / "made.nc"
    with netCDF4.Dataset(path, "w") as dataset:
        identity = {"id": stem, "orbit": np.int32(int(stem[52:57]))} | attributes
        dataset.setncatts({name: value for name, value in identity.items() if value is not None})
        product = dataset.createGroup("PRODUCT")
        product.createDimension("scanline", scanlines)
        product.createDimension("ground_pixel", 450)
        column = product.createVariable("sulfurdioxide_total_vertical_column", "f4", ("scanline", "ground_pixel"))
        column[:] = np.random.default_rng(1).normal(size=(scanlines, 450))
    content = path.read_bytes()
    path.unlink()
    return content


def zip_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@dataclass
class Sleeps:
    """A clock that runs, and sleeps that are recorded and only move the clock."""

    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def clock(self) -> float:
        return time.monotonic() + sum(self.slept)

    @property
    def timing(self) -> Timing:
        return Timing(self.clock, self.sleep)


@dataclass
class Bench:
    """A granule on a server, and a client for it."""

    server: DownloadServer
    folder: Path
    content: bytes
    sleeps: Sleeps = field(default_factory=Sleeps)
    rules: TransferRules = QUICK
    size_bytes: int | None = None
    md5: str | None = None
    url: str = ""

    @property
    def target(self) -> Path:
        return self.folder / "swaths" / NAME

    @property
    def part(self) -> Path:
        return self.target.with_name(f"{NAME}.part")

    @property
    def tokens(self) -> TokenStore:
        account = Credentials(self.server.user, self.server.password)
        return TokenStore(self.server.token_url, account, self.folder / "tokens", timing=self.sleeps.timing)

    def fetch(self, report: Report | None = None) -> Transferred:
        request = Download(self.url or self.server.product_url(ID), NAME, self.size_bytes, self.md5)
        rng = np.random.default_rng(0)
        timing = self.sleeps.timing
        return download(request, self.target, self.tokens, rules=self.rules, report=report, timing=timing, rng=rng)

    def left(self) -> list[str]:
        """Names of what is in the target's folder."""
        folder = self.target.parent
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def check_kept(self, result: Transferred, content: bytes | None = None) -> None:
        """The right file is there under its name, and nothing else."""
        content = self.content if content is None else content
        assert self.left() == [NAME]
        assert self.target.read_bytes() == content
        assert (result.path, result.size_bytes, result.md5) == (self.target, len(content), md5(content))
        assert result.sha256 == hashlib.sha256(content).hexdigest()
