"""The granule of a case, in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.simulate.noise import simulate_clouds, simulate_noise
from so2plumes.simulate.orbits import GROUND_PIXELS, SwathGeometry, swath_geometry, to_datetime64
from so2plumes.simulate.plumes import PlumeSpec, plume_coordinates
from so2plumes.simulate.scenes import pixel_mean_column
from so2plumes.swath.filters import usable_pixels
from so2plumes.swath.model import Swath
from so2plumes.training.inject import structured_background
from so2plumes.truth.cases import Case

MARGIN_PIXELS = 45
REACH_SIGMA = 3.0


@dataclass(frozen=True)
class CaseScene:
    """A granule that holds one plume.

    Attributes
    ----------
    swath : Swath
    plume : PlumeSpec
        With its position.
    signal_mol_m2 : (scanline, ground_pixel)
        Column of the plume alone.
    usable : (scanline, ground_pixel) bool
    """

    swath: Swath
    plume: PlumeSpec
    signal_mol_m2: NDArray[np.floating]
    usable: NDArray[np.bool_]


def case_scene(
    case: Case,
    orbit: int,
    rng: np.random.Generator,
    min_qa: float = 0.5,
    max_solar_zenith_deg: float | None = None,
) -> CaseScene:
    """Simulate the granule of a case: as much of the orbit as the plume needs, and 45 pixels around it.

    `min_qa` and `max_solar_zenith_deg` are the quality filter of the search.
    """
    geometry, plume = _geometry(case, orbit)
    signal = pixel_mean_column(plume, geometry)
    noise = simulate_noise(geometry, rng)
    clouds = simulate_clouds(geometry, rng, case.cloud_share)
    scale = case.noise_du * MOL_M2_PER_DU / float(np.median(noise.std))
    column = signal + scale * noise.error
    if case.background_du > 0:
        column = column + structured_background(rng, geometry.shape, case.background_du)
    toward = np.radians(plume.wind_toward_deg)
    fields = {
        "longitude": geometry.longitude,
        "latitude": geometry.latitude,
        "longitude_bounds": geometry.longitude_bounds,
        "latitude_bounds": geometry.latitude_bounds,
        "vertical_column": column,
        "vertical_column_precision": scale * noise.precision,
        "eastward_wind": np.full(geometry.shape, plume.wind_speed_m_s * np.sin(toward)),
        "northward_wind": np.full(geometry.shape, plume.wind_speed_m_s * np.cos(toward)),
        "solar_zenith_angle": geometry.solar_zenith_deg,
    }
    swath = Swath(
        granule=f"simulated_{case.number:06d}",
        orbit=orbit,
        processor_version="02.04.01",
        retrieval="doas",
        time=to_datetime64(geometry.time_s),
        scanline=geometry.scanline_start + np.arange(geometry.shape[0]),
        ground_pixel=geometry.ground_pixel_start + np.arange(geometry.shape[1]),
        fields={**{name: values.astype("f4") for name, values in fields.items()}, "qa_value": clouds.qa_value},
    )
    return CaseScene(swath, plume, signal, usable_pixels(swath, min_qa, max_solar_zenith_deg))


def _geometry(case: Case, orbit: int) -> tuple[SwathGeometry, PlumeSpec]:
    """Cut the orbit to the plume; its source lies in the middle of its pixel."""
    at = swath_geometry(orbit, (case.scanline, case.scanline + 1), (case.ground_pixel, case.ground_pixel + 1))
    plume = replace(case.plume, longitude=float(at.longitude[0, 0]), latitude=float(at.latitude[0, 0]))
    reach = int(plume.length_m / 5_500.0) + MARGIN_PIXELS
    wide = int(plume.length_m / 3_500.0) + MARGIN_PIXELS
    rows = max(0, case.scanline - reach), case.scanline + reach
    columns = max(0, case.ground_pixel - wide), min(GROUND_PIXELS, case.ground_pixel + wide)
    full = swath_geometry(orbit, rows, columns)
    along, across = plume_coordinates(plume, full.longitude, full.latitude)
    width = np.sqrt(plume.source_sigma_m**2 + 2 * plume.diffusivity_m2_s * plume.age_h * 3600.0)
    holds = (along > 0) & (along < plume.length_m) & (np.abs(across) < REACH_SIGMA * width)
    holds[case.scanline - rows[0], case.ground_pixel - columns[0]] = True
    spans = []
    for axis, first, size in ((1, rows[0], holds.shape[0]), (0, columns[0], holds.shape[1])):
        found = np.flatnonzero(holds.any(axis=axis))
        spans.append((first + max(0, found[0] - MARGIN_PIXELS), first + min(size, found[-1] + 1 + MARGIN_PIXELS)))
    return swath_geometry(orbit, *spans), plume
