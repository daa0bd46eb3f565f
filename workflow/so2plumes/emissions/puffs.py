"""Whether the flux along a plume comes in puffs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MIN_SECTIONS = 4
PUFF_SHARE = 0.3


def flux_scatter(flux_kg_s: NDArray[np.floating], noise_kg_s: NDArray[np.floating]) -> float:
    """Relative scatter of the fluxes through the sections of a plume around their trend, without that by noise.

    The trend is exponential, as a wrong lifetime leaves one, and fitted to the fluxes, of which some may be
    negative. A section counts less the more of its flux is noise.

    Parameters
    ----------
    flux_kg_s, noise_kg_s : (section,)
        In order along the plume.

    Returns
    -------
    float
        0 where the fluxes scatter no more than their noise; not-a-number for fewer than four sections or a flux that
        is not positive on average.
    """
    from scipy.optimize import least_squares

    count = len(flux_kg_s)
    if count < MIN_SECTIONS or not flux_kg_s.mean() > 0:
        return float("nan")
    flux, noise = flux_kg_s / flux_kg_s.mean(), noise_kg_s / flux_kg_s.mean()
    place = np.linspace(-1.0, 1.0, count)
    spread = np.hypot(noise, PUFF_SHARE)

    def off(trend: NDArray[np.floating]) -> NDArray[np.floating]:
        return (flux - np.exp(trend[0] + trend[1] * place)) / spread

    level, slope = least_squares(off, np.zeros(2), bounds=(-5.0, 5.0)).x
    trend = np.exp(level + slope * place)
    ratio, share = flux / trend - 1.0, noise / trend
    weight = 1.0 / (PUFF_SHARE**2 + share**2)
    freedom = count / (count - 2)
    variance = np.average(freedom * ratio**2 - share**2, weights=weight)
    return float(np.sqrt(max(0.0, variance)))


def is_puff(flux_kg_s: NDArray[np.floating], noise_kg_s: NDArray[np.floating]) -> bool:
    """Tell whether the flux along a plume scatters around its trend by more than a share of it, beyond noise."""
    return bool(flux_scatter(flux_kg_s, noise_kg_s) > PUFF_SHARE)
