"""Emitters of the simulated archive: real places, invented activity.

Positions, names and volcano numbers are real, so that maps and comparisons look right; eruption dates, rates
and winds are made up, and every product that uses them says ``simulated``.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.simulate.plumes import PlumeSpec, local_metres

FloatArray = NDArray[np.floating]
FAINT_PROBABILITY = 0.12
FAINT_FACTOR = 0.2


@dataclass(frozen=True)
class Eruption:
    """One simulated eruption; ``end`` None means that it goes on."""

    number: int
    start: date
    end: date | None


@dataclass(frozen=True)
class Source:
    """One simulated emitter.

    Parameters
    ----------
    name : str
    longitude, latitude : float, degrees
    kind : ``volcano`` or ``anthropogenic``
    emission_kg_s : (low, high)
        Daily rates are log-uniform between them; one day in eight is five times weaker.
    wind_speed_m_s : (low, high)
    wind_toward_deg, wind_spread_deg : float
        Mean direction of drift, clockwise from north, and its standard deviation from day to day.
    age_h : (low, high)
        Hours since the emission began: wind x age is the plume's length.
    lifetime_h : (low, high)
    meander_m, meander_wavelength_m : float
        Largest sideways swing of the plume's axis and its length.
    plume_height_m : float
    volcano_number : int
        Number in the eruption list, 0 for plants.
    eruptions : tuple of Eruption
        A volcano emits during them; a plant emits every day.
    background_du : (low, high), optional
        Extended, structured enhancement around the source.
    background_radius_m : float
    """

    name: str
    longitude: float
    latitude: float
    kind: Literal["volcano", "anthropogenic"]
    emission_kg_s: tuple[float, float]
    wind_speed_m_s: tuple[float, float]
    wind_toward_deg: float
    wind_spread_deg: float = 25.0
    age_h: tuple[float, float] = (4.0, 9.0)
    lifetime_h: tuple[float, float] = (15.0, 40.0)
    meander_m: float = 9_000.0
    meander_wavelength_m: float = 150_000.0
    plume_height_m: float = 4_000.0
    volcano_number: int = 0
    eruptions: tuple[Eruption, ...] = ()
    background_du: tuple[float, float] | None = None
    background_radius_m: float = 450_000.0


DEFAULT_SOURCES: tuple[Source, ...] = (
    Source(
        name="La Soufriere",
        longitude=-61.18,
        latitude=13.33,
        kind="volcano",
        emission_kg_s=(180.0, 350.0),
        wind_speed_m_s=(12.0, 15.0),
        wind_toward_deg=80.0,
        wind_spread_deg=8.0,
        age_h=(25.0, 28.0),
        lifetime_h=(40.0, 70.0),
        meander_m=30_000.0,
        meander_wavelength_m=600_000.0,
        plume_height_m=12_000.0,
        volcano_number=360150,
        eruptions=(
            Eruption(90001, date(2018, 11, 2), date(2021, 4, 22)),
            Eruption(90002, date(2021, 6, 14), date(2024, 12, 20)),
        ),
    ),
    Source(
        name="Semisopochnoi",
        longitude=179.58,
        latitude=51.93,
        kind="volcano",
        emission_kg_s=(20.0, 60.0),
        wind_speed_m_s=(7.0, 12.0),
        wind_toward_deg=85.0,
        volcano_number=311060,
        plume_height_m=3_000.0,
        eruptions=(
            Eruption(90003, date(2018, 12, 7), date(2020, 6, 19)),
            Eruption(90004, date(2020, 9, 2), date(2024, 11, 5)),
        ),
    ),
    Source(
        name="Etna",
        longitude=14.999,
        latitude=37.748,
        kind="volcano",
        emission_kg_s=(15.0, 60.0),
        wind_speed_m_s=(5.0, 10.0),
        wind_toward_deg=120.0,
        volcano_number=211060,
        plume_height_m=5_000.0,
        eruptions=(
            Eruption(90005, date(2018, 12, 24), date(2019, 9, 18)),
            Eruption(90006, date(2019, 12, 1), date(2022, 6, 17)),
            Eruption(90007, date(2022, 8, 27), date(2024, 12, 10)),
        ),
    ),
    Source(
        name="Popocatepetl",
        longitude=-98.622,
        latitude=19.023,
        kind="volcano",
        emission_kg_s=(10.0, 45.0),
        wind_speed_m_s=(4.0, 9.0),
        wind_toward_deg=250.0,
        volcano_number=341090,
        plume_height_m=6_500.0,
        eruptions=(Eruption(90008, date(2005, 1, 9), None),),
    ),
    Source(
        name="Nyiragongo",
        longitude=29.25,
        latitude=-1.52,
        kind="volcano",
        emission_kg_s=(8.0, 35.0),
        wind_speed_m_s=(3.0, 7.0),
        wind_toward_deg=265.0,
        volcano_number=223030,
        plume_height_m=4_500.0,
        eruptions=(Eruption(90009, date(2018, 5, 17), date(2024, 12, 28)),),
    ),
    Source(
        name="Ambrym",
        longitude=168.12,
        latitude=-16.25,
        kind="volcano",
        emission_kg_s=(10.0, 40.0),
        wind_speed_m_s=(4.0, 9.0),
        wind_toward_deg=290.0,
        volcano_number=257040,
        plume_height_m=2_500.0,
        eruptions=(
            Eruption(90010, date(2018, 12, 14), date(2020, 2, 20)),
            Eruption(90011, date(2020, 5, 4), date(2024, 12, 22)),
        ),
    ),
    Source(
        name="Norilsk",
        longitude=88.13,
        latitude=69.36,
        kind="anthropogenic",
        emission_kg_s=(25.0, 70.0),
        wind_speed_m_s=(4.0, 9.0),
        wind_toward_deg=110.0,
        wind_spread_deg=45.0,
        plume_height_m=800.0,
    ),
    Source(
        name="Hebei",
        longitude=115.05,
        latitude=36.05,
        kind="anthropogenic",
        emission_kg_s=(12.0, 35.0),
        wind_speed_m_s=(3.0, 7.0),
        wind_toward_deg=140.0,
        wind_spread_deg=35.0,
        plume_height_m=900.0,
        background_du=(1.0, 5.0),
    ),
)

SILENT_VOLCANOES: tuple[Source, ...] = (
    Source(
        name="Merapi",
        longitude=110.446,
        latitude=-7.54,
        kind="volcano",
        emission_kg_s=(0.0, 0.0),
        wind_speed_m_s=(3.0, 6.0),
        wind_toward_deg=270.0,
        volcano_number=263250,
        eruptions=(Eruption(90012, date(2018, 5, 11), date(2024, 12, 15)),),
    ),
)
"""Listed as erupting, without any plume: eruptions that no plume matches."""


def source_rng(source: Source, day: date, seed: int, purpose: str) -> np.random.Generator:
    """Random numbers that depend on the seed, the source and the day alone."""
    return np.random.default_rng([seed, zlib.crc32(f"{source.name}/{purpose}".encode()), day.toordinal()])


def is_active(source: Source, day: date) -> bool:
    """Tell whether a source emits on a day."""
    if source.kind == "anthropogenic":
        return True
    return any(e.start <= day and (e.end is None or day <= e.end) for e in source.eruptions)


def active_sources(sources: tuple[Source, ...], day: date) -> list[Source]:
    """Return the sources that emit on a day."""
    return [source for source in sources if is_active(source, day)]


def plume_of_day(source: Source, day: date, seed: int) -> PlumeSpec:
    """Draw the plume of a source on a day; the same arguments give the same plume."""
    rng = source_rng(source, day, seed, "plume")
    low, high = np.log(source.emission_kg_s)
    emission = float(np.exp(rng.uniform(low, high)))
    if rng.random() < FAINT_PROBABILITY:
        emission *= FAINT_FACTOR
    return PlumeSpec(
        longitude=source.longitude,
        latitude=source.latitude,
        emission_kg_s=emission,
        wind_speed_m_s=float(rng.uniform(*source.wind_speed_m_s)),
        wind_toward_deg=float(rng.normal(source.wind_toward_deg, source.wind_spread_deg) % 360.0),
        age_h=float(rng.uniform(*source.age_h)),
        lifetime_h=float(rng.uniform(*source.lifetime_h)),
        diffusivity_m2_s=float(rng.uniform(3000.0, 8000.0)),
        meander_m=float(rng.uniform(0.0, source.meander_m)),
        meander_wavelength_m=source.meander_wavelength_m,
        meander_phase=float(rng.uniform(0.0, 2 * np.pi)),
        puff_depth=float(rng.uniform(0.0, 0.5)),
        puff_period_h=float(rng.uniform(2.0, 4.0)),
    )


def regional_background(
    source: Source, day: date, seed: int, longitude: FloatArray, latitude: FloatArray
) -> FloatArray:
    """Return the extended enhancement around a source in a polluted region.

    Parameters
    ----------
    source : Source
    day, seed
    longitude, latitude : arrays, degrees

    Returns
    -------
    array, mol m-2
        Zero for a source without ``background_du``; otherwise a broad dome with lumps of 80-200 km whose
        level inside the region lies between the two bounds. It is no plume and is in no truth mask.
    """
    if source.background_du is None:
        return np.zeros(np.shape(longitude))
    rng = source_rng(source, day, seed, "background")
    x, y = local_metres(longitude, latitude, source.longitude, source.latitude)
    radius = source.background_radius_m
    dome = np.exp(-(((x**2 + y**2) / radius**2) ** 2))
    lumps = np.zeros(np.shape(longitude))
    for _ in range(24):
        centre_x, centre_y = rng.uniform(-radius, radius, size=2)
        width = rng.uniform(80_000.0, 200_000.0)
        lumps += rng.uniform(0.3, 1.0) * np.exp(-0.5 * ((x - centre_x) ** 2 + (y - centre_y) ** 2) / width**2)
    low, high = source.background_du
    return MOL_M2_PER_DU * dome * (low + (high - low) * np.clip(lumps / 4.0, 0.0, 1.0))
