"""Decide which granules a simulated day has: a pure function of the day, the seed and the sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np

from so2plumes.earth import from_vectors, unit_vectors
from so2plumes.simulate.orbits import (
    GROUND_PIXELS,
    date_of,
    noon_time_s,
    orbits_of_day,
    scan_pattern,
    sensing_start_s,
)
from so2plumes.simulate.plumes import PlumeSpec
from so2plumes.simulate.sources import Source, active_sources, plume_of_day
from so2plumes.simulate.views import OrbitView, locate, window_around

Kind = Literal["plume", "quiet", "truncated", "all_fill", "duplicate", "tiny"]

MAX_SOLAR_ZENITH_DEG = 80.0
TINY_SCANLINES = 5
BAD_KINDS: tuple[Kind, ...] = ("truncated", "all_fill", "duplicate", "tiny")
QUIET_PLACES: tuple[tuple[float, float], ...] = (
    (-120.0, -30.0),
    (-135.0, -12.0),
    (-20.0, -28.0),
    (80.0, -28.0),
    (95.0, -15.0),
    (-105.0, -42.0),
    (65.0, -40.0),
)
"""Ocean far from every source, (longitude, latitude)."""


@dataclass(frozen=True)
class GranulePlan:
    """One granule to write: its kind and half-open ranges of the full orbit."""

    orbit: int
    kind: Kind
    scanlines: tuple[int, int]
    ground_pixels: tuple[int, int]


@dataclass(frozen=True)
class Cut:
    """How much of an orbit a granule holds; ``scanlines`` None keeps the full orbit."""

    scanlines: int | None = 320
    ground_pixels: int = GROUND_PIXELS


def plume_front(plume: PlumeSpec) -> tuple[float, float]:
    """Longitude and latitude of the plume's far end, along a great circle."""
    lon, lat = np.radians(plume.longitude), np.radians(plume.latitude)
    toward, angle = np.radians(plume.wind_toward_deg), plume.length_m / 6.371e6
    start = unit_vectors(np.array(plume.longitude), np.array(plume.latitude))
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    ahead = np.cos(toward) * north + np.sin(toward) * east
    longitude, latitude = from_vectors(np.cos(angle) * start + np.sin(angle) * ahead)
    return float(longitude), float(latitude)


def _plan(kind: Kind, view: OrbitView, cut: Cut, centre: tuple[int, int] | None = None) -> GranulePlan:
    total = scan_pattern(view.orbit).n_scanlines
    size = TINY_SCANLINES if kind == "tiny" else (cut.scanlines or total)
    row, column = centre or (view.scanline, view.ground_pixel)
    return GranulePlan(
        orbit=view.orbit,
        kind=kind,
        scanlines=window_around(row, size, total),
        ground_pixels=window_around(column, cut.ground_pixels, GROUND_PIXELS),
    )


def _starts_on(plan: GranulePlan, day: date) -> bool:
    start = sensing_start_s(plan.orbit) + plan.scanlines[0] * scan_pattern(plan.orbit).interval_s
    return date_of(start) == day


def _between(source: int, front: int | None, size: int) -> int:
    """Centre that shows as much of the plume as fits while the source stays well inside."""
    if front is None:
        return source
    reach = int(0.4 * size)
    return source + int(np.clip((front - source) // 2, -reach, reach))


def views_of_source(source: Source, day: date, seed: int, orbits: Iterable[int], cut: Cut) -> list[GranulePlan]:
    """Possible granules of a source on a day, the best first.

    They are ranked by the larger viewing zenith angle of source and plume front, for a long plume should lie
    in one swath; orbits that see the source without daylight are left out.
    """
    front = plume_front(plume_of_day(source, day, seed))
    found: list[tuple[float, GranulePlan]] = []
    for orbit in orbits:
        view = locate(orbit, source.longitude, source.latitude)
        if view is None or view.solar_zenith_deg > MAX_SOLAR_ZENITH_DEG:
            continue
        ahead = locate(orbit, *front)
        score = max(view.viewing_zenith_deg, 90.0 if ahead is None else ahead.viewing_zenith_deg)
        centre = (
            _between(view.scanline, ahead.scanline if ahead else None, cut.scanlines or 0),
            _between(view.ground_pixel, ahead.ground_pixel if ahead else None, cut.ground_pixels),
        )
        plan = _plan("plume", view, cut, centre)
        if _starts_on(plan, day):
            found.append((score, plan))
    return [plan for _, plan in sorted(found, key=lambda item: item[0])]


def _plan_elsewhere(
    kind: Kind, day: date, rng: np.random.Generator, orbits: Sequence[int], cut: Cut
) -> GranulePlan | None:
    for place in rng.permutation(len(QUIET_PLACES)):
        views = [locate(orbit, *QUIET_PLACES[place]) for orbit in orbits]
        seen = [view for view in views if view is not None and view.solar_zenith_deg < MAX_SOLAR_ZENITH_DEG]
        if seen:
            plan = _plan(kind, min(seen, key=lambda view: view.viewing_zenith_deg), cut)
            name_starts = date_of(noon_time_s(plan.orbit) - 3100.0)
            if _starts_on(plan, day) and name_starts == day:
                return plan
    return None


def bad_kind_of_day(day: date, seed: int) -> Kind:
    """Which kind of unusable granule a day has besides the good ones; four days show all four kinds."""
    return BAD_KINDS[(day.toordinal() + seed) % len(BAD_KINDS)]


def plan_day(
    day: date, seed: int, sources: tuple[Source, ...], cut: Cut, *, bad_granules: bool = True
) -> list[GranulePlan]:
    """List the granules of a day, one per orbit.

    Parameters
    ----------
    day : date
        A granule belongs to the day on which its first scanline is measured.
    seed : int
    sources : tuple of Source
        Each active one gets one granule if the Sun is up at one of its overpasses and that orbit is still
        free; sources with the fewest overpasses choose first.
    cut : Cut
    bad_granules : bool
        Add one that a campaign must put aside (`bad_kind_of_day`).

    Returns
    -------
    list of GranulePlan, by orbit
        A duplicate has the orbit of the granule that it repeats.
    """
    free = orbits_of_day(day)
    plans: list[GranulePlan] = []

    def keep(plan: GranulePlan | None) -> None:
        if plan is not None:
            plans.append(plan)
            free.remove(plan.orbit)

    rng = np.random.default_rng([seed, day.toordinal(), 7])
    choices = [views_of_source(source, day, seed, free, cut) for source in active_sources(sources, day)]
    tie_break = rng.permutation(len(choices))
    for place in sorted(range(len(choices)), key=lambda item: (len(choices[item]), tie_break[item])):
        keep(next((plan for plan in choices[place] if plan.orbit in free), None))
    keep(_plan_elsewhere("quiet", day, rng, free, cut))
    kind = bad_kind_of_day(day, seed)
    if bad_granules and kind == "duplicate" and plans:
        plans.append(replace(plans[0], kind="duplicate"))
    elif bad_granules:
        keep(_plan_elsewhere(kind, day, rng, free, cut))
    return sorted(plans, key=lambda plan: (plan.orbit, plan.kind == "duplicate"))
