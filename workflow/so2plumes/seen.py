"""Where the instrument looked: a grid a day, so that "no plume" and "not seen" differ.

A cell of 0.5 degrees holds, for the best swath of a UTC day, the percentage of usable pixels among the pixels within
50 km of its centre; -1 where the pixels of no swath cover half of that disc. A place is observable on a day with at
least 50 %. The nearest cell speaks for a place: its centre is at most 39 km away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
from numpy.typing import ArrayLike, NDArray

from so2plumes.constants import EARTH_RADIUS_KM
from so2plumes.earth import wrap_longitude
from so2plumes.errors import TableError
from so2plumes.files import atomic_path

STEP_DEG = 0.5
SHAPE = (360, 720)
UNSEEN = -1
RADIUS_KM = 50.0
OBSERVABLE_PERCENT = 50
_BLOCK_DAYS = 64


@dataclass(frozen=True)
class SeenGrid:
    """Percentage of usable pixels around every cell.

    Attributes
    ----------
    days : (day,) datetime64[D]
        UTC days, ascending.
    percent : (day, latitude, longitude) int8
        From south to north and from -180 east; `UNSEEN` where nothing was looked at.
    """

    days: NDArray[np.datetime64]
    percent: NDArray[np.int8]

    def joined(self, parts: Iterable[tuple[np.datetime64, NDArray[np.int8]]]) -> SeenGrid:
        """Return the grid with further swaths."""
        return join_days([*zip(self.days, self.percent, strict=True), *parts])


@dataclass(frozen=True)
class SeenPlaces:
    """What the grids say of some places.

    Attributes
    ----------
    days : (day,) datetime64[D]
        Every day of the period.
    percent : (day, place) int8
    area_km2 : (day,) float
        Area of the Earth that was observable; not-a-number where nobody asked for it.
    """

    days: NDArray[np.datetime64]
    percent: NDArray[np.int8]
    area_km2: NDArray[np.float64]

    @property
    def observable(self) -> NDArray[np.bool_]:
        """(day, place): at least half of the pixels around the place were usable."""
        return self.percent >= OBSERVABLE_PERCENT


def cell_of(longitude: ArrayLike, latitude: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row and column of the cells that hold positions (degrees)."""
    row = np.floor((np.asarray(latitude, float) + 90.0) / STEP_DEG).astype(np.int64)
    column = np.floor((wrap_longitude(longitude) + 180.0) / STEP_DEG).astype(np.int64)
    return np.clip(row, 0, SHAPE[0] - 1), np.clip(column, 0, SHAPE[1] - 1)


def join_days(parts: Iterable[tuple[np.datetime64, NDArray[np.int8]]]) -> SeenGrid:
    """Join grids of single swaths: the best swath of a day counts.

    Parameters
    ----------
    parts : iterable of (day, (latitude, longitude) int8)
    """
    best: dict[Any, NDArray[np.int8]] = {}
    for day, percent in parts:
        name = day.astype("datetime64[D]")
        best[name] = np.maximum(best[name], percent) if name in best else percent
    days = np.array(sorted(best), dtype="datetime64[D]")
    empty = np.empty((0, *SHAPE), np.int8)
    return SeenGrid(days, np.stack([best[day] for day in days]) if len(days) else empty)


