"""The row of one plume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from so2plumes.constants import MOL_M2_PER_DU, SO2_KG_PER_MOL
from so2plumes.emissions.along import Along, along_transport
from so2plumes.emissions.background import BACKGROUNDS, Background, get_background
from so2plumes.emissions.codes import quality_codes
from so2plumes.emissions.estimators import RECOMMENDED, get_estimator
from so2plumes.emissions.geometry import geometry_columns
from so2plumes.emissions.heights import chip_at, held_height_m
from so2plumes.emissions.known import KnownPlaces
from so2plumes.emissions.ladder import RUNGS, TransportWind, places_of, transport_wind
from so2plumes.emissions.rates import PaperTerms, PlumeRates, RateInputs, plume_rates, without_rate
from so2plumes.emissions.uncertainty import COMPONENTS, SECONDS_PER_HOUR, ErrorModel
from so2plumes.emissions.wind import MeanVector, WindField, WindStatistics, chip_wind, upwind_end
from so2plumes.plumes.chips import Chip
from so2plumes.plumes.labels import label_plume
from so2plumes.provenance import Provenance
from so2plumes.swath.geometry import equal_area_metres, inverse_equal_area

NAN = float("nan")
MIN_VALID_FRACTION = 0.75
SATURATED_MOL_M2 = 500.0 * MOL_M2_PER_DU
_SHORT = {"bbox_median": "bbox", "ring": "ring", "normalised_convolution": "convolution"}


@dataclass(frozen=True)
class EmissionRule:
    """How rates are computed.

    Attributes
    ----------
    estimator : str
        The one whose rate is ``emission_kg_h``: ``recommended`` or a name.
    background : str
    label_threshold : float
        Share of pixels that must agree on a flag.
    wind : tuple of str
        Rungs of the wind ladder, best first.
    wind_statistic : ``vector_mean`` or ``median``
    lifetime_h : float
        First-order lifetime of the gas.
    errors : ErrorModel
    """

    estimator: str = "recommended"
    background: str = "ring"
    label_threshold: float = 0.8
    wind: tuple[str, ...] = tuple(RUNGS)
    wind_statistic: str = "vector_mean"
    lifetime_h: float = 18.0
    errors: ErrorModel = ErrorModel()


@dataclass(frozen=True)
class Surroundings:
    """What else is known, each optional: winds of the atmosphere, places of sources, what made the row."""

    winds: WindField | None = None
    known: KnownPlaces | None = None
    made_by: Provenance | None = None


NOTHING_KNOWN = Surroundings()


def _identity(chip: Chip) -> dict[str, Any]:
    row, pixel = chip.max_scanline - chip.scanline_start, chip.max_ground_pixel - chip.ground_pixel_start
    time = pd.Timestamp(chip.time, tz="UTC")
    boxes = ("bbox_scanline_start", "bbox_scanline_stop", "bbox_ground_pixel_start", "bbox_ground_pixel_stop")
    return {
        "plume_id": chip.plume_id,
        "time": time,
        "date": time.strftime("%Y-%m-%d"),
        "orbit": chip.orbit,
        "granule": chip.granule,
        "processor_version": chip.processor_version,
        "retrieval": chip.retrieval,
        "model_sha256": chip.model_sha256,
        "max_longitude": float(chip["longitude"][row, pixel]),
        "max_latitude": float(chip["latitude"][row, pixel]),
        "max_scanline": chip.max_scanline,
        "max_ground_pixel": chip.max_ground_pixel,
        "max_vcd_mol_m2": float(chip["vertical_column"][row, pixel]),
        "max_probability": float(chip["probability"][chip.mask].max()),
        **{name: getattr(chip, name) for name in boxes},
    }


def _mass(chip: Chip, levels: Mapping[str, Background], rule: EmissionRule, codes: list[str]) -> dict[str, Any]:
    chosen = levels[rule.background]
    pick = chip.mask & chip.usable
    area = chip.get("area_m2")
    mass = NAN
    if area is not None:
        over = (chip["vertical_column"].astype(float) - chosen.per_pixel)[pick]
        mass = float(np.sum(over * area[pick].astype(float)) * SO2_KG_PER_MOL)
    if chosen.n_pixels == 0:
        codes.append("no_background")
    if chosen.starved:
        codes.append("background_starved")
    if np.isfinite(mass) and mass <= 0.0:
        codes.append("negative_enhancement")
    n_pixels, n_valid = int(chip.mask.sum()), int(pick.sum())
    return {
        "n_pixels": n_pixels,
        "n_valid": n_valid,
        "valid_fraction": n_valid / n_pixels,
        "area_m2": NAN if area is None else float(area[chip.mask].astype(float).sum()),
        "background_mol_m2": chosen.value_mol_m2,
        "background_sem_mol_m2": chosen.sem_mol_m2,
        "background_n_pixels": chosen.n_pixels,
        **{f"background_{_SHORT[name]}_mol_m2": level.value_mol_m2 for name, level in levels.items()},
        **{f"background_{_SHORT[name]}_sem_mol_m2": level.sem_mol_m2 for name, level in levels.items()},
        "mass_kg": mass,
    }


def _upwind(chip: Chip, wind: MeanVector, row: dict[str, Any]) -> dict[str, float]:
    longitude, latitude = chip["longitude"][chip.mask], chip["latitude"][chip.mask]
    centre = (row["max_longitude"], row["max_latitude"])
    x, y = equal_area_metres(longitude, latitude, *centre)
    end = upwind_end(wind, x, y)
    if end is None:
        return {"upwind_longitude": centre[0], "upwind_latitude": centre[1]}
    lon, lat = inverse_equal_area(np.array(end[0]), np.array(end[1]), *centre)
    return {"upwind_longitude": float(lon), "upwind_latitude": float(lat)}


def _wind_columns(wind: WindStatistics, transport: TransportWind) -> dict[str, Any]:
    return {
        "wind_source": wind.source,
        "wind_speed_median_m_s": wind.speed_median_m_s,
        "wind_speed_min_m_s": wind.speed_min_m_s,
        "wind_speed_max_m_s": wind.speed_max_m_s,
        "wind_speed_std_m_s": wind.speed_std_m_s,
        "wind_speed_sem_m_s": wind.speed_sem_m_s,
        "wind_direction_deg": wind.direction_deg,
        "wind_cov_percent": wind.cov_percent,
        "wind_rung": transport.rung,
        "wind_height_m": transport.height_m,
        "transport_speed_m_s": transport.speed_m_s,
        "transport_direction_deg": transport.direction_deg,
        "transport_direction_std_deg": transport.direction_std_deg,
    }


def _why_no_rate(chip: Chip, row: Mapping[str, Any], transport: TransportWind, codes: list[str]) -> str:
    """Return the reason that no estimator can give a rate, or nothing."""
    if row["valid_fraction"] < MIN_VALID_FRACTION:
        codes.append("low_valid_fraction")
        return "low_valid_fraction"
    if "area_m2" not in chip.fields or not chip.has_corners:
        return "no_corners"
    if "no_background" in codes:
        return "no_background"
    return "" if transport.moving else "no_wind"


def _rate_columns(rates: PlumeRates) -> dict[str, Any]:
    found = rates.interval
    each = {f"emission_{name}_kg_h": rate * SECONDS_PER_HOUR for name, rate in rates.rates_kg_s.items()}
    return {
        "emission_kg_h": rates.rate_kg_s * SECONDS_PER_HOUR,
        "emission_estimator": rates.chosen,
        "emission_p16_kg_h": found.p16_kg_s * SECONDS_PER_HOUR,
        "emission_p50_kg_h": found.p50_kg_s * SECONDS_PER_HOUR,
        "emission_p84_kg_h": found.p84_kg_s * SECONDS_PER_HOUR,
        **{f"sigma_ln_{name}": found.part(name) for name in COMPONENTS},
        **each,
        **{f"emission_{name}_reason": reason for name, reason in rates.reasons.items()},
    }


def _along_columns(along: Along | None) -> dict[str, float]:
    return {
        "transport_length_m": NAN if along is None else along.length_m,
        "wind_vs_axis_deg": NAN if along is None else along.wind_vs_axis_deg,
    }


def _levels(chip: Chip) -> dict[str, Background]:
    return {name: method(chip) for name, method in BACKGROUNDS.items()}


def _rates(
    chip: Chip,
    level: Background,
    transport: TransportWind,
    along: Along | None,
    rule: EmissionRule,
    row: Mapping[str, Any],
    codes: list[str],
) -> PlumeRates:
    reason = _why_no_rate(chip, row, transport, codes)
    if reason or along is None:
        return without_rate(reason or "no_length")
    paper = PaperTerms(row["length_m"], row["wind_speed_median_m_s"])
    return plume_rates(
        RateInputs(
            chip=chip,
            background=level,
            wind=transport,
            along=along,
            lifetime_h=rule.lifetime_h,
            estimator=rule.estimator,
            paper=paper,
            errors=rule.errors,
            column_height_m=row["column_height_m"],
        )
    )


def plume_record(chip: Chip, rule: EmissionRule, around: Surroundings = NOTHING_KNOWN) -> dict[str, Any]:
    """Everything that is said of one plume.

    Parameters
    ----------
    chip : Chip
    rule : EmissionRule
    around : Surroundings, optional

    Returns
    -------
    dict
        One value per column of the data dictionary.
    """
    codes: list[str] = []
    get_background(rule.background)
    if rule.estimator != RECOMMENDED:
        get_estimator(rule.estimator)
    levels = _levels(chip)
    row = {**_identity(chip), **asdict(around.made_by or Provenance())}
    wind = chip_wind(chip, around.winds)
    places = places_of(chip, levels[rule.background].per_pixel, around.winds, around.known)
    transport = transport_wind(places, rule.wind, rule.wind_statistic)
    high = chip_at(chip, transport.height_m)
    row["column_height_m"] = NAN if high is None else held_height_m(transport.height_m)
    seen, levels = (chip, levels) if high is None else (high, _levels(high))
    row.update(_mass(seen, levels, rule, codes))
    if (chip["vertical_column"][chip.mask] > SATURATED_MOL_M2).any():
        codes.append("saturated")
    row.update(geometry_columns(chip, transport, codes))
    if not chip.has_corners and "no_corners" not in codes:
        codes.append("no_corners")
    row.update(_wind_columns(wind, transport))
    row.update(_upwind(chip, transport, row))
    row["lifetime_h"] = rule.lifetime_h
    along = along_transport(chip, transport)
    row.update(_along_columns(along))
    rates = _rates(seen, levels[rule.background], transport, along, rule, row, codes)
    row.update(_rate_columns(rates))
    if rates.rate_kg_s <= 0.0 and "negative_enhancement" not in codes:
        codes.append("negative_enhancement")
    flags = chip.get("detection_flag")
    label = label_plume(None if flags is None else flags[chip.mask], rule.label_threshold)
    row["label"] = label.name
    row.update({f"flag_fraction_{flag}": share for flag, share in enumerate(label.fractions)})
    codes += quality_codes(chip, row, transport, along, rates, around.known)
    row["quality"] = sorted(codes)
    return row
