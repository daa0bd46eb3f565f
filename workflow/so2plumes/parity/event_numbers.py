"""Our numbers of days with many plumes and of eruptions (FP 3.1, 3.2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from so2plumes.parity.campaign import ParityInputs
from so2plumes.parity.ours import Ours, absent, not_found, share
from so2plumes.parity.published import PublishedNumber

NO_SPIKES = "no table of days that stand out was given"
NO_LIST = "no list of eruptions was given"
BY_MAXIMUM = "by the maximum"
UNITED_KINGDOM = (-11.0, 49.5, 2.0, 61.0)
"""West, south, east and north of the box that stands for FP's Fig. 8."""


def spikes_found(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Periods of FP's Table 1 that the run finds at the same place and time."""
    spikes = run.found.table("spikes")
    if not spikes.attrs.get("available"):
        return absent(NO_SPIKES)
    return Ours(
        float((spikes["paper_mark"] != "").sum()), note=f"{spikes.attrs.get('n_runs', 0)} runs of days stand out"
    )


def spikes_of_eruptions(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Those of them whose cause is an eruption."""
    spikes = run.found.table("spikes")
    if not spikes.attrs.get("available"):
        return absent(NO_SPIKES)
    return Ours(float(((spikes["paper_mark"] != "") & (spikes["kind"] == "eruption")).sum()))


def spike_shift(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Days from the paper's day to the nearest day of our period; 0 where it lies within."""
    spikes = run.found.table("spikes")
    if not spikes.attrs.get("available"):
        return absent(NO_SPIKES)
    of_mark = spikes[spikes["paper_mark"] == number.argument]
    if of_mark.empty:
        return not_found("no day stands out there")
    row, day = of_mark.iloc[0], pd.Timestamp(number.day)
    first, last = (pd.Timestamp(row[name]) for name in ("first_date", "last_date"))
    shift = max((first - day).days, 0) + min((last - day).days, 0)
    words = f"{row['cause']}, {row['first_date']} to {row['last_date']}, {row['n_cause_plumes']} plumes"
    return Ours(float(shift), n=int(row["n_cause_plumes"]), note=words)


def uk_day(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Day of August 2024 with most plume pixels over the United Kingdom."""
    plumes, (west, south, east, north) = run.plumes, UNITED_KINGDOM
    inside = plumes["max_longitude"].between(west, east) & plumes["max_latitude"].between(south, north)
    there = plumes[inside & (plumes["date"].astype(str).str[:7] == number.when[:7])]
    if there.empty:
        return not_found("no plume over the United Kingdom in that month")
    pixels = there.groupby(there["date"].astype(str))["n_pixels"].sum()
    return Ours(float(str(pixels.idxmax())[-2:]), n=len(there), note="the day with most plume pixels")


def known_place(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Longitude or latitude of a known source (``resources/known_sources.csv``)."""
    axis, source = number.argument.split(" ", 1)
    if source not in set(run.known["name"]):
        return absent(f"{source} is not in the list of known sources")
    return Ours(run.place_of(source)[("longitude", "latitude").index(axis)], note="position of the source")


def n_eruptions(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Eruptions of the list that overlap the period."""
    eruptions = run.found.eruptions
    if not eruptions.attrs.get("available"):
        return absent(NO_LIST)
    source = eruptions.attrs.get("source")
    return Ours(float(len(eruptions)), note=f"list {source}" if source else "")


def eruption_plumes(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Plumes whose maximum lies within the radius of an eruption on one of its days."""
    facts = run.found.eruptions.attrs
    if not facts.get("available") or "n_matched_plumes_max" not in facts:
        return absent(NO_LIST)
    return Ours(float(facts["n_matched_plumes_max"]), recommended=float(facts["n_matched_plumes"]), note=BY_MAXIMUM)


def _matched(run: ParityInputs) -> np.ndarray | None:
    eruptions = run.found.eruptions
    if not eruptions.attrs.get("available") or "n_plumes_max" not in eruptions:
        return None
    return eruptions["n_plumes_max"].to_numpy(dtype=float) > 0


def matched_eruptions(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Eruptions with or without such a plume."""
    matched = _matched(run)
    if matched is None:
        return absent(NO_LIST)
    own = run.found.eruptions["matched"].astype(bool)
    wanted = number.argument == "with"
    return Ours(float((matched == wanted).sum()), recommended=float((own == wanted).sum()), note=BY_MAXIMUM)


def matched_share(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Share of the eruptions with such a plume."""
    matched = _matched(run)
    if matched is None:
        return absent(NO_LIST)
    if not len(matched):
        return absent("no eruption in the period")
    own = 100.0 * float(run.found.eruptions["matched"].astype(bool).mean())
    return share(int(matched.sum()), len(matched), own, BY_MAXIMUM)
