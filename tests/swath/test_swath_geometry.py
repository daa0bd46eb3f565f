"""Pixel areas against geodesic polygons of the ellipsoid, and the grid of corners."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from so2plumes.earth import from_vectors, unit_vectors
from so2plumes.simulate.orbits import swath_geometry
from so2plumes.swath.geometry import (
    authalic_latitude_rad,
    authalic_radius_m,
    corner_grid,
    equal_area_metres,
    inverse_equal_area,
    pixel_areas_m2,
)

GEOD = Geod(ellps="WGS84")


def geodesic_area(longitude, latitude) -> float:
    return abs(GEOD.polygon_area_perimeter(longitude, latitude)[0])


def pixel_around(longitude: float, latitude: float, azimuths, radii) -> tuple[np.ndarray, np.ndarray]:
    """Corners at azimuths and distances (m) from a centre."""
    n = len(azimuths)
    corners = GEOD.fwd([longitude] * n, [latitude] * n, azimuths, radii)
    return np.array(corners[0]), np.array(corners[1])


CENTRES = [
    (0.0, 0.0),
    (-78.3, -0.2),
    (14.999, 37.748),
    (-155.3, 19.4),
    (180.0, -17.0),
    (-180.0, 52.8),
    (179.99, 71.0),
    (30.0, 85.0),
    (-120.0, -89.5),
    (0.0, 89.99),
    (77.0, -89.999),
]


@pytest.mark.parametrize(("longitude", "latitude"), CENTRES)
@pytest.mark.parametrize("azimuths", [(225, 135, 45, 315), (200, 110, 20, 290), (210, 150, 40, 340)])
@pytest.mark.parametrize("radius", [3_000.0, 30_000.0])
def test_area_equals_the_geodesic_polygon(longitude, latitude, azimuths, radius):
    radii = radius * np.array([1.0, 0.9, 1.1, 1.0])
    lon, lat = pixel_around(longitude, latitude, azimuths, radii)
    assert pixel_areas_m2(lon, lat) == pytest.approx(geodesic_area(lon, lat), rel=1e-5)


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_a_pixel_that_contains_a_pole(pole):
    lon = np.array([10.0, 95.0, 190.0 - 360, -80.0])
    lat = np.copysign([89.97, 89.96, 89.975, 89.965], pole)
    assert pixel_areas_m2(lon, lat) == pytest.approx(geodesic_area(lon, lat), rel=1e-5)
    assert pixel_areas_m2(lon, lat) > 1e7


@pytest.mark.parametrize("pole", [90.0, -90.0])
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("pole_longitude", [0.0, 123.0, -180.0])
def test_a_pixel_with_a_corner_on_a_pole(pole, place, pole_longitude):
    lon = np.roll([pole_longitude, 20.0, 50.0, 80.0], place)
    lat = np.roll([pole, *np.copysign([89.95, 89.93, 89.95], pole)], place)
    expected = geodesic_area(lon, lat)
    assert pixel_areas_m2(lon, lat) == pytest.approx(expected, rel=1e-5)
    assert expected > 1e7


def test_small_rectangle_by_hand():
    step = 0.01
    lon, lat = np.array([-step, step, step, -step]), np.array([-step, -step, step, step])
    meridian = 6378137.0 * (1 - 0.0066943799901413165) * np.radians(2 * step)
    assert pixel_areas_m2(lon, lat) == pytest.approx(meridian * 6378137.0 * np.radians(2 * step), rel=1e-6)


def test_the_whole_ellipsoid_has_its_area():
    area = 4 * np.pi * authalic_radius_m() ** 2
    assert area == pytest.approx(510_065_621_724_089, rel=1e-12)
    assert authalic_latitude_rad(np.array([-90.0, 0.0, 90.0])) == pytest.approx([-np.pi / 2, 0.0, np.pi / 2])


quads = st.tuples(
    st.floats(-180, 180),
    st.floats(-90, 90),
    st.floats(0, 90),
    st.lists(st.floats(2_000.0, 25_000.0), min_size=4, max_size=4),
)


def corners_of(quad) -> tuple[np.ndarray, np.ndarray]:
    longitude, latitude, turn, radii = quad
    return pixel_around(longitude, latitude, (225 + turn, 135 + turn, 45 + turn, 315 + turn), radii)


@settings(max_examples=150, deadline=None)
@given(quads)
def test_any_pixel_anywhere_has_its_geodesic_area(quad):
    lon, lat = corners_of(quad)
    assert pixel_areas_m2(lon, lat) == pytest.approx(geodesic_area(lon, lat), rel=1e-5)


@settings(max_examples=60, deadline=None)
@given(quads, st.floats(-720, 720))
def test_area_does_not_depend_on_the_longitude(quad, shift):
    lon, lat = corners_of(quad)
    area = pixel_areas_m2(lon, lat)
    assert pixel_areas_m2(lon + shift, lat) == pytest.approx(area, rel=1e-7)
    assert pixel_areas_m2((lon + shift) % 360, lat) == pytest.approx(area, rel=1e-7)


@settings(max_examples=60, deadline=None)
@given(quads, st.integers(0, 3))
def test_area_does_not_depend_on_sense_start_or_hemisphere(quad, start):
    lon, lat = corners_of(quad)
    area = pixel_areas_m2(lon, lat)
    assert pixel_areas_m2(lon[::-1], lat[::-1]) == pytest.approx(area, rel=1e-5)
    assert pixel_areas_m2(np.roll(lon, start), np.roll(lat, start)) == pytest.approx(area, rel=1e-5)
    assert pixel_areas_m2(lon, -lat) == pytest.approx(area, rel=1e-7)


def test_a_missing_corner_gives_no_area_to_its_pixel_alone():
    lon = np.tile([0.0, 0.05, 0.05, 0.0], (2, 3, 1))
    lat = np.tile([0.0, 0.0, 0.05, 0.05], (2, 3, 1))
    for corner in range(4):
        spoilt = lon.copy()
        spoilt[1, 2, corner] = np.nan
        areas = pixel_areas_m2(spoilt, lat)
        assert areas.shape == (2, 3)
        assert np.argwhere(np.isnan(areas)).tolist() == [[1, 2]]


def test_no_extent_is_no_area():
    assert pixel_areas_m2(np.full(4, 179.9), np.full(4, 60.0)) == 0.0


def test_single_precision_corners_are_good_to_a_thousandth():
    geometry = swath_geometry(17849, (2600, 2620), (0, 30))
    exact = pixel_areas_m2(geometry.longitude_bounds, geometry.latitude_bounds)
    rounded = pixel_areas_m2(geometry.longitude_bounds.astype(np.float32), geometry.latitude_bounds.astype(np.float32))
    np.testing.assert_allclose(rounded, exact, rtol=2e-3)


def test_pixels_of_a_swath_fill_its_outline():
    geometry = swath_geometry(17849, (2600, 2612), (200, 212))
    lon, lat = geometry.longitude_bounds, geometry.latitude_bounds
    ring = [
        *zip(lon[0, :, 0], lat[0, :, 0], strict=True),
        *zip(lon[:, -1, 1], lat[:, -1, 1], strict=True),
        *zip(lon[-1, ::-1, 2], lat[-1, ::-1, 2], strict=True),
        *zip(lon[::-1, 0, 3], lat[::-1, 0, 3], strict=True),
    ]
    assert pixel_areas_m2(lon, lat).sum() == pytest.approx(geodesic_area(*zip(*ring, strict=True)), rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(0, 360), st.floats(0, 300_000.0))
def test_equal_area_coordinates_come_back(longitude, latitude, azimuth, distance):
    lon, lat, _ = GEOD.fwd(longitude, latitude, azimuth, distance)
    x, y = equal_area_metres(np.array([lon]), np.array([lat]), longitude, latitude)
    back = inverse_equal_area(x, y, longitude, latitude)
    np.testing.assert_allclose(unit_vectors(*back), unit_vectors([lon], [lat]), atol=1e-8)


@settings(max_examples=100, deadline=None)
@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(0, 360), st.floats(1.0, 100_000.0))
def test_equal_area_coordinates_near_the_centre_are_true_distances(longitude, latitude, azimuth, distance):
    lon, lat, _ = GEOD.fwd(longitude, latitude, azimuth, distance)
    x, y = equal_area_metres(np.array([lon]), np.array([lat]), longitude, latitude)
    assert np.hypot(x, y)[0] == pytest.approx(distance, rel=2e-4, abs=0.1)


def test_east_is_x_and_north_is_y():
    x, y = equal_area_metres(np.array([-179.95, 180.0]), np.array([10.0, 10.05]), 180.0, 10.0)
    assert x[0] > 5000
    assert abs(y[0]) < 10
    assert y[1] > 5000
    assert abs(x[1]) < 1e-6


@settings(max_examples=60, deadline=None)
@given(st.floats(-179.999, 180), st.floats(-89.99, 89.99), st.floats(0.1, 10.0))
def test_vectors_come_back_at_any_length(longitude, latitude, length):
    back = from_vectors(length * unit_vectors([longitude], [latitude]))
    assert (back[0][0], back[1][0]) == pytest.approx((longitude, latitude), abs=1e-9)


GRID = swath_geometry(17849, (2600, 2607), (200, 205))


def grid_of(bounds: np.ndarray) -> np.ndarray:
    """Lay the corners of the pixels on the grid."""
    grid = np.empty((bounds.shape[0] + 1, bounds.shape[1] + 1))
    grid[:-1, :-1], grid[:-1, -1] = bounds[:, :, 0], bounds[:, -1, 1]
    grid[-1, :-1], grid[-1, -1] = bounds[-1, :, 3], bounds[-1, -1, 2]
    return grid


def test_corner_grid_of_touching_pixels_is_their_corners():
    grid = corner_grid(GRID.longitude_bounds, GRID.latitude_bounds)
    expected = unit_vectors(grid_of(GRID.longitude_bounds), grid_of(GRID.latitude_bounds))
    assert grid.shape == (8, 6, 3)
    np.testing.assert_allclose(grid, expected, atol=1e-12)


def test_corner_grid_takes_what_neighbours_know():
    lon, lat = GRID.longitude_bounds.copy(), GRID.latitude_bounds.copy()
    lon[3, 2] = np.nan
    lat[0, 0] = np.nan
    whole = corner_grid(GRID.longitude_bounds, GRID.latitude_bounds)
    grid = corner_grid(lon, lat)
    missing = np.isnan(grid).any(axis=-1)
    assert np.argwhere(missing).tolist() == [[0, 0]], "only the outermost point had one pixel alone"
    np.testing.assert_allclose(grid[~missing], whole[~missing], atol=1e-12)


def test_corner_grid_means_what_differs():
    lon, lat = GRID.longitude_bounds.copy(), GRID.latitude_bounds.copy()
    lat[1, 1, 2] += 0.004
    moved = from_vectors(corner_grid(lon, lat)[2, 2])[1]
    assert moved - GRID.latitude_bounds[1, 1, 2] == pytest.approx(0.001, rel=1e-3)


@pytest.mark.parametrize("longitude", [0.0, 180.0, -180.0])
def test_corner_grid_over_the_antimeridian(longitude):
    shift = longitude - GRID.longitude_bounds.mean()
    wrapped = (GRID.longitude_bounds + shift + 180.0) % 360.0 - 180.0
    lon, lat = from_vectors(corner_grid(wrapped, GRID.latitude_bounds))
    expected = unit_vectors(grid_of(GRID.longitude_bounds) + shift, grid_of(GRID.latitude_bounds))
    np.testing.assert_allclose(unit_vectors(lon, lat), expected, atol=1e-12)


def test_corner_grid_of_one_pixel():
    lon, lat = GRID.longitude_bounds[:1, :1], GRID.latitude_bounds[:1, :1]
    grid = corner_grid(lon, lat)
    np.testing.assert_allclose(grid[[0, 0, 1, 1], [0, 1, 1, 0]], unit_vectors(lon[0, 0], lat[0, 0]), atol=1e-15)
