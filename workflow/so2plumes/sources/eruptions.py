"""Which plume belongs to which eruption (FP 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from so2plumes.sources.gvp import last_days
from so2plumes.sources.origins import Origin, origin_coordinates, require_columns, utc_days, utc_times
from so2plumes.sources.sphere import neighbours_within

PAIR_DTYPES = {
    "plume_id": "str",
    "eruption_number": "Int64",
    "volcano_name": "str",
    "distance_km": "float64",
    "days_since_start": "int64",
}
"""Columns of `EruptionMatch.pairs`, in order."""


@dataclass(frozen=True)
class EruptionMatch:
    """Plumes and the eruptions that they match.

    Attributes
    ----------
    pairs : DataFrame
        One row for each plume and eruption that match: `PAIR_DTYPES`. A plume may match several.
    eruptions : DataFrame
        The eruptions given, with `n_plumes`, `matched` (bool) and `first_plume`, `last_plume` (UTC, NaT for
        none).
    """

    pairs: pd.DataFrame
    eruptions: pd.DataFrame

    @property
    def n_plumes(self) -> int:
        """Plumes that match at least one eruption."""
        return int(self.pairs["plume_id"].nunique())

    @property
    def n_eruptions(self) -> int:
        """Eruptions with at least one plume."""
        return int(self.eruptions["matched"].sum())


def match_eruptions(
    plumes: pd.DataFrame,
    eruptions: pd.DataFrame,
    radius_km: float = 50.0,
    origin: Origin = "max",
    days_before: int = 0,
    days_after: int = 0,
) -> EruptionMatch:
    """Match plumes with eruptions near them in space and time (FP 3.2).

    A plume matches where its origin lies within the radius, on a day from the earliest start of the
    eruption to the last day that it may have been active (open where it continues). FP allows no further
    days; `days_before` and `days_after` widen the interval for dates that are late in the list and for gas
    that lingers.

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    eruptions : DataFrame
        From `gvp.read_eruptions`, as a rule through `gvp.active_between`.
    radius_km : float
        Greatest great-circle distance.
    origin : {'max', 'upwind'}
        Place of the plume.
    days_before, days_after : int
        Days added before the start and after the end.

    Returns
    -------
    EruptionMatch
    """
    require_columns(plumes, ("plume_id", "time"), "plume")
    lon, lat = origin_coordinates(plumes, origin)
    near = neighbours_within(lon, lat, eruptions["longitude"], eruptions["latitude"], radius_km)
    time = utc_times(plumes["time"]) if len(plumes) else pd.Series(dtype="datetime64[ns, UTC]")
    day = utc_days(time)[near.first]
    start = eruptions["start_earliest"].to_numpy().astype("datetime64[D]")[near.second]
    end = last_days(eruptions)[near.second]
    since_start, since_end = (day - start).astype(np.int64), (day - end).astype(np.int64)
    active = (since_start >= -days_before) & (since_end <= days_after)
    plume, eruption = near.first[active], near.second[active]
    pairs = pd.DataFrame(
        {
            "plume_id": plumes["plume_id"].to_numpy()[plume] if len(plumes) else [],
            "eruption_number": eruptions["eruption_number"].array[eruption],
            "volcano_name": eruptions["volcano_name"].array[eruption],
            "distance_km": near.distance_km[active],
            "days_since_start": since_start[active],
        }
    ).astype(PAIR_DTYPES)
    return EruptionMatch(pairs, _count(eruptions, eruption, time.iloc[plume]))


def _count(eruptions: pd.DataFrame, row: np.ndarray, time: pd.Series) -> pd.DataFrame:
    """Count by row: eruption numbers of old eruptions are not unique in the list."""
    groups = time.reset_index(drop=True).groupby(row)
    rows = pd.RangeIndex(len(eruptions))
    n_plumes = np.bincount(row, minlength=len(eruptions))
    return eruptions.reset_index(drop=True).assign(
        n_plumes=n_plumes,
        matched=n_plumes > 0,
        first_plume=groups.min().reindex(rows),
        last_plume=groups.max().reindex(rows),
    )
