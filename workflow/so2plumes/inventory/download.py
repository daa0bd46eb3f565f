"""Fetch EDGAR v8.1 air pollutant grids from the Joint Research Centre; no account is needed.

Annual totals are one zip a year; the months of a sector are one zip with a grid for every year. The inventory ends
in 2022: later years are compared with 2022, and what is fetched says so.
"""

from __future__ import annotations

import logging
import os
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from so2plumes.errors import ConfigError, ExternalDataError
from so2plumes.files import atomic_path, read_json, sha256, write_json
from so2plumes.http import HttpClient, RemoteError, describe_body
from so2plumes.inventory.edgar import read_edgar
from so2plumes.inventory.edgar_netcdf import PAGE

log = logging.getLogger(__name__)

EDGAR_BASES = (
    "https://jeodpp.jrc.ec.europa.eu/ftp/jrc-opendata/EDGAR/datasets/v81_FT2022_AP_new",
    "https://jeodpp.jrc.ec.europa.eu/ftp/jrc-opendata/EDGAR/datasets/v81_FT2022_AP",
)
"""The corrected release, and the one before it for files that were not made again."""

FIRST_YEAR, FIRST_MONTHLY_YEAR, LAST_YEAR = 1970, 2000, 2022
MONTHLY_SECTORS = (
    "AGRICULTURE",
    "BUILDINGS",
    "FUEL_EXPLOITATION",
    "IND_COMBUSTION",
    "IND_PROCESSES",
    "POWER_INDUSTRY",
    "TRANSPORT",
    "WASTE",
)
CITATION = f"EDGARv8.1 Global Air Pollutant Emissions, European Commission, Joint Research Centre, {PAGE}"
_HEADS = {b"PK\x03\x04": ".zip", b"\x89HDF": ".nc", b"CDF\x01": ".nc", b"CDF\x02": ".nc"}


@dataclass(frozen=True)
class EdgarRelease:
    """Which grids are fetched, and how they must look.

    Attributes
    ----------
    bases : tuple of str
        Folders on the server, tried one after another where a file is absent.
    species : str
    kind : str
        ``flx`` (kg m-2 s-1) or ``emi`` (tonnes in a cell).
    resolution_deg : float
        Cell size of the global grid.
    """

    bases: tuple[str, ...] = EDGAR_BASES
    species: str = "SO2"
    kind: str = "flx"
    resolution_deg: float = 0.1

    def annual_path(self, year: int) -> str:
        """Path of the total of a year below a base."""
        name = f"v8.1_FT2022_AP_{self.species}_{year}_TOTALS_{self.kind}_nc.zip"
        return f"{self.species}/TOTALS/{self.kind}_nc/{name}"

    def monthly_path(self, sector: str) -> str:
        """Path of the months of a sector, all years, below a base."""
        return f"monthly/{self.species}/bkl_{sector}/bkl_{sector}_{self.kind}_nc.zip"


@dataclass(frozen=True)
class EdgarDownload:
    """A file of the inventory that is there and was checked.

    Attributes
    ----------
    path : str
    source : str
        Address that it came from.
    years : tuple of int
        Years that were found in it and read.
    sentence : str
        What to tell of years that the inventory does not have; empty where it has all.
    fetched : bool
        False where it was there already, unchanged.
    """

    path: str
    source: str
    years: tuple[int, ...]
    sha256: str
    size_bytes: int
    downloaded: str
    sentence: str = ""
    fetched: bool = True
    citation: str = CITATION


def inventory_year(year: int, monthly: bool = False) -> int:
    """Return the year of the inventory that stands for a year: itself, or the last one.

    Raises
    ------
    ConfigError
        The inventory begins later.
    """
    first = FIRST_MONTHLY_YEAR if monthly else FIRST_YEAR
    if year < first:
        raise ConfigError("EDGAR does not have this year", where="edgar", expected=f"{first} or later", found=str(year))
    return min(year, LAST_YEAR)


def substitute_sentence(years: Sequence[int]) -> str:
    """Say which years are compared with the last one of the inventory; empty where none is."""
    later = sorted({year for year in years if year > LAST_YEAR})
    if not later:
        return ""
    names = ", ".join(map(str, later[:-1])) + (" and " if len(later) > 1 else "") + str(later[-1])
    return f"EDGAR v8.1 ends in {LAST_YEAR}: {names} {'are' if len(later) > 1 else 'is'} compared with {LAST_YEAR}."


def download_annual(
    client: HttpClient,
    folder: str | Path,
    years: Sequence[int],
    release: EdgarRelease | None = None,
    now: datetime | None = None,
) -> list[EdgarDownload]:
    """Fetch the total grid of each year, once each, under its distributed name.

    Parameters
    ----------
    client : HttpClient
    folder : path
        A file that is there with its sidecar ``<file>.json`` and has its digest is not fetched again.
    years : sequence of int
        Years of plumes; those after 2022 are served by 2022.
    release : EdgarRelease, optional
    now : datetime, optional

    Raises
    ------
    RemoteError
        The server does not have or give a file.
    ExternalDataError
        A file is not the grid that was asked for.
    """
    release = release or EdgarRelease()
    sentence = substitute_sentence(years)
    if sentence:
        log.warning("%s", sentence)
    wanted = sorted({inventory_year(year) for year in years})
    return [
        _fetch(
            client, Path(folder), release.annual_path(y), (y,), release, now, sentence if y == LAST_YEAR else "", False
        )
        for y in wanted
    ]


