"""What was seen: grids of single swaths, their days, and the places that are looked up in them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from so2plumes.earth import unit_vectors
from so2plumes.errors import TableError
from so2plumes.seen import (
    SHAPE,
    UNSEEN,
    SeenGrid,
    cell_areas_km2,
    cell_of,
    join_days,
    read_seen,
    seen_at,
    write_seen,
)
from so2plumes.simulate.orbits import swath_geometry
from so2plumes.swath.filters import usable_pixels
from so2plumes.swath.level2 import read_level2
from so2plumes.swath.seen import seen_by_day, seen_percent
from tests.plume_makers import make_swath, metre_grid

CHORD_50_KM = 2 * np.sin(50 / 6371.0088 / 2)


def centre(row, column):
    return (column + 0.5) / 2 - 180, (row + 0.5) / 2 - 90


@pytest.fixture(scope="module")
def orbit():
    """A piece of an orbit that reaches over the Arctic, with clouds of a few hundred kilometres."""
    geometry = swath_geometry(17_849, scanlines=(3000, 3700))
    rng = np.random.default_rng(0)
    coarse = rng.random((geometry.longitude.shape[0] // 50 + 1, 10)) > 0.5
    usable = np.kron(coarse, np.ones((50, 45), bool))[: geometry.longitude.shape[0], :450]
    return geometry.longitude.ravel(), geometry.latitude.ravel(), usable.ravel()


def test_cells_equal_counting_pixels_around_their_centres(orbit):
    lon, lat, usable = orbit
    percent = seen_percent(lon, lat, usable)
    tree = cKDTree(unit_vectors(lon, lat))
    rows, columns = np.nonzero(percent != UNSEEN)
    assert len(rows) > 3000
    assert lat.max() > 80, "the piece comes near the pole"
    rng = np.random.default_rng(1)
    errors = []
    for i in rng.choice(len(rows), 300, replace=False):
        near = tree.query_ball_point(unit_vectors(*centre(rows[i], columns[i])), CHORD_50_KM)
        errors.append(percent[rows[i], columns[i]] - 100 * usable[near].mean())
    assert np.abs(errors).max() < 6
    assert abs(np.mean(errors)) < 1


def test_the_nearest_cell_speaks_for_a_place(orbit):
    lon, lat, usable = orbit
    percent = seen_percent(lon, lat, usable)
    tree = cKDTree(unit_vectors(lon, lat))
    rng = np.random.default_rng(2)
    chosen = rng.choice(len(lon), 500)
    row, column = cell_of(lon[chosen], lat[chosen])
    inside = percent[row, column] != UNSEEN
    exact = np.array(
        [usable[tree.query_ball_point(unit_vectors(lon[i], lat[i]), CHORD_50_KM)].mean() >= 0.5 for i in chosen]
    )
    assert np.mean((percent[row, column] >= 50)[inside] == exact[inside]) > 0.88


@given(longitude=st.floats(-180, 180), latitude=st.floats(-75, 75), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_turning_the_earth_by_half_degrees_turns_the_grid(longitude, latitude, seed):
    rng = np.random.default_rng(seed)
    lon = longitude + rng.uniform(-2, 2, 3000) / np.cos(np.radians(latitude))
    lat, usable = latitude + rng.uniform(-2, 2, 3000), rng.random(3000) < 0.6
    lon = np.round(lon, 1) + 0.05
    here = seen_percent((lon + 180) % 360 - 180, lat, usable)
    there = seen_percent((lon + 30 + 180) % 360 - 180, lat, usable)
    np.testing.assert_array_equal(np.roll(here, 60, axis=1), there)


def test_no_pixels_and_half_discs():
    nothing = np.empty(0)
    assert (seen_percent(nothing, nothing, nothing.astype(bool)) == UNSEEN).all()
    lon, lat = (part.ravel() for part in np.meshgrid(np.arange(10, 12, 0.05), np.arange(40, 42, 0.05)))
    percent = seen_percent(lon, lat, np.ones(lon.size, bool))
    row, column = cell_of([11.0, 9.4, 12.6], [41.0, 41.0, 41.0])
    assert percent[row, column].tolist() == [100, UNSEEN, UNSEEN], "half of the disc must lie in the swath"


def test_days_of_a_swath_and_the_better_of_two(tmp_path):
    grid = metre_grid(60, 60, longitude=15, latitude=37.7)
    swath = make_swath(grid)
    usable = np.ones(grid.shape, bool)
    middle = cell_of(15, 37.7)
    ((day, full),) = seen_by_day(swath, usable)
    half = usable.copy()
    half[:, ::2] = False
    ((_, thin),) = seen_by_day(swath, half)
    assert full[middle] == 100
    assert thin[middle] == pytest.approx(50, abs=3)
    joined = join_days([(day, thin)]).joined([(day, full), (day + np.timedelta64(1, "D"), thin)])
    assert joined.days.tolist() == [day.item(), (day + np.timedelta64(1, "D")).item()]
    assert joined.percent[(0, *middle)] == 100
    write_seen(joined, tmp_path / "seen.nc")
    again = read_seen(tmp_path / "seen.nc")
    np.testing.assert_array_equal(again.percent, joined.percent)
    np.testing.assert_array_equal(again.days, joined.days)


def test_places_over_several_files(tmp_path):
    days = np.array(["2021-12-31", "2022-01-01"], "datetime64[D]")
    first, second = np.full((2, *SHAPE), UNSEEN, np.int8), np.full((1, *SHAPE), UNSEEN, np.int8)
    etna, tonga = cell_of(15, 37.7), cell_of(-175.4, -20.5)
    first[(0, *etna)], first[(1, *etna)] = 80, 10
    second[(0, *etna)], second[(0, *tonga)] = 49, 50
    write_seen(SeenGrid(days, first), tmp_path / "2021.nc")
    write_seen(SeenGrid(days[1:], second), tmp_path / "2022.nc")
    seen = seen_at(
        [tmp_path / "2021.nc", tmp_path / "2022.nc"], [15, 184.6], [37.7, -20.5], "2021-12-30", "2022-01-02", True
    )
    assert seen.percent.tolist() == [[-1, -1], [80, -1], [49, 50], [-1, -1]]
    assert seen.observable.any(axis=1).tolist() == [False, True, True, False]
    areas = cell_areas_km2()
    assert areas.sum() * SHAPE[1] == pytest.approx(510.07e6, rel=1e-3)
    assert seen.area_km2.tolist() == pytest.approx([0, areas[etna[0]], areas[tonga[0]], 0])


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "seen.nc"
    path.write_text("nothing")
    with pytest.raises(TableError, match="observed places"):
        read_seen(path)


@pytest.mark.real
@pytest.mark.parametrize("day", ["20201221", "20201222", "20210324"])
def test_real_scenes_of_etna(shared_data, day):
    """On 21 December 2020 the quality value removes the plume and most around it: no plume there is not a quiet day."""
    (path,) = sorted((shared_data / "etna").rglob(f"S5P_RPRO_L2__SO2____{day}T*.nc"))[:1]
    swath = read_level2(path)
    usable = usable_pixels(swath)
    ((_, percent),) = seen_by_day(swath, usable)
    row, column = cell_of(14.999, 37.748)
    tree = cKDTree(unit_vectors(swath["longitude"][swath.located], swath["latitude"][swath.located]))
    near = tree.query_ball_point(unit_vectors(*centre(row, column)), CHORD_50_KM)
    assert percent[row, column] == pytest.approx(100 * usable[swath.located][near].mean(), abs=6)
    assert (percent[row, column] >= 50) == (day != "20201221")
