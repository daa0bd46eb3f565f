"""Figures and tables as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from so2plumes.figures import style
from so2plumes.figures.daily import daily_figure
from so2plumes.figures.distributions import histograms
from so2plumes.figures.inventory import edgar_figure
from so2plumes.figures.plume_maps import clusters_figure, eruption_map, plume_map
from so2plumes.files import atomic_path
from so2plumes.findings import summary as tables
from so2plumes.findings.inputs import ReportInputs
from so2plumes.table import lists_as_text

FIGURES: dict[str, Callable[[ReportInputs], Figure]] = {
    "map.png": plume_map,
    "daily_counts.png": daily_figure,
    "histograms.png": histograms,
    "clusters.png": clusters_figure,
    "eruptions.png": eruption_map,
    "edgar.png": edgar_figure,
}


def write_figures(inputs: ReportInputs, folder: str | Path) -> list[Path]:
    """Write the figures of a report as PNG; one without data says so.

    Returns
    -------
    list of Path
        ``map, daily_counts, histograms, clusters, eruptions, edgar``, always all of them.
    """
    absent = {
        "map.png": ("no plume was found", inputs.plumes.empty),
        "histograms.png": ("no plume was found", inputs.plumes.empty),
        "clusters.png": ("no clusters", inputs.clusters.empty),
        "eruptions.png": ("no eruptions to compare with", inputs.eruptions.empty),
        "edgar.png": ("no EDGAR file to compare with", inputs.edgar.empty),
    }
    paths = []
    for name, draw in FIGURES.items():
        words, nothing = absent.get(name, ("", False))
        paths.append(Path(folder) / name)
        style.write_png(_words(words) if nothing else draw(inputs), paths[-1], dpi=200)
    return paths


@style.styled
def _words(words: str) -> Figure:
    figure = style.new_figure(style.WIDE_IN, 1.2)
    figure.text(0.5, 0.5, words, ha="center", va="center", color=style.MUTED, fontsize=11)
    return figure


def write_tables(inputs: ReportInputs, folder: str | Path) -> list[Path]:
    """Write the tables of a report as CSV: numbers with six significant figures, lists separated by blanks.

    Returns
    -------
    list of Path
        ``yearly, daily_counts, clusters, eruptions, labels, coverage, quarantined``.
    """
    content = {
        "yearly.csv": tables.yearly(inputs),
        "daily_counts.csv": tables.daily_counts(inputs),
        "clusters.csv": inputs.clusters,
        "eruptions.csv": inputs.eruptions,
        "labels.csv": tables.label_shares(inputs),
        "coverage.csv": tables.coverage_by_month(inputs),
        "quarantined.csv": tables.quarantined(inputs),
    }
    paths = []
    for name, frame in content.items():
        paths.append(Path(folder) / name)
        with atomic_path(paths[-1]) as temporary:
            lists_as_text(frame).to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
    return paths
