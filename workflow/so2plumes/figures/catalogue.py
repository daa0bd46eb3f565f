"""All figures of the campaign: those of Finch and Palmer in their order, then ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from so2plumes.figures import annual_maps, fluxes, gallery, labels, map_data, outflow, ratios, region, scene, sources
from so2plumes.figures.absent import (
    no_box,
    no_catalogue,
    no_cluster,
    no_day,
    no_edgar,
    no_eruption,
    no_label,
    no_outflow,
    no_plume,
    no_rows,
    nothing_without_enhancement,
)
from so2plumes.figures.daily import daily_data, daily_figure
from so2plumes.figures.distributions import histogram_data, histograms
from so2plumes.figures.inventory import top_map_figure
from so2plumes.figures.plume_maps import cluster_rates, clusters_figure, eruption_map
from so2plumes.findings.inputs import ReportInputs


@dataclass(frozen=True)
class PaperFigure:
    """One figure of the campaign.

    Attributes
    ----------
    name : str
        Of the files; begins with the paper's number where it is one of the paper's.
    paper : str
        The figure of FP-pre (the preprint has all of the published paper's, and more); empty for one of ours.
    title : str
        What it shows.
    draw : callable
        Draws it; only where `absent` gives no reason.
    data : callable
        What is drawn, as a table with units in the names of its columns.
    absent : callable
        Why it cannot be drawn; empty where it can.
    """

    name: str
    paper: str
    title: str
    draw: Callable[[ReportInputs], Figure]
    data: Callable[[ReportInputs], pd.DataFrame]
    absent: Callable[[ReportInputs], str]


FIGURES: tuple[PaperFigure, ...] = (
    PaperFigure(
        "fig02_gallery",
        "2",
        "Examples of plumes: the strongest by mass, then a sample",
        gallery.gallery_figure,
        gallery.gallery_data,
        lambda inputs: "" if gallery.gallery_chips(inputs) else "no image of a plume is at hand",
    ),
    PaperFigure(
        "fig03_worked_plume",
        "3",
        "Mass enhancement of one plume with ellipse, length and wind",
        gallery.worked_figure,
        gallery.worked_data,
        lambda inputs: "" if gallery.worked_row(inputs) else "no plume with an image has a rate by the paper's formula",
    ),
    PaperFigure(
        "fig04_map",
        "4",
        "Places of all plumes, year by year",
        annual_maps.location_figure,
        annual_maps.location_data,
        no_plume,
    ),
    PaperFigure(
        "fig05_daily_counts",
        "5, Table 1",
        "Plumes per day, and what lies behind the days that stand out",
        daily_figure,
        daily_data,
        no_day,
    ),
    PaperFigure(
        "fig06_region_panel",
        "6",
        "Plumes per day in the box of `analysis.panel_box`",
        region.region_figure,
        region.region_data,
        no_box,
    ),
    PaperFigure(
        "fig07_clusters",
        "7",
        "Centres of the clusters by number of plumes",
        clusters_figure,
        map_data.cluster_data,
        no_cluster,
    ),
    PaperFigure(
        "fig08_eruptions",
        "8",
        "Eruptions with and without a plume",
        eruption_map,
        map_data.eruption_data,
        no_eruption,
    ),
    PaperFigure(
        "fig09_long_plume",
        "9",
        "The scene around the longest plume",
        scene.scene_figure,
        scene.scene_data,
        lambda inputs: "" if scene.longest_chip(inputs) else "no plume with a length has an image",
    ),
    PaperFigure(
        "fig10_labels",
        "10",
        "Plumes by the label of the detection flag",
        labels.label_figure,
        labels.label_data,
        no_label,
    ),
    PaperFigure(
        "fig11_none_clusters",
        "11",
        "Plumes without enhancement and their clusters",
        labels.none_figure,
        labels.none_data,
        nothing_without_enhancement,
    ),
    PaperFigure(
        "fig12_distributions",
        "12",
        "Emission rate, length, ellipse fit and variation of the wind",
        histograms,
        histogram_data,
        no_plume,
    ),
    PaperFigure(
        "fig13_cumulative",
        "13",
        "Cumulative emission of the inventory by share of cells",
        fluxes.cumulative_figure,
        fluxes.cumulative_data,
        lambda inputs: no_rows(inputs, "edgar_curve", "no EDGAR file was given"),
    ),
    PaperFigure(
        "fig14_flux_histogram",
        "14",
        "Fluxes of the cells with plumes, by inventory and plumes",
        fluxes.flux_histograms,
        fluxes.flux_data,
        lambda inputs: (
            no_rows(inputs, "edgar_histogram", "no EDGAR file was given")
            or no_rows(inputs, "edgar_months", "no plume with a rate lies on a cell of the inventory")
        ),
    ),
    PaperFigure(
        "fig15_cells_without_plume",
        "15",
        "Largest cells of the inventory with and without a plume nearby",
        top_map_figure,
        fluxes.top_cell_data,
        no_edgar,
    ),
    PaperFigure(
        "figA1_outflow",
        "A1",
        "Plumes of major eruptions by days since the first",
        outflow.outflow_figure,
        outflow.outflow_data,
        no_outflow,
    ),
    PaperFigure(
        "catalogue_ratios",
        "",
        "Eruption masses and persistent rates of other catalogues beside ours",
        ratios.ratio_figure,
        ratios.ratio_data,
        no_catalogue,
    ),
    PaperFigure(
        "cluster_rates",
        "",
        "Rates of the largest clusters with the middle 68 % of their plumes",
        cluster_rates,
        map_data.cluster_rate_data,
        no_cluster,
    ),
    PaperFigure(
        "cluster_history",
        "",
        "Persistence of the largest clusters month by month",
        sources.history_figure,
        sources.history_data,
        lambda inputs: no_cluster(inputs) or no_rows(inputs, "cluster_history", "no table of clusters by month"),
    ),
    PaperFigure(
        "origins_shift",
        "",
        "Centres of maxima and of upwind ends, and their distance from the source",
        sources.shift_figure,
        sources.shift_data,
        lambda inputs: "" if len(sources.shift_data(inputs)) else "no cluster is found by both maxima and upwind ends",
    ),
)


def figure_named(name: str) -> PaperFigure:
    """Return a figure by its name.

    Raises
    ------
    KeyError
        No figure has this name.
    """
    return {figure.name: figure for figure in FIGURES}[name]
