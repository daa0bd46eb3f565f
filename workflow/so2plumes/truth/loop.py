"""Simulate, detect, extract, estimate, compare."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.detect.detector import Detector
from so2plumes.emissions.background import BACKGROUNDS, dilate
from so2plumes.emissions.estimators import estimator_names
from so2plumes.emissions.ladder import RUNG_SHARES
from so2plumes.emissions.record import EmissionRule, Surroundings, plume_record
from so2plumes.emissions.uncertainty import COMPONENTS, ErrorModel, wind_sigma_ln
from so2plumes.plumes.chips import Chip
from so2plumes.plumes.extract import ExtractionRule, extract_plumes
from so2plumes.truth.cases import Case, CasePlan, case_generator, draw_case
from so2plumes.truth.scenes import CaseScene, case_scene
from so2plumes.truth.winds import UniformWind

log = logging.getLogger(__name__)

RUNG = "boundary_layer"
MIN_HELD_SHARE = 0.25
_LOG_EVERY = 50


@dataclass(frozen=True)
class Told:
    """What the estimators are told of a case, right or with errors drawn from their error model."""

    speed_m_s: float
    lifetime_h: float
    column_factor: float


def told(case: Case, errors: ErrorModel, right: bool) -> Told:
    """Return wind, lifetime and the factor on the columns that a wrong height makes."""
    plume = case.plume
    if right:
        return Told(plume.wind_speed_m_s, plume.lifetime_h, 1.0)
    wind_ln = wind_sigma_ln(errors, plume.wind_speed_m_s, RUNG_SHARES[RUNG])
    return Told(
        speed_m_s=plume.wind_speed_m_s * float(np.exp(wind_ln * case.wind_error_z)),
        lifetime_h=plume.lifetime_h * float(np.exp(errors.lifetime_sigma_ln * case.lifetime_error_z)),
        column_factor=float(np.exp(errors.height_sigma_ln * case.height_error_z)),
    )


def window_of(scene: CaseScene, chip: Chip) -> tuple[slice, slice]:
    """Where a chip lies in its scene."""
    row, column = int(scene.swath.scanline[0]), int(scene.swath.ground_pixel[0])
    return (
        slice(chip.scanline_start - row, chip.scanline_stop - row),
        slice(chip.ground_pixel_start - column, chip.ground_pixel_stop - column),
    )


def found_chip(scene: CaseScene, chips: list[Chip]) -> Chip | None:
    """Return the chip whose mask holds most of the plume's signal, None where none holds a quarter of it."""
    best, most = None, MIN_HELD_SHARE * float(scene.signal_mol_m2[scene.usable].sum())
    for chip in chips:
        held = float(scene.signal_mol_m2[window_of(scene, chip)][chip.mask & chip.usable].sum())
        if held > most:
            best, most = chip, held
    return best


def background_errors(scene: CaseScene, chip: Chip | None) -> dict[str, float]:
    """Error of every background level and its stated standard error, Dobson units.

    The truth is the mean column without the plume over the usable pixels up to 12 pixels from the mask, which also
    holds the lumps of the background: a method that follows them better is closer.
    """
    if chip is None:
        nothing = float("nan")
        return {f"background_{name}_{what}_du": nothing for name in BACKGROUNDS for what in ("error", "sem")}
    rows, columns = window_of(scene, chip)
    free = dilate(chip.mask, 12) & chip.usable
    without = (scene.swath["vertical_column"] - scene.signal_mol_m2)[rows, columns]
    truth = float(without[free].mean())
    errors = {}
    for name, method in BACKGROUNDS.items():
        level = method(chip)
        errors[f"background_{name}_error_du"] = (level.value_mol_m2 - truth) / MOL_M2_PER_DU
        errors[f"background_{name}_sem_du"] = level.sem_mol_m2 / MOL_M2_PER_DU
    return errors


def run_case(
    case: Case, plan: CasePlan, seed: int, detector: Detector, extraction: ExtractionRule, rule: EmissionRule
) -> dict[str, Any]:
    """Put a case through the chain.

    Returns
    -------
    dict
        What the case is, whether its plume was found, and for ``right`` and ``drawn`` inputs all rates.
    """
    rng = case_generator(seed + 1, case.number)
    scene = case_scene(case, plan.orbit, rng, extraction.min_qa, extraction.max_solar_zenith_deg)
    probability = detector.probability(scene.swath["vertical_column"], scene.usable)
    chip = found_chip(scene, extract_plumes(scene.swath, probability, extraction))
    row: dict[str, Any] = {
        "number": case.number,
        "kind": case.kind,
        "truth_kg_h": 3600.0 * case.plume.emission_kg_s,
        "wind_speed_m_s": case.plume.wind_speed_m_s,
        "lifetime_h": case.plume.lifetime_h,
        "age_h": case.plume.age_h,
        "noise_du": case.noise_du,
        "found": chip is not None,
    }
    row |= background_errors(scene, chip)
    for way in ("right", "drawn"):
        row |= {f"{way}_{name}": value for name, value in _record(case, chip, rule, way == "right").items()}
    return row


def _record(case: Case, chip: Chip | None, rule: EmissionRule, right: bool) -> dict[str, Any]:
    names = [*(f"emission_{name}_kg_h" for name in estimator_names()), "emission_kg_h"]
    names += [f"emission_{part}_kg_h" for part in ("p16", "p50", "p84")]
    names += [f"sigma_ln_{part}" for part in COMPONENTS] + ["wind_vs_axis_deg", "transport_length_m"]
    if chip is None:
        return {**dict.fromkeys(names, float("nan")), "estimator": "", "n_pixels": 0, "quality": ""}
    none = replace(rule.errors, wind_m_s=0.0, wind_share=0.0, lifetime_sigma_ln=0.0, height_sigma_ln=0.0)
    errors = none if right else rule.errors
    inputs = told(case, rule.errors, right)
    toward = np.radians(case.plume.wind_toward_deg)
    wind = UniformWind(inputs.speed_m_s * np.sin(toward), inputs.speed_m_s * np.cos(toward))
    scaled = {name: inputs.column_factor * chip[name] for name in ("vertical_column", "vertical_column_precision")}
    told_wind = {
        "eastward_wind": np.full(chip.shape, wind.eastward_m_s),
        "northward_wind": np.full(chip.shape, wind.northward_m_s),
    }
    seen = replace(chip, fields={**chip.fields, **scaled, **told_wind})
    told_rule = replace(rule, wind=(RUNG,), lifetime_h=inputs.lifetime_h, errors=errors)
    row = plume_record(seen, told_rule, Surroundings(winds=wind))
    return {
        **{name: row[name] for name in names},
        "estimator": row["emission_estimator"],
        "n_pixels": row["n_pixels"],
        "quality": ",".join(row["quality"]),
    }


def run_cases(
    numbers: range,
    plan: CasePlan,
    seed: int,
    detector: Detector,
    extraction: ExtractionRule,
    rule: EmissionRule,
) -> pd.DataFrame:
    """Run cases; one row each.

    Parameters
    ----------
    numbers : range
        Of the cases.
    plan : CasePlan
    seed : int
        Every case follows from it and its number.
    detector : Detector
    extraction : ExtractionRule
    rule : EmissionRule
    """

    def rows() -> Iterator[dict[str, Any]]:
        for count, number in enumerate(numbers, 1):
            case = draw_case(case_generator(seed, number), plan, number)
            yield run_case(case, plan, seed, detector, extraction, rule)
            if count % _LOG_EVERY == 0:
                log.info("%d of %d cases", count, len(numbers))

    return pd.DataFrame(rows())
