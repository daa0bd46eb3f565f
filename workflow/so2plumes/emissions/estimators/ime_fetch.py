"""Integrated mass enhancement over the fetch."""

from __future__ import annotations

import numpy as np

from so2plumes.emissions.pixels import Estimate, PlumePixels, Transport, refused


def estimate(plume: PlumePixels, transport: Transport) -> Estimate:
    """``E = dM U / L``: mass of the mask, extent of its pixel corners along the transport (anchors 2.2).

    Low by the mass that was lost on the way; right for plumes much younger than the lifetime of the gas. Gaps of the
    mask count with the mean of its measured pixels.
    """
    inside = plume.plume & plume.measured
    if not inside.any() or not plume.length_m > 0:
        return refused(plume, transport, "no_length")
    filled = plume.area_m2[plume.plume].sum() / plume.area_m2[inside].sum()
    per_mass = filled * transport.speed_m_s / (plume.length_m * transport.stretch)
    return Estimate(per_mass * plume.mass_kg[inside].sum(), np.where(inside, per_mass[0], 0.0))
