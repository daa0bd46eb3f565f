"""Numbers of made runs beside the papers'."""

import datetime
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.made_campaign import TOP, YEARS, make_edgar
from tests.parity.made_run import Compared, make_granules

from so2plumes.dictionary import write_csv, write_described
from so2plumes.errors import TableError
from so2plumes.findings.inputs import ReportInputs
from so2plumes.inventory.product import edgar_product
from so2plumes.parity.campaign import ParityInputs
from so2plumes.parity.compare import parity_table
from so2plumes.parity.judge import (
    AGREES,
    CORRECTED,
    DIFFERS,
    NOT_COMPARABLE,
    NOT_COMPUTED,
    VERDICTS,
    agrees,
    other_choices,
    ratio_of,
)
from so2plumes.parity.ours import Ours, absent, quantile, share
from so2plumes.parity.published import PublishedNumber
from so2plumes.parity.timing import Pace
from so2plumes.table import plume_frame, read_table

NAMES = {"Nyamulagira": "nyiragongo"}


def slug(name: str) -> str:
    return NAMES.get(name, name.lower().replace(" ", "-"))


def compared(run: ParityInputs, published, **changes) -> Compared:
    changed = replace(run, found=replace(run.found, **changes))
    return Compared(changed, parity_table(changed, published))


def only(published, *names: str) -> list[PublishedNumber]:
    """The numbers of these ids: a table of few is quick."""
    return [number for number in published if number.id in names]


def test_a_campaign_of_the_papers_statistics_agrees_with_them(six_years):
    made_with = ["granules", "plumes", "rate-median", "length-pre", "length-fp", "fit", "wind-variation", "spikes"]
    made_with += [f"plumes-{year}" for year in YEARS]
    made_with += [f"label-{label}" for label in ("so2", "volcanic", "anthropogenic", "none")]
    made_with += [f"spike-{mark}" for mark in "abcdefghij"]
    for name, *_ in TOP:
        made_with += [f"{slug(name)}-{what}" for what in ("latitude", "longitude", "plumes", "rate")]
    for name in made_with:
        row = six_years.row(name)
        assert row["verdict"] == AGREES, (name, row["our_value"], row["reason"])


def test_what_the_campaign_was_made_otherwise_with_differs(six_years):
    for name in ("eruptions", "eruptions-matched", "eruption-plumes"):
        assert six_years.row(name)["verdict"] == DIFFERS
    assert six_years.row("eruptions")["our_value"] == len(six_years.run.found.eruptions)
    assert "another detector" in six_years.row("eruption-plumes")["reason"]
    assert "another detector" not in six_years.row("eruptions")["reason"]


def test_intervals_hold_their_number_and_the_counts_behind_it(six_years):
    table = six_years.table.dropna(subset=["our_low"])
    assert len(table) > 25
    assert (table["our_low"] <= table["our_value"]).all()
    assert (table["our_value"] <= table["our_high"]).all()
    assert (table["n"] > 0).all()
    assert six_years.row("rate-median")["n"] == len(six_years.run.plumes)


def test_rates_are_those_of_the_papers_formula(six_years, published):
    plumes = six_years.run.plumes.assign(emission_kg_h=lambda frame: 3 * frame["emission_kg_h"])
    table = compared(six_years.run, only(published, "rate-median"), plumes=plumes)
    row = table.row("rate-median")
    assert row["our_value"] == six_years.row("rate-median")["our_value"]
    assert row["recommended_value"] == pytest.approx(3 * row["our_value"])
    assert math.isnan(six_years.row("rate-median")["recommended_value"]), "equal numbers are not said twice"


def test_the_detector_is_never_comparable(six_years):
    rows = six_years.table[six_years.table["group"] == "detector"]
    assert set(rows["verdict"]) == {NOT_COMPARABLE}
    assert rows["ratio"].to_numpy() == pytest.approx(1), "ours are shown all the same"


