"""Find out what a body really is."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import IO

from so2plumes.archive.reasons import WrongBody, storing
from so2plumes.errors import GranuleError
from so2plumes.swath.names import parse_granule_name

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
ZIP_SIGNATURE = b"PK\x03\x04"
SIGNATURE_BYTES = 8


def sniff(start: bytes) -> str:
    """Tell ``hdf5``, ``zip`` or ``other`` from the first eight bytes, whatever the name says."""
    if start.startswith(HDF5_SIGNATURE):
        return "hdf5"
    return "zip" if start.startswith(ZIP_SIGNATURE) else "other"


def unpack_netcdf(source: Path, target: Path) -> str:
    """Unpack the only NetCDF file of a zip, whatever its name.

    Until November 2024 the data space sent a zip of the granule and a .cdl (CREODIAS release note of 17 October 2024).

    Returns
    -------
    str
        Its name in the zip.

    Raises
    ------
    WrongBody
        When the zip is damaged or does not hold exactly one.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            inside = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".nc")]
            if len(inside) != 1:
                names = ", ".join(entry.filename for entry in archive.infolist()[:5])
                raise WrongBody(
                    "zip",
                    "the zip does not hold one NetCDF file",
                    expected="one .nc",
                    found=f"{len(inside)} in {names}",
                )
            with archive.open(inside[0]) as packed:
                _copy(packed, target)
            return inside[0].filename
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise WrongBody("zip", "the zip cannot be unpacked", found=str(error) or type(error).__name__) from None


def _copy(packed: IO[bytes], target: Path) -> None:
    with storing(target):
        stream = open(target, "wb")  # noqa: SIM115
    with stream:
        while piece := packed.read(1 << 20):
            with storing(target):
                stream.write(piece)
        with storing(target):
            stream.flush()
            os.fsync(stream.fileno())


def _attributes(path: Path) -> dict[str, object]:
    import netCDF4

    try:
        with netCDF4.Dataset(path) as dataset:
            return {name: dataset.getncattr(name) for name in ("id", "orbit") if name in dataset.ncattrs()}
    except (OSError, RuntimeError, UnicodeDecodeError, AttributeError) as error:
        raise WrongBody("unreadable", "the file cannot be opened as HDF5", found=str(error)) from None


def _same_orbit(value: object, orbit: int) -> bool:
    try:
        return int(str(value)) == orbit
    except ValueError:
        return False


def check_identity(path: Path, name: str) -> list[str]:
    """Compare the identity inside a file with the granule's name.

    Parameters
    ----------
    path : Path
    name : str
        File name of the granule, with or without ``.nc``.

    Returns
    -------
    list of str
        Notes on what could not be compared: absent attributes are accepted.

    Raises
    ------
    WrongBody
        ``unreadable``.
    GranuleError
        ``identity``: asking again would bring the same file.
    """
    expected = parse_granule_name(name)
    found = _attributes(path)
    notes = [f"no global attribute {key} to compare with the name" for key in ("id", "orbit") if key not in found]
    identity = str(found.get("id", expected.stem)).strip().removesuffix(".nc")
    wrong_orbit = "orbit" in found and not _same_orbit(found["orbit"], expected.orbit)
    if identity != expected.stem or wrong_orbit:
        raise GranuleError(
            "the file holds another granule than its name says",
            reason="identity",
            where=path,
            expected=f"{expected.stem}, orbit {expected.orbit}",
            found=f"id {found.get('id', 'absent')}, orbit {found.get('orbit', 'absent')}",
            remedy="report it to the archive; the campaign goes on without this granule",
        )
    return notes
