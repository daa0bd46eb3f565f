"""Put columns on a scale that does not depend on the place: local background 0, local noise 1.

The detector sees ``arcsinh(z)``: linear for noise, logarithmic for eruptions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]

_CELL = 32
_MIN_PIXELS = 60
_MIN_SIGMA_MOL_M2 = 1e-6


@dataclass(frozen=True)
class LocalStatistics:
    """Background and noise of every pixel, mol m-2, both (scanline, ground_pixel)."""

    background: NDArray[np.float32]
    sigma: NDArray[np.float32]


def robust_sigma(differences: FloatArray) -> float:
    """Estimate the standard deviation of one pixel from differences of neighbours (MAD, so plumes hardly count)."""
    return float(1.4826 * np.median(np.abs(differences)) / np.sqrt(2.0))


def robust_background(values: FloatArray, sigma: float) -> float:
    """Background level of values of which up to two thirds may be plume.

    Starts from the 30th percentile (0.524 sigma below the level of pure noise) and takes the median of what lies
    within 2 sigma of it.
    """
    level = float(np.percentile(values, 30)) + 0.524 * sigma
    for _ in range(3):
        near = values[np.abs(values - level) < 2.0 * sigma]
        if len(near) < 10:
            break
        level = float(np.median(near))
    return level


def _cell_statistics(values: FloatArray, usable: NDArray[np.bool_]) -> tuple[float, float]:
    inside = values[usable]
    pairs = usable[:, 1:] & usable[:, :-1]
    if len(inside) < _MIN_PIXELS or pairs.sum() < _MIN_PIXELS:
        return np.nan, np.nan
    sigma = max(robust_sigma((values[:, 1:] - values[:, :-1])[pairs]), _MIN_SIGMA_MOL_M2)
    return robust_background(inside, sigma), sigma


def _fill_from_nearest(grid: FloatArray, fallback: float) -> FloatArray:
    from scipy.ndimage import distance_transform_edt

    bad = ~np.isfinite(grid)
    if bad.all():
        return np.full_like(grid, fallback)
    nearest = distance_transform_edt(bad, return_distances=False, return_indices=True)
    return grid[tuple(nearest)]


def _to_pixels(grid: FloatArray, shape: tuple[int, int]) -> NDArray[np.float32]:
    from scipy.ndimage import map_coordinates

    rows = (np.arange(shape[0]) + 0.5) / _CELL - 0.5
    columns = (np.arange(shape[1]) + 0.5) / _CELL - 0.5
    mesh = np.meshgrid(rows, columns, indexing="ij")
    return map_coordinates(grid, mesh, order=1, mode="nearest").astype(np.float32)


def local_statistics(column: FloatArray, usable: NDArray[np.bool_]) -> LocalStatistics:
    """Estimate background and noise in cells of 32 x 32 pixels, each from the 96 x 96 around it.

    Parameters
    ----------
    column : (scanline, ground_pixel), mol m-2
    usable : (scanline, ground_pixel) bool

    Returns
    -------
    LocalStatistics
        Interpolated between cell centres; cells with few usable pixels take their nearest neighbour's.
    """
    values = np.where(usable, column, 0.0).astype(np.float64)
    n_cells = [max(1, -(-size // _CELL)) for size in column.shape]
    background, sigma = np.full(n_cells, np.nan), np.full(n_cells, np.nan)
    for i in range(n_cells[0]):
        for j in range(n_cells[1]):
            box = np.s_[max(0, (i - 1) * _CELL) : (i + 2) * _CELL, max(0, (j - 1) * _CELL) : (j + 2) * _CELL]
            background[i, j], sigma[i, j] = _cell_statistics(values[box], usable[box])
    everything = values[usable]
    level = float(np.median(everything)) if len(everything) else 0.0
    spread = float(np.std(everything)) if len(everything) > 1 else 1.0
    return LocalStatistics(
        _to_pixels(_fill_from_nearest(background, level), column.shape),
        _to_pixels(_fill_from_nearest(sigma, max(spread, _MIN_SIGMA_MOL_M2)), column.shape),
    )


def standardised(column: FloatArray, usable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Column (mol m-2) above the local background in units of the local noise; 0 where not usable."""
    local = local_statistics(column, usable)
    with np.errstate(invalid="ignore"):
        z = (column - local.background) / local.sigma
    return np.where(usable, z, 0.0).astype(np.float32)


def local_robust(column: FloatArray, usable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """``arcsinh`` of the column in units of the local noise above the local background; 0 where not usable."""
    return np.arcsinh(standardised(column, usable))
