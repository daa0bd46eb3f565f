"""How far a rate may be off: a seeded Monte Carlo over the parts of the error budget (anchors 2.4).

==============  ========================================================================================
``noise``       stated precision of the plume's own pixels, times a factor
``background``  standard error of the level and a systematic part, over all pixels that count
``wind``        1.5 m/s or a share of the speed that depends on the rung, whichever is larger
``length``      10 % or half a pixel, whichever is larger
``decay``       lifetime, lognormal
``mask``        half the range of the rates with the mask cut at probabilities 0.3, as it is, and 0.7; at
                least 0.2 where the plume keeps fewer than 6 pixels at 0.7
``height``      0.3 with the column of a retrieved height, else half the range of the 1, 7 and 15 km columns
==============  ========================================================================================

Every estimator is linear in the masses of the pixels, so noise and background enter exactly through its gain and no
image is drawn: they are added as normal errors, as masses may be negative. Wind, length and lifetime are drawn
lognormally and put through the estimator itself. Mask and height are lognormal factors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.emissions.estimators import Estimator
from so2plumes.emissions.pixels import PlumePixels, Transport

FloatArray = NDArray[np.floating]
COMPONENTS = ("noise", "background", "wind", "length", "decay", "mask", "height")
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class ErrorModel:
    """Sizes of the errors.

    Attributes
    ----------
    draws : int
        0 gives no intervals.
    precision_factor : float
        The stated precision is too small by this factor (measured on real scenes: 1.3).
    background_systematic_mol_m2 : float
        Offset of a column against its surroundings that no averaging removes.
    wind_m_s : float
        Smallest error of the wind speed.
    wind_share : float, optional
        Share of the speed that is uncertain; None: that of the rung.
    length_share : float
    lifetime_sigma_ln : float
        Standard deviation of the logarithm of the lifetime.
    height_sigma_ln : float
        That of the columns where the height of the plume is known to about 2 km, and the least where it is not.
    mask : bool
        Count the choice of the mask.
    """

    draws: int = 500
    precision_factor: float = 1.3
    background_systematic_mol_m2: float = 0.1 * MOL_M2_PER_DU
    wind_m_s: float = 1.5
    wind_share: float | None = None
    length_share: float = 0.1
    lifetime_sigma_ln: float = 0.7
    height_sigma_ln: float = 0.3
    mask: bool = True


@dataclass(frozen=True)
class Sizes:
    """Errors of one plume: of the rate in kg/s, and of the logarithm of what multiplies it."""

    noise_kg_s: float
    background_kg_s: float
    wind_ln: float
    length_ln: float
    decay_ln: float
    mask_ln: float
    height_ln: float


@dataclass(frozen=True)
class Interval:
    """Quantiles of the rate, kg/s, and the parts of the error as standard deviations of its logarithm."""

    p16_kg_s: float = float("nan")
    p50_kg_s: float = float("nan")
    p84_kg_s: float = float("nan")
    sigma_ln: Mapping[str, float] | None = None

    def part(self, name: str) -> float:
        """Return a part of the error, not-a-number where there is none."""
        return float("nan") if self.sigma_ln is None else self.sigma_ln[name]


NO_INTERVAL = Interval()


def wind_sigma_ln(errors: ErrorModel, speed_m_s: float, rung_share: float) -> float:
    """Return the standard deviation of the logarithm of a wind speed."""
    share = rung_share if errors.wind_share is None else errors.wind_share
    return lognormal_sigma(min(1.0, max(errors.wind_m_s / speed_m_s, share)))


def lognormal_sigma(relative_error: float) -> float:
    """Return the standard deviation of the logarithm that belongs to a relative error."""
    return float(np.sqrt(np.log1p(relative_error**2)))


def plume_generator(plume_id: str) -> np.random.Generator:
    """Return the random numbers of a plume: they follow from its name alone."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(plume_id.encode()).digest()[:16], "big"))


def nominal_transport(speed_m_s: float, lifetime_s: float) -> Transport:
    """Return the transport without errors."""
    return Transport(np.array([speed_m_s]), np.array([lifetime_s]), np.ones(1))


def _transports(nominal: Transport, sizes: Sizes, z: FloatArray) -> Transport:
    """Nominal, six with one error of one standard deviation (wind, length, lifetime; up and down), then the draws."""
    one = np.eye(3).repeat(2, axis=0) * np.tile([1.0, -1.0], 3)[:, None]
    steps = np.concatenate([np.zeros((1, 3)), one, z.T])
    wind, stretch, lifetime = np.exp(steps * [sizes.wind_ln, sizes.length_ln, sizes.decay_ln]).T
    return Transport(nominal.speed_m_s[0] * wind, nominal.lifetime_s[0] * lifetime, stretch)


def interval(
    plume: PlumePixels, estimator: Estimator, nominal: Transport, sizes: Sizes, rng: np.random.Generator, draws: int
) -> Interval:
    """Draw the rate of a plume.

    Parameters
    ----------
    plume : PlumePixels
    estimator : callable
    nominal : Transport
        One wind and lifetime.
    sizes : Sizes
    rng : Generator
        See `plume_generator`.
    draws : int

    Returns
    -------
    Interval
        Without parts where the rate is not positive: a logarithm says nothing there.
    """
    z = rng.standard_normal((len(COMPONENTS), draws))
    rates = estimator(plume, _transports(nominal, sizes, z[2:5])).rates_kg_s
    rate, single, joint = float(rates[0]), rates[1:7], rates[7:]
    if not np.isfinite(rate):
        return NO_INTERVAL
    ratio = np.maximum(joint / rate, 0.0) if rate else np.ones(draws)
    added = rate + sizes.noise_kg_s * z[0] + sizes.background_kg_s * z[1]
    drawn = ratio * added * np.exp(sizes.mask_ln * z[5] + sizes.height_ln * z[6])
    p16, p50, p84 = (float(value) for value in np.quantile(drawn, [0.16, 0.5, 0.84]))
    if not (rate > 0 and (single > 0).all()):
        return Interval(p16, p50, p84)
    wind, length, decay = (float(part) for part in 0.5 * np.abs(np.log(single[::2] / single[1::2])))
    parts = {
        "noise": lognormal_sigma(sizes.noise_kg_s / rate),
        "background": lognormal_sigma(sizes.background_kg_s / rate),
        "wind": wind,
        "length": length,
        "decay": decay,
        "mask": sizes.mask_ln,
        "height": sizes.height_ln,
    }
    return Interval(p16, p50, p84, parts)


def half_range_ln(rates: FloatArray) -> float:
    """Half the range of the logarithms of positive numbers, 0 for fewer than two of them."""
    good = rates[np.isfinite(rates) & (rates > 0)]
    return float(0.5 * np.log(good.max() / good.min())) if len(good) > 1 else 0.0
