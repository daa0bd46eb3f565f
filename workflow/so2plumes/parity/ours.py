"""A number of ours with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from so2plumes.evaluation.scores import Share

NAN = float("nan")


@dataclass(frozen=True)
class Ours:
    """What a run says to a published number.

    Attributes
    ----------
    value, low, high : float
        Our number, and its 95 % interval where it is a median, a percentile or a share; not-a-number otherwise.
    n : int or None
        Plumes, cells or days behind it.
    recommended : float
        The same by the configured choices, where the papers' are others.
    computed : bool
        False where the run lacks what the number is made of. A number that was looked for and is not there is
        computed and not-a-number.
    note : str
    """

    value: float
    low: float = NAN
    high: float = NAN
    n: int | None = None
    recommended: float = NAN
    computed: bool = True
    note: str = ""


def absent(note: str) -> Ours:
    """Say that the run lacks what the number is made of."""
    return Ours(NAN, computed=False, note=note)


def not_found(note: str) -> Ours:
    """Say that what the number is about was looked for and is not there."""
    return Ours(NAN, note=note)


def share(found: int, total: int, recommended: float = NAN, note: str = "") -> Ours:
    """Return a share in per cent with Wilson's 95 % interval; absent without any case."""
    if not total:
        return absent(note or "no case")
    part = Share(int(found), int(total))
    return Ours(100 * part.value, 100 * part.low, 100 * part.high, int(total), recommended, note=note)


def quantile(values: ArrayLike, at: float, recommended: float = NAN, note: str = "") -> Ours:
    """Return a quantile with its 95 % interval by order statistics.

    Parameters
    ----------
    values : array_like of float
        Those that are not finite are left out.
    at : float
        0.5 for the median.
    recommended : float
    note : str

    Returns
    -------
    Ours
        Absent without a value; of few values the interval is open (not-a-number).
    """
    from scipy.stats import quantile_test

    finite = finite_values(values)
    if not finite.size:
        return absent(note or "no plume has a value")
    middle = float(np.quantile(finite, at))
    interval = quantile_test(finite, q=middle, p=at).confidence_interval(0.95)
    return Ours(middle, float(interval.low), float(interval.high), finite.size, recommended, note=note)


def finite_values(values: ArrayLike) -> NDArray[np.float64]:
    """Return the finite values."""
    array = np.asarray(values, dtype=float)
    return array[np.isfinite(array)]


def middle_of(values: ArrayLike, at: float = 0.5) -> float:
    """Return a quantile of the finite values; not-a-number without any."""
    finite = finite_values(values)
    return float(np.quantile(finite, at)) if finite.size else NAN
