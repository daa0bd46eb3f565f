"""The other layers of the U-Net on 16 windows at once, and the whole network from windows to scores.

Images are stored as in `winograd`. Work space, weights and where each of them lies come from `compiled.CompiledUNet`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from so2plumes.detect.lanes import (
    LANES,
    larger,
    load,
    multiply_add,
    plus,
    products_1_by_16,
    products_4_by_4,
    splat,
    store,
)
from so2plumes.detect.winograd import TILE, convolve

LEVELS = 4


@njit(cache=True, nogil=True)
def cut_windows(image: Any, source: Any, tops: Any, lefts: Any, first: Any, size: Any, x: Any, channels: Any) -> Any:
    """Put 16 windows from number `first` on into lanes; the second channel tells where `source` holds information."""
    row = (size + 2) * LANES
    plane = (size + 2) * row
    for lane in range(LANES):
        number = min(first + lane, len(tops) - 1)
        top, left = tops[number], lefts[number]
        for i in range(size):
            at = (i + 1) * row + LANES + lane
            for j in range(size):
                x[at + j * LANES] = image[top + i, left + j]
            if channels == 2:
                for j in range(size):
                    x[plane + at + j * LANES] = np.float32(source[top + i, left + j] != 0)


@njit(cache=True, nogil=True)
def halve(x: Any, x_first: Any, channels: Any, size: Any, y: Any) -> Any:
    """2 x 2 maximum pooling of images of side `size`."""
    row, row_y = (size + 2) * LANES, (size // 2 + 2) * LANES
    for c in range(channels):
        for i in range(size // 2):
            at = x_first + c * (size + 2) * row + (2 * i + 1) * row + LANES
            to = c * (size // 2 + 2) * row_y + (i + 1) * row_y + LANES
            for _ in range(size // 2):
                above = larger(load(x, at), load(x, at + LANES))
                below = larger(load(x, at + row), load(x, at + row + LANES))
                store(y, to, larger(above, below))
                at += 2 * LANES
                to += LANES


@njit(cache=True, nogil=True)
def connect(
    x: Any, n_in: Any, y: Any, n_out: Any, size: Any, u: Any, u_first: Any, b_first: Any, v: Any, m: Any
) -> Any:
    """3 x 3 convolution with bias and ReLU of images so small that every pixel sees most others: one matrix."""
    row = (size + 2) * LANES
    n = n_in * size * size
    for c in range(n_in):
        for p in range(size * size):
            value = load(x, c * (size + 2) * row + (p // size + 1) * row + (p % size + 1) * LANES)
            store(v, (c * size * size + p) * LANES, value)
    zero = splat(np.float32(0.0))
    w = u_first
    for p in range(size * size):
        place = (p // size + 1) * row + (p % size + 1) * LANES
        for block in range(n_out // 16):
            products_1_by_16(v, (0,), LANES, u, w, n, m, 0, LANES, LANES, False)
            w += n * 16
            for o in range(16):
                c = block * 16 + o
                value = plus(load(m, o * LANES), splat(u[b_first + c]))
                store(y, c * (size + 2) * row + place, larger(value, zero))


@njit(cache=True, nogil=True)
def double(x: Any, n_in: Any, y: Any, n_out: Any, size: Any, u: Any, u_first: Any, b_first: Any, m: Any) -> Any:
    """3 x 3 transposed convolution of stride 2 with bias, from side `size` to twice that.

    An output pixel of an even row and column sees four inputs, one of an odd row and column a single one.
    """
    row, row_y = (size + 2) * LANES, (2 * size + 2) * LANES
    plane, plane_y = (size + 2) * row, (2 * size + 2) * row_y
    w = u_first
    for parity in range(4):
        odd_row, odd_column = parity // 2, parity % 2
        n_taps = (2 - odd_row) * (2 - odd_column)
        for block in range(n_out // 4):
            for first in range(0, size * size, 4):
                p0, p1 = first, first + 1
                p2, p3 = first + 2, first + 3
                o0 = (p0 // size + 1) * row + (p0 % size + 1) * LANES
                o1 = (p1 // size + 1) * row + (p1 % size + 1) * LANES
                o2 = (p2 // size + 1) * row + (p2 % size + 1) * LANES
                o3 = (p3 // size + 1) * row + (p3 % size + 1) * LANES
                for tap in range(n_taps):
                    back = tap // (2 - odd_column) * row + tap % (2 - odd_column) * LANES
                    places = (o0 - back, o1 - back, o2 - back, o3 - back)
                    at = w + tap * n_in * 4
                    products_4_by_4(x, places, plane, u, at, n_in, m, 0, LANES, 4 * LANES, tap > 0)
                for o in range(4):
                    bias = splat(u[b_first + block * 4 + o])
                    to = (block * 4 + o) * plane_y + (odd_row + 1) * row_y + (odd_column + 1) * LANES
                    for k in range(4):
                        p = first + k
                        place = to + 2 * (p // size) * row_y + 2 * (p % size) * LANES
                        store(y, place, plus(load(m, (o * 4 + k) * LANES), bias))
            w += n_taps * n_in * 4


@njit(cache=True, nogil=True)
def score(x: Any, n_in: Any, size: Any, u: Any, u_first: Any, b_first: Any, m: Any, out: Any, first: Any) -> Any:
    """1 x 1 convolution to one channel, (window, row, column), from window `first` on."""
    row = (size + 2) * LANES
    count = min(LANES, len(out) - first)
    for i in range(size):
        for j in range(size):
            total = splat(u[b_first])
            at = (i + 1) * row + (j + 1) * LANES
            for c in range(n_in):
                total = multiply_add(splat(u[u_first + c]), load(x, at), total)
                at += (size + 2) * row
            store(m, j * LANES, total)
        for lane in range(count):
            for j in range(size):
                out[first + lane, i, j] = m[j * LANES + lane]


@njit(cache=True, nogil=True)
def score_windows(
    image: Any,
    source: Any,
    tops: Any,
    lefts: Any,
    first: Any,
    last: Any,
    size: Any,
    channels: Any,
    width: Any,
    weights: Any,
    lies: Any,
    room: Any,
    rooms: Any,
    out: Any,
) -> Any:
    """Score the windows of the blocks of 16 from window `first` to `last`.

    Parameters
    ----------
    image, source : (row, column) float32
        The network's first input, and the image whose non-zero pixels hold information.
    tops, lefts : (n,) int
    size, channels, width : int
        Side of a window, input channels, filters of the first block.
    weights, lies : (n,) float32, (layer, 2) int
        Weights and where kernels and biases of each layer lie.
    room, rooms : (n,) float32, (n,) int
        Work space, whose rims are 0, and where each of its parts begins.
    out : (n, size, size) float32
        Receives the scores: the network's answer before the sigmoid.
    """
    v, m = room[rooms[-3] : rooms[-2]], room[rooms[-2] : rooms[-1]]
    for block in range(first, last, LANES):
        low = room[rooms[0] : rooms[1]]
        cut_windows(image, source, tops, lefts, block, size, low, channels)
        n_in = channels
        for level in range(LEVELS):
            side, n = size >> level, width << level
            middle = room[rooms[4 * level + 1] : rooms[4 * level + 2]]
            both = room[rooms[4 * level + 2] : rooms[4 * level + 3]]
            skip = n * (side + 2) ** 2 * LANES
            a, b = lies[2 * level], lies[2 * level + 1]
            convolve(low, n_in, middle, 0, n, side, weights, a[0], a[1], v, m)
            convolve(middle, n, both, skip, n, side, weights, b[0], b[1], v, m)
            low = room[rooms[4 * level + 4] : rooms[4 * level + 5]]
            halve(both, skip, n, side, low)
            n_in = n
        side, n = size >> LEVELS, width << LEVELS
        middle = room[rooms[4 * LEVELS + 1] : rooms[4 * LEVELS + 2]]
        high = room[rooms[4 * LEVELS + 2] : rooms[4 * LEVELS + 3]]
        a, b = lies[2 * LEVELS], lies[2 * LEVELS + 1]
        if side < TILE:
            connect(low, n_in, middle, n, side, weights, a[0], a[1], v, m)
            connect(middle, n, high, n, side, weights, b[0], b[1], v, m)
        else:
            convolve(low, n_in, middle, 0, n, side, weights, a[0], a[1], v, m)
            convolve(middle, n, high, 0, n, side, weights, b[0], b[1], v, m)
        for level in range(LEVELS - 1, -1, -1):
            side, n = size >> level, width << level
            middle = room[rooms[4 * level + 1] : rooms[4 * level + 2]]
            both = room[rooms[4 * level + 2] : rooms[4 * level + 3]]
            k = 2 * LEVELS + 2 + 3 * (LEVELS - 1 - level)
            double(high, 2 * n, both, n, side // 2, weights, lies[k, 0], lies[k, 1], m)
            high = room[rooms[4 * level + 3] : rooms[4 * level + 4]]
            convolve(both, 2 * n, middle, 0, n, side, weights, lies[k + 1, 0], lies[k + 1, 1], v, m)
            convolve(middle, n, high, 0, n, side, weights, lies[k + 2, 0], lies[k + 2, 1], v, m)
        score(high, width, size, weights, lies[-1, 0], lies[-1, 1], m, out, block)
