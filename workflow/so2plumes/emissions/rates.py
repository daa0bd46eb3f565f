"""All rates of one plume: every estimator, the recommended one and its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import SO2_KG_PER_MOL
from so2plumes.emissions.along import Along
from so2plumes.emissions.background import Background
from so2plumes.emissions.estimators import RECOMMENDED, estimators, get_estimator
from so2plumes.emissions.heights import LAYERS_M
from so2plumes.emissions.ladder import TransportWind
from so2plumes.emissions.pixels import Estimate, PlumePixels, Transport, plume_pixels
from so2plumes.emissions.uncertainty import (
    NO_INTERVAL,
    ErrorModel,
    Interval,
    Sizes,
    half_range_ln,
    interval,
    nominal_transport,
    plume_generator,
    wind_sigma_ln,
)
from so2plumes.plumes.chips import Chip

NAN = float("nan")
MASK_THRESHOLDS = (0.3, 0.7)
MIN_MASK_PIXELS = 6
SMALL_MASK_LN = 0.2


@dataclass(frozen=True)
class PaperTerms:
    """What the paper's formula takes beside the mass: trimmed main axis, median 10 m wind."""

    length_m: float
    speed_m_s: float


@dataclass(frozen=True)
class PlumeRates:
    """Rates of one plume.

    Attributes
    ----------
    rates_kg_s, reasons : by estimator; not-a-number where there is a reason
    chosen : str
        Estimator of the rate that is recommended or configured; empty without a rate.
    interval : Interval
        Of the chosen one.
    sections_kg_s, sections_noise_kg_s : (section,)
        Fluxes through the sections of ``csf``, the loss until there put back, and the noise of each, or empty.
    """

    rates_kg_s: Mapping[str, float]
    reasons: Mapping[str, str]
    chosen: str = ""
    interval: Interval = NO_INTERVAL
    sections_kg_s: NDArray[np.floating] = field(default_factory=lambda: np.empty(0))
    sections_noise_kg_s: NDArray[np.floating] = field(default_factory=lambda: np.empty(0))

    @property
    def rate_kg_s(self) -> float:
        """The chosen rate."""
        return self.rates_kg_s.get(self.chosen, NAN)


def without_rate(reason: str) -> PlumeRates:
    """Return rates that cannot be computed, all for one reason."""
    return PlumeRates(dict.fromkeys(estimators(), NAN), dict.fromkeys(estimators(), reason))


def recommended(estimates: Mapping[str, Estimate]) -> str:
    """Return the estimator to use: ``csf`` where it has three good sections, else ``ime_decay``; empty for neither."""
    for name in ("csf", "ime_decay"):
        if not estimates[name].reason:
            return name
    return ""


@dataclass(frozen=True)
class RateInputs:
    """A plume and how its rates are to be computed.

    Attributes
    ----------
    chip : Chip
        With corners; its column is that of `column_height_m`, or the main one.
    background : Background
    wind : TransportWind
    along : Along
        The plume along that wind.
    lifetime_h : float
    estimator : str
        ``recommended`` or the name of one.
    paper : PaperTerms
    errors : ErrorModel
    column_height_m : float
        Not-a-number with the main column.
    """

    chip: Chip
    background: Background
    wind: TransportWind
    along: Along
    lifetime_h: float
    estimator: str
    paper: PaperTerms
    errors: ErrorModel
    column_height_m: float = NAN

    @property
    def transport(self) -> Transport:
        """The nominal transport."""
        return nominal_transport(self.wind.speed_m_s, 3600.0 * self.lifetime_h)


def _pixels(inputs: RateInputs, mask: NDArray[np.bool_]) -> PlumePixels:
    along, paper = inputs.along, inputs.paper
    level = inputs.background.per_pixel
    return plume_pixels(inputs.chip, along.plane, mask, level, along.direction, paper.length_m, paper.speed_m_s)


def plume_rates(inputs: RateInputs) -> PlumeRates:
    """Compute all rates of a plume that has pixel areas, a background and a wind."""
    plume = _pixels(inputs, inputs.chip.mask)
    estimates = {name: estimate(plume, inputs.transport) for name, estimate in estimators().items()}
    chosen = recommended(estimates) if inputs.estimator == RECOMMENDED else inputs.estimator
    if chosen and estimates[chosen].reason:
        chosen = ""
    csf = estimates["csf"]
    sections = np.empty(0) if csf.sections_kg_s is None else csf.sections_kg_s
    return PlumeRates(
        rates_kg_s={name: float(estimate.rates_kg_s[0]) for name, estimate in estimates.items()},
        reasons={name: estimate.reason for name, estimate in estimates.items()},
        chosen=chosen,
        interval=_interval(inputs, plume, estimates[chosen], chosen) if chosen else NO_INTERVAL,
        sections_kg_s=sections,
        sections_noise_kg_s=_sections_noise_kg_s(inputs, csf),
    )


