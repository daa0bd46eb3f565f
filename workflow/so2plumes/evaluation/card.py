"""Put the model card together."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from so2plumes.detect.model import UNet
from so2plumes.detect.ztest import ColumnThreshold, ZTest
from so2plumes.evaluation.bins import score_groups
from so2plumes.evaluation.bounds import SIMULATED_ARCHIVE, verdict
from so2plumes.evaluation.examples import Example
from so2plumes.evaluation.images import best_limit, score_images
from so2plumes.evaluation.real import band_scores, is_strong, quiet_scores, real_example, strong_score
from so2plumes.evaluation.scenes import (
    CLEAN,
    POLLUTED,
    QUIET,
    STRUCTURED,
    Method,
    SceneScores,
    TestScene,
    score_scenes,
    test_scenes,
)
from so2plumes.evaluation.scores import Counts, Share
from so2plumes.plumes.components import ComponentRule
from so2plumes.training.backgrounds import Background, cropped, granules_below, load_background
from so2plumes.training.build import MAX_LOUD
from so2plumes.training.dataset import TrainingSet
from so2plumes.training.split import SPLIT_TEXT, is_test_orbit

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

SCENE_SCANLINES, SCENE_GROUND_PIXELS = 128, 225
BATCH = 512
KEPT_EXAMPLES = 12
SHOWN_SCENES = 10


@dataclass(frozen=True)
class Evaluation:
    """The card and the pictures that belong to it."""

    card: dict[str, Any]
    examples: list[Example]


def unseen_backgrounds(folders: Sequence[Path]) -> Iterable[Background]:
    """Yield the scenes of test orbits."""
    from so2plumes.swath.names import parse_granule_name

    for path in granules_below(folders):
        if is_test_orbit(parse_granule_name(path).orbit):
            background = load_background(path)
            if background is not None:
                yield background


def predict_images(detector: UNet, data: TrainingSet) -> np.ndarray:
    """Probabilities (n, window, window) of the images of a training set."""
    images = data.inputs(detector.normalisation, detector.channels)
    return detector.network(images)


def image_predictions(
    detector: UNet, data: TrainingSet, baselines: Mapping[str, ZTest | ColumnThreshold]
) -> dict[str, np.ndarray]:
    """Masks of images by method: where the probability is one half or more.

    The baselines see each image alone, as the network does.
    """
    predictions = {"unet": predict_images(detector, data) >= 0.5}
    for name, method in baselines.items():
        predictions[name] = method.probability_of_z(data.z, data.z != 0) >= 0.5
    return predictions


def scene_rows(scores: SceneScores) -> list[dict[str, Any]]:
    """Pixel scores of whole scenes by method and group."""
    table = scores.scene_table()
    table = table[table["scene"].isin([CLEAN, STRUCTURED])]
    rows = []
    for group in score_groups(table):
        for method, part in table[group.rows].groupby("method", sort=False):
            counts = Counts(*(int(part[name].sum()) for name in ("hit", "predicted", "true")))
            rows.append({"method": method, "by": group.by, "of": group.of, "scenes": len(part), **counts.document()})
    return rows


def plume_rows(scores: SceneScores) -> list[dict[str, Any]]:
    """Share of plumes that were found, by method and group."""
    from so2plumes.evaluation.bins import Group

    table = scores.plume_table()
    clean = (table["scene"] == CLEAN).to_numpy()
    many = (table["n_over_4_sigma"] >= 12).to_numpy()
    large = ((table["n_truth"] >= 12) & (table["peak_sigma"] >= 4.0)).to_numpy()
    groups = [
        Group("all", "12 pixels over 4 sigma", many & clean),
        Group("all", "12 pixels, peak over 4 sigma", large & clean),
        *score_groups(table),
    ]
    rows = []
    for group in groups:
        for method, part in table[group.rows].groupby("method", sort=False):
            share = Share(int(part["found"].sum()), len(part))
            rows.append(
                {
                    "method": method,
                    "by": group.by,
                    "of": group.of,
                    "plumes": share.total,
                    "found": share.found,
                    "recall": round(share.value, 4),
                    "low": round(share.low, 4),
                    "high": round(share.high, 4),
                }
            )
    return rows


def _scenes(backgrounds: Iterable[Background], seed: int) -> Iterable[TestScene]:
    for background in backgrounds:
        yield from test_scenes(_piece(background), seed)


def _piece(background: Background) -> Background:
    """Cut a large scene: its middle scanlines, of every other orbit the left half of the swath or the right one."""
    n_rows, n_columns = background.usable.shape
    row = max(0, (n_rows - SCENE_SCANLINES) // 2)
    column = max(0, n_columns - SCENE_GROUND_PIXELS) if background.swath.orbit % 2 else 0
    return cropped(background, slice(row, row + SCENE_SCANLINES), slice(column, column + SCENE_GROUND_PIXELS))


def _worst(examples: Sequence[Example]) -> list[Example]:
    """Keep the missed plumes and the false ones with most pixels."""
    kept: list[Example] = []
    for kind in ("missed", "false"):
        some = [example for example in examples if example.kind == kind]
        some.sort(key=lambda example: -int(example.title.split()[0]))
        kept += some[:KEPT_EXAMPLES]
    return kept


def _separation(table: pd.DataFrame) -> dict[str, int]:
    """Count the plumes in scenes with injections, and those of them that hold two injected plumes."""
    part = table[(table["method"] == "unet") & table["scene"].isin([CLEAN, STRUCTURED])]
    return {"plumes": int(part["plumes"].sum()), "plumes_of_two": int(part["plumes_of_two"].sum())}


def _data(data: TrainingSet) -> dict[str, Any]:
    test = data.part("test")
    return {
        "images": len(data),
        "training_images": len(data.part("train")),
        "test_images": len(test),
        "granules": int(data.table["granule"].nunique()),
        "test_granules": int(test.table["granule"].nunique()),
        "sources": {str(k): int(v) for k, v in data.table["source"].value_counts().sort_index().items()},
        "archives": {str(k): int(v) for k, v in data.table["archive"].value_counts().sort_index().items()},
        "truth_definitions": sorted(set(data.table["truth_definition"])),
        "split": SPLIT_TEXT,
    }


def evaluate(
    detector: UNet,
    data: TrainingSet,
    folders: Sequence[Path],
    rule: ComponentRule,
    seed: int,
    facts: Mapping[str, Any],
) -> Evaluation:
    """Score a detector and its baselines on orbits and regions that it has not seen.

    Parameters
    ----------
    detector : UNet
    data : TrainingSet
    folders : sequence of path
        Level-2 granules, the same as those of the training set.
    rule : ComponentRule
        What makes a plume.
    seed : int
    facts : mapping
        What the card says besides: ``name, training, variants, detection, bytes``.
    """
    limit = best_limit(data.part("train"))
    baselines: dict[str, ZTest | ColumnThreshold] = {"ztest": ZTest(), "threshold": ColumnThreshold(limit)}
    methods = {name: Method(baseline, ComponentRule()) for name, baseline in baselines.items()}
    methods = {"unet": Method(detector, rule), **methods}
    test = data.part("test")
    images = score_images(test, image_predictions(detector, test, baselines))
    log.info("%d test images scored", len(test))
    quiet = (background for background in unseen_backgrounds(folders) if background.loud_fraction <= MAX_LOUD)
    scores = score_scenes(_scenes(quiet, seed), methods)
    table = scores.scene_table()
    real = [scene for scene in unseen_backgrounds(folders) if scene.archive != SIMULATED_ARCHIVE]
    strong = [background for background in real if is_strong(background)]
    strong_rows = [strong_score(background, detector, rule) for background in strong]
    log.info("%d strong scenes scored", len(strong))
    simulated = (scene for scene in unseen_backgrounds(folders) if scene.archive == SIMULATED_ARCHIVE)
    bands = band_scores(simulated, detector, rule, seed)
    log.info("%d bands scored", bands["cases"])
    card: dict[str, Any] = {
        **facts,
        "sha256": detector.sha256,
        "weights": detector.n_weights,
        "window": detector.window,
        "channels": detector.channels,
        "normalisation": detector.normalisation,
        "threshold": rule.threshold,
        "growth_threshold": rule.growth_threshold,
        "bridge_threshold": rule.bridge_threshold,
        "baselines": [method.identity for method in baselines.values()],
        "truth": data.table["truth_definition"].mode().iloc[0] if len(data) else "",
        "data": _data(data),
        "pixel_scores": images,
        "scene_scores": scene_rows(scores),
        "object_scores": plume_rows(scores),
        "quiet_scenes": quiet_scores(table, QUIET) + quiet_scores(table, POLLUTED),
        "calibration": scores.histograms["unet"].calibration(),
        "precision_recall": [
            {"method": method, **point}
            for method, histogram in scores.histograms.items()
            for point in histogram.precision_recall()
        ],
        "bands": bands,
        "separation": _separation(table),
        "strong_scenes": strong_rows,
    }
    card["bounds"] = verdict(card, int(facts["bytes"]))
    shown = strong[:SHOWN_SCENES] + real[:: max(1, len(real) // SHOWN_SCENES)][: max(0, SHOWN_SCENES - len(strong))]
    pictures = [real_example(background, detector, rule) for background in shown]
    return Evaluation(card, _worst(scores.examples) + pictures)
