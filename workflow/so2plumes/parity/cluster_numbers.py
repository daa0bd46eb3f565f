"""Our numbers of clusters (FP 3.1, Table 2), of clusters by the papers' own choices."""

from __future__ import annotations

import numpy as np

from so2plumes.parity.campaign import PAPER_RATE, ParityInputs
from so2plumes.parity.ours import NAN, Ours, absent, not_found, quantile, share
from so2plumes.parity.published import PublishedNumber

NO_CLUSTER = "no cluster near that source"
TOP = 10


def n_clusters(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Clusters of 20 maxima within 50 km; beside it those of the run."""
    return Ours(float(len(run.clusters)), recommended=float(len(run.own_clusters)))


def top_clusters(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Clusters among the ten largest whose nearest known source is of one of some types."""
    if run.clusters.empty:
        return absent("there is no cluster")
    top = run.clusters[run.clusters["rank"] <= TOP]
    return Ours(float(top["kind"].isin(number.argument.split("|")).sum()))


def cluster_rank(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Rank of a source's cluster by plumes."""
    return _column(run, number.argument, "rank")


def cluster_place(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Longitude or latitude of the centre of a source's cluster."""
    axis, source = number.argument.split(" ", 1)
    return _column(run, source, axis)


def cluster_plumes(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Plumes of a source's cluster."""
    return _column(run, number.argument, "n_plumes")


def cluster_rate(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Median rate of a source's cluster by the papers' formula."""
    cluster, own = run.cluster_of(number.argument), run.cluster_of(number.argument, own=True)
    if cluster is None:
        return not_found(NO_CLUSTER)
    rates = run.plumes.loc[run.plumes["plume_id"].isin(list(cluster["plume_ids"])), PAPER_RATE]
    recommended = NAN if own is None else float(own["median_emission_kg_h"])
    return quantile(rates, 0.5, recommended, "the papers' formula")


def cluster_persistence(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Share of the calendar days with a plume in a source's cluster; beside it that of the observable days."""
    cluster, own = run.cluster_of(number.argument), run.cluster_of(number.argument, own=True)
    if cluster is None:
        return not_found(NO_CLUSTER)
    observable = NAN if own is None else float(own.get("observable_persistence_percent", NAN))
    seen = "; as configured: of the days on which the place could be seen" if np.isfinite(observable) else ""
    return share(int(cluster["n_days"]), len(run.daily), observable, f"of calendar days{seen}")


def _column(run: ParityInputs, source: str, name: str) -> Ours:
    cluster, own = run.cluster_of(source), run.cluster_of(source, own=True)
    if cluster is None:
        return not_found(NO_CLUSTER)
    return Ours(float(cluster[name]), n=int(cluster["n_plumes"]), recommended=NAN if own is None else float(own[name]))
