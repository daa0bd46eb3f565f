"""Verdict on a number, and its reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from so2plumes.config import PRESETS
from so2plumes.parity.ours import Ours
from so2plumes.parity.published import PublishedNumber

AGREES, DIFFERS = "agrees", "differs"
NOT_COMPARABLE, NOT_COMPUTED = "not comparable", "not computed"
VERDICTS = (AGREES, DIFFERS, NOT_COMPARABLE, NOT_COMPUTED)
CORRECTED = "ours agrees with the corrected number"
WITHOUT_RATIO = ("degrees_east", "degrees_north", "day of the month")

PAPER_CHOICES: dict[str, dict[str, Any]] = {
    "archive": {"retrievals": ["doas"]},
    "filter": {"min_qa": 0.5, "max_solar_zenith_deg": None},
    "detect": {**PRESETS["paper"]["detect"], "method": "unet", "window": 32, "step": 4, "mosaic": "rolling"},
    "plumes": {"min_pixels": 6},
    "emissions": {"background": PRESETS["paper"]["emissions"]["background"], "label_threshold": 0.8},
    "eruptions": {"radius_km": 50.0},
    "analysis": {"none_eps_km": 150.0, "none_min_samples": 20},
    "edgar": {"top_share": 0.001, "radius_km": 200.0},
}
"""Choices of the papers that a configuration can have otherwise; clusters and origins are the papers' here."""

_FOUND = ("archive.", "filter.", "detect.", "plumes.")
_CHOICES_OF: dict[str, tuple[str, ...]] = {
    "archive": _FOUND,
    "plumes": (*_FOUND, "emissions.background"),
    "clusters": (*_FOUND, "emissions.background"),
    "days": _FOUND,
    "eruptions": (*_FOUND, "eruptions."),
    "labels": (*_FOUND, "emissions.label_threshold", "analysis."),
    "edgar": (*_FOUND, "emissions.background", "edgar."),
}
_WITHOUT_PLUMES = ("any", "eruption_list", "swaths", "pace", "detector")


@dataclass(frozen=True)
class Verdict:
    """One of `VERDICTS`, and why."""

    verdict: str
    reason: str


def other_choices(config: Mapping[str, Any], prefixes: Sequence[str] = ("",)) -> list[str]:
    """List keys of a configuration whose value is not the papers': ``detect.threshold 0.6 (paper 0.5)``.

    Parameters
    ----------
    config : mapping
        Whole configuration; keys that it lacks are left out.
    prefixes : sequence of str
        Only keys that begin with one of these.
    """
    found = []
    for section, choices in PAPER_CHOICES.items():
        own = config.get(section) or {}
        for name, paper in choices.items():
            key = f"{section}.{name}"
            if name in own and own[name] != paper and key.startswith(tuple(prefixes)):
                found.append(f"{key} {_word(own[name])} (paper {_word(paper)})")
    return found


def _word(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(map(str, value)) or "all"
    return "none" if value is None else str(value)


def agrees(number: PublishedNumber, ours: Ours, value: float | None = None) -> bool:
    """Say whether ours, or some value in our interval, is the paper's within the tolerance.

    Parameters
    ----------
    number : PublishedNumber
    ours : Ours
    value : float, optional
        Instead of the number's own: the corrected one.
    """
    low, high = (number.value, number.high) if value is None else (value, float("nan"))
    high = low if np.isnan(high) else high
    if not np.isfinite(ours.value):
        return False
    least, most = np.nanmin([ours.low, ours.value]), np.nanmax([ours.high, ours.value])
    slack = max(number.relative_tolerance * max(abs(low), abs(high)), number.absolute_tolerance)
    slack += 1e-9 * abs(low)
    reaches, stays = bool(most >= low - slack), bool(least <= high + slack)
    return {"at least": reaches, "at most": stays}.get(number.relation, reaches and stays)


def ratio_of(number: PublishedNumber, ours: Ours) -> float:
    """Return ours by the paper's; of a range by its nearer end, and 1 within it.

    Not-a-number for positions and dates, and where the paper has 0.
    """
    if number.value == 0 or number.unit in WITHOUT_RATIO:
        return float("nan")
    if np.isfinite(number.high):
        return (
            1.0
            if number.value <= ours.value <= number.high
            else ours.value / min((number.value, number.high), key=lambda end: abs(ours.value - end))
        )
    return ours.value / number.value


def judge(number: PublishedNumber, ours: Ours, lacking: Sequence[str], config: Mapping[str, Any]) -> Verdict:
    """Return verdict and reason.

    Parameters
    ----------
    number : PublishedNumber
    ours : Ours
    lacking : sequence of str
        From `scope.hindrances`.
    config : mapping
        Configuration of the run.

    Returns
    -------
    Verdict
        What the run does not cover is ``not comparable``, whether there is a number of ours or not. Where the paper
        printed a wrong number, ours is held against the printed one and the reason says what the right one is.
    """
    erratum = [f"erratum: {number.erratum}"] if number.erratum else []
    note = [ours.note] if ours.note else []
    if lacking:
        said = note if np.isfinite(ours.value) or not ours.computed else []
        return Verdict(NOT_COMPARABLE, "; ".join([*lacking, *erratum, *said]))
    if not ours.computed:
        return Verdict(NOT_COMPUTED, "; ".join([*note, *erratum]))
    if agrees(number, ours):
        return Verdict(AGREES, "; ".join([*erratum, *note]))
    if np.isfinite(number.corrected) and agrees(number, ours, number.corrected):
        erratum = [*erratum, CORRECTED]
    return Verdict(
        DIFFERS, "; ".join([*erratum, *note, *_differences(number, config)]) or "other data than the paper's"
    )


def _differences(number: PublishedNumber, config: Mapping[str, Any]) -> list[str]:
    """Say what is done otherwise for numbers that hang on the plumes found."""
    if number.scope in _WITHOUT_PLUMES:
        return []
    if number.scope == "inventory":
        return other_choices(config, ("edgar.",))
    if number.key == "granules":
        return []
    return ["another detector", *other_choices(config, _CHOICES_OF[number.group])]
