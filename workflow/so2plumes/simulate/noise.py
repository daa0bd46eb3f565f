"""Noise, clouds and quality values as real granules have them.

Numbers from real scenes: rows 60-300 have a standard deviation of 3.5e-4..7.7e-4 mol m-2, the outer 20 rows
are two to three times noisier, the stated precision is 30 % too small, and 10-40 % of the pixels are not
usable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.simulate.orbits import GROUND_PIXELS, SwathGeometry, edge_pixels

FloatArray = NDArray[np.floating]

NADIR_STD_MOL_M2 = 3.5e-4
EDGE_FACTOR = 2.4
PRECISION_FACTOR = 0.7
STRIPE_FRACTION = 0.06
BACKGROUND_STD_MOL_M2 = 8.0e-5
QA_GOOD = 100
SUN_LIMIT_DEG = 80.0


@dataclass(frozen=True)
class Noise:
    """Simulated measurement error.

    Attributes
    ----------
    error : (scanline, ground_pixel) mol m-2
        Random error, stripes and background structure together.
    std : (scanline, ground_pixel) mol m-2
        True standard deviation of the random part.
    precision : (scanline, ground_pixel) mol m-2
        What the file states: too small by 30 %.
    """

    error: FloatArray
    std: FloatArray
    precision: FloatArray


@dataclass(frozen=True)
class Clouds:
    """Cloud fraction (0..1) and raw quality value (hundredths), both (scanline, ground_pixel)."""

    fraction: FloatArray
    qa_value: NDArray[np.uint8]


def _weights(size: int, scale_px: float) -> FloatArray:
    nodes = np.arange(-2, int(np.ceil(size / scale_px)) + 3) * scale_px
    distance = (np.arange(size)[:, None] - nodes[None, :]) / scale_px
    weights = np.exp(-0.5 * distance**2)
    return weights / np.sqrt((weights**2).sum(axis=1, keepdims=True))


def smooth_field(shape: tuple[int, int], scale_px: float, rng: np.random.Generator) -> FloatArray:
    """Gaussian random field of zero mean and unit variance that varies over `scale_px` pixels."""
    rows, columns = _weights(shape[0], scale_px), _weights(shape[1], scale_px)
    return rows @ rng.standard_normal((rows.shape[1], columns.shape[1])) @ columns.T


def true_std(ground_pixels: NDArray[np.integer], solar_zenith_deg: FloatArray) -> FloatArray:
    """Return the standard deviation of the column's random error.

    Parameters
    ----------
    ground_pixels : (ground_pixel,) int
        Numbers in the full row of 450.
    solar_zenith_deg : (scanline, ground_pixel)

    Returns
    -------
    (scanline, ground_pixel) mol m-2
        3.5e-4 at nadir under a high Sun, growing to the sides and with less light.
    """
    numbers = np.asarray(ground_pixels)
    side = (numbers - (GROUND_PIXELS - 1) / 2) / (GROUND_PIXELS / 2)
    row = 1.0 + 0.35 * side**2
    edge = edge_pixels(numbers)
    light = np.cos(np.radians(np.clip(solar_zenith_deg, 0.0, 85.0)))
    return NADIR_STD_MOL_M2 * np.where(edge, EDGE_FACTOR * row, row) * light**-0.55


def simulate_noise(geometry: SwathGeometry, rng: np.random.Generator) -> Noise:
    """Draw the measurement error of a swath."""
    shape = geometry.shape
    std = true_std(geometry.ground_pixels, geometry.solar_zenith_deg)
    along = _weights(shape[0], 150.0)
    stripes = along @ rng.standard_normal((along.shape[1], shape[1])) + rng.standard_normal(shape[1])
    background = 0.8 * smooth_field(shape, 70.0, rng) + 0.6 * smooth_field(shape, 20.0, rng)
    error = std * (rng.standard_normal(shape) + STRIPE_FRACTION * stripes / np.sqrt(2.0))
    return Noise(
        error=error + BACKGROUND_STD_MOL_M2 * background,
        std=std,
        precision=PRECISION_FACTOR * std * (1.0 + 0.03 * rng.standard_normal(shape)),
    )


def simulate_clouds(geometry: SwathGeometry, rng: np.random.Generator, share: float | None = None) -> Clouds:
    """Draw clouds and the quality values that follow from them and from the Sun's height.

    Parameters
    ----------
    geometry : SwathGeometry
    rng : Generator
    share : float, optional
        Share of cloudy pixels; drawn between 0.10 and 0.35 by default.

    Returns
    -------
    Clouds
        Quality 100 in the clear, 20-50 under clouds (0 in a quarter of them), falling to 0 between a solar
        zenith angle of 80 and 88 degrees.
    """
    shape = geometry.shape
    share = float(rng.uniform(0.10, 0.35)) if share is None else share
    texture = sum(weight * smooth_field(shape, scale, rng) for weight, scale in ((1.0, 30.0), (0.7, 10.0), (0.5, 4.0)))
    limit, core = np.quantile(texture, [1.0 - share, 1.0 - share / 4])
    fraction = np.clip(0.35 + 0.5 * (texture - limit), 0.0, 1.0)
    depth = np.clip((texture - limit) / max(core - limit, 1e-9), 0.0, 1.0)
    quality = np.where(texture > limit, 50.0 - 30.0 * depth, QA_GOOD)
    quality[texture > core] = 0.0
    light = np.clip((88.0 - geometry.solar_zenith_deg) / (88.0 - SUN_LIMIT_DEG), 0.0, 1.0)
    dim = np.where(geometry.solar_zenith_deg > SUN_LIMIT_DEG, 40.0 * light, QA_GOOD)
    return Clouds(fraction=fraction, qa_value=np.minimum(quality, dim).astype(np.uint8))
