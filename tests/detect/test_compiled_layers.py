"""The compiled layers against sums that are written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.detect.lanes import LANES
from so2plumes.detect.medians import sort_vectors
from so2plumes.detect.winograd import TILE, convolve, transformed_kernels


def direct(images, kernel, bias):
    """3 x 3 convolution with zero padding and ReLU of (channel, row, column, lane), in float64."""
    padded = np.pad(images.astype(np.float64), [(0, 0), (1, 1), (1, 1), (0, 0)])
    size = images.shape[1]
    total = sum(
        np.einsum("cijl,co->oijl", padded[:, i : i + size, j : j + size], kernel[i, j].astype(np.float64))
        for i in range(3)
        for j in range(3)
    )
    return np.maximum(total + bias[:, None, None, None], 0.0)


@pytest.mark.parametrize(("size", "n_in", "n_out"), [(32, 2, 8), (16, 5, 4), (8, 16, 12), (4, 16, 32)])
def test_convolution_equals_the_sum_of_products(size, n_in, n_out):
    rng = np.random.default_rng(size)
    images = rng.normal(size=(n_in, size, size, LANES)).astype(np.float32)
    kernel = rng.normal(size=(3, 3, n_in, n_out)).astype(np.float32)
    bias = rng.normal(size=n_out).astype(np.float32)
    x = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)]).ravel()
    y = np.zeros((1 + n_out) * (size + 2) ** 2 * LANES, np.float32)
    plane = len(y) // (1 + n_out)
    weights = np.concatenate([transformed_kernels(kernel, 4 if size > TILE else 16), bias])
    v, m = (np.zeros(36 * (4 * max(n_in, 16) + 1) * LANES, np.float32) for _ in range(2))
    convolve(x, n_in, y, plane, n_out, size, weights, 0, len(weights) - n_out, v, m)
    found = y.reshape(1 + n_out, size + 2, size + 2, LANES)
    expected = direct(images, kernel, bias)
    np.testing.assert_allclose(found[1:, 1:-1, 1:-1], expected, atol=2e-6 * np.abs(expected).max())
    found[1:, 1:-1, 1:-1] = 0.0
    assert not found.any(), "the rim and what lies before the output stay as they were"


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 130), st.integers(0, 999))
def test_vectors_are_sorted_lane_by_lane(n, seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(-5, 5, (n, LANES)).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = np.inf
    values[rng.random(values.shape) < 0.1] = -np.inf
    expected = np.sort(values, axis=0)
    flat = values.ravel()
    sort_vectors(flat, n)
    np.testing.assert_array_equal(flat.reshape(n, LANES), expected)
