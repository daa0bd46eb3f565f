"""Small EDGAR files in the layouts that are distributed."""

import netCDF4
import numpy as np


def centres(n, span, start):
    step = span / n
    return start + step * (np.arange(n) + 0.5)


def write_edgar(
    path,
    values,
    name="fluxes",
    units="kg m-2 s-1",
    *,
    lon_start=-180.0,
    descending=False,
    substance="SO2",
    year=None,
    time_last=False,
):
    """Write (lat, lon) or (time, lat, lon) values that are given from the south and from -180 east."""
    values = np.asarray(values, dtype=np.float32)
    n_lat, n_lon = values.shape[-2:]
    lat, lon = centres(n_lat, 180, -90), centres(n_lon, 360, lon_start)
    values = np.roll(values, -int(round((lon_start + 180) / 360 * n_lon)), axis=-1)
    if descending:
        lat, values = lat[::-1], values[..., ::-1, :]
    dims = ("lat", "lon")
    if values.ndim == 3:
        dims = ("lat", "lon", "time") if time_last else ("time", "lat", "lon")
        values = np.moveaxis(values, 0, -1) if time_last else values
    with netCDF4.Dataset(path, "w") as file:
        for axis, centre, unit in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
            file.createDimension(axis, centre.size)
            file.createVariable(axis, "f4", (axis,))[:] = centre
            file[axis].units = unit
        if len(dims) == 3:
            file.createDimension("time", values.shape[dims.index("time")])
        variable = file.createVariable(name, "f4", dims, fill_value=np.float32(np.nan))
        variable[:] = values
        if units is not None:
            variable.units = units
        variable.long_name = "TOTALS"
        if substance is not None:
            variable.substance = substance
        if year is not None:
            variable.year = str(year)
    return path
