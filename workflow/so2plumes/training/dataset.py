"""Training sets: 32 x 32 images cut from scenes with injected plumes, with truth, weights and provenance."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.normalise import NORMALISATIONS
from so2plumes.files import atomic_path
from so2plumes.training.backgrounds import Background, granules_below, quiet_backgrounds
from so2plumes.training.inject import Injection, inject, structured_background

log = logging.getLogger(__name__)

UNUSABLE_WEIGHT = 0.2
FAINT_SIGMA = 3.0
TEST_EVERY = 5
TRUTH_SIGMA_TEXT = "injected column above 1 standard deviation of the local noise"


@dataclass(frozen=True)
class TrainingSet:
    """Images with truth.

    Attributes
    ----------
    images : (n, window, window) float32
        Normalised input.
    truth : (n, window, window) bool
        Injected column above one standard deviation of the local noise.
    weight : (n, window, window) float32
        0 where the scene itself may hold a plume and on injected plumes that nowhere reach 3 sigma (neither answer is
        wrong there), 0.2 on unusable pixels (the net learns to bridge small gaps), else 1.
    peak_sigma : (n,) float32
        Largest injected signal within the image; 0 without a plume.
    orbit : (n,) int
    granule : (n,) str
    test : (n,) bool
        Images of every fifth orbit; no orbit is in both parts.
    """

    images: NDArray[np.float32]
    truth: NDArray[np.bool_]
    weight: NDArray[np.float32]
    peak_sigma: NDArray[np.float32]
    orbit: NDArray[np.int64]
    granule: NDArray[np.str_]
    test: NDArray[np.bool_]

    def part(self, test: bool) -> TrainingSet:
        """Return the training or the test part."""
        pick = self.test == test
        return TrainingSet(**{name: getattr(self, name)[pick] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class Recipe:
    """How a training set is drawn."""

    seed: int = 1
    scenes_per_granule: int = 3
    images_near_plume: int = 4
    images_anywhere: int = 2
    quiet_share: float = 0.35
    structured_share: float = 0.3
    window: int = 32
    normalisation: str = "local_robust"


def is_test_orbit(orbit: int) -> bool:
    """Tell whether an orbit belongs to the test part; neighbouring days differ."""
    return (orbit * 2654435761 >> 7) % TEST_EVERY == 0


def _corners(
    rng: np.random.Generator, truth: NDArray[np.bool_], recipe: Recipe, with_plume: bool
) -> list[tuple[int, int]]:
    limits = np.maximum(np.array(truth.shape) - recipe.window, 0)
    corners = []
    places = np.argwhere(truth)
    if with_plume and len(places):
        for row, column in places[rng.integers(len(places), size=recipe.images_near_plume)]:
            offset = rng.integers(2, recipe.window - 2, size=2)
            corners.append(np.clip([row - offset[0], column - offset[1]], 0, limits))
    anywhere = recipe.images_anywhere + (0 if with_plume else recipe.images_near_plume)
    corners += [rng.integers(0, limits + 1) for _ in range(anywhere)]
    return [(int(a), int(b)) for a, b in corners]


def _cut(values: NDArray, corner: tuple[int, int], window: int) -> NDArray:
    piece = values[corner[0] : corner[0] + window, corner[1] : corner[1] + window]
    missing = [(0, window - size) for size in piece.shape]
    return np.pad(piece, missing)


def faint_truth(
    truth: NDArray[np.bool_], signal_sigma: NDArray[np.floating], usable: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Truth pixels of connected plumes that reach 3 sigma on no usable pixel."""
    import cv2

    count, labels = cv2.connectedComponents(truth.astype(np.uint8), connectivity=8)
    peaks = np.zeros(count)
    np.maximum.at(peaks, labels, np.where(usable, signal_sigma, 0.0))
    return truth & (peaks < FAINT_SIGMA)[labels]


