"""3 x 3 convolutions with a quarter of the multiplications (Winograd's F(4x4, 3x3)), on 16 windows at once.

A tile of 6 x 6 pixels and a kernel are brought to a form in which 4 x 4 outputs need 36 products per pair of channels
instead of 144 (Lavin and Gray, doi 10.1109/CVPR.2016.435). An image is stored as (channel, row, column, lane) with a
rim of one zero pixel all around; `size` is the side without it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from so2plumes.detect.lanes import (
    LANES,
    larger,
    load,
    minus,
    multiply_add,
    plus,
    products_1_by_16,
    products_4_by_4,
    splat,
    store,
    times,
)

TILE = 4
POINTS = (0.75, 1.5)
"""The polynomials are evaluated at 0, at plus and minus these, and at infinity.

Among those with short binary fractions these have nearly the smallest rounding errors, half of those of 1 and 2.
"""

_A, _B = POINTS
_AA, _BB = _A**2, _B**2
_SUM, _PRODUCT = -(_AA + _BB), _AA * _BB


def kernel_matrix() -> NDArray[np.float64]:
    """Return the matrix (6, 3) that brings one axis of a kernel to the form in which it is multiplied."""
    rows = [[1 / _PRODUCT, 0, 0]]
    for point, other in ((_AA, _BB), (_BB, _AA)):
        scale = 1 / (2 * point * (point - other))
        rows += [[scale, sign * scale * point**0.5, scale * point] for sign in (1, -1)]
    return np.array([*rows, [0, 0, 1]])


def transformed_kernels(kernels: NDArray[np.floating], group: int) -> NDArray[np.float32]:
    """Bring kernels (3, 3, n_in, n_out) to (n_out / group, 36, n_in, group), flat."""
    matrix = kernel_matrix()
    full = np.einsum("ai,bj,ijcd->abcd", matrix, matrix, kernels.astype(np.float64))
    n_in, n_out = kernels.shape[2:]
    return full.reshape(36, n_in, n_out // group, group).transpose(2, 0, 1, 3).astype(np.float32).ravel()


@njit(inline="always")
def _spread(d0: Any, d1: Any, d2: Any, d3: Any, d4: Any, d5: Any) -> Any:
    aa, bb = splat(np.float32(-_AA)), splat(np.float32(-_BB))
    total, product = splat(np.float32(_SUM)), splat(np.float32(_PRODUCT))
    first = multiply_add(product, d0, multiply_add(total, d2, d4))
    last = multiply_add(product, d1, multiply_add(total, d3, d5))
    even_a, odd_a = multiply_add(bb, d2, d4), multiply_add(bb, d1, d3)
    even_b, odd_b = multiply_add(aa, d2, d4), multiply_add(aa, d1, d3)
    a, minus_a = splat(np.float32(_A)), splat(np.float32(-_A))
    b, minus_b = splat(np.float32(_B)), splat(np.float32(-_B))
    return (
        first,
        multiply_add(a, odd_a, even_a),
        multiply_add(minus_a, odd_a, even_a),
        multiply_add(b, odd_b, even_b),
        multiply_add(minus_b, odd_b, even_b),
        last,
    )


@njit(inline="always")
def _gather(m0: Any, m1: Any, m2: Any, m3: Any, m4: Any, m5: Any) -> Any:
    even_a, odd_a, even_b, odd_b = plus(m1, m2), minus(m1, m2), plus(m3, m4), minus(m3, m4)
    aa, bb = splat(np.float32(_AA)), splat(np.float32(_BB))
    scaled_a, scaled_b = splat(np.float32(_A)), splat(np.float32(_B))
    cubed_a, cubed_b = splat(np.float32(_A**3)), splat(np.float32(_B**3))
    return (
        plus(m0, plus(even_a, even_b)),
        multiply_add(scaled_b, odd_b, times(scaled_a, odd_a)),
        multiply_add(bb, even_b, times(aa, even_a)),
        multiply_add(cubed_b, odd_b, multiply_add(cubed_a, odd_a, m5)),
    )


@njit(inline="always")
def _column(x: Any, place: Any, stride: Any) -> Any:
    return _spread(
        load(x, place),
        load(x, place + stride),
        load(x, place + 2 * stride),
        load(x, place + 3 * stride),
        load(x, place + 4 * stride),
        load(x, place + 5 * stride),
    )


@njit(cache=True, nogil=True)
def _spread_tile(x: Any, place: Any, row: Any, v: Any, first: Any, stride: Any) -> Any:
    """Bring the 6 x 6 pixels from `place` on to 36 vectors in `v`."""
    c0, c1 = _column(x, place, row), _column(x, place + LANES, row)
    c2, c3 = _column(x, place + 2 * LANES, row), _column(x, place + 3 * LANES, row)
    c4, c5 = _column(x, place + 4 * LANES, row), _column(x, place + 5 * LANES, row)
    r0 = _spread(c0[0], c1[0], c2[0], c3[0], c4[0], c5[0])
    r1 = _spread(c0[1], c1[1], c2[1], c3[1], c4[1], c5[1])
    r2 = _spread(c0[2], c1[2], c2[2], c3[2], c4[2], c5[2])
    r3 = _spread(c0[3], c1[3], c2[3], c3[3], c4[3], c5[3])
    r4 = _spread(c0[4], c1[4], c2[4], c3[4], c4[4], c5[4])
    r5 = _spread(c0[5], c1[5], c2[5], c3[5], c4[5], c5[5])
    at = first
    for r in (r0, r1, r2, r3, r4, r5):
        store(v, at, r[0])
        store(v, at + stride, r[1])
        store(v, at + 2 * stride, r[2])
        store(v, at + 3 * stride, r[3])
        store(v, at + 4 * stride, r[4])
        store(v, at + 5 * stride, r[5])
        at += 6 * stride


@njit(inline="always")
def _sums(m: Any, place: Any, stride: Any) -> Any:
    return _gather(
        load(m, place),
        load(m, place + 6 * stride),
        load(m, place + 12 * stride),
        load(m, place + 18 * stride),
        load(m, place + 24 * stride),
        load(m, place + 30 * stride),
    )


@njit(cache=True, nogil=True)
def _gather_tile(m: Any, first: Any, stride: Any, bias: Any, y: Any, place: Any, row: Any) -> Any:
    """Turn 36 sums of products into 4 x 4 outputs, add the bias and cut at zero."""
    c0, c1, c2 = _sums(m, first, stride), _sums(m, first + stride, stride), _sums(m, first + 2 * stride, stride)
    c3, c4 = _sums(m, first + 3 * stride, stride), _sums(m, first + 4 * stride, stride)
    c5 = _sums(m, first + 5 * stride, stride)
    r0 = _gather(c0[0], c1[0], c2[0], c3[0], c4[0], c5[0])
    r1 = _gather(c0[1], c1[1], c2[1], c3[1], c4[1], c5[1])
    r2 = _gather(c0[2], c1[2], c2[2], c3[2], c4[2], c5[2])
    r3 = _gather(c0[3], c1[3], c2[3], c3[3], c4[3], c5[3])
    offset, zero = splat(bias), splat(np.float32(0.0))
    at = place
    for r in (r0, r1, r2, r3):
        store(y, at, larger(plus(r[0], offset), zero))
        store(y, at + LANES, larger(plus(r[1], offset), zero))
        store(y, at + 2 * LANES, larger(plus(r[2], offset), zero))
        store(y, at + 3 * LANES, larger(plus(r[3], offset), zero))
        at += row


@njit(cache=True, nogil=True)
def convolve(
    x: Any, n_in: Any, y: Any, y_first: Any, n_out: Any, size: Any, u: Any, u_first: Any, b_first: Any, v: Any, m: Any
) -> Any:
    """3 x 3 convolution with zero padding, bias and ReLU.

    Parameters
    ----------
    x, y : (n,) float32
        Images of `n_in` channels, and of `n_out` channels from place `y_first` on.
    u, u_first, b_first
        Weights: kernels of `transformed_kernels` from `u_first` on, biases from `b_first` on.
    v, m : (n,) float32
        Work space.
    """
    row = (size + 2) * LANES
    plane = (size + 2) * row
    across = size // TILE
    together = 4 if across > 1 else 1
    group = 4 if across > 1 else 16
    v_stride = (n_in * together + 1) * LANES
    m_stride = (group * together + 1) * LANES
    for first in range(0, across * across, together):
        for t in range(together):
            corner = (first + t) // across * TILE * row + (first + t) % across * TILE * LANES
            for c in range(n_in):
                _spread_tile(x, c * plane + corner, row, v, (c * together + t) * LANES, v_stride)
        for block in range(n_out // group):
            w = u_first + block * 36 * n_in * group
            for k in range(36):
                at = k * v_stride
                if together == 4:
                    places = (at, at + LANES, at + 2 * LANES, at + 3 * LANES)
                    products_4_by_4(v, places, 4 * LANES, u, w, n_in, m, k * m_stride, LANES, 4 * LANES, False)
                else:
                    products_1_by_16(v, (at,), LANES, u, w, n_in, m, k * m_stride, LANES, LANES, False)
                w += n_in * group
            for o in range(group):
                channel = block * group + o
                for t in range(together):
                    corner = (first + t) // across * TILE * row + (first + t) % across * TILE * LANES
                    place = y_first + channel * plane + corner + row + LANES
                    _gather_tile(m, (o * together + t) * LANES, m_stride, u[b_first + channel], y, place, row)
