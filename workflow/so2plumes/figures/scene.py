"""The scene around the longest plume (FP-pre Fig. 9)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from so2plumes.earth import unit_vectors
from so2plumes.figures import numbers as text
from so2plumes.figures import style
from so2plumes.figures.chip_geometry import ChipGeometry, chip_geometry
from so2plumes.figures.chips import column_du, draw_outline, draw_pixels, scale_bar, wind_arrow
from so2plumes.figures.coastlines import land_rings
from so2plumes.figures.gallery import pixel_table
from so2plumes.findings.inputs import ReportInputs
from so2plumes.findings.sample import select_longest
from so2plumes.swath.geometry import equal_area_metres

if TYPE_CHECKING:
    from so2plumes.plumes.chips import Chip

_FAR_DEG = 60.0


def longest_chip(inputs: ReportInputs) -> Chip | None:
    """Return the longest plume that has an image; None without any."""
    chips = {chip.plume_id: chip for chip in inputs.chips}
    name = select_longest(inputs.plumes[inputs.plumes["plume_id"].isin(list(chips))])
    return None if name is None else chips[name]


def scene_data(inputs: ReportInputs) -> pd.DataFrame:
    """Pixels of the scene; ``in_other_plume`` where another plume reaches into it."""
    chip = longest_chip(inputs)
    assert chip is not None
    return pixel_table(chip).assign(in_other_plume=_others(chip).ravel())


def _others(chip: Chip) -> NDArray[np.bool_]:
    other = chip.get("other_plume")
    return np.zeros(chip.shape, dtype=bool) if other is None else other.astype(bool)


@style.styled
def scene_figure(inputs: ReportInputs) -> Figure:
    """Draw the column of the whole image of the longest plume, its outline, those of its neighbours, and the coast."""
    chip = longest_chip(inputs)
    assert chip is not None
    geometry = chip_geometry(chip)
    x, y = (grid[np.isfinite(grid)] for grid in (geometry.x_km, geometry.y_km))
    width, height = float(np.ptp(x)), float(np.ptp(y))
    shown = min(style.WIDE_IN - 0.9, 6.2 * width / height)
    figure = style.new_figure(shown + 0.9, shown * height / width + 0.65)
    axes = figure.add_subplot()
    image = draw_pixels(axes, geometry, column_du(chip))
    draw_outline(axes, geometry, width=1.2)
    draw_outline(axes, replace(geometry, mask=_others(chip)), width=0.8)
    axes.set_xlim(x.min(), x.max())
    axes.set_ylim(y.min(), y.max())
    axes.set_aspect("equal")
    _draw_coast(axes, geometry)
    half = 0.5 * min(width, height)
    scale_bar(axes, half)
    wind_arrow(axes, chip, half)
    bar = figure.colorbar(image, ax=axes, pad=0.02, extend="both", aspect=28, shrink=0.9)
    bar.set_label("column, DU")
    bar.outline.set_visible(False)
    axes.set_title(_scene_words(inputs, chip), fontsize=8, weight="normal")
    return figure


def _scene_words(inputs: ReportInputs, chip: Chip) -> str:
    row = inputs.plumes.set_index("plume_id").loc[chip.plume_id]
    when = str(chip.time)[:16].replace("T", " ")
    words = f"{when} UTC, {text.place(row['max_longitude'], row['max_latitude'], 1)}, "
    words += f"length {text.rounded(row['length_m'] / 1e3)} km\n"
    margin = _margin(chip)
    words += (
        f"The image is the plume and {margin} pixels around it, not the whole swath."
        if margin
        else "The plume runs out of the image: what was searched ends there."
    )
    longest = inputs.plumes["length_m"].max()
    if longest > row["length_m"]:
        words += f"\nThe longest plume of the period, {text.rounded(longest / 1e3)} km, has no image here."
    return words


def _margin(chip: Chip) -> int:
    """Least number of pixels between the plume and a side of its image."""
    rows, columns = np.nonzero(chip.mask)
    sides = (rows.min(), chip.shape[0] - 1 - rows.max(), columns.min(), chip.shape[1] - 1 - columns.max())
    return int(max(min(sides), 0))


def _draw_coast(axes: Axes, geometry: ChipGeometry) -> None:
    """Draw the coast on the plane of the image, within its limits."""
    origin = unit_vectors(geometry.longitude_0, geometry.latitude_0)
    for ring in land_rings("50m"):
        far = unit_vectors(ring[:, 0], ring[:, 1]) @ origin < np.cos(np.radians(_FAR_DEG))
        cut = (np.abs(ring[:, 0]) > 179.998) | (ring[:, 1] < -89.9)
        if (far | cut).all():
            continue
        x, y = equal_area_metres(ring[:, 0], ring[:, 1], geometry.longitude_0, geometry.latitude_0)
        hidden = far | cut
        line = np.where(hidden, np.nan, x / 1e3), np.where(hidden, np.nan, y / 1e3)
        axes.plot(*line, color="white", lw=1.3, alpha=0.8, zorder=3.5, scalex=False, scaley=False)
        axes.plot(*line, color=style.INK, lw=0.6, zorder=3.6, scalex=False, scaley=False)
