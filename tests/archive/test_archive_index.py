"""The frozen granule list: what is found, on which day, and that it is the same every time."""

from __future__ import annotations

import logging
import shutil
from datetime import date, datetime, timedelta

import netCDF4
import numpy as np
import pandas as pd
import pytest

from so2plumes.archive.index import INDEX_COLUMNS, build_index, list_granules, summarise_index
from so2plumes.archive.region import parse_region
from so2plumes.errors import ConfigError, GranuleError
from so2plumes.swath.level2 import read_level2
from so2plumes.swath.names import parse_granule_name
from so2plumes.table import read_table, write_table

DAY = date(2021, 3, 24)
FORMATS = {"sensing_start", "sensing_end", "created"}


@pytest.fixture(scope="module")
def archive(add, tmp_path_factory):
    """Three orbits of a day, one in a nested folder, two of them twice, beside foreign files."""
    root = tmp_path_factory.mktemp("archive")
    add(root / "2021" / "03", 17849)
    add(root, 17850)
    add(root / "offl", 17850, stream="OFFL", created="20240101T000000")
    add(root / "deep" / "er", 17851, stream="OFFL")
    add(root / "nrti", 17851, stream="NRTI", created="20240101T000000")
    for name in ("readme.txt", "S5P_README.nc", "S5P_OFFL_L2__NO2____20210324.nc"):
        (root / name).write_text("foreign")
    (root / f"{next(root.glob('S5P_RPRO*')).name}.part").write_text("half a download")
    return root


@pytest.fixture(scope="module")
def index(archive):
    return build_index(archive, DAY, DAY)


def test_all_granules_are_found_and_foreign_files_ignored(index, archive):
    assert list(index.columns) == list(INDEX_COLUMNS)
    assert sorted(index["orbit"]) == [17849, 17850, 17850, 17851, 17851]
    for row in index.itertuples():
        path = archive / row.path
        assert path.stat().st_size == row.size_bytes
        assert path.stem == row.granule
    assert {"2021/03", "deep/er", "nrti", "offl", "."} == {
        str((archive / p).parent.relative_to(archive)) for p in index["path"]
    }


def test_identity_comes_from_the_name(index):
    for row in index.itertuples():
        name = parse_granule_name(row.granule + ".nc")
        assert (row.orbit, row.stream, row.collection, row.processor) == (
            name.orbit,
            name.stream,
            name.collection,
            name.processor,
        )
        assert row.created == pd.Timestamp(name.created)
        assert row.retrieval == "doas"


def test_times_come_from_the_file(index, archive):
    assert set(index["time_from"]) == {"file"}
    for row in index.itertuples():
        times = read_level2(archive / row.path).time
        assert row.sensing_start == pd.Timestamp(times[0], tz="UTC")
        assert row.sensing_end == pd.Timestamp(times[-1], tz="UTC")
        if row.stream != "NRTI":
            assert row.sensing_start - pd.Timestamp(parse_granule_name(row.granule + ".nc").start) > timedelta(
                minutes=15
            )


def test_rows_are_in_time_order(index):
    assert index["sensing_start"].is_monotonic_increasing
    assert index.index.tolist() == list(range(len(index)))


def test_one_granule_stands_for_an_orbit(index):
    chosen = index[index["selected"]]
    assert chosen["orbit"].tolist() == [17849, 17850, 17851]
    assert chosen["stream"].tolist() == ["RPRO", "RPRO", "OFFL"]
    assert set(chosen["reason"]) == {""}
    others = index[~index["selected"]]
    for row in others.itertuples():
        winner = chosen.loc[chosen["orbit"] == row.orbit, "granule"].item()
        assert row.reason == f"duplicate_of_{winner}"


