"""Real files: Etna scenes, GES DISC subsets and a granule without its variables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from so2plumes.errors import GranuleError
from so2plumes.swath.compact import read_compact, write_compact
from so2plumes.swath.filters import usable_pixels
from so2plumes.swath.geometry import pixel_areas_m2
from so2plumes.swath.level2 import index_origin, read_level2
from so2plumes.swath.names import is_granule_file, parse_granule_name

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def subsets(shared_data) -> list[Path]:
    return sorted((shared_data / "gesdisc_subsets").glob("*.nc4"))


@pytest.fixture(scope="module")
def scenes(shared_data) -> list[Path]:
    return sorted((shared_data / "etna").glob("S5P_*.nc"))[::50]


def test_every_real_name_is_read(shared_data):
    paths = [path for folder in ("etna", "gesdisc_subsets") for path in (shared_data / folder).glob("S5P_*")]
    paths += (shared_data / "format").glob("S5P_*_L2__SO2*")
    assert len(paths) > 700
    for path in paths:
        assert is_granule_file(path)
        name = parse_granule_name(path)
        assert name.start < name.stop < name.created
        assert len(name.stem) == 83


def test_a_file_of_ozone_is_no_so2_granule(shared_data):
    path = next((shared_data / "format").glob("S5P_*_L2__O3*"))
    assert not is_granule_file(path)


def test_etna_scenes_are_readable_and_plausible(scenes):
    assert len(scenes) >= 15
    for path in scenes:
        swath = read_level2(path)
        usable = usable_pixels(swath)
        column = swath["vertical_column"][usable]
        assert 0.1 < usable.mean() < 1, path.name
        assert abs(np.median(column)) < 0.01, path.name
        assert (column < 0).any(), path.name
        assert np.abs(column).max() < 1.0, path.name
        assert np.nanmin(swath["latitude"]) > 33
        assert np.nanmax(swath["latitude"]) < 38.2
        assert np.nanmin(swath["longitude"]) > 13.8
        assert np.nanmax(swath["longitude"]) < 19.5
        assert np.nanmax(np.hypot(swath["eastward_wind"], swath["northward_wind"])) < 40, path.name
        assert {"detection_flag", "vertical_column_precision", "layer_height"} <= set(swath.unavailable)
        assert swath.retrieval == "doas"


def test_etna_scenes_are_sensed_at_midday_after_the_time_in_the_name(scenes):
    for path in scenes:
        name, times = parse_granule_name(path), read_level2(path).time
        assert name.start.replace(tzinfo=None) < times[0].item() < times[-1].item()
        assert times[-1].item() < name.stop.replace(tzinfo=None)
        assert 10 <= times[0].item().hour <= 13
        assert np.all(np.diff(times) > np.timedelta64(0, "ms"))


def test_etna_pixels_have_the_size_of_the_instrument(scenes):
    for path in scenes:
        swath = read_level2(path)
        areas = pixel_areas_m2(swath["longitude_bounds"], swath["latitude_bounds"]) / 1e6
        along = 7.0 if swath.time[0] < np.datetime64("2019-08-06") else 5.5
        assert 0.85 * along * 3.5 < np.nanmin(areas) < 1.9 * along * 3.5, path.name
        assert np.nanmax(areas) < 130, path.name


def test_an_etna_scene_survives_the_compact_file(scenes, tmp_path):
    swath = read_level2(scenes[0])
    write_compact(swath, tmp_path / "compact.nc")
    again = read_compact(tmp_path / "compact.nc")
    np.testing.assert_array_equal(again["vertical_column"], swath["vertical_column"])
    np.testing.assert_array_equal(again.time, swath.time)
    assert again.unavailable == swath.unavailable


def test_subsets_are_read_and_say_what_is_missing(subsets):
    whole = [path for path in subsets if path.stat().st_size > 10_000]
    assert len(whole) >= 5
    for path in whole:
        swath = read_level2(path)
        assert 12 <= swath.shape[0] <= 13
        assert not swath.has_corners
        assert not swath.has_winds
        assert {"latitude_bounds", "eastward_wind", "detection_flag"} <= set(swath.unavailable)
        assert np.nanmax(np.abs(swath["vertical_column"])) < 0.01
        assert 1e-4 < np.nanmedian(swath["vertical_column_precision"]) < 2e-3
        assert swath.processor_version.startswith("01.01.0")
        assert swath.retrieval == "doas"


def test_subsets_keep_their_place_and_their_time(subsets):
    for path in (path for path in subsets if path.stat().st_size > 10_000):
        swath = read_level2(path)
        assert swath.scanline[0] > 1000, "the cut lies in the middle of the orbit"
        assert 0 <= swath.ground_pixel[0] < swath.ground_pixel[-1] < 450
        assert index_origin(path) == (swath.scanline[0], swath.ground_pixel[0])
        steps = np.diff(swath.time) / np.timedelta64(1, "ms")
        expected = 1080 if swath.time[0] < np.datetime64("2019-08-06") else 840
        assert np.abs(steps - expected).max() <= 2
        assert parse_granule_name(path).start.date() == swath.time[0].item().date()


def test_a_subset_without_data_is_refused_with_a_reason(subsets):
    (empty,) = [path for path in subsets if path.stat().st_size < 10_000]
    with pytest.raises(GranuleError) as caught:
        read_level2(empty)
    assert caught.value.reason == "missing_variable"
    assert caught.value.found == "variables of /PRODUCT: none"


def test_a_granule_stripped_of_its_variables_says_so(shared_data):
    path = next((shared_data / "format").glob("S5P_OFFL_L2__SO2*"))
    with pytest.raises(GranuleError) as caught:
        read_level2(path)
    assert caught.value.reason == "missing_variable"
    message = str(caught.value)
    assert "/PRODUCT/latitude" in message
    assert "variables of /PRODUCT: none" in message
    assert "fetch the full granule" in message
