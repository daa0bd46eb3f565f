"""Open ERA5 files as they come: NetCDF, or a zip of several."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import xarray as xr

from so2plumes.errors import ExternalDataError

ASK_NETCDF = "ask the Climate Data Store for data_format netcdf, download_format unarchived"


@contextmanager
def opened(path: Path) -> Iterator[list[xr.Dataset]]:
    """Open the file, or all NetCDF files of a zip."""
    with ExitStack() as stack:
        files = [path]
        if _head(path) == b"PK\x03\x04":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="era5-")))
            files = _unpack(path, folder)
        yield [stack.enter_context(_open_one(file, path)) for file in files]


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(4)
    except OSError as error:
        raise ExternalDataError("the ERA5 file cannot be read", where=path, found=str(error)) from None


def _unpack(path: Path, folder: Path) -> list[Path]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".nc")]
            for number, name in enumerate(members):
                (folder / f"{number}.nc").write_bytes(archive.read(name))
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise ExternalDataError("the ERA5 zip is damaged", where=path, found=str(error)) from None
    if not members:
        raise ExternalDataError("the ERA5 zip holds no NetCDF file", where=path, remedy=ASK_NETCDF)
    return [folder / f"{number}.nc" for number in range(len(members))]


def _open_one(file: Path, named: Path) -> xr.Dataset:
    head = _head(file)
    if head[:3] != b"CDF" and head != b"\x89HDF":
        found = "a GRIB file" if head == b"GRIB" else f"a file that begins with {head!r}"
        raise ExternalDataError(
            "this is no ERA5 NetCDF file", where=named, expected="NetCDF or a zip of it", found=found, remedy=ASK_NETCDF
        )
    try:
        return xr.open_dataset(file, engine="netcdf4", decode_timedelta=False)
    except (OSError, ValueError, KeyError) as error:
        raise ExternalDataError("the ERA5 file cannot be opened", where=named, found=str(error)) from None
