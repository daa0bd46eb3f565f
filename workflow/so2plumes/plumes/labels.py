"""Plume labels from the detection flags of the product (FP 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FLAG_LABELS = ("none", "so2", "volcanic", "anthropogenic", "high_sza")
N_FLAGS = len(FLAG_LABELS)


@dataclass(frozen=True)
class Label:
    """A plume's label and the share of its pixels with each flag (not-a-number without flags)."""

    name: str
    fractions: tuple[float, ...]


def label_plume(flags: NDArray[np.integer] | None, threshold: float = 0.8) -> Label:
    """Return the flag that more than `threshold` of the plume's pixels share, otherwise ``combined``.

    Parameters
    ----------
    flags : (n,) int or None
        Detection flags of the plume's pixels; values above 4 (fill) are left out. None where the file has none.
    threshold : float

    Returns
    -------
    Label
        ``unavailable`` without any flag.
    """
    known = flags[flags < N_FLAGS] if flags is not None else np.empty(0, int)
    if len(known) == 0:
        return Label("unavailable", (float("nan"),) * N_FLAGS)
    fractions = np.bincount(known, minlength=N_FLAGS)[:N_FLAGS] / len(known)
    best = int(np.argmax(fractions))
    name = FLAG_LABELS[best] if fractions[best] > threshold else "combined"
    return Label(name, tuple(float(value) for value in fractions))