def download_monthly(
    client: HttpClient,
    folder: str | Path,
    sector: str,
    years: Sequence[int],
    release: EdgarRelease | None = None,
    now: datetime | None = None,
) -> EdgarDownload:
    """Fetch the months of a sector (one zip with every year) and check those of some years; see `download_annual`."""
    release = release or EdgarRelease()
    if sector not in MONTHLY_SECTORS:
        raise ConfigError(
            "EDGAR has no such sector by month", where="edgar", expected=", ".join(MONTHLY_SECTORS), found=sector
        )
    wanted = tuple(sorted({inventory_year(year, monthly=True) for year in years}))
    sentence = substitute_sentence(years)
    if sentence:
        log.warning("%s", sentence)
    return _fetch(client, Path(folder), release.monthly_path(sector), wanted, release, now, sentence, True)


def _fetch(
    client: HttpClient,
    folder: Path,
    path: str,
    years: tuple[int, ...],
    release: EdgarRelease,
    now: datetime | None,
    sentence: str,
    monthly: bool,
) -> EdgarDownload:
    name = path.rpartition("/")[2]
    kept = _kept(folder, name, years, sentence)
    if kept:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{name}"
    with atomic_path(partial) as temporary:
        source = _from_first_base(client, release.bases, path, temporary)
        target = folder / (Path(name).stem.removesuffix("_nc") + ".nc" if _suffix(temporary) == ".nc" else name)
        for year in years:
            _check_grid(temporary, year, release, monthly)
        done = EdgarDownload(
            path=str(target),
            source=source,
            years=years,
            sha256=sha256(temporary),
            size_bytes=os.path.getsize(temporary),
            downloaded=(now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
            sentence=sentence,
        )
    os.replace(partial, target)
    write_json(_sidecar(target), asdict(done) | {"path": target.name})
    log.info("EDGAR: %s, %.1f MB", target, done.size_bytes / 1e6)
    return done


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _kept(folder: Path, name: str, years: tuple[int, ...], sentence: str) -> EdgarDownload | None:
    """Return the file that is there already, if it is the one that its sidecar describes."""
    for path in (folder / name, folder / (Path(name).stem.removesuffix("_nc") + ".nc")):
        sidecar = _sidecar(path)
        if not (path.is_file() and sidecar.is_file()):
            continue
        record = read_json(sidecar)
        if record.get("sha256") == sha256(path) and set(years) <= set(record.get("years", [])):
            there = record | {"path": str(path), "years": years, "sentence": sentence, "fetched": False}
            return EdgarDownload(**there)
    return None


def _from_first_base(client: HttpClient, bases: Sequence[str], path: str, temporary: Path) -> str:
    for base in bases:
        address = f"{base.rstrip('/')}/{path}"
        try:
            client.download(address, temporary)
        except RemoteError as error:
            if error.status != 404 or base == bases[-1]:
                raise
            log.info("EDGAR: %s is not there", address)
        else:
            return address
    raise ConfigError("no server is named for EDGAR", where="edgar", expected="an address")


def _suffix(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(4000)
    if head[:4] not in _HEADS:
        raise ExternalDataError(
            "the server did not give an EDGAR file",
            where=path.name,
            expected="a zip or NetCDF file",
            found=describe_body(head),
            remedy=f"see {PAGE}",
        )
    return _HEADS[head[:4]]


def _check_grid(path: Path, year: int, release: EdgarRelease, monthly: bool) -> None:
    """Read a grid and refuse what is not the global one of this year."""
    try:
        grid = read_edgar(path, year, release.species)
    except zipfile.BadZipFile as error:
        raise ExternalDataError("the EDGAR zip is damaged", where=path.name, found=str(error)) from error
    step = release.resolution_deg
    expected = (12 if monthly else 1, round(180 / step), round(360 / step))
    centred = all(
        np.allclose(axis, np.arange(axis.size) * step + start, atol=step / 50)
        for axis, start in ((grid.latitude, -90 + step / 2), (grid.longitude, -180 + step / 2))
    )
    if grid.flux_kg_m2_s.shape != expected or not centred:
        raise ExternalDataError(
            "the EDGAR file has not the global grid",
            where=path.name,
            expected=f"(month, latitude, longitude) = {expected} cells of {step:g} degrees",
            found=f"{grid.flux_kg_m2_s.shape}, latitudes {grid.latitude[0]:g}..{grid.latitude[-1]:g},"
            f" longitudes {grid.longitude[0]:g}..{grid.longitude[-1]:g}",
        )
    if not float(grid.flux_kg_m2_s.max()) > 0:
        raise ExternalDataError("the EDGAR file holds no emissions", where=path.name, expected="fluxes above 0")
