"""The column at the height of a plume, between those of the layers at 1, 7 and 15 km."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from so2plumes.plumes.chips import Chip


LAYERS_M = {"vertical_column_1km": 1_000.0, "vertical_column_7km": 7_000.0, "vertical_column_15km": 15_000.0}


def held_height_m(height_m: float) -> float:
    """Height whose column is taken: that of the plume, within the layers that have one."""
    return float(np.clip(height_m, min(LAYERS_M.values()), max(LAYERS_M.values())))


def column_at(columns: NDArray[np.floating], height_m: float) -> NDArray[np.floating]:
    """Column for a layer at a height, its logarithm linear in the height.

    The columns of a pixel are one slant column divided by different air mass factors, so they have one sign and
    fixed ratios, and the interpolated one is linear in the slant column. Where two have different signs they are
    interpolated linearly.

    Parameters
    ----------
    columns : (3, ...)
        In the order of `LAYERS_M`.
    height_m : float
        Held outside 1 to 15 km.
    """
    heights = np.array(list(LAYERS_M.values()))
    height = held_height_m(height_m)
    upper = int(np.clip(np.searchsorted(heights, height), 1, len(heights) - 1))
    share = (height - heights[upper - 1]) / (heights[upper] - heights[upper - 1])
    below, above = columns[upper - 1].astype(float), columns[upper].astype(float)
    geometric = np.sign(below) * np.abs(below) ** (1.0 - share) * np.abs(above) ** share
    return np.where(below * above > 0, geometric, (1.0 - share) * below + share * above)


def chip_at(chip: Chip, height_m: float) -> Chip | None:
    """Return a chip whose column is that of a height; None where a usable pixel of the plume lacks a layer's column.

    The stated precision is scaled with the columns of the plume. Pixels around the plume without a column of a layer
    are not usable.
    """
    if not np.isfinite(height_m) or not set(LAYERS_M) <= set(chip.fields):
        return None
    column = column_at(np.stack([chip[name] for name in LAYERS_M]), height_m)
    good = np.isfinite(column)
    pick = chip.mask & chip.usable
    if not pick.any() or not good[pick].all():
        return None
    fields = {**chip.fields, "vertical_column": column, "usable": (chip.usable & good).astype(np.uint8)}
    precision = chip.get("vertical_column_precision")
    main = chip["vertical_column"].astype(float)
    positive = pick & (main > 0)
    if precision is not None and positive.any():
        fields["vertical_column_precision"] = precision * float(np.median(column[positive] / main[positive]))
    return replace(chip, fields=fields)
