"""The wind that carries a plume: the best of several heights for which the inputs suffice.

======================  ======================================================================================
``layer_height``        wind field at the layer height of the file: mean over pixels of at least 20 DU whose
                        height has a quality above 0.5 (where stated), weighted by mass
``summit``              wind field 500 m above the nearest known source within 50 km of the plume, if it is a
                        volcano of known elevation
``boundary_layer``      wind field, pressure-weighted mean over the boundary layer
``10m``                 10 m wind of the granule, of the wind field where one is given
======================  ======================================================================================

All but ``10m`` need a wind field. The first rung of the configured list that gives a wind is used.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.emissions.known import KnownPlaces
from so2plumes.emissions.wind import WindField, ground_wind
from so2plumes.errors import ExternalDataError
from so2plumes.plumes.chips import Chip
from so2plumes.registry import look_up

log = logging.getLogger(__name__)

LAYER_HEIGHT_MIN_DU = 20.0
LAYER_HEIGHT_MIN_QA = 50
ABOVE_SUMMIT_M = 500.0
SUMMIT_REACH_KM = 50.0
RUNG_SHARES = {"layer_height": 0.15, "summit": 0.25, "boundary_layer": 0.15, "10m": 0.4}
"""Relative error of the speed by rung: 15 %, more where the height of the plume is a guess (anchors: choosing 10 m
instead of the height of the plume is a factor of 1.5 in the boundary layer)."""


@dataclass(frozen=True)
class PlumePlaces:
    """What the rungs may use; arrays are (n,), the usable pixels of a plume.

    Attributes
    ----------
    longitude, latitude : degrees
    time : datetime64
    weight : mass enhancement, not negative, any unit
    column_mol_m2 : vertical column
    layer_height_m : above the sea, or None where the granule has none
    eastward_10m_m_s, northward_10m_m_s : 10 m wind, or None
    field : WindField, optional
    known : KnownPlaces, optional
    """

    longitude: NDArray[np.floating]
    latitude: NDArray[np.floating]
    time: np.datetime64
    weight: NDArray[np.floating]
    column_mol_m2: NDArray[np.floating]
    layer_height_m: NDArray[np.floating] | None
    eastward_10m_m_s: NDArray[np.floating] | None
    northward_10m_m_s: NDArray[np.floating] | None
    field: WindField | None = None
    known: KnownPlaces | None = None


@dataclass(frozen=True)
class RungWind:
    """Winds (n,) of a rung, m/s; ``height_m`` above the sea where one height was asked for."""

    eastward_m_s: NDArray[np.floating]
    northward_m_s: NDArray[np.floating]
    height_m: float = float("nan")


@dataclass(frozen=True)
class TransportWind:
    """The wind that is used for the rates.

    Attributes
    ----------
    speed_m_s : float
        Length of the mean vector (or scalar median); not-a-number without a wind.
    mean_east_m_s, mean_north_m_s : float
        Mean vector, weighted by mass.
    direction_std_deg : float
        Circular standard deviation of the direction, weighted by mass.
    rung : str
        Empty without a wind.
    height_m : float
        Height above the sea, where the rung has one.
    relative_error : float
        Share of the speed that is uncertain because the height is not known better.
    """

    speed_m_s: float = float("nan")
    mean_east_m_s: float = float("nan")
    mean_north_m_s: float = float("nan")
    direction_std_deg: float = float("nan")
    rung: str = ""
    height_m: float = float("nan")
    relative_error: float = float("nan")

    @property
    def known(self) -> bool:
        """True where there is a wind."""
        return bool(np.isfinite(self.speed_m_s))

    @property
    def moving(self) -> bool:
        """True where there is a wind that goes somewhere, which an exact calm does not."""
        return bool(self.speed_m_s > 0 and np.hypot(self.mean_east_m_s, self.mean_north_m_s) > 0)

    @property
    def direction_deg(self) -> float:
        """Where the wind comes from, clockwise from north; not-a-number in an exact calm."""
        if not self.moving:
            return float("nan")
        return float(np.degrees(np.arctan2(-self.mean_east_m_s, -self.mean_north_m_s)) % 360.0)


NO_TRANSPORT = TransportWind()


def layer_height(plume: PlumePlaces) -> RungWind | None:
    """Wind at the retrieved layer height."""
    if plume.field is None or plume.layer_height_m is None:
        return None
    good = np.isfinite(plume.layer_height_m) & (plume.column_mol_m2 >= LAYER_HEIGHT_MIN_DU * MOL_M2_PER_DU)
    if not (plume.weight[good] > 0).any():
        return None
    height = float(np.average(plume.layer_height_m[good], weights=plume.weight[good]))
    return _at_height(plume, plume.field, height)


def summit(plume: PlumePlaces) -> RungWind | None:
    """Wind above the source of a plume: of the known ones within 50 km of it the nearest to its largest column.

    A source without elevation, such as an industrial site, has no summit; a volcano behind it does not stand in.
    """
    if plume.field is None or plume.known is None or not len(plume.longitude) or not len(plume.known):
        return None
    reached = plume.known.distances_km(plume.longitude, plume.latitude) <= SUMMIT_REACH_KM
    if not reached.any():
        return None
    peak = int(np.argmax(plume.column_mol_m2))
    distance_km = plume.known.distances_km(plume.longitude[peak], plume.latitude[peak])
    source = int(np.argmin(np.where(reached, distance_km, np.inf)))
    elevation_m = float(plume.known.elevation_m[source])
    return _at_height(plume, plume.field, elevation_m + ABOVE_SUMMIT_M) if np.isfinite(elevation_m) else None


def _at_height(plume: PlumePlaces, field: WindField, height_m: float) -> RungWind:
    wind = field.at(plume.longitude, plume.latitude, plume.time, height_m=height_m)
    return RungWind(wind.eastward_m_s, wind.northward_m_s, height_m)


def boundary_layer(plume: PlumePlaces) -> RungWind | None:
    """Mean wind of the boundary layer."""
    if plume.field is None:
        return None
    wind = plume.field.boundary_layer_mean(plume.longitude, plume.latitude, plume.time)
    return RungWind(wind.eastward_m_s, wind.northward_m_s)


def near_ground(plume: PlumePlaces) -> RungWind | None:
    """10 m wind."""
    u, v = plume.eastward_10m_m_s, plume.northward_10m_m_s
    return None if u is None or v is None else RungWind(u, v)


RUNGS: dict[str, Callable[[PlumePlaces], RungWind | None]] = {
    "layer_height": layer_height,
    "summit": summit,
    "boundary_layer": boundary_layer,
    "10m": near_ground,
}
"""Rungs by their configuration name."""


def places_of(
    chip: Chip, level: NDArray[np.floating] | float, field: WindField | None = None, known: KnownPlaces | None = None
) -> PlumePlaces:
    """Return what the rungs may use of a chip; `level` is the background, mol m-2, per pixel or one for all."""
    pick = chip.mask & chip.usable
    column = chip["vertical_column"].astype(float)
    area = chip.get("area_m2")
    over = np.maximum(np.nan_to_num(column - level), 0.0) * (1.0 if area is None else np.nan_to_num(area))

    height = _good_height(chip)
    wind = ground_wind(chip, field)
    return PlumePlaces(
        longitude=chip["longitude"][pick].astype(float),
        latitude=chip["latitude"][pick].astype(float),
        time=chip.time,
        weight=over[pick],
        column_mol_m2=column[pick],
        layer_height_m=None if height is None else height[pick].astype(float),
        eastward_10m_m_s=wind.eastward_m_s,
        northward_10m_m_s=wind.northward_m_s,
        field=field,
        known=known,
    )


def _good_height(chip: Chip) -> NDArray[np.floating] | None:
    """Layer height, not-a-number where its quality is stated and not above 0.5."""
    height, quality = chip.get("layer_height"), chip.get("layer_height_qa")
    if height is None or quality is None:
        return height
    return np.where((quality > LAYER_HEIGHT_MIN_QA) & (quality <= 100), height, np.nan)


def transport_wind(plume: PlumePlaces, rungs: Sequence[str], statistic: str = "vector_mean") -> TransportWind:
    """Climb down the ladder until a rung gives a wind; one whose variables the field lacks gives none.

    Parameters
    ----------
    plume : PlumePlaces
    rungs : sequence of str
        Keys of `RUNGS`, best first; an unknown one is a `ConfigError`.
    statistic : ``vector_mean`` or ``median``
        Speed: length of the mass-weighted mean vector, or the scalar median (FP-pre 2.3), with no weights at all.

    Returns
    -------
    TransportWind
    """
    for name in rungs:
        rung = look_up(RUNGS, name, "emissions.wind")
        try:
            wind = rung(plume)
        except ExternalDataError as error:
            log.debug("%s: %s", name, error)
            continue
        if wind is not None:
            summary = _summary(wind, plume.weight, name, statistic)
            if summary.known:
                return summary
    return NO_TRANSPORT


def _circular_std_deg(resultant: float) -> float:
    """Circular standard deviation of directions whose mean unit vector has a length; 0 where only rounding differs."""
    length = float(np.clip(resultant, 1e-9, 1.0))
    return float(np.degrees(np.sqrt(-2.0 * np.log(length)))) if length < 1.0 - 1e-9 else 0.0


def _summary(wind: RungWind, weight: NDArray[np.floating], rung: str, statistic: str) -> TransportWind:
    good = np.isfinite(wind.eastward_m_s) & np.isfinite(wind.northward_m_s)
    if not good.any():
        return NO_TRANSPORT
    u, v, w = wind.eastward_m_s[good], wind.northward_m_s[good], weight[good]
    w = w if statistic != "median" and w.sum() > 0 else np.ones(len(u))
    east, north = float(np.average(u, weights=w)), float(np.average(v, weights=w))
    speed = np.hypot(u, v)
    moving = speed > 0
    resultant = abs(np.sum(w[moving] * (u + 1j * v)[moving] / speed[moving])) / w.sum()
    return TransportWind(
        speed_m_s=float(np.median(speed)) if statistic == "median" else float(np.hypot(east, north)),
        mean_east_m_s=east,
        mean_north_m_s=north,
        direction_std_deg=_circular_std_deg(resultant),
        rung=rung,
        height_m=wind.height_m,
        relative_error=RUNG_SHARES[rung],
    )
