from __future__ import annotations

import numpy as np
import pytest
from tests.flat_plumes import RIGHT, flat_plume, transport

from so2plumes.constants import MOL_M2_PER_DU, SO2_KG_PER_MOL
from so2plumes.emissions.estimators import RECOMMENDED, estimator_names, estimators, get_estimator
from so2plumes.emissions.rates import recommended
from so2plumes.errors import ConfigError
from so2plumes.table import plume_columns

NAMES = ("csf", "disk", "ime_decay", "ime_fetch", "paper")


def rate(name, plume, **changes):
    return float(get_estimator(name)(plume, transport(**changes)).rates_kg_s[0])


class TestPlumesOfKnownRate:
    """A plume of 10 kg/s under 5 m/s that loses its gas in 12 h, without noise."""

    @pytest.mark.parametrize(("name", "within"), [("csf", 0.02), ("ime_decay", 0.05), ("disk", 0.05)])
    @pytest.mark.parametrize("lifetime_h", [6.0, 24.0, 1e6])
    def test_those_with_loss_find_it(self, name, within, lifetime_h):
        plume = flat_plume(rate_kg_s=10.0, lifetime_h=lifetime_h)
        assert rate(name, plume, lifetime_h=lifetime_h) == pytest.approx(10.0, rel=within)

    @pytest.mark.parametrize("name", ["paper", "ime_fetch"])
    @pytest.mark.parametrize("lifetime_h", [6.0, 24.0, 1e6])
    def test_those_without_are_low_by_what_is_lost(self, name, lifetime_h):
        plume = flat_plume(rate_kg_s=10.0, lifetime_h=lifetime_h)
        lost = plume.length_m / (5.0 * 3600.0 * lifetime_h)
        assert rate(name, plume) == pytest.approx(10.0 * -np.expm1(-lost) / lost, rel=0.06)

    def test_a_wrong_lifetime_makes_them_wrong(self):
        plume = flat_plume(rate_kg_s=10.0, lifetime_h=12.0)
        assert rate("csf", plume, lifetime_h=6.0) > 12.0
        assert rate("csf", plume, lifetime_h=1e6) < 9.0

    def test_a_background_that_is_left_over_changes_all_but_disk(self):
        plume = flat_plume(rate_kg_s=10.0, lifetime_h=12.0, offset_mol_m2=0.2 * MOL_M2_PER_DU)
        assert rate("disk", plume) == pytest.approx(10.0, rel=0.05)
        for name in ("csf", "ime_decay", "ime_fetch", "paper"):
            assert rate(name, plume) > 1.05 * rate(name, flat_plume(rate_kg_s=10.0, lifetime_h=12.0)), name

    @pytest.mark.parametrize("name", ["csf", "ime_decay", "ime_fetch"])
    def test_gaps_of_the_mask_are_filled(self, name):
        whole = flat_plume(rate_kg_s=10.0)
        rng = np.random.default_rng(3)
        gappy = flat_plume(rate_kg_s=10.0, measured=rng.random(len(whole.mass_kg)) > 0.15)
        assert rate(name, gappy) == pytest.approx(rate(name, whole), rel=0.05)


