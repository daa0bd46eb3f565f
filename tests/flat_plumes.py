"""Plumes on a flat grid of square pixels, for estimators without a chip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import SO2_KG_PER_MOL
from so2plumes.emissions.background import dilate
from so2plumes.emissions.pixels import PlumePixels, Transport

PIXEL_M = 4_000.0
SPEED_M_S = 5.0
WIDTH_M = 6_000.0


def transport(
    speed_m_s: NDArray | float = SPEED_M_S, lifetime_h: NDArray | float = 12.0, stretch: NDArray | float = 1.0
) -> Transport:
    """Return transports; numbers are arrays of one."""
    parts = np.broadcast_arrays(*(np.atleast_1d(part).astype(float) for part in (speed_m_s, lifetime_h, stretch)))
    return Transport(parts[0], 3600.0 * parts[1], parts[2])


RIGHT = transport()


def flat_plume(
    rate_kg_s: float = 10.0,
    lifetime_h: float = 12.0,
    length_m: float = 160_000.0,
    offset_mol_m2: float = 0.0,
    noise_kg: float = 0.0,
    measured: NDArray[np.bool_] | None = None,
    paper_length_m: float | None = None,
) -> PlumePixels:
    """Return a Gaussian plume along the rows; the mask holds it up to 2 widths to either side.

    Pixel masses are integrals along the transport and Gaussian samples across it.
    """
    rows, columns = 48, int(length_m / PIXEL_M) + 40
    across, along = np.meshgrid((np.arange(rows) - rows / 2 + 0.5) * PIXEL_M, (np.arange(columns) - 19.5) * PIXEL_M)
    across, along = across.T, along.T
    decay = SPEED_M_S * 3600.0 * lifetime_h
    low, high = (np.clip(along + side * PIXEL_M / 2, 0.0, length_m) for side in (-1, 1))
    line = rate_kg_s / SPEED_M_S * decay * (np.exp(-low / decay) - np.exp(-high / decay))
    profile = np.exp(-0.5 * (across / WIDTH_M) ** 2) / (np.sqrt(2 * np.pi) * WIDTH_M) * PIXEL_M
    mask = (along > 0) & (along < length_m) & (np.abs(across) < 2 * WIDTH_M)
    mass = line * profile + offset_mol_m2 * SO2_KG_PER_MOL * PIXEL_M**2
    mass = mass + noise_kg * np.random.default_rng(1).standard_normal(mass.shape)
    seen = np.ones(mass.size, bool) if measured is None else measured
    plume = PlumePixels(
        along_m=along.ravel(),
        across_m=across.ravel(),
        half_along_m=np.full(mass.size, PIXEL_M / 2),
        mass_kg=np.where(seen, mass.ravel(), 0.0),
        area_m2=np.full(mass.size, PIXEL_M**2),
        plume=mask.ravel(),
        wide=dilate(mask, 3).ravel(),
        free=np.ones(mass.size, bool),
        measured=seen,
        length_m=length_m,
        source_along_m=0.0,
        source_across_m=0.0,
    )
    return replace(
        plume, paper_length_m=length_m if paper_length_m is None else paper_length_m, paper_speed_m_s=SPEED_M_S
    )
