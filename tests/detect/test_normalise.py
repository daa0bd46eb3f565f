import numpy as np
import pytest

from so2plumes.detect.normalise import local_robust, local_statistics, robust_background


def noise(shape, sigma=3e-4, seed=0):
    return np.random.default_rng(seed).normal(0.0, sigma, shape)


def test_noise_and_background_are_recovered():
    column = noise((128, 160)) + 1e-3
    local = local_statistics(column, np.ones(column.shape, bool))
    assert np.median(local.sigma) == pytest.approx(3e-4, rel=0.05)
    assert np.median(local.background) == pytest.approx(1e-3, abs=3e-5)


def test_a_plume_over_a_third_of_the_scene_hardly_moves_the_background():
    column = noise((128, 128))
    column[:, 40:80] += 0.01
    local = local_statistics(column, np.ones(column.shape, bool))
    assert np.abs(np.median(local.background)) < 1e-4


def test_robust_background_with_two_thirds_of_plume():
    values = np.concatenate([noise(1000, 1.0), noise(1500, 1.0, 1) + 20.0])
    assert robust_background(values, 1.0) == pytest.approx(0.0, abs=0.35)


def test_unusable_pixels_are_zero_and_do_not_count():
    column = noise((64, 64))
    usable = np.random.default_rng(1).random(column.shape) < 0.7
    column[~usable] = np.nan
    image = local_robust(column, usable)
    assert image.dtype == np.float32
    assert np.all(image[~usable] == 0.0)
    assert np.isfinite(image).all()


@pytest.mark.parametrize("shape", [(5, 450), (1, 1), (33, 31)])
def test_any_shape_works(shape):
    assert local_robust(noise(shape), np.ones(shape, bool)).shape == shape


def test_nothing_usable_is_all_zero():
    assert not local_robust(np.full((40, 40), np.nan), np.zeros((40, 40), bool)).any()


def test_scale_does_not_matter():
    column = noise((96, 96))
    usable = np.ones(column.shape, bool)
    np.testing.assert_allclose(local_robust(column, usable), local_robust(column * 7.0, usable), atol=1e-4)


def test_signal_in_units_of_noise():
    column = noise((96, 96))
    column[48, 48] += 3e-3
    z = np.sinh(local_robust(column, np.ones(column.shape, bool)))[48, 48]
    assert z == pytest.approx(10.0, abs=4.0)
