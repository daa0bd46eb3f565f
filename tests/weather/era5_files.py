"""ERA5 files of a made atmosphere in the layouts that the Climate Data Store has distributed.

New layout (since September 2024): `valid_time`, `pressure_level`, `number`, `expver` per time, float32. Old layout:
`time`, `level`, int16 with scale and offset, NetCDF-3; with preliminary values a dimension `expver` of 1 and 5.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

G = 9.80665
LEVELS = (1000, 850, 700, 500, 300)
UNITS = {"u": "m s**-1", "v": "m s**-1", "z": "m**2 s**-2", "u10": "m s**-1", "v10": "m s**-1", "blh": "m", "sp": "Pa"}
PRESSURE = ("u", "v", "z")
SINGLE = ("u10", "v10", "blh", "sp")


def hours(start: str, count: int) -> np.ndarray:
    return np.datetime64(start, "h") + np.arange(count).astype("timedelta64[h]")


@dataclass(frozen=True)
class Atmosphere:
    """Winds linear in time, latitude, longitude (counted eastward from 0) and log pressure.

    Heights are linear in log pressure. The 10 m wind is that of the profile at the ground, so the profile is linear all
    the way down.
    """

    east: tuple[float, float, float, float, float] = (3.0, 0.25, 0.1, 0.02, 2.0)
    north: tuple[float, float, float, float, float] = (-2.0, -0.1, 0.05, 0.01, -1.0)
    scale_height_m: float = 7500.0
    surface_pressure_pa: float = 101_325.0
    blh_m: float = 1200.0
    start: str = "2021-03-24T00"

    def wind(self, part: str, time, latitude, longitude, pressure_pa) -> np.ndarray:
        a, per_hour, per_lat, per_lon, per_log = self.east if part == "u" else self.north
        hour = (np.asarray(time, "datetime64[s]") - np.datetime64(self.start, "s")) / np.timedelta64(3600, "s")
        log = np.log(1e5 / np.asarray(pressure_pa, float))
        lon = np.asarray(longitude, float) % 360.0
        return a + per_hour * hour + per_lat * np.asarray(latitude) + per_lon * lon + per_log * log

    def height_m(self, pressure_pa) -> np.ndarray:
        return self.scale_height_m * np.log(self.surface_pressure_pa / np.asarray(pressure_pa, float))

    def pressure_pa(self, height_m) -> np.ndarray:
        return self.surface_pressure_pa * np.exp(-np.asarray(height_m, float) / self.scale_height_m)

    def values(self, name: str, time, level, latitude, longitude) -> np.ndarray:
        """Grid of a variable, (time[, level], latitude, longitude)."""
        if name in PRESSURE:
            t, p, y, x = np.meshgrid(time, np.asarray(level, float) * 100, latitude, longitude, indexing="ij")
            return G * self.height_m(p) if name == "z" else self.wind(name, t, y, x, p)
        t, y, x = np.meshgrid(time, latitude, longitude, indexing="ij")
        if name in ("u10", "v10"):
            return self.wind(name[0], t, y, x, self.surface_pressure_pa)
        return np.full(t.shape, {"blh": self.blh_m, "sp": self.surface_pressure_pa}[name])


def dataset(
    atmosphere: Atmosphere,
    names: Sequence[str],
    time: np.ndarray,
    latitude: np.ndarray,
    longitude: np.ndarray,
    levels: Sequence[int] = LEVELS,
    expver: str = "0001",
) -> xr.Dataset:
    """Make a data set in the new layout; levels, latitudes and longitudes keep their order."""
    on_levels = any(name in PRESSURE for name in names)
    axes = ("valid_time", *(("pressure_level",) if on_levels else ()), "latitude", "longitude")
    data = {
        name: (axes, atmosphere.values(name, time, levels, latitude, longitude).astype("f4"), {"units": UNITS[name]})
        for name in names
    }
    coords = {
        "valid_time": ("valid_time", time.astype("datetime64[ns]")),
        "latitude": ("latitude", np.asarray(latitude, float), {"units": "degrees_north"}),
        "longitude": ("longitude", np.asarray(longitude, float), {"units": "degrees_east"}),
        "number": ((), 0),
        "expver": ("valid_time", np.array([expver] * len(time), dtype=object)),
    }
    if on_levels:
        coords["pressure_level"] = ("pressure_level", np.asarray(levels, float), {"units": "hPa"})
    return xr.Dataset(data, coords)


def write_new(path: Path, data: xr.Dataset) -> Path:
    time = {"units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian", "dtype": "int64"}
    data.to_netcdf(path, encoding={"valid_time": time})
    return path


def write_old(path: Path, data: xr.Dataset, preliminary_from: int | None = None) -> Path:
    """Write the old layout; from a time index on values are preliminary."""
    old = data.drop_vars(["number", "expver"]).rename(valid_time="time")
    encoding = {"time": {"units": "hours since 1900-01-01 00:00:00.0", "dtype": "int32"}}
    if "pressure_level" in old.dims:
        old = old.rename(pressure_level="level")
        old = old.assign_coords(level=("level", old["level"].values.astype("i4"), {"units": "millibars"}))
    for axis in ("latitude", "longitude"):
        old = old.assign_coords({axis: (axis, old[axis].values.astype("f4"), old[axis].attrs)})
    if preliminary_from is not None:
        final = np.arange(old.sizes["time"]) < preliminary_from
        mark = xr.DataArray(final, dims="time")
        units = {name: old[name].attrs for name in old.data_vars}
        old = xr.concat([old.where(mark), old.where(~mark)], dim=xr.DataArray([1, 5], dims="expver", name="expver"))
        for name in units:
            old[name].attrs = units[name]
    for name in old.data_vars:
        low, high = float(old[name].min()), float(old[name].max())
        packing = {"scale_factor": max(high - low, 1e-6) / 65000.0, "add_offset": (high + low) / 2}
        encoding[name] = {"dtype": "int16", "_FillValue": -32767, **packing}
    old.to_netcdf(path, format="NETCDF3_64BIT", encoding=encoding)
    return path


def write_zip(path: Path, members: dict[str, Path]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, file in members.items():
            archive.write(file, name)
    return path
