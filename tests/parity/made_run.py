"""A made campaign with all tables that the comparison with the papers reads."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tests.analysis.conftest import PERIOD, made_eruptions
from tests.analysis.made_campaign import make_campaign

from so2plumes.analysis.daily import daily_counts
from so2plumes.analysis.labels import label_table, none_clusters
from so2plumes.analysis.regions import read_regions
from so2plumes.analysis.spikes import spike_table
from so2plumes.config import parse_config
from so2plumes.findings.inputs import COVERAGE_COLUMNS, ReportInputs
from so2plumes.parity.campaign import ParityInputs
from so2plumes.parity.timing import DetectionTime, Pace
from so2plumes.sources.cluster_product import cluster_product
from so2plumes.sources.eruption_product import eruption_tables
from so2plumes.sources.known import read_known_sources

WHOLE_SWATHS = Pace((DetectionTime("gpu", 30, 30 * 4172 * 450, 420.0),), 3000.0)
CARD = {
    "name": "made",
    "pixel_scores": [
        {
            "method": "unet",
            "by": "all",
            "of": "peak over 3 sigma",
            "precision": 0.657,
            "recall": 0.74,
            "f1": 0.69,
            "images": 800,
        }
    ],
    "data": {"images": 4000, "test_images": 800, "training_images": 3200, "sources": {"reviewed": 1000}},
}


def make_granules(start: datetime.date, end: datetime.date, per_day: int = 14) -> pd.DataFrame:
    """Make ready granules of every day."""
    days = np.repeat(np.arange(np.datetime64(start), np.datetime64(end) + 1), per_day).astype(str)
    table = pd.DataFrame({name: "" for name in COVERAGE_COLUMNS}, index=range(len(days)))
    table = table.assign(date=days, orbit=range(len(days)), status="ready", size_bytes=1, usable_fraction=0.7)
    table.attrs["available"] = True
    return table


def make_run(
    root: Path,
    n: int = 53_993,
    start: datetime.date = PERIOD[0],
    end: datetime.date = PERIOD[1],
    per_day: int = 14,
    **config: dict,
) -> ParityInputs:
    """Make a run of the papers' statistics with all its tables but those of the inventory."""
    plumes = make_campaign(n).plumes.assign(emission_paper_kg_h=lambda table: table["emission_kg_h"])
    days = plumes["date"].astype(str)
    plumes = plumes[(days >= str(start)) & (days <= str(end))].reset_index(drop=True)
    known = read_known_sources(root / "resources" / "known_sources.csv")
    coverage = make_granules(start, end, per_day)
    clusters = cluster_product(plumes, known, (end - start).days + 1)
    tables = eruption_tables(plumes, made_eruptions(), start, end, known=known)
    daily = daily_counts(plumes, coverage, start, end)
    regions = read_regions(root / "resources" / "regions.csv")
    science = {
        "daily": daily,
        "spikes": spike_table(plumes, daily, tables.eruptions, tables.plumes, clusters, regions),
        "label_shares": label_table(plumes),
        "none_clusters": none_clusters(plumes, clusters, known),
    }
    given = {"preset": "paper", "archive": {"source": "local", "path": "/archive"}} | config
    given["campaign"] = {"start": str(start), "end": str(end)} | config.get("campaign", {})
    found = ReportInputs(
        "made",
        start,
        end,
        plumes,
        clusters,
        tables.eruptions,
        coverage=coverage,
        config=parse_config(given).model_dump(mode="json"),
        science=science,
    )
    return ParityInputs(found, known, CARD, WHOLE_SWATHS)


@dataclass(frozen=True)
class Compared:
    """A run with its table of parity."""

    run: ParityInputs
    table: pd.DataFrame

    def row(self, name: str) -> pd.Series:
        return self.table.set_index("id").loc[name]
