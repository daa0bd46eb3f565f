"""Numbers of Finch and Palmer that the tables are set beside, their errata corrected."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedSpike:
    """A peak of the daily counts (FP Table 1); degrees east and north."""

    mark: str
    volcano: str
    longitude: float
    latitude: float
    date: str


SPIKES = (
    PublishedSpike("A", "Raikoke", 153.25, 48.29, "2019-06-22"),
    PublishedSpike("B", "Ulawun", 151.33, -5.05, "2019-06-26"),
    PublishedSpike("C", "Ulawun", 151.33, -5.05, "2019-08-03"),
    PublishedSpike("D", "Taal", 120.99, 14.01, "2020-01-12"),
    PublishedSpike("E", "Mount Cleveland", -169.94, 52.82, "2020-06-18"),
    PublishedSpike("F", "La Soufriere", -61.18, 13.33, "2021-04-11"),
    PublishedSpike("G", "Hunga Tonga", -175.38, -20.55, "2022-01-14"),
    PublishedSpike("H", "Mauna Loa", -155.60, 19.475, "2022-11-26"),
    PublishedSpike("I", "Shiveluch", 161.36, 56.65, "2023-04-11"),
    PublishedSpike("J", "Taal", 120.99, 14.01, "2024-04-14"),
)
"""Shiveluch lies east, Ulawun (C) south: the papers print west and north."""

LABEL_SHARES = {"so2": 0.435, "volcanic": 0.308, "anthropogenic": 0.147, "none": 0.100}
"""FP 3.3; the rest is combined and high solar zenith angle."""

NONE_CLUSTERS = {"clusters": 34, "share": 0.24, "overlapping": 27, "others_within_km": 300.0}
"""FP 3.3: clusters of plumes without enhancement (150 km, 20 plumes)."""
