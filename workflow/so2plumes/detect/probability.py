"""Probability files: one group per orbit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import netCDF4
import numpy as np
from numpy.typing import NDArray

from so2plumes.cf import MILLISECONDS, describe, file_attributes, place_coverage, time_coverage
from so2plumes.errors import TableError
from so2plumes.swath.model import Swath

_DIGITS = 4
_SUMMARY = (
    "Probability that a pixel belongs to a plume of sulphur dioxide, for every pixel of the TROPOMI swaths of a "
    "period. One group per orbit. Positions are those of the Level-2 granule that the group names, at the same "
    "scanline and ground pixel."
)


class ProbabilityWriter:
    """Write the probabilities of a period, orbit by orbit, into an open file.

    Values are rounded to 4 decimals, which makes the files several times smaller.
    """

    def __init__(self, dataset: netCDF4.Dataset, attributes: Mapping[str, str | float]) -> None:
        self._dataset = dataset
        self._seen = Seen()
        dataset.setncatts(
            {**file_attributes("SO2 plume probability", _SUMMARY, "fetch-swaths, detect-plumes"), **attributes}
        )

    def add(self, granule: str, orbit: int, probability: NDArray[np.float32], swath: Swath | None = None) -> None:
        """Add one granule: (scanline, ground_pixel) in 0..1, not-a-number without a position.

        With its swath the group has the numbers and times of its scanlines, and the file the extent of what was seen.
        """
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
            fill_value=np.nan,
        )
        describe(variable, "1")
        variable.set_auto_maskandscale(False)
        variable[:] = np.round(probability, _DIGITS)
        if swath is not None:
            self._place(group, swath)

    def _place(self, group: netCDF4.Group, swath: Swath) -> None:
        for axis in ("scanline", "ground_pixel"):
            numbers = group.createVariable(axis, "i4", (axis,), zlib=True, complevel=1)
            describe(numbers, "1")
            numbers[:] = getattr(swath, axis)
        time = group.createVariable("time", "i8", ("scanline",), zlib=True, complevel=1)
        describe(time, MILLISECONDS)
        time[:] = swath.time.astype("datetime64[ms]").astype("int64")
        group["probability"].coordinates = "time"
        self._seen = self._seen.and_also(swath)
        self._dataset.setncatts(self._seen.attributes())


@dataclass(frozen=True)
class Seen:
    """Corners of what a file has seen so far: times and positions of the extreme pixels."""

    time: tuple[np.datetime64, ...] = ()
    longitude: tuple[float, ...] = ()
    latitude: tuple[float, ...] = ()

    def and_also(self, swath: Swath) -> Seen:
        """Add a swath."""
        where = {name: swath[name][np.isfinite(swath[name])] for name in ("longitude", "latitude")}
        ends = {name: (values.min(), values.max()) if values.size else () for name, values in where.items()}
        return Seen(
            (*self.time, swath.time.min(), swath.time.max()),
            (*self.longitude, *ends["longitude"]),
            (*self.latitude, *ends["latitude"]),
        )

    def attributes(self) -> dict[str, str | float]:
        """Global attributes of the extent."""
        place = place_coverage(np.array(self.longitude, float), np.array(self.latitude, float))
        return {**time_coverage(np.array(self.time, "datetime64[ms]")), **place}


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
