"""The geometry columns of a plume's row: outline, ellipses, length, centre line, ends and edges.

``ellipse_*`` and ``length_m`` are the paper's (an ellipse through the corners of the outline, FP-pre 2.3);
``moments_*`` describe the area that the outline encloses. All is computed in an equal-area plane around the plume.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.emissions.wind import MeanVector, upwind_end
from so2plumes.errors import GeometryError
from so2plumes.plumes.centreline import centre_line
from so2plumes.plumes.edges import invalid_rim
from so2plumes.plumes.ellipse import Ellipse, fit_ellipse, overlap, trimmed_length
from so2plumes.plumes.moments import moments_ellipse, solidity
from so2plumes.plumes.outline import Outline, line_to_geographic, outline_of
from so2plumes.swath.geometry import equal_area_metres, inverse_equal_area

if TYPE_CHECKING:
    from so2plumes.plumes.chips import Chip

NAN = float("nan")
_PARTS = ("longitude", "latitude", "major_m", "minor_m", "angle_deg")
_MEASURES = ("ellipse_fit", "length_m", "elongation", "solidity", "centre_line_length_m")
_ENDS = ("downwind_longitude", "downwind_latitude")


def geometry_columns(chip: Chip, wind: MeanVector, codes: list[str]) -> dict[str, Any]:
    """Geometry columns of one plume.

    Parameters
    ----------
    chip : Chip
    wind : MeanVector
        Gives the ends and the direction of the centre line.
    codes : list of str
        Reason codes are appended.

    Returns
    -------
    dict
        One value per geometry column of the data dictionary; what cannot be computed is not-a-number or None.
    """
    row: dict[str, Any] = dict.fromkeys((*_MEASURES, *_ENDS), NAN)
    for name in ("ellipse", "moments"):
        row |= _ellipse_columns(name, None, None)
    row |= {"outline_swath": "", "geometry": None, "centre_line": None, "crosses_antimeridian": False}
    row |= {
        "edge_swath": chip.edge_swath,
        "edge_granule": chip.edge_granule,
        "edge_terminator": chip.edge_terminator,
        "edge_invalid": invalid_rim(chip.mask, chip.usable),
    }
    try:
        outline = outline_of(chip)
    except GeometryError:
        codes.append("no_corners")
        return row
    return row | _shape(outline) | _paper(chip, outline, codes) | _along(chip, outline, wind)


def _ellipse_columns(name: str, outline: Outline | None, ellipse: Ellipse | None) -> dict[str, float]:
    """Columns of an ellipse, not-a-number without one."""
    if outline is None or ellipse is None:
        return {f"{name}_{part}": NAN for part in (*_PARTS, "iou")}
    longitude, latitude = inverse_equal_area(
        np.array(ellipse.x_m), np.array(ellipse.y_m), outline.longitude_0, outline.latitude_0
    )
    values = (float(longitude), float(latitude), ellipse.major_m, ellipse.minor_m, ellipse.angle_deg)
    columns = {f"{name}_{part}": value for part, value in zip(_PARTS, values, strict=True)}
    return {**columns, f"{name}_iou": overlap(outline.local, ellipse)}


def _shape(outline: Outline) -> dict[str, Any]:
    return {
        "outline_swath": outline.swath.wkt,
        "geometry": outline.geographic,
        "crosses_antimeridian": outline.crosses_antimeridian,
        "solidity": solidity(outline.local),
    }


def _paper(chip: Chip, outline: Outline, codes: list[str]) -> dict[str, float]:
    """Fit the paper's ellipse and measure the length along its main axis."""
    ellipse = fit_ellipse(outline.local)
    if ellipse is None:
        codes.append("no_ellipse")
        return {}
    if outline.swath.geom_type == "MultiPolygon" and _n_pieces(chip) > 1:
        codes.append("several_pieces")
    length = trimmed_length(outline.local, ellipse)
    if not length.on_plume:
        codes.append("axis_off_plume")
    return {
        **_ellipse_columns("ellipse", outline, ellipse),
        "ellipse_fit": float(outline.local.area / ellipse.area_m2) if ellipse.area_m2 > 0 else NAN,
        "length_m": length.length_m,
    }


def _n_pieces(chip: Chip) -> int:
    """8-connected pieces of a plume."""
    import cv2

    return int(cv2.connectedComponents(chip.mask.astype(np.uint8), connectivity=8)[0]) - 1


def _along(chip: Chip, outline: Outline, wind: MeanVector) -> dict[str, Any]:
    """Ellipse of the moments, centre line and downwind end."""
    ellipse = moments_ellipse(outline.local)
    if ellipse is None:
        return {}
    mask = chip.mask
    centre = (outline.longitude_0, outline.latitude_0)
    points = np.column_stack(equal_area_metres(chip["longitude"][mask], chip["latitude"][mask], *centre))
    weights = excess_mass(chip)
    line = centre_line(mask, points, weights, outline.local, ellipse)
    line = _from_source(
        line, wind, points[np.argmax(np.where(chip.usable[mask], chip["vertical_column"][mask], -np.inf))]
    )
    geographic = line_to_geographic(line, *centre)
    return {
        **_ellipse_columns("moments", outline, ellipse),
        **_downwind(points, wind, centre),
        "elongation": ellipse.major_m / ellipse.minor_m if ellipse.minor_m > 0.0 else NAN,
        "centre_line": geographic.geometry,
        "centre_line_length_m": geographic.length_m,
    }


def excess_mass(chip: Chip) -> NDArray[np.floating]:
    """Mass of the plume's pixels over the median of the chip outside all plumes, mol; 0 where negative or unusable.

    A weight only: the mass of the row takes the configured background.
    """
    mask, usable = chip.mask, chip.usable
    outside = usable & ~mask & ~chip["other_plume"].astype(bool)
    column = chip["vertical_column"].astype(float)
    level = float(np.median(column[outside])) if outside.any() else 0.0
    area = chip.get("area_m2")
    over = np.where(usable, column - level, 0.0)[mask] * (1.0 if area is None else area[mask].astype(float))
    return np.maximum(np.nan_to_num(over), 0.0)


def _from_source(line: NDArray[np.floating], wind: MeanVector, peak: NDArray[np.floating]) -> NDArray[np.floating]:
    """Turn a line so that it starts upwind, or without a wind at the end nearer to the largest column."""
    run = float((line[-1] - line[0]) @ (wind.mean_east_m_s, wind.mean_north_m_s))
    if not np.isfinite(run) or run == 0.0:
        run = float(np.hypot(*(line[-1] - peak)) - np.hypot(*(line[0] - peak)))
    return line if run >= 0.0 else line[::-1]


def _downwind(points: NDArray[np.floating], wind: MeanVector, centre: tuple[float, float]) -> dict[str, float]:
    """Mean of the 5 % of pixels farthest downwind: the upwind end of the opposite wind."""
    x, y = -points.T
    end = upwind_end(wind, x, y)
    if end is None:
        return {}
    longitude, latitude = inverse_equal_area(-np.array(end[0]), -np.array(end[1]), *centre)
    return {"downwind_longitude": float(longitude), "downwind_latitude": float(latitude)}
