"""The columns that this room takes from the plume table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.errors import TableError

Origin = Literal["max", "upwind"]
"""Stand-in for the place of emission: pixel of the largest column (FP 2.2) or upwind end of the mask."""


def require_columns(table: pd.DataFrame, columns: Iterable[str], name: str) -> None:
    """Raise `TableError` where a table that has rows lacks a column."""
    missing = [column for column in columns if column not in table.columns]
    if missing and len(table):
        raise TableError(
            f"the {name} table lacks columns",
            where=", ".join(missing),
            expected=", ".join(columns),
            found=", ".join(map(str, table.columns)),
        )


def origin_coordinates(plumes: pd.DataFrame, origin: Origin) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return longitude and latitude (degrees) of the plumes' origins; NaN where a plume has none."""
    if origin not in ("max", "upwind"):
        raise ValueError(f"origin is {origin!r}; it can be 'max' or 'upwind'")
    names = (f"{origin}_longitude", f"{origin}_latitude")
    require_columns(plumes, names, "plume")
    if plumes.empty:
        return np.empty(0), np.empty(0)
    return plumes[names[0]].to_numpy(dtype=float), plumes[names[1]].to_numpy(dtype=float)


def utc_days(time: pd.Series) -> NDArray[np.datetime64]:
    """Return the UTC day (datetime64[D]) of times with or without a time zone; a naive time is UTC."""
    return utc_times(time).dt.tz_localize(None).to_numpy().astype("datetime64[D]")


def utc_times(time: pd.Series) -> pd.Series:
    """Return times as UTC with a time zone; a naive time is UTC."""
    return pd.to_datetime(time, utc=True)
