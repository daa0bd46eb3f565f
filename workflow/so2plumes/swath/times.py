"""Sensing times in all forms in which the product stores them."""

from __future__ import annotations

import re
from pathlib import Path

import netCDF4
import numpy as np
from numpy.typing import NDArray

from so2plumes.errors import GranuleError
from so2plumes.swath.dataset import find_variable, read_values
from so2plumes.swath.names import GranuleName
from so2plumes.swath.product import load_product

_MILLISECONDS = {"milliseconds": 1, "millisecond": 1, "ms": 1, "seconds": 1000, "second": 1000, "s": 1000}
_SINCE = re.compile(r"since\s+(\d{4}-\d{2}-\d{2})[T ]?(\d{2}:\d{2}:\d{2})?")


def _variable(dataset: netCDF4.Dataset, key: str) -> netCDF4.Variable | None:
    return find_variable(dataset, load_product().time_paths[key])


def _since(units: str) -> np.datetime64 | None:
    match = _SINCE.search(units)
    if match is None:
        return None
    return np.datetime64(f"{match[1]}T{match[2] or '00:00:00'}", "ms")


def _reference(dataset: netCDF4.Dataset, delta_units: str) -> np.datetime64 | None:
    """Return the instant to which delta_time is added.

    ``milliseconds since DATE`` names it; plain ``milliseconds`` counts from the variable ``time``, which in turn
    counts seconds from 2010-01-01. Adding ``time`` in the first form would count it twice.
    """
    named = _since(delta_units)
    if named is not None:
        return named
    variable = _variable(dataset, "reference")
    if variable is None:
        return None
    seconds = np.ravel(read_values(variable))
    if not seconds.size or seconds[0] == load_product().time_fill:
        return None
    base = _since(str(getattr(variable, "units", ""))) or np.datetime64(load_product().time_epoch, "ms")
    return base + np.timedelta64(int(seconds[0]) * 1000, "ms")


def _from_delta(dataset: netCDF4.Dataset, rows: slice) -> NDArray[np.datetime64] | None:
    variable = _variable(dataset, "delta")
    if variable is None:
        return None
    units = str(getattr(variable, "units", "milliseconds"))
    step = _MILLISECONDS.get(units.split()[0].lower() if units.split() else "milliseconds")
    reference = _reference(dataset, units)
    if reference is None or step is None:
        return None
    raw = read_values(variable, (0, rows) if variable.ndim > 1 else rows)
    fill = load_product().time_fill
    good = (raw != fill) & (np.abs(raw.astype(np.float64)) < 1e30)
    if raw.ndim == 2:
        first = np.argmax(good, axis=1)
        pick = np.arange(len(raw))
        raw, good = raw[pick, first], good[pick, first]
    milliseconds = np.rint(np.where(good, raw, 0) * step).astype("int64")
    times = reference + milliseconds.astype("timedelta64[ms]")
    times[~good] = np.datetime64("NaT")
    return times if good.any() else None


def _parse_iso(texts: list[str]) -> NDArray[np.datetime64]:
    def one(text: str) -> np.datetime64:
        try:
            return np.datetime64(str(text).strip().rstrip("Z"), "ms")
        except ValueError:
            return np.datetime64("NaT", "ms")

    return np.array([one(text) for text in texts], dtype="datetime64[ms]")


def _from_utc(dataset: netCDF4.Dataset, rows: slice) -> NDArray[np.datetime64] | None:
    variable = _variable(dataset, "utc")
    if variable is None:
        return None
    times = _parse_iso(list(np.ravel(read_values(variable, (0, rows)))))
    return None if np.isnat(times).all() else times


def coverage_attributes(dataset: netCDF4.Dataset) -> tuple[np.datetime64, np.datetime64] | None:
    """Return the global attributes of first and last measurement, or None where absent or unreadable."""
    texts = [str(getattr(dataset, f"time_coverage_{end}", "")) for end in ("start", "end")]
    start, end = _parse_iso(texts)
    return None if np.isnat(start) or np.isnat(end) else (start, end)


def _fill_gaps(times: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    missing = np.isnat(times)
    if missing.any():
        index = np.arange(len(times))
        numbers = times.astype("int64")
        filled = np.interp(index, index[~missing], numbers[~missing])
        times = np.where(missing, filled.astype("int64").astype("datetime64[ms]"), times)
    return times


def scanline_times(dataset: netCDF4.Dataset, n_scanlines: int, path: Path) -> NDArray[np.datetime64]:
    """Time of every scanline.

    Tries ``delta_time`` (2-D or 3-D, both unit forms), then ``time_utc`` (which is empty in some files), then the
    global coverage attributes.

    Returns
    -------
    (scanline,) datetime64[ms], UTC
    """
    everything = slice(None)
    for source in (_from_delta, _from_utc):
        times = source(dataset, everything)
        if times is not None and len(times) == n_scanlines:
            return _fill_gaps(times)
    coverage = coverage_attributes(dataset)
    if coverage is None:
        raise GranuleError(
            "the file holds no usable time",
            reason="no_time",
            where=f"{path}: /PRODUCT/delta_time",
            expected="delta_time, time_utc or the attribute time_coverage_start",
            remedy="fetch the full granule",
        )
    start, end = (value.astype("int64") for value in coverage)
    return np.linspace(start, end, n_scanlines).astype("int64").astype("datetime64[ms]")


def sensing_interval(dataset: netCDF4.Dataset, path: Path) -> tuple[np.datetime64, np.datetime64]:
    """First and last measurement of an open file, without reading its columns."""
    first = _from_delta(dataset, slice(0, 1))
    last = _from_delta(dataset, slice(-1, None))
    if first is not None and last is not None:
        return first[0], last[-1]
    coverage = coverage_attributes(dataset)
    if coverage is not None:
        return coverage
    latitude = find_variable(dataset, load_product().variables["latitude"].paths)
    times = scanline_times(dataset, latitude.shape[-2] if latitude is not None else 1, path)
    return times[0], times[-1]


def check_times(first: np.datetime64, last: np.datetime64, name: GranuleName, path: Path) -> None:
    """Hold the times of a file against the orbit of its name.

    Raises
    ------
    GranuleError
        ``wrong_identity`` when they lie more than an hour outside of it.
    """
    start, stop = (np.datetime64(time.replace(tzinfo=None), "ms") for time in (name.start, name.stop))
    margin = np.timedelta64(1, "h")
    if not (start - margin <= first <= last <= stop + margin):
        raise GranuleError(
            "the times inside the file are not those of its name",
            reason="wrong_identity",
            where=f"{path}: /PRODUCT/delta_time",
            expected=f"{start} to {stop}",
            found=f"{first} to {last}",
            remedy="fetch the granule again; do not rename granules",
        )
