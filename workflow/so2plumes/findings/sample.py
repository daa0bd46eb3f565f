"""Which plumes a report shows as images."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

GOOD_FIT = 0.4
GALLERY_SIZE = 20


def select_gallery(plumes: pd.DataFrame, n: int = GALLERY_SIZE, seed: int = 20190101) -> list[str]:
    """Choose plumes for the gallery: the strongest half by mass, then a seeded sample of the rest by date.

    The answer does not depend on the order of rows.

    Parameters
    ----------
    plumes : DataFrame
        Columns ``plume_id, time, mass_kg``.
    n : int
        Number of plumes.
    seed : int
        Seed of the sample.

    Returns
    -------
    list of str
        Plume ids, the strongest first.
    """
    table = plumes[["plume_id", "time", "mass_kg"]].sort_values("plume_id", ignore_index=True)
    by_mass = table.sort_values("mass_kg", ascending=False, kind="stable", na_position="last")
    strongest = by_mass.head(n // 2 if len(table) > n else n)
    rest = table.drop(strongest.index)
    take = min(n - len(strongest), len(rest))
    chosen = np.sort(np.random.default_rng(seed).choice(len(rest), size=take, replace=False))
    sample = rest.iloc[chosen].sort_values(["time", "plume_id"])
    return [str(name) for name in (*strongest["plume_id"], *sample["plume_id"])]


def select_worked(plumes: pd.DataFrame, available: Collection[str]) -> str | None:
    """Choose the plume whose rate is worked out: nothing to remark on, a good ellipse, the largest mass.

    Returns None where no plume with an image has a rate by the paper's formula.
    """
    table = plumes[plumes["plume_id"].isin(list(available))].sort_values("plume_id", ignore_index=True)
    complete = np.ones(len(table), dtype=bool)
    for name in ("emission_paper_kg_h", "mass_kg", "length_m", "ellipse_major_m", "wind_speed_median_m_s"):
        complete &= np.isfinite(table[name].to_numpy(dtype=float))
    table = table[complete]
    if table.empty:
        return None
    preference = pd.DataFrame(
        {
            "quiet": [len(codes) == 0 for codes in table["quality"]],
            "good": table["ellipse_fit"].to_numpy(dtype=float) >= GOOD_FIT,
            "mass": table["mass_kg"].to_numpy(dtype=float),
        },
        index=table.index,
    )
    best = preference.sort_values(["quiet", "good", "mass"], ascending=False, kind="stable").index[0]
    return str(table.loc[best, "plume_id"])


def select_longest(plumes: pd.DataFrame) -> str | None:
    """Choose the longest plume, the first by name of equal ones; None where no plume has a length."""
    table = plumes[np.isfinite(plumes["length_m"].to_numpy(dtype=float))].sort_values("plume_id", ignore_index=True)
    return None if table.empty else str(table.loc[table["length_m"].idxmax(), "plume_id"])
