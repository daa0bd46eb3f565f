"""What cuts a plume off: the side of the swath, the end of the file, the end of daylight, unusable pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.plumes.components import Box
from so2plumes.swath.model import Swath

LOW_SUN_DEG = 65.0

_AROUND = ((1, 1, 1), (1, 1, 1), (1, 1, 1))
_BESIDE = ((0, 0, 0), (1, 1, 1), (0, 0, 0))
_BEFORE_AND_AFTER = ((0, 1, 0), (0, 1, 0), (0, 1, 0))


@dataclass(frozen=True)
class Edges:
    """Edges that a plume reaches.

    Attributes
    ----------
    swath : bool
        First or last ground pixel of the file, or a pixel without a position beside the plume (in the same scanline,
        or meeting it at a corner only): the plume may go on outside the swath.
    granule : bool
        First or last scanline of the file, or a pixel without a position before or after the plume: it may go on in
        the next granule.
    terminator : bool
        An unusable pixel of the plume or next to it has a solar zenith angle beyond `last_light_deg`. False where the
        file has no solar zenith angles.
    """

    swath: bool
    granule: bool
    terminator: bool


def _spread(mask: NDArray[np.bool_], kernel: tuple[tuple[int, ...], ...]) -> NDArray[np.bool_]:
    import cv2

    return cv2.dilate(mask.astype(np.uint8), np.array(kernel, np.uint8)).astype(bool)


def last_light_deg(swath: Swath, usable: NDArray[np.bool_], max_solar_zenith_deg: float | None = None) -> float:
    """Largest solar zenith angle of the usable pixels of a granule, but at least 65 degrees or the filter's limit.

    Beyond it no pixel is usable because the sun is too low. A granule that ends in daylight, or a crop, has no such
    pixels: there 65 degrees keep clouds from being taken for the end of daylight. Infinite without the angles.
    """
    zenith = swath.get("solar_zenith_angle")
    if zenith is None:
        return float("inf")
    seen = zenith[usable & np.isfinite(zenith)]
    least = LOW_SUN_DEG if max_solar_zenith_deg is None else min(LOW_SUN_DEG, max_solar_zenith_deg)
    return max(least, float(seen.max()) if len(seen) else least)


def plume_edges(
    swath: Swath,
    plume: NDArray[np.bool_],
    box: Box,
    usable: NDArray[np.bool_],
    located: NDArray[np.bool_],
    light_deg: float,
) -> Edges:
    """Tell which edges a plume reaches.

    Parameters
    ----------
    swath : Swath
    plume : bool
        Mask of the plume in ``box.grow(1, swath.shape)``.
    box : Box
        Tight bounding box of the plume.
    usable, located : (scanline, ground_pixel) bool
    light_deg : float
        `last_light_deg` of the granule.

    Returns
    -------
    Edges
    """
    window = box.grow(1, swath.shape).slices
    nowhere = ~located[window]
    before_or_after = _spread(plume, _BEFORE_AND_AFTER) & nowhere
    beside = _spread(plume, _BESIDE) & nowhere
    at_a_corner = _spread(plume, _AROUND) & nowhere & ~before_or_after & ~beside
    side = box.column_start == 0 or box.column_stop == swath.shape[1]
    end = box.row_start == 0 or box.row_stop == swath.shape[0]
    zenith = swath.get("solar_zenith_angle")
    dark = False
    if zenith is not None:
        with np.errstate(invalid="ignore"):
            dark = bool((_spread(plume, _AROUND) & ~usable[window] & (zenith[window] > light_deg)).any())
    return Edges(
        swath=bool(side or (beside | at_a_corner).any()),
        granule=bool(end or before_or_after.any()),
        terminator=dark,
    )


def invalid_rim(mask: NDArray[np.bool_], usable: NDArray[np.bool_]) -> float:
    """Share of a plume's rim that adjoins unusable pixels.

    The rim are the pixels with one of their eight neighbours outside the plume, those around holes included; they
    count where one of these outer neighbours is unusable. The border of the arrays is no neighbour.

    Parameters
    ----------
    mask, usable : (scanline, ground_pixel) bool

    Returns
    -------
    float
        0 to 1; 0 for a plume that fills its arrays.
    """
    rim = mask & _spread(~mask, _AROUND)
    if not rim.any():
        return 0.0
    return float((rim & _spread(~mask & ~usable, _AROUND)).sum() / rim.sum())
