import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from so2plumes.constants import EARTH_RADIUS_KM
from so2plumes.earth import wrap_longitude
from so2plumes.sources import sphere

longitudes = st.floats(-180, 180)
latitudes = st.floats(-90, 90)


def test_quarter_of_a_great_circle():
    quarter = np.pi / 2 * EARTH_RADIUS_KM
    assert sphere.great_circle_km(0, 0, 90, 0) == pytest.approx(quarter)
    assert sphere.great_circle_km(17, 0, 17, 90) == pytest.approx(quarter)
    assert sphere.great_circle_km(0, 0, 180, 0) == pytest.approx(2 * quarter)


def test_degree_of_longitude_shrinks_with_latitude():
    degree = sphere.great_circle_km([0, 0], [0, 60], [1, 1], [0, 60])
    assert degree[0] == pytest.approx(111.195, abs=0.001)
    assert degree[1] == pytest.approx(degree[0] / 2, rel=1e-4)


@given(longitudes, latitudes, longitudes, latitudes, st.sampled_from([-360.0, 360.0]))
def test_distance_is_symmetric_and_knows_no_cut(lon1, lat1, lon2, lat2, turn):
    there = sphere.great_circle_km(lon1, lat1, lon2, lat2)
    assert sphere.great_circle_km(lon2, lat2, lon1 + turn, lat1) == pytest.approx(there, abs=1e-3)


@given(longitudes, latitudes, longitudes, latitudes)
def test_chord_is_the_distance(lon1, lat1, lon2, lat2):
    arc = float(sphere.great_circle_km(lon1, lat1, lon2, lat2))
    chord = np.linalg.norm(sphere.unit_vectors(lon1, lat1) - sphere.unit_vectors(lon2, lat2))
    assert chord == pytest.approx(sphere.chord_of(arc), abs=1e-7)


def test_wrapped_longitudes():
    assert wrap_longitude([-180, 180, 190, -190, 359.95, 0]) == pytest.approx([-180, -180, -170, 170, -0.05, 0])


def test_mean_across_the_antimeridian_and_at_the_pole():
    assert sphere.spherical_mean([179, -179], [10, 10])[0] % 360 == pytest.approx(180)
    assert sphere.spherical_mean([0, 90, 180, -90], [80] * 4)[1] == pytest.approx(90)


def test_no_mean_of_nothing_or_of_antipodes():
    assert np.isnan(sphere.spherical_mean([], [])).all()
    assert np.isnan(sphere.spherical_mean([0, 180], [0, 0])).all()


def test_neighbours_equal_brute_force():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(-180, 180, 300), np.degrees(np.arcsin(rng.uniform(-1, 1, 300)))
    target_lon, target_lat = rng.uniform(-180, 180, 80), np.degrees(np.arcsin(rng.uniform(-1, 1, 80)))
    distance = sphere.great_circle_km(lon[:, None], lat[:, None], target_lon, target_lat)
    found = sphere.neighbours_within(lon, lat, target_lon, target_lat, 900)
    first, second = np.nonzero(distance <= 900)
    np.testing.assert_array_equal(found.first, first)
    np.testing.assert_array_equal(found.second, second)
    np.testing.assert_allclose(found.distance_km, distance[first, second], rtol=1e-9)
    near = sphere.nearest(lon, lat, target_lon, target_lat)
    np.testing.assert_array_equal(near.index, distance.argmin(axis=1))
    np.testing.assert_allclose(near.distance_km, distance.min(axis=1), rtol=1e-9)


def test_places_that_are_not_there_have_no_neighbours():
    found = sphere.neighbours_within([np.nan, 0], [0, 0], [0, np.nan], [0, 0], 10)
    assert (found.first.tolist(), found.second.tolist()) == ([1], [0])
    near = sphere.nearest([np.nan, 0], [0, 0], [np.nan, 1], [0, 0])
    assert near.index.tolist() == [-1, 1]
    assert np.isnan(near.distance_km[0])
    assert sphere.nearest([1, 2], [3, 4], [], []).index.tolist() == [-1, -1]
    assert sphere.neighbours_within([], [], [1], [1], 5).first.size == 0
