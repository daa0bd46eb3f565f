"""The page of the papers' numbers."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace

import pytest
from tests.parity.made_run import make_run
from tests.report.outline import Outline

from so2plumes.findings.inputs import ReportInputs
from so2plumes.parity.campaign import ParityInputs
from so2plumes.parity.compare import parity_table
from so2plumes.parity.published import GROUPS, read_published
from so2plumes.report.parity_page import render_parity, verdict_sentence
from so2plumes.report.values import interval, printed, value
from so2plumes.table import plume_frame


@pytest.fixture(scope="module")
def published(root):
    return read_published(root / "resources" / "papers" / "finch_palmer.csv")


@pytest.fixture(scope="module")
def run(root):
    return make_run(root, 2000, datetime.date(2021, 1, 1), datetime.date(2021, 6, 30))


@pytest.fixture(scope="module")
def table(run, published):
    return parity_table(run, published)


@pytest.fixture(scope="module")
def page(table):
    return Outline(render_parity(table, "Six months & more"))


def test_the_page_is_whole_and_alone(page):
    assert not page.open
    anchors = [link[1:] for link in page.links]
    assert anchors == page.ids == ["verdict", *GROUPS, "rule", "errata"]


def test_the_page_says_what_was_compared(page, table):
    counts = table.attrs["counts"]
    assert "Six months & more: beside the papers" in page.text
    assert f"{counts['not comparable']} are not comparable" in page.text
    assert re.search(r"181 of the 2.192 days of 2019 to 2024", page.text)
    assert sum(counts.values()) == len(table)


def test_every_number_stands_on_the_page(table, published):
    html = render_parity(table, "made").replace("\u00a0", " ")
    for row in table.to_dict("records"):
        assert printed(row) in html, row["id"]
    for note in {note for reason in table["reason"] for note in reason.split("; ") if note}:
        assert note.replace("'", "&#x27;") in html


def test_verdicts_of_a_cluster_are_counted(table):
    top = table["paper_section"] == "Table 2"
    place = table[top].groupby(table["quantity"].str.split(":").str[0]).cumcount()
    mixed = table.assign(
        verdict=table["verdict"].where(~top, place.map(lambda number: "differs" if number else "agrees"))
    )
    mixed.attrs = table.attrs
    assert render_parity(mixed, "made").count("<td>5 differ, 1 agrees</td>") == 10


def test_one_of_a_kind_is_singular(table):
    counted = table.copy()
    counted.attrs = table.attrs | {"counts": dict.fromkeys(table.attrs["counts"], 1)}
    words = verdict_sentence(counted)
    assert "1 agrees, 1 differs" in words
    assert "1 is not comparable" in words
    assert "1 was not computed" in words


def test_a_simulated_run_has_a_banner_and_a_real_one_has_none(run, published, page):
    config = {**run.found.config, "archive": {"source": "simulated"}}
    simulated = replace(run, found=replace(run.found, config=config))
    outline = Outline(render_parity(parity_table(simulated, published), "made"))
    assert "Simulated archive." in outline.text
    assert "Simulated archive." not in page.text
    assert "a simulated archive" in outline.text


def test_an_empty_campaign_has_a_page(run, published):
    day = datetime.date(2021, 3, 1)
    found = ReportInputs("empty", day, day, plume_frame([]))
    outline = Outline(render_parity(parity_table(ParityInputs(found, run.known), published), "empty"))
    assert not outline.open
    assert "an unknown number of granules" in outline.text


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (14_629.0, "kg h-1", "14\u202f600"),
        (53_993.0, "1", "53\u202f993"),
        (0.69, "1", "0.69"),
        (1.18e-9, "kg m-2 s-1", "1.18 × 10⁻⁹"),
        (-5.05, "degrees_north", "-5.05"),
        (43.46, "%", "43.5"),
        (float("nan"), "%", "–"),
        (24.0, "day of the month", "24"),
    ],
)
def test_values_are_written_by_their_unit(number, unit, text):
    assert value(number, unit) == text


def test_printed_numbers_are_exact_and_intervals_have_both_ends():
    nan = float("nan")
    row = {"unit": "kg h-1", "paper_value": 7071.5, "paper_high": nan, "relation": ""}
    assert printed(row) == "7\u202f071.5"
    row = {"unit": "1", "paper_value": 6800.0, "paper_high": 8000.0, "relation": "about"}
    assert printed(row) == "≈\u202f6\u202f800–8\u202f000"
    row = {"unit": "%", "our_value": 5.0, "our_low": 4.0, "our_high": 6.0}
    assert interval(row) == "5.0 (4.0–6.0)"
    assert interval(row | {"our_low": nan}) == "5.0"
