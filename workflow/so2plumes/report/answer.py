"""What a reader asks first: how many plumes, where, how much, and what is new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from so2plumes.figures.plume_maps import cluster_name, has_known_source
from so2plumes.findings.inputs import ReportInputs
from so2plumes.findings.summary import daily_counts, yearly
from so2plumes.report import text

NAMED = 3
RECENT_DAYS = 365


@dataclass(frozen=True)
class Point:
    """One line of what stands out, as HTML; a warning says what is not known."""

    html: str
    warning: bool = False


def lead(inputs: ReportInputs) -> str:
    """One paragraph that answers: how many, where, how much."""
    daily, plumes = daily_counts(inputs), inputs.plumes
    seen = int(daily["seen"].sum())
    days = f"{text.plural(seen, 'day')} seen of {text.whole(len(daily))}"
    if plumes.empty:
        return f'<p class="lead"><b>No plume was found</b> on {days}.</p>'
    words = f"<b>{text.plural(len(plumes), 'plume')}</b> on {days}."
    if len(inputs.clusters):
        words += f" {_places(inputs.clusters)}."
    total = yearly(inputs).iloc[-1]
    if total["plumes_with_rate"] > 0:
        words += (
            f" The median emission rate at the moment of an overpass is "
            f"<b>{text.rounded(total['median_emission_kg_h'])} "
            f"kg h⁻¹</b>; the middle 68 % lie between {text.rounded(total['p16_emission_kg_h'])} and "
            f"{text.rounded(total['p84_emission_kg_h'])}."
        )
    return f'<p class="lead">{words}</p>'


def _places(clusters: pd.DataFrame) -> str:
    """Name the largest clusters, each source once, with their plumes: they need not hold most of all plumes."""
    named = [
        f"<b>{text.escape(cluster_name(row))}</b> ({text.whole(row['n_plumes'])})"
        for _, row in clusters.drop_duplicates("nearest_source").head(NAMED).iterrows()
    ]
    if len(named) == 1:
        return f"The place with most plumes is {named[0]}"
    return f"The places with most plumes are {', '.join(named[:-1])} and {named[-1]}"


def points(inputs: ReportInputs) -> str:
    """List of what stands out, what is new, and what was not seen."""
    found = [
        *_strongest(inputs),
        *_most_persistent(inputs),
        *_unusual_days(inputs),
        *_recent_eruptions(inputs),
        *_new_sources(inputs),
        *_unknown_sources(inputs),
        *_not_seen(inputs),
    ]
    items = "".join(f'<li class="warn">{p.html}</li>' if p.warning else f"<li>{p.html}</li>" for p in found)
    return f'<ul class="points">{items}</ul>' if items else ""


def _strongest(inputs: ReportInputs) -> list[Point]:
    rates = inputs.plumes["emission_kg_h"].to_numpy(dtype=float)
    if not np.isfinite(rates).any():
        return []
    row = inputs.plumes.iloc[int(np.nanargmax(rates))]
    between = f" ({interval(row)})" if interval(row) != text.DASH else ""
    where = text.place(row["max_longitude"], row["max_latitude"])
    remarks = f" Remarks: {text.escape(', '.join(row['quality']))}." if len(row["quality"]) else ""
    return [
        Point(
            f"<b>Strongest:</b> {text.rounded(row['emission_kg_h'])} kg h⁻¹{between} on {text.day(row['date'])}, "
            f"{where}.{remarks}"
        )
    ]


def interval(row: pd.Series) -> str:
    """Middle 68 % of a plume's rate, ``500–900``; a dash without one."""
    low, high = row.get("emission_p16_kg_h", np.nan), row.get("emission_p84_kg_h", np.nan)
    if not np.isfinite(low) or not np.isfinite(high):
        return text.DASH
    return f"{text.rounded(low)}{text.DASH}{text.rounded(high)}"


