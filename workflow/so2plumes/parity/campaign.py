"""What a run brings to the comparison, and what several numbers are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.analysis.daily import daily_counts
from so2plumes.findings.inputs import ReportInputs
from so2plumes.parity.timing import Pace
from so2plumes.sources.cluster_product import cluster_product
from so2plumes.sources.sphere import nearest

PAPER_RATE = "emission_paper_kg_h"
EPS_KM, MIN_SAMPLES = 50.0, 20
SOURCE_KM = 200.0
"""FP's centres lie up to 194 km from the sources that they are named after."""


@dataclass(frozen=True)
class ParityInputs:
    """A run beside the papers.

    Attributes
    ----------
    found : ReportInputs
        Tables and configuration of the campaign.
    known : DataFrame
        Known sources (`sources.known.read_known_sources`).
    card : mapping
        Card of the detector; empty where the run has none.
    pace : Pace
        How long its jobs took.
    """

    found: ReportInputs
    known: pd.DataFrame
    card: Mapping[str, Any] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)

    @property
    def plumes(self) -> pd.DataFrame:
        """The plume table."""
        return self.found.plumes

    @cached_property
    def daily(self) -> pd.DataFrame:
        """Table ``daily``: that of the run, otherwise counted from plumes and granules."""
        table = self.found.table("daily")
        if len(table):
            return table
        coverage = self.found.coverage if self.found.coverage.attrs.get("available") else None
        return daily_counts(self.plumes, coverage, self.found.start, self.found.end)

    @cached_property
    def seen_days(self) -> NDArray[np.datetime64]:
        """Days on which something was seen (datetime64[D])."""
        return self.daily.loc[self.daily["seen"], "date"].to_numpy(dtype="datetime64[D]")

    @cached_property
    def clusters(self) -> pd.DataFrame:
        """Clusters by the papers' choices, whatever the run's are.

        DBSCAN of the maxima, 50 km and 20 plumes, mean centre, rates by the papers' formula. `source` is the known
        source nearest to the centre within 200 km, otherwise empty.
        """
        plumes = self.plumes.assign(emission_kg_h=self.plumes[PAPER_RATE])
        table = cluster_product(plumes, self.known, len(self.daily), EPS_KM, MIN_SAMPLES, "max", "mean")
        return self._with_source(table)

    @cached_property
    def own_clusters(self) -> pd.DataFrame:
        """Clusters of the run, with `source` as in `clusters`."""
        return self._with_source(self.found.clusters)

    def _with_source(self, clusters: pd.DataFrame) -> pd.DataFrame:
        if clusters.empty:
            return clusters.assign(source="", kind="")
        place = nearest(clusters["longitude"], clusters["latitude"], self.known["longitude"], self.known["latitude"])
        near = place.distance_km <= SOURCE_KM
        names, kinds = (self.known[column].to_numpy(dtype=object)[place.index] for column in ("name", "type"))
        return clusters.assign(source=np.where(near, names, ""), kind=np.where(near, kinds, ""))

    def cluster_of(self, sources: str, own: bool = False) -> pd.Series | None:
        """Return the largest cluster of a source (names separated by ``|``), of the papers' clusters or our own."""
        clusters = self.own_clusters if own else self.clusters
        of_source = clusters[clusters["source"].isin(sources.split("|"))]
        return None if of_source.empty else of_source.sort_values("rank").iloc[0]

    def place_of(self, source: str) -> tuple[float, float]:
        """Return longitude and latitude of a known source, degrees; the first of names separated by ``|``."""
        row = self.known[self.known["name"] == source.split("|")[0]].iloc[0]
        return float(row["longitude"]), float(row["latitude"])

    def setting(self, key: str, otherwise: Any = None) -> Any:
        """Value of the configuration by its dotted key."""
        section, name = key.split(".")
        return (self.found.config.get(section) or {}).get(name, otherwise)
