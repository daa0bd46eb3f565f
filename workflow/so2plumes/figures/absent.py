"""Why a figure cannot be drawn, in words; empty where it can."""

from __future__ import annotations

import pandas as pd

from so2plumes.figures.daily import day_table
from so2plumes.figures.labels import label_rows
from so2plumes.figures.outflow import outflow_data
from so2plumes.figures.region import region_days
from so2plumes.findings.inputs import ReportInputs


def no_plume(inputs: ReportInputs) -> str:
    """Say that there is no plume."""
    return "no plume was found in this period" if inputs.plumes.empty else ""


def no_rows(inputs: ReportInputs, name: str, words: str) -> str:
    """Say some words where a table of the dictionary has no row."""
    return words if inputs.table(name).empty else ""


def no_day(inputs: ReportInputs) -> str:
    """Say that no day was seen."""
    return "" if day_table(inputs)["seen"].any() else "no day of this period was seen"


def no_box(inputs: ReportInputs) -> str:
    """Say that the box was not seen."""
    days = region_days(inputs)
    if days.empty:
        return "no table of the plumes in a box"
    name = inputs.table("region_panel")["region"].iloc[0]
    return "" if days["seen"].any() else f"nothing was seen in the box {name} (analysis.panel_box)"


def no_cluster(inputs: ReportInputs) -> str:
    """Say that no place has enough plumes."""
    attrs = inputs.clusters.attrs
    if len(inputs.clusters):
        return ""
    if not attrs.get("available", True):
        return "no table of clusters was given"
    return f"no place has {attrs.get('min_samples', 20)} plumes within {attrs.get('eps_km', 50):g} km of each other"


def no_eruption(inputs: ReportInputs) -> str:
    """Say that there is no eruption to compare with."""
    if len(inputs.eruptions):
        return ""
    given = inputs.eruptions.attrs.get("available", True)
    return "the list holds no eruption in this period" if given else "no list of eruptions was given"


def no_label(inputs: ReportInputs) -> str:
    """Say that there are no labels."""
    return no_plume(inputs) or ("" if len(label_rows(inputs)) else "no table of labels was given")


def nothing_without_enhancement(inputs: ReportInputs) -> str:
    """Say that no plume is labelled as without enhancement."""
    if inputs.plumes.empty or (inputs.plumes["label"] == "none").any():
        return no_plume(inputs)
    return "no plume has the label of no enhancement"


def no_edgar(inputs: ReportInputs) -> str:
    """Say that there is no inventory."""
    top: pd.Series = inputs.edgar["is_top"].astype(bool)
    return "" if top.any() else "no EDGAR file was given"


def no_outflow(inputs: ReportInputs) -> str:
    """Say that no eruption has an outflow."""
    return no_eruption(inputs) or ("" if len(outflow_data(inputs)) else "no plume belongs to an eruption")


def no_catalogue(inputs: ReportInputs) -> str:
    """Say that there is no other catalogue."""
    given = len(inputs.table("catalogue_eruptions")) or len(inputs.table("catalogue_sources"))
    return "" if given else "no other catalogue was given, or it has no row in this period"
