"""Growth of the mass with distance from the source."""

from __future__ import annotations

import numpy as np

from so2plumes.emissions.pixels import Estimate, PlumePixels, Transport, refused

FIRST_RADIUS_M = 15_000.0
LAST_RADIUS_M = 100_000.0
RING_PIXELS = 1.5
MIN_RINGS = 3
MIN_MEASURED_SHARE = 0.75


def estimate(plume: PlumePixels, transport: Transport) -> Estimate:
    """Fit ``M(r) = p f(r) + b r^2`` to the mass within a distance of the upwind end (anchors 2.2).

    ``f(r) = tau (1 - exp(-r / (U tau)))``, so that ``p`` is the emission rate (``r / U`` for long lifetimes), and ``b``
    takes up what is left of the background. Fitted to the mass of rings 1.5 pixels wide between 15 and 100 km, not
    beyond the plume's end, weighted by their area; a ring counts where 75 % of it lies in the chip and is measured.
    """
    distance = np.hypot(plume.along_m - plume.source_along_m, plume.across_m - plume.source_across_m)
    step = RING_PIXELS * plume.pixel_m
    last = min(LAST_RADIUS_M, plume.length_m - plume.pixel_m)
    edges = np.arange(FIRST_RADIUS_M, last + 1.0, step) if last > FIRST_RADIUS_M else np.empty(0)
    if len(edges) <= MIN_RINGS:
        return refused(plume, transport, "short")
    used = plume.free & plume.measured & (distance < edges[-1])
    ring = np.digitize(distance, edges) - 1
    inside = used & (ring >= 0)
    count = len(edges) - 1
    mass = np.bincount(ring[inside], plume.mass_kg[inside], count)[:count]
    area = np.bincount(ring[inside], plume.area_m2[inside], count)[:count]
    whole = np.pi * np.diff(edges**2)
    good = area >= MIN_MEASURED_SHARE * whole
    if good.sum() < MIN_RINGS:
        return refused(plume, transport, "few_rings")
    tau, decay = transport.lifetime_s[:, None], transport.decay_m[:, None]
    left = tau * np.exp(-edges / decay)
    basis = (left[:, :-1] - left[:, 1:])[:, good]
    weights = _slope_weights(basis, area[good])
    per_ring = np.zeros(count)
    per_ring[good] = weights[0]
    gain = np.where(inside, per_ring[np.clip(ring, 0, count - 1)], 0.0)
    return Estimate(weights @ mass[good], gain)


def _slope_weights(basis: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Weights (draw, ring) of the ring masses in the factor of the first basis, fitted beside a background ~ area."""
    weighted = basis / area
    middle = basis.sum(axis=1, keepdims=True) / area.sum()
    centred = weighted - middle
    return centred / np.sum(centred * basis, axis=1, keepdims=True)
