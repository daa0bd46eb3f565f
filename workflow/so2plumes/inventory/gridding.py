"""Plume rates on the cells of an inventory (FP-pre 3.5)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from so2plumes.inventory.edgar import EdgarGrid
from so2plumes.inventory.grid import locate
from so2plumes.sources.origins import Origin, origin_coordinates, require_columns, utc_days

Place = Literal["centre", "upwind"]
ORIGINS: dict[Place, Origin] = {"centre": "max", "upwind": "upwind"}
"""Which origin of a plume stands for its place."""

GRIDDED_DTYPES = {
    "year": "int64",
    "month": "int64",
    "row": "int64",
    "column": "int64",
    "longitude": "float64",
    "latitude": "float64",
    "n_plumes": "int64",
    "n_days": "int64",
    "emission_kg_h": "float64",
    "plume_flux_kg_m2_s": "float64",
    "plume_flux_month_kg_m2_s": "float64",
}
"""Columns of `grid_plumes`, in order."""


def flux_over_area(emission_kg_h: ArrayLike, area_m2: ArrayLike) -> NDArray[np.float64]:
    """Return a rate (kg h-1) spread over an area, kg m-2 s-1.

    FP-pre's detection limit of 3.81e-9 is 266 kg/h over one pixel of 19.4 km2.
    """
    return np.asarray(emission_kg_h, dtype=float) / 3600.0 / np.asarray(area_m2, dtype=float)


def grid_plumes(plumes: pd.DataFrame, grid: EdgarGrid, by: Place = "centre") -> pd.DataFrame:
    """Put plume rates on the inventory's cells, month by month (FP-pre 3.5).

    The whole rate of a plume goes to the one cell that holds its origin: the table of plumes has no pixels
    to spread it over. Plumes without a rate are left out.

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    grid : EdgarGrid
        Whose cells are used.
    by : {'centre', 'upwind'}
        Origin: the pixel of the largest column, as FP-pre, or the upwind end.

    Returns
    -------
    DataFrame
        Columns `GRIDDED_DTYPES`, one row a month and cell with a plume. `emission_kg_h` is the mean rate of
        the cell's plumes and `plume_flux_kg_m2_s` that rate over the cell: the flux while a plume is seen.
        `plume_flux_month_kg_m2_s` is the month's mean if each day with a plume emits like that and all
        others nothing.
    """
    if by not in ORIGINS:
        raise ValueError(f"by is {by!r}; it can be {' or '.join(ORIGINS)}")
    require_columns(plumes, ("time", "emission_kg_h"), "plume")
    lon, lat = origin_coordinates(plumes, ORIGINS[by])
    if not lon.size:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in GRIDDED_DTYPES.items()})
    cells = pd.DataFrame(
        {
            "day": utc_days(plumes["time"]),
            "row": locate(lat, grid.latitude, 90.0),
            "column": _locate_longitude(lon, grid.longitude),
            "emission_kg_h": plumes["emission_kg_h"].to_numpy(dtype=float),
        }
    )
    cells = cells[(cells["row"] >= 0) & (cells["column"] >= 0) & np.isfinite(cells["emission_kg_h"])]
    cells = cells.assign(year=cells["day"].dt.year, month=cells["day"].dt.month)
    table = cells.groupby(["year", "month", "row", "column"], as_index=False).agg(
        n_plumes=("day", "size"), n_days=("day", "nunique"), emission_kg_h=("emission_kg_h", "mean")
    )
    row, column = table["row"].to_numpy(), table["column"].to_numpy()
    flux = flux_over_area(table["emission_kg_h"].to_numpy(), grid.cell_area_m2[row])
    days_in_month = pd.to_datetime(table[["year", "month"]].assign(day=1)).dt.days_in_month.to_numpy()
    table = table.assign(
        longitude=grid.longitude[column],
        latitude=grid.latitude[row],
        plume_flux_kg_m2_s=flux,
        plume_flux_month_kg_m2_s=flux * table["n_days"].to_numpy() / days_in_month,
    )
    return table[list(GRIDDED_DTYPES)].astype(GRIDDED_DTYPES)


def _locate_longitude(longitude: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.int64]:
    """Look up cells of a ring: what lies beyond its last edge is beyond its first one."""
    west = centre[0] - (centre[1] - centre[0]) / 2
    return locate((longitude - west) % 360.0 + west, centre, np.inf)
