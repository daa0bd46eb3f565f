"""Read ERA5 files in any of their NetCDF layouts into one.

The normalised data set has the axes ``time`` (datetime64, ascending), ``level_hpa`` (from the ground up, so
descending), ``latitude`` (ascending) and ``longitude`` (ascending without a jump: beyond 180 where it crosses the
antimeridian), and those of these variables that the file has, as float64:

=========================  ===================================  =========================================
``u_m_s``, ``v_m_s``       (time, level, latitude, longitude)   wind at pressure levels, east and north
``height_m``               same                                 geopotential / 9.80665: height above sea level
``u10_m_s``, ``v10_m_s``   (time, latitude, longitude)          wind at 10 m
``blh_m``                  same                                 height of the boundary layer above ground
``surface_pressure_pa``    same                                 pressure at the ground
=========================  ===================================  =========================================

The attribute ``expver`` says whether values are final (``1``), preliminary (``5``, ERA5T), both or unstated.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from so2plumes.errors import ExternalDataError
from so2plumes.weather.boxes import Box
from so2plumes.weather.cover import merge_parts
from so2plumes.weather.files import opened
from so2plumes.weather.select import select

STANDARD_GRAVITY_M_S2 = 9.80665
AXES = {
    "time": ("valid_time", "time"),
    "level_hpa": ("pressure_level", "level", "isobaricInhPa", "plev"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon"),
}
SPEED = {"m s**-1": 1.0, "m s-1": 1.0, "m/s": 1.0}
VARIABLES: dict[str, tuple[tuple[str, ...], dict[str, float], bool]] = {
    "u_m_s": (("u",), SPEED, True),
    "v_m_s": (("v",), SPEED, True),
    "height_m": (
        ("z",),
        {"m**2 s**-2": 1 / STANDARD_GRAVITY_M_S2, "m2 s-2": 1 / STANDARD_GRAVITY_M_S2, "m": 1.0, "gpm": 1.0},
        True,
    ),
    "u10_m_s": (("u10", "10u"), SPEED, False),
    "v10_m_s": (("v10", "10v"), SPEED, False),
    "blh_m": (("blh",), {"m": 1.0}, False),
    "surface_pressure_pa": (("sp",), {"Pa": 1.0, "hPa": 100.0}, False),
}
"""Names in files, factors of their units, and whether it lies on pressure levels."""
LEVEL_UNITS = {"hPa": 1.0, "millibars": 1.0, "millibar": 1.0, "mbar": 1.0, "Pa": 0.01}


class UnusedFileError(ExternalDataError):
    """An ERA5 file has no variable that is used here, such as a land-sea mask."""


def read_era5(
    path: str | Path, box: Box | None = None, hours: Sequence[np.datetime64] | None = None
) -> xr.Dataset | None:
    """Read a NetCDF file, or the ones of a zip, into the normalised layout.

    Parameters
    ----------
    path : path
    box : Box, optional
        Only the grid points in and just around it.
    hours : sequence of datetime64, optional
        Only the hours at, before and after these.

    Returns
    -------
    xarray.Dataset or None
        None where the file has nothing of the box or the hours.

    Raises
    ------
    UnusedFileError
        It has none of the variables above.
    ExternalDataError
        Names the file and what is wrong with it.
    """
    with opened(Path(path)) as parts:
        read = [_normalised(part, Path(path), box, hours) for part in parts]
    return merge_parts([part for part in read if part is not None], path)


def _normalised(
    data: xr.Dataset, path: Path, box: Box | None, hours: Sequence[np.datetime64] | None
) -> xr.Dataset | None:
    known = [name for names, _, _ in VARIABLES.values() for name in names]
    if not any(name in data.data_vars for name in known):
        raise _unused(data, path)
    data = _without_members(_renamed(_with_one_time(data, path), path), path)
    present = _present(data)
    if not present:
        raise _unused(data, path)
    chosen = select(data[[*present, *(["expver"] if "expver" in data else [])]], box, hours)
    if chosen is None:
        return None
    chosen, versions = _without_versions(chosen.load())
    out = xr.Dataset(
        {name: _in_unit(chosen[found], name, path) for found, name in present.items()}, attrs={"expver": versions}
    )
    if "level_hpa" in out.dims:
        out = out.assign_coords(level_hpa=_level_hpa(chosen["level_hpa"], path))
        out = out.sortby("level_hpa", ascending=False)
    return out


def _unused(data: xr.Dataset, path: Path) -> UnusedFileError:
    return UnusedFileError(
        "the ERA5 file has no variable that is used here",
        where=path,
        expected=", ".join(name for names, _, _ in VARIABLES.values() for name in names),
        found=", ".join(map(str, data.data_vars)) or "none",
    )


def _with_one_time(data: xr.Dataset, path: Path) -> xr.Dataset:
    """Keep the time at which the values hold, where files made from GRIB give that of the analysis beside it."""
    if not {"time", "valid_time"} <= set(data.variables):
        return data
    if data.sizes.get("step") == 1:
        data = data.isel(step=0)
    holds = data["valid_time"]
    if "time" not in data.dims and holds.dims in ((), ("valid_time",)):
        return data.drop_vars("time")
    if holds.dims == ("time",):
        return data.drop_vars("valid_time").assign_coords(time=holds.values)
    raise ExternalDataError(
        "the ERA5 file has several times for the same values",
        where=path,
        expected="one valid_time for each time",
        found=f"time ({', '.join(map(str, data['time'].dims))}), valid_time ({', '.join(map(str, holds.dims))})",
        remedy="analyses are read, forecasts with several steps are not",
    )


def _renamed(data: xr.Dataset, path: Path) -> xr.Dataset:
    names = {}
    for axis, known in AXES.items():
        found = next((name for name in known if name in data.variables), None)
        if found is None and axis != "level_hpa":
            raise ExternalDataError(
                "the ERA5 file lacks an axis",
                where=path,
                expected=f"{axis}, as {' or '.join(known)}",
                found=", ".join(map(str, data.variables)),
            )
        if found is not None and found != axis:
            names[found] = axis
    data = data.rename(names)
    for axis in AXES:
        if axis in data.variables and data[axis].ndim == 0:
            data = data.expand_dims(axis)
    if not np.issubdtype(data["time"].dtype, np.datetime64):
        raise ExternalDataError(
            "the times of the ERA5 file cannot be read",
            where=path,
            expected="units such as 'hours since 1900-01-01'",
            found=str(data["time"].attrs.get("units", "no units")),
        )
    return data


def _without_members(data: xr.Dataset, path: Path) -> xr.Dataset:
    """Drop the ensemble member where there is one only."""
    if "number" in data.dims:
        if data.sizes["number"] > 1:
            raise ExternalDataError(
                "the ERA5 file holds an ensemble",
                where=path,
                expected="product_type reanalysis",
                found=f"{data.sizes['number']} members (number)",
            )
        data = data.isel(number=0)
    return data.drop_vars("number", errors="ignore")


def _present(data: xr.Dataset) -> dict[str, str]:
    """Name in the file -> normalised name; a surface geopotential is not the one of the levels."""
    found = {}
    for name, (known, _, leveled) in VARIABLES.items():
        for candidate in known:
            if candidate in data.data_vars and ("level_hpa" in data[candidate].dims) == leveled:
                found[candidate] = name
    return found


def _without_versions(data: xr.Dataset) -> tuple[xr.Dataset, str]:
    """Merge final and preliminary values where they are a dimension; say which there are."""
    if "expver" not in data.variables and "expver" not in data.dims:
        return data, ""
    kinds = sorted({str(value).lstrip("0") or "0" for value in np.atleast_1d(data["expver"].values)})
    if "expver" in data.dims:
        order = np.argsort([str(value).lstrip("0") for value in data["expver"].values])
        pieces = [data.isel(expver=place, drop=True) for place in order]
        data = pieces[0]
        for piece in pieces[1:]:
            data = data.combine_first(piece)
    return data.drop_vars("expver", errors="ignore"), "+".join(kinds)


def _in_unit(values: xr.DataArray, name: str, path: Path) -> xr.DataArray:
    _, factors, leveled = VARIABLES[name]
    unit = str(values.attrs.get("units", ""))
    if unit not in factors:
        raise ExternalDataError(
            "a variable of the ERA5 file has an unexpected unit",
            where=f"{path}: {values.name}",
            expected=" or ".join(factors),
            found=unit or "no units",
        )
    axes = ("time", "level_hpa", "latitude", "longitude") if leveled else ("time", "latitude", "longitude")
    if set(values.dims) != set(axes):
        raise ExternalDataError(
            "a variable of the ERA5 file has unexpected dimensions",
            where=f"{path}: {values.name}",
            expected=", ".join(axes),
            found=", ".join(map(str, values.dims)),
        )
    out = values.transpose(*axes).astype("float64") * factors[unit]
    return out.drop_vars([str(c) for c in out.coords if c not in axes])


def _level_hpa(level: xr.DataArray, path: Path) -> np.ndarray:
    unit = str(level.attrs.get("units", "hPa"))
    if unit not in LEVEL_UNITS:
        raise ExternalDataError(
            "the levels of the ERA5 file are no pressures",
            where=path,
            expected=" or ".join(LEVEL_UNITS),
            found=unit,
            remedy="pressure levels are read, model levels are not",
        )
    return np.asarray(level.values, dtype=float) * LEVEL_UNITS[unit]
