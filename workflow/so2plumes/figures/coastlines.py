"""Land and coastlines from the vendored Natural Earth rings."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "coastlines"
Resolution = Literal["110m", "50m"]


@cache
def land_rings(resolution: Resolution) -> tuple[NDArray[np.float64], ...]:
    """Rings of land, (n, 2) degrees each, within -180..180; none where the files are absent.

    Rings cut at 180 degrees and closed over the pole have edges that are no coast; see `coast_edges`.
    """
    path = FOLDER / f"ne_{resolution}.npz"
    if not path.is_file():
        log.warning("no coastlines: %s is absent", path)
        return ()
    with np.load(path) as archive:
        points = archive["land"].astype(np.float64)
    breaks = np.flatnonzero(np.isnan(points[:, 0]))
    starts = np.concatenate([[0], breaks[:-1] + 1])
    return tuple(points[start:stop] for start, stop in zip(starts, breaks, strict=True))


def coast_edges(ring: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell for each edge of a ring, (n - 1,), whether it is coast: no cut at 180 degrees, no pole."""
    on_cut = np.abs(ring[:, 0]) > 179.998
    on_pole = ring[:, 1] < -89.9
    artificial = (on_cut[:-1] & on_cut[1:]) | on_pole[:-1] | on_pole[1:]
    return ~artificial
