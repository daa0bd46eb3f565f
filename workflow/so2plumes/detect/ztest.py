"""Detectors that learn nothing: the local z-test, and the plain threshold that it must beat.

Both work on ``z``, the column above the local background in units of the local noise, and serve as baselines for the
network. The z-test averages ``z`` over neighbouring usable pixels (normalised convolution), asks at several scales
whether that average can be noise, and lets a plume grow from where it cannot to where the average falls to the signal
that counts as plume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.normalise import standardised

FloatArray = NDArray[np.floating]
BoolArray = NDArray[np.bool_]

_BELOW_HALF = np.nextafter(np.float32(0.5), np.float32(0.0))
_MIN_WEIGHT = 0.2
_OUTSIDE = 0.04


@dataclass(frozen=True)
class LocalMean:
    """Gaussian mean over the usable pixels around each pixel.

    Attributes
    ----------
    value : (scanline, ground_pixel) float32
        0 where fewer than a fifth of the weights lie on usable pixels.
    white_sigma : (scanline, ground_pixel) float32
        Standard deviation that `value` has when the input is white noise of unit variance; infinite where fewer than a
        fifth of the weights lie on usable pixels.
    """

    value: NDArray[np.float32]
    white_sigma: NDArray[np.float32]


def local_mean(z: FloatArray, usable: BoolArray, scale_px: float) -> LocalMean:
    """Average over neighbours by normalised convolution, so that unusable pixels count for nothing.

    Parameters
    ----------
    z : (scanline, ground_pixel)
        Finite where usable.
    usable : (scanline, ground_pixel) bool
    scale_px : float
        Standard deviation of the Gaussian weights, pixels; they are cut at three of it.

    Returns
    -------
    LocalMean

    Notes
    -----
    With weights ``g`` and ``w`` = 1 on usable pixels the mean is ``(g * w z) / (g * w)`` (Knutsson and Westin 1993)
    and its variance under white noise ``(g^2 * w) / (g * w)^2``.
    """
    import cv2

    reach = np.arange(-int(np.ceil(3.0 * scale_px)), int(np.ceil(3.0 * scale_px)) + 1)
    weights = np.exp(-0.5 * (reach / scale_px) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)

    def convolved(field: NDArray, kernel: NDArray) -> NDArray[np.float32]:
        return cv2.sepFilter2D(field, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_CONSTANT)

    present = usable.astype(np.float32)
    total = convolved(np.where(usable, z, 0.0).astype(np.float32), weights)
    weight = convolved(present, weights)
    enough = weight >= _MIN_WEIGHT
    variance = np.maximum(convolved(present, weights**2), 0.0)
    value = np.divide(total, weight, out=np.zeros_like(total), where=enough)
    sigma = np.divide(np.sqrt(variance), weight, out=np.full_like(total, np.inf), where=enough)
    return LocalMean(value, sigma)


def _connected_with(candidates: BoolArray, seeds: BoolArray) -> BoolArray:
    """Candidates of 8-connected pieces that hold a seed."""
    import cv2

    count, labels = cv2.connectedComponents(candidates.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, dtype=bool)
    kept[labels[seeds & candidates]] = True
    kept[0] = False
    return kept[labels]


def _divided(score: FloatArray, plume: BoolArray) -> NDArray[np.float32]:
    """Move scores so that exactly the plume's pixels reach one half."""
    return np.where(plume, np.maximum(score, 0.5), np.minimum(score, _BELOW_HALF)).astype(np.float32)


