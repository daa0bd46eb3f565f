"""Compact swaths: only the variables that later steps need, about a tenth of a granule."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np

from so2plumes.cf import MILLISECONDS, describe, file_attributes
from so2plumes.errors import GranuleError
from so2plumes.files import atomic_path
from so2plumes.swath.model import Swath
from so2plumes.swath.product import load_product

_SUMMARY = "The variables of one Level-2 granule that later steps need; not-a-number where the granule has its fill."


def write_compact(swath: Swath, path: str | Path) -> None:
    """Write a `Swath` to a flat NetCDF-4 file, atomically.

    Floats keep their fill as not-a-number; scanline and ground_pixel keep the numbers of the full orbit.
    """
    product = load_product()
    n_scanlines, n_pixels = swath.shape
    with atomic_path(path) as temporary, netCDF4.Dataset(temporary, "w") as dataset:
        dataset.setncatts(_file_attributes(swath))
        for name, size in (("scanline", n_scanlines), ("ground_pixel", n_pixels), ("corner", 4)):
            dataset.createDimension(name, size)
        times = dataset.createVariable("time", "i8", ("scanline",))
        describe(times, MILLISECONDS)
        times[:] = swath.time.astype("datetime64[ms]").astype("int64")
        for axis in ("scanline", "ground_pixel"):
            numbers = dataset.createVariable(axis, "i4", (axis,))
            describe(numbers, "1")
            numbers[:] = getattr(swath, axis)
        for name, values in swath.fields.items():
            spec = product.variables[name]
            dimensions = ("scanline", "ground_pixel") + (("corner",) if spec.kind == "corner" else ())
            variable = dataset.createVariable(name, spec.stored_dtype, dimensions, zlib=True, complevel=1, shuffle=True)
            describe(variable, spec.units)
            variable.set_auto_maskandscale(False)
            variable[:] = values


def _file_attributes(swath: Swath) -> dict[str, str | float]:
    return {
        **file_attributes("Compact TROPOMI SO2 swath", _SUMMARY, "fetch-swaths"),
        "granule": swath.granule,
        "orbit": swath.orbit,
        "processor_version": swath.processor_version,
        "retrieval": swath.retrieval,
        "unavailable": " ".join(swath.unavailable),
    }


def read_compact(path: str | Path) -> Swath:
    """Read a compact swath.

    Raises
    ------
    GranuleError
        ``unreadable`` when the file is not a whole compact swath.
    """
    try:
        with netCDF4.Dataset(path) as dataset:
            dataset.set_auto_maskandscale(False)
            names = [name for name in load_product().variables if name in dataset.variables]
            return Swath(
                granule=dataset.granule,
                orbit=int(dataset.orbit),
                processor_version=dataset.processor_version,
                retrieval=dataset.retrieval,
                time=np.asarray(dataset["time"][:]).astype("datetime64[ms]"),
                scanline=np.asarray(dataset["scanline"][:]),
                ground_pixel=np.asarray(dataset["ground_pixel"][:]),
                fields={name: np.asarray(dataset[name][:]) for name in names},
                unavailable=tuple(dataset.unavailable.split()),
            )
    except (OSError, RuntimeError, AttributeError, IndexError) as error:
        raise GranuleError(
            "the compact swath cannot be read",
            reason="unreadable",
            where=path,
            expected="a file written by `so2plumes fetch-swaths`",
            found=str(error),
            remedy="delete it and run the workflow again",
        ) from None
