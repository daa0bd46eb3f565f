"""Plumes beside the EDGAR inventory (FP-pre 3.5).

Three views: how unevenly the inventory is spread, what its greatest cells are and which of them have a
plume nearby, and plume fluxes on the inventory's own cells, month by month.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from so2plumes.inventory.edgar import EdgarGrid
from so2plumes.inventory.grid import zone_area_m2
from so2plumes.inventory.gridding import ORIGINS, Place, flux_over_area, grid_plumes
from so2plumes.sources.origins import origin_coordinates, utc_days
from so2plumes.sources.sphere import great_circle_km, nearest


@dataclass(frozen=True)
class CumulativeShare:
    """Share of the emission in the greatest cells.

    Attributes
    ----------
    cell_share, emission_share : array of float, shape (point,)
        Share of all cells, greatest flux first, and of the emission in them; both from 0 to 1, made for
        drawing.
    n_cells, n_emitting : int
        Cells of the grid, and those with any emission.
    top_1_percent, top_01_percent : float
        Share of the emission in 1 % and in 0.1 % of all cells (FP-pre: 0.85 and 0.50).
    total_kg_h : float
        Emission of all cells, kg/h.
    """

    cell_share: NDArray[np.float64]
    emission_share: NDArray[np.float64]
    n_cells: int
    n_emitting: int
    top_1_percent: float
    top_01_percent: float
    total_kg_h: float


@dataclass(frozen=True)
class EdgarComparison:
    """Plumes beside one year of EDGAR.

    Attributes
    ----------
    edgar_year : int
        Year of the inventory.
    plume_years : tuple of int
        Years with plumes; where they are not the inventory's, the output has to say so.
    threshold_flux_kg_m2_s : float
        Least flux of the top cells.
    n_top_cells, n_top_with_plume : int
        Top cells, and those with a plume within the radius.
    share_with_plume : float
        Their ratio (FP-pre: 0.094); NaN without top cells.
    top_cells : DataFrame
        ``longitude, latitude, flux_kg_m2_s, nearest_plume_km, has_plume``, greatest flux first.
    matched_cells : DataFrame
        `grid_plumes` with ``edgar_flux_kg_m2_s`` (of the same month where the inventory is monthly) and
        ``ratio``, plume flux by inventory flux, NaN where the inventory has none.
    median_ratio : float
        Median of the ratios; NaN without any.
    """

    edgar_year: int
    plume_years: tuple[int, ...]
    threshold_flux_kg_m2_s: float
    n_top_cells: int
    n_top_with_plume: int
    share_with_plume: float
    top_cells: pd.DataFrame
    matched_cells: pd.DataFrame
    median_ratio: float


def detection_limit_flux(emission_kg_h: ArrayLike, latitude: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Return a rate spread over the 0.1 degree cell centred on a latitude, kg m-2 s-1.

    524 kg/h, the detection limit of FP-pre, over a cell at the equator is 1.18e-9.
    """
    centre = np.asarray(latitude, dtype=float)
    return flux_over_area(emission_kg_h, zone_area_m2(centre - 0.05, centre + 0.05, 0.1))


def share_of_cells_below(grid: EdgarGrid, flux_kg_m2_s: float) -> float:
    """Return the share of all cells whose yearly flux is below a value (FP-pre: 99.8 % below its limit)."""
    return float(np.mean(grid.annual_flux_kg_m2_s() < flux_kg_m2_s))


def cumulative_share(grid: EdgarGrid, n_points: int = 400) -> CumulativeShare:
    """Return how much of the emission lies in how few cells.

    Parameters
    ----------
    grid : EdgarGrid
    n_points : int
        Points of the curve, denser towards the greatest cells.

    Returns
    -------
    CumulativeShare
    """
    flux = grid.annual_flux_kg_m2_s()
    rows, columns = np.nonzero(flux > 0)
    order = np.argsort(-flux[rows, columns])
    mass = flux[rows, columns][order].astype(float) * grid.cell_area_m2[rows[order]]
    total = np.concatenate([[0.0], np.cumsum(mass)])
    share = total / total[-1] if total[-1] > 0 else total

    def top(cell_share: ArrayLike) -> NDArray[np.float64]:
        count = np.rint(np.asarray(cell_share) * flux.size).astype(np.int64)
        return share[np.minimum(count, mass.size)]

    points = np.concatenate([[0.0], np.geomspace(1.0 / flux.size, 1.0, n_points - 1)])
    return CumulativeShare(
        points, top(points), flux.size, mass.size, float(top(0.01)), float(top(0.001)), 3600.0 * float(total[-1])
    )