@dataclass(frozen=True)
class ZTest:
    """Local z-test at several scales with hysteresis; satisfies `so2plumes.detect.detector.Detector`.

    Attributes
    ----------
    scales_px : tuple of float
        Standard deviations of the Gaussian weights, pixels, the finest first. The finest draws the plume's rim.
    seed_sigma : float
        A plume holds a pixel whose local mean, at some scale, is that many of its own standard deviations above 0.
    limit_sigma : float
        It ends where the local mean at the finest scale falls below this many standard deviations of a pixel's noise.
    clip_sigma : float
        `z` is cut off there before it is averaged: a bright pixel cannot make plume of its neighbours, and a single
        outlier makes none.
    structure_sigma : float
        Standard deviation of what varies over more than a few pixels without a plume, in units of a pixel's noise.
        It is added in quadrature to the white noise of the mean.

    Notes
    -----
    Tuned on plumes injected into quiet real scenes: rim and clipping for the F1 of pixels, seed and structure for
    about one false plume of 6 pixels in 500 quiet scenes. In those scenes the correlated part of the noise has 0.02 of
    the variance of a pixel, more in some.
    """

    scales_px: tuple[float, ...] = (1.2, 2.4)
    seed_sigma: float = 4.5
    limit_sigma: float = 1.1
    clip_sigma: float = 3.0
    structure_sigma: float = 0.25

    @property
    def identity(self) -> str:
        """Name and parameters."""
        scales = ",".join(f"{scale:g}" for scale in self.scales_px)
        return (
            f"ztest scales_px={scales} seed_sigma={self.seed_sigma:g} limit_sigma={self.limit_sigma:g} "
            f"clip_sigma={self.clip_sigma:g} structure_sigma={self.structure_sigma:g}"
        )

    def probability(self, column: FloatArray, usable: BoolArray) -> NDArray[np.float32]:
        """Score every pixel of a swath; one half or more is plume.

        Parameters
        ----------
        column : (scanline, ground_pixel), mol m-2
        usable : (scanline, ground_pixel) bool

        Returns
        -------
        (scanline, ground_pixel) float32, 0..1
            Unusable pixels with enough usable neighbours have a score too, which bridges small gaps.
        """
        return self.probability_of_z(standardised(column, usable), usable)

    def probability_of_z(self, z: FloatArray, usable: BoolArray) -> NDArray[np.float32]:
        """Score every pixel of standardised images.

        Parameters
        ----------
        z : (..., scanline, ground_pixel)
            Column above the local background in units of the local noise.
        usable : (..., scanline, ground_pixel) bool

        Returns
        -------
        (..., scanline, ground_pixel) float32, 0..1
            Over 0.75 in plumes and at most 0.04 elsewhere, so that its own hysteresis decides whatever thresholds
            are set for the network; within both it grows with the chance that the local mean is above `limit_sigma`.
        """
        if z.ndim > 2:
            pairs = zip(z, usable, strict=True)
            return np.array([self.probability_of_z(*pair) for pair in pairs], np.float32).reshape(z.shape)
        from scipy.special import ndtr

        means = [local_mean(np.minimum(z, self.clip_sigma), usable, scale) for scale in self.scales_px]
        seeds = np.zeros(z.shape, dtype=bool)
        for mean in means:
            seeds |= mean.value >= self.seed_sigma * np.hypot(mean.white_sigma, self.structure_sigma)
        rim = means[0]
        measured = np.isfinite(rim.white_sigma)
        plume = _connected_with(measured & (rim.value >= self.limit_sigma), seeds)
        score = ndtr((rim.value - self.limit_sigma) / rim.white_sigma)
        return np.where(plume, 0.75 + 0.25 * score, _OUTSIDE * np.where(measured, score, 0.0)).astype(np.float32)


@dataclass(frozen=True)
class ColumnThreshold:
    """Plume is where a pixel's own column stands out; satisfies `so2plumes.detect.detector.Detector`.

    Attributes
    ----------
    limit_sigma : float
        Smallest column of a plume's pixel above the local background, in units of the local noise.
    """

    limit_sigma: float = 2.0

    @property
    def identity(self) -> str:
        """Name and parameters."""
        return f"threshold limit_sigma={self.limit_sigma:g}"

    def probability(self, column: FloatArray, usable: BoolArray) -> NDArray[np.float32]:
        """Score every pixel of a swath, see `ZTest.probability`; 0 where not usable."""
        return self.probability_of_z(standardised(column, usable), usable)

    def probability_of_z(self, z: FloatArray, usable: BoolArray) -> NDArray[np.float32]:
        """Score every pixel of standardised images of any shape; 0 where not usable."""
        from scipy.special import ndtr

        above = np.where(usable, z, -np.inf) - self.limit_sigma
        return _divided(ndtr(above), above >= 0.0)
