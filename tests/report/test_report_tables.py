"""Tables that the page and the CSV files show."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from tests.report.made import make_coverage, make_row, make_rows

from so2plumes.findings.inputs import ReportInputs
from so2plumes.findings.sample import select_gallery, select_worked
from so2plumes.findings.summary import (
    coverage_by_month,
    daily_counts,
    quarantined,
    yearly,
)
from so2plumes.report.export import write_tables
from so2plumes.table import plume_frame

START = date(2021, 1, 1)


def inputs_of(rows, coverage=None, end=date(2021, 1, 10), **more) -> ReportInputs:
    parts = {"title": "t", "start": START, "end": end, "plumes": plume_frame(rows)} | more
    return ReportInputs(**parts if coverage is None else parts | {"coverage": coverage})


def test_a_day_without_plumes_is_not_a_day_without_data():
    coverage = make_coverage(START, 10, hidden={3}, per_day=1, bad_every=99)
    coverage.loc[coverage["date"] == "2021-01-06", ["status", "reason"]] = ["quarantined", "truncated"]
    coverage.loc[coverage["date"] == "2021-01-07", "usable_fraction"] = 0.0
    assert coverage.set_index("date").loc["2021-01-08", "status"] == "not_selected"
    daily = daily_counts(inputs_of([make_row("a", 0, 0, "2021-01-02T10:00:00", 1.0)], coverage)).set_index("date")
    assert list(daily.index[~daily["seen"]]) == ["2021-01-04", "2021-01-06", "2021-01-07", "2021-01-08"]
    assert daily.loc["2021-01-02", "plumes"] == 1
    assert daily["plumes"].sum() == 1


def test_a_plume_proves_that_its_day_was_seen():
    daily = daily_counts(inputs_of([make_row("a", 0, 0, "2021-01-02T10:00:00", 1.0)]))
    assert list(daily["seen"]) == [False, True] + 8 * [False]


def test_yearly_medians_ignore_plumes_without_a_rate():
    rates = [1000.0, 2000.0, 4000.0, np.nan]
    rows = [make_row(f"p{i}", 0, 0, f"202{i % 2}-06-01T10:00:00", rate) for i, rate in enumerate(rates)]
    table = yearly(inputs_of(rows, start=date(2020, 1, 1), end=date(2021, 12, 31))).set_index("year")
    assert list(table.index) == ["2020", "2021", "all"]
    assert table.loc["2020", "median_emission_kg_h"] == 2500
    assert table.loc["2021", "median_emission_kg_h"] == 2000
    assert table.loc["all", ["plumes", "plumes_with_rate", "days", "days_seen"]].tolist() == [4, 3, 731, 2]


def test_coverage_counts_every_granule_once(globe):
    table = coverage_by_month(globe)
    counts = globe.coverage["status"].value_counts()
    assert len(table) == 12
    for status in ("ready", "quarantined", "not_selected"):
        assert table[status].sum() == counts[status]
    assert table["days"].sum() == 365
    assert table["ready_gigabytes"].sum() == pytest.approx(counts["ready"] * 0.45)
    assert len(quarantined(globe)) == counts["quarantined"]


def test_tables_are_written_with_the_same_bytes(etna, nothing, tmp_path):
    for inputs in (etna, nothing):
        first = {p.name: p.read_bytes() for p in write_tables(inputs, tmp_path / "a")}
        second = {p.name: p.read_bytes() for p in write_tables(inputs, tmp_path / "b")}
        assert first == second
        assert sorted(first) == sorted(
            f"{n}.csv" for n in ("yearly", "clusters", "eruptions", "coverage", "quarantined")
        )
    assert pd.read_csv(tmp_path / "a" / "clusters.csv").empty


def test_lists_are_written_as_words(etna, tmp_path):
    write_tables(etna, tmp_path)
    (ids,) = pd.read_csv(tmp_path / "clusters.csv")["plume_ids"]
    assert ids.split() == etna.clusters["plume_ids"].iloc[0]


def test_gallery_shows_the_strongest_and_a_sample():
    plumes = plume_frame(make_rows(200, [(0, 0)], START, 100))
    chosen = select_gallery(plumes, 20)
    assert len(set(chosen)) == 20
    strongest = plumes.sort_values("mass_kg", ascending=False)["plume_id"].head(10).tolist()
    assert chosen[:10] == strongest
    times = plumes.set_index("plume_id")["time"][chosen[10:]]
    assert times.is_monotonic_increasing
    assert select_gallery(plumes.sample(frac=1, random_state=2), 20) == chosen


def test_gallery_of_few_plumes_shows_all():
    plumes = plume_frame(make_rows(7, [(0, 0)], START, 5))
    assert sorted(select_gallery(plumes, 20)) == sorted(plumes["plume_id"])
    assert select_gallery(plumes.head(0), 20) == []


def test_worked_plume_is_one_without_remarks():
    rows = [
        make_row("heavy", 0, 0, "2021-01-01T10:00:00", 9e5, quality=["touches_edge"]),
        make_row("crooked", 0, 0, "2021-01-01T10:00:00", 8e5, ellipse_fit=0.2),
        make_row("good", 0, 0, "2021-01-01T10:00:00", 5e4),
        make_row("no_rate", 0, 0, "2021-01-01T10:00:00", np.nan),
    ]
    plumes = plume_frame(rows)
    assert select_worked(plumes, set(plumes["plume_id"])) == "good"
    assert select_worked(plumes, {"heavy", "crooked"}) == "crooked"
    assert select_worked(plumes, {"no_rate"}) is None


def test_inputs_refuse_a_period_that_ends_before_it_starts(etna):
    with pytest.raises(ValueError, match="before it starts"):
        replace(etna, end=date(2000, 1, 1))
