"""From detection trials to the probability of detection (POD) and to the emission rates at which it is 50 and 90 %."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.constants import PAPER_LIMIT_KG_H
from so2plumes.errors import TableError
from so2plumes.evaluation.pod_bins import calibration, empirical_curves, fitted_lines
from so2plumes.evaluation.pod_model import SLOPES, DetectionModel, fit_model, fit_models

FloatArray = NDArray[np.floating]

PODS = (0.5, 0.9)
WINDS_M_S = (2.0, 5.0, 10.0)
MIN_TRIALS = 100
RESAMPLES = 200


@dataclass(frozen=True)
class Condition:
    """What a limit holds for; the noise is one standard deviation of a pixel's column."""

    wind_speed_m_s: float
    background_du: float
    edge: bool
    noise_du: float


@dataclass(frozen=True)
class Interval:
    """A number with its 95 % interval; not-a-number where the trials do not tell."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class DetectionLimit:
    """Emission rate, kg/h, at which a share `pod` of plumes is found under a condition."""

    condition: Condition
    pod: float
    emission_kg_h: Interval


@dataclass(frozen=True)
class PointOfCurve:
    """Share of plumes of an emission rate, kg/h, that is found under a condition."""

    condition: Condition
    emission_kg_h: float
    pod: Interval


@dataclass(frozen=True)
class DetectionLimits:
    """A fitted model, the rates of given PODs and the PODs of the paper's limit."""

    model: DetectionModel
    limits: tuple[DetectionLimit, ...]
    at_paper_limit: tuple[PointOfCurve, ...]


def conditions_of(trials: pd.DataFrame) -> list[Condition]:
    """All combinations of the stated winds, the strengths of background and the places that were tried.

    The noise is the median of the trials at the edge, or of those elsewhere.
    """
    low, high = trials["wind_speed_m_s"].min(), trials["wind_speed_m_s"].max()
    noise = trials.groupby("edge")["noise_du"].median()
    winds = [wind for wind in WINDS_M_S if low <= wind <= high]
    levels = sorted(trials["background_du"].unique())
    cases = product(noise.items(), levels, winds)
    return [Condition(wind, float(level), bool(edge), float(sigma)) for (edge, sigma), level, wind in cases]


def _resampling_weights(trials: pd.DataFrame, rng: np.random.Generator, resamples: int) -> Iterator[FloatArray]:
    """Weights of trials whose granules are drawn with replacement: trials of one granule share its noise and clouds."""
    granule, names = pd.factorize(trials["granule"])
    found = trials["found"].to_numpy(bool)
    for _ in range(resamples):
        drawn = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        weight = drawn[granule].astype(float)
        if weight[found].any() and weight[~found].any():
            yield weight


def _interval(value: float, resampled: FloatArray, low: float, high: float) -> Interval:
    """Interval of a number; what lies outside `low` to `high` was not tried and is not-a-number."""
    known = resampled[np.isfinite(resampled)]
    ends = np.percentile(known, [2.5, 97.5]) if len(known) >= 0.9 * max(1, len(resampled)) else [np.nan, np.nan]
    parts = [float(part) if low <= part <= high else float("nan") for part in (value, *ends)]
    return Interval(*parts)


def detection_limits(trials: pd.DataFrame, rng: np.random.Generator, resamples: int = RESAMPLES) -> DetectionLimits:
    """Fit the POD and solve it for the emission rate.

    Parameters
    ----------
    trials : DataFrame
        As from `so2plumes.evaluation.curve.run_trials`.
    rng : numpy Generator
        For the bootstrap over granules.
    resamples : int

    Returns
    -------
    DetectionLimits
        Rates outside those that were tried are not-a-number: a limit is never extrapolated.

    Raises
    ------
    TableError
        When the trials are too few, all alike, or a straight line separates found from missed ones.
    """
    used = counted_trials(trials)
    _check(used)
    model = fit_model(used)
    if ((model.probability(used) >= 0.5) == used["found"].to_numpy(bool)).all():
        raise _cannot("a straight line separates the plumes that are found from those that are missed", used)
    models = list(fit_models(used, _resampling_weights(used, rng, resamples)))
    conditions = conditions_of(used)
    table = pd.DataFrame([asdict(condition) for condition in conditions])
    tried = used["emission_kg_h"].min(), used["emission_kg_h"].max()
    limits = []
    for pod in PODS:
        rates, others = model.emission_kg_h(table, pod), np.array([m.emission_kg_h(table, pod) for m in models])
        for i, condition in enumerate(conditions):
            limits.append(DetectionLimit(condition, pod, _interval(rates[i], others[:, i], *tried)))
    limits.sort(key=lambda limit: (limit.condition.edge, limit.condition.background_du, limit.condition.wind_speed_m_s))
    at_paper = table.assign(emission_kg_h=PAPER_LIMIT_KG_H)
    pods, others = model.probability(at_paper), np.array([m.probability(at_paper) for m in models])
    points = [
        PointOfCurve(condition, PAPER_LIMIT_KG_H, _interval(pods[i], others[:, i], 0.0, 1.0))
        for i, condition in enumerate(conditions)
    ]
    return DetectionLimits(model, tuple(limits), tuple(points) if tried[0] <= PAPER_LIMIT_KG_H <= tried[1] else ())