def _column_sigma(inputs: RateInputs) -> NDArray[np.floating]:
    """Noise of every pixel, mol m-2: the stated precision, the scatter of the background where it is missing."""
    stated = inputs.chip.get("vertical_column_precision")
    scatter = np.full(inputs.chip.shape, np.nan_to_num(inputs.background.std_mol_m2))
    if stated is None:
        return scatter.ravel()
    good = np.isfinite(stated) & (stated > 0)
    return np.where(good, inputs.errors.precision_factor * np.where(good, stated, 0.0), scatter).ravel()


def _mass_sigma(inputs: RateInputs) -> NDArray[np.floating]:
    """Noise of the mass of every pixel, kg."""
    area = np.nan_to_num(inputs.chip["area_m2"].ravel().astype(float))
    return SO2_KG_PER_MOL * area * _column_sigma(inputs)


def _noise_kg_s(inputs: RateInputs, estimate: Estimate) -> float:
    return float(np.sqrt(np.sum((estimate.gain_per_s * _mass_sigma(inputs)) ** 2)))


def _sections_noise_kg_s(inputs: RateInputs, estimate: Estimate) -> NDArray[np.floating]:
    if estimate.sections_gain_per_s is None:
        return np.empty(0)
    return np.sqrt(np.sum((estimate.sections_gain_per_s * _mass_sigma(inputs)[estimate.picked]) ** 2, axis=1))


def _interval(inputs: RateInputs, plume: PlumePixels, estimate: Estimate, chosen: str) -> Interval:
    errors, wind = inputs.errors, inputs.wind
    if errors.draws == 0:
        return NO_INTERVAL
    offset = np.hypot(np.nan_to_num(inputs.background.sem_mol_m2), errors.background_systematic_mol_m2)
    sizes = Sizes(
        noise_kg_s=_noise_kg_s(inputs, estimate),
        background_kg_s=float(SO2_KG_PER_MOL * abs(np.sum(estimate.gain_per_s * plume.area_m2)) * offset),
        wind_ln=wind_sigma_ln(errors, wind.speed_m_s, wind.relative_error),
        length_ln=max(errors.length_share, 0.5 * plume.pixel_m / plume.length_m),
        decay_ln=errors.lifetime_sigma_ln,
        mask_ln=_mask_ln(inputs, float(estimate.rates_kg_s[0])) if errors.mask else 0.0,
        height_ln=_height_ln(inputs),
    )
    rng = plume_generator(inputs.chip.plume_id)
    return interval(plume, get_estimator(chosen), inputs.transport, sizes, rng, errors.draws)


def mask_at(chip: Chip, threshold: float) -> NDArray[np.bool_]:
    """Mask of the plume when cut at another probability: connected with the plume, without other plumes."""
    import cv2

    reaches = chip["probability"] >= threshold
    if threshold > 0.5:
        return chip.mask & reaches
    grown = (reaches & ~chip["other_plume"].astype(bool)) | chip.mask
    count, pieces = cv2.connectedComponents(grown.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, bool)
    kept[pieces[chip.mask]] = True
    return kept[pieces]


def _mask_ln(inputs: RateInputs, rate_kg_s: float) -> float:
    """Half range of the rates by masks of other probabilities, at least 0.2 where one is too small to say."""
    rates, least = [rate_kg_s], 0.0
    for threshold in MASK_THRESHOLDS:
        mask = mask_at(inputs.chip, threshold)
        if (mask == inputs.chip.mask).all():
            continue
        if (mask & inputs.chip.usable).sum() < MIN_MASK_PIXELS:
            least = SMALL_MASK_LN
            continue
        plume = _pixels(inputs, mask)
        names = ("csf", "ime_decay") if inputs.estimator == RECOMMENDED else (inputs.estimator,)
        estimates = {name: get_estimator(name)(plume, inputs.transport) for name in names}
        name = recommended(estimates) if inputs.estimator == RECOMMENDED else inputs.estimator
        rates += [float(estimates[name].rates_kg_s[0])] if name else []
    return max(least, half_range_ln(np.array(rates)))


def _height_ln(inputs: RateInputs) -> float:
    least = inputs.errors.height_sigma_ln
    if least == 0.0 or (inputs.wind.rung == "layer_height" and np.isfinite(inputs.column_height_m)):
        return least
    chip = inputs.chip
    pick = chip.mask & chip.usable
    sums = [float(np.nansum(chip[name][pick] * chip["area_m2"][pick])) for name in LAYERS_M if name in chip.fields]
    return max(least, half_range_ln(np.array(sums)))
