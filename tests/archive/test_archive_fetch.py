"""A period's receipts account for every granule of its list."""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import contextmanager
from datetime import date

import netCDF4
import numpy as np
import pandas as pd
import pytest

from so2plumes.archive.fetch import FetchRule, fetch_granule, fetch_period, receipt_document
from so2plumes.archive.index import build_index
from so2plumes.archive.obtain import LocalFolder
from so2plumes.cli import main
from so2plumes.errors import GranuleError
from so2plumes.files import read_json, write_json
from so2plumes.swath.compact import read_compact
from so2plumes.swath.filters import usable_pixels
from so2plumes.swath.level2 import read_level2
from so2plumes.table import write_table

DAY = date(2021, 3, 24)
DATES = ["2021-03-24"]


@pytest.fixture(scope="module")
def archive(add, tmp_path_factory):
    """One good granule with a duplicate, a truncated one, one of fill, one of another orbit inside."""
    root = tmp_path_factory.mktemp("archive")
    add(root, 17848)
    add(root, 17848, stream="OFFL")
    truncated = add(root, 17849)
    truncated.write_bytes(truncated.read_bytes()[:5000])
    with netCDF4.Dataset(add(root, 17850), "a") as dataset:
        dataset["PRODUCT/sulfurdioxide_total_vertical_column"][:] = np.ma.masked
    with netCDF4.Dataset(add(root, 17851), "a") as dataset:
        dataset.orbit = np.int32(1)
    add(root, 17852, processor="02.08.00")
    return root


@pytest.fixture(scope="module")
def index(archive):
    return build_index(archive, DAY, DAY, processors=["020401"])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "swaths").mkdir()
    return tmp_path / "swaths"


@pytest.fixture
def receipts(index, archive, folder):
    return fetch_period(index, LocalFolder(archive), DATES, folder)


def by_orbit(receipts):
    return {(receipt.orbit, receipt.granule[4:8]): receipt for receipt in receipts}


def test_every_granule_has_one_receipt_in_the_order_of_the_list(receipts, index):
    assert [receipt.granule for receipt in receipts] == index["granule"].tolist()
    assert len(receipts) == 6


def test_status_and_reason(receipts):
    found = {key: (receipt.status, receipt.reason) for key, receipt in by_orbit(receipts).items()}
    winner = by_orbit(receipts)[17848, "RPRO"].granule
    assert found == {
        (17848, "RPRO"): ("ready", ""),
        (17848, "OFFL"): ("not_selected", f"duplicate_of_{winner}"),
        (17849, "RPRO"): ("quarantined", "unreadable"),
        (17850, "RPRO"): ("quarantined", "all_fill"),
        (17851, "RPRO"): ("quarantined", "wrong_identity"),
        (17852, "RPRO"): ("not_selected", "processor_not_allowed"),
    }


def test_a_quarantined_granule_says_what_is_wrong_and_is_logged(index, archive, folder, caplog):
    with caplog.at_level(logging.WARNING):
        receipts = fetch_period(index, LocalFolder(archive), DATES, folder)
    bad = [receipt for receipt in receipts if receipt.status == "quarantined"]
    assert all(receipt.message and not receipt.sha256 for receipt in bad)
    for receipt in bad:
        assert f"quarantined {receipt.granule}" in caplog.text
        assert receipt.size_bytes == (archive / f"{receipt.granule}.nc").stat().st_size


def test_only_ready_granules_leave_a_swath(receipts, folder, archive):
    (ready,) = [receipt for receipt in receipts if receipt.status == "ready"]
    assert [path.name for path in folder.iterdir()] == [f"{ready.granule}.nc"]
    source = archive / f"{ready.granule}.nc"
    swath, compact = read_level2(source), read_compact(folder / f"{ready.granule}.nc")
    for name, values in swath.fields.items():
        np.testing.assert_array_equal(compact[name], values, err_msg=name)
    assert (ready.scanlines, ready.ground_pixels) == swath.shape == (6, 5)
    assert ready.usable_fraction == pytest.approx(usable_pixels(swath).mean(), abs=1e-6)
    assert (ready.retrieval, ready.processor_version) == ("doas", "02.04.01")
    assert ready.unavailable == "layer_height layer_height_qa"


def test_size_and_digest_are_the_sources(receipts, archive):
    ready = by_orbit(receipts)[17848, "RPRO"]
    content = (archive / f"{ready.granule}.nc").read_bytes()
    assert ready.size_bytes == len(content)
    assert ready.sha256 == hashlib.sha256(content).hexdigest()


def test_the_digest_can_be_left_out(index, archive, folder):
    receipts = fetch_period(index, LocalFolder(archive), DATES, folder, FetchRule(checksum=False))
    assert {receipt.sha256 for receipt in receipts} == {""}


def test_a_file_that_went_away_after_indexing(add, tmp_path, folder):
    root = tmp_path / "archive"
    path = add(root, 17848)
    index = build_index(root, DAY, DAY)
    path.unlink()
    (receipt,) = fetch_period(index, LocalFolder(root), DATES, folder)
    assert (receipt.status, receipt.reason, receipt.size_bytes) == ("quarantined", "missing", 0)
    assert list(folder.iterdir()) == []