class TestEveryEstimator:
    def test_they_are_found_by_their_files(self):
        assert estimator_names() == NAMES == tuple(estimators())
        assert RECOMMENDED not in NAMES

    @pytest.mark.parametrize("name", NAMES)
    def test_it_has_its_columns(self, name):
        columns = {column.name for column in plume_columns()}
        assert {f"emission_{name}_kg_h", f"emission_{name}_reason"} <= columns

    @pytest.mark.parametrize("name", NAMES)
    def test_the_gain_times_the_masses_is_the_rate(self, name):
        plume = flat_plume(noise_kg=200.0)
        estimate = get_estimator(name)(plume, transport())
        assert estimate.gain_per_s @ plume.mass_kg == pytest.approx(float(estimate.rates_kg_s[0]), rel=1e-9)

    @pytest.mark.parametrize("name", NAMES)
    def test_many_transports_at_once_are_as_one_by_one(self, name):
        plume = flat_plume(noise_kg=200.0)
        speeds, lifetimes = np.array([5.0, 3.0, 8.0]), np.array([12.0, 6.0, 48.0])
        stretch = np.array([1.0, 1.1, 0.9])
        together = get_estimator(name)(plume, transport(speeds, lifetimes, stretch)).rates_kg_s
        first = together[0]
        for at in range(3):
            alone = get_estimator(name)(plume, transport(speeds[at], lifetimes[at], stretch[at])).rates_kg_s[0]
            factor = speeds[at] / 5.0 if name == "paper" else 1.0  # its own wind, scaled by the ratio to the nominal
            assert together[at] == pytest.approx(factor * alone, rel=1e-9)
        assert first == pytest.approx(rate(name, plume))

    @pytest.mark.parametrize("name", NAMES)
    def test_negative_masses_have_negative_rates(self, name):
        assert rate(name, flat_plume(rate_kg_s=-10.0)) == pytest.approx(-rate(name, flat_plume(rate_kg_s=10.0)))

    @pytest.mark.parametrize("name", NAMES)
    def test_without_a_measured_pixel_there_is_a_reason_and_no_rate(self, name):
        plume = flat_plume()
        empty = flat_plume(measured=np.zeros(len(plume.mass_kg), bool), paper_length_m=np.nan)
        estimate = get_estimator(name)(empty, transport())
        assert estimate.reason
        assert np.isnan(estimate.rates_kg_s).all()
        assert not estimate.gain_per_s.any()

    def test_an_unknown_one_is_refused_with_the_known_ones(self):
        with pytest.raises(ConfigError, match="csf or disk or ime_decay") as caught:
            get_estimator("guess")
        assert caught.value.where == "emissions.estimator"


class TestThePaper:
    def test_its_worked_example_fixes_the_mass(self):
        """7071.5 kg/h over 117.4 km at 5 m/s needs 46.1 t."""
        plume = flat_plume(paper_length_m=117_400.0)
        scale = 46.12e3 / plume.mass_kg[plume.plume].sum()
        scaled = flat_plume(rate_kg_s=10.0 * scale, paper_length_m=117_400.0)
        assert 3600.0 * rate("paper", scaled) == pytest.approx(7071.5, rel=1e-3)

    def test_one_dobson_unit_over_one_pixel(self):
        """A pixel of 5.5 km x 3.5 km under 1 DU holds 550 kg."""
        assert pytest.approx(550.0, rel=2e-3) == MOL_M2_PER_DU * SO2_KG_PER_MOL * 5500.0 * 3500.0

    def test_it_keeps_its_wind(self):
        assert rate("paper", flat_plume(), speed_m_s=50.0) == pytest.approx(rate("paper", flat_plume()))


class TestSections:
    def test_three_are_needed(self):
        estimate = get_estimator("csf")(flat_plume(length_m=24_000.0), transport())
        assert estimate.reason == "short"

    def test_those_without_measured_pixels_are_left_out(self):
        plume = flat_plume(rate_kg_s=10.0)
        hidden = (plume.along_m > 40_000.0) & (plume.along_m < 80_000.0)
        gappy = flat_plume(rate_kg_s=10.0, measured=~hidden)
        whole, part = (get_estimator("csf")(each, transport()) for each in (plume, gappy))
        assert len(part.sections_kg_s) < len(whole.sections_kg_s)
        assert part.rates_kg_s[0] == pytest.approx(10.0, rel=0.03)
        assert get_estimator("csf")(flat_plume(measured=plume.along_m < 20_000.0), RIGHT).reason == "few_sections"


class TestTheRule:
    @pytest.mark.parametrize(("length_m", "chosen"), [(150_000.0, "csf"), (24_000.0, "ime_decay")])
    def test_sections_first_then_the_mass(self, length_m, chosen):
        plume = flat_plume(length_m=length_m)
        assert recommended({name: get_estimator(name)(plume, transport()) for name in NAMES}) == chosen

    def test_nothing_where_neither_has_a_rate(self):
        plume = flat_plume(measured=np.zeros(len(flat_plume().mass_kg), bool))
        assert recommended({name: get_estimator(name)(plume, transport()) for name in NAMES}) == ""
