from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from so2plumes.detect.ztest import ColumnThreshold, ZTest, _connected_with, local_mean
from so2plumes.plumes.components import find_components
from so2plumes.simulate.plumes import PlumeSpec, plume_column
from tests.plume_makers import metre_grid

SIGMA_MOL_M2 = 4e-4


def everywhere(z):
    return np.ones(np.shape(z), bool)


def mask_of(z, usable=None, detector=None):
    z = np.asarray(z, np.float32)
    detector = detector or ZTest()
    return detector.probability_of_z(z, everywhere(z) if usable is None else usable) >= 0.5


def n_plumes(probability, usable):
    return len(find_components(probability, usable, everywhere(usable)).boxes)


def field(rows=60, columns=60, **blocks):
    """Make a field of zeros with blocks of (value, rows, columns)."""
    z = np.zeros((rows, columns), np.float32)
    for value, i, j in blocks.values():
        z[i, j] = value
    return z


def scattered(shape, share, seed=0):
    return np.random.default_rng(seed).random(shape) < share


def test_the_mean_of_a_constant_is_the_constant_whatever_is_missing():
    usable = scattered((40, 50), 0.6)
    z = np.where(usable, 2.5, np.nan)
    mean = local_mean(z, usable, 1.2)
    measured = np.isfinite(mean.white_sigma)
    assert measured.mean() > 0.9
    np.testing.assert_allclose(mean.value[measured], 2.5, rtol=1e-5)
    assert not mean.value[~measured].any()


@pytest.mark.parametrize("scale", [0.8, 1.2, 2.4])
def test_the_noise_of_the_mean_is_that_of_a_gaussian_filter(scale):
    mean = local_mean(field(), everywhere(field()), scale)
    assert mean.white_sigma[30, 30] == pytest.approx(1.0 / (2.0 * np.sqrt(np.pi) * scale), rel=0.02)


def test_the_noise_of_the_mean_is_true_among_missing_pixels():
    rng = np.random.default_rng(1)
    usable = scattered((32, 32), 0.5)
    values = [local_mean(rng.normal(size=usable.shape), usable, 1.2).value for _ in range(400)]
    expected = local_mean(field(32, 32), usable, 1.2).white_sigma
    measured = np.isfinite(expected)
    ratio = np.std(values, axis=0)[measured] / expected[measured]
    assert ratio.mean() == pytest.approx(1.0, abs=0.01)
    assert np.abs(ratio - 1.0).max() < 0.2


@pytest.mark.parametrize("value", [3.0, 20.0, 1e6])
def test_the_mask_of_a_bright_block_is_the_block(value):
    z = field(block=(value, slice(20, 30), slice(15, 40)))
    np.testing.assert_array_equal(mask_of(z), z > 0)


def test_a_faint_arm_belongs_to_the_plume_that_it_touches_and_is_none_alone():
    arm = (1.5, slice(28, 33), slice(20, 50))
    core = (8.0, slice(25, 36), slice(8, 20))
    assert not mask_of(field(arm=arm)).any()
    found = mask_of(field(arm=arm, core=core))
    assert found[30, 10:48].all()
    assert not found[30, 53:].any()


def test_pixels_that_touch_at_a_corner_are_connected():
    diagonal = np.eye(5, dtype=bool)
    seeds = np.zeros_like(diagonal)
    seeds[0, 0] = seeds[0, 4] = True
    np.testing.assert_array_equal(_connected_with(diagonal, seeds), diagonal)
    assert not _connected_with(diagonal, seeds & ~diagonal).any()


def test_a_faint_plume_is_found_by_its_size():
    small, large = (1.6, slice(28, 31), slice(28, 31)), (1.6, slice(20, 40), slice(20, 40))
    assert not mask_of(field(small=small)).any()
    assert mask_of(field(large=large))[22:38, 22:38].all()


def test_the_coarse_scale_finds_what_the_fine_one_misses():
    z = field(large=(1.5, slice(20, 40), slice(20, 40)))
    assert not mask_of(z, detector=ZTest(scales_px=(1.2,))).any()
    assert mask_of(z, detector=ZTest(scales_px=(1.2, 2.4)))[30, 30]


