"""Put plumes, background, noise, clouds and winds together on a swath, and keep the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from so2plumes.earth import from_vectors, unit_vectors
from so2plumes.simulate.noise import simulate_clouds, simulate_noise, smooth_field
from so2plumes.simulate.orbits import SwathGeometry
from so2plumes.simulate.plumes import PlumeSpec, local_metres, plume_column, plume_coordinates

FloatArray = NDArray[np.floating]

FLAG_SIGMA = 3.0
FLAG_RADIUS_M = 150_000.0
FLAG_MAX_SOLAR_ZENITH_DEG = 75.0
TRUTH_SIGMA = 1.0
SUBPIXELS = 3
WIND_RADIUS_M = 700_000.0


@dataclass(frozen=True)
class Emission:
    """A plume in a scene: ``kind`` is ``volcano``, ``anthropogenic`` or ``unknown``."""

    source: str
    kind: str
    plume: PlumeSpec
    height_m: float = 4_000.0


@dataclass(frozen=True)
class Scene:
    """What a Level-2 file holds; arrays are (scanline, ground_pixel), not-a-number is written as fill.

    Attributes
    ----------
    geometry : SwathGeometry
    column, precision : mol m-2
    qa_value : uint8, hundredths
    cloud_fraction : 0..1
    eastward_wind, northward_wind : m s-1
    detection_flag : int32, 0-4
    surface_altitude, layer_height : m
    """

    geometry: SwathGeometry
    column: FloatArray
    precision: FloatArray
    qa_value: NDArray[np.uint8]
    cloud_fraction: FloatArray
    eastward_wind: FloatArray
    northward_wind: FloatArray
    detection_flag: NDArray[np.int32]
    surface_altitude: FloatArray
    layer_height: FloatArray


@dataclass(frozen=True)
class PlumeTruth:
    """One plume as it is in a scene.

    Attributes
    ----------
    emission : Emission
    signal : (scanline, ground_pixel) mol m-2
        Column of this plume alone, averaged over each pixel.
    mask : (scanline, ground_pixel) bool
        Where the signal exceeds the noise's standard deviation.
    peak_sigma : float
        Largest ratio of signal to noise.
    n_usable : int
        Pixels of the mask with a quality value above 0.5.
    """

    emission: Emission
    signal: FloatArray = field(repr=False)
    mask: NDArray[np.bool_] = field(repr=False)
    peak_sigma: float = 0.0
    n_usable: int = 0


@dataclass(frozen=True)
class SimulatedScene:
    """A scene and its truth; ``noise_std`` is the true standard deviation of the noise."""

    scene: Scene
    plumes: tuple[PlumeTruth, ...]
    noise_std: FloatArray = field(repr=False)


def _subpixel_positions(
    longitude_bounds: FloatArray, latitude_bounds: FloatArray, n: int
) -> tuple[FloatArray, FloatArray]:
    """Degrees (pixel, n * n) of points spread evenly over pixels given by their corners (pixel, 4)."""
    corners = unit_vectors(longitude_bounds, latitude_bounds)
    steps = (np.arange(n) + 0.5) / n
    u, v = (part.ravel() for part in np.meshgrid(steps, steps))
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=-1)
    return from_vectors(np.einsum("kc,pcx->pkx", weights, corners))


def pixel_mean_column(plume: PlumeSpec, geometry: SwathGeometry, n_sub: int = SUBPIXELS) -> FloatArray:
    """Column of a plume averaged over each pixel's area.

    Parameters
    ----------
    plume : PlumeSpec
    geometry : SwathGeometry
    n_sub : int
        Sub-pixels in either direction; a plume is narrower than an edge pixel, so its centre is not enough.

    Returns
    -------
    (scanline, ground_pixel) mol m-2
    """
    along, across = plume_coordinates(plume, geometry.longitude, geometry.latitude)
    width = np.sqrt(plume.source_sigma_m**2 + 2 * plume.diffusivity_m2_s * plume.age_h * 3600.0)
    near = (along > -40_000.0) & (along < plume.length_m + 40_000.0) & (np.abs(across) < 5 * width + 30_000.0)
    column = np.zeros(geometry.shape)
    if near.any():
        positions = _subpixel_positions(geometry.longitude_bounds[near], geometry.latitude_bounds[near], n_sub)
        column[near] = plume_column(plume, *positions).mean(axis=-1)
    return column


def detection_flags(geometry: SwathGeometry, truths: Sequence[PlumeTruth], noise_std: FloatArray) -> NDArray[np.int32]:
    """Flag pixels by the product's rule: 0 none, 1 SO2, 2 near a volcano, 3 near a plant, 4 low Sun."""
    flags = np.zeros(geometry.shape, np.int32)
    near_value = {"volcano": 2, "anthropogenic": 3}
    for truth in sorted(truths, key=lambda item: float(item.signal.max())):
        plume = truth.emission.plume
        seen = truth.signal > FLAG_SIGMA * noise_std
        x, y = local_metres(geometry.longitude, geometry.latitude, plume.longitude, plume.latitude)
        near = np.hypot(x, y) < FLAG_RADIUS_M
        flags[seen] = np.where(near, near_value.get(truth.emission.kind, 1), 1)[seen]
    flags[(flags > 0) & (geometry.solar_zenith_deg > FLAG_MAX_SOLAR_ZENITH_DEG)] = 4
    return flags


