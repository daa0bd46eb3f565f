"""The row of one plume."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from so2plumes.constants import SO2_KG_PER_MOL
from so2plumes.emissions.background import BACKGROUNDS, get_background
from so2plumes.emissions.estimators import ESTIMATORS, PlumeMeasures, get_estimator
from so2plumes.emissions.geometry import geometry_columns
from so2plumes.emissions.wind import WindStatistics, chip_wind, upwind_end
from so2plumes.plumes.chips import Chip
from so2plumes.plumes.labels import label_plume
from so2plumes.provenance import Provenance
from so2plumes.swath.geometry import equal_area_metres, inverse_equal_area

if TYPE_CHECKING:
    from so2plumes.weather.interpolate import WindField

NAN = float("nan")
FEW_PIXELS = 10
MIN_VALID_FRACTION = 0.75
LOW_WIND_M_S = 2.0


@dataclass(frozen=True)
class EmissionRule:
    """How rates are computed.

    Attributes
    ----------
    estimator : str
        The one whose rate is ``emission_kg_h``.
    background : str
    label_threshold : float
        Share of pixels that must agree on a flag.
    """

    estimator: str = "paper"
    background: str = "ring"
    label_threshold: float = 0.8


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


def _mass(chip: Chip, rule: EmissionRule, codes: list[str]) -> dict[str, Any]:
    get_background(rule.background)
    levels = {name: method(chip) for name, method in BACKGROUNDS.items()}
    chosen = levels[rule.background]
    pick = chip.mask & chip.usable
    area = chip.get("area_m2")
    mass = NAN
    if area is not None:
        over = chip["vertical_column"][pick].astype(float) - chosen.value_mol_m2
        mass = float(np.sum(over * area[pick].astype(float)) * SO2_KG_PER_MOL)
    if chosen.n_pixels == 0:
        codes.append("no_background")
    elif np.isfinite(mass) and mass <= 0.0:
        codes.append("negative_enhancement")
    n_pixels, n_valid = int(chip.mask.sum()), int(pick.sum())
    return {
        "n_pixels": n_pixels,
        "n_valid": n_valid,
        "valid_fraction": n_valid / n_pixels,
        "area_m2": NAN if area is None else float(area[chip.mask].astype(float).sum()),
        "background_mol_m2": chosen.value_mol_m2,
        "background_sem_mol_m2": chosen.sem_mol_m2,
        "background_bbox_mol_m2": levels["bbox_median"].value_mol_m2,
        "background_ring_mol_m2": levels["ring"].value_mol_m2,
        "mass_kg": mass,
    }


def _upwind(chip: Chip, wind: WindStatistics, row: dict[str, Any]) -> dict[str, float]:
    longitude, latitude = chip["longitude"][chip.mask], chip["latitude"][chip.mask]
    centre = (row["max_longitude"], row["max_latitude"])
    x, y = equal_area_metres(longitude, latitude, *centre)
    end = upwind_end(wind, x, y)
    if end is None:
        return {"upwind_longitude": centre[0], "upwind_latitude": centre[1]}
    lon, lat = inverse_equal_area(np.array(end[0]), np.array(end[1]), *centre)
    return {"upwind_longitude": float(lon), "upwind_latitude": float(lat)}


def _wind_columns(wind: WindStatistics) -> dict[str, Any]:
    return {
        "wind_source": wind.source,
        "wind_speed_median_m_s": wind.speed_median_m_s,
        "wind_speed_min_m_s": wind.speed_min_m_s,
        "wind_speed_max_m_s": wind.speed_max_m_s,
        "wind_speed_std_m_s": wind.speed_std_m_s,
        "wind_speed_sem_m_s": wind.speed_sem_m_s,
        "wind_direction_deg": wind.direction_deg,
        "wind_cov_percent": wind.cov_percent,
    }


def _rates(row: dict[str, Any], rule: EmissionRule, codes: list[str]) -> dict[str, float]:
    get_estimator(rule.estimator)
    measures = PlumeMeasures(row["mass_kg"], row["wind_speed_median_m_s"], row["length_m"], row["area_m2"])
    may = row["valid_fraction"] >= MIN_VALID_FRACTION
    if not may:
        codes.append("low_valid_fraction")
    rates = {f"emission_{name}_kg_h": fn(measures) if may else NAN for name, fn in ESTIMATORS.items()}
    return {"emission_kg_h": rates[f"emission_{rule.estimator}_kg_h"], **rates}


def plume_record(
    chip: Chip, rule: EmissionRule, provenance: Provenance | None = None, field: WindField | None = None
) -> dict[str, Any]:
    """Everything that is said of one plume.

    Parameters
    ----------
    chip : Chip
    rule : EmissionRule
    provenance : Provenance, optional
        The code that runs, without a configuration, where it is left out.
    field : WindField, optional
        ERA5 winds to use instead of those of the granule.

    Returns
    -------
    dict
        One value per column of the data dictionary.
    """
    codes: list[str] = []
    row = {**_identity(chip), **asdict(provenance or Provenance())}
    row.update(_mass(chip, rule, codes))
    wind = chip_wind(chip, field)
    row.update(geometry_columns(chip, wind, codes))
    if not chip.has_corners and "no_corners" not in codes:
        codes.append("no_corners")
    row.update(_wind_columns(wind))
    row.update(_upwind(chip, wind, row))
    row.update(_rates(row, rule, codes))
    flags = chip.get("detection_flag")
    label = label_plume(None if flags is None else flags[chip.mask], rule.label_threshold)
    row["label"] = label.name
    row.update({f"flag_fraction_{flag}": share for flag, share in enumerate(label.fractions)})
    if not wind.known:
        codes.append("no_wind")
    elif wind.speed_median_m_s < LOW_WIND_M_S:
        codes.append("wind_low")
    if row["n_valid"] < FEW_PIXELS:
        codes.append("few_pixels")
    if chip.touches_edge:
        codes.append("touches_edge")
    row["quality"] = sorted(codes)
    return row
