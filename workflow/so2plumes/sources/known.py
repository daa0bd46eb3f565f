"""Known sources of sulphur dioxide, and those near a place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from so2plumes.errors import ExternalDataError, TableError
from so2plumes.sources.gvp_tables import ERUPTION_LIST, VOLCANO_LIST, read_cells
from so2plumes.sources.sphere import nearest, neighbours_within

SOURCE_TYPES = ("volcano", "smelter", "power", "oil_gas")
KNOWN_COLUMNS = ("name", "type", "longitude", "latitude", "country", "gvp_number", "reference")
UNKNOWN = "unknown"
HOLOCENE = "GVP Holocene list"


def read_known_sources(path: str | Path, volcanoes: str | Path | None = None) -> pd.DataFrame:
    """Read the list of known sources.

    Parameters
    ----------
    path : path
        CSV with the columns `KNOWN_COLUMNS` and any others, such as ``elevation_m``; lines that start with ``#`` are
        comments.
    volcanoes : path, optional
        The GVP's Holocene volcano list (`read_volcanoes`); its volcanoes that the CSV does not have are added.

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
    return table if volcanoes is None else with_volcanoes(table, read_volcanoes(volcanoes))


def read_volcanoes(path: str | Path) -> pd.DataFrame:
    """Read the Holocene volcano list of the GVP: website CSV or XLSX, or GeoJSON of the web service.

    Returns
    -------
    DataFrame
        `KNOWN_COLUMNS` and ``elevation_m``; names that come twice are told apart by their number.

    Raises
    ------
    ExternalDataError
        The file is none of those.
    """
    header, rows = read_cells(Path(path), VOLCANO_LIST)
    places = {"".join(c for c in name.casefold() if c.isalnum()): i for i, name in reversed([*enumerate(header)])}

    needed = {"volcanonumber", "volcanoname"}
    axes = {"latitude", "latitudedecimal"} & places.keys() and {"longitude", "longitudedecimal"} & places.keys()
    if not (needed <= places.keys() and axes) or ERUPTION_LIST.marks & places.keys():
        raise ExternalDataError(
            "the GVP file is not a list of volcanoes",
            where=path,
            expected="Volcano Number, Volcano Name, Latitude, Longitude, and no dates of eruptions",
            found="columns " + ", ".join(header)[:400],
            remedy=VOLCANO_LIST.remedy,
        )

    def column(*names: str) -> pd.Series:
        index = next((places[name] for name in names if name in places), None)
        return pd.Series([row[index] if index is not None and index < len(row) else None for row in rows], dtype=object)

    table = pd.DataFrame(
        {
            "name": column("volcanoname").astype("str").str.strip(),
            "type": "volcano",
            "longitude": pd.to_numeric(column("longitude", "longitudedecimal"), errors="coerce").astype("float64"),
            "latitude": pd.to_numeric(column("latitude", "latitudedecimal"), errors="coerce").astype("float64"),
            "country": column("country").fillna("").astype("str"),
            "gvp_number": pd.to_numeric(column("volcanonumber"), errors="coerce").astype("Int64"),
            "reference": HOLOCENE,
            "elevation_m": pd.to_numeric(column("elevationm", "elevation"), errors="coerce").astype("float64"),
        }
    )
    table = table.dropna(subset=["gvp_number", "longitude", "latitude"]).drop_duplicates("gvp_number")
    twice = table["name"].duplicated(keep=False)
    table.loc[twice, "name"] += " (" + table.loc[twice, "gvp_number"].astype("str") + ")"
    return table.reset_index(drop=True)


def with_volcanoes(known: pd.DataFrame, volcanoes: pd.DataFrame) -> pd.DataFrame:
    """Add volcanoes that a list of known sources does not have, by their number; the list's own rows win."""
    new = volcanoes[~volcanoes["gvp_number"].isin(known["gvp_number"].dropna())].copy()
    taken = new["name"].isin(known["name"])
    new.loc[taken, "name"] += " (" + new.loc[taken, "gvp_number"].astype("str") + ")"
    columns = [name for name in new.columns if name in known.columns]
    return pd.concat([known, new[columns]], ignore_index=True)


def nearest_source(
    longitude: ArrayLike, latitude: ArrayLike, known: pd.DataFrame, max_distance_km: float = 100.0
) -> pd.DataFrame:
    """Return the known source nearest to each place.

    Parameters
    ----------
    longitude, latitude : array_like, shape (n,)
        Places in degrees.
    known : DataFrame
        From `read_known_sources`. Volcanoes of the Holocene list alone (most of them give off nothing) count only
        where no other source is within the distance.
    max_distance_km : float
        A place farther than this from every source belongs to none of them.

    Returns
    -------
    DataFrame, n rows
        `nearest_source` and `source_type` ('unknown' beyond the distance) and `source_distance_km`, which
        is always that to the nearest source, NaN where there is none.
    """
    chosen = known[~_holocene_only(known)]
    found = nearest(longitude, latitude, chosen["longitude"], chosen["latitude"])
    any_source = nearest(longitude, latitude, known["longitude"], known["latitude"])
    emitter = found.distance_km <= max_distance_km
    rows = np.where(emitter, chosen.index.to_numpy()[found.index] if len(chosen) else -1, any_source.index)
    distance = np.where(emitter, found.distance_km, any_source.distance_km)
    near = distance <= max_distance_km
    columns = {
        column: np.where(near, known[source].to_numpy(dtype=object)[rows], UNKNOWN)
        if len(known)
        else np.full(near.shape, UNKNOWN, dtype=object)
        for column, source in (("nearest_source", "name"), ("source_type", "type"))
    }
    return pd.DataFrame(columns).astype("str").assign(source_distance_km=distance)


def _holocene_only(known: pd.DataFrame) -> pd.Series:
    """Rows that are there only because a volcano list was added."""
    if "reference" not in known:
        return pd.Series(False, index=known.index)
    return known["reference"].eq(HOLOCENE)


def alternative_sources(
    longitude: ArrayLike, latitude: ArrayLike, known: pd.DataFrame, radius_km: float = 100.0, most: int = 5
) -> list[list[str]]:
    """Return the sources around each place but the nearest one, the closest first, as ``name (type, km)``.

    Parameters
    ----------
    longitude, latitude : array_like, shape (n,)
    known : DataFrame
    radius_km : float
    most : int
        Longest list.
    """
    chosen = nearest_source(longitude, latitude, known, radius_km)["nearest_source"].to_numpy()
    near = neighbours_within(longitude, latitude, known["longitude"], known["latitude"], radius_km)
    order = np.lexsort((near.second, near.distance_km, near.first))
    lists: list[list[str]] = [[] for _ in range(len(chosen))]
    names, types = known["name"].to_numpy(), known["type"].to_numpy()
    for i in order:
        place, source = near.first[i], near.second[i]
        if names[source] != chosen[place] and len(lists[place]) < most:
            lists[place].append(f"{names[source]} ({types[source]}, {near.distance_km[i]:.0f} km)")
    return lists
