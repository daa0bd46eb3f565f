"""Wind over a plume: what the granule holds, and what a wind field must offer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
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
    """Winds of the atmosphere around a plume, as a reanalysis has them.

    A question whose answer needs a variable that the field lacks is an `ExternalDataError`.
    """

    def has(self, *names: str) -> bool:
        """Return True where the field has all variables of these names (``u10_m_s``, ``v10_m_s``, ...)."""

    def at(
        self,
        longitude: NDArray[np.floating],
        latitude: NDArray[np.floating],
        time: np.datetime64,
        *,
        height_m: NDArray[np.floating] | float | None = None,
    ) -> WindVectors:
        """Return the wind at places (degrees) and a time (UTC): at 10 m, or at heights above the sea."""

    def boundary_layer_mean(
        self, longitude: NDArray[np.floating], latitude: NDArray[np.floating], time: np.datetime64
    ) -> WindVectors:
        """Return the pressure-weighted mean from the ground to the top of the boundary layer."""


@dataclass(frozen=True)
class WindStatistics:
    """Statistics of the 10 m wind over the usable plume pixels, m/s; not-a-number without winds.

    ``direction_deg`` is where the mean vector comes from, clockwise from north. ``cov_percent`` is
    ``100 std / mean`` (the formula printed in FP-pre is the inverse of what it reports). ``source`` is ``granule_10m``,
    ``era5_10m`` or ``none``.
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
    source: str = "none"

    @property
    def known(self) -> bool:
        """True where there are winds."""
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
        direction_deg=float(np.degrees(np.arctan2(-east, -north)) % 360.0) if east or north else float("nan"),
        cov_percent=float(100.0 * speed.std() / mean) if mean > 0 else float("nan"),
        mean_east_m_s=east,
        mean_north_m_s=north,
    )


@dataclass(frozen=True)
class GroundWind:
    """10 m wind (n,) m/s of pixels and where it is from: ``granule_10m``, ``era5_10m`` or ``none`` (then None)."""

    eastward_m_s: NDArray[np.floating] | None
    northward_m_s: NDArray[np.floating] | None
    source: str


def ground_wind(chip: Chip, field: WindField | None = None) -> GroundWind:
    """10 m wind of the usable pixels of a chip's plume: of the wind field where one is given, else of the granule."""
    pick = chip.mask & chip.usable
    if field is not None and field.has("u10_m_s", "v10_m_s"):
        found = field.at(chip["longitude"][pick].astype(float), chip["latitude"][pick].astype(float), chip.time)
        return GroundWind(found.eastward_m_s, found.northward_m_s, "era5_10m")
    u, v = chip.get("eastward_wind"), chip.get("northward_wind")
    if u is None or v is None:
        return GroundWind(None, None, "none")
    return GroundWind(u[pick].astype(float), v[pick].astype(float), "granule_10m")


def chip_wind(chip: Chip, field: WindField | None = None) -> WindStatistics:
    """Statistics of `ground_wind`."""
    wind = ground_wind(chip, field)
    summary = wind_statistics(wind.eastward_m_s, wind.northward_m_s)
    return replace(summary, source=wind.source) if summary.known else summary


def upwind_end(wind: MeanVector, x_m: NDArray[np.floating], y_m: NDArray[np.floating]) -> tuple[float, float] | None:
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
