from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from tests.analysis.made_campaign import MadeCampaign, make_campaign

from so2plumes.analysis.published import SPIKES
from so2plumes.analysis.regions import Box, read_regions
from so2plumes.sources.cluster_product import cluster_product
from so2plumes.sources.eruption_product import EruptionTables, eruption_tables
from so2plumes.sources.known import read_known_sources

PERIOD = (datetime.date(2019, 1, 1), datetime.date(2024, 12, 31))


def made_eruptions() -> pd.DataFrame:
    """One eruption behind each of the papers' spikes, ten days long, and one that never ends."""
    rows = []
    for number, spike in enumerate(SPIKES):
        start = np.datetime64(spike.date, "s")
        rows.append(
            (number, spike.volcano, spike.longitude, spike.latitude, start, start + np.timedelta64(9, "D"), False)
        )
    rows.append((99, "Popocatepetl", -98.622, 19.023, np.datetime64("2005-01-09", "s"), np.datetime64("NaT"), True))
    names = ["eruption_number", "volcano_name", "longitude", "latitude", "start_earliest", "end_earliest", "continuing"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(
        start_latest=table["start_earliest"],
        end_latest=table["end_earliest"].where(~table["continuing"]),
        volcano_number=table["eruption_number"],
        vei=3,
        end_known=~table["continuing"],
    )


@dataclass(frozen=True)
class Analysed:
    """A made campaign with the tables that others are made of."""

    made: MadeCampaign
    known: pd.DataFrame
    clusters: pd.DataFrame
    eruptions: EruptionTables
    regions: list[Box]

    @property
    def plumes(self) -> pd.DataFrame:
        return self.made.plumes


@pytest.fixture(scope="session")
def analysed(root) -> Analysed:
    made = make_campaign(18_000)
    known = read_known_sources(root / "resources" / "known_sources.csv")
    return Analysed(
        made,
        known,
        cluster_product(made.plumes, known, 2192),
        eruption_tables(made.plumes, made_eruptions(), *PERIOD, known=known),
        read_regions(root / "resources" / "regions.csv"),
    )
