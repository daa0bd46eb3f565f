"""A campaign from an S3 bucket: the real rules and commands against a store on the loopback address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from tests.archive.s3_server import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server, Trouble, error_body
from tests.workflow.conftest import TINY, make_campaign

from so2plumes.archive.catalogue_query import CatalogueQuery
from so2plumes.archive.index import build_index
from so2plumes.files import read_json
from so2plumes.simulate.archive import simulate_archive
from so2plumes.swath.names import parse_granule_name
from so2plumes.table import read_plumes, read_table

pytestmark = pytest.mark.campaign

DAYS = (date(2021, 12, 30), date(2021, 12, 31))
PRODUCTS = "results/2021/plumes.parquet"
PREFIX = "Sentinel-5P/TROPOMI/L2__SO2___/{year}/{month}/{day}/"


def key_of(stem: str) -> str:
    """Where the data space keeps a granule: in a folder of its own, in that of the day on which its orbit starts."""
    return f"Sentinel-5P/TROPOMI/L2__SO2___/{parse_granule_name(stem).start:%Y/%m/%d}/{stem}/{stem}.nc"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Granules of two days, and where a bucket keeps them."""
    folder = tmp_path_factory.mktemp("upstream") / "granules"
    simulate_archive(folder, *DAYS, seed=2019, scanlines=64, ground_pixels=128)
    rows = build_index(folder, *DAYS)
    rows = rows[rows["stream"].isin(CatalogueQuery().streams)]
    return folder, {key_of(row.granule): (folder / row.path).read_bytes() for row in rows.itertuples()}


@pytest.fixture
def store(archive, monkeypatch) -> Iterator[S3Server]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    with S3Server() as server:
        for key, content in archive[1].items():
            server.put(key, content)
        yield server


def config_of(source: dict) -> dict:
    return {
        **TINY,
        "campaign": {"name": "s3", "start": str(DAYS[0]), "end": str(DAYS[1])},
        "archive": source,
        "eruptions": {},
        "edgar": {},
        "detect": {"method": "ztest"},
    }


@pytest.fixture
def campaign(root, tmp_path, store):
    source = {
        "source": "s3",
        "s3_endpoint": store.url,
        "bucket": BUCKET,
        "s3_region": REGION,
        "prefixes": [PREFIX],
        "shared_folder": str(tmp_path / "shared"),
    }
    return make_campaign(root, tmp_path / "campaign", config_of(source))


def receipts(campaign):
    documents = [
        read_json(path) for path in sorted((campaign.folder / "results/2021/receipts").glob("2021-12-3*.json"))
    ]
    return [granule for document in documents for granule in document["granules"]]


