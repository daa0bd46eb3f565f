from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from tests.plume_makers import block, cut, make_swath, metre_grid

from so2plumes.emissions.record import EmissionRule, plume_record
from so2plumes.errors import TableError
from so2plumes.plumes.chips import read_chips, write_chips
from so2plumes.plumes.outline import outline_of


def assert_same(first, second):
    for entry in fields(first):
        if entry.name != "fields":
            assert getattr(first, entry.name) == getattr(second, entry.name), entry.name
    assert set(first.fields) == set(second.fields)
    for name, values in first.fields.items():
        assert values.dtype == second[name].dtype, name
        assert np.array_equal(values, second[name], equal_nan=True), name


@pytest.fixture(scope="module")
def mixed_chips():
    """Plumes of granules that have different optional fields, one with gaps."""
    rng = np.random.default_rng(4)
    chips = []
    for number, more in enumerate(
        ({}, {"wind": None, "flags": None}, {"corners": False}, {"corners": False, "wind": None})
    ):
        grid = metre_grid(24, 30, longitude=179.9 if number == 0 else -40.0)
        column = rng.normal(0.0, 1e-3, grid.shape)
        column[3, :5] = np.nan
        if number == 0:
            more = {"layer_height": np.where(column > 0, 8_000.0, np.nan).astype("f4")}
        swath = make_swath(grid, column, granule=f"granule_{number}", origin=(17 * number, 5), **more)
        mask = block(grid, slice(6, 10), slice(4, 9)) | block(grid, slice(15, 19), slice(20, 24))
        chips += cut(swath, mask, chip_margin=4 + number)
    return chips


def test_what_is_written_is_read(mixed_chips, tmp_path):
    write_chips(mixed_chips, tmp_path / "chips.nc")
    read = read_chips(tmp_path / "chips.nc")
    assert len(read) == len(mixed_chips) == 8
    for before, after in zip(mixed_chips, read, strict=True):
        assert_same(before, after)


def test_records_from_the_file_equal_records_from_memory(mixed_chips, tmp_path):
    write_chips(mixed_chips, tmp_path / "chips.nc")
    for before, after in zip(mixed_chips, read_chips(tmp_path / "chips.nc"), strict=True):
        first, second = (plume_record(chip, EmissionRule()) for chip in (before, after))
        geometries = [first.pop("geometry"), second.pop("geometry")]
        assert geometries[0].equals_exact(geometries[1], 0.0)
        assert outline_of(before).local.equals_exact(outline_of(after).local, 0.0)
        for name, value in first.items():
            assert value == second[name] or (np.isnan(value) and np.isnan(second[name])), name


def test_no_plumes_make_a_valid_file(tmp_path):
    write_chips([], tmp_path / "chips.nc")
    assert read_chips(tmp_path / "chips.nc") == []


def test_the_file_has_no_variable_for_fields_that_no_plume_has(mixed_chips, tmp_path):
    import netCDF4

    write_chips(mixed_chips[2:4], tmp_path / "chips.nc")
    with netCDF4.Dataset(tmp_path / "chips.nc") as dataset:
        assert "detection_flag" not in dataset.variables
        assert dataset.dimensions["pixel"].size == sum(np.prod(chip.shape) for chip in mixed_chips[2:4])


def test_writing_twice_leaves_one_file(mixed_chips, tmp_path):
    for chips in (mixed_chips, mixed_chips[:1]):
        write_chips(chips, tmp_path / "chips.nc")
    assert len(read_chips(tmp_path / "chips.nc")) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["chips.nc"]


@pytest.mark.parametrize("content", [b"", b"no NetCDF at all"])
def test_a_broken_file_is_named(content, tmp_path):
    path = tmp_path / "chips.nc"
    path.write_bytes(content)
    with pytest.raises(TableError, match="chips cannot be read") as caught:
        read_chips(path)
    assert caught.value.where == str(path)
    assert "delete it" in caught.value.remedy


def test_a_cut_file_is_named(mixed_chips, tmp_path):
    path = tmp_path / "chips.nc"
    write_chips(mixed_chips, path)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(TableError, match="chips cannot be read"):
        read_chips(path)
