"""Reason codes that follow from the rates, the wind and the sources around a plume."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from so2plumes.emissions.along import Along
from so2plumes.emissions.known import KnownPlaces
from so2plumes.emissions.ladder import TransportWind
from so2plumes.emissions.puffs import is_puff
from so2plumes.emissions.rates import PlumeRates
from so2plumes.emissions.uncertainty import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from so2plumes.plumes.chips import Chip

FEW_PIXELS = 10
LOW_WIND_M_S = 2.0
REACH_KM = 20.0
ATTACHED_KM = 50.0
ACROSS_DEG = 60.0


def quality_codes(
    chip: Chip,
    row: Mapping[str, Any],
    transport: TransportWind,
    along: Along | None,
    rates: PlumeRates,
    known: KnownPlaces | None,
) -> Iterator[str]:
    """Reason codes of a plume's wind, size, age and sources, as the data dictionary defines them.

    Parameters
    ----------
    chip : Chip
    row : mapping
        Columns so far: ``n_valid``, ``lifetime_h``, ``upwind_longitude``, ``upwind_latitude``.
    transport : TransportWind
    along : Along, optional
    rates : PlumeRates
    known : KnownPlaces, optional
        Without it nothing is said of sources.
    """
    if not transport.moving:
        yield "no_wind"
    elif transport.speed_m_s < LOW_WIND_M_S:
        yield "wind_low"
    if row["n_valid"] < FEW_PIXELS:
        yield "few_pixels"
    if chip.touches_edge:
        yield "touches_edge"
    if along is not None and along.length_m > transport.speed_m_s * row["lifetime_h"] * SECONDS_PER_HOUR:
        yield "age_gt_tau"
    if along is not None and along.along_axis and along.wind_vs_axis_deg > ACROSS_DEG:
        yield "wind_across"
    if is_puff(rates.sections_kg_s, rates.sections_noise_kg_s):
        yield "puff"
    yield from _source_codes(chip, row, known)


def _source_codes(chip: Chip, row: Mapping[str, Any], known: KnownPlaces | None) -> Iterator[str]:
    if known is None or not len(known):
        return
    if (known.distances_km(chip["longitude"][chip.mask], chip["latitude"][chip.mask]) <= REACH_KM).sum() > 1:
        yield "multi_source"
    if known.distances_km(row["upwind_longitude"], row["upwind_latitude"]).min() > ATTACHED_KM:
        yield "not_attached"
