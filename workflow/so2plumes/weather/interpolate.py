"""The wind at a place, time and height: bilinear in space, linear in time, linear in the logarithm of pressure.

Heights are metres above sea level; between two levels the logarithm of pressure is taken as linear in geopotential
height, so that a height and its pressure give the same wind. East of the last column of a global field comes the first
one; at a pole beyond the last row that row is held. The components refer to the meridian of each grid point, so within
a grid step of a pole their mean has no direction. Below the lowest level the profile goes on to the 10 m wind at the
ground (with surface pressure and 10 m wind; levels under the ground are not used), or the lowest level is held. Above
the highest level, outside the box or the hours the answer is not-a-number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from so2plumes.errors import ExternalDataError
from so2plumes.weather.select import EDGE_DEG, MAX_GAP

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class WindVectors:
    """Wind at points, m/s; not-a-number at the ``n_outside`` that the field does not reach."""

    eastward_m_s: Floats
    northward_m_s: Floats

    @property
    def n_outside(self) -> int:
        """Points without an answer."""
        return int(np.count_nonzero(np.isnan(self.eastward_m_s) | np.isnan(self.northward_m_s)))


@dataclass(frozen=True)
class _Weights:
    """Lower corner and weight of the upper one along time, latitude and longitude, (n,) each."""

    lower: tuple[NDArray[np.intp], ...]
    weight: tuple[Floats, ...]
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class _Profile:
    """Nodes from the ground up, (n, node)."""

    log_pressure: Floats
    height_m: Floats | None
    east: Floats
    north: Floats
    from_ground: bool


@dataclass(frozen=True)
class WindField:
    """ERA5 winds in a box.

    Attributes
    ----------
    time : (T,) datetime64[ns], ascending
    latitude, longitude : (Y,), (X,) degrees, ascending
    level_hpa : (L,) descending; empty without pressure levels
    values : dict of (T, L, Y, X) or (T, Y, X) arrays
        Names of `so2plumes.weather.layout`; those that are absent cannot be asked for.
    """

    time: NDArray[np.datetime64]
    latitude: Floats
    longitude: Floats
    level_hpa: Floats
    values: dict[str, Floats]

    @classmethod
    def from_dataset(cls, data: xr.Dataset) -> WindField:
        """Make a field of a normalised data set; a global one is closed at its seam."""
        longitude = data["longitude"].values.astype(float)
        values = {str(name): np.asarray(variable.values, float) for name, variable in data.data_vars.items()}
        step = float(np.diff(longitude).max()) if longitude.size > 1 else 0.0
        if step and longitude[-1] + step >= longitude[0] + 360.0 - EDGE_DEG:
            longitude = np.append(longitude, longitude[0] + 360.0)
            values = {name: np.concatenate([v, v[..., :1]], axis=-1) for name, v in values.items()}
        level = data["level_hpa"].values.astype(float) if "level_hpa" in data.coords else np.empty(0)
        time = data["time"].values.astype("datetime64[ns]")
        return cls(time, data["latitude"].values.astype(float), longitude, level, values)

    def has(self, *names: str) -> bool:
        """Return True where the field has all variables of these names."""
        return all(name in self.values for name in names)

    def at(
        self,
        longitude: ArrayLike,
        latitude: ArrayLike,
        time: ArrayLike,
        *,
        pressure_pa: ArrayLike | None = None,
        height_m: ArrayLike | None = None,
    ) -> WindVectors:
        """Wind at points: at 10 m above ground, or at a pressure, or at a height above sea level.

        Parameters
        ----------
        longitude, latitude : (n,) degrees, any convention of longitude
        time : datetime64, one or (n,)
        pressure_pa, height_m : one or (n,), optional
            At most one of them.

        Raises
        ------
        ExternalDataError
            The field lacks a variable that the answer needs.
        """
        if pressure_pa is not None and height_m is not None:
            raise ValueError("give a pressure or a height, not both")
        where = self._weights(longitude, latitude, time)
        if pressure_pa is None and height_m is None:
            self._need("u10_m_s", "v10_m_s")
            return WindVectors(self._gather("u10_m_s", where), self._gather("v10_m_s", where))
        profile = self._profile(where, heights=height_m is not None)
        shape = where.inside.shape
        if pressure_pa is not None:
            target = -np.log(np.broadcast_to(np.asarray(pressure_pa, float), shape))
            axis = -profile.log_pressure
        else:
            assert profile.height_m is not None
            target, axis = np.broadcast_to(np.asarray(height_m, float), shape), profile.height_m
        return WindVectors(_along(axis, profile.east, target), _along(axis, profile.north, target))

    def boundary_layer_mean(self, longitude: ArrayLike, latitude: ArrayLike, time: ArrayLike) -> WindVectors:
        """Mean wind vector from the ground to the top of the boundary layer, weighted by pressure (mass of air).

        Parameters
        ----------
        longitude, latitude : (n,) degrees
        time : datetime64, one or (n,)

        Raises
        ------
        ExternalDataError
            Needs winds and geopotential of two or more levels, 10 m wind, boundary-layer height and surface pressure.
        """
        self._need("u10_m_s", "v10_m_s", "blh_m", "surface_pressure_pa")
        where = self._weights(longitude, latitude, time)
        profile = self._profile(where, heights=True)
        assert profile.height_m is not None
        top_m = profile.height_m[:, 0] + self._gather("blh_m", where)
        top = _along(profile.height_m, profile.log_pressure, top_m)
        return WindVectors(_mean_below(profile, profile.east, top), _mean_below(profile, profile.north, top))

    def _need(self, *names: str) -> None:
        missing = [name for name in names if name not in self.values]
        if missing:
            raise ExternalDataError(
                "the ERA5 winds lack a variable",
                expected=", ".join(missing),
                found=", ".join(self.values),
                remedy="download it, or ask for another height",
            )

    def _weights(self, longitude: ArrayLike, latitude: ArrayLike, time: ArrayLike) -> _Weights:
        lon, lat = np.atleast_1d(np.asarray(longitude, float)), np.atleast_1d(np.asarray(latitude, float))
        when = np.broadcast_to(np.asarray(time, "datetime64[ns]"), lon.shape)
        east = self.longitude[0] + (lon - self.longitude[0] + EDGE_DEG) % 360.0 - EDGE_DEG
        if self.latitude.size > 1:
            step = float(np.diff(self.latitude).max())
            if 90.0 - self.latitude[-1] < step:
                lat = np.where((lat <= 90.0) & (lat > self.latitude[-1]), self.latitude[-1], lat)
            if self.latitude[0] + 90.0 < step:
                lat = np.where((lat >= -90.0) & (lat < self.latitude[0]), self.latitude[0], lat)
        second = np.timedelta64(1, "s")
        start = self.time[0]
        seconds = np.where(np.isnat(when), np.nan, (when - start) / second)
        found = (
            _locate((self.time - start) / second, seconds, 1e-3, MAX_GAP / second),
            _locate(self.latitude, lat, EDGE_DEG),
            _locate(self.longitude, east, EDGE_DEG),
        )
        inside = found[0][2] & found[1][2] & found[2][2]
        return _Weights(tuple(f[0] for f in found), tuple(f[1] for f in found), inside)

    def _gather(self, name: str, where: _Weights) -> Floats:
        """Weighted sum over the eight corners, (n,) or (n, level)."""
        values = self.values[name]
        leveled = values.ndim == 4
        out = np.zeros((where.inside.size, values.shape[1])) if leveled else np.zeros(where.inside.size)
        for corner in np.ndindex(2, 2, 2):
            weight = np.ones(where.inside.size)
            index = []
            for upper, lower, share, size in zip(
                corner, where.lower, where.weight, (values.shape[0], *values.shape[-2:]), strict=True
            ):
                weight = weight * (share if upper else 1.0 - share)
                index.append(np.minimum(lower + upper, size - 1))
            t, y, x = index
            piece = values[t, :, y, x] if leveled else values[t, y, x]
            share = weight[:, None] if leveled else weight
            out += np.where(share == 0.0, 0.0, share * piece)
        out[~where.inside] = np.nan
        return out

    def _profile(self, where: _Weights, heights: bool) -> _Profile:
        self._need("u_m_s", "v_m_s", *(["height_m"] if heights else []))
        east, north = self._gather("u_m_s", where), self._gather("v_m_s", where)
        log_p = np.broadcast_to(np.log(self.level_hpa * 100.0), east.shape)
        height = self._gather("height_m", where) if heights else None
        if not self.has("surface_pressure_pa", "u10_m_s", "v10_m_s"):
            return _Profile(log_p, height, east, north, False)
        ground = np.log(self._gather("surface_pressure_pa", where))
        buried = log_p >= ground[:, None]
        z_ground = None if height is None else _extended(-log_p, height, -ground)

        def with_ground(values: Floats, lowest: Floats) -> Floats:
            held = np.where(buried, lowest[:, None], values)
            return np.concatenate([lowest[:, None], held], axis=1)

        return _Profile(
            with_ground(log_p, ground),
            None if height is None or z_ground is None else with_ground(height, z_ground),
            with_ground(east, self._gather("u10_m_s", where)),
            with_ground(north, self._gather("v10_m_s", where)),
            True,
        )


def _locate(
    axis: Floats, value: Floats, slack: float, longest: float = np.inf
) -> tuple[NDArray[np.intp], Floats, NDArray[np.bool_]]:
    """Lower neighbour, weight of the upper one, and whether the value lies in a gap that is not too long."""
    if axis.size == 1:
        return np.zeros(value.shape, np.intp), np.zeros(value.shape), np.abs(value - axis[0]) <= slack
    lower = np.clip(np.searchsorted(axis, value, side="right") - 1, 0, axis.size - 2)
    gap = axis[lower + 1] - axis[lower]
    weight = np.clip((value - axis[lower]) / gap, 0.0, 1.0)
    inside = (value >= axis[0] - slack) & (value <= axis[-1] + slack)
    on_point = (np.abs(value - axis[lower]) <= slack) | (np.abs(value - axis[lower + 1]) <= slack)
    return lower, np.nan_to_num(weight), inside & ((gap <= longest) | on_point)


def _segment(axis: Floats, target: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Lower node of each row and the weight of the upper one, not limited to 0..1; ``axis`` ascends along nodes."""
    lower = np.clip((axis <= target[:, None]).sum(axis=1) - 1, 0, axis.shape[1] - 2)[:, None]
    low, high = (np.take_along_axis(axis, lower + side, axis=1)[:, 0] for side in (0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(high > low, (target - low) / (high - low), 0.0)
    return lower, weight


def _along(axis: Floats, values: Floats, target: Floats) -> Floats:
    """Interpolate rows linearly; below the first node it is held, above the last there is nothing."""
    slack = 1e-9 * np.abs(axis[:, -1])
    beyond = ~(target <= axis[:, -1] + slack) | np.isnan(axis[:, 0])
    if axis.shape[1] == 1:
        return np.where(beyond, np.nan, values[:, 0])
    lower, weight = _segment(axis, target)
    weight = np.clip(weight, 0.0, 1.0)
    low, high = (np.take_along_axis(values, lower + side, axis=1)[:, 0] for side in (0, 1))
    return np.where(beyond, np.nan, (1.0 - weight) * low + weight * high)


def _extended(axis: Floats, values: Floats, target: Floats) -> Floats:
    """Interpolate rows linearly, and go on below the first node with the slope of the lowest layer."""
    if axis.shape[1] < 2:
        raise ExternalDataError("heights need two or more pressure levels", found="one level")
    lower, weight = _segment(axis, target)
    low, high = (np.take_along_axis(values, lower + side, axis=1)[:, 0] for side in (0, 1))
    return low + weight * (high - low)


def _mean_below(profile: _Profile, values: Floats, top_log_pressure: Floats) -> Floats:
    """Mean over pressure from the ground to a top, of values that are linear in log pressure between nodes."""
    log_p = np.maximum(profile.log_pressure, top_log_pressure[:, None])
    at_top = _along(-profile.log_pressure, values, -top_log_pressure)
    held = np.where(profile.log_pressure < top_log_pressure[:, None], at_top[:, None], values)
    p = np.exp(log_p)
    thickness = np.diff(-log_p, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(thickness > 0, -np.diff(held, axis=1) / thickness, 0.0)
    pieces = held[:, :-1] * p[:, :-1] - held[:, 1:] * p[:, 1:] - slope * (p[:, :-1] - p[:, 1:])
    depth = p[:, 0] - np.exp(top_log_pressure)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(depth <= 0, values[:, 0], pieces.sum(axis=1) / depth)
