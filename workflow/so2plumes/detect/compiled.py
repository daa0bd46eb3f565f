"""The U-Net as compiled code for CPUs: 16 windows at once, Winograd convolutions, no framework."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.engines import logistic
from so2plumes.detect.lanes import LANES
from so2plumes.detect.layers import score_windows
from so2plumes.detect.weights import LEVELS, UNetWeights
from so2plumes.detect.winograd import TILE, transformed_kernels
from so2plumes.errors import ModelError

FloatArray = NDArray[np.float32]

_BLOCKS_PER_TASK = 4


@dataclass(frozen=True)
class _Packed:
    """Weights in the order in which the layers read them, and where kernel and bias of each layer lie."""

    values: FloatArray
    lies: NDArray[np.int64]


def _as_matrix(kernel: FloatArray, side: int) -> FloatArray:
    """Kernel (3, 3, in, out) as matrix of all pixels of an image of this side, (pixel, out / 16, in * pixel, 16)."""
    n_in, n_out = kernel.shape[2:]
    full = np.zeros((side, side, n_in, side, side, n_out), np.float32)
    for i, j, k, m in itertools.product(range(side), repeat=4):
        if abs(k - i) < 2 and abs(m - j) < 2:
            full[i, j, :, k, m] = kernel[k - i + 1, m - j + 1]
    matrix = full.reshape(side * side, n_in, side * side, n_out // 16, 16)
    return matrix.transpose(0, 3, 1, 2, 4).ravel()


def _convolution(kernel: FloatArray, side: int) -> FloatArray:
    """Kernel (3, 3, in, out) as the layer for images of this side wants it."""
    return _as_matrix(kernel, side) if side < TILE else transformed_kernels(kernel, 4 if side > TILE else 16)


def _by_parity(kernel: FloatArray) -> FloatArray:
    """Transposed kernel (3, 3, out, in) as (parity, out / 4, tap, in, 4), flat."""
    n_out, n_in = kernel.shape[2:]
    rows = ([0, 2], [1])
    parts = []
    for row, column in itertools.product(rows, repeat=2):
        taps = kernel[np.ix_(row, column)].reshape(-1, n_out // 4, 4, n_in)
        parts.append(taps.transpose(1, 0, 3, 2).ravel())
    return np.concatenate(parts)


def _packed(weights: UNetWeights) -> _Packed:
    parts: list[FloatArray] = []
    lies: list[tuple[int, int]] = []
    size = 0
    for name, layer in weights.layers.items():
        if name == "probability":
            kernel = layer.kernel.ravel()
        elif name.endswith("transpose"):
            kernel = _by_parity(layer.kernel)
        else:
            side = weights.window >> (LEVELS if name.startswith("bottom") else int(name.split("_")[1]))
            kernel = _convolution(layer.kernel, side)
        lies.append((size, size + kernel.size))
        parts += [kernel, layer.bias]
        size += kernel.size + layer.bias.size
    return _Packed(np.concatenate(parts).astype(np.float32), np.array(lies, np.int64))


def _rooms(weights: UNetWeights) -> NDArray[np.int64]:
    """Where the parts of the work space begin: four images per level, three at the bottom, two for convolutions."""
    sizes, most = [], 0
    n_in = weights.channels
    for level in range(LEVELS + 1):
        side, n = weights.window >> level, weights.base_width << level
        area = (side + 2) ** 2
        sizes += [n_in * area, n * area, 2 * n * area, n * area][: 4 if level < LEVELS else 3]
        most = max(most, n * side**2 if side < TILE else 36 * (2 * n * min(4, (side // TILE) ** 2) + 1))
        n_in = n
    sizes += [most, 36 * 17]
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64) * LANES


def _aligned_zeros(n: int) -> FloatArray:
    """Zeros that begin where a vector of lanes does: one that crosses such a border takes two reads."""
    room = np.zeros(n + LANES, np.float32)
    first = -room.ctypes.data // room.itemsize % LANES
    return room[first : first + n]


def _check(weights: UNetWeights) -> None:
    fits = {
        "a window of 32 or a multiple of 64": weights.window == 32 or weights.window % 64 == 0,
        "a base width that is a multiple of 4": weights.base_width % 4 == 0,
    }
    for expected, met in fits.items():
        if not met:
            raise ModelError(
                "the compiled engine cannot run this network",
                expected=expected,
                found=f"window {weights.window}, base width {weights.base_width}",
                remedy="set detect.engine to keras",
            )


class CompiledUNet:
    """Scores of windows, by several threads.

    The first use on a machine compiles for some seconds; the result is kept beside the code or in the user's cache.

    Parameters
    ----------
    weights : UNetWeights
        Window 32 or a multiple of 64, base width a multiple of 4.
    threads : int

    Raises
    ------
    ModelError
        When the weights are of another size.
    """

    name = "compiled"
    precision = "fp32"

    def __init__(self, weights: UNetWeights, threads: int = 1) -> None:
        _check(weights)
        self.window, self.channels, self.n_weights = weights.window, weights.channels, weights.n_weights
        self._width = weights.base_width
        self._packed = _packed(weights)
        self._rooms = _rooms(weights)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)
        self._work: SimpleQueue[FloatArray] = SimpleQueue()
        for _ in range(threads):
            self._work.put(_aligned_zeros(int(self._rooms[-1])))

    def scores(
        self, image: FloatArray, source: FloatArray, tops: NDArray[np.int64], lefts: NDArray[np.int64]
    ) -> FloatArray:
        """Answers before the sigmoid, (n, window, window), of the windows with these first rows and columns.

        Parameters
        ----------
        image, source : (row, column) float32
            What the network sees, and the image whose non-zero pixels hold information.
        tops, lefts : (n,) int
        """
        size = self.window
        out = np.empty((len(tops), size, size), np.float32)
        tasks = iter(range(0, len(tops), _BLOCKS_PER_TASK * LANES))

        def work() -> None:
            room = self._work.get()
            try:
                for first in tasks:
                    score_windows(
                        image,
                        source,
                        tops,
                        lefts,
                        first,
                        min(first + _BLOCKS_PER_TASK * LANES, len(tops)),
                        size,
                        self.channels,
                        self._width,
                        self._packed.values,
                        self._packed.lies,
                        room,
                        self._rooms,
                        out,
                    )
            finally:
                self._work.put(room)

        for done in [self._pool.submit(work) for _ in range(self._threads)]:
            done.result()
        return out

    def probability(self, scores: FloatArray) -> FloatArray:
        """Return the sigmoid of scores."""
        return logistic(scores)