@pytest.mark.parametrize("value", [6.0, 1e6])
def test_one_outlier_makes_no_plume_and_adds_nothing_to_one(value):
    assert not mask_of(field(outlier=(value, 30, 30))).any()
    plume = (4.0, slice(20, 30), slice(20, 30))
    alone = mask_of(field(plume=plume))
    assert np.array_equal(mask_of(field(plume=plume, outlier=(value, 31, 25)))[:30], alone[:30])


def test_small_gaps_are_bridged_and_wide_ones_are_not():
    z = field(band=(5.0, slice(25, 35), slice(5, 55)))
    for width, n_pieces in ((2, 1), (12, 2)):
        usable = everywhere(z)
        usable[:, 25 : 25 + width] = False
        probability = ZTest().probability_of_z(np.where(usable, z, np.nan), usable)
        assert n_plumes(probability, usable) == n_pieces


def test_what_unusable_pixels_hold_does_not_matter():
    rng = np.random.default_rng(2)
    z = rng.normal(size=(50, 60)) + field(50, 60, plume=(4.0, slice(20, 30), slice(20, 40)))
    usable = scattered(z.shape, 0.7)
    first = ZTest().probability_of_z(np.where(usable, z, np.nan), usable)
    np.testing.assert_array_equal(first, ZTest().probability_of_z(np.where(usable, z, 1e9), usable))
    assert np.isfinite(first).all()


def test_without_usable_pixels_nothing_is_found():
    z = np.full((32, 32), np.nan)
    for detector in (ZTest(), ColumnThreshold()):
        assert not detector.probability_of_z(z, np.zeros(z.shape, bool)).any()


def test_white_noise_is_quiet():
    z = np.random.default_rng(3).normal(size=(2000, 450)).astype(np.float32)
    usable = scattered(z.shape, 0.7)
    assert n_plumes(ZTest().probability_of_z(z, usable), usable) == 0


def test_noise_with_structure_is_quiet():
    """Stripes of 0.1 and lumps of 0.14 standard deviations, as in real scenes."""
    from so2plumes.simulate.noise import smooth_field

    rng = np.random.default_rng(4)
    shape = (2000, 450)
    z = rng.normal(size=shape) + 0.1 * rng.normal(size=shape[1]) + 0.14 * smooth_field(shape, 8.0, rng)
    assert n_plumes(ZTest().probability_of_z(z, everywhere(z)), everywhere(z)) <= 2


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, (14, 17), elements=st.floats(-8, 60, width=32)), st.floats(0.3, 1.0), st.integers(0, 99))
def test_one_half_divides_plumes_with_a_seed_from_the_rest(z, share, seed):
    import cv2

    usable = scattered(z.shape, share, seed)
    test = ZTest()
    probability = test.probability_of_z(z, usable)
    assert probability.dtype == np.float32
    assert ((probability >= 0) & (probability <= 1)).all()
    means = [local_mean(np.minimum(z, test.clip_sigma), usable, scale) for scale in test.scales_px]
    seeds = np.any([m.value >= test.seed_sigma * np.hypot(m.white_sigma, test.structure_sigma) for m in means], axis=0)
    support = np.isfinite(means[0].white_sigma) & (means[0].value >= test.limit_sigma)
    _, labels = cv2.connectedComponents(support.astype(np.uint8), connectivity=8)
    expected = support & np.isin(labels, labels[seeds & support])
    np.testing.assert_array_equal(probability >= 0.5, expected)


def test_within_a_plume_more_signal_is_more_probable():
    z = field(60, 60)
    z[20:40] = np.linspace(1.2, 2.8, 60)
    inside = ZTest().probability_of_z(z, everywhere(z))[30, 4:56]
    assert (np.diff(inside) >= 0).all()
    assert 0.75 <= inside[0] < 0.97 < 0.999 < inside[-1]


def test_a_stack_of_images_is_tested_one_by_one():
    rng = np.random.default_rng(5)
    z = rng.normal(size=(3, 32, 32)) + 3.0 * scattered((3, 32, 32), 0.3)
    usable = scattered(z.shape, 0.8)
    for detector in (ZTest(), ColumnThreshold()):
        together = detector.probability_of_z(z, usable)
        assert together.shape == z.shape
        for number in range(3):
            np.testing.assert_array_equal(together[number], detector.probability_of_z(z[number], usable[number]))
    assert ZTest().probability_of_z(z[:0], usable[:0]).shape == (0, 32, 32)


