"""The pixels of a plume in metres along and across its transport, as the estimators want them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import SO2_KG_PER_MOL
from so2plumes.emissions.background import dilate
from so2plumes.swath.geometry import equal_area_metres

if TYPE_CHECKING:
    from so2plumes.plumes.chips import Chip

FloatArray = NDArray[np.floating]
Mask = NDArray[np.bool_]

WIDE_PIXELS = 3
ALONG_AXIS_ELONGATION = 2.0
UPWIND_SHARE = 0.05


@dataclass(frozen=True)
class PlumePixels:
    """Pixels around one plume; arrays are (pixel,).

    Attributes
    ----------
    along_m, across_m : centre of the pixel from the upwind end of the mask, along and across the transport
    half_along_m : half of the pixel's extent along the transport
    mass_kg : mass enhancement over the background; 0 where `measured` is False
    area_m2 : area
    plume : bool, pixel of the mask
    wide : bool, pixel of the mask dilated by 3 pixels, without other plumes
    free : bool, pixel of no other plume
    measured : bool, usable pixel
    length_m : float
        Extent of the mask along the transport, pixel corners included.
    source_along_m, source_across_m : float
        Where the plume begins: mean of the 5 % of mask pixels that lie farthest upwind.
    paper_length_m, paper_speed_m_s : float
        What the paper's formula takes: trimmed main axis, median 10 m wind.
    """

    along_m: FloatArray
    across_m: FloatArray
    half_along_m: FloatArray
    mass_kg: FloatArray
    area_m2: FloatArray
    plume: Mask
    wide: Mask
    free: Mask
    measured: Mask
    length_m: float
    source_along_m: float
    source_across_m: float
    paper_length_m: float = float("nan")
    paper_speed_m_s: float = float("nan")

    @property
    def pixel_m(self) -> float:
        """Side of a square as large as the mean pixel of the plume."""
        return float(np.sqrt(self.area_m2[self.plume].mean()))


@dataclass(frozen=True)
class Transport:
    """Winds, lifetimes and length errors for which rates are wanted at once; arrays are (draw,), the first is nominal.

    Attributes
    ----------
    speed_m_s : transport wind
    lifetime_s : lifetime of the gas
    stretch : factor on lengths
    """

    speed_m_s: FloatArray
    lifetime_s: FloatArray
    stretch: FloatArray

    @property
    def decay_m(self) -> FloatArray:
        """Distance over which a plume loses all but 1/e of its mass, (draw,)."""
        return self.speed_m_s * self.lifetime_s


@dataclass(frozen=True)
class Estimate:
    """What an estimator says of a plume.

    Attributes
    ----------
    rates_kg_s : (draw,)
        Rate for every transport; not-a-number where `reason` is set.
    gain_per_s : (pixel,)
        Change of the nominal rate per mass of a pixel: every estimator is linear in the masses.
    reason : str
        Why there is no rate, or empty.
    sections_kg_s : (section,)
        Rates of the parts of the plume, for estimators that have them.
    sections_gain_per_s : (section, picked)
        Change of each of those per mass of the pixels `picked`.
    picked : (picked,) int
    """

    rates_kg_s: FloatArray
    gain_per_s: FloatArray
    reason: str = ""
    sections_kg_s: FloatArray | None = None
    sections_gain_per_s: FloatArray | None = None
    picked: NDArray[np.integer] | None = None


def refused(plume: PlumePixels, transport: Transport, reason: str) -> Estimate:
    """Return an estimate without a rate."""
    return Estimate(np.full(len(transport.speed_m_s), np.nan), np.zeros(len(plume.mass_kg)), reason)


def plume_axis(x_m: FloatArray, y_m: FloatArray, area_m2: FloatArray) -> tuple[FloatArray, float]:
    """Return the main axis of pixels from their second moments, pixels counting as squares of their area.

    Returns
    -------
    axis : (2,) unit vector east, north; elongation : ratio of the axes
    """
    centred = np.stack([x_m - np.average(x_m, weights=area_m2), y_m - np.average(y_m, weights=area_m2)])
    moments = (centred * area_m2) @ centred.T / area_m2.sum() + np.eye(2) * area_m2.mean() / 12.0
    (small, large), axes = np.linalg.eigh(moments)
    return axes[:, 1], float(np.sqrt(large / small))


def transport_direction(
    axis: FloatArray, elongation: float, east_m_s: float, north_m_s: float
) -> tuple[FloatArray, float] | None:
    """Direction along which a plume is measured, and the angle between wind and axis in degrees (0 to 90).

    The axis of an elongated plume (twice as long as wide), turned downwind: it says more about the transport than a
    model's wind. Otherwise the wind. None without a wind.
    """
    speed = np.hypot(east_m_s, north_m_s)
    if not speed > 0:
        return None
    wind = np.array([east_m_s, north_m_s]) / speed
    cosine = float(axis @ wind)
    angle = float(np.degrees(np.arccos(min(1.0, abs(cosine)))))
    if elongation >= ALONG_AXIS_ELONGATION:
        return (axis if cosine >= 0 else -axis), angle
    return wind, angle


@dataclass(frozen=True)
class LocalPlane:
    """Pixels of a chip in metres east and north of the middle of the plume, flattened; ``bounds`` are (pixel, 4)."""

    x_m: FloatArray
    y_m: FloatArray
    bounds_x_m: FloatArray
    bounds_y_m: FloatArray


def local_plane(chip: Chip) -> LocalPlane:
    """Project a chip with corners into a local equal-area plane."""
    rows, columns = np.nonzero(chip.mask)
    middle = len(rows) // 2
    centre = (
        float(chip["longitude"][rows[middle], columns[middle]]),
        float(chip["latitude"][rows[middle], columns[middle]]),
    )
    x, y = equal_area_metres(chip["longitude"].ravel(), chip["latitude"].ravel(), *centre)
    longitude, latitude = (chip[name].reshape(-1, 4) for name in ("longitude_bounds", "latitude_bounds"))
    return LocalPlane(x, y, *equal_area_metres(longitude, latitude, *centre))


def plume_pixels(
    chip: Chip,
    plane: LocalPlane,
    mask: Mask,
    level_mol_m2: FloatArray | float,
    direction: FloatArray,
    paper_length_m: float = float("nan"),
    paper_speed_m_s: float = float("nan"),
) -> PlumePixels:
    """Arrange a chip for the estimators.

    Parameters
    ----------
    chip : Chip
        With corners.
    plane : LocalPlane
    mask : (scanline, ground_pixel) bool
        The plume; that of the chip, or one cut at another probability.
    level_mol_m2 : (scanline, ground_pixel) or float
        Background.
    direction : (2,) unit vector east, north
    paper_length_m, paper_speed_m_s : float
        For the paper's formula.
    """
    area = chip["area_m2"].ravel().astype(float)
    other = chip["other_plume"].astype(bool)
    located = np.isfinite(plane.x_m) & np.isfinite(area)
    usable = chip.usable.ravel() & located
    over = np.where(usable, (chip["vertical_column"] - level_mol_m2).ravel(), 0.0)
    along = plane.x_m * direction[0] + plane.y_m * direction[1]
    across = plane.y_m * direction[0] - plane.x_m * direction[1]
    reach = np.abs(plane.bounds_x_m * direction[0] + plane.bounds_y_m * direction[1] - along[:, None])
    half = reach.max(axis=1)
    plume = mask.ravel() & located
    start, end = (along - half)[plume].min(), (along + half)[plume].max()
    first = np.argsort(along[plume], kind="stable")[: max(1, int(np.ceil(UPWIND_SHARE * plume.sum())))]
    return PlumePixels(
        along_m=np.where(located, along - start, np.inf),
        across_m=np.where(located, across, np.inf),
        half_along_m=np.where(located, half, 1.0),
        mass_kg=np.where(usable, over * area, 0.0) * SO2_KG_PER_MOL,
        area_m2=np.where(located, area, 0.0),
        plume=plume,
        wide=(dilate(mask, WIDE_PIXELS) & ~(other & ~mask)).ravel() & located,
        free=(~other | mask).ravel() & located,
        measured=usable,
        length_m=float(end - start),
        source_along_m=float((along[plume] - start)[first].mean()),
        source_across_m=float(across[plume][first].mean()),
        paper_length_m=paper_length_m,
        paper_speed_m_s=paper_speed_m_s,
    )
