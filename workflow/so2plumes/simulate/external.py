"""Stand-ins for the eruption list and the emission inventory, consistent with the simulated sources."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import netCDF4
import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import EARTH_RADIUS_KM
from so2plumes.files import atomic_path
from so2plumes.simulate.noise import smooth_field
from so2plumes.simulate.sources import DEFAULT_SOURCES, SILENT_VOLCANOES, Eruption, Source

FloatArray = NDArray[np.floating]

ERUPTION_COLUMNS: tuple[str, ...] = (
    "Volcano Number",
    "Volcano Name",
    "Eruption Number",
    "Eruption Category",
    "Area of Activity",
    "VEI",
    "VEI Modifier",
    "Start Year Modifier",
    "Start Year",
    "Start Year Uncertainty",
    "Start Month",
    "Start Day Modifier",
    "Start Day",
    "Start Day Uncertainty",
    "Evidence Method (dating)",
    "End Year Modifier",
    "End Year",
    "End Year Uncertainty",
    "End Month",
    "End Day Modifier",
    "End Day",
    "End Day Uncertainty",
    "Latitude",
    "Longitude",
)

EDGAR_SHAPE = (1800, 3600)
GLOBAL_EMISSION_KG_S = 2380.0
LAND_SHARE = 0.20
LOG_SIGMA = 3.55
"""A log-normal with this spread, cut at four sigma, has 85 % of its sum in the largest 1 % of cells."""


def _eruption_row(source: Source, eruption: Eruption, as_of: date) -> dict[str, object]:
    end = eruption.end or as_of
    return {
        "Volcano Number": source.volcano_number,
        "Volcano Name": source.name,
        "Eruption Number": eruption.number,
        "Eruption Category": "Confirmed Eruption",
        "Area of Activity": "simulated",
        "VEI": 2,
        "Start Year": eruption.start.year,
        "Start Month": eruption.start.month,
        "Start Day": eruption.start.day,
        "Evidence Method (dating)": "Observations: Reported",
        "End Year Modifier": ">" if eruption.end is None else "",
        "End Year": end.year,
        "End Month": end.month,
        "End Day": end.day,
        "Latitude": source.latitude,
        "Longitude": source.longitude,
    }


def write_eruption_list(
    path: str | Path,
    sources: Sequence[Source] = DEFAULT_SOURCES,
    *,
    silent: Sequence[Source] = SILENT_VOLCANOES,
    as_of: date = date(2024, 12, 31),
) -> Path:
    """Write the simulated eruptions as a search result of the volcanism database (CSV, header in row 1).

    Parameters
    ----------
    path : path
    sources : sequence of Source
        Plants are left out.
    silent : sequence of Source
        Volcanoes that erupt without a plume.
    as_of : date
        Last confirmation of the eruptions that go on; they have ``>`` in ``End Year Modifier``.

    Returns
    -------
    Path
    """
    path = Path(path)
    listed = [(s, e) for s in (*sources, *silent) if s.kind == "volcano" for e in s.eruptions]
    listed.sort(key=lambda pair: pair[1].start, reverse=True)
    with atomic_path(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ERUPTION_COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(_eruption_row(source, eruption, as_of) for source, eruption in listed)
    return path


def cell_areas_m2() -> FloatArray:
    """Areas (1800,) of 0.1 degree cells by latitude, south to north, on a sphere."""
    edges = np.radians(np.linspace(-90.0, 90.0, EDGAR_SHAPE[0] + 1))
    return (EARTH_RADIUS_KM * 1e3) ** 2 * np.radians(0.1) * np.diff(np.sin(edges))


def _heavy_tailed_cells(rng: np.random.Generator) -> FloatArray:
    """Emission (1800, 3600) kg s-1 on continent-like patches away from the poles."""
    texture = smooth_field((EDGAR_SHAPE[0] // 10, EDGAR_SHAPE[1] // 10), 8.0, rng)
    texture = np.repeat(np.repeat(texture, 10, axis=0), 10, axis=1)
    latitude = np.linspace(-89.95, 89.95, EDGAR_SHAPE[0])
    texture[np.abs(latitude - 10.0) > 65.0] = -np.inf
    land = texture > np.quantile(texture, 1.0 - LAND_SHARE)
    steps = LOG_SIGMA * np.clip(rng.standard_normal(int(land.sum())), -4.0, 4.0)
    emission = np.zeros(EDGAR_SHAPE)
    emission[land] = np.exp(steps)
    return emission * (GLOBAL_EMISSION_KG_S / emission.sum())


def simulate_edgar(year: int, sources: Sequence[Source] = DEFAULT_SOURCES) -> FloatArray:
    """Fluxes (latitude 1800, longitude 3600) kg m-2 s-1 of a year, from -89.95, -179.95.

    About 85 % of the emission lies in the largest 1 % of the emitting cells; plants have their mean rate in
    the cell that holds them. The pattern is that of all years, the level changes by a few per cent.
    """
    emission = _heavy_tailed_cells(np.random.default_rng(8)) * (1.0 - 0.02 * (year - 2020))
    for source in sources:
        if source.kind == "anthropogenic":
            row, column = int((source.latitude + 90.0) * 10), int((source.longitude + 180.0) * 10)
            emission[row, column] += float(np.sqrt(np.prod(source.emission_kg_s)))
    return emission / cell_areas_m2()[:, None]


def _short_mantissa(values: FloatArray) -> NDArray[np.float32]:
    """Values as float32 with 9 bits of mantissa (0.1 %), which compress to less than half."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + np.uint32(0x2000)) & np.uint32(0xFFFFC000)).view(np.float32)