def counted_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """Trials that tell something."""
    return trials[~trials["skipped"].astype(bool)]


def _cannot(problem: str, trials: pd.DataFrame) -> TableError:
    return TableError(
        problem,
        where="the detection trials",
        expected=f"at least {MIN_TRIALS} trials, found and missed ones over a common range of emission rates",
        found=f"{len(trials)} trials, {int(trials['found'].sum())} found",
        remedy="run more trials, with emission rates around the detection limit",
    )


def _check(trials: pd.DataFrame) -> None:
    if len(trials) < MIN_TRIALS:
        raise _cannot("the detection trials are too few for a limit", trials)
    if trials["found"].nunique() < 2:
        raise _cannot("every plume is found" if trials["found"].all() else "no plume is found", trials)


def _figures(value: float, figures: int = 3) -> float | None:
    return float(f"{value:.{figures}g}") if np.isfinite(value) else None


def _stated(condition: Condition) -> dict[str, Any]:
    return {**asdict(condition), "noise_du": _figures(condition.noise_du)}


def _bounds(interval: Interval) -> dict[str, float | None]:
    return {"low": _figures(interval.low), "high": _figures(interval.high)}


def _pods(interval: Interval) -> dict[str, float | None]:
    values = {"pod": interval.value, "low": interval.low, "high": interval.high}
    return {name: round(value, 4) if np.isfinite(value) else None for name, value in values.items()}


def _fit_facts(model: DetectionModel, used: pd.DataFrame) -> dict[str, Any]:
    powers = {name: _figures(-model.coefficients[name] / model.slope) for name in SLOPES[1:]}
    steps = {name: -value / model.slope for name, value in model.coefficients.items() if name not in SLOPES}
    factors = {name: _figures(10.0 ** np.clip(step, -99, 99)) for name, step in steps.items()}
    probability = model.probability(used)
    bins = calibration(probability, used["found"].to_numpy(bool))
    error = sum(row["trials"] * abs(row["predicted"] - row["observed"]) for row in bins) / len(used)
    return {
        "text": f"Logistic regression over {len(used)} trials in {used['granule'].nunique()} granules; "
        "95 % intervals from a bootstrap over granules.",
        "granules": int(used["granule"].nunique()),
        "intercept": _figures(model.intercept, 6),
        "coefficients": {name: _figures(value, 6) for name, value in model.coefficients.items()},
        "powers": powers,
        "factors": factors,
        "brier": _figures(float(np.mean((probability - used["found"].to_numpy(float)) ** 2))),
        "calibration_error": _figures(error),
        "calibration": bins,
    }


def _skipped_by_background(trials: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for level in sorted(trials["background_du"].unique()):
        skipped = trials.loc[trials["background_du"] == level, "skipped"]
        rows.append({"background_du": float(level), "trials": len(skipped), "skipped": int(skipped.sum())})
    return rows


def summarise(trials: pd.DataFrame, seed: int = 1, resamples: int = RESAMPLES) -> dict[str, Any]:
    """Sum trials up for the model card.

    Parameters
    ----------
    trials : DataFrame
        As from `so2plumes.evaluation.curve.run_trials`.
    seed : int
        Of the bootstrap.
    resamples : int

    Returns
    -------
    dict
        JSON-ready; rates in kg/h, None where the trials do not tell. ``trials`` (without the ``skipped`` ones),
        ``skipped_by_background`` (of all trials), ``limits``, ``paper_limit`` (POD at the paper's 524 kg/h),
        ``curves`` (found shares in bins of the rate with Wilson intervals), ``lines`` (the fitted POD, mean over the
        trials of a group) and ``fit``: the coefficients, ``powers`` (the limit grows with this power of wind and
        noise), ``factors`` (it is this many times as high) and the calibration in tenths. Where there can be no limit
        ``fit`` says why in words, and holds nothing else.
    """
    used = counted_trials(trials)
    summary: dict[str, Any] = {"trials": len(used), "skipped": len(trials) - len(used), "limits": [], "paper_limit": []}
    summary["skipped_by_background"] = _skipped_by_background(trials)
    summary["curves"] = empirical_curves(used)
    try:
        result = detection_limits(trials, np.random.default_rng(seed), resamples)
    except TableError as error:
        reason = f"{error.problem[0].upper()}{error.problem[1:]} ({error.found}): no limit can be given."
        return {**summary, "lines": [], "fit": {"text": reason}}
    for limit in result.limits:
        rate = limit.emission_kg_h
        entry = {"pod": limit.pod, "emission_kg_h": _figures(rate.value), **_bounds(rate)}
        summary["limits"].append({**_stated(limit.condition), **entry})
    for point in result.at_paper_limit:
        at = {"emission_kg_h": point.emission_kg_h, **_pods(point.pod)}
        summary["paper_limit"].append({**_stated(point.condition), **at})
    return {**summary, "lines": fitted_lines(used, result.model.probability), "fit": _fit_facts(result.model, used)}
