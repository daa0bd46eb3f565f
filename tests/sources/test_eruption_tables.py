"""Eruptions with their plumes: strict by either origin, by outflow, and what was seen."""

import datetime

import numpy as np
import pandas as pd
import pytest
from tests.sources.test_eruptions import eruption

from so2plumes.seen import SeenPlaces
from so2plumes.sources.eruption_product import absent_tables, eruption_tables, with_seen_eruptions
from so2plumes.sources.events import EventRule, follow_outflow
from so2plumes.sources.gvp import read_eruptions

START, END = datetime.date(2020, 3, 1), datetime.date(2020, 3, 31)


def listed(*rows):
    table = pd.DataFrame(list(rows))
    return table.assign(
        volcano_number=table["eruption_number"],
        vei=pd.NA,
        end_known=~table["continuing"] & table["end_earliest"].notna(),
    )


ERUPTIONS = listed(
    eruption(1, 179.9, -20.0, "2020-03-10", "2020-03-12"),
    eruption(2, 15.0, 37.7, "2019-01-01", "2025-05-02", continuing=True),
    eruption(3, 15.2, 37.7, "2020-03-12", None),
    eruption(4, -60.0, 13.0, "2019-01-01", "2019-12-31"),
    eruption(5, 100.0, 0.0, "2020-02-01", "2020-04-30"),
)


def plumes_of(*rows):
    """Name, time, longitude and latitude of the maximum, degrees by which the upwind end lies east."""
    table = pd.DataFrame(rows, columns=["plume_id", "time", "max_longitude", "max_latitude", "east"])
    table["time"] = pd.to_datetime(table["time"], utc=True, format="ISO8601")
    return table.assign(
        upwind_longitude=table["max_longitude"] + table["east"], upwind_latitude=table["max_latitude"]
    ).drop(columns="east")


CHAIN = plumes_of(
    ("start", "2020-03-10T02:00", 179.8, -20.0, 0.0),
    ("piece", "2020-03-10T02:01", 178.6, -20.0, 0.0),
    ("next", "2020-03-11T02:00", -178.0, -20.0, 0.0),
    ("later", "2020-03-12T02:00", -174.0, -20.0, 0.0),
    ("last", "2020-03-13T02:00", -170.0, -20.0, 0.0),
    ("before", "2020-03-09T02:00", -178.0, -20.0, 0.0),
    ("too_fast", "2020-03-11T02:00", -160.0, -20.0, 0.0),
    ("too_late", "2020-03-16T02:00", -169.0, -20.0, 0.0),
)


def event_of(tables):
    rows = tables.plumes[tables.plumes["by_event"]].set_index("plume_id")
    return rows


def test_outflow_is_followed_in_time_and_across_180():
    tables = eruption_tables(CHAIN, ERUPTIONS, START, END)
    rows = event_of(tables)
    assert set(rows.index) == {"start", "piece", "next", "later", "last"}
    assert (rows["eruption_number"] == 1).all()
    assert rows.loc["start", "path_km"] == 0
    assert rows.loc["last", ["date", "longitude", "latitude"]].tolist() == ["2020-03-13", -170.0, -20.0]
    assert rows.loc["last", "path_km"] == pytest.approx(10.2 * 111.3 * np.cos(np.radians(20)), rel=0.02)
    assert rows.loc["last", "hours_since_seed"] == 72
    assert rows.loc["last", "days_since_start"] == 3
    assert rows.loc["last", "days_since_first_plume"] == pytest.approx(3)
    first = tables.eruptions.set_index("eruption_number").loc[1]
    assert (first["n_plumes"], first["n_plumes_event"]) == (1, 5)
    assert first["outflow_km"] == rows["path_km"].max()
    assert not tables.plumes.loc[tables.plumes["plume_id"] == "next", "by_max"].any()


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (EventRule(days=1.5), {"start", "piece", "next"}),
        (EventRule(speed_m_s=1.0), {"start", "piece"}),
        (EventRule(reach_km=300.0), {"start", "piece", "next"}),
        (EventRule(hours=100.0, days=20), {"start", "piece", "next", "later", "last", "too_late"}),
    ],
)
def test_limits_of_the_rule(rule, names):
    assert set(event_of(eruption_tables(CHAIN, ERUPTIONS, START, END, rule=rule)).index) == names


def test_a_plume_at_a_known_source_is_of_that_source():
    known = pd.DataFrame({"longitude": [-177.8], "latitude": [-20.0]})
    rows = event_of(eruption_tables(CHAIN, ERUPTIONS, START, END, known=known))
    assert set(rows.index) == {"start", "piece"}, "the chain is cut there"


