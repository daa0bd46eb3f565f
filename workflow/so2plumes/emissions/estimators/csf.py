"""Cross-sectional flux."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from so2plumes.emissions.pixels import Estimate, PlumePixels, Transport, refused

SECTION_PIXELS = 2.0
MIN_SECTIONS = 3
MIN_MEASURED_SHARE = 0.75


def estimate(plume: PlumePixels, transport: Transport) -> Estimate:
    """One rate fitted to the masses of sections of the plume (anchors 2.2).

    Sections are slices 2 pixels wide of a corridor: the mask dilated by 3 pixels. The first and the last pixel of the
    plume are in none, as they are only partly filled. A slice counts where 75 % of its part of the mask is measured;
    the rest counts with the mean of the measured part. At least three slices are needed. A rate of 1 kg/s leaves
    ``k = tau (exp(-x0/(U tau)) - exp(-x1/(U tau)))`` kg in a slice from ``x0`` to ``x1``; the rate is the least-squares
    fit ``sum(k m) / sum(k k)``, so that slices in which little is left count little.
    """
    step, margin = SECTION_PIXELS * plume.pixel_m, plume.pixel_m
    count = int((plume.length_m - 2 * margin) // step)
    if count < MIN_SECTIONS:
        return refused(plume, transport, "short")
    edges = margin + 0.5 * (plume.length_m - 2 * margin - count * step) + step * np.arange(count + 1)
    pick = np.flatnonzero(plume.wide)
    share = _shares(plume, pick, edges)
    inside, measured, area = plume.plume[pick], plume.measured[pick], plume.area_m2[pick]
    of_mask = share @ np.where(inside, area, 0.0)
    seen = share @ np.where(inside & measured, area, 0.0)
    good = (seen >= MIN_MEASURED_SHARE * of_mask) & (of_mask > 0)
    if good.sum() < MIN_SECTIONS:
        return refused(plume, transport, "few_sections")
    filled = (of_mask[good] / seen[good])[:, None]
    weight = share[good] * np.where(inside, filled, 1.0) * measured
    lower, upper = edges[:-1][good], edges[1:][good]
    tau, decay = transport.lifetime_s[:, None], transport.decay_m[:, None]
    kept = tau * np.exp(-lower / decay) * -np.expm1(-(upper - lower) / decay)
    masses = weight @ plume.mass_kg[pick]
    gain = np.zeros(len(plume.mass_kg))
    fit = kept / np.sum(kept**2, axis=1, keepdims=True)
    gain[pick] = fit[0] @ weight
    return Estimate(
        rates_kg_s=fit @ masses,
        gain_per_s=gain,
        sections_kg_s=masses / kept[0],
        sections_gain_per_s=weight / kept[0][:, None],
        picked=pick,
    )


def _shares(plume: PlumePixels, pick: NDArray[np.integer], edges: NDArray[np.floating]) -> NDArray[np.floating]:
    """Share of every picked pixel in every slice, (slice, pixel): pixels are boxes along the transport."""
    centre, half = plume.along_m[pick], plume.half_along_m[pick]
    before = np.clip((edges[:, None] - centre + half) / (2 * half), 0.0, 1.0)
    return np.diff(before, axis=0)
