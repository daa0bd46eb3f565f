from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plume_makers import block, cut, make_swath, metre_grid, only

from so2plumes.emissions.wind import NO_WIND, chip_wind, upwind_end, wind_statistics
from so2plumes.simulate.plumes import PlumeSpec, local_metres, plume_column


def test_a_constant_wind_does_not_vary():
    wind = wind_statistics(np.full(9, 3.0), np.full(9, 4.0))
    assert (wind.speed_median_m_s, wind.speed_min_m_s, wind.speed_max_m_s) == (5.0, 5.0, 5.0)
    assert (wind.speed_std_m_s, wind.speed_sem_m_s, wind.cov_percent) == (0.0, 0.0, 0.0)
    assert wind.known


def test_speeds_of_4_and_6_vary_by_20_percent():
    wind = wind_statistics(np.array([4.0, 6.0]), np.zeros(2))
    assert wind.cov_percent == pytest.approx(20.0)
    assert wind.speed_std_m_s == pytest.approx(1.0)
    assert wind.speed_sem_m_s == pytest.approx(np.sqrt(2.0) / np.sqrt(2.0))


@pytest.mark.parametrize(
    ("east", "north", "direction"),
    [(5.0, 0.0, 270.0), (0.0, 5.0, 180.0), (-5.0, 0.0, 90.0), (0.0, -5.0, 0.0), (3.0, 3.0, 225.0), (3.0, -3.0, 315.0)],
)
def test_the_direction_is_where_the_wind_comes_from(east, north, direction):
    assert wind_statistics(np.full(4, east), np.full(4, north)).direction_deg == pytest.approx(direction)


def test_the_direction_is_that_of_the_mean_vector():
    angles = np.radians([350.0, 20.0])
    wind = wind_statistics(-5.0 * np.sin(angles), -5.0 * np.cos(angles))
    assert wind.direction_deg == pytest.approx(5.0)
    assert wind.speed_median_m_s == pytest.approx(5.0)


@settings(max_examples=20, deadline=None)
@given(speed=st.floats(0.5, 40.0), direction=st.floats(0.0, 359.9))
def test_speed_and_direction_of_any_wind(speed, direction):
    angle = np.radians(direction)
    wind = wind_statistics(np.full(3, -speed * np.sin(angle)), np.full(3, -speed * np.cos(angle)))
    assert wind.speed_median_m_s == pytest.approx(speed)
    assert abs((wind.direction_deg - direction + 180.0) % 360.0 - 180.0) < 1e-6


def test_pixels_without_wind_are_left_out():
    east = np.array([4.0, np.nan, 6.0, 100.0])
    north = np.array([0.0, 1.0, 0.0, np.nan])
    wind = wind_statistics(east, north)
    assert (wind.speed_min_m_s, wind.speed_median_m_s, wind.speed_max_m_s) == (4.0, 5.0, 6.0)


def test_one_pixel_has_no_standard_error():
    wind = wind_statistics(np.array([4.0]), np.array([0.0]))
    assert wind.speed_median_m_s == 4.0
    assert np.isnan(wind.speed_sem_m_s)


@pytest.mark.parametrize(
    "parts", [(None, None), (np.ones(3), None), (np.full(3, np.nan), np.ones(3)), (np.empty(0),) * 2]
)
def test_without_winds_nothing_is_known(parts):
    wind = wind_statistics(*parts)
    assert wind == NO_WIND or np.isnan(wind.speed_median_m_s)
    assert not wind.known
    assert upwind_end(wind, np.zeros(3), np.zeros(3)) is None


def test_calm_air_has_no_direction():
    wind = wind_statistics(np.array([2.0, -2.0]), np.zeros(2))
    assert wind.known
    assert upwind_end(wind, np.zeros(3), np.zeros(3)) is None
    still = wind_statistics(np.zeros(2), np.zeros(2))
    assert still.speed_median_m_s == 0.0
    assert np.isnan(still.cov_percent)


def test_the_wind_of_a_chip_is_that_of_its_usable_plume_pixels():
    grid = metre_grid()
    mask = block(grid, slice(20, 24), slice(20, 24))
    east = np.where(mask, 6.0, 50.0)
    east[21, 21] = 90.0
    qa = np.full(grid.shape, 100)
    qa[21, 21] = 10
    wind = chip_wind(only(cut(make_swath(grid, wind=(east, 0.0), qa_value=qa), mask)))
    assert wind.speed_median_m_s == wind.speed_max_m_s == pytest.approx(6.0)


def test_the_upwind_end_is_the_mean_of_the_first_20th():
    wind = wind_statistics(np.full(3, 2.0), np.zeros(3))
    x, y = np.meshgrid(np.arange(40.0), np.arange(2.0))
    assert upwind_end(wind, x.ravel(), y.ravel()) == (0.5, 0.5)
    assert upwind_end(wind, np.array([3.0, -1.0]), np.array([0.0, 7.0])) == (-1.0, 7.0)


@pytest.mark.parametrize("toward_deg", [0.0, 60.0, 90.0, 200.0, 305.0])
@pytest.mark.parametrize("longitude", [15.0, 179.95])
def test_the_upwind_end_of_a_plume_is_at_its_source(toward_deg, longitude):
    from so2plumes.emissions.record import EmissionRule, plume_record

    grid = metre_grid(70, 110, longitude=longitude)
    plume = PlumeSpec(longitude, 37.7, 30.0, 5.0, toward_deg, age_h=7.0)
    column = plume_column(plume, grid.longitude, grid.latitude)
    toward = np.radians(toward_deg)
    swath = make_swath(grid, column, wind=(5.0 * np.sin(toward), 5.0 * np.cos(toward)))
    row = plume_record(only(cut(swath, column > 0.25 * column.max(), chip_margin=4)), EmissionRule())
    x, y = local_metres(row["upwind_longitude"], row["upwind_latitude"], longitude, 37.7)
    assert np.hypot(x / 3500.0, y / 5500.0) < 1.5
