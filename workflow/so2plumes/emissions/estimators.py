"""Estimators of the emission rate, side by side.

===========  ==================================================================================
``paper``    ``E = dM ws / L * 3600`` with the median wind and the trimmed main axis (FP-pre 2.3)
===========  ==================================================================================

To add one: write a function of a `PlumeMeasures`, register it in `ESTIMATORS`, add its column
``emission_<name>_kg_h`` to ``workflow/schemas/plumes.yaml`` and one test with a plume of known rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from so2plumes.registry import look_up

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class PlumeMeasures:
    """What an estimator may use.

    Attributes
    ----------
    mass_kg : float
        Mass enhancement over the background.
    wind_speed_median_m_s : float
    length_m : float
        Main axis trimmed to the outline.
    area_m2 : float
    """

    mass_kg: float
    wind_speed_median_m_s: float
    length_m: float
    area_m2: float


def paper(plume: PlumeMeasures) -> float:
    """Emission rate in kg/h by the formula of FP-pre 2.3."""
    if not plume.length_m > 0.0:
        return float("nan")
    return plume.mass_kg * plume.wind_speed_median_m_s / plume.length_m * SECONDS_PER_HOUR


ESTIMATORS: dict[str, Callable[[PlumeMeasures], float]] = {"paper": paper}
"""Estimators by their configuration name."""


def get_estimator(name: str) -> Callable[[PlumeMeasures], float]:
    """Look a method up by name; an unknown one is a `ConfigError` that lists the known ones."""
    return look_up(ESTIMATORS, name, "emissions.estimator")
