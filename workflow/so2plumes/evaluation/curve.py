"""Detection trials: one plume of known emission rate in a quiet scene, found or not.

`so2plumes.evaluation.limits` turns the trials into a probability of detection and detection limits.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.detect.detector import Detector
from so2plumes.evaluation.crops import (
    Crop,
    Position,
    area_km2,
    choose_source,
    cut_crop,
    plume_signal,
    source_position,
    value_at,
)
from so2plumes.plumes.components import ComponentRule, find_components
from so2plumes.simulate.orbits import edge_pixels
from so2plumes.simulate.plumes import PlumeSpec
from so2plumes.training.backgrounds import Background
from so2plumes.training.inject import TRUTH_SIGMA, log_uniform, structured_background

log = logging.getLogger(__name__)

FloatArray = NDArray[np.floating]
Mask = NDArray[np.bool_]

CORE_SHARE = 0.5
_LOG_EVERY = 200


@dataclass(frozen=True)
class TrialPlan:
    """What is tried; ranges are drawn log-uniformly unless said otherwise.

    Attributes
    ----------
    seed : int
        Every trial follows from it, the granule and the trial's number in the granule.
    trials : int
        Trials in all, those that are put aside included.
    trials_per_scene : int
        Trials in a scene before the next one is taken.
    crop_pixels : int
        Pixels in either direction that the detector sees around the source; 92 make 16 x 16 windows of 32 with a step
        of 4, as many rows as the detector takes at once.
    emission_kg_h, wind_speed_m_s, lifetime_h : pair of float
    age_h : pair of float
        Uniform.
    diffusivity_m2_s, source_sigma_m : float
        A point source, as wide as a small pixel.
    background_du : tuple of float
        Strengths of the extended structured enhancement, equally often; 0 leaves the scene as it is.
    edge_share : float
        Share of trials at the edge of the swath, in scenes that hold both kinds of pixels.
    """

    seed: int = 1
    trials: int = 2000
    trials_per_scene: int = 8
    crop_pixels: int = 92
    emission_kg_h: tuple[float, float] = (100.0, 300_000.0)
    wind_speed_m_s: tuple[float, float] = (1.0, 15.0)
    age_h: tuple[float, float] = (2.0, 12.0)
    lifetime_h: tuple[float, float] = (6.0, 48.0)
    diffusivity_m2_s: float = 6_000.0
    source_sigma_m: float = 3_500.0
    background_du: tuple[float, ...] = (0.0, 1.0, 3.0, 5.0)
    edge_share: float = 0.3


@dataclass(frozen=True)
class Trial:
    """One plume and whether it was found.

    Attributes
    ----------
    found : bool
        A detected plume holds a pixel of the injected plume's core.
    skipped : bool
        One does so without the injection too, so the trial tells nothing.
    emission_kg_h, wind_speed_m_s, age_h, lifetime_h : float
        Of the plume.
    noise_du : float
        Local noise of the column at the source, estimated around it: at the edge of the swath over more than the edge
        rows, so that it is too low there and `edge` takes up the rest.
    background_du : float
        Strength of the added structured enhancement.
    viewing_zenith_deg, solar_zenith_deg, pixel_area_km2 : float
        At the source; not-a-number where the granule does not tell.
    ground_pixel : int
        Of the source, in the full orbit.
    edge : bool
        The source lies in one of the 20 outermost rows of either side.
    peak_sigma : float
        Largest signal on a usable pixel in units of the local noise.
    n_truth : int
        Usable pixels with a signal above one standard deviation of the local noise.
    granule : str
    orbit : int
    archive : str
    """

    found: bool
    skipped: bool
    emission_kg_h: float
    wind_speed_m_s: float
    noise_du: float
    background_du: float
    viewing_zenith_deg: float
    solar_zenith_deg: float
    ground_pixel: int
    edge: bool
    pixel_area_km2: float
    age_h: float
    lifetime_h: float
    peak_sigma: float
    n_truth: int
    granule: str
    orbit: int
    archive: str


def draw_plume(rng: np.random.Generator, plan: TrialPlan, source: Position) -> PlumeSpec:
    """Draw the plume of a trial."""
    return PlumeSpec(
        longitude=source.longitude,
        latitude=source.latitude,
        emission_kg_s=log_uniform(rng, *plan.emission_kg_h) / 3600.0,
        wind_speed_m_s=log_uniform(rng, *plan.wind_speed_m_s),
        wind_toward_deg=float(rng.uniform(0.0, 360.0)),
        age_h=float(rng.uniform(*plan.age_h)),
        lifetime_h=log_uniform(rng, *plan.lifetime_h),
        diffusivity_m2_s=plan.diffusivity_m2_s,
        source_sigma_m=plan.source_sigma_m,
    )


def plume_core(signal: FloatArray, usable: Mask) -> Mask:
    """Usable pixels of at least half the plume's peak, and their neighbours."""
    import cv2

    seen = np.where(usable, signal, 0.0)
    core = (seen >= CORE_SHARE * seen.max()) & (seen > 0.0)
    return cv2.dilate(core.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)


