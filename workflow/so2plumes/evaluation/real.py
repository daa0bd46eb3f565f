"""Score detectors on what is not injected: quiet real scenes, strong real plumes, and very long bands."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.detector import Detector
from so2plumes.detect.normalise import standardised
from so2plumes.evaluation.examples import Example
from so2plumes.plumes.components import ComponentRule, find_components
from so2plumes.simulate.plumes import plume_column
from so2plumes.training.backgrounds import Background
from so2plumes.training.inject import moved, random_plume

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

STRONG_COLUMN_MOL_M2 = 1.25e-2
STRONG_PIXELS = 20
CLEAR_SIGMA = 6.0
SHOWN_SCENES = 10
BAND_LENGTH_M = 1.5e6
BAND_CASES = 40
BAND_PEAK_SIGMA = (4.0, 40.0)
WHOLE_SHARE = 0.9


def quiet_scores(table: pd.DataFrame, quiet: str) -> list[dict[str, Any]]:
    """Count false plumes on scenes without an injection, by method and archive.

    Parameters
    ----------
    table : DataFrame
        `SceneScores.scene_table`.
    quiet : str
        Kind of scene that is counted.
    """
    rows = []
    for (method, archive), part in table[table["scene"] == quiet].groupby(["method", "archive"], sort=True):
        plumes, pixels = int(part["false_plumes"].sum()), int(part["usable_pixels"].sum())
        rows.append(
            {
                "method": method,
                "of": archive,
                "scene": quiet,
                "scenes": len(part),
                "usable_pixels": pixels,
                "plumes": plumes,
                "plumes_per_100_scenes": round(100.0 * plumes / len(part), 2),
                "plumes_per_million_pixels": round(1e6 * plumes / max(1, pixels), 2),
            }
        )
    return rows


def is_strong(background: Background) -> bool:
    """Tell whether more than 20 usable pixels hold over 1.25e-2 mol m-2.

    With an air mass factor of 0.4 that is a slant column of 5e-3.
    """
    return int((background.swath["vertical_column"][background.usable] > STRONG_COLUMN_MOL_M2).sum()) > STRONG_PIXELS


def strong_score(background: Background, detector: Detector, rule: ComponentRule) -> dict[str, Any]:
    """Say what share of the usable pixels above 6 sigma the plumes of a scene cover, the largest one and all."""
    column = background.swath["vertical_column"]
    clear = background.usable & (background.z > CLEAR_SIGMA)
    probability = detector.probability(column, background.usable)
    found = find_components(probability, background.usable, background.swath.located, rule)
    per_plume = np.bincount(found.labels[clear], minlength=len(found.boxes) + 1)
    n_clear = max(1, int(clear.sum()))
    return {
        "granule": background.swath.granule,
        "pixels_over_6_sigma": int(clear.sum()),
        "plumes": len(found.boxes),
        "covered_by_one": round(float(per_plume[1:].max(initial=0) / n_clear), 4),
        "covered_by_all": round(float(per_plume[1:].sum() / n_clear), 4),
    }


def real_example(background: Background, detector: Detector, rule: ComponentRule) -> Example:
    """Make the picture of a whole real scene with what the detector says of it."""
    column, usable = background.swath["vertical_column"], background.usable
    probability = detector.probability(column, usable)
    found = find_components(probability, usable, background.swath.located, rule)
    day = str(background.swath.time[0].astype("datetime64[D]"))
    return Example(
        kind="real",
        title=f"{day}, {len(found.boxes)} plumes" if len(found.boxes) != 1 else f"{day}, 1 plume",
        z=np.where(usable, standardised(column, usable), np.nan).astype(np.float32),
        plume=found.labels > 0,
        truth=None,
        granule=background.swath.granule,
        note=f"{int((found.labels > 0).sum())} plume pixels",
    )


def real_scores(
    scenes: Iterable[Background], detector: Detector, rule: ComponentRule
) -> tuple[list[dict[str, Any]], list[Example]]:
    """Score the strong scenes, and draw ten: the strong ones and some others that are not quiet."""
    rows: list[dict[str, Any]] = []
    strong: list[Example] = []
    others: list[Example] = []
    for background in scenes:
        if is_strong(background):
            rows.append(strong_score(background, detector, rule))
            strong.append(real_example(background, detector, rule))
        elif len(others) < SHOWN_SCENES and not background.is_quiet:
            others.append(real_example(background, detector, rule))
    return rows, (strong + others)[:SHOWN_SCENES]


@dataclass(frozen=True)
class BandCase:
    """A band of 1500 km over a background: column (mol m-2), and where it exceeds the local noise."""

    column: NDArray[np.floating]
    truth: NDArray[np.bool_]


def band_case(rng: np.random.Generator, background: Background, attempts: int = 20) -> BandCase | None:
    """Lay a band of 1500 km through a scene so that its truth is one piece of at least nine tenths of that length.

    Returns None where the scene is too small or too cloudy for it.
    """
    import cv2

    swath, usable = background.swath, background.usable
    middle = tuple(size // 2 for size in usable.shape)
    lon, lat = float(swath["longitude"][middle]), float(swath["latitude"][middle])
    for _ in range(attempts):
        plume = random_plume(rng, lon, lat, "band")
        plume = replace(
            plume, age_h=BAND_LENGTH_M / plume.wind_speed_m_s / 3600.0, lifetime_h=float(rng.uniform(36, 240))
        )
        back, toward = BAND_LENGTH_M / 2000.0, np.radians(plume.wind_toward_deg)
        source = moved(lon, lat, float(-back * np.sin(toward)), float(-back * np.cos(toward)))
        plume = replace(plume, longitude=source[0], latitude=source[1])
        shape = plume_column(plume, swath["longitude"], swath["latitude"])
        signal = shape / background.local.sigma
        peak = float(np.max(signal, where=usable, initial=0.0))
        if peak <= 0.0:
            continue
        low, high = np.log(BAND_PEAK_SIGMA)
        scale = float(np.exp(rng.uniform(low, high))) / peak
        truth = signal * scale > 1.0
        count, labels = cv2.connectedComponents(truth.astype(np.uint8), connectivity=8)
        if count == 2 and _length_m(truth, swath["longitude"], swath["latitude"]) >= 0.9 * BAND_LENGTH_M:
            return BandCase(swath["vertical_column"] + scale * shape, truth)
    return None


def _length_m(mask: NDArray[np.bool_], longitude: NDArray, latitude: NDArray) -> float:
    """Largest distance between the pixel that lies farthest from the middle and any other."""
    from so2plumes.simulate.plumes import local_metres

    lon, lat = longitude[mask], latitude[mask]
    x, y = local_metres(lon, lat, float(lon[len(lon) // 2]), float(lat[len(lat) // 2]))
    end = int(np.argmax(np.hypot(x, y)))
    return float(np.hypot(x - x[end], y - y[end]).max())


def _is_whole(labels: NDArray[np.integer], truth: NDArray[np.bool_]) -> bool:
    """Tell whether one plume holds nine tenths of the band's detected usable pixels, and half of all usable ones."""
    inside = np.bincount(labels[truth])
    inside[0] = 0
    total = int(inside.sum())
    return bool(total and inside.max() >= WHOLE_SHARE * total and inside.max() >= 0.5 * truth.sum())


def band_scores(
    backgrounds: Iterable[Background], detector: Detector, rule: ComponentRule, seed: int
) -> dict[str, Any]:
    """Count how often a band of 1500 km stays one plume, with growth and bridges of the rule and without."""
    rng = np.random.default_rng([seed, 3])
    cases = whole = plain = 0
    for background in backgrounds:
        case = band_case(rng, background)
        if case is None:
            continue
        probability = detector.probability(case.column, background.usable)
        located = background.swath.located
        grown = find_components(probability, background.usable, located, rule)
        seeds = find_components(
            probability,
            background.usable,
            located,
            replace(rule, growth_threshold=None, bridge_pixels=None, gap_pixels=None),
        )
        cases += 1
        whole += _is_whole(grown.labels, case.truth & background.usable)
        plain += _is_whole(seeds.labels, case.truth & background.usable)
        if cases == BAND_CASES:
            break
    return {
        "cases": cases,
        "whole": whole,
        "share": round(whole / cases, 4) if cases else None,
        "threshold_only_share": round(plain / cases, 4) if cases else None,
        "length_km": BAND_LENGTH_M / 1000.0,
        "text": "one plume holds nine tenths of the detected usable pixels and half of all usable ones; "
        "peaks of 4 to 40 sigma",
    }
