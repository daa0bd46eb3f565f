"""All forms in which a file stores its times give the same instants."""

from __future__ import annotations

import netCDF4
import numpy as np
import pytest

from so2plumes.errors import GranuleError
from so2plumes.simulate.orbits import swath_geometry, to_datetime64
from so2plumes.simulate.scenes import build_scene
from so2plumes.swath.dataset import open_level2
from so2plumes.swath.level2 import read_level2
from so2plumes.swath.names import parse_granule_name
from so2plumes.swath.times import sensing_interval

MS = np.timedelta64(1, "ms")


@pytest.fixture(scope="module")
def truth(scene):
    return to_datetime64(scene.geometry.time_s)


def lost(*names: str):
    def change(dataset):
        for name in names:
            dataset["PRODUCT"].renameVariable(name, f"lost_{name}")

    return change


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("units", ["milliseconds", "since"])
@pytest.mark.parametrize("utc", ["filled", "empty", "absent"])
def test_every_form_gives_the_same_times(write, truth, dimensions, units, utc):
    path = write(delta_time_dimensions=dimensions, delta_time_units=units, time_utc=utc)
    times = read_level2(path).time
    assert times.dtype == np.dtype("datetime64[ms]")
    assert np.abs(times - truth).max() <= MS
    with open_level2(path) as dataset:
        first, last = sensing_interval(dataset, path)
    assert (first, last) == (times[0], times[-1])


@pytest.mark.parametrize(
    "units",
    [
        "milliseconds since 2021-03-24",
        "milliseconds since 2021-03-24T00:00:00Z",
        "milliseconds since 2021-03-24 00:00:00Z",
        "ms since 2021-03-24 00:00:00",
    ],
)
def test_spellings_of_the_reference(edit, truth, units):
    def change(dataset):
        dataset["PRODUCT/delta_time"].units = units

    assert np.abs(read_level2(edit(change)).time - truth).max() <= MS


def test_a_reference_of_another_hour_is_kept(edit, truth):
    def change(dataset):
        dataset["PRODUCT/delta_time"].units = "milliseconds since 2021-03-24 00:10:00"

    assert np.abs(read_level2(edit(change)).time - truth - np.timedelta64(10, "m")).max() <= MS


@pytest.mark.parametrize("day", ["2021-03-23", "2021-03-25", "2010-01-01"])
def test_times_outside_the_orbit_of_the_name_are_refused(edit, day):
    def change(dataset):
        dataset["PRODUCT/delta_time"].units = f"milliseconds since {day} 00:00:00"

    with pytest.raises(GranuleError, match="not those of its name") as caught:
        read_level2(edit(change))
    assert caught.value.reason == "wrong_identity"
    assert day in caught.value.found


def test_the_reference_is_not_counted_twice(edit):
    """A file of the 2021 mission read as `time` + `since` would lie in 2032."""

    def change(dataset):
        dataset["PRODUCT/delta_time"].units = "milliseconds since 2021-03-24 00:00:00"

    assert read_level2(edit(change)).time[0].astype("datetime64[D]") == np.datetime64("2021-03-24")


def test_seconds_are_not_taken_for_milliseconds(edit, truth):
    def change(dataset):
        product = dataset["PRODUCT"]
        product.renameVariable("delta_time", "old")
        seconds = product.createVariable("delta_time", "f8", product["old"].dimensions)
        seconds.units = "seconds"
        seconds[:] = product["old"][:] / 1000.0

    assert np.abs(read_level2(edit(change)).time - truth).max() <= MS


def test_an_unknown_unit_falls_back_on_the_text(edit, truth):
    def change(dataset):
        dataset["PRODUCT/delta_time"].units = "furlongs"

    assert np.abs(read_level2(edit(change)).time - truth).max() <= MS


def test_a_variable_without_unit_is_taken_as_milliseconds(edit, truth):
    def change(dataset):
        dataset["PRODUCT/delta_time"].delncattr("units")

    assert np.abs(read_level2(edit(change)).time - truth).max() <= MS


def test_time_utc_serves_where_delta_time_is_lost(edit, truth):
    assert np.abs(read_level2(edit(lost("delta_time"))).time - truth).max() <= MS


def test_time_utc_serves_where_the_reference_is_lost_or_fill(edit, truth):
    def fill(dataset):
        dataset["PRODUCT/time"][:] = -2147483647

    for change in (lost("time"), fill):
        assert np.abs(read_level2(edit(change)).time - truth).max() <= MS


def test_coverage_attributes_serve_where_nothing_else_does(write, edit, truth):
    path = edit(lost("delta_time"), write(time_utc="empty"))
    times = read_level2(path).time
    assert np.abs(times - truth).max() < np.timedelta64(1000, "ms")
    assert np.all(np.diff(times) > np.timedelta64(0, "ms"))
    with open_level2(path) as dataset:
        assert sensing_interval(dataset, path) == (times[0], times[-1])


def test_without_any_time_the_file_is_refused(write, edit):
    def change(dataset):
        lost("delta_time")(dataset)
        dataset.delncattr("time_coverage_start")

    with pytest.raises(GranuleError) as caught:
        read_level2(edit(change, write(time_utc="absent")))
    assert caught.value.reason == "no_time"


@pytest.mark.parametrize("rows", [slice(0, 1), slice(10, 14), slice(45, 46)])
def test_lost_scanlines_get_the_time_of_their_neighbours(edit, truth, rows):
    def spoil(dataset):
        dataset["PRODUCT/delta_time"][0, rows] = -2147483647

    times = read_level2(edit(spoil)).time
    assert np.abs(times - truth).max() <= np.timedelta64(841, "ms")
    assert not np.isnat(times).any()


def test_one_valid_pixel_is_enough_for_a_scanline(edit, truth):
    def spoil(dataset):
        values = dataset["PRODUCT/delta_time"][:]
        kept = values[0, :, 17].copy()
        values[:] = -2147483647
        values[0, :, 17] = kept
        dataset["PRODUCT/delta_time"][:] = values

    assert np.abs(read_level2(edit(spoil)).time - truth).max() <= MS


def test_sensing_begins_after_the_time_in_the_name(granule):
    name = parse_granule_name(granule)
    start = read_level2(granule).time[0].astype("datetime64[s]").item()
    assert (start - name.start.replace(tzinfo=None)).total_seconds() > 1000


def test_a_swath_over_midnight_runs_on(write):
    from so2plumes.simulate.orbits import scan_pattern, sensing_start_s

    orbit, row = next(
        (orbit, int(left / scan_pattern(orbit).interval_s))
        for orbit in range(17849, 17900)
        if 30 < (left := 86400 - sensing_start_s(orbit) % 86400) < 3000
    )
    geometry = swath_geometry(orbit, (row - 4, row + 5), (100, 104))
    times = read_level2(write(build_scene(geometry, [], np.random.default_rng(1)).scene)).time
    days = np.unique(times.astype("datetime64[D]"))
    assert len(days) == 2
    assert np.abs(np.diff(times) - np.timedelta64(840, "ms")).max() <= MS


def test_character_arrays_do_not_become_years(edit, truth):
    def change(dataset):
        product = dataset["PRODUCT"]
        lost("delta_time", "time_utc")(dataset)
        product.createDimension("text", 27)
        utc = product.createVariable("time_utc", "S1", ("time", "scanline", "text"))
        texts = np.array([[f"{text:27s}" for text in product["lost_time_utc"][0]]], dtype="S27")
        utc[:] = netCDF4.stringtochar(texts)

    assert np.abs(read_level2(edit(change)).time - truth).max() < np.timedelta64(1000, "ms")
