"""A campaign from the Copernicus Data Space: the real rules and commands against stand-ins for its services."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from datetime import date

import pytest
from tests.archive.download_server import DownloadServer, Fault, Product
from tests.archive.odata_server import ODataServer, make_product
from tests.workflow.conftest import TINY, make_campaign

from so2plumes.archive.catalogue_query import CatalogueQuery
from so2plumes.archive.index import build_index
from so2plumes.files import read_json
from so2plumes.simulate.archive import simulate_archive
from so2plumes.table import read_plumes, read_table

pytestmark = pytest.mark.campaign

DAYS = (date(2021, 12, 30), date(2021, 12, 31))
PRODUCTS = "results/2021/plumes.parquet"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Granules of two days, and how the catalogue lists them."""
    folder = tmp_path_factory.mktemp("upstream") / "granules"
    simulate_archive(folder, *DAYS, seed=2019, scanlines=64, ground_pixels=128)
    listed = []
    for row in build_index(folder, *DAYS).itertuples():
        content = (folder / row.path).read_bytes()
        if row.stream not in CatalogueQuery().streams:
            continue
        listed.append(
            make_product(
                row.orbit,
                row.sensing_start.to_pydatetime(),
                row.stream,
                row.processor,
                Name=f"{row.granule}.nc",
                ContentLength=len(content),
                Checksum=[{"Value": hashlib.md5(content).hexdigest(), "Algorithm": "MD5"}],
            )
            | {"_content": content}
        )
    return folder, listed


@pytest.fixture
def upstream(archive):
    """Running stand-ins that offer the granules."""
    _, listed = archive
    shown = [{key: value for key, value in product.items() if key != "_content"} for product in listed]
    with ODataServer(shown) as catalogue, DownloadServer() as download:
        for product in listed:
            download.products[product["Id"]] = Product(product["_content"])
        yield catalogue, download


@pytest.fixture
def campaign(root, tmp_path, upstream, monkeypatch):
    catalogue, download = upstream
    monkeypatch.setenv("CDSE_USER", download.user)
    monkeypatch.setenv("CDSE_PASSWORD", download.password)
    config = {
        **TINY,
        "campaign": {"name": "cdse", "start": str(DAYS[0]), "end": str(DAYS[1])},
        "archive": {
            "source": "cdse",
            "catalogue": catalogue.url,
            "download": f"{download.url}/odata/v1/Products",
            "token": download.token_url,
            "shared_folder": str(tmp_path / "shared"),
        },
        "eruptions": {},
        "edgar": {},
        "detect": {"method": "ztest"},
    }
    return make_campaign(root, tmp_path / "campaign", config)


def receipts(campaign):
    documents = [
        read_json(path) for path in sorted((campaign.folder / "results/2021/receipts").glob("2021-12-3*.json"))
    ]
    return [granule for document in documents for granule in document["granules"]]


def local_twin(root, tmp_path, archive):
    folder, _ = archive
    config = {
        **TINY,
        "campaign": {"name": "cdse", "start": str(DAYS[0]), "end": str(DAYS[1])},
        "archive": {"source": "local", "path": str(folder)},
        "eruptions": {},
        "edgar": {},
        "detect": {"method": "ztest"},
    }
    twin = make_campaign(root, tmp_path / "twin", config)
    twin.run(PRODUCTS)
    return twin


def test_faults_on_the_way_leave_the_plumes_of_the_granules(campaign, upstream, archive, root, tmp_path):
    _, download = upstream
    _, listed = archive
    whole, broken, refused = (product["Id"] for product in listed[:3])
    download.script(whole, Fault(status=503), Fault())
    download.script(broken, Fault(send_bytes=20_000, ending="reset"), Fault())
    download.script(refused, Fault(status=429, body=b"Max session number 4 exceeded.", headers={"Retry-After": "1"}))
    campaign.run(PRODUCTS)
    found = receipts(campaign)
    assert len(found) == len(listed)
    attempts = {granule["granule"]: granule["attempts"] for granule in found if granule["status"] == "ready"}
    assert max(attempts.values()) >= 2
    assert sum(granule["resumed_bytes"] for granule in found) > 0
    twin = local_twin(root, tmp_path, archive)
    ours, theirs = (read_plumes(one.folder / PRODUCTS) for one in (campaign, twin))
    assert list(ours["plume_id"]) == list(theirs["plume_id"])
    assert len(ours) > 0
    assert not list((campaign.folder / "results/2021").rglob("staging/*/*"))
    frozen = (campaign.folder / "results/2021/index.csv").read_text()
    assert all(product["Name"][:-3] in frozen for product in listed)


def test_a_granule_that_is_gone_is_said_and_the_day_goes_on(campaign, upstream, archive):
    _, download = upstream
    _, listed = archive
    del download.products[listed[0]["Id"]]
    campaign.run(PRODUCTS)
    gone = [granule for granule in receipts(campaign) if granule["reason"] == "vanished"]
    assert [granule["granule"] for granule in gone] == [listed[0]["Name"][:-3]]
    assert read_table(campaign.folder / "results/2021/index.parquet")["selected"].sum() >= 2


def test_a_wrong_password_ends_the_run_without_showing_it(campaign, upstream, monkeypatch):
    monkeypatch.setenv("CDSE_PASSWORD", "not-the-one-7f3a")
    done = campaign.run(PRODUCTS, check=False)
    assert done.returncode != 0
    text = done.stdout + done.stderr
    text += "".join(path.read_text(errors="ignore") for path in (campaign.folder / "results").rglob("*.log"))
    assert "not-the-one-7f3a" not in text
    assert "account" in text or "password" in text


def test_a_killed_run_fetches_nothing_twice(campaign, upstream, archive):
    _, download = upstream
    _, listed = archive
    sizes = sum(len(product["_content"]) for product in listed)
    slow = listed[-1]
    download.script(slow["Id"], Fault(pause_s=0.5, piece_bytes=8192), for_ever=Fault())
    run = subprocess.Popen(
        campaign.command(PRODUCTS),
        cwd=campaign.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not any(slow["Id"] in seen.path for seen in download.seen):
        time.sleep(0.2)
    time.sleep(1.5)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    campaign.run("--unlock")
    campaign.run(PRODUCTS, "--rerun-incomplete")
    found = receipts(campaign)
    assert len(found) == len(listed)
    assert all(granule["status"] in ("ready", "not_selected", "quarantined") for granule in found)
    assert download.sent_bytes < sizes + 200_000
