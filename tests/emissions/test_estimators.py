from __future__ import annotations

import numpy as np
import pytest

from so2plumes.constants import MOL_M2_PER_DU, SO2_KG_PER_MOL
from so2plumes.emissions.estimators import ESTIMATORS, PlumeMeasures, get_estimator, paper
from so2plumes.errors import ConfigError


def test_the_formula_of_the_paper():
    """2 t over 36 km, blown at 5 m/s: 2000 * 5 / 36000 kg/s."""
    assert paper(PlumeMeasures(2000.0, 5.0, 36_000.0, 1e9)) == pytest.approx(1000.0)


def test_the_worked_example_of_the_paper_fixes_the_mass():
    """7071.5 kg/h over 117.4 km at 5 m/s needs 46.1 t."""
    mass = 7071.5 / 3600.0 * 117_400.0 / 5.0
    assert mass == pytest.approx(46.1e3, rel=1e-3)
    assert paper(PlumeMeasures(mass, 5.0, 117_400.0, 1e9)) == pytest.approx(7071.5)


def test_one_dobson_unit_over_one_pixel():
    """A pixel of 5.5 km x 3.5 km under 1 DU holds 550 kg; six of them in a row of 33 km at 5 m/s are 1.8 t/h."""
    pixel = MOL_M2_PER_DU * SO2_KG_PER_MOL * 5500.0 * 3500.0
    assert pixel == pytest.approx(550.0, rel=2e-3)
    assert paper(PlumeMeasures(6 * pixel, 5.0, 33_000.0, 6 * 19.25e6)) == pytest.approx(1801.0, rel=2e-3)


def test_rates_scale_with_mass_and_wind_and_fall_with_length():
    rate = paper(PlumeMeasures(1000.0, 4.0, 20_000.0, 1e8))
    assert paper(PlumeMeasures(2000.0, 4.0, 20_000.0, 1e8)) == pytest.approx(2 * rate)
    assert paper(PlumeMeasures(1000.0, 8.0, 20_000.0, 1e8)) == pytest.approx(2 * rate)
    assert paper(PlumeMeasures(1000.0, 4.0, 40_000.0, 1e8)) == pytest.approx(rate / 2)


def test_negative_masses_have_negative_rates():
    assert paper(PlumeMeasures(-1000.0, 4.0, 20_000.0, 1e8)) == pytest.approx(-720.0)


@pytest.mark.parametrize("name", ["paper"])
@pytest.mark.parametrize(
    "measures", [(np.nan, 5.0, 1e4, 1e8), (1e3, np.nan, 1e4, 1e8), (1e3, 5.0, np.nan, 1e8), (1e3, 5.0, 0.0, 1e8)]
)
def test_what_is_missing_gives_no_rate(name, measures):
    assert np.isnan(ESTIMATORS[name](PlumeMeasures(*measures)))


def test_unknown_estimators_are_refused_with_the_known_ones():
    assert get_estimator("paper") is paper
    with pytest.raises(ConfigError, match="paper") as caught:
        get_estimator("guess")
    assert caught.value.where == "emissions.estimator"
