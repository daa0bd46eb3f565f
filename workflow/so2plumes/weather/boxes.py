"""Which boxes and hours of ERA5 the plumes of a period need, in as few requests as are sensible."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from so2plumes.plumes.chips import Chip

log = logging.getLogger(__name__)

GRID_DEG = 0.25
PADDING_DEG = 0.5
SINGLE_LEVEL_FIELDS = 4
PRESSURE_LEVEL_FIELDS = 3
QUEUE_VALUES = 20e6
"""What a request costs beside its values: it queues about as long as so many values take to be delivered (assumed)."""
MAX_FIELDS = 6000
"""Fields (variables x levels x hours) of a request; the service refuses requests of some more than that."""


@dataclass(frozen=True)
class Box:
    """A part of the Earth, degrees; ``west`` in -180..180, ``east`` beyond 180 where it crosses the antimeridian."""

    west: float
    east: float
    south: float
    north: float

    @property
    def cells(self) -> int:
        """Points of the 0.25 degree grid in it, edges included."""
        columns = round((self.east - self.west) / GRID_DEG) + 1
        return columns * (round((self.north - self.south) / GRID_DEG) + 1)

    @property
    def areas(self) -> tuple[tuple[float, float, float, float], ...]:
        """``(north, west, south, east)`` as the service takes them: two across the antimeridian."""
        if self.east < 180.0:
            return ((self.north, self.west, self.south, self.east),)
        return (
            (self.north, self.west, self.south, 180.0 - GRID_DEG),
            (self.north, -180.0, self.south, self.east - 360.0),
        )


@dataclass(frozen=True)
class Block:
    """A box at some hours, and the plumes that it is for.

    ``hours`` are ascending datetime64[h]: those before and after each overpass.
    """

    box: Box
    hours: tuple[np.datetime64, ...]
    plumes: tuple[str, ...]


@dataclass(frozen=True)
class RequestDays:
    """Days of one month at some hours of the day: what one request can name."""

    year: str
    month: str
    days: tuple[str, ...]
    times: tuple[str, ...]


def has_wind(chip: Chip) -> bool:
    """Return True where at least one usable plume pixel of the granule has both wind components."""
    east, north = chip.get("eastward_wind"), chip.get("northward_wind")
    if east is None or north is None:
        return False
    return bool((np.isfinite(east) & np.isfinite(north) & chip.mask & chip.usable).any())


def _longitudes(longitude: np.ndarray, padding_deg: float) -> tuple[float, float]:
    """Western and eastern edge of the narrowest arc over all points, padded and snapped outward."""
    around = np.sort(longitude % 360.0)
    gaps = np.diff(around, append=around[0] + 360.0)
    first = int(np.argmax(gaps))
    west = around[(first + 1) % around.size]
    width = 360.0 - gaps[first]
    west = np.floor((west - padding_deg) / GRID_DEG) * GRID_DEG
    width = np.ceil((width + 2 * padding_deg) / GRID_DEG + 1) * GRID_DEG
    return _arc(float(west), float(width))


def _arc(west: float, width: float) -> tuple[float, float]:
    if width >= 360.0 - GRID_DEG:
        return -180.0, 180.0 - GRID_DEG
    west = (west + 180.0) % 360.0 - 180.0
    return west, west + width


def plume_block(chip: Chip, padding_deg: float = PADDING_DEG) -> Block:
    """Box around the pixels of a plume with the full hours before and after its sensing time.

    A plume that reaches within the padding of a pole, or winds round it, gets all longitudes there.
    """
    mask = chip.mask
    longitude, latitude = chip["longitude"][mask].astype(float), chip["latitude"][mask].astype(float)
    good = np.isfinite(longitude) & np.isfinite(latitude)
    longitude, latitude = longitude[good], latitude[good]
    south = max(-90.0, float(np.floor((latitude.min() - padding_deg) / GRID_DEG) * GRID_DEG))
    north = min(90.0, float(np.ceil((latitude.max() + padding_deg) / GRID_DEG) * GRID_DEG))
    west, east = _longitudes(longitude, padding_deg)
    if abs(south) == 90.0 or abs(north) == 90.0 or east - west > 180.0:
        west, east = -180.0, 180.0 - GRID_DEG
    hour = chip.time.astype("datetime64[h]")
    return Block(Box(west, east, south, north), (hour, hour + np.timedelta64(1, "h")), (chip.plume_id,))


def join(one: Block, other: Block) -> Block:
    """Return the smallest block that holds two; of two as small the one that begins farther west."""
    arcs = [
        _arc(a.west, max(a.east - a.west, (b.west - a.west) % 360.0 + b.east - b.west))
        for a, b in ((one.box, other.box), (other.box, one.box))
    ]
    west, east = min(arcs, key=lambda arc: (arc[1] - arc[0], arc[0]))
    box = Box(west, east, min(one.box.south, other.box.south), max(one.box.north, other.box.north))
    return Block(box, tuple(sorted({*one.hours, *other.hours})), tuple(sorted({*one.plumes, *other.plumes})))


@lru_cache(maxsize=4096)
def days_of(hours: tuple[np.datetime64, ...]) -> tuple[RequestDays, ...]:
    """Express hours as days x times of months; a product may hold more hours than were asked for."""
    months: dict[str, list[str]] = {}
    for hour in sorted(hours):
        text = str(hour)
        months.setdefault(text[:7], []).append(text)
    return tuple(
        RequestDays(
            month[:4],
            month[5:],
            tuple(sorted({text[8:10] for text in texts})),
            tuple(sorted({f"{text[11:13]}:00" for text in texts})),
        )
        for month, texts in months.items()
    )


def n_fields(days: RequestDays, n_levels: int) -> int:
    """Count the fields of both data sets."""
    per_hour = SINGLE_LEVEL_FIELDS + PRESSURE_LEVEL_FIELDS * n_levels
    return len(days.days) * len(days.times) * per_hour


def n_requests(block: Block) -> int:
    """Count the requests per data set that a block takes."""
    return len(block.box.areas) * len(days_of(block.hours))


def cost(block: Block, n_levels: int) -> float:
    """Cost of a block: the values that are delivered, and `QUEUE_VALUES` per request; infinite where one is refused."""
    days = days_of(block.hours)
    fields = [n_fields(month, n_levels) for month in days]
    if len(block.plumes) > 1 and max(fields) > MAX_FIELDS:
        return float("inf")
    return QUEUE_VALUES * n_requests(block) + float(block.box.cells * sum(fields))


def merge_blocks(blocks: Sequence[Block], n_levels: int, max_requests: int) -> list[Block]:
    """Join blocks greedily: the pair that saves most first, until no pair saves and the number is allowed.

    Parameters
    ----------
    blocks : sequence of Block
        One per plume.
    n_levels : int
        Pressure levels.
    max_requests : int
        Requests per data set; more are made, with a warning, only where the service would refuse a joined one.

    Returns
    -------
    list of Block
        Each plume is in exactly one.
    """
    alive = dict(enumerate(blocks))
    costs = {key: cost(block, n_levels) for key, block in alive.items()}
    heap = [entry for key in alive for entry in _pairs(alive, costs, key, n_levels)]
    heapq.heapify(heap)
    total = sum(n_requests(block) for block in alive.values())
    while heap:
        more, one, other = heapq.heappop(heap)
        if one not in alive or other not in alive:
            continue
        if more >= 0.0 and total <= max_requests:
            break
        new = len(costs)
        joined = join(alive[one], alive[other])
        total += n_requests(joined) - n_requests(alive.pop(one)) - n_requests(alive.pop(other))
        alive[new], costs[new] = joined, cost(joined, n_levels)
        for entry in _pairs(alive, costs, new, n_levels):
            heapq.heappush(heap, entry)
    if total > max_requests:
        log.warning("%d requests are needed where era5.max_requests is %d", total, max_requests)
    return [alive[key] for key in sorted(alive)]


def _pairs(
    alive: dict[int, Block], costs: dict[int, float], key: int, n_levels: int
) -> Iterator[tuple[float, int, int]]:
    """Yield what it costs more to join a block with each older one."""
    for other in alive:
        if other < key:
            more = cost(join(alive[other], alive[key]), n_levels) - costs[other] - costs[key]
            if np.isfinite(more):
                yield more, other, key
