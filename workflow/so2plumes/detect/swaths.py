"""Probability of every pixel of a swath."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.detector import Detector
from so2plumes.swath.filters import usable_pixels
from so2plumes.swath.model import Swath

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DetectionRule:
    """The quality filter of a search."""

    min_qa: float = 0.5
    max_solar_zenith_deg: float | None = None


def detect_swath(swath: Swath, detector: Detector, rule: DetectionRule) -> NDArray[np.float32]:
    """Return the plume probability of every pixel (FP 2.2).

    Returns
    -------
    (scanline, ground_pixel) float32
        Not-a-number where the pixel has no position; 0 everywhere in a swath without a usable pixel.
    """
    usable = usable_pixels(swath, rule.min_qa, rule.max_solar_zenith_deg)
    located = swath.located
    if not usable.any():
        return np.where(located, np.float32(0.0), np.float32(np.nan))
    start = time.perf_counter()
    probability = detector.probability(swath["vertical_column"], usable)
    log.info("orbit %d: %d x %d pixels, %.2f s", swath.orbit, *swath.shape, time.perf_counter() - start)
    return np.where(located, probability, np.float32(np.nan))
