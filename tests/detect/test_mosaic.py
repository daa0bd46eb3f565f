import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.detect.mosaic import OfWindows, rolling_median
from tests.detect.reference import plain_rolling_median, position_dependent

SCORER = OfWindows(position_dependent)


@settings(max_examples=12, deadline=None)
@given(
    rows=st.integers(1, 75),
    columns=st.integers(1, 75),
    step=st.sampled_from([3, 4, 7, 8, 16, 32]),
    seed=st.integers(0, 1000),
    threads=st.integers(1, 3),
)
def test_equals_the_plain_reference(rows, columns, step, seed, threads):
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(rows, columns)).astype(np.float32)
    image[rng.random(image.shape) < 0.3] = 0.0
    image[rng.integers(rows) :, rng.integers(columns) :] = 0.0
    expected = plain_rolling_median(image, position_dependent, 32, step)
    found = rolling_median(image, SCORER, 32, step, threads=threads).probability
    np.testing.assert_array_equal(found, expected)


def test_planes_are_used_again_in_a_long_swath():
    rng = np.random.default_rng(3)
    image = rng.normal(size=(330, 37)).astype(np.float32)
    for step in (4, 5):
        expected = plain_rolling_median(image, position_dependent, 32, step)
        np.testing.assert_array_equal(rolling_median(image, SCORER, 32, step, threads=2).probability, expected)


def test_windows_without_information_share_one_prediction():
    calls = []

    def predict(images):
        calls.append(len(images))
        return position_dependent(images)

    image = np.zeros((200, 100), np.float32)
    image[150:, :40] = 1.0
    mosaic = rolling_median(image, OfWindows(predict))
    assert mosaic.n_predicted < mosaic.n_windows / 2
    assert sum(calls) == mosaic.n_predicted + 1
    np.testing.assert_array_equal(mosaic.probability, plain_rolling_median(image, position_dependent))


def test_five_scanline_granule_keeps_its_shape():
    image = np.ones((5, 450), np.float32)
    assert rolling_median(image, SCORER).probability.shape == (5, 450)


def test_a_constant_predictor_gives_the_constant_everywhere():
    constant = OfWindows(lambda x: np.full(x.shape[:3], 0.25, np.float32))
    assert np.all(rolling_median(np.ones((70, 90), np.float32), constant).probability == np.float32(0.25))


def test_the_median_of_scores_becomes_a_probability_after_it_was_chosen():
    class Squares:
        def scores(self, image, tops, lefts):
            return np.sqrt(SCORER.scores(image, tops, lefts))

        def probability(self, scores):
            return np.square(scores)

    image = np.random.default_rng(4).normal(size=(50, 45)).astype(np.float32)
    expected = plain_rolling_median(image, position_dependent)
    np.testing.assert_allclose(rolling_median(image, Squares()).probability, expected, atol=1e-6)


def test_progress_reaches_the_end():
    seen = []
    rolling_median(np.ones((80, 40), np.float32), SCORER, progress=seen.append)
    assert seen[-1] == pytest.approx(1.0)