def wind_fields(
    geometry: SwathGeometry, emissions: Sequence[Emission], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """10 m winds whose speed and direction are the plumes' own within a few per cent.

    Returns
    -------
    eastward, northward : (scanline, ground_pixel) m s-1
    """
    shape = geometry.shape
    speed, toward = float(rng.uniform(3.0, 9.0)), np.radians(rng.uniform(0.0, 360.0))
    weight = np.full(shape, 1e-6)
    east, north = weight * speed * np.sin(toward), weight * speed * np.cos(toward)
    for emission in emissions:
        plume = emission.plume
        along, across = plume_coordinates(plume, geometry.longitude, geometry.latitude)
        beyond = along - np.clip(along, 0.0, plume.length_m)
        own = np.exp(-(beyond**2 + across**2) / WIND_RADIUS_M**2)
        angle = np.radians(plume.wind_toward_deg)
        weight = weight + own
        east = east + own * plume.wind_speed_m_s * np.sin(angle)
        north = north + own * plume.wind_speed_m_s * np.cos(angle)
    east, north = east / weight, north / weight
    stretch = 1.0 + 0.05 * smooth_field(shape, 40.0, rng)
    turn = np.radians(3.0) * smooth_field(shape, 40.0, rng)
    turned_east = stretch * (east * np.cos(turn) - north * np.sin(turn))
    return turned_east, stretch * (east * np.sin(turn) + north * np.cos(turn))


def _truth(
    emission: Emission, geometry: SwathGeometry, noise_std: FloatArray, qa_value: NDArray[np.uint8]
) -> PlumeTruth:
    signal = pixel_mean_column(emission.plume, geometry)
    ratio = signal / noise_std
    mask = ratio > TRUTH_SIGMA
    return PlumeTruth(
        emission=emission,
        signal=signal,
        mask=mask,
        peak_sigma=float(ratio.max()),
        n_usable=int((mask & (qa_value > 50)).sum()),
    )


def build_scene(
    geometry: SwathGeometry,
    emissions: Sequence[Emission],
    rng: np.random.Generator,
    background: FloatArray | float = 0.0,
    cloud_share: float | None = None,
) -> SimulatedScene:
    """Simulate what the instrument reports over a swath.

    Parameters
    ----------
    geometry : SwathGeometry
    emissions : sequence of Emission
        May lie outside the swath; those without a pixel above one sigma leave no truth.
    rng : Generator
    background : array or float, mol m-2
        Enhancement that belongs to no plume.
    cloud_share : float, optional
        See `simulate_clouds`.

    Returns
    -------
    SimulatedScene
    """
    noise = simulate_noise(geometry, rng)
    clouds = simulate_clouds(geometry, rng, cloud_share)
    everything = [_truth(emission, geometry, noise.std, clouds.qa_value) for emission in emissions]
    truths = tuple(truth for truth in everything if truth.mask.any())
    eastward, northward = wind_fields(geometry, [truth.emission for truth in truths], rng)
    flags = detection_flags(geometry, truths, noise.std)
    heights = np.full(geometry.shape, np.nan)
    for truth in truths:
        heights[truth.signal > FLAG_SIGMA * noise.std] = truth.emission.height_m
    column = noise.error + background
    for truth in everything:
        column = column + truth.signal
    scene = Scene(
        geometry=geometry,
        column=column,
        precision=noise.precision,
        qa_value=clouds.qa_value,
        cloud_fraction=clouds.fraction,
        eastward_wind=eastward,
        northward_wind=northward,
        detection_flag=flags,
        surface_altitude=np.clip(250.0 + 350.0 * smooth_field(geometry.shape, 40.0, rng), 0.0, None),
        layer_height=heights,
    )
    return SimulatedScene(scene=scene, plumes=truths, noise_std=noise.std)