def test_errata_differ_and_say_what_is_right(six_years):
    for name in ("norilsk-text-longitude", "ulawun-latitude", "shiveluch-longitude", "edgar-flux-limit"):
        row = six_years.row(name)
        assert row["verdict"] == DIFFERS
        assert CORRECTED in row["reason"]
        assert row["our_value"] == pytest.approx(row["corrected_value"], rel=0.01)
        assert row["erratum"] in row["reason"]
    assert six_years.row("edgar-flux-limit")["ratio"] == pytest.approx(0.31, abs=0.005)
    assert six_years.row("wind-variation-printed")["our_value"] == pytest.approx(1e4 / 12.5, rel=0.02)


def test_a_run_without_an_inventory_did_not_compute_it(six_years):
    rows = six_years.table[(six_years.table["group"] == "edgar") & (six_years.table["id"] != "edgar-flux-limit")]
    assert set(rows["verdict"]) == {NOT_COMPUTED}
    assert rows["reason"].str.contains("no inventory").all()


def test_the_inventory_is_compared_where_it_is_that_of_2022(one_year, published):
    grid = make_edgar(2022, monthly=False, factor=10)
    found = [
        compared(one_year.run, published, edgar=edgar_product(one_year.run.plumes, grid, year)) for year in (2024,)
    ]
    row = found[0].row("edgar-top-1")
    assert row["verdict"] == AGREES
    assert row["our_value"] == pytest.approx(85, abs=4)
    assert found[0].row("edgar-reached")["verdict"] == NOT_COMPARABLE, "it needs the plumes of six years"
    assert found[0].row("edgar-reached")["n"] == found[0].run.found.edgar.attrs["n_top_cells"]
    top = only(published, "edgar-top-1")
    older = edgar_product(one_year.run.plumes, make_edgar(2021, monthly=False, factor=10), 2021)
    assert "inventory of 2021" in compared(one_year.run, top, edgar=older).row("edgar-top-1")["reason"]


def test_one_year_is_compared_with_its_year_alone(one_year):
    comparable = one_year.table[one_year.table["verdict"].isin([AGREES, DIFFERS])]
    by_year = set(comparable["id"]) - {"windows", "seconds-gpu", "seconds-plume", "wind-variation-printed"}
    corrected = {"norilsk-text-longitude", "ulawun-latitude", "shiveluch-longitude", "edgar-flux-limit"}
    assert by_year - corrected == {"plumes-2021", "spike-f"}
    assert "365 of 2192 days seen" in one_year.row("rate-median")["reason"]
    assert one_year.row("rate-median")["our_value"] > 0


def with_config(run: ParityInputs, section: str, **changes) -> ParityInputs:
    config = dict(run.found.config)
    config[section] = {**config[section], **changes}
    return replace(run, found=replace(run.found, config=config))


NEEDS_PLUMES = ("plumes", "plumes-2019", "rate-median", "spike-a", "label-so2", "eruption-plumes")


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("simulated", "simulated archive"),
        ("sparse", "not global: 1.0 of 14.2 granules a day"),
        ("regional", "region"),
        ("unknown granules", "an unknown number"),
    ],
)
def test_a_run_that_does_not_cover_the_globe_is_not_comparable(six_years, published, why, reason):
    run = six_years.run
    if why == "simulated":
        run = with_config(run, "archive", source="simulated")
    elif why == "regional":
        run = with_config(run, "campaign", region=[10.0, 60.0, 30.0, 70.0])
    else:
        coverage = make_granules(run.found.start, run.found.end, 1)
        coverage = coverage if why == "sparse" else coverage.iloc[:0]
        coverage.attrs["available"] = why == "sparse"
        run = replace(run, found=replace(run.found, coverage=coverage))
    table = Compared(run, parity_table(run, only(published, *NEEDS_PLUMES)))
    for name in NEEDS_PLUMES:
        row = table.row(name)
        assert row["verdict"] == NOT_COMPARABLE, name
        assert reason in row["reason"]
        assert row["our_value"] == six_years.row(name)["our_value"], "ours is shown all the same"


