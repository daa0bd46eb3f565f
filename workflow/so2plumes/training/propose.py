"""Propose labels: masks of a detector with a picture for each granule, for a person to confirm or to drop."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.detector import Detector
from so2plumes.detect.normalise import standardised
from so2plumes.errors import GranuleError
from so2plumes.files import atomic_path
from so2plumes.plumes.components import Box
from so2plumes.plumes.extract import ExtractionRule, extract_plumes
from so2plumes.plumes.outline import Outline, outline_of
from so2plumes.swath.filters import usable_pixels
from so2plumes.swath.level2 import read_level2
from so2plumes.swath.model import Swath
from so2plumes.training.label_rules import COLUMNS

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

_SURROUNDINGS_PIXELS = 48
_TICKS_SIGMA = (-3, -1, 0, 1, 3, 10, 30, 100)
_LOWEST_SIGMA, _HIGHEST_SIGMA = -4.0, 100.0
_PIXEL_ASPECT = 1.5


@dataclass(frozen=True)
class Proposal:
    """Plumes that a detector found in a granule.

    Attributes
    ----------
    swath : Swath
    usable : (scanline, ground_pixel) bool
    z : (scanline, ground_pixel) float32
        Column above the local background in units of the local noise; 0 where not usable.
    outlines : tuple of Outline
        One per plume, in the order of their first scanline.
    method : str
        Identity of the detector.
    """

    swath: Swath
    usable: NDArray[np.bool_]
    z: NDArray[np.float32]
    outlines: tuple[Outline, ...]
    method: str


def propose(swath: Swath, detector: Detector) -> Proposal:
    """Find the plumes of a granule by the usual rule for connected pixels.

    Parameters
    ----------
    swath : Swath
    detector : Detector

    Returns
    -------
    Proposal
    """
    usable = usable_pixels(swath)
    column = swath["vertical_column"]
    chips = extract_plumes(swath, detector.probability(column, usable), ExtractionRule())
    outlines = tuple(outline_of(chip) for chip in chips)
    return Proposal(swath, usable, standardised(column, usable), outlines, detector.identity)


def proposed_labels(proposals: Iterable[Proposal]) -> gpd.GeoDataFrame:
    """Lay proposals out as a table of labels whose ``author`` and ``date`` are empty.

    Such a table can be written, but `read_labels` refuses it until a person has set both.
    """
    import geopandas as gpd

    rows = [
        {
            "granule": proposal.swath.granule,
            "label": "plume",
            "source": "reviewed",
            "method": proposal.method,
            "author": "",
            "date": "",
            "version": 1,
            "complete": False,
            "geometry": outline.geographic,
        }
        for proposal in proposals
        for outline in proposal.outlines
    ]
    return gpd.GeoDataFrame(rows, columns=list(COLUMNS), geometry="geometry", crs="EPSG:4326")


def _shown(proposal: Proposal) -> Box:
    """All plumes with their surroundings, as array indices; the whole granule without any."""
    rows, columns = proposal.swath.shape
    if not proposal.outlines:
        return Box(0, rows, 0, columns)
    bounds = np.array([outline.swath.bounds for outline in proposal.outlines])
    left, top = bounds[:, :2].min(axis=0) - (proposal.swath.ground_pixel[0], proposal.swath.scanline[0])
    right, bottom = bounds[:, 2:].max(axis=0) - (proposal.swath.ground_pixel[0], proposal.swath.scanline[0])
    return Box(int(top), int(bottom), int(left), int(right)).grow(_SURROUNDINGS_PIXELS, (rows, columns))


def _draw_outlines(axes: Axes, outlines: Sequence[Outline]) -> None:
    import shapely

    for number, outline in enumerate(outlines, 1):
        for part in shapely.get_parts(outline.swath):
            for ring in (part.exterior, *part.interiors):
                axes.plot(*np.asarray(ring.coords).T, color="#e3171b", linewidth=0.9)
        right, top = outline.swath.bounds[2:]
        axes.annotate(str(number), (right, top), color="#e3171b", fontsize=9, fontweight="bold")


def draw(proposal: Proposal) -> Figure:
    """Draw the plumes of a proposal: ``z`` alone, and with numbered outlines.

    Axes count ground pixels and scanlines of the full orbit; unusable pixels are grey.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    box, swath = _shown(proposal), proposal.swath
    z = np.where(proposal.usable, np.arcsinh(proposal.z), np.nan)[box.slices]
    scan, pixel = int(swath.scanline[0]), int(swath.ground_pixel[0])
    extent = (pixel + box.column_start, pixel + box.column_stop, scan + box.row_start, scan + box.row_stop)
    figure = Figure(figsize=(11.0, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    panels: list[Axes] = list(figure.subplots(1, 2, sharex=True, sharey=True))
    for axes in panels:
        axes.set_facecolor("#c9ced2")
        image = axes.imshow(
            z,
            extent=extent,
            origin="lower",
            aspect=_PIXEL_ASPECT,
            interpolation="nearest",
            cmap="viridis",
            vmin=np.arcsinh(_LOWEST_SIGMA),
            vmax=np.arcsinh(_HIGHEST_SIGMA),
        )
        axes.set_xlabel("ground pixel")
    panels[0].set_ylabel("scanline")
    _draw_outlines(panels[1], proposal.outlines)
    bar = figure.colorbar(image, ax=panels, ticks=np.arcsinh(_TICKS_SIGMA), shrink=0.8)
    bar.set_ticklabels([str(tick) for tick in _TICKS_SIGMA])
    bar.set_label("column above background, standard deviations of the local noise")
    share = float(proposal.usable[box.slices].mean())
    facts = f"{str(swath.time[0])[:16]} UTC, {len(proposal.outlines)} proposed, {share:.0%} of the pixels usable"
    figure.suptitle(f"{swath.granule}\n{facts}", fontsize=9)
    return figure


def write_picture(proposal: Proposal, folder: str | Path) -> Path:
    """Write the picture of a proposal as ``<granule>.png``, atomically."""
    path = Path(folder) / f"{proposal.swath.granule}.png"
    with atomic_path(path) as temporary:
        draw(proposal).savefig(temporary, format="png", dpi=100)
    return path


def propose_all(paths: Iterable[Path], detector: Detector, pictures: str | Path) -> gpd.GeoDataFrame:
    """Propose labels for many granules and draw those in which something was found.

    Parameters
    ----------
    paths : iterable of path
        Level-2 granules; unreadable ones are logged and left out.
    detector : Detector
    pictures : path
        Folder for one PNG per granule.

    Returns
    -------
    GeoDataFrame
        See `proposed_labels`.
    """
    tables: list[Any] = []
    for path in paths:
        try:
            proposal = propose(read_level2(path), detector)
        except GranuleError as error:
            log.warning("%s: left out: %s", path.name, error.problem)
            continue
        if proposal.outlines:
            log.info("%s: %d proposed", write_picture(proposal, pictures), len(proposal.outlines))
            tables.append(proposed_labels([proposal]))
    return _joined(tables)


def _joined(tables: Sequence[Any]) -> gpd.GeoDataFrame:
    import pandas as pd

    return pd.concat(tables, ignore_index=True) if tables else proposed_labels([])
