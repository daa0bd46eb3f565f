from __future__ import annotations

import numpy as np
import pytest
from tests.flat_plumes import flat_plume, transport

from so2plumes.emissions.estimators import get_estimator
from so2plumes.emissions.uncertainty import (
    COMPONENTS,
    ErrorModel,
    Sizes,
    half_range_ln,
    interval,
    lognormal_sigma,
    plume_generator,
    wind_sigma_ln,
)

NONE = dict.fromkeys(("noise_kg_s", "background_kg_s", "wind_ln", "length_ln", "decay_ln", "mask_ln", "height_ln"), 0.0)


def drawn(name="csf", draws=4000, rate_kg_s=10.0, seed="a", **sizes):
    plume = flat_plume(rate_kg_s=rate_kg_s)
    return interval(plume, get_estimator(name), transport(), Sizes(**{**NONE, **sizes}), plume_generator(seed), draws)


def half_width(found):
    return 0.5 * np.log(found.p84_kg_s / found.p16_kg_s)


class TestParts:
    def test_without_errors_there_is_no_width(self):
        found = drawn()
        assert found.p16_kg_s == found.p50_kg_s == found.p84_kg_s == pytest.approx(10.0, rel=0.02)
        assert found.sigma_ln == dict.fromkeys(COMPONENTS, 0.0)

    @pytest.mark.parametrize("part", ["mask", "height"])
    def test_factors_are_lognormal(self, part):
        found = drawn(**{f"{part}_ln": 0.4})
        assert half_width(found) == pytest.approx(0.4, rel=0.05)
        assert found.part(part) == 0.4

    @pytest.mark.parametrize("part", ["noise", "background"])
    def test_additive_errors_are_normal(self, part):
        found = drawn(**{f"{part}_kg_s": 2.0})
        assert 0.5 * (found.p84_kg_s - found.p16_kg_s) == pytest.approx(2.0, rel=0.05)
        assert found.part(part) == pytest.approx(lognormal_sigma(0.2), rel=0.03)

    def test_a_faint_plume_may_have_none_of_its_gas(self):
        assert drawn(noise_kg_s=15.0).p16_kg_s < 0.0 < drawn(noise_kg_s=15.0).p50_kg_s

    def test_the_wind_goes_through_the_estimator(self):
        """Without loss the rate is proportional to the wind; with loss to less than that."""
        assert drawn("ime_fetch", wind_ln=0.3).part("wind") == pytest.approx(0.3)
        assert 0.0 < drawn("csf", wind_ln=0.3).part("wind") < 0.25

    def test_length_and_lifetime_matter_where_they_enter(self):
        assert drawn("ime_fetch", length_ln=0.1).part("length") == pytest.approx(0.1)
        assert drawn("ime_fetch", decay_ln=0.7).part("decay") == 0.0
        assert drawn("csf", length_ln=0.1).part("length") == 0.0
        assert 0.1 < drawn("csf", decay_ln=0.7).part("decay") < 0.7

    def test_independent_parts_add_in_quadrature(self):
        assert half_width(drawn(mask_ln=0.3, height_ln=0.4)) == pytest.approx(0.5, rel=0.06)

    def test_negative_rates_have_an_interval_but_no_logarithm(self):
        found = drawn(rate_kg_s=-10.0, noise_kg_s=2.0, height_ln=0.1)
        assert found.p16_kg_s < -10.0 < found.p84_kg_s < 0.0
        assert found.sigma_ln is None
        assert np.isnan(found.part("noise"))


class TestDraws:
    def test_they_follow_from_the_name_bit_for_bit(self):
        sizes = {"noise_kg_s": 1.0, "wind_ln": 0.3, "decay_ln": 0.7, "height_ln": 0.3}
        assert drawn(seed="S5P_1", draws=500, **sizes) == drawn(seed="S5P_1", draws=500, **sizes)
        assert drawn(seed="S5P_1", draws=500, **sizes) != drawn(seed="S5P_2", draws=500, **sizes)

    def test_the_generator_of_a_name_is_the_same_everywhere(self):
        """A hash that depends on the process would change between runs."""
        assert plume_generator("S5P_05875_20181201T120000_N3770E01500").integers(1 << 32) == 3916193260


def test_the_wind_is_uncertain_by_a_share_or_by_a_least_error():
    errors = ErrorModel()
    assert wind_sigma_ln(errors, 30.0, 0.15) == pytest.approx(lognormal_sigma(0.15))
    assert wind_sigma_ln(errors, 5.0, 0.15) == pytest.approx(lognormal_sigma(0.3))
    assert wind_sigma_ln(errors, 0.1, 0.15) == pytest.approx(lognormal_sigma(1.0))


def test_half_the_range_of_logarithms():
    assert half_range_ln(np.array([1.0, np.e, np.nan, -3.0])) == pytest.approx(0.5)
    assert half_range_ln(np.array([1.0])) == half_range_ln(np.array([])) == 0.0