def edgar_name(year: int) -> str:
    """File name of the yearly total."""
    return f"v8.1_FT2022_AP_SO2_{year}_TOTALS_flx.nc"


def write_edgar_grid(path: str | Path, year: int, sources: Sequence[Source] = DEFAULT_SOURCES) -> Path:
    """Write a yearly emission grid in the inventory's layout.

    Parameters
    ----------
    path : path
        Folder, which then gets a file of the inventory's name, or a file name that ends in ``.nc``.
    year : int
    sources : sequence of Source

    Returns
    -------
    Path
    """
    path = Path(path)
    path = path if path.suffix == ".nc" else path / edgar_name(year)
    fluxes = simulate_edgar(year, sources)
    total_kt = float((fluxes * cell_areas_m2()[:, None]).sum()) * 365.25 * 86400.0 / 1e6
    with atomic_path(path) as temporary, netCDF4.Dataset(temporary, "w") as dataset:
        dataset.setncatts(
            {
                "Conventions": "CF-1.6",
                "source": "simulated by so2plumes in the layout of EDGARv8.1; not an inventory",
                "institution": "simulated",
                "description": "TOTALS",
                "units": "kg m-2 s-1",
            }
        )
        axes = (("lat", "latitude", "degrees_north", "Y"), ("lon", "longitude", "degrees_east", "X"))
        for (name, standard, units, axis), size in zip(axes, EDGAR_SHAPE, strict=True):
            dataset.createDimension(name, size)
            variable = dataset.createVariable(name, "f4", (name,))
            variable.setncatts({"standard_name": standard, "units": units, "axis": axis})
            variable[:] = -size / 20 + 0.05 + 0.1 * np.arange(size)
        flux = dataset.createVariable("fluxes", "f4", ("lat", "lon"), zlib=True, complevel=4, shuffle=True)
        flux.setncatts(
            {
                "long_name": "TOTALS",
                "units": "kg m-2 s-1",
                "substance": "SO2",
                "year": str(year),
                "release": "EDGARv8.1",
                "description": "TOTALS",
                "global_total": f"{total_kt:.2f}kt",
            }
        )
        flux[:] = _short_mantissa(fluxes)
    return path
