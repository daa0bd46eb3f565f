"""NetCDF files describe themselves after CF and ACDD; a checker that others use agrees."""

from __future__ import annotations

import json
from dataclasses import replace

import netCDF4
import numpy as np
import pytest
import yaml

from so2plumes import cf
from so2plumes.detect.probability import ProbabilityWriter, read_probabilities
from so2plumes.plumes.chips import CORNER_FIELDS, PIXEL_FIELDS, read_chips, write_chips
from so2plumes.swath.product import load_product
from tests.plume_makers import block, cut, make_swath, metre_grid

GLOBALS = (
    *("title", "summary", "keywords", "license", "history", "source", "references", "creator_name", "acknowledgement"),
    *("time_coverage_start", "time_coverage_end", "geospatial_lat_min", "geospatial_lat_max"),
    *("geospatial_lon_min", "geospatial_lon_max"),
)
UNNAMED = {
    "vertical_column",
    "vertical_column_precision",
    "vertical_column_1km",
    "vertical_column_7km",
    "vertical_column_15km",
    "layer_height",
}
"""Quantities that the CF standard name table has no name for."""


@pytest.fixture(scope="module")
def swath():
    grid = metre_grid(24, 30)
    rng = np.random.default_rng(4)
    column = rng.normal(0.0, 1e-3, grid.shape)
    column[3, :5] = np.nan
    precision, height = (np.full(grid.shape, value, "f4") for value in (5e-4, 8000.0))
    return make_swath(grid, column, vertical_column_precision=precision, layer_height=height)


@pytest.fixture(scope="module")
def chips_file(swath, tmp_path_factory):
    path = tmp_path_factory.mktemp("cf") / "chips.nc"
    mask = block(metre_grid(24, 30), slice(6, 10), slice(4, 9)) | block(
        metre_grid(24, 30), slice(15, 19), slice(20, 24)
    )
    write_chips(cut(swath, mask, chip_margin=4), path)
    return path


def write_probability(path, swaths):
    with netCDF4.Dataset(path, "w") as dataset:
        writer = ProbabilityWriter(dataset, {"model_sha256": "digest", "window": 32})
        for number, one in enumerate(swaths):
            values = np.random.default_rng(1).random(one.shape).astype("f4")
            values[0, 0] = np.nan
            writer.add(f"granule_{number}", one.orbit + number, values, one)


@pytest.fixture(scope="module")
def probability_file(swath, tmp_path_factory):
    path = tmp_path_factory.mktemp("cf") / "probability.nc"
    later = replace(swath, time=swath.time + np.timedelta64(101, "m"))
    write_probability(path, [swath, later])
    return path


def flat_copy(path, target):
    """The first group of a file as a file of its own, since the checker looks at the root only."""
    with netCDF4.Dataset(path) as source, netCDF4.Dataset(target, "w") as copy:
        group = next(iter(source.groups.values()))
        copy.setncatts({name: source.getncattr(name) for name in source.ncattrs()})
        for name, dimension in group.dimensions.items():
            copy.createDimension(name, dimension.size)
        for name, variable in group.variables.items():
            attributes = {key: variable.getncattr(key) for key in variable.ncattrs()}
            fill = attributes.pop("_FillValue", None)
            new = copy.createVariable(name, variable.dtype, variable.dimensions, fill_value=fill)
            new.setncatts(attributes)
            new[:] = variable[:]
    return target


def judged(path, standard, tmp_path):
    """What the checker of IOOS finds: (priority, words) of everything that is not perfect."""
    runner = pytest.importorskip("compliance_checker.runner", reason="compliance-checker is a development dependency")
    runner.CheckSuite.load_all_available_checkers()
    out = tmp_path / "report.json"
    runner.ComplianceChecker.run_checker(
        str(path), [standard], verbose=0, criteria="strict", output_filename=str(out), output_format="json"
    )
    report = json.loads(out.read_text())[standard]
    levels = ("high_priorities", "medium_priorities", "low_priorities")
    return [
        (level, f"{found['name']} {message}")
        for level in levels
        for found in report[level]
        if found["value"][0] < found["value"][1]
        for message in found["msgs"] or ["failed"]
    ]


@pytest.mark.parametrize("kind", ["chips", "no_chips", "probability"])
@pytest.mark.filterwarnings("ignore")
def test_a_cf_checker_finds_nothing(kind, chips_file, probability_file, tmp_path):
    path = chips_file
    if kind == "probability":
        path = flat_copy(probability_file, tmp_path / "flat.nc")
    elif kind == "no_chips":
        path = tmp_path / "none.nc"
        write_chips([], path)
    assert judged(path, "cf:1.11", tmp_path) == []


@pytest.mark.parametrize("kind", ["chips", "probability"])
@pytest.mark.filterwarnings("ignore")
def test_an_acdd_checker_misses_only_what_does_not_exist(kind, chips_file, probability_file, tmp_path):
    path = chips_file if kind == "chips" else flat_copy(probability_file, tmp_path / "flat.nc")
    high = [words for level, words in judged(path, "acdd:1.3", tmp_path) if level == "high_priorities"]
    nameless = [words for words in high if words.endswith("standard_name")]
    assert high == nameless
    assert {words.split('"')[1] for words in nameless} <= UNNAMED | {"probability", "scanline", "ground_pixel"}


