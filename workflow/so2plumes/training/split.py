"""Which pixels a detector learns from and which it is scored on: neither an orbit nor a region is in both parts.

A third of the orbits and a third of the regions are kept for tests. Learned are pixels of learning orbits in learning
regions, scored are pixels of test orbits in test regions, four to one; what is neither is left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from so2plumes.earth import wrap_longitude

REGION_DEG = 4.0
ONE_IN = 3
_IN_A_ROW, _FIRST_COLUMN, _FIRST_ROW = 90, 45, 23
SPLIT_TEXT = (
    "by orbit and region: learned from 2 of 3 orbits in 2 of 3 regions of 4 x 4 degrees, "
    "scored on the other orbits in the other regions; the rest is left out"
)


def is_test_orbit(orbit: int) -> bool:
    """Tell whether an orbit belongs to the test part; neighbouring days differ."""
    return (orbit * 2654435761 >> 7) % ONE_IN == 0


def region_cells(longitude: NDArray[np.floating], latitude: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the number of the 4 x 4 degree region of each position, 90 in a row; -1 without a position."""
    good = np.isfinite(longitude) & np.isfinite(latitude)
    columns = np.floor(wrap_longitude(np.where(good, longitude, 0.0)) / REGION_DEG) + _FIRST_COLUMN
    rows = np.floor(np.where(good, latitude, 0.0) / REGION_DEG) + _FIRST_ROW
    return np.where(good, rows * _IN_A_ROW + columns, -1).astype(np.int64)


def is_test_region(cells: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which regions belong to the test part: diagonals, so that every larger area has both parts."""
    rows, columns = np.divmod(cells, _IN_A_ROW)
    return (cells >= 0) & ((rows + columns) % ONE_IN == 0)


def part_of(orbit: int, longitude: NDArray[np.floating], latitude: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Pixels of an orbit that belong to its part: (scanline, ground_pixel) bool."""
    cells = region_cells(longitude, latitude)
    return (cells >= 0) & (is_test_region(cells) == is_test_orbit(orbit))


def region_name(cell: int) -> str:
    """Name a region by its south-west corner, such as ``36N 012E``."""
    if cell < 0:
        return ""
    row, column = divmod(cell, _IN_A_ROW)
    south, west = int((row - _FIRST_ROW) * REGION_DEG), int((column - _FIRST_COLUMN) * REGION_DEG)
    return f"{abs(south):02d}{'S' if south < 0 else 'N'} {abs(west):03d}{'W' if west < 0 else 'E'}"