def images_of(background: Background, recipe: Recipe) -> list[tuple[NDArray, NDArray, NDArray, float]]:
    """Draw the images (input, truth, weight, peak) of one granule; depends on the seed and the orbit only."""
    swath, usable = background.swath, background.usable
    rng = np.random.default_rng([recipe.seed, swath.orbit])
    normalise = NORMALISATIONS[recipe.normalisation]
    weight = np.where(usable, 1.0, UNUSABLE_WEIGHT).astype(np.float32)
    weight[background.loud] = 0.0
    drawn = []
    for _ in range(recipe.scenes_per_granule):
        with_plume = rng.random() >= recipe.quiet_share
        scene: Injection | None = None
        if with_plume:
            scene = inject(
                rng,
                swath["vertical_column"],
                usable,
                swath["longitude"],
                swath["latitude"],
                n_plumes=int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])),
                local=background.local,
            )
        column = scene.column if scene else swath["vertical_column"]
        if rng.random() < recipe.structured_share:
            column = column + structured_background(rng, usable.shape)
        truth = scene.truth if scene else np.zeros(usable.shape, bool)
        signal = np.where(usable, scene.signal_sigma, 0.0) if scene else np.zeros(usable.shape)
        scene_weight = np.where(faint_truth(truth, signal, usable), np.float32(0.0), weight)
        image = normalise(column, usable)
        for corner in _corners(rng, truth & usable, recipe, with_plume):
            pieces = [_cut(v, corner, recipe.window) for v in (image, truth, scene_weight, signal)]
            if (pieces[0] != 0).mean() >= 0.1:
                drawn.append((pieces[0], pieces[1], pieces[2], float(pieces[3].max())))
    return drawn


def build_training_set(folders: Sequence[str | Path], recipe: Recipe, max_granules: int | None = None) -> TrainingSet:
    """Draw a training set from the quiet scenes below some folders.

    Parameters
    ----------
    folders : sequence of path
        Level-2 granules, real or simulated.
    recipe : Recipe
    max_granules : int, optional
        Use that many granules, evenly spread.

    Returns
    -------
    TrainingSet
    """
    paths = granules_below(folders)
    if max_granules is not None and len(paths) > max_granules:
        paths = [paths[i] for i in np.linspace(0, len(paths) - 1, max_granules).astype(int)]
    rows: list[tuple[NDArray, NDArray, NDArray, float]] = []
    orbits: list[int] = []
    granules: list[str] = []
    for count, background in enumerate(quiet_backgrounds(paths), 1):
        drawn = images_of(background, recipe)
        rows += drawn
        orbits += [background.swath.orbit] * len(drawn)
        granules += [background.swath.granule] * len(drawn)
        if count % 100 == 0:
            log.info("%d scenes, %d images", count, len(rows))
    log.info("%d images from %d granules below %s", len(rows), len(set(granules)), ", ".join(map(str, folders)))
    size = (0, recipe.window, recipe.window)
    return TrainingSet(
        images=np.stack([r[0] for r in rows]) if rows else np.empty(size, np.float32),
        truth=np.stack([r[1] for r in rows]) if rows else np.empty(size, bool),
        weight=np.stack([r[2] for r in rows]) if rows else np.empty(size, np.float32),
        peak_sigma=np.array([r[3] for r in rows], np.float32),
        orbit=np.array(orbits, np.int64),
        granule=np.array(granules, dtype=np.str_),
        test=np.array([is_test_orbit(orbit) for orbit in orbits], bool),
    )


def write_training_set(data: TrainingSet, path: str | Path) -> None:
    """Write a training set as compressed NumPy archive, atomically."""
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        np.savez_compressed(stream, **{name: getattr(data, name) for name in data.__dataclass_fields__})


def read_training_set(path: str | Path) -> TrainingSet:
    """Read a training set."""
    with np.load(path) as archive:
        return TrainingSet(**{name: archive[name] for name in TrainingSet.__dataclass_fields__})