def compare(
    plumes: pd.DataFrame,
    grid: EdgarGrid,
    top_share: float = 0.001,
    radius_km: float = 200.0,
    by: Place = "centre",
) -> EdgarComparison:
    """Compare plumes with a year of EDGAR (FP-pre 3.5).

    Parameters
    ----------
    plumes : DataFrame
        Plume table; every row counts as a plume nearby, those with a rate also for fluxes.
    grid : EdgarGrid
        The inventory, of the plumes' year or of the last one that it has.
    top_share : float
        Share of all cells, greatest yearly flux first, that are the top cells; ties with the least of them
        are too.
    radius_km : float
        Greatest great-circle distance of a plume from the centre of a cell that it is near.
    by : {'centre', 'upwind'}
        Origin of a plume.

    Returns
    -------
    EdgarComparison
    """
    lon, lat = origin_coordinates(plumes, ORIGINS[by])
    top = _top_cells(grid, top_share)
    distance = nearest(top["longitude"], top["latitude"], lon, lat).distance_km
    top = top.assign(nearest_plume_km=distance, has_plume=distance <= radius_km)
    matched = grid_plumes(plumes, grid, by)
    level = matched["month"].to_numpy() - 1 if grid.monthly else np.zeros(len(matched), dtype=np.int64)
    edgar = grid.flux_kg_m2_s[level, matched["row"].to_numpy(), matched["column"].to_numpy()].astype(float)
    ratio = np.divide(
        matched["plume_flux_kg_m2_s"].to_numpy(), edgar, out=np.full(edgar.shape, np.nan), where=edgar > 0
    )
    years = {int(day[:4]) for day in utc_days(plumes["time"]).astype(str)} if len(plumes) else set()
    n_with = int(top["has_plume"].sum())
    return EdgarComparison(
        edgar_year=grid.year,
        plume_years=tuple(sorted(years)),
        threshold_flux_kg_m2_s=float(top["flux_kg_m2_s"].min()) if len(top) else float("nan"),
        n_top_cells=len(top),
        n_top_with_plume=n_with,
        share_with_plume=n_with / len(top) if len(top) else float("nan"),
        top_cells=top,
        matched_cells=matched.assign(edgar_flux_kg_m2_s=edgar, ratio=ratio),
        median_ratio=float(np.nanmedian(ratio)) if np.isfinite(ratio).any() else float("nan"),
    )


def _top_cells(grid: EdgarGrid, top_share: float) -> pd.DataFrame:
    if not 0 < top_share <= 1:
        raise ValueError(f"top_share is {top_share}; it lies in 0..1")
    flux = grid.annual_flux_kg_m2_s()
    count = max(1, round(top_share * flux.size))
    threshold = np.partition(flux, flux.size - count, axis=None)[flux.size - count]
    row, column = np.nonzero((flux >= threshold) & (flux > 0))
    table = pd.DataFrame(
        {
            "longitude": grid.longitude[column],
            "latitude": grid.latitude[row],
            "flux_kg_m2_s": flux[row, column].astype(float),
        }
    )
    return table.sort_values("flux_kg_m2_s", ascending=False, kind="stable", ignore_index=True)


def emission_within(
    longitude: ArrayLike, latitude: ArrayLike, grid: EdgarGrid, radius_km: float = 50.0
) -> NDArray[np.float64]:
    """Return the inventory's emission around places: to compare sources rather than cells.

    Parameters
    ----------
    longitude, latitude : array_like, shape (n,)
        Places in degrees, as centres of clusters.
    grid : EdgarGrid
    radius_km : float
        A cell counts whole if its centre is not farther than this.

    Returns
    -------
    array of float, shape (n,)
        Yearly mean rate, kg h-1.
    """
    flux = grid.annual_flux_kg_m2_s()
    result = []
    for lon, lat in zip(np.atleast_1d(longitude), np.atleast_1d(latitude), strict=True):
        rows = np.flatnonzero(np.abs(grid.latitude - lat) <= radius_km / 111.0 + 0.1)
        distance = great_circle_km(grid.longitude, grid.latitude[rows, None], lon, lat)
        mass = flux[rows].astype(float) * grid.cell_area_m2[rows, None]
        result.append(3600.0 * mass[distance <= radius_km].sum())
    return np.array(result)
