import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.detect.mosaic import rolling_median
from tests.detect.reference import plain_rolling_median, position_dependent


@settings(max_examples=12, deadline=None)
@given(
    rows=st.integers(1, 75),
    columns=st.integers(1, 75),
    step=st.sampled_from([3, 4, 8, 16, 32]),
    seed=st.integers(0, 1000),
)
def test_equals_the_plain_reference(rows, columns, step, seed):
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(rows, columns)).astype(np.float32)
    image[rng.random(image.shape) < 0.3] = 0.0
    expected = plain_rolling_median(image, position_dependent, 32, step)
    found = rolling_median(image, position_dependent, 32, step).probability
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_windows_without_information_share_one_prediction():
    calls = []

    def predict(images):
        calls.append(len(images))
        return position_dependent(images)

    image = np.zeros((200, 100), np.float32)
    image[150:, :40] = 1.0
    mosaic = rolling_median(image, predict)
    assert mosaic.n_predicted < mosaic.n_windows / 2
    assert sum(calls) == mosaic.n_predicted + 1
    np.testing.assert_allclose(mosaic.probability, plain_rolling_median(image, position_dependent), atol=1e-6)


def test_five_scanline_granule_keeps_its_shape():
    image = np.ones((5, 450), np.float32)
    assert rolling_median(image, position_dependent).probability.shape == (5, 450)


def test_a_constant_predictor_gives_the_constant_everywhere():
    probability = rolling_median(
        np.ones((70, 90), np.float32), lambda x: np.full(x.shape[:3], 0.25, np.float32)
    ).probability
    assert np.all(probability == np.float32(0.25))


def test_progress_reaches_the_end():
    seen = []
    rolling_median(np.ones((80, 40), np.float32), position_dependent, progress=seen.append)
    assert seen[-1] == pytest.approx(1.0)
