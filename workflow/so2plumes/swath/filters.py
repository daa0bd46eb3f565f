"""Which pixels may be used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from so2plumes.swath.model import Swath
from so2plumes.swath.product import load_product


def usable_pixels(swath: Swath, min_qa: float = 0.5, max_solar_zenith_deg: float | None = None) -> NDArray[np.bool_]:
    """Pixels that pass the quality filter (FP 2.1).

    Parameters
    ----------
    swath : Swath
    min_qa : float
        A pixel is used where ``qa_value`` is **greater** than this; compared on the raw byte of hundredths, as
        0.5 has no exact float32 image.
    max_solar_zenith_deg : float, optional
        Also drop pixels above this solar zenith angle.

    Returns
    -------
    (scanline, ground_pixel) bool
        Negative columns are noise around zero and stay.
    """
    product = load_product()
    raw_limit = int(round(min_qa * product.qa_scale))
    qa = swath["qa_value"]
    usable = (qa > raw_limit) & (qa != product.qa_fill)
    usable &= np.isfinite(swath["vertical_column"])
    usable &= swath.located
    zenith = swath.get("solar_zenith_angle")
    if max_solar_zenith_deg is not None and zenith is not None:
        with np.errstate(invalid="ignore"):
            usable &= zenith <= max_solar_zenith_deg
    return usable
