"""The winds of a period: one file with a group per box, and which plume belongs to which box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr

from so2plumes.errors import ExternalDataError
from so2plumes.files import atomic_path
from so2plumes.plumes.chips import Chip
from so2plumes.weather.boxes import Block
from so2plumes.weather.interpolate import WindField

CREDIT = "Contains modified Copernicus Climate Change Service information. ERA5, Hersbach et al. 2020, 10.1002/qj.3803"
ATTRIBUTES = {
    "u_m_s": {"units": "m s-1", "standard_name": "eastward_wind"},
    "v_m_s": {"units": "m s-1", "standard_name": "northward_wind"},
    "height_m": {"units": "m", "standard_name": "geopotential_height"},
    "u10_m_s": {"units": "m s-1", "standard_name": "eastward_wind", "long_name": "eastward wind at 10 m"},
    "v10_m_s": {"units": "m s-1", "standard_name": "northward_wind", "long_name": "northward wind at 10 m"},
    "blh_m": {"units": "m", "standard_name": "atmosphere_boundary_layer_thickness"},
    "surface_pressure_pa": {"units": "Pa", "standard_name": "surface_air_pressure"},
    "longitude": {"units": "degrees_east", "standard_name": "longitude"},
    "latitude": {"units": "degrees_north", "standard_name": "latitude"},
    "level_hpa": {"units": "hPa", "standard_name": "air_pressure", "positive": "down"},
    "time": {"standard_name": "time"},
}


@dataclass(frozen=True)
class Winds:
    """ERA5 winds of the plumes of a period.

    Attributes
    ----------
    fields : tuple of WindField
        One per box.
    box_of : mapping
        Plume name -> place in ``fields``; plumes that needed no ERA5 are not in it.
    """

    fields: tuple[WindField, ...]
    box_of: Mapping[str, int]

    def field_for(self, chip: Chip) -> WindField | None:
        """Return the winds over a plume, or None where none were needed."""
        place = self.box_of.get(chip.plume_id)
        return None if place is None else self.fields[place]


def write_winds(boxes: Sequence[tuple[Block, xr.Dataset]], path: str | Path, made_by: str = "") -> None:
    """Write normalised boxes to one NetCDF-4 file, atomically; no boxes make a valid file that says so.

    `made_by` is what `so2plumes.made_by.to_text` gives.
    """
    with atomic_path(path) as temporary:
        with netCDF4.Dataset(temporary, "w") as dataset:
            dataset.setncatts(
                {
                    "Conventions": "CF-1.11",
                    "title": "ERA5 winds over SO2 plumes",
                    "references": CREDIT,
                    "n_boxes": len(boxes),
                    "made_by": made_by,
                    "comment": f"{len(boxes)} boxes" if boxes else "no plume of this period needs ERA5 winds",
                }
            )
            plumes = [(name, place) for place, (block, _) in enumerate(boxes) for name in block.plumes]
            dataset.createDimension("plume", len(plumes))
            names = dataset.createVariable("plume_id", str, ("plume",))
            for number, (name, _) in enumerate(plumes):
                names[number] = name
            dataset.createVariable("box", "i4", ("plume",))[:] = [place for _, place in plumes]
        for place, (_, data) in enumerate(boxes):
            out = data.astype("float32")
            for name, attributes in ATTRIBUTES.items():
                if name in out.variables:
                    out[name].attrs = dict(attributes)
            out.to_netcdf(temporary, mode="a", group=f"box_{place}", encoding=_encoding(out))


def _encoding(data: xr.Dataset) -> dict[str, dict]:
    packed = {str(name): {"zlib": True, "complevel": 1} for name in data.data_vars}
    return packed | {"time": {"units": "minutes since 1970-01-01", "dtype": "int64"}}


def read_winds(path: str | Path) -> Winds:
    """Read a file of `write_winds`.

    Raises
    ------
    ExternalDataError
        It is not a whole one.
    """
    try:
        with netCDF4.Dataset(path) as dataset:
            names = [str(name) for name in dataset["plume_id"][:]]
            places = np.asarray(dataset["box"][:]).tolist()
            n_boxes = int(dataset.n_boxes)
        fields = []
        for place in range(n_boxes):
            with xr.open_dataset(path, group=f"box_{place}", engine="netcdf4") as data:
                fields.append(WindField.from_dataset(data.load()))
    except (OSError, RuntimeError, IndexError, KeyError, AttributeError, ValueError) as error:
        raise ExternalDataError(
            "the winds cannot be read",
            where=path,
            expected="a file written by `so2plumes fetch-winds`",
            found=str(error),
            remedy="delete it and run the workflow again",
        ) from None
    return Winds(tuple(fields), dict(zip(names, places, strict=True)))
