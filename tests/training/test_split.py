import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.training.split import is_test_orbit, is_test_region, part_of, region_cells, region_name


def one(longitude, latitude):
    return region_cells(np.array([[longitude]]), np.array([[latitude]]))


def test_about_a_third_of_the_orbits_is_for_tests():
    share = np.mean([is_test_orbit(orbit) for orbit in range(5000, 25000)])
    assert share == pytest.approx(1 / 3, abs=0.01)


def test_a_third_of_the_regions_is_for_tests():
    longitude, latitude = np.meshgrid(np.arange(-178.0, 180.0, 4.0), np.arange(-90.0, 90.0, 4.0))
    cells = region_cells(longitude, latitude)
    assert len(np.unique(cells)) == cells.size
    assert is_test_region(cells).mean() == pytest.approx(1 / 3, abs=0.01)


def test_every_block_of_three_by_one_regions_has_both_parts():
    longitude, latitude = np.meshgrid(np.arange(2.0, 14.0, 4.0), [50.0])
    assert is_test_region(region_cells(longitude, latitude)).sum() == 1


@settings(deadline=None)
@given(st.floats(-180, 179.9), st.floats(-90, 90))
def test_a_turn_around_the_earth_is_the_same_region(longitude, latitude):
    longitude = round(longitude, 3)
    assert one(longitude, latitude) == one(longitude + 360.0, latitude)


@pytest.mark.parametrize(
    ("longitude", "latitude", "name"),
    [
        (15.0, 37.7, "36N 012E"),
        (-178.3, -18.2, "20S 180W"),
        (0.0, 0.0, "00N 000E"),
        (-0.1, -0.1, "04S 004W"),
        (9, 90, "88N 008E"),
    ],
)
def test_regions_are_named_by_their_south_west_corner(longitude, latitude, name):
    assert region_name(int(one(longitude, latitude)[0, 0])) == name


def test_pixels_without_position_belong_to_no_part():
    nowhere = np.full((2, 3), np.nan)
    assert not part_of(1, nowhere, nowhere).any()
    assert region_name(-1) == ""


def test_orbit_and_region_decide_together():
    longitude, latitude = np.meshgrid(np.arange(2.0, 26.0, 4.0), np.arange(2.0, 26.0, 4.0))
    test_orbit = next(orbit for orbit in range(100) if is_test_orbit(orbit))
    train_orbit = next(orbit for orbit in range(100) if not is_test_orbit(orbit))
    learned, scored = part_of(train_orbit, longitude, latitude), part_of(test_orbit, longitude, latitude)
    np.testing.assert_array_equal(learned, ~scored)
    assert scored.mean() == pytest.approx(1 / 3, abs=0.01)
