"""By what scores are told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

CLEAR_SIGMA = 3.0


@dataclass(frozen=True)
class Binning:
    """A column of a table and where to cut it.

    Attributes
    ----------
    by : str
        What readers call it.
    column : str
    edges : tuple of float
        Bins are ``low <= value < high``.
    unit : str
    """

    by: str
    column: str
    edges: tuple[float, ...]
    unit: str = ""

    def groups(self, table: pd.DataFrame) -> Iterator[Group]:
        """Yield the bins in their order, empty ones too."""
        values = table[self.column].to_numpy(float)
        unit = f" {self.unit}" if self.unit else ""
        for low, high in zip(self.edges[:-1], self.edges[1:], strict=True):
            name = f"{low:g} to {high:g}{unit}" if np.isfinite(high) else f"{low:g}{unit} and more"
            with np.errstate(invalid="ignore"):
                yield Group(self.by, name, (values >= low) & (values < high))


@dataclass(frozen=True)
class Group:
    """Rows of a table that are scored together."""

    by: str
    of: str
    rows: NDArray[np.bool_]


PEAK = Binning("peak", "peak_sigma", (1.0, 1.5, 3.0, 6.0, 15.0, 50.0, np.inf), "sigma")
BINNINGS = (
    Binning("size", "n_truth", (1, 7, 13, 51, 201, np.inf), "pixels"),
    Binning("viewing zenith", "viewing_zenith_deg", (0, 30, 50, np.inf), "degrees"),
    Binning("solar zenith", "solar_zenith_deg", (0, 40, 60, np.inf), "degrees"),
    Binning("background", "background_du", (0, 0.1, 1, 2, np.inf), "DU"),
    Binning("noise", "noise_du", (0, 0.8, 1.2, 1.6, np.inf), "DU"),
)
CATEGORIES = {"shape": "kind", "archive": "archive", "truth": "source", "scene": "scene", "edge of the swath": "edge"}


def score_groups(table: pd.DataFrame) -> Iterator[Group]:
    """Yield all groups of a table of images, scenes or plumes.

    By peak signal first; everything else only where the plume's peak is clear, over 3 sigma.
    """
    peak = table["peak_sigma"].to_numpy(float)
    clear = peak >= CLEAR_SIGMA
    yield Group("all", "peak over 3 sigma", clear)
    yield Group("all", "peak over 6 sigma", peak >= 6.0)
    yield from PEAK.groups(table)
    for binning in BINNINGS:
        if binning.column in table:
            for group in binning.groups(table):
                if (group.rows & clear).any():
                    yield Group(group.by, group.of, group.rows & clear)
    for by, column in CATEGORIES.items():
        if column in table:
            values = table[column].astype(str).to_numpy()
            for value in sorted(set(values[clear])):
                yield Group(by, value, clear & (values == value))
