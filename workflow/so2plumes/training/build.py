"""Build the training set: cut images from drawn scenes and from labelled real ones."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.detect.normalise import standardised
from so2plumes.simulate.orbits import edge_pixels
from so2plumes.training.backgrounds import Background, GranulePath, evenly, granules_below
from so2plumes.training.dataset import ARRAYS, TABLE_COLUMNS, TrainingSet
from so2plumes.training.scenes import NO_PLUME, TRUTH_TEXT, SceneMix, draw_scene, scene_weight
from so2plumes.training.split import is_test_orbit, part_of, region_cells, region_name

if TYPE_CHECKING:
    import geopandas as gpd

log = logging.getLogger(__name__)

MIN_INFORMED = 0.1
MIN_JUDGED = 0.1
MIN_LABELLED_PIXELS = 6


@dataclass(frozen=True)
class Recipe:
    """How a training set is drawn."""

    seed: int = 1
    scenes_per_granule: int = 8
    images_near_plume: int = 4
    images_anywhere: int = 2
    images_per_label: int = 6
    window: int = 32
    mix: SceneMix = field(default_factory=SceneMix)


@dataclass(frozen=True)
class Image:
    """One image: the arrays of `TrainingSet` without their first axis, and its row of the table."""

    z: NDArray[np.float32]
    column: NDArray[np.float32]
    truth: NDArray[np.bool_]
    weight: NDArray[np.float32]
    row: dict[str, Any]


@dataclass(frozen=True)
class _Layers:
    """What images are cut from; arrays are (scanline, ground_pixel)."""

    background: Background
    z: NDArray[np.float32]
    column: NDArray[np.float32]
    truth: NDArray[np.bool_]
    weight: NDArray[np.float32]
    signal_sigma: NDArray[np.floating]
    structure_du: NDArray[np.floating]
    facts: dict[str, Any]


def _corners(
    rng: np.random.Generator, shape: tuple[int, int], near: NDArray[np.bool_], n_near: int, n_anywhere: int, window: int
) -> list[tuple[int, int]]:
    limits = np.maximum(np.array(shape) - window, 0)
    places = np.argwhere(near)
    corners = []
    if len(places) and n_near:
        for row, column in places[rng.integers(len(places), size=n_near)]:
            offset = rng.integers(2, window - 2, size=2)
            corners.append(np.clip([row - offset[0], column - offset[1]], 0, limits))
    else:
        n_anywhere += n_near
    corners += [rng.integers(0, limits + 1) for _ in range(n_anywhere)]
    return [(int(a), int(b)) for a, b in corners]


def _cut(values: NDArray, corner: tuple[int, int], window: int) -> NDArray:
    piece = values[corner[0] : corner[0] + window, corner[1] : corner[1] + window]
    return np.pad(piece, [(0, window - size) for size in piece.shape])


def _median(values: NDArray | None, box: tuple[slice, slice], usable: NDArray[np.bool_]) -> float:
    if values is None:
        return np.nan
    inside = values[box][usable[box]]
    return float(np.median(inside)) if len(inside) else np.nan


def _row(layers: _Layers, corner: tuple[int, int], window: int, counted: NDArray[np.bool_]) -> dict[str, Any]:
    swath, usable = layers.background.swath, layers.background.usable
    box = (slice(corner[0], corner[0] + window), slice(corner[1], corner[1] + window))
    plume = counted & _cut(layers.truth, corner, window)
    middle = tuple(min(first + window // 2, size - 1) for first, size in zip(corner, usable.shape, strict=True))
    place = (slice(middle[0], middle[0] + 1), slice(middle[1], middle[1] + 1))
    pixels = swath.ground_pixel[box[1]]
    has_plume = bool(plume.any())
    return {
        **layers.facts,
        "part": "test" if is_test_orbit(swath.orbit) else "train",
        "source": layers.facts["source"] if has_plume else "none",
        "kind": layers.facts["kind"] if has_plume else NO_PLUME,
        "granule": swath.granule,
        "orbit": swath.orbit,
        "region": region_name(int(region_cells(swath["longitude"][place], swath["latitude"][place])[0, 0])),
        "scanline": int(swath.scanline[corner[0]]),
        "ground_pixel": int(pixels[0]),
        "n_truth": int(plume.sum()),
        "peak_sigma": float(np.max(_cut(layers.signal_sigma, corner, window), where=plume, initial=0.0)),
        "background_du": float(_cut(layers.structure_du, corner, window).mean()),
        "noise_du": _median(layers.background.local.sigma, box, usable) / MOL_M2_PER_DU,
        "viewing_zenith_deg": _median(swath.get("viewing_zenith_angle"), box, usable),
        "solar_zenith_deg": _median(swath.get("solar_zenith_angle"), box, usable),
        "edge": bool(edge_pixels(pixels[[0, -1]]).any()),
    }


def _images(layers: _Layers, corners: Sequence[tuple[int, int]], window: int, min_counted: float) -> Iterator[Image]:
    for corner in corners:
        z, column, truth, weight = (_cut(getattr(layers, name), corner, window) for name in ARRAYS)
        counted = weight >= 1.0
        if (z != 0).mean() >= MIN_INFORMED and counted.sum() >= min_counted:
            yield Image(z, column, truth, weight, _row(layers, corner, window, counted))


def images_of_background(background: Background, recipe: Recipe) -> list[Image]:
    """Draw the images of one quiet granule; they depend on the seed and the orbit only."""
    swath, usable = background.swath, background.usable
    rng = np.random.default_rng([recipe.seed, swath.orbit, 5])
    judged = part_of(swath.orbit, swath["longitude"], swath["latitude"])
    if not (judged & usable).any():
        return []
    facts = {"source": "injected", "truth_definition": TRUTH_TEXT, "author": "", "date": "", "version": 0}
    images: list[Image] = []
    for _ in range(recipe.scenes_per_granule):
        scene = draw_scene(rng, background, recipe.mix, judged & usable)
        layers = _Layers(
            background,
            standardised(scene.column, usable),
            np.where(usable, scene.column, 0.0).astype(np.float32),
            scene.truth,
            scene_weight(background, scene, judged),
            scene.signal_sigma,
            scene.structure_du,
            {**facts, "kind": scene.kind, "archive": background.archive},
        )
        near = scene.truth & usable & judged
        corners = _corners(rng, usable.shape, near, recipe.images_near_plume, recipe.images_anywhere, recipe.window)
        images += _images(layers, corners, recipe.window, MIN_JUDGED * recipe.window**2)
    return images


def images_of_labels(background: Background, labels: gpd.GeoDataFrame, recipe: Recipe) -> list[Image]:
    """Cut the images of one labelled granule. What people did not judge does not count."""
    from so2plumes.training.labels import label_masks

    swath, usable = background.swath, background.usable
    masks = label_masks(labels, swath)
    judged = (masks.plume | masks.quiet) & part_of(swath.orbit, swath["longitude"], swath["latitude"])
    z = standardised(swath["vertical_column"], usable)
    plumes = labels[labels["label"] == "plume"]
    first = (plumes if len(plumes) else labels).iloc[0]
    facts = {
        "source": str(first["source"]),
        "kind": "real",
        "truth_definition": f"inside a polygon ({first['source']}, {first['method']})",
        "author": str(first["author"]),
        "date": str(first["date"]),
        "version": int(first["version"]),
        "archive": background.archive,
    }
    layers = _Layers(
        background,
        z,
        np.where(usable, swath["vertical_column"], 0.0).astype(np.float32),
        masks.plume,
        np.where(judged & usable, np.float32(1.0), np.float32(0.0)),
        z.astype(float),
        np.zeros(usable.shape),
        facts,
    )
    rng = np.random.default_rng([recipe.seed, swath.orbit, 1])
    target = masks.plume & judged & usable if len(plumes) else masks.quiet & judged & usable
    corners = _corners(rng, usable.shape, target, recipe.images_per_label, 0, recipe.window)
    return list(_images(layers, corners, recipe.window, MIN_LABELLED_PIXELS))


def images_of_granule(granule: GranulePath, recipe: Recipe, labels: gpd.GeoDataFrame | None = None) -> list[Image]:
    """Draw all images of one granule: from its labels, and by injection where it is quiet and holds no known plume."""
    background = granule.load()
    if background is None:
        return []
    images: list[Image] = []
    own = labels[labels["granule"] == background.swath.granule] if labels is not None else None
    if own is not None and len(own):
        images += images_of_labels(background, own, recipe)
        if (own["label"] == "plume").any():
            return images
    if background.is_quiet:
        images += images_of_background(background, recipe)
    return images


def build_training_set(
    folders: Sequence[str | Path],
    recipe: Recipe,
    labels: gpd.GeoDataFrame | None = None,
    max_granules: int | None = None,
    processes: int = 1,
) -> TrainingSet:
    """Draw a training set from the granules below some folders.

    Parameters
    ----------
    folders : sequence of path
        Level-2 granules, real or simulated.
    recipe : Recipe
    labels : GeoDataFrame, optional
        Masks drawn or confirmed by people, see `so2plumes.training.labels`.
    max_granules : int, optional
        Use that many granules, evenly spread.
    processes : int
        Does not change the result.

    Returns
    -------
    TrainingSet
    """
    paths = evenly(granules_below(folders), max_granules)
    images: list[Image] = []
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        drawn = pool.map(partial(images_of_granule, recipe=recipe, labels=labels), paths, chunksize=8)
        for count, some in enumerate(drawn, 1):
            images += some
            if count % 100 == 0:
                log.info("%d of %d granules, %d images", count, len(paths), len(images))
    data = _joined(images, recipe.window)
    if labels is not None:
        _account_for_labels(labels, {granule.path.stem for granule in paths}, data)
    return data


def _account_for_labels(labels: gpd.GeoDataFrame, present: set[str], data: TrainingSet) -> None:
    """Log what became of every labelled granule."""
    wanted = set(labels["granule"])
    used = set(data.table.loc[data.table["author"] != "", "granule"])
    absent = sorted(wanted - present)
    log.info("labels: %d of %d granules used, %d not in the folders", len(used), len(wanted), len(absent))
    for granule in sorted((wanted & present) - used):
        log.warning("no image from the labels of %s: too few judged pixels in the part of its orbit", granule)


def _joined(images: Sequence[Image], window: int) -> TrainingSet:
    import pandas as pd

    kinds = {"z": np.float32, "column": np.float32, "truth": bool, "weight": np.float32}
    arrays = {
        name: np.stack([getattr(image, name) for image in images]).astype(kinds[name])
        if images
        else np.empty((0, window, window), kinds[name])
        for name in ARRAYS
    }
    table = pd.DataFrame([image.row for image in images], columns=list(TABLE_COLUMNS))
    return TrainingSet(**arrays, table=table)
