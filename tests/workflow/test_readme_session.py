"""The session of the README's "six-year archive", line by line, against stand-ins with a month of 440 granules."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.archive.download_server import DownloadServer, Fault, Product
from tests.archive.odata_server import ODataServer, make_product, orbits_of
from tests.workflow.conftest import make_campaign

from so2plumes.archive.index import build_index
from so2plumes.files import read_json
from so2plumes.simulate.archive import simulate_archive
from so2plumes.table import read_table

pytestmark = pytest.mark.campaign

DAYS = (date(2021, 3, 24), date(2021, 3, 25))
MONTH_GRANULES = 440


def session(root: Path) -> list[str]:
    """Commands of the README's first session."""
    block = re.search(r"A first session .*?```bash\n(.*?)```", (root / "README.md").read_text(), re.S)
    return [line.split("#")[0].strip() for line in block[1].splitlines()]


def fetched_products(folder: Path) -> list[tuple[dict, bytes]]:
    """Granules of the two days, as the catalogue lists them, with their content."""
    simulate_archive(folder, *DAYS, seed=2019, scanlines=48, ground_pixels=64)
    found = []
    for row in build_index(folder, *DAYS, processors=["020401"]).itertuples():
        if row.stream not in ("OFFL", "RPRO"):
            continue
        content = (folder / row.path).read_bytes()
        listed = {
            "Name": f"{row.granule}.nc",
            "ContentLength": len(content),
            "Checksum": [{"Value": hashlib.md5(content).hexdigest(), "Algorithm": "MD5"}],
        }
        started = row.sensing_start.to_pydatetime()
        found.append((make_product(row.orbit, started, row.stream, row.processor, **listed), content))
    return found


def other_products(count: int) -> list[dict]:
    """Orbits of the rest of the month, some of them in two processors; nobody asks for their content."""
    before = orbits_of(datetime(2021, 3, 1, 0, 30, tzinfo=UTC), 325, first=30_000, stream="RPRO")
    after = orbits_of(datetime(2021, 3, 26, 0, 30, tzinfo=UTC), 84, first=31_000, stream="RPRO")
    first = datetime(2021, 3, 1, 0, 30, tzinfo=UTC)
    twice = orbits_of(first, count - 409, first=30_000, stream="OFFL", processor="020101")
    return before + after + twice


def answers(download: DownloadServer, identity: str) -> list[tuple[str | None, int]]:
    """Ranges that a product was asked for, and the statuses of the answers."""
    return [(seen.range, seen.status) for seen in download.seen if identity in seen.path]


class Session:
    """Lines of the README, typed into a campaign."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, line: str) -> subprocess.Popen:
        command = ["bash", "-c", f"{line} --configfile test.yaml"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=self.folder, start_new_session=True, **pipes)

    def type(self, line: str) -> int:
        job = self.start(line)
        job.communicate(timeout=300)
        return job.returncode

    def type_and_pull_the_plug(self, line: str, moment: Callable[[], bool]) -> None:
        job, end = self.start(line), time.monotonic() + 120
        while not moment():
            assert job.poll() is None, job.communicate()[0][-6000:]
            assert time.monotonic() < end
            time.sleep(0.05)
        os.killpg(job.pid, signal.SIGKILL)
        job.communicate()


@pytest.fixture
def upstream(tmp_path, monkeypatch):
    """Stand-ins for catalogue and download, and what they offer."""
    products = fetched_products(tmp_path / "upstream")
    listed = [product for product, _ in products] + other_products(MONTH_GRANULES - len(products))
    assert {product["ContentDate"]["Start"][:7] for product in listed} == {"2021-03"}
    with ODataServer(listed) as catalogue, DownloadServer() as download:
        for product, content in products:
            download.products[product["Id"]] = Product(content)
        monkeypatch.setenv("CDSE_USER", download.user)
        monkeypatch.setenv("CDSE_PASSWORD", download.password)
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        yield catalogue, download, products


@pytest.fixture
def campaign(root, tmp_path, upstream):
    catalogue, download, _ = upstream
    archive = {
        "source": "cdse",
        "catalogue": catalogue.url,
        "download": f"{download.url}/odata/v1/Products",
        "token": download.token_url,
        "shared_folder": str(tmp_path / "shared"),
    }
    days = {"name": "session", "start": str(DAYS[0]), "end": str(DAYS[1])}
    return make_campaign(root, tmp_path / "campaign", {"campaign": days, "archive": archive})


def test_the_session_of_the_readme(root, campaign, upstream):
    _, download, products = upstream
    results = campaign.folder / "results" / "2021"
    lines, typed = session(root), Session(campaign.folder)
    assert len(lines) == 3

    assert typed.type(lines[0]) == 0
    log = (campaign.folder / "results/logs/2021/index_archive.log").read_text()
    assert f"{MONTH_GRANULES} granules found" in log
    assert "quota: " in log
    assert not download.seen
    index = read_table(results / "index.parquet")
    wanted = index[index["date"].isin([str(day) for day in DAYS])]
    identities = {product["Name"][:-3]: product["Id"] for product, _ in products}
    asked = [identities[name] for name in wanted.loc[wanted["selected"], "granule"]]
    cut, overloaded, page, gone, slow = (asked[n] for n in (0, 1, 2, 3, 5))
    download.script(cut, Fault(send_bytes=20_000, ending="reset"), Fault())
    download.script(overloaded, Fault(status=503, headers={"Retry-After": "1"}), Fault())
    download.script(page, Fault(body=b"<html><title>Sign in</title></html>"), Fault())
    download.script(slow, Fault(pause_s=0.5, piece_bytes=8192), Fault())
    del download.products[gone]

    typed.type_and_pull_the_plug(lines[1], lambda: any(slow in seen.path for seen in download.seen))
    before = list(download.seen)
    if typed.type(lines[2]) != 0:
        assert typed.type(lines[2]) == 0

    documents = [read_json(results / "receipts" / f"{day}.json") for day in DAYS]
    receipts = {receipt["granule"]: receipt for document in documents for receipt in document["granules"]}
    assert sorted(receipts) == sorted(wanted["granule"])
    reasons = {identities[name]: receipt["reason"] for name, receipt in receipts.items() if receipt["reason"]}
    assert reasons[gone] == "vanished"
    assert all(receipts[name]["status"] != "not_selected" for name in wanted.loc[wanted["selected"], "granule"])
    assert {cut, overloaded, page, slow}.isdisjoint(reasons)
    assert len(read_table(results / "coverage.parquet")) == len(wanted) > 14
    assert answers(download, cut) == [(None, 200), ("bytes=20000-", 206)]
    assert answers(download, overloaded) == [(None, 503), (None, 200)]
    day_of = dict(zip(wanted["granule"].map(identities), wanted["date"], strict=True))
    # the plug was pulled while each of the two jobs was at its last granule
    in_flight = {day_of[name]: name for seen in before for name in asked if name in seen.path}
    assert in_flight[day_of[slow]] == slow
    undisturbed = set(asked) - {cut, overloaded, page, gone} - set(in_flight.values())
    assert len(undisturbed) >= 8
    assert {name: answers(download, name) for name in undisturbed} == dict.fromkeys(undisturbed, [(None, 200)])
