import numpy as np
import pytest

from so2plumes.detect.engines import FunctionEngine
from so2plumes.detect.inputs import INPUTS
from so2plumes.detect.model import UNet


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_pixels_without_information_are_zero_in_every_scheme(name):
    rng = np.random.default_rng(0)
    column = rng.normal(0.0, 3e-4, (64, 70)) + 1e-3
    usable = rng.random(column.shape) < 0.7
    column[~usable] = np.nan
    image = INPUTS[name].scene(column, usable)
    assert image.dtype == np.float32
    prepared = INPUTS[name].prepare(image[None, :32, :32], 2)
    assert not prepared[0, ..., 0][~usable[:32, :32]].any()
    np.testing.assert_array_equal(prepared[0, ..., 1] == 1.0, usable[:32, :32])


def test_one_channel_by_default():
    windows = np.ones((3, 32, 32), np.float32)
    assert INPUTS["local_robust"].prepare(windows).shape == (3, 32, 32, 1)


def test_the_network_gets_what_its_scheme_prepares():
    seen = []

    def network(images):
        seen.append(images)
        return images[..., 1]

    detector = UNet(FunctionEngine(network, 32, 2), "window_max", "digest")
    rng = np.random.default_rng(1)
    column = rng.normal(0.0, 1.0, (40, 50))
    usable = rng.random(column.shape) < 0.6
    probability = detector.probability(column, usable)
    assert probability.shape == column.shape
    assert all(images.shape[1:] == (32, 32, 2) for images in seen)
    assert max(float(images[..., 0].max()) for images in seen) == 1.0
    np.testing.assert_array_equal(probability >= 0.5, usable)
