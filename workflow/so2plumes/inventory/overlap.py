"""Plumes on the cells of a 0.1 degree grid by the overlap of their pixels: no mass is lost or made (X11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.dictionary import empty, shaped
from so2plumes.earth import wrap_longitude
from so2plumes.plumes.chips import Chip

STEP_DEG = 0.1
N_ROWS, N_COLUMNS = 1800, 3600
_SPLIT = 6


def pixel_points(
    longitude_bounds: NDArray[np.floating], latitude_bounds: NDArray[np.floating], split: int = _SPLIT
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points that fill pixels evenly: each stands for the same share of its pixel.

    Parameters
    ----------
    longitude_bounds, latitude_bounds : (n, 4)
        Corners in ring order, degrees; a pixel may lie across 180 degrees.
    split : int
        Points along each side; the share of a cell is good to about 1 / (2 split).

    Returns
    -------
    longitude, latitude : (n, split**2)
    """
    lon, lat = np.asarray(longitude_bounds, float), np.asarray(latitude_bounds, float)
    lon = lon[:, :1] + (lon - lon[:, :1] + 180.0) % 360.0 - 180.0
    side = (np.arange(split) + 0.5) / split
    u, v = (part.ravel() for part in np.meshgrid(side, side))
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v])
    return wrap_longitude(lon @ weights), lat @ weights


def cell_shares(
    longitude_bounds: NDArray[np.floating],
    latitude_bounds: NDArray[np.floating],
    weight: NDArray[np.floating],
) -> pd.DataFrame:
    """Spread weighted pixels over the cells that they overlap.

    Parameters
    ----------
    longitude_bounds, latitude_bounds : (n, 4)
    weight : (n,)
        Not negative; their sum is not zero.

    Returns
    -------
    DataFrame
        `row` and `column` of a global 0.1 degree grid from the south and from -180 east, and `share` of the weight;
        the shares sum to 1.
    """
    lon, lat = pixel_points(longitude_bounds, latitude_bounds)
    row = np.clip(np.floor((lat + 90.0) / STEP_DEG), 0, N_ROWS - 1).astype(np.int64)
    column = np.floor((lon + 180.0) / STEP_DEG).astype(np.int64) % N_COLUMNS
    cell, place = np.unique(row * N_COLUMNS + column, return_inverse=True)
    part = np.repeat(np.asarray(weight, float) / lon.shape[1], lon.shape[1])
    share = np.bincount(place.ravel(), weights=part, minlength=len(cell))
    return pd.DataFrame({"row": cell // N_COLUMNS, "column": cell % N_COLUMNS, "share": share / share.sum()})


def plume_weights(chip: Chip, background_mol_m2: float) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which pixels of a chip carry the plume and how much of it.

    The weight is the enhancement over the background times the area, of usable pixels of the mask with a positive
    one. Where there is none the areas of the mask count.

    Returns
    -------
    pixels : (scanline, ground_pixel) bool
    weight : (n,) float
        Of these pixels.
    """
    area = chip["area_m2"].astype(float)
    enhancement = (chip["vertical_column"].astype(float) - background_mol_m2) * area
    with np.errstate(invalid="ignore"):
        pixels = chip.mask & chip.usable & (enhancement > 0)
    if pixels.any():
        return pixels, enhancement[pixels]
    pixels = chip.mask & np.isfinite(area) & (area > 0)
    return pixels, area[pixels]


def plume_cells(chips: Iterable[Chip], background_mol_m2: Mapping[str, float]) -> pd.DataFrame:
    """Say over which cells each plume spreads.

    Parameters
    ----------
    chips : iterable of Chip
        Those without corners are left out: they have no rate either.
    background_mol_m2 : mapping
        Background column by ``plume_id``; a plume that it lacks is left out.

    Returns
    -------
    DataFrame
        Table ``plume_cells``.
    """
    parts = []
    for chip in chips:
        background = background_mol_m2.get(chip.plume_id)
        if background is None or not chip.has_corners:
            continue
        pixels, weight = plume_weights(chip, background)
        if not len(weight):
            continue
        shares = cell_shares(chip["longitude_bounds"][pixels], chip["latitude_bounds"][pixels], weight)
        parts.append(shares.assign(plume_id=chip.plume_id))
    if not parts:
        return empty("plume_cells", available=True)
    table = pd.concat(parts, ignore_index=True)
    table.attrs = {"available": True, "step_deg": STEP_DEG}
    return shaped(table, "plume_cells")