def test_the_list_is_the_same_every_time(index, archive, tmp_path):
    again = build_index(archive, DAY, DAY)
    pd.testing.assert_frame_equal(again, index)
    for name, table in (("a", index), ("b", again)):
        write_table(table, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    pd.testing.assert_frame_equal(read_table(tmp_path / "a"), index)


def test_the_list_does_not_depend_on_where_the_archive_lies_or_its_order(index, archive, tmp_path):
    copy = tmp_path / "elsewhere"
    for path in sorted(index["path"], reverse=True):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(archive / path, copy / path)
    pd.testing.assert_frame_equal(build_index(copy, DAY, DAY), index)


def test_a_linked_folder_is_searched(archive, tmp_path, index):
    (tmp_path / "link").symlink_to(archive, target_is_directory=True)
    assert len(build_index(tmp_path, DAY, DAY)) == len(index)


def test_other_days_are_left_out(archive):
    assert build_index(archive, date(2021, 3, 25), date(2021, 3, 26)).empty
    assert build_index(archive, date(2021, 3, 22), date(2021, 3, 23)).empty
    assert len(build_index(archive, date(2021, 3, 1), date(2021, 3, 31))) == 5


def test_the_day_is_that_of_the_first_measurement_not_of_the_name(add, tmp_path, midnight_orbit):
    path = add(tmp_path, midnight_orbit, scanline=0)
    named = parse_granule_name(path).start.date()
    sensed = read_level2(path).time[0].astype("datetime64[D]").item()
    assert sensed == named + timedelta(days=1)
    index = build_index(tmp_path, sensed, sensed)
    assert index["date"].tolist() == [sensed.isoformat()]
    assert build_index(tmp_path, named, named).empty


def test_a_swath_over_midnight_belongs_to_the_day_on_which_it_begins(add, tmp_path, late_orbit):
    orbit, row = late_orbit
    path = add(tmp_path, orbit, scanline=row - 3)
    times = read_level2(path).time.astype("datetime64[D]")
    assert times[-1] == times[0] + 1
    first = times[0].item()
    assert build_index(tmp_path, first, first)["date"].tolist() == [first.isoformat()]
    second = first + timedelta(days=1)
    assert build_index(tmp_path, second, second).empty


def test_consecutive_periods_share_no_granule_and_lose_none(add, tmp_path, midnight_orbit, late_orbit):
    add(tmp_path, midnight_orbit, scanline=0)
    add(tmp_path, midnight_orbit - 1, scanline=0)
    add(tmp_path, late_orbit[0], scanline=late_orbit[1] - 3)
    add(tmp_path, late_orbit[0] + 1, scanline=0)
    days = [date(2021, 3, 24) + timedelta(days=i) for i in range(9)]
    found = [granule for day in days for granule in build_index(tmp_path, day, day)["granule"]]
    together = build_index(tmp_path, days[0], days[-1])["granule"]
    assert sorted(found) == sorted(together)
    assert len(found) == len(list(tmp_path.glob("*.nc")))


def test_an_unreadable_granule_stays_with_the_time_of_its_name(add, tmp_path, caplog):
    path = add(tmp_path, 17849)
    path.write_bytes(path.read_bytes()[:2000])
    with caplog.at_level(logging.WARNING):
        index = build_index(tmp_path, DAY, DAY)
    assert "sensing time taken from the name" in caplog.text
    assert path.name in caplog.text
    assert index["time_from"].tolist() == ["name"]
    assert index["selected"].tolist() == [True]
    assert index["size_bytes"].tolist() == [2000]
    assert index["sensing_start"][0] == pd.Timestamp(parse_granule_name(path).start)


def test_a_granule_with_another_days_time_inside_is_not_lost(add, tmp_path, caplog):
    path = add(tmp_path, 17849)
    with netCDF4.Dataset(path, "a") as dataset:
        dataset["PRODUCT/time"][:] = 0
    index = build_index(tmp_path, DAY, DAY)
    assert index["time_from"].tolist() == ["name"]
    assert "not those of its name" in caplog.text


def test_an_impossible_date_in_a_name_is_left_out_and_said(add, tmp_path, caplog):
    path = add(tmp_path, 17849)
    path.rename(tmp_path / path.name.replace("20210324T11", "20210332T11"))
    with caplog.at_level(logging.WARNING):
        assert list_granules(tmp_path, DAY, DAY) == []
    assert "impossible date" in caplog.text


def test_two_copies_are_a_tie_that_names_both(add, tmp_path):
    path = add(tmp_path / "one", 17849)
    (tmp_path / "two").mkdir()
    shutil.copy(path, tmp_path / "two" / f"{path.stem}.SUB.nc4")
    with pytest.raises(GranuleError, match="two granules of orbit 17849") as caught:
        build_index(tmp_path, DAY, DAY)
    assert caught.value.reason == "tie"
    assert f"one/{path.name}" in str(caught.value)
    assert f"two/{path.stem}.SUB.nc4" in str(caught.value)


def test_processors_that_are_not_allowed_stay_in_the_list(add, tmp_path):
    add(tmp_path, 17849, processor="02.04.01")
    add(tmp_path, 17849, processor="02.08.00", created="20250601T000000")
    add(tmp_path, 17850, processor="02.08.00", created="20250601T000000")
    index = build_index(tmp_path, DAY, DAY, processors=["020401"])
    assert index["selected"].tolist() == [True, False, False]
    assert index["processor"].tolist() == ["020401", "020800", "020800"]
    assert index["reason"].tolist() == ["", "processor_not_allowed", "processor_not_allowed"]
    assert build_index(tmp_path, DAY, DAY, processors=["020800"])["selected"].tolist() == [False, True, True]


def test_a_retrieval_that_only_the_file_tells_is_not_allowed_either(add, tmp_path):
    add(tmp_path, 17849, processor="02.06.01", cobra=True)
    add(tmp_path, 17850, processor="02.06.01")
    index = build_index(tmp_path, DAY, DAY, retrievals=["doas"])
    assert index["retrieval"].tolist() == ["cobra", "doas"]
    assert index["selected"].tolist() == [False, True]
    assert index["reason"].tolist() == ["retrieval_not_allowed", ""]


def test_a_region_keeps_the_granules_whose_swath_meets_it(add, tmp_path, caplog):
    paths = {orbit: add(tmp_path, orbit, scanline=2000) for orbit in (17848, 17849, 17850, 17851)}
    paths[17851].write_bytes(paths[17851].read_bytes()[:5000])
    swath = read_level2(paths[17849])
    longitude, latitude = float(swath["longitude"].mean()), float(swath["latitude"].mean())
    region = parse_region([longitude - 0.05, latitude - 0.05, longitude + 0.05, latitude + 0.05])
    with caplog.at_level(logging.INFO):
        table = build_index(tmp_path, DAY, DAY, region=region)
    assert sorted(table["orbit"]) == [17849, 17851], "the one that sees it, and the one that nobody can read"
    assert "outside the region: 2 granules" in caplog.text
    assert list(table.columns) == list(INDEX_COLUMNS)


def test_a_region_has_no_part_in_the_selection(add, tmp_path):
    add(tmp_path, 17849)
    add(tmp_path, 17849, stream="OFFL")
    everywhere = build_index(tmp_path, DAY, DAY)
    around = build_index(tmp_path, DAY, DAY, region=parse_region([-180, -90, 180, 90]))
    pd.testing.assert_frame_equal(everywhere, around)


def test_real_scenes_lie_in_the_region_of_etna(shared_data):
    week = (date(2021, 3, 1), date(2021, 3, 7))
    every = build_index(shared_data / "etna", *week)
    assert (
        len(build_index(shared_data / "etna", *week, region=parse_region([14.5, 37.5, 15.5, 38.0]))) == len(every) > 0
    )
    assert len(build_index(shared_data / "etna", *week, region=parse_region([-20, 60, -10, 66]))) == 0


def test_an_empty_archive_is_an_empty_list(tmp_path, index):
    (tmp_path / "archive").mkdir()
    empty = build_index(tmp_path / "archive", DAY, DAY)
    assert empty.empty
    assert list(empty.columns) == list(INDEX_COLUMNS)
    for name in ("size_bytes", "orbit", "selected", *FORMATS):
        assert empty[name].dtype == index[name].dtype, name
    write_table(empty, tmp_path / "index.parquet")
    assert list(read_table(tmp_path / "index.parquet").columns) == list(INDEX_COLUMNS)


@pytest.mark.parametrize("name", ["absent", "file"])
def test_a_folder_that_is_not_there(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="archive is not there") as caught:
        build_index(tmp_path / name, DAY, DAY)
    assert caught.value.where == "archive.path"
    assert str(tmp_path / name) in str(caught.value)


def test_the_summary_counts_what_was_found(index):
    lines = summarise_index(index, DAY, DAY + timedelta(days=2))
    text = "\n".join(lines)
    assert "5 granules found, 3 selected" in text
    assert "1 of 3 days with data" in text
    assert "processor 020401 RPRO: 2 granules" in text
    assert "processor 020401 OFFL: 1 granules" in text
    assert "not selected, duplicate: 2 granules" in text
    assert "days without data: 2 (first 2021-03-25, last 2021-03-26)" in text


def test_the_summary_of_nothing(tmp_path):
    (line, days) = summarise_index(build_index(tmp_path, DAY, DAY), DAY, DAY)
    assert "0 granules found, 0 selected" in line
    assert "days without data: 1" in days


def test_times_have_a_zone(index):
    for name in FORMATS:
        assert str(index[name].dtype) == "datetime64[ms, UTC]"
    assert isinstance(index["sensing_start"][0].to_pydatetime(), datetime)
    assert index["orbit"].dtype == np.int64


@pytest.mark.real
def test_real_scenes_of_a_week(shared_data):
    index = build_index(shared_data / "etna", date(2018, 12, 24), date(2018, 12, 30))
    assert len(index) >= 4
    assert index["selected"].all()
    assert set(index["time_from"]) == {"file"}
    assert (index["sensing_start"].dt.hour >= 10).all()


@pytest.mark.real
def test_real_subsets(shared_data):
    index = build_index(shared_data / "gesdisc_subsets", date(2019, 8, 1), date(2020, 12, 31))
    assert index["selected"].all()
    assert (index["time_from"] == "name").sum() == 1, "one subset holds no data"
    assert index["path"].str.endswith(".SUB.nc4").all()
