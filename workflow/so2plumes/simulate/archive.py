"""Write an archive of simulated Level-2 granules with their truth beside them."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from so2plumes.errors import ConfigError
from so2plumes.simulate.level2 import Level2Options, write_level2
from so2plumes.simulate.orbits import (
    GROUND_PIXELS,
    SwathGeometry,
    date_of,
    noon_time_s,
    swath_geometry,
    to_datetime64,
)
from so2plumes.simulate.planning import Cut, GranulePlan, plan_day
from so2plumes.simulate.plumes import local_metres
from so2plumes.simulate.scenes import Emission, Scene, SimulatedScene, build_scene
from so2plumes.simulate.sources import (
    DEFAULT_SOURCES,
    Source,
    active_sources,
    plume_of_day,
    regional_background,
)
from so2plumes.simulate.truth import (
    SimulatedGranule,
    plume_row,
    write_masks,
    write_truth,
)

log = logging.getLogger(__name__)

OFFLINE_SINCE = date(2022, 7, 26)
TRUNCATED_SHARE = 0.6


def options_of(plan: GranulePlan) -> Level2Options:
    """Stream and creation time of a granule: RPRO before 26 July 2022, OFFL after, NRTI for a duplicate."""
    noon = noon_time_s(plan.orbit)
    if plan.kind == "duplicate":
        stream, created = "NRTI", noon + 3 * 3600.0
    elif date_of(noon) < OFFLINE_SINCE:
        stream, created = "RPRO", None
    else:
        stream, created = "OFFL", noon + 7 * 86400.0
    if created is None:
        stamp = f"202302{1 + plan.orbit % 28:02d}T{plan.orbit % 24:02d}{plan.orbit % 60:02d}{plan.orbit % 59:02d}"
    else:
        stamp = to_datetime64(created).astype("datetime64[s]").item().strftime("%Y%m%dT%H%M%S")
    return Level2Options(stream=stream, created=stamp)  # type: ignore[arg-type]


def _near(geometry: SwathGeometry, longitude: float, latitude: float, reach_m: float) -> bool:
    rows, columns = (slice(None, None, max(1, size // 16)) for size in geometry.shape)
    x, y = local_metres(geometry.longitude[rows, columns], geometry.latitude[rows, columns], longitude, latitude)
    return bool(np.hypot(x, y).min() < reach_m + 250_000.0)


def simulate_granule(
    plan: GranulePlan, day: date, seed: int, sources: tuple[Source, ...] = DEFAULT_SOURCES
) -> SimulatedScene:
    """Simulate the scene of a planned granule from (seed, orbit, day) alone."""
    geometry = swath_geometry(plan.orbit, plan.scanlines, plan.ground_pixels)
    emissions, background = [], np.zeros(geometry.shape)
    for source in active_sources(sources, day):
        plume = plume_of_day(source, day, seed)
        if _near(geometry, source.longitude, source.latitude, plume.length_m):
            emissions.append(Emission(source.name, source.kind, plume, source.plume_height_m))
        reach = 2 * source.background_radius_m
        if source.background_du and _near(geometry, source.longitude, source.latitude, reach):
            background += regional_background(source, day, seed, geometry.longitude, geometry.latitude)
    return build_scene(geometry, emissions, np.random.default_rng([seed, plan.orbit]), background)


def _emptied(scene: Scene) -> Scene:
    nothing = np.full(scene.geometry.shape, np.nan)
    return replace(
        scene,
        column=nothing,
        precision=nothing,
        qa_value=np.zeros(scene.geometry.shape, np.uint8),
        detection_flag=np.zeros(scene.geometry.shape, np.int32),
    )


def _truncate(path: Path) -> None:
    with open(path, "r+b") as stream:
        stream.truncate(int(TRUNCATED_SHARE * path.stat().st_size))


def write_granule(
    folder: Path, plan: GranulePlan, day: date, seed: int, sources: tuple[Source, ...] = DEFAULT_SOURCES
) -> SimulatedGranule:
    """Simulate and write one granule, and its masks where it is a good one."""
    simulated = simulate_granule(plan, day, seed, sources)
    options = options_of(plan)
    scene = _emptied(simulated.scene) if plan.kind == "all_fill" else simulated.scene
    path = write_level2(folder, scene, options)
    rows = []
    if plan.kind == "truncated":
        _truncate(path)
    elif plan.kind in ("plume", "quiet", "tiny"):
        write_masks(folder, path.stem, simulated)
        rows = [plume_row(truth, path.stem, day, scene.geometry) for truth in simulated.plumes]
    return SimulatedGranule(path, day, plan.orbit, plan.kind, len(rows), tuple(rows))


def simulate_archive(
    out_dir: str | Path,
    start: date,
    end: date,
    *,
    seed: int,
    scanlines: int = 320,
    ground_pixels: int = GROUND_PIXELS,
    full_orbits: bool = False,
    sources: tuple[Source, ...] = DEFAULT_SOURCES,
    bad_granules: bool = True,
) -> list[SimulatedGranule]:
    """Write a small archive in the product's layout, with truth.

    Parameters
    ----------
    out_dir : path
        Gets the granules, ``truth/plumes.parquet`` (one row per plume), ``truth/granules.parquet`` and
        ``truth/<granule>.npz`` (masks). Days may be written one by one into the same folder, but not at
        the same time.
    start, end : date
        First and last day, both included.
    seed : int
        Every number follows from it, the day and the orbit: a day written alone equals itself byte for byte.
    scanlines, ground_pixels : int
        Size of a granule, cut around its source; ``full_orbits`` keeps all scanlines.
    full_orbits : bool
    sources : tuple of Source
    bad_granules : bool
        Also write one granule a day that a campaign must put aside: truncated, all fill, a near-real-time
        copy or five scanlines long, in turn.

    Returns
    -------
    list of SimulatedGranule
        By day and orbit: per day one granule for every active source that is seen in daylight, one quiet
        and one bad.

    Raises
    ------
    ConfigError
        When the period or the size of a granule is empty.
    """
    if end < start or scanlines < 1 or not 1 <= ground_pixels <= GROUND_PIXELS:
        raise ConfigError(
            "the simulated archive would be empty",
            where="campaign.start, campaign.end, scanlines, ground_pixels",
            expected=f"start <= end, at least one scanline, 1 to {GROUND_PIXELS} ground pixels",
            found=f"{start}..{end}, {scanlines} scanlines, {ground_pixels} ground pixels",
        )
    folder = Path(out_dir)
    cut = Cut(None if full_orbits else scanlines, ground_pixels)
    days = [start + timedelta(days=count) for count in range((end - start).days + 1)]
    granules: list[SimulatedGranule] = []
    for count, day in enumerate(days, 1):
        plans = plan_day(day, seed, sources, cut, bad_granules=bad_granules)
        today = [write_granule(folder, plan, day, seed, sources) for plan in plans]
        granules.extend(today)
        plumes = sum(granule.n_plumes for granule in today)
        log.info("day %d of %d, %s: %d granules, %d plumes", count, len(days), day, len(today), plumes)
    write_truth(folder, days, granules)
    return granules
