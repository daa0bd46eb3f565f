"""Join normalised ERA5 data sets, and check that they cover what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from so2plumes.errors import ExternalDataError
from so2plumes.weather.boxes import Box
from so2plumes.weather.select import EDGE_DEG, MAX_GAP


def merge_parts(parts: Sequence[xr.Dataset], where: str | Path) -> xr.Dataset | None:
    """Join normalised data sets on the same grid: other variables, hours, levels or neighbouring boxes.

    Raises
    ------
    ExternalDataError
        The grids differ, in their points or in their steps.
    """
    if not parts:
        return None
    merged = parts[0]
    for part in parts[1:]:
        _check_same_grid(merged, part, where)
        kinds = {merged.attrs["expver"], part.attrs["expver"]} - {""}
        merged = merged.combine_first(part)
        merged.attrs["expver"] = "+".join(sorted({kind for text in kinds for kind in text.split("+")}))
    if "level_hpa" in merged.dims:
        merged = merged.sortby("level_hpa", ascending=False)
    return merged


REMEDY = "add the files that are missing, or set era5.path: download"


def check_covers(data: xr.Dataset | None, box: Box, hours: Sequence[np.datetime64], where: str | Path) -> xr.Dataset:
    """Return the data set if it has the box and the hours.

    Raises
    ------
    ExternalDataError
        Says what is missing.
    """
    if data is None:
        raise ExternalDataError(
            "no ERA5 file has this place and time", where=where, expected=_words(box, hours), remedy=REMEDY
        )
    span = [float(data[name][place]) for name in ("latitude", "longitude") for place in (0, -1)]
    step = 360.0 / max(data.sizes["longitude"], 1)
    whole = span[3] - span[2] + step > 360.0 - EDGE_DEG
    fits = (
        span[0] <= max(box.south, _row_deg(data) - 90.0) + EDGE_DEG
        and span[1] >= min(box.north, 90.0 - _row_deg(data)) - EDGE_DEG
        and (whole or (span[2] <= box.west + EDGE_DEG and span[3] >= box.east - EDGE_DEG))
    )
    times = data["time"].values
    if not fits or not all(_bracketed(times, hour) for hour in hours):
        raise ExternalDataError(
            "the ERA5 files do not cover a plume",
            where=where,
            expected=_words(box, hours),
            found=f"{span[0]:g}..{span[1]:g} N, {span[2]:g}..{span[3]:g} E, {times[0]} to {times[-1]} UTC",
            remedy=REMEDY,
        )
    return data


def check_values(data: xr.Dataset, box: Box, hours: Sequence[np.datetime64], where: str | Path) -> None:
    """Check that every variable has values in the whole box around the hours.

    Joined files share their axes, so the axes do not tell whether one variable ends before the others.

    Raises
    ------
    ExternalDataError
        Names the variable and says where it has values.
    """
    times = data["time"].values
    before = np.searchsorted(times, np.asarray(hours, times.dtype), side="right") - 1
    after = np.searchsorted(times, np.asarray(hours, times.dtype), side="left")
    near = data.isel(time=np.unique(np.concatenate([before, after])))
    for name in sorted(map(str, near.data_vars)):
        good = near[name].notnull()
        if not bool(good.all()):
            raise ExternalDataError(
                "the ERA5 files do not cover a plume",
                where=where,
                expected=f"{name} in {_words(box, hours)}",
                found=_where_true(good, name),
                remedy=REMEDY,
            )


def _where_true(good: xr.DataArray, name: str) -> str:
    """Say in which range of each axis there are values at all."""
    ranges = []
    for axis in map(str, good.dims):
        there = good[axis].values[good.any([other for other in good.dims if other != axis]).values]
        if there.size == 0:
            return f"{name} has no values there"
        ranges.append(f"{axis} {there.min()} to {there.max()}")
    return f"{name} with gaps, or only at {', '.join(ranges)}"


def _row_deg(data: xr.Dataset) -> float:
    return float(np.diff(data["latitude"].values).max()) if data.sizes["latitude"] > 1 else 0.0


def _bracketed(times: np.ndarray, hour: np.datetime64) -> bool:
    before, after = times[times <= hour], times[times >= hour]
    return bool(before.size and after.size and after[0] - before[-1] <= MAX_GAP)


def _words(box: Box, hours: Sequence[np.datetime64]) -> str:
    return f"{box.south:g}..{box.north:g} N, {box.west:g}..{box.east:g} E, {hours[0]} to {hours[-1]} UTC"


def _check_same_grid(one: xr.Dataset, other: xr.Dataset, where: str | Path) -> None:
    for axis in ("latitude", "longitude"):
        both = np.union1d(one[axis].values, other[axis].values)
        steps = [np.diff(values.values).min() for values in (one[axis], other[axis]) if values.size > 1]
        unlike = len(steps) == 2 and abs(steps[0] - steps[1]) > EDGE_DEG
        if unlike or (both.size > 1 and steps and np.diff(both).min() < min(steps) - EDGE_DEG):
            raise ExternalDataError(
                "ERA5 files of one place lie on different grids",
                where=where,
                expected=f"the same {axis}s",
                found=f"steps of {' and '.join(f'{step:g}' for step in steps)} degrees",
                remedy="keep files of one grid in the folder",
            )