@pytest.mark.parametrize("detector", [ZTest(), ColumnThreshold()])
def test_the_identity_tells_every_parameter(detector):
    for parameter in fields(detector):
        value = getattr(detector, parameter.name)
        changed = (3.3,) if isinstance(value, tuple) else value + 0.125
        assert replace(detector, **{parameter.name: changed}).identity != detector.identity
        assert parameter.name in detector.identity


@given(st.lists(st.floats(-50, 500), min_size=2, max_size=20))
def test_the_threshold_is_monotone_and_includes_its_limit(values):
    z = np.array([[*sorted(values), 2.2]])
    probability = ColumnThreshold(2.2).probability_of_z(z, everywhere(z))[0]
    assert all(a <= b for a, b in pairwise(probability[:-1]))
    np.testing.assert_array_equal(probability >= 0.5, z[0] >= 2.2)


def injected(rng, peak_sigma, grid):
    """Column, usable pixels and signal (standard deviations) of a plume in noise of known size."""
    plume = PlumeSpec(
        longitude=15.0 + rng.uniform(-0.8, 0.8),
        latitude=37.7 + rng.uniform(-0.8, 0.8),
        emission_kg_s=1.0,
        wind_speed_m_s=float(rng.uniform(3.0, 10.0)),
        wind_toward_deg=float(rng.uniform(0.0, 360.0)),
        age_h=float(rng.uniform(3.0, 15.0)),
        source_sigma_m=float(rng.uniform(5e3, 2e4)),
        meander_m=float(rng.uniform(0.0, 2e4)),
    )
    signal = plume_column(plume, grid.longitude, grid.latitude)
    usable = scattered(grid.shape, 0.9, int(rng.integers(1 << 30)))
    signal *= peak_sigma / signal[usable].max()
    column = 3e-4 + SIGMA_MOL_M2 * (rng.normal(size=grid.shape) + signal)
    return column.astype(np.float32), usable, signal


def f1_of(detector, scenes):
    hit = predicted = true = 0
    for column, usable, signal in scenes:
        found = (detector.probability(column, usable) >= 0.5) & usable
        truth = (signal > 1.0) & usable
        hit, predicted, true = hit + (found & truth).sum(), predicted + found.sum(), true + truth.sum()
    return 2 * hit / (predicted + true)


@pytest.fixture(scope="module")
def scenes():
    rng, grid = np.random.default_rng(6), metre_grid(110, 120)
    return [injected(rng, peak, grid) for peak in np.geomspace(6.0, 100.0, 24)]


def test_injected_plumes_are_outlined_well_and_better_than_by_a_threshold(scenes):
    assert f1_of(ZTest(), scenes) > 0.955
    assert f1_of(ZTest(), scenes) > max(f1_of(ColumnThreshold(limit), scenes) for limit in (2.0, 2.5, 3.0)) + 0.1


def test_every_injected_plume_is_found(scenes):
    for column, usable, signal in scenes:
        found = find_components(ZTest().probability(column, usable), usable, everywhere(usable))
        assert found.labels[np.unravel_index(np.argmax(np.where(usable, signal, 0.0)), signal.shape)] > 0


@pytest.mark.real
def test_real_noise_turned_upside_down_holds_no_plume(shared_data):
    """Nothing makes a real column negative over an area, so whatever is found in the mirrored column is false."""
    from so2plumes.training.backgrounds import granules_below

    scenes = [granule.load() for granule in granules_below([shared_data / "etna"])[::7]]
    quiet = [scene for scene in scenes if scene is not None and scene.loud_fraction <= 0.25]
    false = sum(
        len(find_components(ZTest().probability(-s.swath["vertical_column"], s.usable), s.usable, s.usable).boxes)
        for s in quiet
    )
    assert len(quiet) >= 60
    assert false <= max(1, len(quiet) // 100)


@pytest.mark.real
def test_the_strongest_real_plume_is_one_piece_and_covered(shared_data):
    from so2plumes.training.backgrounds import load_background

    path = next((shared_data / "etna").glob("*_17849_03_*"))
    scene = load_background(path)
    column = scene.swath["vertical_column"]
    found = find_components(ZTest().probability(column, scene.usable), scene.usable, scene.swath.located)
    with np.errstate(invalid="ignore"):
        strong = scene.usable & (column > scene.local.background + 6.0 * scene.local.sigma)
    largest = np.bincount(found.labels[strong])[1:].max()
    assert strong.sum() > 500
    assert largest / strong.sum() > 0.95
