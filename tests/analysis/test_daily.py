"""Daily counts, the rule by which days stand out, and what is named as their cause."""

import numpy as np
import pandas as pd
import pytest
from tests.analysis.conftest import PERIOD

from so2plumes.analysis.daily import SpikeRule, daily_counts, running_level, spike_runs
from so2plumes.analysis.published import SPIKES
from so2plumes.analysis.regions import Box, region_names, region_panel
from so2plumes.analysis.spikes import _letters, spike_table
from so2plumes.dictionary import empty
from so2plumes.seen import SeenPlaces


def plumes_on(**counts):
    days = [day.replace("_", "-") for day, n in counts.items() for _ in range(n)]
    return pd.DataFrame(
        {
            "plume_id": [f"p{i}" for i in range(len(days))],
            "time": pd.to_datetime([f"{day}T12:00" for day in days], utc=True),
            "max_longitude": 15.0,
            "max_latitude": 37.7,
            "label": "so2",
            "emission_kg_h": np.arange(len(days), dtype=float),
        }
    )


def coverage_of(*days):
    return pd.DataFrame({"date": days, "status": "ready", "usable_fraction": 0.5})


def test_days_are_counted_and_unseen_ones_are_told_apart():
    plumes = plumes_on(**{"2021-03-01": 2, "2021-03-04": 1, "2021-04-01": 5})
    daily = daily_counts(plumes, coverage_of("2021-03-01", "2021-03-02"), "2021-03-01", "2021-03-05")
    assert daily["n_plumes"].tolist() == [2, 0, 0, 1, 0]
    assert daily["seen"].tolist() == [True, True, False, True, False]
    assert daily["n_granules"].tolist() == [1, 1, 0, 0, 0]
    assert daily.attrs["n_outside_period"] == 5
    assert np.isnan(daily["score"].iloc[2])
    seen = SeenPlaces(np.arange("2021-03-01", "2021-03-06", dtype="datetime64[D]"), np.zeros((5, 0)), np.eye(5)[2])
    assert daily_counts(plumes, None, "2021-03-01", "2021-03-05", seen)["seen"].tolist() == [
        True,
        False,
        True,
        True,
        False,
    ]
    assert daily_counts(plumes, None, "2021-03-01", "2021-03-05")["seen"].all()


def test_running_level_is_the_median_of_seen_days():
    rng = np.random.default_rng(0)
    counts, seen = rng.poisson(20, 120), rng.random(120) < 0.8
    median, spread = running_level(counts, seen, 31)
    for i in (0, 7, 60, 119):
        window = counts[max(0, i - 15) : i + 16][seen[max(0, i - 15) : i + 16]]
        assert median[i] == np.median(window)
        mad = 1.4826 * np.median(np.abs(window - np.median(window)))
        assert spread[i] == pytest.approx(max(mad, np.sqrt(np.median(window)), 1))
    none = running_level(counts, np.zeros(120, bool), 31)
    assert (none[0] == 0).all()
    assert (none[1] == 1).all()


def test_counts_by_chance_do_not_stand_out_and_a_season_does_not_either():
    rng = np.random.default_rng(1)
    season = 20 + 12 * np.sin(np.arange(2192) / 365.25 * 2 * np.pi)
    days = np.arange("2019-01-01", "2025-01-01", dtype="datetime64[D]")
    n = rng.poisson(season)
    plumes = plumes_on()
    plumes = pd.DataFrame({"time": pd.to_datetime(np.repeat(days, n), utc=True)})
    daily = daily_counts(plumes, None, *PERIOD)
    assert not daily["spike"].any()
    more = pd.concat([plumes, pd.DataFrame({"time": pd.to_datetime(["2020-07-01"] * 60, utc=True)})])
    daily = daily_counts(more, None, *PERIOD)
    assert daily.loc[daily["spike"], "date"].tolist() == ["2020-07-01"]


def test_runs_join_over_short_gaps():
    daily = pd.DataFrame({"spike": np.isin(np.arange(12), [1, 2, 5, 9])})
    assert [run.tolist() for run in spike_runs(daily, 2)] == [[1, 2, 5], [9]]
    assert [run.tolist() for run in spike_runs(daily, 0)] == [[1, 2], [5], [9]]
    assert spike_runs(daily.assign(spike=False)) == []


def test_the_papers_table_1_comes_back(analysed):
    daily = daily_counts(analysed.plumes, None, *PERIOD, rule=SpikeRule(plumes=5))
    tables = analysed.eruptions
    spikes = spike_table(
        analysed.plumes,
        daily,
        tables.eruptions,
        tables.plumes,
        analysed.clusters,
        analysed.regions,
        SpikeRule(plumes=5),
    )
    found = spikes[spikes["paper_mark"] != ""].set_index("paper_mark")
    assert set(found.index) == set("ABCDEFGHIJ")
    for spike in SPIKES:
        row = found.loc[spike.mark]
        assert row["cause"] == spike.volcano
        assert row["kind"] == "eruption"
        assert abs((pd.Timestamp(row["peak_date"]) - pd.Timestamp(spike.date)).days) <= 1
    assert len(spikes) <= 14, "little else stands out"
    assert found.loc["A", "region"] == "Kuril Islands and Kamchatka"
    assert found.loc["B", "region"] == "New Guinea and Solomon Islands"
    assert found.loc["G", "region"] == "Tonga and Fiji"
    assert spikes["mark"].tolist() == [_letters(i) for i in range(len(spikes))]


def test_without_eruptions_causes_are_clusters_or_regions(analysed):
    daily = daily_counts(analysed.plumes, None, *PERIOD)
    spikes = spike_table(
        analysed.plumes, daily, empty("eruptions"), empty("eruption_plumes"), empty("clusters"), analysed.regions
    )
    assert set(spikes["kind"]) == {"region"}
    assert spikes["others"].map(len).sum() == 0
    quiet = daily.assign(spike=False)
    assert spike_table(analysed.plumes, quiet, empty("eruptions"), empty("eruption_plumes"), empty("clusters")).empty


def test_letters_go_on_after_z():
    assert [_letters(i) for i in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_boxes_across_180_and_their_cells():
    box = Box("Fiji", 170, -30, -170, -10)
    assert box.holds([175, -175, 0, 180, 190], [-20] * 5).tolist() == [True, True, False, True, True]
    lon, lat = box.cells()
    assert len(lon) == 40 * 40
    assert (np.abs(lon) > 170).all()
    assert region_names([175, 0], [-20, 0], [box, Box("all", -180, -90, 180, 90)]).tolist() == ["Fiji", "all"]
    assert region_names([0], [0], []).tolist() == [""]


def test_every_place_has_a_region(analysed):
    lon, lat = (part.ravel() for part in np.meshgrid(np.arange(-180, 180, 3), np.arange(-87, 88, 3)))
    assert (region_names(lon, lat, analysed.regions) != "").mean() > 0.95


def test_panel_counts_the_plumes_of_a_box(analysed):
    box = Box("Norilsk", 78, 64, 98, 74)
    panel = region_panel(analysed.plumes, box, *PERIOD)
    inside = box.holds(analysed.plumes["max_longitude"], analysed.plumes["max_latitude"])
    assert panel["n_plumes"].sum() == inside.sum() > 280
    assert (panel["n_plumes"] == 0).equals(panel["median_emission_kg_h"].isna())
    assert len(panel) == 2192
    seen = SeenPlaces(
        np.arange("2019-01-01", "2025-01-01", dtype="datetime64[D]"), np.full((2192, 4), 60), np.zeros(2192)
    )
    assert (region_panel(analysed.plumes, box, *PERIOD, seen)["observable_share"] == 1).all()
