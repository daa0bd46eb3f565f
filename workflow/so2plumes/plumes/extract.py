"""Cut the chips of a swath."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.plumes.chips import CORNER_FIELDS, PIXEL_FIELDS, Chip
from so2plumes.plumes.components import ComponentRule, Components, find_components
from so2plumes.plumes.edges import last_light_deg, plume_edges
from so2plumes.swath.filters import usable_pixels
from so2plumes.swath.geometry import pixel_areas_m2
from so2plumes.swath.model import Swath


@dataclass(frozen=True)
class ExtractionRule:
    """How plumes are cut out (FP 2.2).

    Attributes
    ----------
    components : ComponentRule
        What makes a plume.
    buffer : int
        Pixels added around the plume for its bounding box.
    chip_margin : int
        Pixels kept around the plume in its chip; wide enough for a background ring.
    min_qa, max_solar_zenith_deg
        The quality filter, see `usable_pixels`.
    """

    components: ComponentRule = ComponentRule()
    buffer: int = 3
    chip_margin: int = 16
    min_qa: float = 0.5
    max_solar_zenith_deg: float | None = None


def plume_name(orbit: int, time: np.datetime64, longitude: float, latitude: float) -> str:
    """Deterministic name of a plume: orbit, time and place of its largest column."""
    stamp = str(time.astype("datetime64[s]")).replace("-", "").replace(":", "")
    north = f"{'N' if latitude >= 0 else 'S'}{abs(latitude) * 100:04.0f}"
    east = f"{'E' if longitude >= 0 else 'W'}{abs(longitude) * 100:05.0f}"
    return f"S5P_{orbit:05d}_{stamp}_{north}{east}"


def _fields(swath: Swath, window: tuple[slice, slice]) -> dict[str, NDArray]:
    """Copy a window in the types of the chips file; the chip does not keep the swath alive."""
    types = {name: dtype for name, (dtype, _) in {**PIXEL_FIELDS, **CORNER_FIELDS}.items()}
    fields = {name: swath[name][window].astype(types[name]) for name in types if name in swath.fields}
    if swath.has_corners:
        fields["area_m2"] = pixel_areas_m2(fields["longitude_bounds"], fields["latitude_bounds"]).astype(np.float32)
    return fields


def _chip(
    swath: Swath,
    probability: NDArray,
    usable: NDArray[np.bool_],
    located: NDArray[np.bool_],
    components: Components,
    number: int,
    rule: ExtractionRule,
    light_deg: float,
    model_sha256: str,
) -> Chip:
    box = components.boxes[number]
    bbox = box.grow(rule.buffer, swath.shape)
    extent = box.grow(max(rule.chip_margin, rule.buffer), swath.shape)
    labels = components.labels[extent.slices]
    mask = labels == number + 1
    near = components.labels[box.grow(1, swath.shape).slices] == number + 1
    edges = plume_edges(swath, near, box, usable, located, light_deg)
    column = np.where(mask & usable[extent.slices], swath["vertical_column"][extent.slices], -np.inf)
    place = np.unravel_index(np.argmax(column), column.shape)
    row, pixel = extent.row_start + int(place[0]), extent.column_start + int(place[1])
    longitude, latitude = float(swath["longitude"][row, pixel]), float(swath["latitude"][row, pixel])
    fields = _fields(swath, extent.slices)
    fields["probability"] = np.nan_to_num(probability[extent.slices]).astype(np.float32)
    fields["usable"] = usable[extent.slices].astype(np.uint8)
    fields["mask"] = mask.astype(np.uint8)
    fields["other_plume"] = ((labels > 0) & ~mask).astype(np.uint8)
    scan0, pixel0 = int(swath.scanline[0]), int(swath.ground_pixel[0])
    return Chip(
        plume_id=plume_name(swath.orbit, swath.time[row], longitude, latitude),
        granule=swath.granule,
        processor_version=swath.processor_version,
        retrieval=swath.retrieval,
        model_sha256=model_sha256,
        orbit=swath.orbit,
        time=swath.time[row],
        scanline_start=scan0 + extent.row_start,
        scanline_stop=scan0 + extent.row_stop,
        ground_pixel_start=pixel0 + extent.column_start,
        ground_pixel_stop=pixel0 + extent.column_stop,
        bbox_scanline_start=scan0 + bbox.row_start,
        bbox_scanline_stop=scan0 + bbox.row_stop,
        bbox_ground_pixel_start=pixel0 + bbox.column_start,
        bbox_ground_pixel_stop=pixel0 + bbox.column_stop,
        max_scanline=scan0 + row,
        max_ground_pixel=pixel0 + pixel,
        touches_edge=edges.swath or edges.granule,
        edge_swath=edges.swath,
        edge_granule=edges.granule,
        edge_terminator=edges.terminator,
        fields=fields,
    )


def extract_plumes(
    swath: Swath, probability: NDArray[np.floating], rule: ExtractionRule, model_sha256: str = ""
) -> list[Chip]:
    """Cut a chip for every plume of a swath.

    Parameters
    ----------
    swath : Swath
    probability : (scanline, ground_pixel)
        Plume probability of the same granule.
    rule : ExtractionRule
    model_sha256 : str
        Digest of the weights that made the probabilities.

    Returns
    -------
    list of Chip
        In the order of their first scanline.
    """
    usable = usable_pixels(swath, rule.min_qa, rule.max_solar_zenith_deg)
    located = swath.located
    if swath.has_corners:
        located &= np.isfinite(swath["longitude_bounds"]).all(axis=-1)
    components = find_components(probability, usable, located, rule.components)
    light_deg = last_light_deg(swath, usable, rule.max_solar_zenith_deg)
    return [
        _chip(swath, probability, usable, located, components, number, rule, light_deg, model_sha256)
        for number in range(len(components.boxes))
    ]
