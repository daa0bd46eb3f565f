"""Draw random plumes and add them to scenes whose own signal is known to be quiet.

The truth of an injected plume is where its column exceeds one standard deviation of the local noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.detect.normalise import LocalStatistics, local_statistics
from so2plumes.simulate.noise import smooth_field
from so2plumes.simulate.plumes import PlumeSpec, plume_column

FloatArray = NDArray[np.floating]

TRUTH_SIGMA = 1.0
_DEGREES_PER_KM = 1.0 / 111.2

PLUME_KINDS: dict[str, float] = {
    "steady": 0.22,
    "meandering": 0.18,
    "puffs": 0.10,
    "sheared": 0.15,
    "detached": 0.10,
    "merged": 0.15,
    "band": 0.10,
}
"""Shapes of injected plumes and the share of scenes that hold them.

==========  ============================================================================
steady      straight, from its source, fresh to old, narrow to wide
meandering  with a swinging axis
puffs       from a source that comes and goes
sheared     bent sideways by a turning wind
detached    of an eruption that has ended: the plume has left its source
merged      two or three plumes of neighbouring sources under nearly the same wind
band        over 1000 km long, entering and leaving the scene
==========  ============================================================================
"""
SATURATED_SHARE = 0.06
_SEEN_SHARE = 0.02


@dataclass(frozen=True)
class Injection:
    """A scene with plumes added.

    Attributes
    ----------
    column : (scanline, ground_pixel), mol m-2
        The scene's column plus the plumes.
    signal_sigma : (scanline, ground_pixel)
        Plume column in units of the local noise.
    truth : (scanline, ground_pixel) bool
    peak_sigma : float
        Largest signal on a usable pixel.
    plumes : tuple of PlumeSpec
    kind : str
        Key of `PLUME_KINDS`.
    """

    column: FloatArray
    signal_sigma: FloatArray
    truth: NDArray[np.bool_]
    peak_sigma: float
    plumes: tuple[PlumeSpec, ...]
    kind: str


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform between two limits."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def random_plume(rng: np.random.Generator, longitude: float, latitude: float, kind: str = "steady") -> PlumeSpec:
    """Draw a plume of 1 kg/s.

    Parameters
    ----------
    rng : numpy Generator
    longitude, latitude : float
        Source, degrees.
    kind : str
        Key of `PLUME_KINDS`.

    Returns
    -------
    PlumeSpec
    """
    band = kind == "band"
    age = float(rng.uniform(20.0, 50.0)) if band else log_uniform(rng, 0.7, 30.0)
    plain = PlumeSpec(
        longitude=longitude,
        latitude=latitude,
        emission_kg_s=1.0,
        wind_speed_m_s=float(rng.uniform(14.0, 22.0)) if band else log_uniform(rng, 2.0, 15.0),
        wind_toward_deg=float(rng.uniform(0.0, 360.0)),
        age_h=age,
        lifetime_h=log_uniform(rng, 24.0, 240.0) if band else log_uniform(rng, 6.0, 72.0),
        diffusivity_m2_s=log_uniform(rng, 500.0, 20_000.0),
        source_sigma_m=log_uniform(rng, 8_000.0, 40_000.0) if band else log_uniform(rng, 2_000.0, 30_000.0),
        meander_wavelength_m=log_uniform(rng, 60_000.0, 400_000.0),
        meander_phase=float(rng.uniform(0.0, 2 * np.pi)),
        puff_period_h=log_uniform(rng, 1.0, 8.0),
    )
    swing, depth = float(rng.uniform(5_000.0, 30_000.0)), float(rng.uniform(0.4, 1.0))
    bend, left = float(rng.uniform(0.2, 1.2) * rng.choice([-1.0, 1.0])), float(rng.uniform(0.2, 0.85))
    changes: dict[str, dict[str, float]] = {
        "meandering": {"meander_m": swing},
        "puffs": {"puff_depth": depth, "meander_m": 0.5 * swing},
        "sheared": {"bend": bend},
        "detached": {"ended_h": left * age, "bend": 0.5 * bend},
        "band": {"meander_m": swing, "meander_wavelength_m": 500_000.0, "bend": 0.5 * bend},
    }
    return replace(plain, **changes.get(kind, {}))


def structured_background(
    rng: np.random.Generator, shape: tuple[int, int], strength_du: float | None = None
) -> FloatArray:
    """Draw an extended enhancement without a plume, as over polluted regions.

    Parameters
    ----------
    rng : numpy Generator
    shape : (scanline, ground_pixel)
    strength_du : float, optional
        Drawn between 0.5 and 5 DU where not given.

    Returns
    -------
    (scanline, ground_pixel), mol m-2
        Of that strength in the mean, with lumps of half of it (standard deviation, correlated over 25 to 80 pixels:
        wider than plumes), never negative and at most two and a half times the mean.
    """
    field = smooth_field(shape, log_uniform(rng, 25.0, 80.0), rng)
    strength_du = log_uniform(rng, 0.5, 5.0) if strength_du is None else strength_du
    return MOL_M2_PER_DU * strength_du * np.clip(1.0 + field / 2.0, 0.0, 2.5)


def random_origin(
    rng: np.random.Generator, longitude: FloatArray, latitude: FloatArray, where: NDArray[np.bool_]
) -> tuple[float, float]:
    """Return the position of a pixel of a mask, now and then moved up to 150 km so that plumes enter from outside."""
    places = np.argwhere(where)
    row, column = places[rng.integers(len(places))]
    lon, lat = float(longitude[row, column]), float(latitude[row, column])
    if rng.random() < 0.25:
        north, east = rng.uniform(-150.0, 150.0, 2)
        return moved(lon, lat, float(east), float(north))
    return lon, lat


def moved(longitude: float, latitude: float, east_km: float, north_km: float) -> tuple[float, float]:
    """Shift a position by kilometres, staying off the poles; the longitude is not wrapped."""
    lat = float(np.clip(latitude + north_km * _DEGREES_PER_KM, -89.5, 89.5))
    return longitude + east_km * _DEGREES_PER_KM / max(float(np.cos(np.radians(lat))), 0.05), lat


def random_group(rng: np.random.Generator, longitude: float, latitude: float, kind: str) -> list[PlumeSpec]:
    """Draw the plumes of a scene around a place: one, or for ``merged`` two or three."""
    if kind == "band":
        plume = random_plume(rng, longitude, latitude, kind)
        back, toward = rng.uniform(0.0, 0.9) * plume.length_m / 1000.0, np.radians(plume.wind_toward_deg)
        source = moved(longitude, latitude, float(-back * np.sin(toward)), float(-back * np.cos(toward)))
        return [replace(plume, longitude=source[0], latitude=source[1])]
    if kind != "merged":
        return [random_plume(rng, longitude, latitude, kind)]
    first = random_plume(rng, longitude, latitude, str(rng.choice(["steady", "meandering", "sheared"])))
    group = [first]
    for _ in range(int(rng.integers(1, 3))):
        east, north = rng.uniform(-100.0, 100.0, 2)
        source = moved(longitude, latitude, float(east), float(north))
        other = random_plume(rng, *source, str(rng.choice(["steady", "meandering", "puffs"])))
        group.append(replace(other, wind_toward_deg=first.wind_toward_deg + float(rng.normal(0.0, 12.0))))
    return group


def inject(
    rng: np.random.Generator,
    column: FloatArray,
    usable: NDArray[np.bool_],
    longitude: FloatArray,
    latitude: FloatArray,
    *,
    kind: str | None = None,
    peak_sigma: tuple[float, float] = (1.5, 200.0),
    local: LocalStatistics | None = None,
    where: NDArray[np.bool_] | None = None,
) -> Injection:
    """Add random plumes to a scene.

    Parameters
    ----------
    rng : numpy Generator
    column : (scanline, ground_pixel), mol m-2
    usable : (scanline, ground_pixel) bool
    longitude, latitude : (scanline, ground_pixel), degrees
    kind : str, optional
        Key of `PLUME_KINDS`, drawn by their shares when not given.
    peak_sigma : pair of float
        The peak signal on usable pixels is drawn log-uniformly between these, in units of the local noise.
    local : LocalStatistics, optional
        Background and noise of the scene before injection.
    where : (scanline, ground_pixel) bool, optional
        Plumes begin near one of these pixels; any usable one where not given.

    Returns
    -------
    Injection

    Notes
    -----
    In a few scenes the signal is cut off at 20 to 80 standard deviations, as where a retrieval saturates.
    """
    local = local or local_statistics(column, usable)
    kind = kind or str(rng.choice(list(PLUME_KINDS), p=list(PLUME_KINDS.values())))
    signal = np.zeros(column.shape)
    plumes = []
    for plume in random_group(rng, *random_origin(rng, longitude, latitude, usable if where is None else where), kind):
        shape = plume_column(plume, longitude, latitude)
        peak = float(np.max(np.where(usable, shape / local.sigma, 0.0), initial=0.0))
        if peak <= _SEEN_SHARE * float(np.nanmax(shape / local.sigma)):
            continue
        scale = log_uniform(rng, *peak_sigma) / peak
        plumes.append(replace(plume, emission_kg_s=scale))
        signal += scale * shape
    signal_sigma = signal / local.sigma
    if rng.random() < SATURATED_SHARE:
        signal_sigma = np.minimum(signal_sigma, log_uniform(rng, 20.0, 80.0))
    return Injection(
        column=column + signal_sigma * local.sigma,
        signal_sigma=signal_sigma,
        truth=signal_sigma > TRUTH_SIGMA,
        peak_sigma=float(np.max(np.where(usable, signal_sigma, 0.0), initial=0.0)),
        plumes=tuple(plumes),
        kind=kind,
    )
