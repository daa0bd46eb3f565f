"""Puffs are told by the flux along a plume, apart from a trend and from noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.emissions.puffs import flux_scatter, is_puff

PLACE = np.arange(24)
QUIET = np.full(24, 1e-3)


def wave(depth: float) -> np.ndarray:
    return 1.0 + depth * np.cos(2 * np.pi * PLACE / 6)


@settings(max_examples=40, deadline=None)
@given(rate=st.floats(0.1, 1e3), slope=st.floats(-0.08, 0.08))
def test_a_trend_is_no_puff(rate, slope):
    """A wrong lifetime leaves an exponential trend."""
    assert flux_scatter(rate * np.exp(slope * PLACE), rate * QUIET) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("slope", [0.0, -0.06, 0.06])
@pytest.mark.parametrize("depth", [0.2, 0.6, 0.9])
def test_the_scatter_of_a_wave_is_its_depth_over_the_root_of_two(depth, slope):
    flux = np.exp(slope * PLACE) * wave(depth)
    assert flux_scatter(flux, QUIET) == pytest.approx(depth / np.sqrt(2), rel=0.15)
    assert is_puff(flux, QUIET) == (depth > 0.5)


def test_noise_alone_is_rarely_a_puff():
    """Also where it is large in some sections only, and some fluxes are negative."""
    rng = np.random.default_rng(8)
    noise = np.where(PLACE > 15, 1.5, 0.2)
    said = [is_puff(1.0 + noise * rng.standard_normal(24), noise) for _ in range(200)]
    assert np.mean(said) < 0.05


def test_a_puff_is_told_through_noise_of_the_far_sections():
    rng = np.random.default_rng(9)
    noise = np.where(PLACE > 15, 0.8, 0.1)
    said = [is_puff(wave(0.8) + noise * rng.standard_normal(24), noise) for _ in range(100)]
    assert np.mean(said) > 0.9


@pytest.mark.parametrize("flux", [np.ones(3), -np.ones(6), np.empty(0)])
def test_of_few_or_negative_fluxes_nothing_is_said(flux):
    assert np.isnan(flux_scatter(flux, np.ones(len(flux))))
    assert not is_puff(flux, np.ones(len(flux)))
