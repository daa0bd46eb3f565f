"""Noise, clouds and quality values against the statistics of real granules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from so2plumes.simulate.noise import simulate_clouds, simulate_noise, smooth_field, true_std
from so2plumes.simulate.orbits import swath_geometry

ROWS = np.arange(450)


@pytest.fixture(scope="module")
def geometry():
    return swath_geometry(17849, (2000, 2200))


def test_smooth_fields_have_unit_variance_and_their_scale():
    field = smooth_field((600, 600), 10.0, np.random.default_rng(1))
    assert field.std() == pytest.approx(1.0, abs=0.1)
    assert abs(field.mean()) < 0.15
    near = np.corrcoef(field[:, :-2].ravel(), field[:, 2:].ravel())[0, 1]
    far = np.corrcoef(field[:, :-60].ravel(), field[:, 60:].ravel())[0, 1]
    assert near > 0.95
    assert abs(far) < 0.15


def test_inner_rows_have_the_measured_noise():
    for zenith, low, high in ((20.0, 3.5e-4, 4.5e-4), (70.0, 6.0e-4, 8.0e-4)):
        std = true_std(ROWS, np.full((1, 450), zenith))[0, 60:301]
        assert low <= std.min()
        assert std.max() <= high


def test_edge_rows_are_two_to_three_times_noisier():
    std = true_std(ROWS, np.full((1, 450), 40.0))[0]
    inner = std[60:300].mean()
    for edge in (std[:20], std[430:]):
        assert 2.0 < edge.mean() / inner < 3.3


def test_noise_grows_with_the_solar_zenith_angle():
    std = true_std(np.array([224]), np.arange(0.0, 90.0, 5.0)[:, None])[:, 0]
    assert (np.diff(std) >= 0).all()
    assert np.isfinite(std).all()


def test_the_stated_precision_is_thirty_per_cent_too_small(geometry):
    noise = simulate_noise(geometry, np.random.default_rng(2))
    assert np.median(noise.precision / noise.std) == pytest.approx(0.7, abs=0.01)
    measured = (noise.error / noise.std)[:, 30:420]
    assert measured.std() == pytest.approx(1.0, abs=0.06)
    assert abs(measured.mean()) < 0.15


def test_the_background_is_correlated_and_weak(geometry):
    noise = simulate_noise(geometry, np.random.default_rng(3))
    blocks = noise.error[:, 40:400].reshape(20, 10, 36, 10).mean(axis=(1, 3))
    assert 4e-5 < blocks.std() < 1.6e-4


def test_clouds_take_their_share(geometry):
    for share in (0.1, 0.35):
        clouds = simulate_clouds(geometry, np.random.default_rng(4), share)
        unusable = clouds.qa_value <= 50
        assert unusable.mean() == pytest.approx(share, abs=0.01)
        values = np.unique(clouds.qa_value[unusable])
        assert set(values) <= {0, *range(20, 51)}
        assert clouds.fraction[unusable].mean() > clouds.fraction[~unusable].mean() + 0.2
    drawn = [(simulate_clouds(geometry, np.random.default_rng(seed)).qa_value <= 50).mean() for seed in range(5)]
    assert all(0.08 < part < 0.4 for part in drawn)


def test_quality_is_low_where_the_sun_is(geometry):
    dark = replace(geometry, solar_zenith_deg=np.broadcast_to(np.linspace(70, 95, 200)[:, None], (200, 450)))
    clouds = simulate_clouds(dark, np.random.default_rng(5), 0.1)
    zenith = dark.solar_zenith_deg
    assert (clouds.qa_value[zenith > 80.5] <= 50).all()
    assert (clouds.qa_value[zenith > 88.5] == 0).all()
    assert (clouds.qa_value[zenith < 80.0] == 100).mean() > 0.8


def test_equal_seeds_give_equal_noise(geometry):
    first, second = (simulate_noise(geometry, np.random.default_rng([7, 17849])) for _ in range(2))
    assert np.array_equal(first.error, second.error)
