"""Probability files: one group per orbit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import netCDF4
import numpy as np
from numpy.typing import NDArray

from so2plumes.errors import TableError

_DIGITS = 4


class ProbabilityWriter:
    """Write the probabilities of a period, orbit by orbit, into an open file.

    Values are rounded to 4 decimals, which makes the files several times smaller.
    """

    def __init__(self, dataset: netCDF4.Dataset, attributes: Mapping[str, str | float]) -> None:
        self._dataset = dataset
        dataset.setncatts({"Conventions": "CF-1.11", "title": "SO2 plume probability", **attributes})

    def add(self, granule: str, orbit: int, probability: NDArray[np.float32]) -> None:
        """Add one granule: (scanline, ground_pixel) in 0..1, not-a-number without a position."""
        group = self._dataset.createGroup(f"orbit_{orbit:05d}")
        group.setncatts({"granule": granule, "orbit": orbit})
        for name, size in zip(("scanline", "ground_pixel"), probability.shape, strict=True):
            group.createDimension(name, size)
        variable = group.createVariable(
            "probability",
            "f4",
            ("scanline", "ground_pixel"),
            zlib=True,
            complevel=1,
            shuffle=True,
        )
        variable.long_name = "probability that the pixel belongs to an SO2 plume"
        variable.units = "1"
        variable[:] = np.round(probability, _DIGITS)


def read_probabilities(path: str | Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield granule and probability (scanline, ground_pixel) of a file, one by one.

    Raises
    ------
    TableError
        When the file is not a whole probability file.
    """
    try:
        with netCDF4.Dataset(path) as dataset:
            dataset.set_auto_maskandscale(False)
            for group in dataset.groups.values():
                yield group.granule, np.asarray(group["probability"][:])
    except (OSError, RuntimeError, AttributeError, IndexError) as error:
        raise TableError(
            "the probabilities cannot be read",
            where=path,
            expected="a file written by `so2plumes detect-plumes`",
            found=str(error),
            remedy="delete it and run the workflow again",
        ) from None
