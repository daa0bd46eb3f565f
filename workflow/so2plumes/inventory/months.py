"""Plume rates on inventory cells month by month, by pixel overlap and by centre, beside the inventory (FP-pre 3.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.dictionary import empty, shaped
from so2plumes.inventory.edgar import EdgarGrid
from so2plumes.inventory.grid import cell_areas_m2
from so2plumes.inventory.gridding import flux_over_area
from so2plumes.inventory.overlap import N_COLUMNS, N_ROWS, STEP_DEG
from so2plumes.sources.origins import origin_coordinates, utc_days

METHODS = ("overlap", "centre")
HISTOGRAM_LOG10 = (-18.0, -3.0, 0.25)
"""First and last edge and width of the bins of log10(kg m-2 s-1)."""


def grid_latitude() -> NDArray[np.float64]:
    """Return the latitudes of the rows of the 0.1 degree grid."""
    return np.arange(N_ROWS, dtype=np.float64) * STEP_DEG + (STEP_DEG / 2 - 90.0)


def grid_longitude() -> NDArray[np.float64]:
    """Return the longitudes of the columns of the 0.1 degree grid."""
    return np.arange(N_COLUMNS, dtype=np.float64) * STEP_DEG + (STEP_DEG / 2 - 180.0)


def centre_cells(plumes: pd.DataFrame) -> pd.DataFrame:
    """Give every plume to the one cell of its maximum, as FP-pre does."""
    lon, lat = origin_coordinates(plumes, "max")
    there = np.isfinite(lon) & np.isfinite(lat)
    return pd.DataFrame(
        {
            "plume_id": plumes["plume_id"].to_numpy()[there] if len(plumes) else [],
            "row": np.clip(np.floor((lat[there] + 90.0) / STEP_DEG + 1e-9), 0, N_ROWS - 1).astype(np.int64),
            "column": np.floor((lon[there] + 180.0) / STEP_DEG + 1e-9).astype(np.int64) % N_COLUMNS,
            "share": 1.0,
        }
    )


def monthly_cells(plumes: pd.DataFrame, cells: pd.DataFrame, method: str) -> pd.DataFrame:
    """Sum plume rates by month and cell.

    Parameters
    ----------
    plumes : DataFrame
        Plume table; plumes without a rate are left out.
    cells : DataFrame
        ``plume_id, row, column, share``: table ``plume_cells`` or `centre_cells`.
    method : str
        Name of the gridding.

    Returns
    -------
    DataFrame
        ``method, year, month, row, column, longitude, latitude, n_plumes, n_days, emission_sum_kg_h`` (its sum over
        cells is that of the plumes), ``emission_kg_h`` (the mean of the cell's plumes), ``plume_flux_kg_m2_s`` (that
        over the cell: while a plume is seen) and ``plume_flux_month_kg_m2_s`` (days without a plume counted as 0).
    """
    if plumes.empty or cells.empty:
        return pd.DataFrame()
    place = pd.Index(plumes["plume_id"]).get_indexer(pd.Index(cells["plume_id"]))
    rates = plumes["emission_kg_h"].to_numpy(dtype=float)
    use = (place >= 0) & np.isfinite(rates[place])
    place, cell = place[use], (cells["row"].to_numpy() * N_COLUMNS + cells["column"].to_numpy())[use]
    days = utc_days(plumes["time"])
    month = days.astype("datetime64[M]").astype(np.int64)[place]
    if not len(place):
        return pd.DataFrame()
    key, day = month * (N_ROWS * N_COLUMNS) + cell, days.astype(np.int64)[place]
    order = np.lexsort((day, key))
    key, day, place = key[order], day[order], place[order]
    new = np.diff(key, prepend=key[0] - 1) != 0
    keys, group = key[new], np.cumsum(new) - 1
    another_day = new | (np.diff(day, prepend=day[0]) != 0)
    table = pd.DataFrame(
        {
            "month_number": keys // (N_ROWS * N_COLUMNS),
            "row": keys % (N_ROWS * N_COLUMNS) // N_COLUMNS,
            "column": keys % N_COLUMNS,
            "n_plumes": np.bincount(group),
            "n_days": np.bincount(group, weights=another_day).astype(np.int64),
            "emission_sum_kg_h": np.bincount(group, weights=rates[place] * cells["share"].to_numpy()[use][order]),
        }
    )
    table["emission_kg_h"] = table["emission_sum_kg_h"] / table["n_plumes"]
    area = cell_areas_m2(grid_latitude(), grid_longitude())[table["row"].to_numpy()]
    flux = flux_over_area(table["emission_kg_h"].to_numpy(), area)
    month = table["month_number"].to_numpy()
    length = (month + 1).astype("datetime64[M]").astype("datetime64[D]") - month.astype("datetime64[M]").astype(
        "datetime64[D]"
    )
    return table.assign(
        method=method,
        year=month // 12 + 1970,
        month=month % 12 + 1,
        longitude=grid_longitude()[table["column"]],
        latitude=grid_latitude()[table["row"]],
        plume_flux_kg_m2_s=flux,
        plume_flux_month_kg_m2_s=flux * table["n_days"].to_numpy() / length.astype(np.int64),
    ).drop(columns="month_number")


def edgar_months(
    plumes: pd.DataFrame, cells: pd.DataFrame | None, grid_of_year: Callable[[int], EdgarGrid]
) -> pd.DataFrame:
    """Set plumes on cells beside the inventory, every year beside its own or the last one that there is.

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    cells : DataFrame or None
        Table ``plume_cells``; without it plumes are gridded by centre alone.
    grid_of_year : callable
        Gives the inventory for a year of plumes.

    Returns
    -------
    DataFrame
        Table ``edgar_months``; ``attrs`` hold the used years, the share of the plumes' rate that is on cells, and by
        method the median fluxes and the median ratio (FP-pre: four orders of magnitude).
    """
    parts = [monthly_cells(plumes, centre_cells(plumes), "centre")]
    if cells is not None:
        parts.append(monthly_cells(plumes, cells, "overlap"))
    filled = [part for part in parts if len(part)]
    if not filled:
        return empty("edgar_months", available=True, used_years={})
    table = pd.concat(filled, ignore_index=True)
    flux, used = np.zeros(len(table)), {}
    for year in np.unique(table["year"]):
        grid = grid_of_year(int(year))
        rows = np.flatnonzero(table["year"] == year)
        flux[rows] = _inventory_flux(grid, table.iloc[rows])
        used[int(year)] = int(grid.year)
    table["edgar_flux_kg_m2_s"] = flux
    ours = table["plume_flux_kg_m2_s"].to_numpy()
    table["ratio"] = np.divide(ours, flux, out=np.full(len(flux), np.nan), where=flux > 0)
    table["edgar_year"] = table["year"].map(used)
    total = float(plumes["emission_kg_h"].sum())
    facts: dict[Any, Any] = {"available": True, "used_years": {str(key): value for key, value in used.items()}}
    for method in METHODS:
        part = table[table["method"] == method]
        if len(part):
            facts[f"{method}_share_of_rate"] = float(part["emission_sum_kg_h"].sum() / total) if total else None
            facts[f"{method}_median_plume_flux"] = float(part["plume_flux_kg_m2_s"].median())
            facts[f"{method}_median_edgar_flux"] = float(
                part.loc[part["edgar_flux_kg_m2_s"] > 0, "edgar_flux_kg_m2_s"].median()
            )
            facts[f"{method}_median_ratio"] = float(part["ratio"].median())
    table = table.drop(columns=["row", "column"])
    table.attrs = facts
    return shaped(table, "edgar_months")


def _inventory_flux(grid: EdgarGrid, cells: pd.DataFrame) -> NDArray[np.float64]:
    """Look the inventory up at the centres of cells; a coarser one gives the flux of its cell."""
    level = cells["month"].to_numpy() - 1 if grid.monthly else np.zeros(len(cells), dtype=np.int64)
    row, column = (
        np.abs(np.searchsorted((axis[1:] + axis[:-1]) / 2, cells[name].to_numpy()))
        for axis, name in ((grid.latitude, "latitude"), (grid.longitude, "longitude"))
    )
    return grid.flux_kg_m2_s[level, row, column].astype(float)


def flux_histogram(months: pd.DataFrame, grid: EdgarGrid) -> pd.DataFrame:
    """Count fluxes by order of magnitude: the inventory everywhere and at plumes, and the plumes (FP-pre Fig. 14).

    Parameters
    ----------
    months : DataFrame
        Table ``edgar_months``.
    grid : EdgarGrid
        For the counts of all cells of a year.

    Returns
    -------
    DataFrame
        Table ``edgar_histogram``: a row a bin of log10(kg m-2 s-1) and quantity. Fluxes of 0 and beyond the bins are
        not counted; ``attrs`` say how many there were.
    """
    first, last, width = HISTOGRAM_LOG10
    edges = np.arange(first, last + width / 2, width)
    quantities = {"edgar_all_cells": grid.annual_flux_kg_m2_s().ravel()}
    for method in METHODS:
        part = months[months["method"] == method]
        if len(part):
            quantities[f"edgar_{method}"] = part["edgar_flux_kg_m2_s"].to_numpy()
            quantities[f"plumes_{method}"] = part["plume_flux_kg_m2_s"].to_numpy()
            quantities[f"plumes_{method}_month"] = part["plume_flux_month_kg_m2_s"].to_numpy()
    parts, outside = [], {}
    for name, flux in quantities.items():
        positive = flux[flux > 0]
        counts, _ = np.histogram(np.log10(positive), bins=edges)
        outside[name] = int(flux.size - counts.sum())
        parts.append(
            pd.DataFrame({"quantity": name, "log10_low": edges[:-1], "log10_high": edges[1:], "n_cells": counts})
        )
    table = pd.concat(parts, ignore_index=True)
    table.attrs = {"available": True, "edgar_year": int(grid.year), "n_outside": outside}
    return shaped(table, "edgar_histogram")