def write_seen(grid: SeenGrid, path: str | Path) -> None:
    """Write a grid as NetCDF-4, a chunk a day, atomically; no day makes a valid file."""
    with atomic_path(path) as temporary, netCDF4.Dataset(temporary, "w") as dataset:
        dataset.setncatts({"Conventions": "CF-1.11", "title": "Where usable pixels were"})
        for name, size in (("day", len(grid.days)), ("latitude", SHAPE[0]), ("longitude", SHAPE[1])):
            dataset.createDimension(name, size)
        day = dataset.createVariable("day", "i4", ("day",))
        day.units = "days since 1970-01-01"
        day[:] = grid.days.astype("datetime64[D]").astype("int64")
        for name, size, unit in (("latitude", SHAPE[0], "degrees_north"), ("longitude", SHAPE[1], "degrees_east")):
            axis = dataset.createVariable(name, "f8", (name,))
            axis.units = unit
            axis[:] = (np.arange(size) + 0.5) * STEP_DEG - size * STEP_DEG / 2
        percent = dataset.createVariable(
            "percent", "i1", ("day", "latitude", "longitude"), zlib=True, complevel=4, chunksizes=(1, *SHAPE)
        )
        percent.setncatts(
            {"units": "percent", "long_name": f"usable pixels within {RADIUS_KM:g} km, best swath of the day; -1: none"}
        )
        percent.set_auto_maskandscale(False)
        percent[:] = grid.percent


def read_seen(path: str | Path) -> SeenGrid:
    """Read a whole grid.

    Raises
    ------
    TableError
        When the file is no such grid.
    """
    parts = list(_blocks(path))
    days = [day for day, _ in parts]
    return SeenGrid(
        np.concatenate(days) if days else np.empty(0, "datetime64[D]"),
        np.concatenate([percent for _, percent in parts]) if parts else np.empty((0, *SHAPE), np.int8),
    )


def _blocks(path: str | Path) -> Iterable[tuple[NDArray[np.datetime64], NDArray[np.int8]]]:
    try:
        with netCDF4.Dataset(path) as dataset:
            dataset.set_auto_maskandscale(False)
            days = np.asarray(dataset["day"][:]).astype("datetime64[D]")
            for start in range(0, len(days), _BLOCK_DAYS):
                block = slice(start, start + _BLOCK_DAYS)
                yield days[block], np.asarray(dataset["percent"][block])
    except (OSError, RuntimeError, IndexError, KeyError) as error:
        raise TableError(
            "the grid of observed places cannot be read",
            where=path,
            expected="a file written by `so2plumes extract-plumes` or `so2plumes collect-seen`",
            found=str(error),
            remedy="delete it and run the workflow again",
        ) from None


def seen_at(
    paths: Sequence[str | Path],
    longitude: ArrayLike,
    latitude: ArrayLike,
    start: object,
    end: object,
    area: bool = False,
) -> SeenPlaces:
    """Look places up in grids, one block of days in memory at a time.

    Parameters
    ----------
    paths : sequence of path
        Grids; where two hold the same day the better value counts.
    longitude, latitude : array_like, shape (place,)
    start, end : date-like
        First and last day, both included.
    area : bool
        Also sum up what was observable of the Earth.

    Returns
    -------
    SeenPlaces
        Days without a grid are unseen.
    """
    first, last = np.datetime64(str(start), "D"), np.datetime64(str(end), "D")
    days = np.arange(first, last + np.timedelta64(1, "D"))
    row, column = cell_of(np.atleast_1d(longitude), np.atleast_1d(latitude))
    percent = np.full((len(days), len(row)), UNSEEN, np.int8)
    area_km2 = np.zeros(len(days)) if area else np.full(len(days), np.nan)
    areas = cell_areas_km2()
    for path in paths:
        for block_days, block in _blocks(path):
            place = (block_days - first).astype(np.int64)
            inside = (place >= 0) & (place < len(days))
            at, values = place[inside], block[inside]
            percent[at] = np.maximum(percent[at], values[:, row, column])
            if area:
                area_km2[at] = np.maximum(area_km2[at], (values >= OBSERVABLE_PERCENT).sum(axis=2) @ areas)
    return SeenPlaces(days, percent, area_km2)


def cell_areas_km2() -> NDArray[np.float64]:
    """Return the area of a cell of each row, (latitude,) km2, on the sphere."""
    edges = np.sin(np.radians(np.arange(SHAPE[0] + 1) * STEP_DEG - 90.0))
    return EARTH_RADIUS_KM**2 * np.radians(STEP_DEG) * np.diff(edges)