def test_days_that_are_not_asked_for_are_left_alone(index, archive, folder):
    assert fetch_period(index, LocalFolder(archive), ["2021-03-23", "2021-03-25"], folder) == []
    assert list(folder.iterdir()) == []


def test_fetching_again_gives_the_same(index, archive, folder, receipts):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert fetch_period(index, LocalFolder(archive), DATES, folder) == receipts
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_document_counts_and_sums(receipts, tmp_path):
    dates = ["2021-03-23", "2021-03-24"]
    document = receipt_document("2021-03", dates, receipts)
    assert document["counts"] == {"ready": 1, "quarantined": 3, "not_selected": 2}
    assert sum(document["counts"].values()) == len(document["granules"])
    assert document["days"] == 2
    assert document["days_without_data"] == ["2021-03-23"]
    assert document["bytes"] == by_orbit(receipts)[17848, "RPRO"].size_bytes
    write_json(tmp_path / "receipt.json", document)
    assert read_json(tmp_path / "receipt.json") == json.loads(json.dumps(document))


def test_a_day_of_bad_granules_is_a_day_without_data(receipts):
    bad = [receipt for receipt in receipts if receipt.status != "ready"]
    assert receipt_document("2021-03-24", DATES, bad)["days_without_data"] == DATES


def test_an_empty_list(tmp_path, folder):
    (tmp_path / "archive").mkdir()
    index = build_index(tmp_path / "archive", DAY, DAY)
    receipts = fetch_period(index, LocalFolder(tmp_path / "archive"), DATES, folder)
    assert receipts == []
    document = receipt_document("2021-03-24", DATES, receipts)
    assert (document["counts"], document["bytes"], document["days_without_data"]) == ({}, 0, DATES)


@pytest.mark.real
def test_real_subsets_are_accounted_for(shared_data, folder):
    archive = shared_data / "gesdisc_subsets"
    index = build_index(archive, date(2019, 8, 1), date(2020, 12, 31))
    receipts = fetch_period(index, LocalFolder(archive), sorted(set(index["date"])), folder)
    assert len(receipts) == len(index) == len(list(archive.glob("*.nc4")))
    assert sorted(receipt.reason for receipt in receipts)[-2:] == ["", "missing_variable"]
    assert all("eastward_wind" in receipt.unavailable for receipt in receipts if receipt.status == "ready")


def test_a_list_that_goes_by_names_says_where_the_measurements_are_of_the_next_day(tmp_path, add, midnight_orbit):
    path = add(tmp_path, midnight_orbit)
    row = build_index(tmp_path, date(2021, 1, 1), date(2022, 12, 31)).iloc[0].copy()
    target = tmp_path / "compact.nc"
    assert fetch_granule(LocalFolder(tmp_path), row, target).notes == ""
    measured, row["date"], row["time_from"] = row["date"], path.name[20:28], "name"
    row["date"] = f"{row['date'][:4]}-{row['date'][4:6]}-{row['date'][6:]}"
    assert f"measured from {measured} on" in fetch_granule(LocalFolder(tmp_path), row, target).notes


class Unsteady:
    """A source that cannot give the granules at some places of the list."""

    def __init__(self, failing: set[int]) -> None:
        self.failing, self.asked = failing, 0

    @contextmanager
    def obtained(self, row):
        self.asked += 1
        if self.asked - 1 in self.failing:
            raise GranuleError("the connection broke", reason="interrupted", where=row["granule"])
        raise GranuleError("gone", reason="vanished", where=row["granule"])
        yield


@pytest.mark.parametrize(
    ("failing", "asked", "words"),
    [
        (set(range(14)), 3, "3 of 14 granules could not be had, and the ones after them were not tried"),
        ({0, 1, 3, 4, 6, 7}, 14, "6 of 14 granules could not be had\n"),
        ({10, 11, 12}, 13, "3 of 14 granules could not be had, and"),
    ],
)
def test_a_period_ends_when_several_granules_in_a_row_cannot_be_had(tmp_path, failing, asked, words):
    row = {"orbit": 1, "date": "2021-03-24", "selected": True, "reason": "", "size_bytes": 1}
    index = pd.DataFrame([row | {"granule": f"g{number:02d}"} for number in range(14)])
    source = Unsteady(failing)
    with pytest.raises(GranuleError, match=words):
        fetch_period(index, source, DATES, tmp_path)
    assert source.asked == asked


@pytest.mark.parametrize("source", ["cdse", "s3"])
def test_fetching_without_a_staging_folder_is_said(tmp_path, capsys, source):
    row = {"granule": "x", "orbit": 1, "date": "2021-03-24", "selected": True, "reason": "", "size_bytes": 1}
    write_table(pd.DataFrame([row]), tmp_path / "index.parquet")
    days = ["--period", "2021-03-24", "--start", "2021-03-24", "--end", "2021-03-24"]
    paths = [f"--{name}={tmp_path / name}" for name in ("out", "receipt")]
    store = ["--bucket", "b", "--anonymous"]
    index = f"--index={tmp_path / 'index.parquet'}"
    assert main(["fetch-swaths", index, "--source", source, *store, *days, *paths]) == 1
    assert "--staging" in capsys.readouterr().err