def test_files_tell_what_they_are(chips_file, probability_file):
    for path in (chips_file, probability_file):
        with netCDF4.Dataset(path) as dataset:
            assert dataset.Conventions == "CF-1.11, ACDD-1.3"
            for name in GLOBALS:
                assert str(dataset.getncattr(name)), name
            assert "/" not in dataset.history


def test_every_field_has_words_and_known_kind(chips_file):
    kinds = {"coordinate", "physicalMeasurement", "modelResult", "auxiliaryInformation", "qualityInformation"}
    kinds |= {"thematicClassification", "referenceInformation"}
    with netCDF4.Dataset(chips_file) as dataset:
        for name, variable in dataset.variables.items():
            if name in CORNER_FIELDS:
                continue
            assert variable.long_name, name
            assert variable.coverage_content_type in kinds, name
            assert variable.dtype is str or variable.units, name
            if "flag_meanings" in variable.ncattrs():
                assert len(variable.flag_meanings.split()) == len(np.atleast_1d(variable.flag_values)), name
                assert variable.flag_values.dtype == variable.dtype, name


def test_every_field_of_chips_and_swaths_is_described(root):
    words = yaml.safe_load((root / "workflow" / "schemas" / "netcdf.yaml").read_text())["variables"]
    assert {*PIXEL_FIELDS, *CORNER_FIELDS, *load_product().variables} <= set(words)


def test_a_field_that_nobody_described_stops_nothing():
    assert cf.variable_attributes("new_field")["long_name"] == "new field"


def test_the_ragged_array_is_declared(chips_file):
    with netCDF4.Dataset(chips_file) as dataset:
        counts = dataset["row_size"]
        assert counts.sample_dimension == "pixel"
        assert int(np.sum(counts[:])) == dataset.dimensions["pixel"].size
        assert dataset["vertical_column"].coordinates == "longitude latitude"
        assert dataset["longitude"].bounds == "longitude_bounds"
        assert dataset["vertical_column"].ancillary_variables == "vertical_column_precision qa_value"


def test_attributes_name_only_what_is_there(tmp_path):
    grid = metre_grid(24, 30)
    swath = make_swath(grid, np.zeros(grid.shape), corners=False, wind=None)
    write_chips(cut(swath, block(grid, slice(6, 10), slice(4, 9)), chip_margin=4), tmp_path / "chips.nc")
    with netCDF4.Dataset(tmp_path / "chips.nc") as dataset:
        assert "bounds" not in dataset["longitude"].ncattrs()
        assert dataset["vertical_column"].ancillary_variables == "qa_value"


def test_missing_values_are_masked_for_every_reader(chips_file, swath):
    with netCDF4.Dataset(chips_file) as dataset:
        column = dataset["vertical_column"][:]
    raw = np.concatenate([chip["vertical_column"].ravel() for chip in read_chips(chips_file)])
    assert np.isnan(raw).any()
    assert np.array_equal(np.ma.getmaskarray(column), np.isnan(raw))


def test_equal_chips_are_equal_bytes(chips_file, tmp_path):
    write_chips(read_chips(chips_file), tmp_path / "again.nc")
    assert (tmp_path / "again.nc").read_bytes() == chips_file.read_bytes()


def test_groups_have_the_numbers_and_times_of_their_orbit(probability_file, swath):
    with netCDF4.Dataset(probability_file) as dataset:
        group = next(iter(dataset.groups.values()))
        assert np.array_equal(group["scanline"][:], swath.scanline)
        assert np.array_equal(group["ground_pixel"][:], swath.ground_pixel)
        assert np.array_equal(group["time"][:].astype("datetime64[ms]"), swath.time.astype("datetime64[ms]"))


def test_the_extent_is_that_of_all_orbits(probability_file, swath):
    with netCDF4.Dataset(probability_file) as dataset:
        assert dataset.geospatial_lon_min == pytest.approx(float(np.nanmin(swath["longitude"])))
        assert dataset.geospatial_lat_max == pytest.approx(float(np.nanmax(swath["latitude"])))
        last = swath.time.max() + np.timedelta64(101, "m")
        assert np.datetime64(dataset.time_coverage_end[:-1]) == last.astype("datetime64[ms]")
        assert np.datetime64(dataset.time_coverage_start[:-1]) == swath.time.min().astype("datetime64[ms]")


def test_probabilities_are_read_as_written(probability_file):
    values = [probability for _, probability in read_probabilities(probability_file)]
    assert len(values) == 2
    assert np.isnan(values[0][0, 0])
    assert np.nanmax(values[0]) <= 1.0


def test_a_file_of_earlier_versions_is_read(chips_file, tmp_path):
    """Attributes carry no information that reading needs."""
    with netCDF4.Dataset(chips_file) as source, netCDF4.Dataset(tmp_path / "old.nc", "w") as old:
        for name, dimension in source.dimensions.items():
            old.createDimension(name, dimension.size)
        source.set_auto_maskandscale(False)
        for name, variable in source.variables.items():
            old.createVariable(name, variable.dtype, variable.dimensions)[:] = variable[:]
    for before, after in zip(read_chips(chips_file), read_chips(tmp_path / "old.nc"), strict=True):
        assert before.plume_id == after.plume_id
        for name, values in before.fields.items():
            assert np.array_equal(values, after[name], equal_nan=True)
