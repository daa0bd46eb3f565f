"""NetCDF files of EDGAR: where the grid lies in them, and refusals that say what was found."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.errors import ExternalDataError

PAGE = "https://edgar.jrc.ec.europa.eu/dataset_ap81"
_FLUX_UNITS = {"kgm-2s-1", "kg/m2/s", "kgm^-2s^-1", "kg/m^2/s", "kg/(m2s)"}
_MASS_UNITS = {"tonnes", "tonne", "t"}


def year_in(name: str, species: str) -> int | None:
    """Return the year in a file name; ``FT2022`` is part of the version, not the year."""
    match = re.search(rf"_{re.escape(species)}_(\d{{4}})(?=[_.])", name, flags=re.IGNORECASE)
    return int(match.group(1)) if match else None


def names_in(path: Path) -> list[str]:
    """Return the name of a file and of the NetCDF files in it, if it is a zip."""
    if not zipfile.is_zipfile(path):
        return [path.name]
    with zipfile.ZipFile(path) as archive:
        return [path.name, *(PurePosixPath(member).name for member in _grids(archive))]


def _grids(archive: zipfile.ZipFile) -> list[str]:
    return [n for n in archive.namelist() if n.endswith(".nc") and not PurePosixPath(n).name.startswith(".")]


def netcdf_content(path: Path, year: int | None, species: str) -> tuple[str, bytes | None]:
    """Return the name of the NetCDF file and, where it lies in a zip, its bytes."""
    if not path.is_file():
        raise ExternalDataError("the EDGAR file is absent", where=path, remedy=f"download it from {PAGE}")
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            head = stream.read(60)
        if not head.startswith((b"\x89HDF", b"CDF")):
            raise ExternalDataError(
                "the EDGAR file is neither NetCDF nor a zip",
                where=path,
                found=repr(head),
                remedy=f"download it again from {PAGE}",
            )
        return path.name, None
    with zipfile.ZipFile(path) as archive:
        names = _grids(archive)
        if len(names) > 1 and year is not None:
            names = [n for n in names if year_in(PurePosixPath(n).name, species) == year]
        if len(names) != 1:
            raise ExternalDataError(
                "the EDGAR zip does not hold the one grid that is wanted",
                where=path,
                expected="one .nc file" + (f" of {year}" if year else ""),
                found=", ".join(archive.namelist())[:300],
                remedy="unpack it and name the file",
            )
        return PurePosixPath(names[0]).name, archive.read(names[0])


def emission_variable(dataset: Any, path: Path, species: str) -> Any:
    """Return the variable with the emissions of the gas; refuse the file of another gas."""
    wanted = (f"emi_{species.lower()}", "fluxes", "emissions")
    by_name = {name.lower(): name for name in dataset.variables}
    found = next((by_name[name] for name in wanted if name in by_name), None)
    if found is None:
        raise ExternalDataError(
            f"the EDGAR file has no emissions of {species}",
            where=path,
            expected=" or ".join(wanted),
            found="variables " + ", ".join(dataset.variables),
        )
    variable = dataset[found]
    substance = getattr(variable, "substance", getattr(dataset, "substance", species))
    if str(substance).strip().casefold() != species.casefold():
        raise ExternalDataError(
            "the EDGAR file is for another gas",
            where=f"{path}, variable {found}",
            expected=species,
            found=str(substance),
        )
    return variable


def unit_of(variable: Any, dataset: Any, path: Path) -> str:
    """Return 'flux' (kg m-2 s-1) or 'mass' (tonnes); refuse other units."""
    text = str(getattr(variable, "units", getattr(dataset, "units", "none")))
    key = "".join(text.split()).casefold()
    mass = variable.name.lower() == "emissions"
    if key not in (_MASS_UNITS if mass else _FLUX_UNITS):
        raise ExternalDataError(
            "an EDGAR variable has a unit that is not known",
            where=f"{path}, variable {variable.name}",
            expected="Tonnes (in a cell and a year or month)" if mass else "kg m-2 s-1",
            found=text,
        )
    return "mass" if mass else "flux"


def axis(dataset: Any, side: str, path: Path) -> NDArray[np.float64]:
    """Return the cell centres of axis 'lat' or 'lon' in file order, degrees; longitudes in [-180, 180)."""
    names = {"lat": ("lat", "latitude"), "lon": ("lon", "longitude")}[side]
    name = next((n for n in dataset.variables if n.lower() in names), None)
    if name is None:
        raise ExternalDataError(
            "the EDGAR file has no coordinates", where=path, expected=side, found=", ".join(dataset.variables)
        )
    values = np.round(np.asarray(dataset[name][:], dtype=float), 4)
    if side == "lon":
        values = np.round((values + 180.0) % 360.0 - 180.0, 4)
    if np.unique(values).size != values.size or not np.all(np.abs(values) <= (90 if side == "lat" else 180)):
        raise ExternalDataError(
            "the EDGAR coordinates are not those of a global grid",
            where=f"{path}, variable {name}",
            expected="distinct cell centres in degrees",
            found=f"{values.size} values, {values.min():g} to {values.max():g}",
        )
    return values


def ordered_values(variable: Any, path: Path) -> NDArray[np.float32]:
    """Return the values as (month or 1, latitude, longitude), with 0 where the file has none."""
    order = [i for s in ("lat", "lon") for i, d in enumerate(variable.dimensions) if d.lower().startswith(s)]
    if len(order) != 2 or variable.ndim not in (2, 3):
        raise _bad_shape(variable, path)
    values = np.ma.filled(np.ma.asarray(variable[:], dtype=np.float32), 0.0)
    values = np.moveaxis(values, order, (-2, -1))
    values = values.reshape(-1, *values.shape[-2:])
    if len(values) not in (1, 12):
        raise _bad_shape(variable, path)
    values[~np.isfinite(values)] = 0.0
    return values


def _bad_shape(variable: Any, path: Path) -> ExternalDataError:
    sizes = ", ".join(f"{d}={n}" for d, n in zip(variable.dimensions, variable.shape, strict=True))
    return ExternalDataError(
        "an EDGAR variable has dimensions that are not known",
        where=f"{path}, variable {variable.name}",
        expected="(lat, lon) of a year or (time=12, lat, lon) of its months",
        found=sizes,
    )


def year_attribute(variable: Any, dataset: Any) -> int | None:
    """Return the year that the attributes say."""
    match = re.fullmatch(r"\s*(\d{4})\s*", str(getattr(variable, "year", getattr(dataset, "year", ""))))
    return int(match.group(1)) if match else None
