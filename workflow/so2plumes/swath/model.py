"""The swath in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Swath:
    """One granule on its scanline x ground_pixel grid.

    Attributes
    ----------
    granule : str
        Name of the granule without suffix.
    orbit : int
    processor_version : str
    retrieval : str
        ``doas`` or ``cobra``.
    time : (scanline,) datetime64[ms], UTC
    scanline, ground_pixel : (scanline,), (ground_pixel,) int
        Numbers in the full orbit (a subset keeps them).
    fields : dict of arrays
        By the names of ``product.yaml``; pixel fields are (scanline, ground_pixel), corner fields have a last axis
        of 4. Floats hold not-a-number where the file holds its fill value; ``qa_value`` is the raw byte.
    unavailable : tuple of str
        Optional fields that the file does not have.
    """

    granule: str
    orbit: int
    processor_version: str
    retrieval: str
    time: NDArray[np.datetime64]
    scanline: NDArray[np.integer]
    ground_pixel: NDArray[np.integer]
    fields: dict[str, NDArray] = field(repr=False)
    unavailable: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Scanlines and ground pixels."""
        return self.fields["vertical_column"].shape

    def get(self, name: str) -> NDArray | None:
        """Return a field, or None where the file does not have it."""
        return self.fields.get(name)

    def __getitem__(self, name: str) -> NDArray:
        return self.fields[name]

    @property
    def located(self) -> NDArray[np.bool_]:
        """Pixels with a position, (scanline, ground_pixel)."""
        return np.isfinite(self.fields["latitude"]) & np.isfinite(self.fields["longitude"])

    @property
    def has_corners(self) -> bool:
        """True where pixel areas and outlines can be computed."""
        return "latitude_bounds" in self.fields and "longitude_bounds" in self.fields

    @property
    def has_winds(self) -> bool:
        """True where the file carries 10 m winds."""
        return "eastward_wind" in self.fields and "northward_wind" in self.fields

    def cut(self, rows: slice, columns: slice) -> Swath:
        """Return a part of the swath; it keeps the numbers of the full orbit."""
        return replace(
            self,
            time=self.time[rows],
            scanline=self.scanline[rows],
            ground_pixel=self.ground_pixel[columns],
            fields={name: values[rows, columns] for name, values in self.fields.items()},
        )
