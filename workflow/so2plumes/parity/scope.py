"""Whether a run covers what a published number needs."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from so2plumes.parity.campaign import ParityInputs
from so2plumes.parity.published import PublishedNumber

PAPER_START, PAPER_END = datetime.date(2019, 1, 1), datetime.date(2024, 12, 31)
LEAST_DAYS = 0.95
"""Share of the days of a scope that have to be seen."""
GRANULES_A_DAY = 14.2
LEAST_GRANULES = 0.9
"""Share of the granules of a day, on the average of the days seen, from which a run counts as global."""
SOURCE_MARGIN_DEG = 1.0
DAYS_AROUND = 30
LEAST_PIXELS = 0.9 * 3245 * 450
"""Mean pixels of a swath that counts as a whole one: 3245 scanlines before 6 August 2019, 4172 after."""
LEAST_PLUMES = 1000
"""Fewer plumes, and the time of measuring them is that of starting jobs."""
INVENTORY_YEAR = 2022
OTHER_TRUTH = "other truth: injected plumes and reviewed outlines, not the outlines of the paper's author"


@dataclass(frozen=True)
class Extent:
    """What a run covers of the papers' archive: days seen of theirs, granules a seen day, a box or all of the globe."""

    n_days_seen: int
    n_days: int
    granules_a_day: float
    region: tuple[float, ...] | None
    simulated: bool


def extent_of(run: ParityInputs) -> Extent:
    """Return what a run covers; granules a day are not-a-number where the granules are not known."""
    coverage = run.found.coverage
    ready = coverage[coverage["status"] == "ready"]
    known = bool(coverage.attrs.get("available")) or len(coverage) > 0
    days = run.seen_days
    region = run.setting("campaign.region")
    return Extent(
        int(_seen_between(run, PAPER_START, PAPER_END)),
        (PAPER_END - PAPER_START).days + 1,
        len(ready) / len(days) if known and len(days) else float("nan"),
        tuple(region) if region else None,
        run.found.is_simulated,
    )


def hindrances(number: PublishedNumber, run: ParityInputs, extent: Extent) -> list[str]:
    """Say in words what a run lacks to be compared with a number; an empty list where it can be.

    * ``six_years``: a real archive, global, 95 % of the 2192 days of 2019 to 2024 seen and no others. Global is
      a run without ``campaign.region`` whose days seen have nine tenths of 14.2 granules on the average.
    * ``year``, ``days``, ``day``: the same for a year, for 30 days to either side of a day, or for one day.
    * ``source``: the six years; a region is enough that holds the source and a degree around it.
    * ``eruption_list``: a campaign of 2019 to 2024, seen or not, and a real list.
    * ``inventory``: a real inventory of 2022. ``six_years_inventory``: both.
    * ``swaths``: whole swaths; ``pace``: 1000 plumes; the machine is another one in any case.
    * ``detector``: never, as the truth of the test sets differs. ``any``: always.
    """
    if number.scope in _LACKING:
        return _LACKING[number.scope](run, extent, number)
    if number.scope == "any":
        return []
    where = _holds(run, extent, number.argument) if number.scope == "source" else _global(extent)
    longer = [] if number.scope in ("year", "days", "day") else _longer(run)
    inventory = _inventory(run) if number.scope == "six_years_inventory" else []
    return where + _period(run, *_span_of(number)) + longer + inventory


def _span_of(number: PublishedNumber) -> tuple[datetime.date, datetime.date]:
    """First and last day of a scope."""
    if number.scope == "year":
        return datetime.date(int(number.when), 1, 1), datetime.date(int(number.when), 12, 31)
    if number.scope in ("day", "days"):
        around = datetime.timedelta(days=DAYS_AROUND if number.scope == "days" else 0)
        return number.day - around, number.day + around
    return PAPER_START, PAPER_END


def _global(extent: Extent) -> list[str]:
    found = ["simulated archive"] if extent.simulated else []
    if extent.region is not None:
        found.append("regional campaign")
    elif not extent.granules_a_day >= LEAST_GRANULES * GRANULES_A_DAY:
        number = "an unknown number" if np.isnan(extent.granules_a_day) else f"{extent.granules_a_day:.1f}"
        found.append(f"not global: {number} of {GRANULES_A_DAY} granules a day")
    return found


def _seen_between(run: ParityInputs, start: datetime.date, end: datetime.date) -> int:
    days = run.seen_days
    return int(((days >= np.datetime64(start)) & (days <= np.datetime64(end))).sum())


def _period(run: ParityInputs, start: datetime.date, end: datetime.date) -> list[str]:
    seen, days = _seen_between(run, start, end), (end - start).days + 1
    if seen >= LEAST_DAYS * days:
        return []
    span = str(start) if start == end else f"{start} to {end}"
    return [f"{seen} of {days} days seen ({span})"]


def _longer(run: ParityInputs) -> list[str]:
    """Say whether days beyond those of the papers count too."""
    beyond = run.found.start < PAPER_START or run.found.end > PAPER_END
    return [f"longer period: {run.found.start} to {run.found.end}"] if beyond else []


def _holds(run: ParityInputs, extent: Extent, argument: str) -> list[str]:
    if extent.region is None:
        return _global(extent)
    found = ["simulated archive"] if extent.simulated else []
    west, south, east, north = extent.region
    longitude, latitude = run.place_of(argument.removeprefix("latitude ").removeprefix("longitude "))
    inside = (longitude - west) % 360.0
    wide = inside >= SOURCE_MARGIN_DEG and inside <= (east - west) % 360.0 - SOURCE_MARGIN_DEG
    tall = south + SOURCE_MARGIN_DEG <= latitude <= north - SOURCE_MARGIN_DEG
    return found if wide and tall else [*found, "the source is not in the campaign's region"]


def _eruption_list(run: ParityInputs, extent: Extent) -> list[str]:
    found = ["simulated list of eruptions"] if run.setting("eruptions.path") == "simulated" or extent.simulated else []
    if run.found.start != PAPER_START or run.found.end != PAPER_END:
        found.append(f"other period: {run.found.start} to {run.found.end}")
    return found


def _inventory(run: ParityInputs) -> list[str]:
    if run.setting("edgar.path") == "simulated":
        return ["simulated inventory"]
    used = run.found.edgar.attrs.get("used_year")
    return [f"inventory of {used}"] if used not in (None, INVENTORY_YEAR) else []


def _swaths(run: ParityInputs, device: str) -> list[str]:
    """Say whether the swaths were parts of swaths."""
    times = [time for time in run.pace.detection if (time.engine == "gpu") == (device == "gpu")]
    swaths, pixels = sum(time.swaths for time in times), sum(time.pixels for time in times)
    if swaths and pixels / swaths < LEAST_PIXELS:
        return [f"parts of swaths: {pixels / swaths:.0f} pixels each, whole ones have {3245 * 450} or {4172 * 450}"]
    return []


def _few_plumes(run: ParityInputs) -> list[str]:
    few = len(run.plumes) < LEAST_PLUMES
    return [f"{len(run.plumes)} plumes: most of the time is that of starting jobs"] if few else []


_LACKING: Mapping[str, Callable[[ParityInputs, Extent, PublishedNumber], list[str]]] = {
    "eruption_list": lambda run, extent, number: _eruption_list(run, extent),
    "inventory": lambda run, extent, number: _inventory(run),
    "swaths": lambda run, extent, number: _swaths(run, number.argument),
    "pace": lambda run, extent, number: _few_plumes(run),
    "detector": lambda run, extent, number: [OTHER_TRUTH],
}
"""What a run lacks, of the scopes that are no span of days."""