def test_a_region_around_a_source_is_enough_for_the_source(six_years, published):
    run = with_config(six_years.run, "campaign", region=[13.0, 36.0, 17.0, 39.0])
    names = ("etna-plumes", "etna-rate", "etna-rank", "sangay-plumes", "plumes", "rate-median")
    table = Compared(run, parity_table(run, only(published, *names)))
    assert table.row("etna-plumes")["verdict"] == table.row("etna-rate")["verdict"] == AGREES
    for name in ("etna-rank", "sangay-plumes", "plumes", "rate-median"):
        assert table.row(name)["verdict"] == NOT_COMPARABLE


def test_a_region_across_180_degrees_holds_what_lies_in_it(six_years, published):
    run = with_config(six_years.run, "campaign", region=[120.0, -10.0, -90.0, 30.0])
    names = ("dukono-plumes", "popocatepetl-plumes", "sangay-plumes")
    table = Compared(run, parity_table(run, only(published, *names)))
    assert table.row("dukono-plumes")["verdict"] == AGREES
    assert table.row("popocatepetl-plumes")["verdict"] == AGREES
    assert table.row("sangay-plumes")["verdict"] == NOT_COMPARABLE


def test_days_that_were_not_seen_do_not_count(six_years, published):
    daily = six_years.run.daily.copy()
    daily.loc[daily["date"] >= "2024-07-01", "seen"] = False
    science = {**six_years.run.found.science, "daily": daily}
    numbers = only(published, "plumes", "plumes-2019", "plumes-2024", "spike-j")
    table = compared(six_years.run, numbers, science=science)
    assert "2008 of 2192 days seen" in table.row("plumes")["reason"]
    assert table.row("plumes-2019")["verdict"] == AGREES
    assert table.row("plumes-2024")["verdict"] == NOT_COMPARABLE
    assert table.row("spike-j")["verdict"] == AGREES


def test_a_campaign_beyond_the_six_years_counts_other_days_too(six_years, published):
    longer = compared(six_years.run, only(published, "plumes", "plumes-2021"), end=datetime.date(2025, 6, 30))
    assert longer.row("plumes")["verdict"] == NOT_COMPARABLE
    assert "longer period: 2019-01-01 to 2025-06-30" in longer.row("plumes")["reason"]
    assert longer.row("plumes-2021")["verdict"] == AGREES


def test_an_empty_campaign_has_every_row(root, six_years, published):
    day = datetime.date(2021, 3, 1)
    found = ReportInputs("empty", day, day, plume_frame([]))
    table = parity_table(ParityInputs(found, six_years.run.known), published)
    assert len(table) == len(published)
    assert set(table["verdict"]) <= set(VERDICTS)
    assert AGREES not in set(table.loc[~table["id"].isin(["windows"]), "verdict"])
    assert table.set_index("id").loc["plumes", "our_value"] == 0
    assert table.attrs["n_days_seen"] in (0, 1)


def test_no_published_numbers_are_an_empty_table(six_years):
    assert parity_table(six_years.run, ()).empty


def test_a_number_without_a_function_is_refused(six_years, published):
    with pytest.raises(TableError, match="unheard_of"):
        parity_table(six_years.run, [replace(published[0], key="unheard_of")])


def test_times_of_parts_of_swaths_are_not_compared(six_years, published):
    assert six_years.row("seconds-gpu")["our_value"] == 14
    assert six_years.row("seconds-gpu")["verdict"] == AGREES
    small = tuple(replace(time, pixels=192 * 450 * time.swaths) for time in six_years.run.pace.detection)
    run = replace(six_years.run, pace=Pace(small, 1.0))
    row = Compared(run, parity_table(run, only(published, "seconds-gpu"))).row("seconds-gpu")
    assert row["verdict"] == NOT_COMPARABLE
    assert "86400 pixels" in row["reason"]


