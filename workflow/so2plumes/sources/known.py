"""Known sources of sulphur dioxide, and the one nearest to a place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from so2plumes.errors import TableError
from so2plumes.sources.sphere import nearest

SOURCE_TYPES = ("volcano", "smelter", "power", "oil_gas")
KNOWN_COLUMNS = ("name", "type", "longitude", "latitude", "country", "gvp_number", "reference")
UNKNOWN = "unknown"


def read_known_sources(path: str | Path) -> pd.DataFrame:
    """Read the list of known sources.

    Parameters
    ----------
    path : path
        CSV with the columns `KNOWN_COLUMNS` and, where known, ``elevation_m``; lines that start with ``#`` are
        comments.

    Returns
    -------
    DataFrame
        The columns of the file; `gvp_number` is a nullable integer, set for volcanoes alone, and ``elevation_m`` (of
        the summit, above the sea) is not-a-number where the file does not tell.

    Raises
    ------
    TableError
        A column is missing, a type is none of `SOURCE_TYPES`, a position is off the globe or a name comes
        twice.
    """
    table = pd.read_csv(path, comment="#", dtype={"gvp_number": "Int64"}, skipinitialspace=True)
    missing = [name for name in KNOWN_COLUMNS if name not in table.columns]
    if missing:
        raise TableError(
            "the list of known sources lacks columns",
            where=path,
            expected=", ".join(KNOWN_COLUMNS),
            found=", ".join(map(str, table.columns)),
        )
    if "elevation_m" not in table.columns:
        table["elevation_m"] = float("nan")
    table["elevation_m"] = table["elevation_m"].astype(float)
    on_globe = table["longitude"].between(-180, 180) & table["latitude"].between(-90, 90)
    for fault, rows in (
        (f"types are {', '.join(SOURCE_TYPES)}", ~table["type"].isin(SOURCE_TYPES)),
        ("positions lie in -180..180 east, -90..90 north", ~on_globe),
        ("names are there and differ", table["name"].isna() | table["name"].duplicated(keep=False)),
    ):
        if rows.any():
            raise TableError(
                "the list of known sources has rows that cannot be used",
                where=path,
                expected=fault,
                found="; ".join(",".join(map(str, row)) for row in table[rows].head(3).to_numpy()),
            )
    return table


def nearest_source(
    longitude: ArrayLike, latitude: ArrayLike, known: pd.DataFrame, max_distance_km: float = 100.0
) -> pd.DataFrame:
    """Return the known source nearest to each place.

    Parameters
    ----------
    longitude, latitude : array_like, shape (n,)
        Places in degrees.
    known : DataFrame
        From `read_known_sources`.
    max_distance_km : float
        A place farther than this from every source belongs to none of them.

    Returns
    -------
    DataFrame, n rows
        `nearest_source` and `source_type` ('unknown' beyond the distance) and `source_distance_km`, which
        is always that to the nearest source, NaN where there is none.
    """
    found = nearest(longitude, latitude, known["longitude"], known["latitude"])
    near = found.distance_km <= max_distance_km
    columns = {
        column: np.where(near, known[source].to_numpy(dtype=object)[found.index], UNKNOWN)
        if len(known)
        else np.full(near.shape, UNKNOWN, dtype=object)
        for column, source in (("nearest_source", "name"), ("source_type", "type"))
    }
    return pd.DataFrame(columns).astype("str").assign(source_distance_km=found.distance_km)
