"""Plumes of known emission rate.

Columns are mol m-2, positions degrees, distances metres, rates kg s-1.
The model is a steady Gaussian plume with diffusive widening, first-order loss, an optional meander of its
axis and optional puffs; its mass balance is exact, so every estimator can be checked against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import EARTH_RADIUS_KM, SO2_KG_PER_MOL

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class PlumeSpec:
    """Everything that defines one simulated plume.

    Parameters
    ----------
    longitude, latitude : float
        Source, degrees east and north.
    emission_kg_s : float
        Emission rate.
    wind_speed_m_s : float
        Transport wind.
    wind_toward_deg : float
        Direction the plume drifts to, clockwise from north.
    age_h : float
        Time since the emission began; the plume ends at ``wind * age``.
    lifetime_h : float
        First-order lifetime.
    diffusivity_m2_s : float
        Lateral eddy diffusivity.
    source_sigma_m : float
        Lateral standard deviation at the source.
    meander_m, meander_wavelength_m, meander_phase : float
        Sideways swing of the axis (grows over the first wavelength), its length and phase in radians.
    puff_depth, puff_period_h : float
        Relative modulation (0..1) of the emission rate in time and its period.
    bend : float
        Sideways slope of the axis at the front, as under a wind that turns: the axis is a parabola.
    ended_h : float
        Time since the emission ended: the plume has left its source. Less than `age_h`.
    """

    longitude: float
    latitude: float
    emission_kg_s: float
    wind_speed_m_s: float
    wind_toward_deg: float
    age_h: float = 12.0
    lifetime_h: float = 24.0
    diffusivity_m2_s: float = 6000.0
    source_sigma_m: float = 3500.0
    meander_m: float = 0.0
    meander_wavelength_m: float = 150_000.0
    meander_phase: float = 0.0
    puff_depth: float = 0.0
    puff_period_h: float = 3.0
    bend: float = 0.0
    ended_h: float = 0.0

    @property
    def start_m(self) -> float:
        """Along-wind distance of the upwind end from the source."""
        return self.wind_speed_m_s * self.ended_h * 3600.0

    @property
    def length_m(self) -> float:
        """Along-wind distance of the front from the source."""
        return self.wind_speed_m_s * self.age_h * 3600.0


def local_metres(
    longitude: FloatArray, latitude: FloatArray, longitude_0: float, latitude_0: float
) -> tuple[FloatArray, FloatArray]:
    """Project degrees to metres east and north of a point (azimuthal equal-area on a sphere).

    Any longitude convention is fine: only the sine and cosine of the difference enter.
    """
    phi, phi0 = np.radians(np.asarray(latitude, float)), np.radians(latitude_0)
    dlam = np.radians(np.asarray(longitude, float) - longitude_0)
    cos_c = np.sin(phi0) * np.sin(phi) + np.cos(phi0) * np.cos(phi) * np.cos(dlam)
    k = EARTH_RADIUS_KM * 1000.0 * np.sqrt(2.0 / np.maximum(1.0 + cos_c, 1e-9))
    x = k * np.cos(phi) * np.sin(dlam)
    y = k * (np.cos(phi0) * np.sin(phi) - np.sin(phi0) * np.cos(phi) * np.cos(dlam))
    return x, y


def plume_coordinates(plume: PlumeSpec, longitude: FloatArray, latitude: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return distance along the wind and sideways distance from the meandering axis, metres."""
    east, north = local_metres(longitude, latitude, plume.longitude, plume.latitude)
    toward = np.radians(plume.wind_toward_deg)
    along = east * np.sin(toward) + north * np.cos(toward)
    across = east * np.cos(toward) - north * np.sin(toward)
    growth = np.clip(along / plume.meander_wavelength_m, 0.0, 1.0)
    swing = np.sin(2 * np.pi * along / plume.meander_wavelength_m + plume.meander_phase) - np.sin(plume.meander_phase)
    turned = 0.5 * plume.bend * np.maximum(along, 0.0) ** 2 / plume.length_m
    return along, across - plume.meander_m * growth * swing - turned


def plume_column(plume: PlumeSpec, longitude: FloatArray, latitude: FloatArray) -> FloatArray:
    """Vertical column of the plume at points.

    Parameters
    ----------
    plume : PlumeSpec
    longitude, latitude : array, any shape, degrees
        Not-a-number where a pixel has no position.

    Returns
    -------
    array of the same shape, mol m-2
        Zero upwind of the source and beyond the plume's front.

    Notes
    -----
    ``c = Q / (U sqrt(2 pi) s) exp(-y^2 / 2 s^2) exp(-x / (U tau))`` with ``s^2 = s0^2 + 2 K x / U``.
    Bend and meander shift whole cross sections and keep the mass.
    The edges at the source and the front are softened over ``s0`` with the mass kept.
    """
    along, across = plume_coordinates(plume, longitude, latitude)
    travelled = np.maximum(along, 0.0)
    sigma = np.sqrt(plume.source_sigma_m**2 + 2.0 * plume.diffusivity_m2_s * travelled / plume.wind_speed_m_s)
    soft = plume.source_sigma_m
    inside = 0.5 * (np.tanh((along - plume.start_m) / soft) - np.tanh((along - plume.length_m) / soft))
    decay = np.exp(-travelled / (plume.wind_speed_m_s * plume.lifetime_h * 3600.0))
    puffs = 1.0 + plume.puff_depth * np.cos(
        2 * np.pi * travelled / (plume.wind_speed_m_s * plume.puff_period_h * 3600.0)
    )
    line_density = plume.emission_kg_s / plume.wind_speed_m_s * decay * puffs * inside
    profile = np.exp(-0.5 * (across / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)
    return np.nan_to_num(line_density * profile / SO2_KG_PER_MOL)


def plume_mass_kg(plume: PlumeSpec) -> float:
    """Total mass of a plume without puffs: the integral of its line density."""
    scale = plume.wind_speed_m_s * plume.lifetime_h * 3600.0
    span = np.exp(-plume.start_m / scale) - np.exp(-plume.length_m / scale)
    return float(plume.emission_kg_s / plume.wind_speed_m_s * scale * span)
