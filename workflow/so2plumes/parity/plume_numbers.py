"""Our numbers of lengths, winds, rates and labels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from so2plumes.findings.sample import GOOD_FIT
from so2plumes.parity.campaign import PAPER_RATE, ParityInputs
from so2plumes.parity.ours import NAN, Ours, absent, finite_values, middle_of, not_found, quantile, share
from so2plumes.parity.published import PublishedNumber
from so2plumes.sources.sphere import great_circle_km

EXAMPLE_KM = 150.0


def _values(plumes: pd.DataFrame, name: str) -> pd.Series:
    return plumes["length_m"] / 1e3 if name == "length_km" else plumes[name]


def _rate_note(run: ParityInputs) -> str:
    background = run.setting("emissions.background", "ring")
    words = "the papers' formula"
    if background != "bbox_median":
        words += f" over the background {background} (the paper: bbox_median)"
    return words


def median_of(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Median of a column of the plume table (FP 2.2, FP-pre 3.4)."""
    return quantile(_values(run.plumes, number.argument), 0.5)


def good_fit_share(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Share of the ellipse fits over 0.4 (FP-pre 2.3, 3.4)."""
    fits = finite_values(run.plumes["ellipse_fit"])
    return share(int((fits > GOOD_FIT).sum()), fits.size)


def wind_variation_printed(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Median of mean by standard deviation, which is what FP-pre 3.4 prints."""
    values = finite_values(run.plumes["wind_cov_percent"])
    return quantile(1e4 / values[values > 0], 0.5)


def rate_median(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Median rate by the papers' formula (FP-pre 3.4)."""
    return quantile(run.plumes[PAPER_RATE], 0.5, middle_of(run.plumes["emission_kg_h"]), _rate_note(run))


def rate_first_percentile(run: ParityInputs, number: PublishedNumber) -> Ours:
    """First percentile of the rates by the papers' formula, which FP-pre 3.4 calls the detection limit."""
    recommended = middle_of(run.plumes["emission_kg_h"], 0.01)
    return quantile(run.plumes[PAPER_RATE], 0.01, recommended, _rate_note(run))


def example_plume(run: ParityInputs, number: PublishedNumber) -> Ours:
    """One plume: column, and the place near which it is looked for (FP-pre 2.3)."""
    column, longitude, latitude = number.argument.split()
    of_day = run.plumes[run.plumes["date"].astype(str) == number.when]
    distance = great_circle_km(of_day["max_longitude"], of_day["max_latitude"], float(longitude), float(latitude))
    if not (distance <= EXAMPLE_KM).any():
        return not_found("no plume there on that day")
    row = of_day.iloc[int(np.argmin(distance))]
    recommended = float(row["emission_kg_h"]) if column == PAPER_RATE else NAN
    value = float(_values(of_day, column).iloc[int(np.argmin(distance))])
    return Ours(value, n=1, recommended=recommended, note=str(row["plume_id"]))


def label_share(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Share of a label among the plumes with flags (FP 3.3)."""
    table = run.found.table("label_shares")
    whole = table[table["year"].isna()].set_index("label")["n_plumes"] if len(table) else pd.Series(dtype="int64")
    if whole.empty:
        return absent("no table of labels was given")
    flagged = int(whole.drop("unavailable", errors="ignore").sum())
    return share(int(whole.get(number.argument, 0)), flagged, note="of the plumes with flags")


def none_clusters(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Clusters of plumes without enhancement, and those that overlap a cluster of a known source (FP 3.3)."""
    facts = run.found.table("none_clusters").attrs
    if "n_clusters" not in facts:
        return absent("no clusters of plumes without enhancement were given")
    found = facts | {"others": facts["n_clusters"] - facts["n_overlapping"]}
    return Ours(float(found[number.argument]))


def none_share(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Share of the plumes without enhancement that are in clusters (FP 3.3)."""
    table = run.found.table("none_clusters")
    total = table.attrs.get("n_none")
    if total is None:
        return absent("no clusters of plumes without enhancement were given")
    return share(int(table["n_plumes"].sum()), int(total), note="no plume is without enhancement" if not total else "")


def none_farthest(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Greatest distance of a cluster without overlap from one of a known source, centre to centre (FP 3.3)."""
    farthest = run.found.table("none_clusters").attrs.get("farthest_other_km")
    return absent("there is no such cluster") if farthest is None else Ours(float(farthest))