def test_either_origin_matches_and_the_configured_one_counts():
    plumes = plumes_of(
        ("both", "2020-03-05T12:00", 15.0, 37.8, 0.0),
        ("upwind", "2020-03-05T12:00", 13.9, 37.7, 1.0),
        ("maximum", "2020-03-06T12:00", 15.0, 37.8, 5.0),
    )
    by_max = eruption_tables(plumes, ERUPTIONS, START, END)
    by_upwind = eruption_tables(plumes, ERUPTIONS, START, END, origin="upwind")
    for tables, number in ((by_max, 2), (by_upwind, 2)):
        row = tables.eruptions.set_index("eruption_number").loc[2]
        assert (row["n_plumes"], row["n_plumes_max"], row["n_plumes_upwind"]) == (number, 2, 2)
    assert by_max.eruptions["plume_ids"].iloc[0] == ["both", "maximum"]
    assert by_upwind.eruptions["plume_ids"].iloc[0] == ["both", "upwind"]
    assert by_upwind.eruptions.attrs["n_matched_plumes"] == 2


def test_a_young_eruption_explains_more_than_a_nearer_old_one():
    plumes = plumes_of(("p", "2020-03-12T12:00", 15.05, 37.7, 0.0), ("q", "2020-03-12T12:00", 14.7, 37.7, 0.0))
    tables = eruption_tables(plumes, ERUPTIONS, START, END)
    assert event_of(tables).loc["p", "eruption_number"] == 3
    assert event_of(tables).loc["q", "eruption_number"] == 3
    assert tables.eruptions.set_index("eruption_number")["n_plumes"].loc[[2, 3]].tolist() == [2, 2]


def test_dates_that_are_open_or_unknown():
    uncertain = ERUPTIONS.assign(start_day_uncertainty=[np.nan, np.nan, 4.0, np.nan, np.nan])
    uncertain.loc[4, "end_earliest"] = np.datetime64("2020-04-01", "s")
    table = eruption_tables(CHAIN, uncertain, START, END).eruptions.set_index("eruption_number")
    assert list(table.index) == [1, 2, 3, 5], "that of 2019 is over"
    assert table.loc[2, "end"] == ""
    assert table.loc[2, "last_report"] == "2025-05-02"
    assert table.loc[2, "n_days"] == 31
    assert table.loc[3, "end"] == "2020-03-12"
    assert table["end_known"].to_dict() == {1: True, 2: False, 3: False, 5: True}
    assert table.loc[3, "start_uncertainty_days"] == 4
    assert table.loc[5, "end_uncertainty_days"] == 29
    assert table["n_days"].tolist() == [3, 31, 1, 31]


def test_no_plume_and_not_seen_differ():
    tables = eruption_tables(CHAIN, ERUPTIONS, START, END)
    assert tables.eruptions["status"].tolist() == ["plume", "unknown", "unknown", "unknown"]
    days = np.arange("2020-03-01", "2020-04-01", dtype="datetime64[D]")
    percent = np.full((31, 4), -1, np.int8)
    percent[:, 1], percent[10:13, 2], percent[13, 2], percent[:, 3] = 70, 49, 90, 50
    order = tables.eruptions["eruption_number"].tolist()
    assert order == [1, 2, 3, 5]
    seen = with_seen_eruptions(tables.eruptions, SeenPlaces(days, percent, np.zeros(31)))
    assert seen["status"].tolist() == ["plume", "no_plume", "not_seen", "no_plume"]
    assert seen["n_observable_days"].tolist() == [1, 31, 0, 31]
    assert seen.attrs["n_not_seen"] == 1
    assert seen.attrs["radius_km"] == 50


def test_nothing_to_match():
    empty = CHAIN.iloc[:0]
    tables = eruption_tables(empty, ERUPTIONS, START, END)
    assert tables.eruptions["n_plumes"].sum() == 0
    assert tables.plumes.empty
    assert absent_tables(50.0, "max").eruptions.attrs["available"] is False
    none = follow_outflow(CHAIN, np.empty(0, int), np.empty(0, int))
    assert (none.eruption == -1).all()


@pytest.mark.real
def test_the_papers_period_has_228_eruptions(shared_data):
    path = shared_data / "gvp" / "GVP_Eruption_Search_Result_v5.2.8_2025-05-15.csv"
    tables = eruption_tables(CHAIN, read_eruptions(path), datetime.date(2019, 1, 1), datetime.date(2024, 12, 31))
    table = tables.eruptions
    assert len(table) == tables.eruptions.attrs["n_eruptions"] == 228
    assert table["volcano_number"].nunique() == 122
    assert table["continuing"].sum() == 39
    assert (table.loc[table["continuing"], "last_report"] >= "2025-03-01").all()
    assert (table.loc[table["continuing"], "end"] == "").all()
    assert (pd.to_datetime(table["start"]) >= "2019-01-01").sum() == 180
    assert table["n_days"].between(1, 2192).all()
    assert table["start_uncertainty_days"].max() > 0
