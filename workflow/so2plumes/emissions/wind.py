"""Wind over a plume."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from so2plumes.plumes.chips import Chip

if TYPE_CHECKING:
    from so2plumes.weather.interpolate import WindField

UPWIND_QUANTILE = 0.05


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


def chip_wind(chip: Chip, field: WindField | None = None) -> WindStatistics:
    """10 m wind over the usable pixels of a chip's plume: of ERA5 where a field is given, else of the granule."""
    pick = chip.mask & chip.usable
    if field is not None and field.has("u10_m_s", "v10_m_s"):
        found = field.at(chip["longitude"][pick], chip["latitude"][pick], chip.time)
        wind = wind_statistics(found.eastward_m_s, found.northward_m_s)
        return replace(wind, source="era5_10m") if wind.known else wind
    u, v = chip.get("eastward_wind"), chip.get("northward_wind")
    wind = wind_statistics(None if u is None else u[pick], None if v is None else v[pick])
    return replace(wind, source="granule_10m") if wind.known else wind


def upwind_end(
    wind: WindStatistics, x_m: NDArray[np.floating], y_m: NDArray[np.floating]
) -> tuple[float, float] | None:
    """Mean position of the 5 % of plume pixels that lie farthest upwind.

    Parameters
    ----------
    wind : WindStatistics
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
