"""Wind over a plume: what the granule holds, and what a wind field must offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from so2plumes.plumes.chips import Chip

UPWIND_QUANTILE = 0.05


class WindVectors(Protocol):
    """Wind at some places: not-a-number where the field does not reach."""

    @property
    def eastward_m_s(self) -> NDArray[np.floating]:
        """Component towards the east, of the shape of the places."""

    @property
    def northward_m_s(self) -> NDArray[np.floating]:
        """Component towards the north."""


class WindField(Protocol):
    """Winds of the atmosphere around a plume, as a reanalysis has them."""

    @property
    def name(self) -> str:
        """What the winds are, for the column ``wind_source``."""

    def at(
        self,
        longitude: NDArray[np.floating],
        latitude: NDArray[np.floating],
        time: np.datetime64,
        *,
        height_m: NDArray[np.floating] | float,
    ) -> WindVectors:
        """Return the wind at places (degrees), a time (UTC) and heights above the sea."""

    def boundary_layer_mean(
        self, longitude: NDArray[np.floating], latitude: NDArray[np.floating], time: np.datetime64
    ) -> WindVectors:
        """Return the pressure-weighted mean from the ground to the top of the boundary layer."""

    def near_ground(
        self, longitude: NDArray[np.floating], latitude: NDArray[np.floating], time: np.datetime64
    ) -> WindVectors:
        """Return the wind 10 m above the ground."""


@dataclass(frozen=True)
class WindStatistics:
    """Statistics of the 10 m wind over the usable plume pixels, m/s; not-a-number without winds.

    ``direction_deg`` is where the mean vector comes from, clockwise from north. ``cov_percent`` is
    ``100 std / mean`` (the formula printed in FP-pre is the inverse of what it reports).
    """

    speed_median_m_s: float
    speed_min_m_s: float
    speed_max_m_s: float
    speed_std_m_s: float
    speed_sem_m_s: float
    direction_deg: float
    cov_percent: float
    mean_east_m_s: float
    mean_north_m_s: float

    @property
    def known(self) -> bool:
        """True where the granule has winds."""
        return bool(np.isfinite(self.speed_median_m_s))


class MeanVector(Protocol):
    """A mean wind."""

    @property
    def mean_east_m_s(self) -> float:
        """Component towards the east."""

    @property
    def mean_north_m_s(self) -> float:
        """Component towards the north."""


NO_WIND = WindStatistics(*(float("nan"),) * 9)


def wind_statistics(eastward: NDArray | None, northward: NDArray | None) -> WindStatistics:
    """Summarise wind components of plume pixels.

    Parameters
    ----------
    eastward, northward : (n,) m/s, or None
        Pixels without a value are left out.
    """
    if eastward is None or northward is None:
        return NO_WIND
    good = np.isfinite(eastward) & np.isfinite(northward)
    if not good.any():
        return NO_WIND
    u, v = eastward[good].astype(float), northward[good].astype(float)
    speed = np.hypot(u, v)
    mean = float(speed.mean())
    east, north = float(u.mean()), float(v.mean())
    return WindStatistics(
        speed_median_m_s=float(np.median(speed)),
        speed_min_m_s=float(speed.min()),
        speed_max_m_s=float(speed.max()),
        speed_std_m_s=float(speed.std()),
        speed_sem_m_s=float(speed.std(ddof=1) / np.sqrt(len(speed))) if len(speed) > 1 else float("nan"),
        direction_deg=float(np.degrees(np.arctan2(-east, -north)) % 360.0),
        cov_percent=float(100.0 * speed.std() / mean) if mean > 0 else float("nan"),
        mean_east_m_s=east,
        mean_north_m_s=north,
    )


def chip_wind(chip: Chip) -> WindStatistics:
    """Wind over the usable pixels of a chip's plume."""
    u, v = chip.get("eastward_wind"), chip.get("northward_wind")
    pick = chip.mask & chip.usable
    return wind_statistics(None if u is None else u[pick], None if v is None else v[pick])


def upwind_end(
    wind: MeanVector, x_m: NDArray[np.floating], y_m: NDArray[np.floating]
) -> tuple[float, float] | None:
    """Mean position of the 5 % of plume pixels that lie farthest upwind.

    Parameters
    ----------
    wind : MeanVector
    x_m, y_m : (n,) metres east and north of any centre

    Returns
    -------
    (x, y) in metres, or None without a wind direction.
    """
    speed = np.hypot(wind.mean_east_m_s, wind.mean_north_m_s)
    if not np.isfinite(speed) or speed == 0.0 or len(x_m) == 0:
        return None
    along = (x_m * wind.mean_east_m_s + y_m * wind.mean_north_m_s) / speed
    count = max(1, int(np.ceil(UPWIND_QUANTILE * len(along))))
    first = np.argsort(along, kind="stable")[:count]
    return float(x_m[first].mean()), float(y_m[first].mean())
