"""Names of places on a coarse map, and plumes per day within a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from so2plumes.dictionary import shaped
from so2plumes.earth import wrap_longitude
from so2plumes.errors import TableError
from so2plumes.seen import SHAPE, STEP_DEG, SeenPlaces
from so2plumes.sources.origins import Origin, origin_coordinates, utc_days

REGION_COLUMNS = ("name", "west", "south", "east", "north")


@dataclass(frozen=True)
class Box:
    """A named box in degrees east and north; west > east crosses the antimeridian."""

    name: str
    west: float
    south: float
    east: float
    north: float

    def holds(self, longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.bool_]:
        """Return which positions lie inside, edges included."""
        lon, lat = wrap_longitude(longitude), np.asarray(latitude, dtype=float)
        if self.west <= self.east:
            between = (lon >= self.west) & (lon <= self.east)
        else:
            between = (lon >= self.west) | (lon <= self.east)
        return between & (lat >= self.south) & (lat <= self.north)

    def cells(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return longitudes and latitudes of the half-degree cells whose centre lies inside."""
        lon = (np.arange(SHAPE[1]) + 0.5) * STEP_DEG - 180.0
        lat = (np.arange(SHAPE[0]) + 0.5) * STEP_DEG - 90.0
        grid = np.meshgrid(lon, lat)
        inside = self.holds(*grid)
        return grid[0][inside], grid[1][inside]


def read_regions(path: str | Path) -> list[Box]:
    """Read named boxes; of boxes that overlap the first of the file counts.

    Raises
    ------
    TableError
        A column is missing.
    """
    table = pd.read_csv(path, comment="#", skipinitialspace=True)
    missing = [name for name in REGION_COLUMNS if name not in table.columns]
    if missing:
        raise TableError(
            "the list of regions lacks columns",
            where=path,
            expected=", ".join(REGION_COLUMNS),
            found=", ".join(map(str, table.columns)),
        )
    return [Box(str(row[0]), *map(float, row[1:])) for row in table[list(REGION_COLUMNS)].itertuples(index=False)]


def region_names(longitude: ArrayLike, latitude: ArrayLike, boxes: Sequence[Box]) -> NDArray[np.object_]:
    """Return the name of the first box that holds each position; empty for none."""
    lon, lat = np.atleast_1d(np.asarray(longitude, float)), np.atleast_1d(np.asarray(latitude, float))
    names = np.full(lon.shape, "", dtype=object)
    for box in reversed(boxes):
        names[box.holds(lon, lat)] = box.name
    return names


def region_panel(
    plumes: pd.DataFrame,
    box: Box,
    start: object,
    end: object,
    seen: SeenPlaces | None = None,
    origin: Origin = "max",
) -> pd.DataFrame:
    """Count the plumes of a box on every day (FP Fig. 6).

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    box : Box
    start, end : date-like
        Period, both days included.
    seen : SeenPlaces, optional
        What was seen of the cells of the box (`Box.cells`).
    origin : {'max', 'upwind'}
        Place of a plume.

    Returns
    -------
    DataFrame
        Table ``region_panel``: a row a day.
    """
    days = np.arange(np.datetime64(str(start), "D"), np.datetime64(str(end), "D") + np.timedelta64(1, "D"))
    lon, lat = origin_coordinates(plumes, origin)
    of_plume = utc_days(plumes["time"]) if len(plumes) else np.empty(0, "datetime64[D]")
    with np.errstate(invalid="ignore"):
        chosen = box.holds(lon, lat) & (of_plume >= days[0]) & (of_plume <= days[-1])
    place = (of_plume[chosen] - days[0]).astype(np.int64)
    rates = plumes["emission_kg_h"].to_numpy(dtype=float)[chosen] if len(plumes) else np.empty(0)
    groups = pd.Series(rates).groupby(place)
    rows = pd.RangeIndex(len(days))
    table = pd.DataFrame(
        {
            "region": box.name,
            "date": days.astype(str),
            "n_plumes": np.bincount(place, minlength=len(days)),
            "median_emission_kg_h": groups.median().reindex(rows).to_numpy(),
            "max_emission_kg_h": groups.max().reindex(rows).to_numpy(),
            "observable_share": np.nan if seen is None else seen.observable.mean(axis=1),
        }
    )
    facts: dict[Any, Any] = {"available": True, "origin": origin}
    table.attrs = facts | vars(box)
    return shaped(table, "region_panel")
