"""Cases of the closed loop: a plume, its weather, its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from so2plumes.simulate.orbits import GROUND_PIXELS
from so2plumes.simulate.plumes import PlumeSpec
from so2plumes.training.inject import log_uniform

KINDS: dict[str, float] = {
    "steady": 0.35,
    "meandering": 0.2,
    "puffs": 0.15,
    "edge": 0.1,
    "high_background": 0.2,
}
"""Kinds of cases and their shares.

===================  ====================================================================================
steady               straight, of constant rate
meandering           with an axis that swings by 5 to 15 km
puffs                of a rate that swings by 40 to 100 % around its mean
edge                 near the edge of the swath, which may cut the plume
high_background      over an extended enhancement of 1 to 3 DU with lumps
===================  ====================================================================================
"""


@dataclass(frozen=True)
class CasePlan:
    """What is drawn; ranges are log-uniform unless said otherwise.

    Attributes
    ----------
    emission_kg_h, wind_speed_m_s, lifetime_h, noise_du : pair of float
    age_h, cloud_share : pair of float
        Uniform.
    orbit : int
        Whose pixels are used.
    """

    emission_kg_h: tuple[float, float] = (500.0, 300_000.0)
    wind_speed_m_s: tuple[float, float] = (2.0, 15.0)
    lifetime_h: tuple[float, float] = (6.0, 48.0)
    noise_du: tuple[float, float] = (0.5, 2.0)
    age_h: tuple[float, float] = (2.0, 14.0)
    cloud_share: tuple[float, float] = (0.02, 0.2)
    orbit: int = 17_863


@dataclass(frozen=True)
class Case:
    """One plume of known rate.

    Attributes
    ----------
    number : int
    kind : str
        Key of `KINDS`.
    scanline, ground_pixel : int
        Of the source, in the orbit.
    plume : PlumeSpec
        Its position is set when the scene is made.
    noise_du, cloud_share, background_du : float
    wind_error_z, lifetime_error_z, height_error_z : float
        Errors of what is told to the estimators, in standard deviations.
    """

    number: int
    kind: str
    scanline: int
    ground_pixel: int
    plume: PlumeSpec
    noise_du: float
    cloud_share: float
    background_du: float
    wind_error_z: float
    lifetime_error_z: float
    height_error_z: float


def case_generator(seed: int, number: int) -> np.random.Generator:
    """Return the random numbers of a case: a case does not depend on those before it."""
    return np.random.default_rng([seed, number])


def draw_case(rng: np.random.Generator, plan: CasePlan, number: int = 0) -> Case:
    """Draw a case."""
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    swing = {"meander_m": float(rng.uniform(5_000.0, 15_000.0)), "meander_phase": float(rng.uniform(0.0, 2 * np.pi))}
    depth = {"puff_depth": float(rng.uniform(0.4, 1.0)), "puff_period_h": log_uniform(rng, 1.0, 4.0)}
    inner, edge = int(rng.integers(60, GROUND_PIXELS - 60)), int(rng.integers(2, 25))
    plume = PlumeSpec(
        longitude=0.0,
        latitude=0.0,
        emission_kg_s=log_uniform(rng, *plan.emission_kg_h) / 3600.0,
        wind_speed_m_s=log_uniform(rng, *plan.wind_speed_m_s),
        wind_toward_deg=float(rng.uniform(0.0, 360.0)),
        age_h=float(rng.uniform(*plan.age_h)),
        lifetime_h=log_uniform(rng, *plan.lifetime_h),
        **{"meandering": swing, "puffs": depth}.get(kind, {}),
    )
    return Case(
        number=number,
        kind=kind,
        scanline=int(rng.integers(1400, 2700)),
        ground_pixel=inner if kind != "edge" else edge if rng.random() < 0.5 else GROUND_PIXELS - 1 - edge,
        plume=plume,
        noise_du=log_uniform(rng, *plan.noise_du),
        cloud_share=float(rng.uniform(*plan.cloud_share)),
        background_du=float(rng.uniform(1.0, 3.0)) if kind == "high_background" else 0.0,
        wind_error_z=float(rng.standard_normal()),
        lifetime_error_z=float(rng.standard_normal()),
        height_error_z=float(rng.standard_normal()),
    )