def _most_persistent(inputs: ReportInputs) -> list[Point]:
    clusters = inputs.clusters
    for name, days in (("observable_persistence_percent", "its observable days"), ("persistence_percent", "all days")):
        share = clusters[name].astype(float) if name in clusters else pd.Series(dtype=float)
        if share.notna().any():
            row = clusters.iloc[int(np.nanargmax(share))]
            said = f"{text.escape(cluster_name(row))}, plumes on {text.fixed(share.max(), 0)} % of {days}"
            return [Point(f"<b>Most persistent:</b> {said}.")]
    return []


def _unusual_days(inputs: ReportInputs) -> list[Point]:
    spikes = inputs.table("spikes")
    if not spikes.attrs.get("available", False):
        return []
    if spikes.empty:
        return [Point("<b>Unusual days:</b> none; no day stands out from its neighbours.")]
    top = spikes.nlargest(NAMED, "n_plumes").sort_values("peak_date")
    named = "; ".join(
        f"{text.day(r['peak_date'])} ({text.plural(r['n_plumes'], 'plume')}, {cause})"
        for r in top.to_dict("records")
        for cause in [text.escape(r["cause"] or "cause not known")]
    )
    n = spikes["first_date"].nunique()
    return [Point(f'<b>Unusual days:</b> {text.plural(n, "period")}, above all <a href="#days">{named}</a>.')]


def _recent_eruptions(inputs: ReportInputs) -> list[Point]:
    """Eruptions that began in the last year of the period and have a plume."""
    eruptions = inputs.eruptions
    if eruptions.empty:
        return []
    start = pd.to_datetime(eruptions["start"], errors="coerce")
    recent = start > pd.Timestamp(inputs.end) - pd.Timedelta(days=RECENT_DAYS)
    new = eruptions[recent & eruptions["matched"].astype(bool)].sort_values("n_plumes", ascending=False)
    if new.empty:
        return []
    named = "; ".join(
        f"{text.escape(r['volcano_name'])} from {text.day(r['start'])} ({text.plural(r['n_plumes'], 'plume')})"
        for r in new.head(NAMED).to_dict("records")
    )
    more = f" and {text.whole(len(new) - NAMED)} more" if len(new) > NAMED else ""
    return [Point(f'<b>New eruptions with plumes:</b> <a href="#eruptions">{named}{more}</a>.')]


def _new_sources(inputs: ReportInputs) -> list[Point]:
    """Clusters whose first plume is in the last calendar year of a period of several."""
    clusters = inputs.clusters
    if len(inputs.years) < 2 or clusters.empty:
        return []
    year = str(inputs.end.year)
    new = clusters[clusters["first_date"].astype(str).str[:4] == year]
    if new.empty:
        return [Point(f"<b>New places in {year}:</b> none; every cluster had plumes before.")]
    named = ", ".join(text.escape(cluster_name(row)) for _, row in new.head(NAMED).iterrows())
    more = f" and {text.whole(len(new) - NAMED)} more" if len(new) > NAMED else ""
    return [Point(f'<b>New places in {year}:</b> <a href="#clusters">{named}{more}</a>.')]


def _unknown_sources(inputs: ReportInputs) -> list[Point]:
    clusters = inputs.clusters
    unknown = clusters[[not has_known_source(row) for _, row in clusters.iterrows()]]
    if unknown.empty:
        return []
    named = "; ".join(
        f"{text.place(r['longitude'], r['latitude'], 1)} ({text.plural(r['n_plumes'], 'plume')})"
        for r in unknown.head(NAMED).to_dict("records")
    )
    n = text.plural(len(unknown), "place")
    return [Point(f'<b>No known source within 100 km:</b> {n}, <a href="#clusters">{named}</a>.')]


def _not_seen(inputs: ReportInputs) -> list[Point]:
    daily = daily_counts(inputs)
    hidden = int((~daily["seen"]).sum())
    bad = int((inputs.coverage["status"] == "quarantined").sum())
    words = []
    if hidden:
        words.append(f"{text.plural(hidden, 'day')} without usable pixels, about which nothing is known")
    if bad:
        words.append(f"{text.plural(bad, 'granule')} that could not be used")
    return [Point(f'<b>Not seen:</b> <a href="#coverage">{"; ".join(words)}</a>.', True)] if words else []
