"""Granule names: 86 characters, never split on underscores."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from so2plumes.errors import GranuleError
from so2plumes.swath.names import is_granule_file, parse_granule_name
from so2plumes.swath.product import load_product

REAL = "S5P_RPRO_L2__SO2____20211211T104909_20211211T123039_21566_03_020401_20230227T010934.nc"


def test_a_real_name_gives_its_fields():
    name = parse_granule_name(f"/some/folder_with_parts/{REAL}")
    assert len(REAL) == load_product().name_length == 86
    assert name.stem == REAL[:-3]
    assert (name.stream, name.product, name.collection) == ("RPRO", "L2__SO2___", "03")
    assert (name.orbit, name.processor, name.processor_version) == (21566, "020401", "02.04.01")
    assert name.start == datetime(2021, 12, 11, 10, 49, 9, tzinfo=UTC)
    assert name.stop == datetime(2021, 12, 11, 12, 30, 39, tzinfo=UTC)
    assert name.created == datetime(2023, 2, 27, 1, 9, 34, tzinfo=UTC)
    assert is_granule_file(REAL)


def test_the_orbit_is_zero_padded():
    assert parse_granule_name(REAL.replace("_21566_", "_09391_")).orbit == 9391


@pytest.mark.parametrize(
    ("stream", "product", "retrieval"),
    [
        ("RPRO", "L2__SO2___", "doas"),
        ("OFFL", "L2__SO2___", "doas"),
        ("NRTI", "L2__SO2___", "doas"),
        ("TEST", "L2__SO2___", "doas"),
        ("PAL_", "L2__SO2CBR", "cobra"),
    ],
)
def test_every_stream_is_read(stream, product, retrieval):
    name = parse_granule_name(REAL.replace("RPRO_L2__SO2___", f"{stream}_{product}"))
    assert (name.stream, name.product, name.retrieval) == (stream, product, retrieval)


@pytest.mark.parametrize(
    ("processor", "retrieval"),
    [("010107", "doas"), ("020601", "doas"), ("020700", "cobra"), ("020800", "cobra"), ("030000", "cobra")],
)
def test_the_retrieval_changes_with_the_processor(processor, retrieval):
    assert parse_granule_name(REAL.replace("020401", processor)).retrieval == retrieval


@pytest.mark.parametrize("suffix", [".SUB.nc4", ".nc4", ".SUB.nc"])
def test_subset_suffixes_are_fine(suffix):
    path = REAL[:-3] + suffix
    assert is_granule_file(path)
    assert parse_granule_name(path).stem == REAL[:-3]


@pytest.mark.parametrize(
    "name",
    [
        REAL.replace("S5P", "S5X"),
        REAL.replace("RPRO", "ABCD"),
        REAL.replace("L2__SO2___", "L2__O3____"),
        REAL.replace("L2__SO2____", "L2__SO2_"),
        REAL.replace("_21566_", "_1566_"),
        REAL.replace("_03_", "_"),
        REAL.replace("T010934", "T0109"),
        REAL.replace("T010934", "T0109345"),
        REAL.lower(),
        "copy of " + REAL,
        "granule.nc",
        "",
    ],
)
def test_other_names_are_refused(name):
    assert not is_granule_file(name)
    with pytest.raises(GranuleError, match="not a Sentinel-5P Level-2 SO2 file name") as caught:
        parse_granule_name(name)
    assert caught.value.reason == "bad_name"
    assert "S5P_<stream>" in str(caught.value)


@pytest.mark.parametrize("name", [REAL + ".part", REAL + ".zip", "." + REAL, REAL[:-3], REAL[:-3] + ".xml"])
def test_downloads_in_progress_and_companions_are_no_granules(name):
    assert not is_granule_file(name)


@pytest.mark.parametrize(
    ("right", "wrong"), [("20211211T104909", "20211311T104909"), ("20230227T010934", "20230230T010934")]
)
def test_an_impossible_date_is_named(right, wrong):
    with pytest.raises(GranuleError, match="impossible date") as caught:
        parse_granule_name(REAL.replace(right, wrong))
    assert caught.value.reason == "bad_name"


TIMES = st.datetimes(datetime(2018, 4, 30), datetime(2035, 12, 31)).map(lambda time: time.replace(microsecond=0))


@given(
    stream=st.sampled_from(["RPRO", "OFFL", "NRTI", "PAL_", "TEST"]),
    start=TIMES,
    stop=TIMES,
    created=TIMES,
    orbit=st.integers(1, 99999),
    processor=st.tuples(*[st.integers(0, 99)] * 3),
)
def test_what_is_written_is_read_back(stream, start, stop, created, orbit, processor):
    stamps = [f"{time:%Y%m%dT%H%M%S}" for time in (start, stop, created)]
    version = "".join(f"{part:02d}" for part in processor)
    text = f"S5P_{stream}_L2__SO2____{stamps[0]}_{stamps[1]}_{orbit:05d}_03_{version}_{stamps[2]}.nc"
    assert len(text) == 86
    name = parse_granule_name(text)
    assert (name.stream, name.orbit, name.processor) == (stream, orbit, version)
    assert [name.start, name.stop, name.created] == [time.replace(tzinfo=UTC) for time in (start, stop, created)]
