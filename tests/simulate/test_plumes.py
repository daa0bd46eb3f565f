"""The plume model against its analytic mass, line density and symmetries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.constants import EARTH_RADIUS_KM, SO2_KG_PER_MOL
from so2plumes.simulate.plumes import PlumeSpec, plume_column, plume_coordinates, plume_mass_kg

PLUME = PlumeSpec(
    longitude=15.0,
    latitude=37.7,
    emission_kg_s=20.0,
    wind_speed_m_s=6.0,
    wind_toward_deg=120.0,
    age_h=8.0,
    lifetime_h=10.0,
)


def fine_grid(longitude: float, latitude: float, step: float = 0.02, half: float = 3.0):
    """Cell centres and areas (m2) around a point, longitudes wrapped to -180..180."""
    offsets = np.arange(-half, half, step) + step / 2
    lon, lat = np.meshgrid(longitude + offsets, latitude + offsets)
    radius = EARTH_RADIUS_KM * 1e3
    area = radius**2 * np.radians(step) ** 2 * np.cos(np.radians(lat))
    return (lon + 180.0) % 360.0 - 180.0, lat, area


def total_mass(plume: PlumeSpec) -> float:
    lon, lat, area = fine_grid(plume.longitude, plume.latitude)
    return float((plume_column(plume, lon, lat) * area).sum() * SO2_KG_PER_MOL)


@pytest.mark.parametrize("toward", [0.0, 77.0, 200.0])
@pytest.mark.parametrize("meander_m", [0.0, 9_000.0])
def test_sum_over_the_area_is_the_plume_mass(toward, meander_m):
    plume = replace(PLUME, wind_toward_deg=toward, meander_m=meander_m, meander_wavelength_m=60_000.0)
    assert total_mass(plume) == pytest.approx(plume_mass_kg(plume), rel=0.01)


@pytest.mark.parametrize("longitude", [179.58, -179.9, 0.0])
def test_the_antimeridian_changes_nothing(longitude):
    moved = replace(PLUME, longitude=longitude)
    assert total_mass(moved) == pytest.approx(total_mass(PLUME), rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(shift=st.floats(-720, 720), dlon=st.floats(-2, 2), dlat=st.floats(-2, 2))
def test_columns_do_not_depend_on_the_longitude_convention(shift, dlon, dlat):
    lon, lat = np.array(15.0 + dlon), np.array(37.7 + dlat)
    moved = replace(PLUME, longitude=PLUME.longitude + shift)
    there = plume_column(moved, lon + shift, lat)
    assert there == pytest.approx(float(plume_column(PLUME, lon, lat)), rel=1e-5, abs=1e-12)


def east_line(plume: PlumeSpec, along_m: float) -> float:
    """Line density (kg m-1) of an eastward plume on the equator at a distance from the source."""
    radius = EARTH_RADIUS_KM * 1e3
    lat = np.linspace(-2.0, 2.0, 4001)
    column = plume_column(plume, np.full_like(lat, np.degrees(along_m / radius)), lat)
    return float(column.sum() * np.radians(lat[1] - lat[0]) * radius * SO2_KG_PER_MOL)


def test_line_density_decays_with_the_lifetime():
    plume = replace(PLUME, longitude=0.0, latitude=0.0, wind_toward_deg=90.0)
    for along_m in (30_000.0, 80_000.0, 130_000.0):
        decay = np.exp(-along_m / (plume.wind_speed_m_s * plume.lifetime_h * 3600.0))
        expected = plume.emission_kg_s / plume.wind_speed_m_s * decay
        assert east_line(plume, along_m) == pytest.approx(expected, rel=0.01)


def test_nothing_upwind_and_nothing_beyond_the_front():
    plume = replace(PLUME, longitude=0.0, latitude=0.0, wind_toward_deg=90.0)
    inside = east_line(plume, 50_000.0)
    assert plume.length_m == pytest.approx(172_800.0)
    assert east_line(plume, -20_000.0) < 1e-3 * inside
    assert east_line(plume, plume.length_m + 20_000.0) < 1e-3 * inside


def test_the_axis_points_downwind():
    north = replace(PLUME, wind_toward_deg=0.0)
    along, across = plume_coordinates(north, np.array([15.0, 15.5]), np.array([38.7, 37.7]))
    assert along[0] == pytest.approx(111_195, rel=1e-3)
    assert abs(across[0]) < 1.0
    assert across[1] > 0


def test_pixels_without_position_have_no_column():
    column = plume_column(PLUME, np.array([np.nan, 15.05]), np.array([37.0, 37.68]))
    assert column[0] == 0.0
    assert column[1] > 0.0


def test_puffs_change_the_profile_and_keep_the_mean():
    steady = replace(PLUME, age_h=9.0, lifetime_h=1e6, longitude=0.0, latitude=0.0, wind_toward_deg=90.0)
    puffing = replace(steady, puff_depth=0.5, puff_period_h=3.0)
    assert total_mass(puffing) == pytest.approx(total_mass(steady), rel=0.02)
    period_m = puffing.wind_speed_m_s * puffing.puff_period_h * 3600.0
    assert east_line(puffing, period_m) == pytest.approx(1.5 * east_line(steady, period_m), rel=0.01)
