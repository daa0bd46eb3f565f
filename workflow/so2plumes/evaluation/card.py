"""Put the model card together."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from so2plumes.detect.model import UNet
from so2plumes.detect.ztest import ColumnThreshold, ZTest
from so2plumes.errors import ModelError
from so2plumes.evaluation.bins import Group, score_groups
from so2plumes.evaluation.bounds import verdict
from so2plumes.evaluation.examples import Example
from so2plumes.evaluation.images import best_limit, false_pixel_share, score_images
from so2plumes.evaluation.real import band_scores, quiet_scores, real_scores
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
from so2plumes.evaluation.unseen import UnseenScenes
from so2plumes.plumes.components import ComponentRule
from so2plumes.training.backgrounds import Background, cropped
from so2plumes.training.dataset import TrainingSet
from so2plumes.training.split import SPLIT_TEXT

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

SCENE_SCANLINES, SCENE_GROUND_PIXELS = 128, 225
KEPT_EXAMPLES = 12


@dataclass(frozen=True)
class Evaluation:
    """The card and the pictures that belong to it."""

    card: dict[str, Any]
    examples: list[Example]


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
        "labelled_granules": int(data.table.loc[data.table["author"] != "", "granule"].nunique()),
        "split": SPLIT_TEXT,
    }


def evaluate(
    detector: UNet,
    data: TrainingSet,
    unseen: UnseenScenes,
    rule: ComponentRule,
    seed: int,
    facts: Mapping[str, Any],
) -> Evaluation:
    """Score a detector and its baselines on orbits and regions that it has not seen.

    Parameters
    ----------
    detector : UNet
    data : TrainingSet
    unseen : UnseenScenes
        Scenes of test orbits.
    rule : ComponentRule
        What makes a plume.
    seed : int
    facts : mapping
        What the card says besides: ``name, training, variants, detection, bytes``.
    """
    limit = best_limit(data.part("train"))
    baselines: dict[str, ZTest | ColumnThreshold] = {"ztest": ZTest(), "threshold": ColumnThreshold(limit)}
    methods = {
        name: Method(baseline, ComponentRule(min_pixels=rule.min_pixels)) for name, baseline in baselines.items()
    }
    methods = {"unet": Method(detector, rule), **methods}
    test = data.part("test")
    predictions = image_predictions(detector, test, baselines)
    images, false_pixels = score_images(test, predictions), false_pixel_share(test, predictions)
    log.info("%d test images scored", len(test))
    scores = score_scenes(_scenes(unseen.quiet(), seed), methods)
    if not scores.scenes or not scores.plumes:
        raise ModelError(
            "there is nothing to score the model on",
            where="training.folders",
            expected="quiet scenes of test orbits with pixels in test regions",
            found=f"{len(unseen.granules)} granules of test orbits",
            remedy="add granules or simulated days",
        )
    table = scores.scene_table()
    strong, pictures = real_scores(unseen.of(real=True), detector, rule)
    log.info("%d strong scenes scored", len(strong))
    bands = band_scores(unseen.of(real=False), detector, rule, seed)
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
        "bridge_pixels": rule.bridge_pixels,
        "gap_pixels": rule.gap_pixels,
        "min_pixels": rule.min_pixels,
        "baselines": [method.identity for method in baselines.values()],
        "truth": data.table["truth_definition"].mode().iloc[0] if len(data) else "",
        "data": _data(data),
        "false_pixel_share": false_pixels,
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
        "strong_scenes": strong,
    }
    card["bounds"] = verdict(card, int(facts["bytes"]))
    return Evaluation(card, _worst(scores.examples) + pictures)
