"""Compact swaths hold what the granule held."""

from __future__ import annotations

from dataclasses import fields, replace

import netCDF4
import numpy as np
import pytest

from so2plumes.errors import GranuleError
from so2plumes.swath.compact import read_compact, write_compact
from so2plumes.swath.level2 import read_level2
from so2plumes.swath.model import Swath


def assert_same(found: Swath, expected: Swath) -> None:
    for field in fields(Swath):
        if field.name != "fields":
            np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name), field.name)
    assert found.time.dtype == expected.time.dtype
    assert list(found.fields) == list(expected.fields)
    for name, values in expected.fields.items():
        assert found[name].dtype == values.dtype, name
        np.testing.assert_array_equal(found[name], values, err_msg=name)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"processor": "02.08.00"},
        {"processor": "01.00.00", "corners": False, "flags": False, "precision": False},
        {"delta_time_dimensions": 2, "delta_time_units": "since"},
    ],
)
def test_round_trip(write, tmp_path, options):
    swath = read_level2(write(**options))
    write_compact(swath, tmp_path / "compact.nc")
    assert_same(read_compact(tmp_path / "compact.nc"), swath)


def test_equal_swaths_are_equal_bytes(granule, tmp_path):
    swath = read_level2(granule)
    for name in ("a.nc", "b.nc"):
        write_compact(swath, tmp_path / name)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


def test_the_file_describes_itself(granule, tmp_path):
    write_compact(read_level2(granule), tmp_path / "compact.nc")
    with netCDF4.Dataset(tmp_path / "compact.nc") as dataset:
        assert dataset["vertical_column"].units == "mol m-2"
        assert dataset["vertical_column"].dimensions == ("scanline", "ground_pixel")
        assert dataset["latitude_bounds"].dimensions == ("scanline", "ground_pixel", "corner")
        times = netCDF4.num2date(dataset["time"][:], dataset["time"].units)
        assert (times[0].year, times[0].month, times[0].day) == (2021, 3, 24)


def test_it_is_a_granules_small_part(granule, tmp_path):
    write_compact(read_level2(granule), tmp_path / "compact.nc")
    assert (tmp_path / "compact.nc").stat().st_size < granule.stat().st_size


def test_a_failure_leaves_nothing(granule, tmp_path):
    swath = read_level2(granule)
    broken = replace(swath, fields={**swath.fields, "latitude": np.zeros((2, 2), np.float32)})
    with pytest.raises((ValueError, IndexError)):
        write_compact(broken, tmp_path / "compact.nc")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"", b"not a swath"])
def test_what_is_no_compact_swath(tmp_path, content):
    path = tmp_path / "compact.nc"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GranuleError) as caught:
        read_compact(path)
    assert caught.value.reason == "unreadable"
    assert str(path) in str(caught.value)


def test_a_level2_file_is_no_compact_swath(granule):
    with pytest.raises(GranuleError, match="compact swath cannot be read"):
        read_compact(granule)


def test_a_half_file_is_refused(granule, tmp_path):
    path = tmp_path / "compact.nc"
    write_compact(read_level2(granule), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GranuleError):
        read_compact(path)
