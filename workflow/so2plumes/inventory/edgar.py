"""EDGAR emission grids as fluxes on one convention.

Accepted: NetCDF and the zip around it; `fluxes` and `emi_<gas>` (kg m-2 s-1) and `emissions` (tonnes in a
cell and a year or month); one year or its 12 months; longitudes 0..360 or -180..180; latitudes either way.
All go out alike.
"""

from __future__ import annotations

import logging
from calendar import monthrange
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from so2plumes.errors import ExternalDataError
from so2plumes.inventory.edgar_netcdf import (
    PAGE,
    axis,
    emission_variable,
    names_in,
    netcdf_content,
    ordered_values,
    unit_of,
    year_attribute,
    year_in,
)
from so2plumes.inventory.grid import cell_areas_m2

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EdgarGrid:
    """Emission fluxes of one gas and one year.

    Attributes
    ----------
    flux_kg_m2_s : array of float32, shape (month or 1, latitude, longitude)
        Mean flux over the month or year; 0 where the file has none.
    longitude, latitude : array of float
        Cell centres in degrees, ascending; longitudes in [-180, 180).
    year : int
        Year of the emissions.
    cell_area_m2 : array of float, shape (latitude,)
        Area of a cell of each row, on the ellipsoid.
    species : str
        The gas, as in ``SO2``.
    """

    flux_kg_m2_s: NDArray[np.float32]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    year: int
    cell_area_m2: NDArray[np.float64]
    species: str = "SO2"

    @property
    def monthly(self) -> bool:
        """True for 12 months, False for the mean of the year."""
        return self.flux_kg_m2_s.shape[0] == 12

    def annual_flux_kg_m2_s(self) -> NDArray[np.float32]:
        """Return the mean flux of the year, shape (latitude, longitude); months count by their days."""
        if not self.monthly:
            return self.flux_kg_m2_s[0]
        days = np.array([monthrange(self.year, month)[1] for month in range(1, 13)], dtype=float)
        mean = np.zeros(self.flux_kg_m2_s.shape[1:], np.float32)
        for weight, flux in zip((days / days.sum()).astype(np.float32), self.flux_kg_m2_s, strict=True):
            mean += weight * flux
        return mean

    def yearly(self) -> EdgarGrid:
        """Return the grid of the yearly mean; a yearly grid is returned as it is."""
        return replace(self, flux_kg_m2_s=self.annual_flux_kg_m2_s()[None]) if self.monthly else self


@dataclass(frozen=True)
class EdgarFile:
    """A file chosen for a year; `year` is earlier than `requested_year` where the inventory ends before."""

    path: Path
    year: int
    requested_year: int


def find_edgar(folder_or_file: str | Path, year: int, species: str = "SO2") -> EdgarFile:
    """Choose the grid for a year: its own, otherwise the newest one before it.

    Parameters
    ----------
    folder_or_file : path
        A folder (searched with its sub-folders for total grids, named as distributed), or one file, which
        is taken whatever its year is.
    year : int
        Year of the plumes.
    species : str
        Gas in the file names.

    Returns
    -------
    EdgarFile
        The file and the year that it is for; a substitute is logged too.

    Raises
    ------
    ExternalDataError
        Nothing there, or only later years.
    """
    place = Path(folder_or_file)
    if place.is_file():
        chosen = EdgarFile(place, _year_of_file(place, year, species), year)
    else:
        found = {
            path: found_year
            for path in sorted(place.rglob("*"))
            if path.suffix in (".nc", ".zip")
            and "TOTALS" in path.name
            and (found_year := year_in(path.name, species)) is not None
        }
        usable = [path for path, found_year in found.items() if found_year <= year]
        if not usable:
            raise ExternalDataError(
                f"no EDGAR {species} grid for {year} or a year before",
                where=place,
                expected=f"a name like v8.1_FT2022_AP_{species}_{year}_TOTALS_flx_nc.zip",
                found=", ".join(path.name for path in found)[:300] or "no such file",
                remedy=f"download it from {PAGE}, or name one file instead of the folder",
            )
        best = max(usable, key=lambda path: _preference(path, found[path]))
        chosen = EdgarFile(best, found[best], year)
    if chosen.year != year:
        logger.warning("EDGAR: %d is compared with the inventory of %d (%s)", year, chosen.year, chosen.path)
    return chosen


def _year_of_file(path: Path, year: int, species: str) -> int:
    """Year of one named file by its name, its zip or its attributes; the wanted one where none says."""
    import netCDF4

    years = {year_in(name, species) for name in names_in(path)} - {None}
    if not years and path.suffix == ".nc":
        with netCDF4.Dataset(path) as dataset:
            years = {year_attribute(emission_variable(dataset, path, species), dataset)} - {None}
    stated = sorted(y for y in years if y is not None)
    return max((y for y in stated if y <= year), default=stated[0] if stated else year)


def _preference(path: Path, year: int) -> tuple[int, bool, bool]:
    return year, "_flx" in path.name, path.suffix == ".nc"


def read_edgar(path: str | Path, year: int | None = None, species: str = "SO2") -> EdgarGrid:
    """Read an EDGAR grid of any accepted layout.

    Parameters
    ----------
    path : path
        NetCDF file, or a zip with one (or with several, of which the one of `year` is taken).
    year : int, optional
        Year that the file must be for; needed where neither its name nor its attributes say it.
    species : str
        Gas that the file must be for.

    Returns
    -------
    EdgarGrid

    Raises
    ------
    ExternalDataError
        The file is not such a grid: the message names file, variable, what was expected and what was found.
    """
    import netCDF4

    path = Path(path)
    name, content = netcdf_content(path, year, species)
    try:
        dataset = netCDF4.Dataset(name, memory=content) if content else netCDF4.Dataset(path)
    except OSError as error:
        raise ExternalDataError("the EDGAR file cannot be opened", where=path, found=str(error)) from error
    with dataset:
        variable = emission_variable(dataset, path, species)
        unit = unit_of(variable, dataset, path)
        longitude, latitude = (axis(dataset, side, path) for side in ("lon", "lat"))
        values = ordered_values(variable, path)
        named = (year_in(n, species) for n in (name, path.name))
        stated = next((y for y in (*named, year_attribute(variable, dataset)) if y), None)
    year = _settle_year(year, stated, path)
    latitude, values = _ascending(latitude, values, 1)
    longitude, values = _ascending(longitude, values, 2)
    area = cell_areas_m2(latitude, longitude)
    if unit == "mass":
        values *= (1000.0 / area / _seconds(year, len(values))[:, None]).astype(np.float32)[:, :, None]
    return EdgarGrid(values, longitude, latitude, year, area, species.upper())


def _ascending(
    centre: NDArray[np.float64], values: NDArray[np.float32], axis_number: int
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    order = np.argsort(centre)
    if np.array_equal(order, np.arange(order.size)):
        return centre, values
    return centre[order], np.take(values, order, axis=axis_number)


def _settle_year(wanted: int | None, stated: int | None, path: Path) -> int:
    year = wanted if stated is None else stated
    if year is None:
        raise ExternalDataError(
            "the EDGAR file does not say its year",
            where=path,
            expected="a name with _SO2_<year>_ or an attribute 'year'",
            remedy="give the year",
        )
    if wanted not in (None, year):
        raise ExternalDataError("the EDGAR file is for another year", where=path, expected=str(wanted), found=str(year))
    return year


def _seconds(year: int, n: int) -> NDArray[np.float64]:
    days = [monthrange(year, month)[1] for month in range(1, 13)]
    return 86_400.0 * np.array([sum(days)] if n == 1 else days, dtype=float)