def test_the_plumes_of_the_bucket_are_those_of_the_folder_and_a_second_run_does_nothing(
    campaign, store, archive, root, tmp_path
):
    folder, objects = archive
    assert any("/2021/12/29/" in key for key in objects), "an orbit that begins on the day before its measurements"
    busy, cut, lost = list(objects)[:3]
    store.troubles[busy] = [Trouble(503, error_body("SlowDown", "Please reduce your request rate."))]
    store.troubles[cut] = [Trouble(send_bytes=20_000)]
    store.troubles[f"/{BUCKET}"] = [Trouble(500)]
    campaign.run(PRODUCTS, "results/campaign/config.json")
    assert read_json(campaign.folder / "results/campaign/config.json")["archive"]["prefixes"] == [PREFIX]
    found = receipts(campaign)
    assert len(found) == len(objects)
    assert {granule["granule"]: granule["resumed_bytes"] for granule in found}[cut.split("/")[-2]] == 20_000
    assert [asked.status for asked in store.requests_of(busy)] == [503, 200]

    twin = make_campaign(root, tmp_path / "twin", config_of({"source": "local", "path": str(folder)}))
    twin.run(PRODUCTS)
    ours, theirs = (read_plumes(one.folder / PRODUCTS) for one in (campaign, twin))
    assert list(ours["plume_id"]) == list(theirs["plume_id"])
    assert len(ours) > 0

    asked = len(store.asked)
    assert campaign.planned(PRODUCTS) == {}
    campaign.run(PRODUCTS)
    assert len(store.asked) == asked
    assert not list((campaign.folder / "results/2021").rglob("staging/*/*"))

    texts = [path.read_text(errors="ignore") for path in campaign.folder.rglob("results/**/*") if path.is_file()]
    text = "\n".join(texts)
    assert "21.5 minutes after the orbit in the name" in text
    signatures = {asked.query["X-Amz-Signature"][0] for asked in store.asked if "X-Amz-Signature" in asked.query}
    assert len(signatures) >= 3
    for secret in {ACCESS_KEY, SECRET_KEY} | signatures:
        assert secret not in text

    store.delete(lost)
    out = campaign.run("results/2021/index.parquet", "--forcerun", "index_archive")
    log = (campaign.folder / "results/logs/2021/index_archive.log").read_text()
    assert f"{lost.split('/')[-2]} (selected)" in log.partition("vanished: ")[2], out
    index = read_table(campaign.folder / "results/2021/index.parquet")
    assert lost.split("/")[-2] not in set(index["granule"])
    assert list(index["time_from"].unique()) == ["name"]


def test_a_list_made_again_makes_only_the_periods_anew_for_which_it_changed(campaign, store, archive):
    campaign.run(PRODUCTS)
    elsewhere = "archive={s3_endpoint: 'http://127.0.0.1:9', s3_region: elsewhere, checksum: false}"
    assert campaign.planned(PRODUCTS, "--config", elsewhere) == {}
    assert campaign.planned(PRODUCTS, "--config", "archive={processors: ['020401']}")["fetch_swaths"] == 2

    again = ("results/2021/index.parquet", "--forcerun", "index_archive")
    campaign.run(*again)
    assert campaign.planned(PRODUCTS) == {}

    index = read_table(campaign.folder / "results/2021/index.parquet")
    row = index[index["selected"] & (index["date"] == str(DAYS[1]))].iloc[-1]
    store.put(key_of(row["granule"]), archive[1][key_of(row["granule"])] + bytes(16))
    campaign.run(*again)
    planned = campaign.planned(PRODUCTS)
    assert planned["fetch_swaths"] == planned["detect_plumes"] == 1
    asked = len(store.asked)
    campaign.run(PRODUCTS)
    days = {key_of(name): date for name, date in zip(index["granule"], index["date"], strict=True)}
    got = {days[key] for key in days if any(key in request.path for request in store.asked[asked:])}
    assert got == {str(DAYS[1])}
    sizes = {granule["granule"]: granule["size_bytes"] for granule in receipts(campaign)}
    assert sizes[row["granule"]] == row["size_bytes"] + 16
    assert campaign.planned(PRODUCTS) == {}


def test_granules_that_are_gone_or_changed_are_said_and_the_days_go_on(campaign, store, archive):
    campaign.run("results/2021/index.parquet")
    gone, changed = list(archive[1])[:2]
    store.delete(gone)
    store.put(changed, b"something else")
    campaign.run(PRODUCTS)
    reasons = {granule["granule"]: granule["reason"] for granule in receipts(campaign)}
    assert reasons[gone.split("/")[-2]] == "vanished"
    assert reasons[changed.split("/")[-2]] == "changed"


def test_wrong_keys_end_the_run_and_are_not_shown(campaign, store, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-one-7f3a")
    done = campaign.run(PRODUCTS, check=False)
    assert done.returncode != 0
    text = done.stdout + done.stderr
    text += "".join(path.read_text(errors="ignore") for path in (campaign.folder / "results").rglob("*.log"))
    assert "archive.credentials" in text
    assert "not-the-one-7f3a" not in text
