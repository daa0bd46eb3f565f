"""The table of the papers' numbers beside ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from so2plumes.dictionary import shaped
from so2plumes.errors import TableError
from so2plumes.parity import archive_numbers, cluster_numbers, edgar_numbers, event_numbers, plume_numbers
from so2plumes.parity.campaign import ParityInputs
from so2plumes.parity.judge import VERDICTS, judge, other_choices, ratio_of
from so2plumes.parity.ours import Ours
from so2plumes.parity.published import PublishedNumber
from so2plumes.parity.scope import Extent, extent_of, hindrances

Measure = Callable[[ParityInputs, PublishedNumber], Ours]


def _measures(*functions: Measure) -> dict[str, Measure]:
    return {function.__name__: function for function in functions}


MEASURES: Mapping[str, Measure] = _measures(
    archive_numbers.granules,
    archive_numbers.plumes,
    archive_numbers.plumes_of_year,
    archive_numbers.windows_per_swath,
    archive_numbers.seconds_per_swath,
    archive_numbers.seconds_per_plume,
    archive_numbers.card_score,
    archive_numbers.card_labelled_images,
    archive_numbers.card_images,
    archive_numbers.card_test_share,
    plume_numbers.median_of,
    plume_numbers.good_fit_share,
    plume_numbers.wind_variation_printed,
    plume_numbers.rate_median,
    plume_numbers.rate_first_percentile,
    plume_numbers.example_plume,
    plume_numbers.label_share,
    plume_numbers.none_clusters,
    plume_numbers.none_share,
    plume_numbers.none_farthest,
    cluster_numbers.n_clusters,
    cluster_numbers.top_clusters,
    cluster_numbers.cluster_rank,
    cluster_numbers.cluster_place,
    cluster_numbers.cluster_plumes,
    cluster_numbers.cluster_rate,
    cluster_numbers.cluster_persistence,
    event_numbers.spikes_found,
    event_numbers.spikes_of_eruptions,
    event_numbers.spike_shift,
    event_numbers.uk_day,
    event_numbers.known_place,
    event_numbers.n_eruptions,
    event_numbers.eruption_plumes,
    event_numbers.matched_eruptions,
    event_numbers.matched_share,
    edgar_numbers.edgar_top_share,
    edgar_numbers.edgar_threshold,
    edgar_numbers.edgar_below_limit,
    edgar_numbers.limit_flux,
    edgar_numbers.edgar_orders,
    edgar_numbers.edgar_reached,
)
"""Functions that compute ours, by the key in the list of published numbers."""


def parity_table(run: ParityInputs, published: Sequence[PublishedNumber]) -> pd.DataFrame:
    """Set every published number beside ours.

    A number is compared only where the run covers what it is about (`scope.hindrances`): days seen, the globe or
    the source, a real archive. There it ``agrees`` when ours, or a value of its 95 % interval, is the paper's within
    the stated tolerance, and ``differs`` otherwise. Elsewhere it is ``not comparable``, and ours is shown
    all the same. It is ``not computed`` where the run lacks an input. Rates are those of the papers' formula
    (`emission_paper_kg_h`) and clusters those of the papers' choices, so that like is compared with like;
    `recommended_value` is the same by the run's own choices.

    Parameters
    ----------
    run : ParityInputs
    published : sequence of PublishedNumber

    Returns
    -------
    DataFrame
        Table ``parity``, in the order given; ``attrs`` hold the counts of the verdicts, what the run covers and the
        choices that are not the papers'.

    Raises
    ------
    TableError
        When a number names a function that there is not.
    """
    unknown = sorted({number.key for number in published} - MEASURES.keys())
    if unknown:
        raise TableError(
            "the list of published numbers names functions that there are not",
            where="column key",
            expected=", ".join(sorted(MEASURES)),
            found=", ".join(unknown),
        )
    extent = extent_of(run)
    table = pd.DataFrame([_row(run, number, extent) for number in published])
    if len(table):
        table["n"] = table["n"].astype("Int64")
    table.attrs = _facts(run, table, extent)
    return shaped(table, "parity")


def _row(run: ParityInputs, number: PublishedNumber, extent: Extent) -> dict[str, Any]:
    ours = MEASURES[number.key](run, number)
    verdict = judge(number, ours, hindrances(number, run, extent), run.found.config)
    return {
        "id": number.id,
        "group": number.group,
        "paper": number.paper,
        "paper_section": number.section,
        "quantity": number.quantity,
        "unit": number.unit,
        "relation": number.relation,
        "paper_value": number.value,
        "paper_high": number.high,
        "corrected_value": number.corrected,
        "our_value": ours.value,
        "our_low": ours.low,
        "our_high": ours.high,
        "n": pd.NA if ours.n is None else ours.n,
        "recommended_value": float("nan") if ours.recommended == ours.value else ours.recommended,
        "ratio": ratio_of(number, ours),
        "relative_tolerance": number.relative_tolerance,
        "absolute_tolerance": number.absolute_tolerance,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
        "erratum": number.erratum,
    }


def _facts(run: ParityInputs, table: pd.DataFrame, extent: Extent) -> dict[Any, Any]:
    counts: Mapping[Any, int] = table["verdict"].value_counts().to_dict() if len(table) else {}
    return {
        "available": True,
        "counts": {verdict: int(counts.get(verdict, 0)) for verdict in VERDICTS},
        "start": str(run.found.start),
        "end": str(run.found.end),
        "n_days_seen": extent.n_days_seen,
        "n_days": extent.n_days,
        "granules_a_day": extent.granules_a_day,
        "region": list(extent.region) if extent.region else None,
        "simulated": extent.simulated,
        "other_choices": other_choices(run.found.config),
        "detector": str(run.card.get("name", "")),
    }
