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
    """

    column: FloatArray
    signal_sigma: FloatArray
    truth: NDArray[np.bool_]
    peak_sigma: float
    plumes: tuple[PlumeSpec, ...]


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def random_plume(rng: np.random.Generator, longitude: float, latitude: float) -> PlumeSpec:
    """Draw a plume of 1 kg/s: steady or puffing, straight or meandering, fresh or old and wide."""
    meandering = rng.random() < 0.5
    puffing = rng.random() < 0.25
    return PlumeSpec(
        longitude=longitude,
        latitude=latitude,
        emission_kg_s=1.0,
        wind_speed_m_s=_log_uniform(rng, 2.0, 15.0),
        wind_toward_deg=float(rng.uniform(0.0, 360.0)),
        age_h=_log_uniform(rng, 0.7, 30.0),
        lifetime_h=_log_uniform(rng, 6.0, 72.0),
        diffusivity_m2_s=_log_uniform(rng, 500.0, 20_000.0),
        source_sigma_m=_log_uniform(rng, 2_000.0, 30_000.0),
        meander_m=float(rng.uniform(5_000.0, 30_000.0)) if meandering else 0.0,
        meander_wavelength_m=_log_uniform(rng, 60_000.0, 400_000.0),
        meander_phase=float(rng.uniform(0.0, 2 * np.pi)),
        puff_depth=float(rng.uniform(0.4, 1.0)) if puffing else 0.0,
        puff_period_h=_log_uniform(rng, 1.0, 8.0),
    )


def structured_background(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Draw an extended enhancement without a plume, as over polluted regions.

    Parameters
    ----------
    rng : numpy Generator
    shape : (scanline, ground_pixel)

    Returns
    -------
    (scanline, ground_pixel), mol m-2
        Lumps of up to 0.5 to 5 DU, wider than plumes (correlated over 25 to 80 pixels).
    """
    field = smooth_field(shape, _log_uniform(rng, 25.0, 80.0), rng)
    return MOL_M2_PER_DU * _log_uniform(rng, 0.5, 5.0) * np.clip(0.5 + field / 2.0, 0.0, 1.5)


def random_origin(
    rng: np.random.Generator, longitude: FloatArray, latitude: FloatArray, usable: NDArray[np.bool_]
) -> tuple[float, float]:
    """Return a usable pixel's position, now and then moved up to 150 km so that plumes enter from outside."""
    places = np.argwhere(usable)
    row, column = places[rng.integers(len(places))]
    lon, lat = float(longitude[row, column]), float(latitude[row, column])
    if rng.random() < 0.25:
        shift = rng.uniform(-150.0, 150.0, 2) * _DEGREES_PER_KM
        lat = float(np.clip(lat + shift[0], -89.5, 89.5))
        lon += float(shift[1] / max(np.cos(np.radians(lat)), 0.05))
    return lon, lat


def inject(
    rng: np.random.Generator,
    column: FloatArray,
    usable: NDArray[np.bool_],
    longitude: FloatArray,
    latitude: FloatArray,
    *,
    peak_sigma: tuple[float, float] = (1.5, 200.0),
    n_plumes: int = 1,
    local: LocalStatistics | None = None,
) -> Injection:
    """Add random plumes to a scene.

    Parameters
    ----------
    rng : numpy Generator
    column : (scanline, ground_pixel), mol m-2
    usable : (scanline, ground_pixel) bool
    longitude, latitude : (scanline, ground_pixel), degrees
    peak_sigma : pair of float
        The peak signal on usable pixels is drawn log-uniformly between these, in units of the local noise.
    n_plumes : int
    local : LocalStatistics, optional
        Background and noise of the scene before injection.

    Returns
    -------
    Injection
    """
    local = local or local_statistics(column, usable)
    signal = np.zeros(column.shape)
    plumes = []
    for _ in range(n_plumes):
        plume = random_plume(rng, *random_origin(rng, longitude, latitude, usable))
        shape = plume_column(plume, longitude, latitude)
        peak = float(np.max(np.where(usable, shape / local.sigma, 0.0), initial=0.0))
        if peak <= 0.0:
            continue
        scale = _log_uniform(rng, *peak_sigma) / peak
        plumes.append(replace(plume, emission_kg_s=scale))
        signal += scale * shape
    signal_sigma = signal / local.sigma
    return Injection(
        column=column + signal,
        signal_sigma=signal_sigma,
        truth=signal_sigma > TRUTH_SIGMA,
        peak_sigma=float(np.max(np.where(usable, signal_sigma, 0.0), initial=0.0)),
        plumes=tuple(plumes),
    )
