"""Figures as files: PNG, PDF and the data behind them as CSV."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from so2plumes.figures import style
from so2plumes.figures.catalogue import FIGURES, PaperFigure
from so2plumes.files import atomic_path
from so2plumes.findings.inputs import ReportInputs

log = logging.getLogger(__name__)

DPI = 300
SIMULATED = "Simulated archive: nothing here was measured"


def write_figures(
    inputs: ReportInputs, folder: str | Path, figures: Iterable[PaperFigure] = FIGURES, dpi: int = DPI
) -> list[Path]:
    """Write figures as ``<name>.png``, ``<name>.pdf`` and ``<name>.csv``, each atomically.

    A figure that cannot be drawn is a sheet that says why, and so is its CSV. Figures of a simulated archive say so.
    Equal inputs are equal bytes.

    Parameters
    ----------
    inputs : ReportInputs
    folder : path
    figures : iterable of PaperFigure
    dpi : int
        Of the PNG.

    Returns
    -------
    list of Path
        Three of each figure, always all of them.
    """
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    paths: list[Path] = []
    for figure in figures:
        why = figure.absent(inputs)
        if why:
            log.info("%s: %s", figure.name, why)
        drawn = style.sheet(why) if why else figure.draw(inputs)
        if inputs.is_simulated:
            style.write_below(drawn, SIMULATED)
        data = pd.DataFrame({"not_drawn": [why]}) if why else figure.data(inputs)
        contents = {
            "png": style.png_bytes(drawn, dpi),
            "pdf": style.pdf_bytes(drawn),
            "csv": data.to_csv(index=False, float_format="%.7g", lineterminator="\n").encode(),
        }
        for suffix, content in contents.items():
            paths.append(Path(folder) / f"{figure.name}.{suffix}")
            with atomic_path(paths[-1]) as temporary:
                temporary.write_bytes(content)
    return paths
