"""Open Level-2 files and find variables in their groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
from numpy.typing import NDArray

from so2plumes.errors import GranuleError


def open_level2(path: str | Path) -> netCDF4.Dataset:
    """Open a file for reading raw values.

    Raises
    ------
    GranuleError
        ``missing`` when there is no such file, ``unreadable`` when it is not whole NetCDF-4.
    """
    path = Path(path)
    if not path.is_file():
        raise GranuleError(
            "the granule is not there",
            reason="missing",
            where=path,
            remedy="check archive.path, or fetch the granule again",
        )
    try:
        dataset = netCDF4.Dataset(path)
    except (OSError, RuntimeError) as error:
        raise GranuleError(
            "the file cannot be opened as NetCDF-4",
            reason="unreadable",
            where=path,
            expected="a whole HDF5 file",
            found=f"{path.stat().st_size} bytes; {error}",
            remedy="fetch the granule again",
        ) from None
    dataset.set_auto_maskandscale(False)
    return dataset


def find_variable(dataset: netCDF4.Dataset, paths: tuple[str, ...]) -> netCDF4.Variable | None:
    """Return the first variable that exists among `paths`, or None."""
    for path in paths:
        group: netCDF4.Dataset | None = dataset
        *folders, name = path.strip("/").split("/")
        for folder in folders:
            group = group.groups.get(folder) if group is not None else None
        if group is not None and name in group.variables:
            return group.variables[name]
    return None


def read_values(variable: netCDF4.Variable, selection: Any = slice(None)) -> NDArray:
    """Read raw values of a variable.

    Raises
    ------
    GranuleError
        ``truncated`` when they cannot be read.
    """
    try:
        return np.asarray(variable[selection])
    except (OSError, RuntimeError) as error:
        raise GranuleError(
            "a variable cannot be read to its end",
            reason="truncated",
            where=f"{variable.group().filepath()}: {variable.group().path}/{variable.name}",
            found=str(error),
            remedy="fetch the granule again",
        ) from None
