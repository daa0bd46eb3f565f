"""Which places a swath sees: the share of usable pixels within 50 km, on a grid."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import EARTH_RADIUS_KM
from so2plumes.earth import wrap_longitude
from so2plumes.seen import RADIUS_KM, SHAPE, STEP_DEG, UNSEEN
from so2plumes.swath.model import Swath

_BIN_DEG = 0.1
_BINS = (1800, 3600)
_COVERED = 0.5


def seen_by_day(swath: Swath, usable: NDArray[np.bool_]) -> Iterator[tuple[np.datetime64, NDArray[np.int8]]]:
    """Yield the grid of every UTC day of a swath.

    Parameters
    ----------
    swath : Swath
    usable : (scanline, ground_pixel) bool
        Pixels that pass the filter.

    Yields
    ------
    day : datetime64[D]
    percent : (latitude, longitude) int8
        The grid of `so2plumes.seen`.
    """
    days = swath.time.astype("datetime64[D]")
    for day in np.unique(days[~np.isnat(days)]):
        rows = days == day
        pixels = swath.located[rows]
        lon, lat = swath["longitude"][rows][pixels], swath["latitude"][rows][pixels]
        yield day, seen_percent(lon, lat, usable[rows][pixels])


def seen_percent(longitude: NDArray, latitude: NDArray, usable: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return the share of usable pixels around every cell of the grid.

    Pixels are counted in bins of 0.1 degrees; a disc is the bins whose centre lies within 50 km, so its edge is good
    to half a bin. A cell is unseen where less than half of the area of its disc has pixels.

    Parameters
    ----------
    longitude, latitude : (n,)
        Pixel centres, degrees.
    usable : (n,) bool

    Returns
    -------
    (latitude, longitude) int8
        Per cent; -1 where the pixels do not cover half of the disc.
    """
    percent = np.full(SHAPE, UNSEEN, np.int8)
    if not len(latitude):
        return percent
    row = np.clip(np.floor((np.asarray(latitude, float) + 90.0) / _BIN_DEG), 0, _BINS[0] - 1).astype(np.int64)
    column = np.clip(np.floor((wrap_longitude(longitude) + 180.0) / _BIN_DEG), 0, _BINS[1] - 1).astype(np.int64)
    first, last = int(row.min()), int(row.max()) + 1
    bins = (row - first) * _BINS[1] + column
    n = (last - first) * _BINS[1]
    counts = np.stack([np.bincount(bins, minlength=n), np.bincount(bins[usable], minlength=n)])
    counts = counts.reshape(2, last - first, _BINS[1])
    layers = np.concatenate([counts, counts[:1] > 0]).astype(np.int32)
    running = np.zeros((3, last - first, _BINS[1] + 1), np.int32)
    np.cumsum(layers, axis=2, out=running[:, :, 1:])
    margin = np.degrees(RADIUS_KM / EARTH_RADIUS_KM)
    south = max(0, int((first * _BIN_DEG - margin) / STEP_DEG) - 1)
    north = min(SHAPE[0], int((last * _BIN_DEG + margin) / STEP_DEG) + 2)
    for cell_row in range(south, north):
        percent[cell_row] = _row_percent(cell_row, running, first, last)
    return percent


def _row_percent(cell_row: int, running: NDArray[np.int32], first: int, last: int) -> NDArray[np.int8]:
    """Sum discs of one row of cells: a run of bins in every row of bins that the discs meet."""
    centre = np.radians((cell_row + 0.5) * STEP_DEG - 90.0)
    reach = RADIUS_KM / EARTH_RADIUS_KM
    low = int((np.degrees(centre - reach) + 90.0) / _BIN_DEG) - 1
    high = int((np.degrees(centre + reach) + 90.0) / _BIN_DEG) + 2
    middle = (np.arange(SHAPE[1]) + 0.5) * STEP_DEG
    pixels, used, covered, whole = (np.zeros(SHAPE[1]) for _ in range(4))
    for bin_row in range(max(low, 0), min(high, _BINS[0])):
        latitude = np.radians((bin_row + 0.5) * _BIN_DEG - 90.0)
        cosine = (np.cos(reach) - np.sin(centre) * np.sin(latitude)) / (np.cos(centre) * np.cos(latitude))
        if cosine > 1.0:
            continue
        half = np.degrees(np.arccos(max(cosine, -1.0)))
        start = np.ceil((middle - half) / _BIN_DEG - 0.5).astype(np.int64)
        stop = np.floor((middle + half) / _BIN_DEG - 0.5).astype(np.int64) + 1
        stop = np.minimum(stop, start + _BINS[1])
        weight = np.cos(latitude)
        whole += weight * (stop - start)
        if first <= bin_row < last:
            sums = _around(running[:, bin_row - first], stop) - _around(running[:, bin_row - first], start)
            pixels += sums[0]
            used += sums[1]
            covered += weight * sums[2]
    seen = (pixels > 0) & (covered >= _COVERED * whole)
    share = np.divide(100.0 * used, pixels, out=np.zeros(SHAPE[1]), where=pixels > 0)
    return np.where(seen, np.floor(share), UNSEEN).astype(np.int8)


def _around(running: NDArray[np.int32], place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return running sums of a ring at any whole number: beyond it the next turn goes on."""
    turns, inside = np.divmod(place, _BINS[1])
    return running[:, inside] + turns * running[:, -1:].astype(np.int64)
