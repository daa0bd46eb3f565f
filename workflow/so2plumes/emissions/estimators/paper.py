"""The formula of the paper."""

from __future__ import annotations

import numpy as np

from so2plumes.emissions.pixels import Estimate, PlumePixels, Transport, refused


def estimate(plume: PlumePixels, transport: Transport) -> Estimate:
    """``E = dM ws / L`` (FP-pre 2.3): usable mask pixels, median 10 m wind, trimmed main axis.

    The wind of the formula is the paper's; other winds of the transport scale it by their ratio to the nominal one.
    """
    if not np.isfinite(plume.paper_speed_m_s):
        return refused(plume, transport, "no_wind")
    if not plume.paper_length_m > 0.0:
        return refused(plume, transport, "no_length")
    scale = transport.speed_m_s / transport.speed_m_s[0] if transport.speed_m_s[0] > 0 else np.ones(1)
    per_mass = plume.paper_speed_m_s * scale / (plume.paper_length_m * transport.stretch)
    pick = plume.plume & plume.measured
    return Estimate(per_mass * plume.mass_kg[pick].sum(), np.where(pick, per_mass[0], 0.0))
