"""Made findings with every table: a campaign of several years, and small ones anywhere on the Earth."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from tests.analysis.conftest import PERIOD, made_eruptions
from tests.analysis.made_campaign import make_campaign, make_edgar, plume_table
from tests.report.made import Made, make_chip, make_coverage

from so2plumes.analysis.daily import daily_counts
from so2plumes.analysis.labels import label_table, none_clusters
from so2plumes.analysis.ratios import eruption_masses, persistent_rates
from so2plumes.analysis.regions import Box, region_panel
from so2plumes.analysis.spikes import spike_table
from so2plumes.findings.inputs import ReportInputs
from so2plumes.inventory.compare import cumulative_share
from so2plumes.inventory.months import edgar_months, flux_histogram
from so2plumes.inventory.product import curve_table, edgar_product
from so2plumes.seen import SeenPlaces
from so2plumes.sources.cluster_history import cluster_history, compare_origins
from so2plumes.sources.cluster_product import cluster_product
from so2plumes.sources.eruption_product import eruption_tables
from so2plumes.sources.known import read_known_sources
from so2plumes.table import plume_frame

KNOWN = Path(__file__).resolve().parents[2] / "resources" / "known_sources.csv"
NORILSK = Box("Norilsk", 78.0, 64.0, 98.0, 74.0)


def seen_places(start: date, end: date, n_places: int, hidden_month: int = 2) -> SeenPlaces:
    """Everything was observable but in one calendar month."""
    days = np.arange(np.datetime64(start), np.datetime64(end) + 1)
    month = days.astype("datetime64[M]").astype(int) % 12 + 1
    percent = np.where(month == hidden_month, 0, 100).astype(np.int8)
    return SeenPlaces(days, np.repeat(percent[:, None], n_places, axis=1), np.full(len(days), np.nan))


def joined(plumes: gpd.GeoDataFrame, made: list[Made]) -> gpd.GeoDataFrame:
    """Add the plumes of some chips, which begin where they are densest."""
    rows = [m.row | {f"upwind_{axis}": m.row[f"max_{axis}"] for axis in ("longitude", "latitude")} for m in made]
    return pd.concat([plumes, plume_frame(rows)], ignore_index=True) if rows else plumes


def findings_of(
    plumes: gpd.GeoDataFrame,
    eruptions: pd.DataFrame,
    start: date,
    end: date,
    made: list[Made],
    box: Box,
) -> ReportInputs:
    """Compute every table as the workflow does."""
    plumes, known = joined(plumes, made), read_known_sources(KNOWN)
    n_days = (end - start).days + 1
    clusters = cluster_product(plumes, known, n_days)
    erupted = eruption_tables(plumes, eruptions, start, end, known=known)
    coverage = make_coverage(start, n_days, hidden={5, 6, 7}, per_day=1, bad_every=10**6)
    coverage["status"] = "ready"
    coverage["usable_fraction"] = 0.5
    daily = daily_counts(plumes, coverage, start, end)
    grid = make_edgar(factor=10)
    months = edgar_months(plumes, None, lambda year: grid)
    at_volcanoes = erupted.eruptions.head(4)
    masses = pd.DataFrame({"volcano": at_volcanoes["volcano_name"], "date": at_volcanoes["start"]}).assign(
        longitude=at_volcanoes["longitude"], latitude=at_volcanoes["latitude"], type="exp", vei=3, mass_kt=1.5
    )
    persistent = clusters[["longitude", "latitude"]].head(6).assign(emission_kg_h=9000.0, eruptive=False)
    science = {
        "cluster_history": cluster_history(plumes, clusters, start, end, seen_places(start, end, len(clusters))),
        "cluster_origins": compare_origins(plumes, known),
        "eruption_plumes": erupted.plumes,
        "daily": daily,
        "spikes": spike_table(plumes, daily, erupted.eruptions, erupted.plumes, clusters),
        "region_panel": region_panel(plumes, box, start, end, seen_places(start, end, 3)),
        "label_shares": label_table(plumes),
        "none_clusters": none_clusters(plumes, clusters, known),
        "catalogue_eruptions": eruption_masses(plumes, masses, start, end, erupted.eruptions, erupted.plumes),
        "catalogue_sources": persistent_rates(plumes, clusters, persistent, known),
        "edgar_months": months,
        "edgar_histogram": flux_histogram(months, grid),
        "edgar_curve": curve_table(cumulative_share(grid), 2022),
    }
    return ReportInputs(
        title="made",
        start=start,
        end=end,
        plumes=plumes,
        clusters=clusters,
        eruptions=erupted.eruptions,
        edgar=edgar_product(plumes, grid, end.year),
        coverage=coverage,
        chips=[m.chip for m in made],
        science=science,
    )


def campaign_findings(n: int = 6000, n_chips: int = 6) -> ReportInputs:
    """Six years over the whole Earth with the papers' spikes."""
    made = [
        make_chip(f"chip_{i}", 15.0 + i, 36.0, f"202{i % 5}-03-0{i + 1}T11:00:00", 60.0 + 25 * i, 8.0, 50.0 * i, seed=i)
        for i in range(n_chips)
    ]
    return findings_of(make_campaign(n).plumes, made_eruptions(), *PERIOD, made, NORILSK)


def regional_findings(longitude: float, latitude: float, days: int = 120) -> ReportInputs:
    """One volcano with an eruption whose cloud drifts eastwards, and plumes around it."""
    start = date(2021, 1, 1)
    end = start + timedelta(days=days - 1)
    rng = np.random.default_rng(11)
    stretch = 1.0 / np.cos(np.radians(latitude))
    quiet, cloud = 240, 90
    age = np.floor(rng.exponential(1.2, cloud)).clip(0, 4)
    day = np.concatenate([rng.integers(0, days, quiet), 60 + age]).astype(int)
    east = np.concatenate([rng.normal(0, 0.3, quiet), 2.0 * age + rng.normal(0, 0.3, cloud)]) * stretch
    north = np.concatenate([rng.normal(0, 0.3, quiet), rng.normal(0, 0.2 + 0.2 * age, cloud)])
    lon, lat = (longitude + east + 180) % 360 - 180, np.clip(latitude + north, -89.5, 89.5)
    seconds = (day * 86_400 + 43_200 + rng.integers(0, 3600, len(day))).astype("timedelta64[s]")
    table = pd.DataFrame(
        {
            "time": np.datetime64(start, "ms") + seconds,
            "max_longitude": lon,
            "max_latitude": lat,
            "upwind_longitude": (lon - 0.1 * stretch + 180) % 360 - 180,
            "upwind_latitude": lat,
            "emission_kg_h": 14_000.0 * np.exp(rng.normal(0, 1, len(day))),
        }
    ).sort_values("time", ignore_index=True)
    first = np.datetime64(start, "s") + np.timedelta64(60, "D")
    one = made_eruptions().head(1).assign(
        volcano_name="Made", longitude=longitude, latitude=latitude, start_earliest=first, start_latest=first,
        end_earliest=first + np.timedelta64(9, "D"), end_latest=first + np.timedelta64(9, "D"),
    )  # fmt: skip
    made = [
        make_chip("long", longitude, latitude, "2021-03-02T12:10:00", 240.0, seed=1),
        make_chip("short", longitude, latitude, "2021-03-03T12:10:00", 60.0, seed=2),
    ]
    box = Box("Made", (longitude - stretch + 180) % 360 - 180, latitude - 1, (longitude + stretch + 180) % 360 - 180,
              min(latitude + 1, 90.0))  # fmt: skip
    return findings_of(plume_table(rng, table), one, start, end, made, box)
