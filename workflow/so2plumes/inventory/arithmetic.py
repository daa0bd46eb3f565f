"""The papers' flux figures done again: which area a rate was divided by (science: errors that are not copied)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from so2plumes.constants import PAPER_LIMIT_KG_H
from so2plumes.dictionary import shaped
from so2plumes.inventory.edgar import EdgarGrid
from so2plumes.inventory.grid import zone_area_m2
from so2plumes.inventory.gridding import flux_over_area

CONCLUSIONS_LIMIT_KG_H = 266.0
"""What FP-pre's conclusions call the detection limit."""
NADIR_PIXEL_M2 = 19.4e6
TOP_FLUX = 4.8e-9
PAPER_FLUX = 3.81e-9
_NORILSK_LATITUDE = 69.3


def cell_area_m2(latitude: float) -> float:
    """Return the area of the 0.1 degree cell centred on a latitude."""
    return float(zone_area_m2(latitude - 0.05, latitude + 0.05, 0.1))


def flux_arithmetic(limit_kg_h: float | None = None) -> pd.DataFrame:
    """List the rates and fluxes that the papers equate, each over the area that it belongs to.

    Parameters
    ----------
    limit_kg_h : float, optional
        First percentile of our rates.

    Returns
    -------
    DataFrame
        Table ``flux_arithmetic``.
    """
    equator, north = cell_area_m2(0.0), cell_area_m2(_NORILSK_LATITUDE)
    rows = [
        ("detection limit (FP-pre 3.4) over an equatorial cell", PAPER_LIMIT_KG_H, equator, PAPER_FLUX),
        ("detection limit (FP-pre 3.4) over a cell at 69.3 N", PAPER_LIMIT_KG_H, north, PAPER_FLUX),
        ("detection limit (FP-pre 3.4) over one nadir pixel", PAPER_LIMIT_KG_H, NADIR_PIXEL_M2, PAPER_FLUX),
        ("limit of FP-pre's conclusions over one nadir pixel", CONCLUSIONS_LIMIT_KG_H, NADIR_PIXEL_M2, PAPER_FLUX),
        ("limit of FP-pre's conclusions over an equatorial cell", CONCLUSIONS_LIMIT_KG_H, equator, PAPER_FLUX),
        ("rate of an equatorial cell at FP-pre's top 0.1 %", TOP_FLUX * equator * 3600.0, equator, TOP_FLUX),
    ]
    if limit_kg_h is not None:
        rows.append(("first percentile of these rates over an equatorial cell", limit_kg_h, equator, float("nan")))
    table = pd.DataFrame(rows, columns=["what", "emission_kg_h", "area_m2", "paper_flux_kg_m2_s"])
    table["flux_kg_m2_s"] = flux_over_area(table["emission_kg_h"], table["area_m2"])
    table["paper_by_ours"] = table["paper_flux_kg_m2_s"] / table["flux_kg_m2_s"]
    table.attrs = {"available": True}
    return shaped(table, "flux_arithmetic")


def share_above_rate(grid: EdgarGrid, emission_kg_h: float) -> tuple[float, float]:
    """Return the share of cells that emit more than a rate, and the share of the emission that is theirs.

    Every cell by its own area, not by that of one at the equator.
    """
    mass = grid.annual_flux_kg_m2_s().astype(float) * grid.cell_area_m2[:, None]
    above = 3600.0 * mass > emission_kg_h
    total = float(mass.sum())
    return float(np.mean(above)), float(mass[above].sum() / total) if total else float("nan")
