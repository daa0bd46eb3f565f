"""The plumes of one Level-2 file: what the campaign does with a granule, in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.detect.swaths import DetectionRule, detect_swath
from so2plumes.emissions.record import EmissionRule, Surroundings, plume_record
from so2plumes.emissions.uncertainty import ErrorModel
from so2plumes.plumes.chips import Chip
from so2plumes.plumes.components import ComponentRule
from so2plumes.plumes.extract import ExtractionRule, extract_plumes
from so2plumes.swath.model import Swath
from so2plumes.swath.product import load_product

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from so2plumes.config import Config
    from so2plumes.detect.detector import Detector


@dataclass(frozen=True)
class Found:
    """A plume: its pixels, and its row of the plume table."""

    chip: Chip
    row: dict[str, Any]


def extraction_rule(config: Config) -> ExtractionRule:
    """Return how a configuration cuts plumes out."""
    detect, plumes, quality = config.detect, config.plumes, config.filter
    components = ComponentRule(
        detect.threshold, detect.growth_threshold, detect.bridge_pixels, detect.gap_pixels, plumes.min_pixels
    )
    return ExtractionRule(components, plumes.buffer, plumes.chip_margin, quality.min_qa, quality.max_solar_zenith_deg)


def emission_rule(config: Config) -> EmissionRule:
    """Return how a configuration computes rates."""
    chosen = config.emissions
    return EmissionRule(
        estimator=chosen.estimator,
        background=chosen.background,
        label_threshold=chosen.label_threshold,
        wind=tuple(chosen.wind),
        wind_statistic=chosen.wind_statistic,
        lifetime_h=chosen.lifetime_h,
        errors=ErrorModel(
            draws=chosen.draws,
            precision_factor=chosen.precision_factor,
            background_systematic_mol_m2=chosen.background_systematic_du * MOL_M2_PER_DU,
            wind_m_s=chosen.wind_error_m_s,
            lifetime_sigma_ln=chosen.lifetime_sigma_ln,
            height_sigma_ln=chosen.height_sigma_ln,
        ),
    )


def find_plumes(swath: Swath, detector: Detector, config: Config, around: Surroundings) -> list[Found]:
    """Find the plumes of a swath and compute their records.

    Parameters
    ----------
    swath : Swath
    detector : Detector
    config : Config
        Its sections ``filter, detect, plumes, emissions`` are used.
    around : Surroundings

    Returns
    -------
    list of Found
        The same rows as a campaign with this configuration gives, strongest mass first.
    """
    quality = DetectionRule(config.filter.min_qa, config.filter.max_solar_zenith_deg)
    probability = detect_swath(swath, detector, quality)
    chips = extract_plumes(swath, probability, extraction_rule(config), detector.identity)
    rule = emission_rule(config)
    found = [Found(chip, plume_record(chip, rule, around)) for chip in chips]
    return sorted(found, key=lambda plume: plume.row["mass_kg"], reverse=True)


def missing(swath: Swath) -> list[str]:
    """Say what cannot be given for want of variables in the file."""
    variables = load_product().variables
    lost: dict[str, list[str]] = {}
    for name in swath.unavailable:
        if (what := variables[name].gives) is not None:
            lost.setdefault(what, []).append(name)
    return [f"no {what}: the file has no {' and no '.join(names)}" for what, names in lost.items()]


def plume_lines(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Lay rows out for people: a header and a line per plume."""
    head = (("time UTC", -19), ("place", 16), ("pixels", 6), ("mass t", 9), ("rate t/h", 9), ("16 to 84 %", 17))
    names = [f"{name:<{-width}}" if width < 0 else f"{name:>{width}}" for name, width in (*head, ("wind m/s", 8))]
    lines = ["  ".join([*names, "label, remarks"])]
    for row in rows:
        north, east = row["max_latitude"], row["max_longitude"]
        place = f"{abs(north):.2f}{'N' if north >= 0 else 'S'} {abs(east):.2f}{'E' if east >= 0 else 'W'}"
        interval = f"{_tonnes(row['emission_p16_kg_h'])} to {_tonnes(row['emission_p84_kg_h'])}"
        lines.append(
            f"{row['time']:%Y-%m-%d %H:%M:%S}  {place:>16}  {row['n_pixels']:6d}  {_tonnes(row['mass_kg']):>9}"
            f"  {_tonnes(row['emission_kg_h']):>9}  {interval:>17}  {_number(row['wind_speed_median_m_s']):>8}"
            f"  {', '.join([row['label'], *row['quality']])}"
        )
    return lines


def _tonnes(kilograms: float) -> str:
    return _number(kilograms / 1000.0)


def _number(value: float) -> str:
    return "-" if value != value else f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
