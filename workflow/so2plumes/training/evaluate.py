"""Score a detector on orbits that it has not seen and write its card."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.model import Detector
from so2plumes.detect.mosaic import rolling_median
from so2plumes.plumes.components import find_components
from so2plumes.training.backgrounds import Background
from so2plumes.training.dataset import TRUTH_SIGMA_TEXT, TrainingSet

log = logging.getLogger(__name__)

PEAK_BINS_SIGMA = (0.0, 1.5, 3.0, 6.0, 15.0, np.inf)


@dataclass(frozen=True)
class PixelScore:
    """Pixel scores of some images.

    Attributes
    ----------
    images, truth_pixels : int
    precision, recall, f1 : float or None
        None where nothing was predicted or true.
    """

    images: int
    truth_pixels: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class QuietScore:
    """False alarms on scenes without an injected plume.

    Attributes
    ----------
    scenes, usable_pixels : int
    plumes : int
        Plumes of which no pixel lies near a significant enhancement of the scene itself.
    plumes_per_scene, plumes_per_million_pixels : float
    """

    scenes: int
    usable_pixels: int
    plumes: int
    plumes_per_scene: float
    plumes_per_million_pixels: float


def _ratio(part: float, whole: float) -> float | None:
    return round(float(part / whole), 4) if whole > 0 else None


def pixel_score(predicted: NDArray[np.bool_], truth: NDArray[np.bool_], weight: NDArray[np.floating]) -> PixelScore:
    """Precision, recall and F1 over usable pixels.

    Parameters
    ----------
    predicted, truth : (n, window, window) bool
    weight : (n, window, window)
        Pixels with a weight below 1 (unusable, or holding a plume of their own) are left out.
    """
    counted = weight >= 1.0
    hit = float((predicted & truth & counted).sum())
    n_predicted, n_true = float((predicted & counted).sum()), float((truth & counted).sum())
    return PixelScore(
        len(truth),
        int(n_true),
        _ratio(hit, n_predicted),
        _ratio(hit, n_true),
        _ratio(2 * hit, n_predicted + n_true),
    )


def score_images(
    data: TrainingSet, predict: Callable[[NDArray[np.float32]], NDArray[np.float32]], threshold: float = 0.5
) -> list[dict[str, Any]]:
    """Scores of the test images, overall and by the peak signal in the image."""
    test = data.part(test=True)
    predicted = predict(test.images[..., None]) >= threshold
    scores = []
    for low, high in [(3.0, np.inf), *zip(PEAK_BINS_SIGMA[:-1], PEAK_BINS_SIGMA[1:], strict=True)]:
        pick = (test.peak_sigma >= low) & (test.peak_sigma < high)
        name = f"peak {low:g} to {high:g} sigma" if np.isfinite(high) else f"peak over {low:g} sigma"
        score = pixel_score(predicted[pick], test.truth[pick], test.weight[pick])
        scores.append({"of": name, **asdict(score)})
    return scores


def score_quiet_scenes(scenes: Iterable[Background], detector: Detector) -> QuietScore:
    """Count plumes where a scene is quiet."""
    n_scenes, n_plumes, n_pixels = 0, 0, 0
    for scene in scenes:
        n_scenes += 1
        column = scene.swath["vertical_column"]
        image = detector.normalise(column, scene.usable)
        probability = rolling_median(image, detector.predict, detector.window).probability
        located = np.isfinite(scene.swath["latitude"])
        found = find_components(probability, scene.usable, located)
        loud = np.unique(found.labels[scene.loud])
        n_plumes += len(found.boxes) - int((loud > 0).sum())
        n_pixels += int((scene.usable & ~scene.loud).sum())
    return QuietScore(
        n_scenes,
        n_pixels,
        n_plumes,
        round(n_plumes / max(1, n_scenes), 4),
        round(1e6 * n_plumes / max(1, n_pixels), 2),
    )


def model_card(
    *,
    name: str,
    detector: Detector,
    plan: dict[str, Any],
    data: TrainingSet,
    images: list[dict[str, Any]],
    quiet: list[dict[str, Any]],
) -> dict[str, Any]:
    """Lay out the card that lies beside the weights.

    The keys ``normalisation``, ``window`` and ``sha256`` are read by `load_detector`.
    """
    test = data.part(test=True)
    return {
        "name": name,
        "sha256": detector.sha256,
        "window": detector.window,
        "normalisation": detector.normalisation,
        "truth": TRUTH_SIGMA_TEXT,
        "training": plan,
        "data": {
            "images": len(data.images),
            "test_images": len(test.images),
            "granules": len(set(data.granule.tolist())),
            "test_orbits": len(set(test.orbit.tolist())),
            "split": "by orbit",
        },
        "pixel_scores": images,
        "quiet_scenes": quiet,
    }


def card_text(card: dict[str, Any]) -> str:
    """Render a card as Markdown for people."""
    lines = [
        f"# Model card: {card['name']}",
        "",
        f"U-Net on {card['window']} x {card['window']} windows, base width "
        f"{card['training']['plan']['base_width']}, input `{card['normalisation']}`.",
        f"Weights: sha256 `{card['sha256']}`.",
        "",
        f"Truth: {card['truth']}.",
        f"Data: {card['data']['images']} images from {card['data']['granules']} granules, "
        f"split {card['data']['split']}; {card['data']['test_images']} test images "
        f"from {card['data']['test_orbits']} orbits.",
        "",
        "## Pixels, on orbits not seen in training",
        "",
        "| images | n | precision | recall | F1 |",
        "|---|---|---|---|---|",
    ]
    for score in card["pixel_scores"]:
        lines.append(
            f"| {score['of']} | {score['images']} | {score['precision']} | {score['recall']} | {score['f1']} |"
        )
    lines += [
        "",
        "## False plumes on quiet scenes of unseen orbits",
        "",
        "A plume counts as false when no pixel of it lies within 8 pixels of a significant enhancement of the scene.",
        "",
        "| scenes | n | plumes | per scene | per million pixels |",
        "|---|---|---|---|---|",
    ]
    for score in card["quiet_scenes"]:
        lines.append(
            f"| {score['of']} | {score['scenes']} | {score['plumes']} | {score['plumes_per_scene']} "
            f"| {score['plumes_per_million_pixels']} |"
        )
    return "\n".join(lines) + "\n"