def is_detected(detector: Detector, column: FloatArray, crop: Crop, core: Mask, find: ComponentRule) -> bool:
    """Tell whether a detected plume holds a pixel of the core."""
    probability = detector.probability(column, crop.usable)
    labels = find_components(probability, crop.usable, crop.swath.located, find).labels
    return bool((labels[core] > 0).any())


def run_trial(
    rng: np.random.Generator,
    background: Background,
    detector: Detector,
    plan: TrialPlan,
    find: ComponentRule,
) -> Trial | None:
    """Inject one plume into a scene and look for it; None where the scene has no quiet usable pixel.

    Notes
    -----
    Where the plume is found the detector also sees the scene without it. If it finds a plume at the core there too,
    the trial is marked as skipped: it would be found whatever its rate.
    """
    swath = background.swath
    place = choose_source(rng, background, plan.edge_share)
    if place is None:
        return None
    strength_du = float(rng.choice(plan.background_du))
    structure = structured_background(rng, swath.shape, strength_du=strength_du) if strength_du > 0.0 else 0.0
    plume = draw_plume(rng, plan, source_position(rng, swath, place))
    crop = cut_crop(background, place, plan.crop_pixels, structure)
    signal = plume_signal(plume, crop.swath)
    core = plume_core(signal, crop.usable)
    found = is_detected(detector, crop.column + signal, crop, core, find)
    skipped = found and is_detected(detector, crop.column, crop, core, find)
    signal_sigma = np.where(crop.usable, signal / crop.sigma, 0.0)
    ground_pixel = swath.ground_pixel[place.column]
    return Trial(
        found=found,
        skipped=skipped,
        emission_kg_h=3600.0 * plume.emission_kg_s,
        wind_speed_m_s=plume.wind_speed_m_s,
        noise_du=float(background.local.sigma[place.row, place.column]) / MOL_M2_PER_DU,
        background_du=strength_du,
        viewing_zenith_deg=value_at(swath, "viewing_zenith_angle", place),
        solar_zenith_deg=value_at(swath, "solar_zenith_angle", place),
        ground_pixel=int(ground_pixel),
        edge=bool(edge_pixels(ground_pixel)),
        pixel_area_km2=area_km2(swath, place),
        age_h=plume.age_h,
        lifetime_h=plume.lifetime_h,
        peak_sigma=float(signal_sigma.max()),
        n_truth=int((signal_sigma > TRUTH_SIGMA).sum()),
        granule=swath.granule,
        orbit=swath.orbit,
        archive=background.archive,
    )


def run_trials(
    backgrounds: Iterable[Background],
    detector: Detector,
    plan: TrialPlan,
    find: ComponentRule,
) -> pd.DataFrame:
    """Run trials over quiet scenes.

    Parameters
    ----------
    backgrounds : iterable of Background
        Taken from the start again until the trials are done. An iterator can be taken once only and may give fewer
        trials.
    detector : Detector
    plan : TrialPlan
    find : ComponentRule
        What makes a plume of probabilities.

    Returns
    -------
    DataFrame
        One row per trial, columns as `Trial`. A trial does not depend on the scenes before it.
    """
    rows: list[Trial] = []
    first, before, logged = 0, -1, 0
    while before < len(rows) < plan.trials:
        before = len(rows)
        for background in backgrounds:
            swath = background.swath
            for number in range(first, first + min(plan.trials_per_scene, plan.trials - len(rows))):
                rng = np.random.default_rng([plan.seed, swath.orbit, int(swath.scanline[0]), number])
                trial = run_trial(rng, background, detector, plan, find)
                rows += [] if trial is None else [trial]
            if len(rows) // _LOG_EVERY > logged:
                logged = len(rows) // _LOG_EVERY
                log.info("%d of %d trials", len(rows), plan.trials)
            if len(rows) >= plan.trials:
                break
        first += plan.trials_per_scene
    return pd.DataFrame([asdict(row) for row in rows], columns=[field.name for field in fields(Trial)])