def test_other_choices_are_named(six_years, published):
    assert six_years.table.attrs["other_choices"] == []
    run = with_config(six_years.run, "detect", threshold=0.6)
    run = with_config(run, "edgar", radius_km=100.0)
    cobra = with_config(six_years.run, "archive", retrievals=["doas", "cobra"])
    assert other_choices(cobra.found.config) == ["archive.retrievals doas and cobra (paper doas)"]
    assert other_choices(run.found.config) == [
        "detect.threshold 0.6 (paper 0.5)",
        "edgar.radius_km 100.0 (paper 200.0)",
    ]
    row = Compared(run, parity_table(run, only(published, "eruption-plumes"))).row("eruption-plumes")
    assert "detect.threshold 0.6 (paper 0.5)" in row["reason"]
    assert "edgar" not in row["reason"]


def test_ratios_give_ours_back(six_years):
    table = six_years.table.dropna(subset=["ratio"])
    table = table[~table["quantity"].isin([f"plumes of {year}" for year in range(2020, 2025)])]
    assert len(table) > 80
    assert (table["ratio"] * table["paper_value"]).to_numpy() == pytest.approx(table["our_value"].to_numpy())
    assert not table["unit"].isin(["degrees_east", "degrees_north", "day of the month"]).any()


def test_the_table_comes_back_from_disk(six_years, tmp_path):
    write_described(six_years.table, "parity", tmp_path / "parity.parquet")
    again = read_table(tmp_path / "parity.parquet")
    pd.testing.assert_frame_equal(again, six_years.table)
    assert again.attrs["counts"] == six_years.table["verdict"].value_counts().reindex(VERDICTS, fill_value=0).to_dict()
    write_csv(again, tmp_path / "parity.csv")
    assert len(pd.read_csv(tmp_path / "parity.csv")) == len(again)


NUMBERS = st.floats(1e-9, 1e9)


def a_number(**fields) -> PublishedNumber:
    plain = PublishedNumber(
        "a", "plumes", "FP", "1", "a", "1", 100.0, math.nan, "", 0.05, 0.0, "any", "", "plumes", "", math.nan, ""
    )
    return replace(plain, **fields)


@given(NUMBERS, NUMBERS)
def test_ratio_times_paper_is_ours(paper, ours):
    ratio = ratio_of(a_number(value=paper), Ours(ours))
    assert ratio * paper == pytest.approx(ours)


@pytest.mark.parametrize(("ours", "ratio"), [(6800, 1), (7900, 1), (8000, 1), (3400, 0.5), (16_000, 2)])
def test_the_ratio_to_a_range_is_that_to_its_nearer_end(ours, ratio):
    assert ratio_of(a_number(value=6800.0, high=8000.0), Ours(ours)) == pytest.approx(ratio)


@given(NUMBERS, st.floats(0.01, 0.5), st.floats(-2, 2))
def test_agreement_is_being_within_the_tolerance(paper, tolerance, off):
    number = a_number(value=paper, relative_tolerance=tolerance)
    assert agrees(number, Ours(paper * (1 + off * tolerance))) == (abs(off) <= 1) or abs(abs(off) - 1) < 1e-6


def test_relations_and_ranges():
    assert agrees(a_number(relation="at least"), Ours(1000.0))
    assert not agrees(a_number(relation="at least"), Ours(90.0))
    assert agrees(a_number(relation="at most"), Ours(1.0))
    assert not agrees(a_number(relation="at most"), Ours(110.0))
    assert agrees(a_number(high=200.0), Ours(209.0))
    assert not agrees(a_number(high=200.0), Ours(211.0))
    assert agrees(a_number(), Ours(120.0, 104.0, 130.0)), "the interval reaches the tolerance"
    assert not agrees(a_number(), Ours(120.0, 106.0, 130.0))
    assert not agrees(a_number(), Ours(math.nan))
    assert not agrees(a_number(), absent("nothing"))


def test_the_interval_of_a_quantile_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = [
        ours.low <= np.log(0.99) * -1 <= ours.high
        for ours in (quantile(rng.exponential(size=2000), 0.01) for _ in range(300))
    ]
    assert 0.92 <= np.mean(held) <= 0.99


def test_shares_and_quantiles_of_nothing_are_absent():
    assert not share(0, 0).computed
    assert not quantile([math.nan], 0.5).computed
    assert share(1, 4).value == 25
