"""The part of a file that a box and some hours need, on ascending axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from so2plumes.weather.boxes import Box

EDGE_DEG = 1e-3
MAX_GAP = np.timedelta64(6, "h")
"""Hours farther apart than this are not interpolated between."""


def select(data: xr.Dataset, box: Box | None, hours: Sequence[np.datetime64] | None) -> xr.Dataset | None:
    """Sort all axes and keep the points at and just around a box and hours; None where there are none of them."""
    data = data.isel(time=np.argsort(data["time"].values, kind="stable"))
    data = data.isel(latitude=np.argsort(data["latitude"].values, kind="stable"))
    order, longitude = _around(data["longitude"].values.astype(float), box)
    latitude = data["latitude"].values.astype(float).round(6)
    rows, columns = slice(None), slice(None)
    if box is not None:
        found_rows, found_columns = _span(latitude, box.south, box.north), _span(longitude, box.west, box.east)
        if found_rows is None or found_columns is None:
            return None
        rows, columns = found_rows, found_columns
    pick = np.arange(data.sizes["time"]) if hours is None else _times(data["time"].values, hours)
    if pick.size == 0:
        return None
    data = data.isel(time=pick, latitude=rows, longitude=order[columns])
    return data.assign_coords(latitude=latitude[rows], longitude=longitude[columns])


def _around(longitude: np.ndarray, box: Box | None) -> tuple[np.ndarray, np.ndarray]:
    """Order of columns in which they ascend without a jump, and their longitudes, as a box counts them."""
    if box is None:
        wrapped = np.sort(longitude % 360.0)
        gaps = np.diff(wrapped, append=wrapped[0] + 360.0)
        whole = gaps.max() - gaps.min() < EDGE_DEG and gaps.max() < 90.0
        west = -180.0 if whole else wrapped[(int(np.argmax(gaps)) + 1) % wrapped.size]
        west = (west + 180.0) % 360.0 - 180.0
        turned = west + (longitude - west + EDGE_DEG) % 360.0 - EDGE_DEG
    else:
        centre = (box.west + box.east) / 2
        turned = centre + (longitude - centre + 180.0 + EDGE_DEG) % 360.0 - 180.0 - EDGE_DEG
    turned, order = np.unique(turned.round(6), return_index=True)
    return order, turned


def _span(axis: np.ndarray, low: float, high: float) -> slice | None:
    """Points in and just around an interval; None where none of the axis meets it."""
    step = float(np.diff(axis).max()) if axis.size > 1 else 0.0
    if axis[-1] < low - EDGE_DEG - step or axis[0] > high + EDGE_DEG + step:
        return None
    first = int(np.searchsorted(axis, low + EDGE_DEG, side="right")) - 1
    last = int(np.searchsorted(axis, high - EDGE_DEG, side="left"))
    return slice(max(first, 0), min(last, axis.size - 1) + 1)


def _times(times: np.ndarray, hours: Sequence[np.datetime64]) -> np.ndarray:
    """Return the indices of the times at, before and after each hour that lies between times of the file."""
    wanted = np.asarray(hours).astype(times.dtype)
    before = np.searchsorted(times, wanted, side="right") - 1
    after = np.searchsorted(times, wanted, side="left")
    good = [times[index.clip(0, times.size - 1)] - wanted for index in (before, after)]
    inside = [(index >= 0) & (index < times.size) for index in (before, after)]
    near = [(np.abs(gap) <= MAX_GAP) & ok for gap, ok in zip(good, inside, strict=True)]
    return np.unique(np.concatenate([before[near[0]], after[near[1]]]))
