"""What the benchmarks measure: a full swath, and the plain way to search it."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "resources" / "models" / "unet-8" / "model.keras"
SCANLINES, GROUND_PIXELS, WINDOW, STEP = 4172, 450, 32, 4


@dataclass(frozen=True)
class Spent:
    wall_s: float
    cpu_s: float


def spent(work: Callable[[], object]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def best(runs: list[Spent]) -> Spent:
    """The quietest run: the one of the least wall-clock time."""
    return min(runs, key=lambda run: run.wall_s)


def swath_image(scanlines: int = SCANLINES, valid: float = 0.75, seed: int = 0) -> np.ndarray:
    """A normalised swath: `valid` of the scanlines hold data (the rest is night), 3 % of their pixels are missing."""
    rng = np.random.default_rng(seed)
    image = np.arcsinh(rng.normal(0.0, 1.2, (scanlines, GROUND_PIXELS))).astype(np.float32)
    image[rng.random(image.shape) < 0.03] = 0.0
    image[: round((1.0 - valid) * scanlines)] = 0.0
    return image


def cloudy(image: np.ndarray, valid: float, seed: int = 1) -> np.ndarray:
    """The swath with patches of some 60 x 60 pixels taken away until `valid` of all pixels remain."""
    rng, image = np.random.default_rng(seed), image.copy()
    while (image != 0).mean() > valid:
        row, column = rng.integers(image.shape[0]), rng.integers(image.shape[1])
        image[row : row + rng.integers(20, 100), column : column + rng.integers(20, 100)] = 0.0
    return image


def plain_answers(image: np.ndarray, model: Any, channels: int, step: int, batch: int) -> np.ndarray:
    """All windows into ``model.predict``."""
    from so2plumes.detect.inputs import INPUTS
    from so2plumes.detect.windows import window_starts

    rows, columns = (window_starts(size, WINDOW, step) for size in image.shape)
    windows = np.stack([image[r : r + WINDOW, c : c + WINDOW] for r in rows for c in columns])
    images = INPUTS["local_robust"].prepare(windows, channels)
    return model.predict(images, batch_size=batch, verbose=0)[..., 0]


def plain_median(answers: np.ndarray, shape: tuple[int, int], step: int) -> np.ndarray:
    """``numpy.median`` over what each pixel got, row by row: 64 answers per pixel, fewer at the edges."""
    from so2plumes.detect.windows import window_starts

    rows, columns = (window_starts(size, WINDOW, step) for size in shape)
    grid = answers.reshape(len(rows), len(columns), WINDOW, WINDOW)
    result = np.empty(shape, np.float32)
    for y in range(shape[0]):
        over = np.flatnonzero((rows <= y) & (rows + WINDOW > y))
        lines = grid[over, :, y - rows[over]]
        stack = np.full((len(over), -(-WINDOW // step) + 1, shape[1]), np.nan, np.float32)
        ends = np.zeros(stack.shape[1], int)
        for j, left in enumerate(columns):
            slot = int(np.argmax(ends <= left))
            ends[slot] = left + WINDOW
            stack[:, slot, left : left + WINDOW] = lines[:, j]
        flat = stack.reshape(-1, shape[1])
        full = ~np.isnan(flat).any(axis=0)
        result[y, full] = np.median(flat[:, full], axis=0)
        result[y, ~full] = np.nanmedian(flat[:, ~full], axis=0)
    return result


def plain_detection(image: np.ndarray, model: Any, channels: int, step: int = STEP, batch: int = 256) -> np.ndarray:
    """The plain way: every window predicted, every answer kept, one median per pixel."""
    return plain_median(plain_answers(image, model, channels, step, batch), image.shape, step)


def peak_memory_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
