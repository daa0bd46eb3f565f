"""The wind ladder, with analytic wind fields."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plume_makers import block, cut, make_swath, metre_grid, only

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.emissions.known import KnownPlaces
from so2plumes.emissions.ladder import NO_TRANSPORT, RUNGS, PlumePlaces, places_of, transport_wind
from so2plumes.emissions.wind import chip_wind
from so2plumes.errors import ConfigError, ExternalDataError


@dataclass(frozen=True)
class Vectors:
    eastward_m_s: np.ndarray
    northward_m_s: np.ndarray


@dataclass(frozen=True)
class Sheared:
    """Eastward wind of 2 m/s at the ground and 3 m/s more per km; 6 m/s to the north in the boundary layer."""

    def has(self, *names):
        return True

    def at(self, longitude, latitude, time, *, height_m=None):
        height_m = 0.0 if height_m is None else height_m
        return Vectors(np.full(np.shape(longitude), 2.0 + 3e-3 * height_m), np.zeros(np.shape(longitude)))

    def boundary_layer_mean(self, longitude, latitude, time):
        return Vectors(np.zeros(np.shape(longitude)), np.full(np.shape(longitude), 6.0))


KNOWN = KnownPlaces(np.array([15.0, 16.0]), np.array([37.7, 37.7]), np.array([3357.0, np.nan]))


def places(**changes) -> PlumePlaces:
    """Five pixels beside a volcano, under a west wind of 4 m/s, with 30 DU at 5 km and all weights equal."""
    plume = PlumePlaces(
        longitude=np.full(5, 15.2),
        latitude=np.full(5, 37.7),
        time=np.datetime64("2021-03-24T12:00", "ms"),
        weight=np.ones(5),
        column_mol_m2=np.full(5, 30.0 * MOL_M2_PER_DU),
        layer_height_m=np.full(5, 5000.0),
        eastward_10m_m_s=np.full(5, 4.0),
        northward_10m_m_s=np.zeros(5),
        field=Sheared(),
        known=KNOWN,
    )
    return replace(plume, **changes)


ALL = tuple(RUNGS)


class TestTheRungs:
    @pytest.mark.parametrize(
        ("missing", "rung", "speed", "height"),
        [
            ({}, "layer_height", 17.0, 5000.0),
            ({"layer_height_m": None}, "summit", 2.0 + 3e-3 * 3857.0, 3857.0),
            ({"layer_height_m": None, "known": None}, "boundary_layer", 6.0, np.nan),
            ({"field": None}, "10m", 4.0, np.nan),
        ],
    )
    def test_the_first_that_has_its_inputs_is_used(self, missing, rung, speed, height):
        wind = transport_wind(places(**missing), ALL)
        assert wind.rung == rung
        assert wind.speed_m_s == pytest.approx(speed)
        assert wind.height_m == pytest.approx(height, nan_ok=True)

    def test_the_order_is_that_of_the_configuration(self):
        assert transport_wind(places(), ("10m", "layer_height")).rung == "10m"

    def test_without_a_wind_nothing_is_known(self):
        wind = transport_wind(places(field=None, eastward_10m_m_s=None), ALL)
        assert wind == NO_TRANSPORT or np.isnan(wind.speed_m_s)
        assert not wind.known
        assert wind.rung == ""

    def test_a_field_that_does_not_reach_is_passed_over(self):
        class Elsewhere(Sheared):
            def boundary_layer_mean(self, longitude, latitude, time):
                return Vectors(np.full(np.shape(longitude), np.nan), np.full(np.shape(longitude), np.nan))

        assert transport_wind(places(field=Elsewhere()), ("boundary_layer", "10m")).rung == "10m"

    def test_a_field_that_lacks_a_variable_is_passed_over(self):
        class Surface(Sheared):
            def boundary_layer_mean(self, longitude, latitude, time):
                raise ExternalDataError("the winds lack a variable", expected="blh_m")

        assert transport_wind(places(field=Surface()), ("boundary_layer", "10m")).rung == "10m"

    def test_an_unknown_one_is_refused(self):
        with pytest.raises(ConfigError, match="10m or boundary_layer"):
            transport_wind(places(), ("tropopause",))


class TestTheHeight:
    def test_it_is_the_mean_over_the_mass_of_dense_pixels(self):
        column = MOL_M2_PER_DU * np.array([30.0, 30.0, 30.0, 19.0, 30.0])
        height = np.array([4000.0, 8000.0, np.nan, 20_000.0, 4000.0])
        wind = transport_wind(
            places(layer_height_m=height, column_mol_m2=column, weight=np.array([1.0, 2.0, 9.0, 9.0, 1.0])), ALL
        )
        assert wind.height_m == pytest.approx(6000.0)

    def test_thin_plumes_have_none(self):
        assert transport_wind(places(column_mol_m2=np.full(5, 19.0 * MOL_M2_PER_DU)), ALL).rung == "summit"

    @pytest.mark.parametrize(("longitude", "rung"), [(15.55, "summit"), (15.6, "boundary_layer")])
    def test_a_summit_lies_within_50_km(self, longitude, rung):
        """50 km are 0.568 degrees of longitude at 37.7 north."""
        volcano = KnownPlaces(np.array([15.0]), np.array([37.7]), np.array([3357.0]))
        found = transport_wind(places(layer_height_m=None, longitude=np.full(5, longitude), known=volcano), ALL)
        assert found.rung == rung

    def test_an_industrial_plume_does_not_take_the_wind_of_a_volcano_behind_it(self):
        plume = places(layer_height_m=None, longitude=np.full(5, 15.9))
        assert KNOWN.distances_km(15.9, 37.7).argmin() == 1
        assert transport_wind(replace(plume, longitude=np.full(5, 15.45)), ALL).rung == "summit"
        between = replace(plume, longitude=np.full(5, 15.52))
        assert KNOWN.distances_km(15.52, 37.7).max() < 50.0
        assert transport_wind(between, ALL).rung == "boundary_layer"

    def test_of_two_sources_under_a_plume_that_at_its_largest_column_counts(self):
        column = np.full(5, 10.0 * MOL_M2_PER_DU)
        longitude = np.linspace(15.0, 16.0, 5)
        for peak, rung in ((0, "summit"), (4, "boundary_layer")):
            found = places(longitude=longitude, column_mol_m2=np.where(np.arange(5) == peak, 2 * column, column))
            assert transport_wind(replace(found, layer_height_m=None), ALL).rung == rung


class TestTheMean:
    def test_the_vector_mean_is_weighted_by_mass(self):
        east, north = np.array([6.0, 0.0, 0, 0, 0]), np.array([0.0, 3.0, 0, 0, 0])
        plume = places(eastward_10m_m_s=east, northward_10m_m_s=north, weight=np.array([2.0, 1.0, 0, 0, 0]), field=None)
        wind = transport_wind(plume, ("10m",))
        assert (wind.mean_east_m_s, wind.mean_north_m_s) == pytest.approx((4.0, 1.0))
        assert wind.speed_m_s == pytest.approx(np.sqrt(17.0))
        median = transport_wind(plume, ("10m",), "median")
        assert (median.speed_m_s, median.mean_east_m_s, median.mean_north_m_s) == pytest.approx((0.0, 1.2, 0.6))

    @settings(max_examples=20, deadline=None)
    @given(speed=st.floats(0.5, 40.0), direction=st.floats(0.0, 359.9))
    def test_a_constant_wind_is_itself_on_every_weight(self, speed, direction):
        angle = np.radians(direction)
        plume = places(
            eastward_10m_m_s=np.full(5, -speed * np.sin(angle)),
            northward_10m_m_s=np.full(5, -speed * np.cos(angle)),
            weight=np.arange(5.0),
            field=None,
        )
        for statistic in ("vector_mean", "median"):
            wind = transport_wind(plume, ("10m",), statistic)
            assert wind.speed_m_s == pytest.approx(speed)
            assert abs((wind.direction_deg - direction + 180.0) % 360.0 - 180.0) < 1e-6
            assert wind.direction_std_deg < 1e-3

    def test_the_spread_of_the_direction(self):
        """Half from 20 degrees to one side, half to the other: the resultant is cos 20."""
        turn = np.radians([20.0, -20.0, 20.0, -20.0])
        plume = replace(
            places(field=None),
            longitude=np.full(4, 15.2),
            latitude=np.full(4, 37.7),
            weight=np.ones(4),
            eastward_10m_m_s=5.0 * np.cos(turn),
            northward_10m_m_s=5.0 * np.sin(turn),
        )
        wind = transport_wind(plume, ("10m",))
        assert wind.direction_deg == pytest.approx(270.0)
        assert wind.direction_std_deg == pytest.approx(np.degrees(np.sqrt(-2 * np.log(np.cos(np.radians(20.0))))))


def test_a_chip_gives_the_pixels_of_its_plume():
    grid = metre_grid()
    mask = block(grid, slice(20, 24), slice(20, 24))
    qa = np.full(grid.shape, 100)
    qa[21, 21] = 10
    column = np.where(mask, 3e-3, 1e-3)
    column[20, 20] = 0.5e-3
    chip = only(cut(make_swath(grid, column, wind=(np.where(mask, 6.0, 50.0), 0.0), qa_value=qa), mask))
    plume = places_of(chip, 1e-3)
    assert len(plume.weight) == 15
    assert plume.weight.min() == 0.0
    assert plume.weight.max() == pytest.approx(2e-3 * 5500.0 * 3500.0, rel=1e-3)
    assert transport_wind(plume, ALL).speed_m_s == pytest.approx(6.0)
    assert transport_wind(places_of(chip, 1e-3, Sheared()), ("10m",)).speed_m_s == pytest.approx(2.0)
    assert (chip_wind(chip).source, chip_wind(chip, Sheared()).source) == ("granule_10m", "era5_10m")
