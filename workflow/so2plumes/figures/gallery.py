"""Examples of plumes on one sheet (FP-pre Fig. 2), and the worked plume (FP-pre Fig. 3)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.errors import GeometryError
from so2plumes.figures import numbers as text
from so2plumes.figures import style
from so2plumes.figures.chip_geometry import chip_geometry
from so2plumes.figures.chips import column_du, draw_outline, draw_pixels, enhancement_kg, frame_plume, scale_bar, worked
from so2plumes.findings.inputs import ReportInputs
from so2plumes.findings.sample import select_gallery, select_worked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from so2plumes.plumes.chips import Chip

log = logging.getLogger(__name__)

_COLUMNS = 4
_IMAGE_IN, _BAR_IN, _TITLE_IN, _GAP_IN = 1.38, 0.06, 0.33, 0.1


def gallery_chips(inputs: ReportInputs) -> list[Chip]:
    """Return the plumes of the gallery that can be laid out, the strongest first, then the sample by time."""
    chips = {chip.plume_id: chip for chip in inputs.chips}
    names = [name for name in select_gallery(inputs.plumes, inputs.gallery) if name in chips]
    if not names:
        names = select_gallery(inputs.plumes[inputs.plumes["plume_id"].isin(list(chips))], inputs.gallery)
    return [chips[name] for name in names if _can_be_drawn(chips[name])]


def _can_be_drawn(chip: Chip) -> bool:
    try:
        chip_geometry(chip)
    except GeometryError as error:
        log.warning("plume %s is not drawn: %s", chip.plume_id, error.problem)
        return False
    return True


def gallery_data(inputs: ReportInputs) -> pd.DataFrame:
    """Pixels of the bounding boxes of the plumes shown."""
    return pd.concat([pixel_table(chip).loc[_in_box(chip)] for chip in gallery_chips(inputs)], ignore_index=True)


def _in_box(chip: Chip) -> np.ndarray:
    inside = np.zeros(chip.shape, dtype=bool)
    inside[chip.bbox] = True
    return inside.ravel()


def pixel_table(chip: Chip, background_mol_m2: float = float("nan")) -> pd.DataFrame:
    """Pixels of a chip: number in the orbit, place, column, and with a background the mass over it."""
    scanline, pixel = np.indices(chip.shape)
    mass = enhancement_kg(chip, background_mol_m2)
    table = pd.DataFrame(
        {
            "plume_id": chip.plume_id,
            "scanline": (scanline + chip.scanline_start).ravel(),
            "ground_pixel": (pixel + chip.ground_pixel_start).ravel(),
            "longitude_deg": chip["longitude"].ravel(),
            "latitude_deg": chip["latitude"].ravel(),
            "column_du": (chip["vertical_column"].astype(float) / MOL_M2_PER_DU).ravel(),
            "usable": chip.usable.ravel(),
            "in_plume": chip.mask.ravel(),
        }
    )
    return table if mass is None else table.assign(enhancement_kg=mass.ravel())


@style.styled
def gallery_figure(inputs: ReportInputs) -> Figure:
    """Draw the column of every plume of the gallery with its outline, each with its own scale."""
    chips = gallery_chips(inputs)
    rows = inputs.plumes.set_index("plume_id")
    lines = -(-len(chips) // _COLUMNS)
    height = lines * (_IMAGE_IN + _TITLE_IN + _GAP_IN)
    width = style.WIDE_IN * min(len(chips), _COLUMNS) / _COLUMNS
    figure = style.new_figure(width, height)
    figure.set_layout_engine("none")
    for number, chip in enumerate(chips):
        line, column = divmod(number, _COLUMNS)
        left = column * style.WIDE_IN / _COLUMNS + 0.02
        low = height - (line + 1) * (_IMAGE_IN + _TITLE_IN + _GAP_IN) + _GAP_IN
        box = (left / width, low / height, _IMAGE_IN / width, _IMAGE_IN / height)
        axes = figure.add_axes(box)
        bar = (box[0] + box[2] + 0.04 / width, box[1], _BAR_IN / width, 0.83 * box[3])
        _draw_card(figure, axes, bar, chip)
        row = rows.loc[chip.plume_id]
        where = text.place(row["max_longitude"], row["max_latitude"], 1)
        axes.set_title(f"{text.day(row['date'])}\n{where}", fontsize=7.5, weight="normal", pad=2.5)
    return figure


def _draw_card(figure: Figure, axes: Axes, bar_box: tuple[float, float, float, float], chip: Chip) -> None:
    geometry = chip_geometry(chip)
    image = draw_pixels(axes, geometry, column_du(chip))
    draw_outline(axes, geometry, width=1.1)
    scale_bar(axes, frame_plume(axes, geometry))
    bar = figure.colorbar(image, cax=figure.add_axes(bar_box))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, length=2, pad=1)
    bar.ax.locator_params(nbins=4)
    bar.ax.set_title("DU", fontsize=7, weight="normal", loc="left", pad=5)


def worked_row(inputs: ReportInputs) -> Mapping[str, Any] | None:
    """Row of the plume whose rate is worked out; None where no plume with an image has such a rate."""
    name = select_worked(inputs.plumes, {chip.plume_id for chip in _laid_out(inputs.chips)})
    return None if name is None else {"plume_id": name, **inputs.plumes.set_index("plume_id").loc[name].to_dict()}


def _laid_out(chips: Iterable[Chip]) -> list[Chip]:
    return [chip for chip in chips if _can_be_drawn(chip)]


def worked_figure(inputs: ReportInputs) -> Figure:
    """Draw the mass enhancement of the worked plume with ellipse, axis, centre line and wind."""
    row = worked_row(inputs)
    assert row is not None
    return worked(_chip_of(inputs, row), row)


def worked_data(inputs: ReportInputs) -> pd.DataFrame:
    """Pixels of the worked plume with their mass over the background."""
    row = worked_row(inputs)
    assert row is not None
    return pixel_table(_chip_of(inputs, row), float(row["background_mol_m2"]))


def _chip_of(inputs: ReportInputs, row: Mapping[str, Any]) -> Chip:
    return next(chip for chip in inputs.chips if chip.plume_id == row["plume_id"])
