"""The tables that the workflow keeps of the comparison with EDGAR."""

from __future__ import annotations

import pandas as pd

from so2plumes.constants import PAPER_LIMIT_KG_H
from so2plumes.dictionary import empty, shaped
from so2plumes.inventory.arithmetic import share_above_rate
from so2plumes.inventory.compare import (
    CumulativeShare,
    compare,
    cumulative_share,
    detection_limit_flux,
    share_of_cells_below,
)
from so2plumes.inventory.edgar import EdgarGrid


def first_percentile(plumes: pd.DataFrame) -> float | None:
    """Return the first percentile of the rates, kg/h, which FP-pre calls the detection limit; None without a rate."""
    rates = plumes["emission_kg_h"].dropna()
    return float(rates.quantile(0.01)) if len(rates) else None


def empty_product(year: int) -> pd.DataFrame:
    """Return the table of a campaign without an inventory."""
    return empty("edgar", available=False, year=year)


def curve_table(curve: CumulativeShare, year: int) -> pd.DataFrame:
    """Return the cumulative share of the emission by share of cells as a table (FP-pre Fig. 13)."""
    table = pd.DataFrame({"cell_share": curve.cell_share, "emission_share": curve.emission_share})
    table.attrs = {
        "available": True,
        "edgar_year": year,
        "n_cells": curve.n_cells,
        "n_emitting": curve.n_emitting,
        "total_emission_kg_h": curve.total_kg_h,
        "top1_percent_share": curve.top_1_percent,
        "top01_percent_share": curve.top_01_percent,
    }
    return shaped(table, "edgar_curve")


def edgar_product(
    plumes: pd.DataFrame, grid: EdgarGrid, year: int, top_share: float = 0.001, radius_km: float = 200.0
) -> pd.DataFrame:
    """Compare plumes with an inventory year (FP-pre 3.5).

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    grid : EdgarGrid
    year : int
        Year of the plumes; ``grid.year`` is earlier where the inventory ends before.
    top_share : float
        Share of cells that counts as the strongest.
    radius_km : float
        A cell has a plume when one lies within this distance.

    Returns
    -------
    DataFrame
        Table ``edgar``: the top cells (``is_top``) and the cells with plumes, month by month; summary and curve are
        in ``attrs``.
    """
    result = compare(plumes, grid, top_share, radius_km)
    grid = grid.yearly()
    curve = cumulative_share(grid)
    top = result.top_cells.rename(columns={"flux_kg_m2_s": "edgar_flux_kg_m2_s"}).assign(
        is_top=True, plume_flux_kg_m2_s=float("nan"), ratio=float("nan")
    )
    top["year"], top["month"] = pd.NA, pd.NA
    cells = result.matched_cells.assign(is_top=False, has_plume=True, nearest_plume_km=0.0)[list(top.columns)]
    integers = {"year": "Int64", "month": "Int64"}
    table = pd.concat([top.astype(integers), cells.astype(integers)], ignore_index=True) if len(cells) else top
    limit_kg_h = first_percentile(plumes)
    limit = None if limit_kg_h is None else float(detection_limit_flux(limit_kg_h))
    above = share_above_rate(grid, PAPER_LIMIT_KG_H)
    above_ours = (None, None) if limit_kg_h is None else share_above_rate(grid, limit_kg_h)
    table.attrs = {
        "available": True,
        "year": year,
        "used_year": int(result.edgar_year),
        "top_share": top_share,
        "radius_km": radius_km,
        "threshold_flux": float(result.threshold_flux_kg_m2_s),
        "n_top_cells": int(result.n_top_cells),
        "n_top_with_plume": int(result.n_top_with_plume),
        "share_top_with_plume": float(result.share_with_plume) if result.n_top_cells else None,
        "curve_cells": [float(value) for value in curve.cell_share],
        "curve_emission": [float(value) for value in curve.emission_share],
        "top1_percent_share": curve.top_1_percent,
        "top01_percent_share": curve.top_01_percent,
        "detection_limit_kg_h": limit_kg_h,
        "detection_limit_flux": limit,
        "share_cells_below_limit": None if limit is None else share_of_cells_below(grid, limit),
        "share_cells_above_limit": above_ours[0],
        "share_emission_above_limit": above_ours[1],
        "share_cells_above_paper_limit": above[0],
        "share_emission_above_paper_limit": above[1],
        "n_plumes_gridded": int(result.matched_cells["n_plumes"].sum()),
    }
    return shaped(table, "edgar")
