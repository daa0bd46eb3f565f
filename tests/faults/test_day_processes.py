"""Jobs of a whole day that are killed at a chosen moment, or that start twice: the real command against a stand-in."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from tests.archive.download_server import DownloadServer, Fault, Product
from tests.archive.odata_server import ODataServer, make_product

from so2plumes.archive.index import build_index
from so2plumes.cli import main
from so2plumes.files import read_json
from so2plumes.simulate.archive import simulate_archive
from so2plumes.swath.compact import read_compact

DAY = date(2021, 12, 31)


@dataclass(frozen=True)
class Day:
    """A day of granules behind a server, its list, and a job that fetches it."""

    server: DownloadServer
    contents: dict[str, bytes]
    identities: dict[str, str]
    index: Path
    folder: Path
    root: Path

    @property
    def receipt(self) -> Path:
        return self.folder / "receipts" / "day.json"

    @property
    def swaths(self) -> Path:
        return self.folder / "swaths" / "day"

    @property
    def staging(self) -> Path:
        return self.folder / "staging" / "day"

    def start(self, moment: str = "never") -> subprocess.Popen:
        arguments = [
            "fetch-swaths", "--index", self.index, "--source", "cdse", "--period", str(DAY), "--start", str(DAY),
            "--end", str(DAY), "--download", f"{self.server.url}/odata/v1/Products", "--token", self.server.token_url,
            "--shared-folder", self.folder / "shared", "--staging", self.staging, "--out", self.swaths,
            "--receipt", self.receipt,
        ]  # fmt: skip
        account = {"CDSE_USER": self.server.user, "CDSE_PASSWORD": self.server.password}
        command = [sys.executable, "-m", "tests.faults.day_worker", moment, *map(str, arguments)]
        return subprocess.Popen(command, cwd=self.root, env=os.environ | account, stderr=subprocess.PIPE, text=True)

    def run(self, moment: str = "never") -> tuple[int, str]:
        job = self.start(moment)
        _, said = job.communicate(timeout=120)
        return job.returncode, said

    def check_complete(self) -> None:
        """Every granule has its receipt and its compact swath, and nothing else is left."""
        document = read_json(self.receipt)
        found = {receipt["granule"]: receipt for receipt in document["granules"]}
        assert sorted(found) == sorted(self.contents)
        for name, content in self.contents.items():
            assert found[name]["status"] == "ready"
            assert found[name]["sha256"] == hashlib.sha256(content).hexdigest()
            assert read_compact(self.swaths / f"{name}.nc").granule == name
        assert sorted(path.stem for path in self.swaths.glob("*.nc")) == sorted(self.contents)
        left = {path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file()}
        kept = {self.receipt, *self.swaths.iterdir()}
        assert {path for path in left if path.parts[0] != "shared"} == {path.relative_to(self.folder) for path in kept}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Contents of the day's granules by name, as catalogue products, and the list made from them."""
    folder = tmp_path_factory.mktemp("upstream")
    simulate_archive(folder / "granules", DAY, DAY, seed=2019, scanlines=48, ground_pixels=64)
    products, contents, orbits = [], {}, set()
    for row in build_index(folder / "granules", DAY, DAY).itertuples():
        if row.stream not in ("OFFL", "RPRO") or row.orbit in orbits or len(contents) == 3:
            continue
        orbits.add(row.orbit)
        content = (folder / "granules" / row.path).read_bytes()
        contents[row.granule] = content
        listed = {
            "Name": f"{row.granule}.nc",
            "ContentLength": len(content),
            "Checksum": [{"Value": hashlib.md5(content).hexdigest(), "Algorithm": "MD5"}],
        }
        started = row.sensing_start.to_pydatetime()
        products.append(make_product(row.orbit, started, row.stream, row.processor, **listed))
    with ODataServer(products) as catalogue:
        arguments = ["index-archive", "--source", "cdse", "--catalogue", catalogue.url, "--processors", "all"]
        days = ["--retrievals", "all", "--start", str(DAY), "--end", str(DAY), "--out", str(folder / "index.parquet")]
        assert main([*arguments, *days]) == 0
    return contents, {product["Name"][:-3]: product["Id"] for product in products}, folder / "index.parquet"


@pytest.fixture
def day(made, tmp_path, root, server):
    contents, identities, index = made
    for name, content in contents.items():
        server.products[identities[name]] = Product(content)
    return Day(server, contents, identities, index, tmp_path, root)


def _size(day: Day) -> int:
    return sum(map(len, day.contents.values()))


def test_a_day_that_nothing_happens_to(day: Day):
    status, said = day.run()
    assert status == 0, said
    day.check_complete()
    assert day.server.sent_bytes == _size(day)


@pytest.mark.parametrize("moment", ["compaction", "receipt", "removal", "hand-over", "document"])
def test_kill_9_at_any_moment_fetches_nothing_twice(day: Day, moment: str):
    status, said = day.run(moment)
    assert status == -signal.SIGKILL, said
    assert not day.receipt.exists()
    assert not day.swaths.exists()
    before = day.server.sent_bytes
    assert 0 < before <= _size(day)
    status, said = day.run()
    assert status == 0, said
    day.check_complete()
    assert day.server.sent_bytes == _size(day)


def test_two_jobs_of_the_same_day_fetch_it_once(day: Day):
    for identity in day.identities.values():
        day.server.script(identity, Fault(pause_s=0.02, piece_bytes=4096))
    jobs = [day.start(), day.start()]
    said = [job.communicate(timeout=120)[1] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], said
    assert sum("another job has made it" in text for text in said) == 1
    day.check_complete()
    assert day.server.sent_bytes == _size(day)


def test_a_job_that_waits_for_a_killed_one_finishes_the_day(day: Day):
    slow = list(day.identities.values())[1]
    day.server.script(slow, Fault(pause_s=0.2, piece_bytes=4096))
    first = day.start()
    while not any(slow in seen.path for seen in day.server.seen):
        assert first.poll() is None, first.stderr.read()
    second = day.start()
    first.kill()
    first.communicate()
    _, said = second.communicate(timeout=120)
    assert second.returncode == 0, said
    day.check_complete()
    assert _size(day) <= day.server.sent_bytes < _size(day) + 100_000


def test_a_damaged_staged_receipt_is_made_again(day: Day):
    assert day.run("hand-over")[0] == -signal.SIGKILL
    kept = sorted((day.staging).glob("*.json"))
    assert kept
    kept[0].write_text('{"key": "')
    status, said = day.run()
    assert status == 0, said
    day.check_complete()
