"""What a report says first, and what its methods and limits say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from tests.report.made import CONFIG, globe_inputs

from so2plumes.config import load_config
from so2plumes.dictionary import empty
from so2plumes.findings.inputs import empty_table
from so2plumes.report import text
from so2plumes.report.answer import lead, points
from so2plumes.report.catalogue_section import catalogue_section
from so2plumes.report.method_section import method_section
from so2plumes.report.page import render_report
from so2plumes.report.record_sections import reading_section
from so2plumes.report.strongest import strongest_section


def said(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page).replace(text.THIN, "")


@pytest.fixture(scope="module")
def globe():
    return replace(globe_inputs(300, 1), science={})


def test_the_lead_tells_how_many_where_and_how_much(globe):
    words = said(lead(globe))
    assert words.startswith(f"{len(globe.plumes)} plumes on ")
    first = globe.clusters.iloc[0]
    assert f"The places with most plumes are {first['nearest_source']} ({first['n_plumes']})" in words
    assert f"{float(text.rounded(globe.plumes['emission_kg_h'].median()).replace(text.THIN, '')):.0f} kg h⁻¹" in words


def test_one_place_is_a_place(globe):
    words = said(lead(replace(globe, clusters=globe.clusters.head(1))))
    assert f"The place with most plumes is {globe.clusters['nearest_source'].iloc[0]} (" in words


def test_no_plume_is_an_answer(nothing, globe):
    inputs = replace(nothing, start=date(2021, 1, 1), end=date(2021, 3, 31), coverage=globe.coverage)
    assert said(lead(inputs)).startswith("No plume was found on ")
    assert "Strongest" not in points(inputs)


def test_the_strongest_plume_has_its_interval(globe):
    plumes = globe.plumes.copy()
    plumes["emission_p16_kg_h"] = plumes["emission_kg_h"] / 2
    plumes["emission_p84_kg_h"] = plumes["emission_kg_h"] * 2
    words = said(points(replace(globe, plumes=plumes)))
    row = plumes.loc[plumes["emission_kg_h"].idxmax()]
    assert f"Strongest: {text.rounded(row['emission_kg_h'])} kg h⁻¹ (".replace(text.THIN, "") in words
    assert row["date"] in words


def test_observable_days_come_before_calendar_days(globe):
    assert "% of all days" in said(points(globe))
    clusters = globe.clusters.assign(observable_persistence_percent=[10.0, 90.0, *[5.0] * (len(globe.clusters) - 2)])
    words = said(points(replace(globe, clusters=clusters)))
    assert f"Most persistent: {clusters['nearest_source'].iloc[1]}, plumes on 90 % of its observable days" in words


def test_a_place_without_known_source_stands_out(globe):
    clusters = globe.clusters.copy()
    clusters.loc[clusters.index[2], "nearest_source"] = "unknown"
    words = said(points(replace(globe, clusters=clusters)))
    assert "No known source within 100 km: 1 place" in words
    assert "No known source" not in points(globe)


def test_new_places_are_those_of_the_last_year_alone(globe):
    clusters = globe.clusters.copy()
    clusters["first_date"] = ["2020-01-01"] * (len(clusters) - 1) + ["2021-02-03"]
    two_years = replace(globe, start=date(2020, 1, 1), clusters=clusters)
    assert f"New places in 2021: {clusters['nearest_source'].iloc[-1]}." in said(points(two_years))
    assert "none; every cluster" in said(points(replace(two_years, clusters=clusters.iloc[:-1])))
    assert "New places" not in points(globe)


def test_unusual_days_name_their_causes(globe):
    row = {
        "mark": "A", "peak_date": "2021-05-02", "first_date": "2021-05-01", "last_date": "2021-05-03", "n_plumes": 40,
        "kind": "eruption", "cause": "Raikoke", "n_cause_plumes": 31,
    }  # fmt: skip
    spikes = pd.DataFrame([row])
    spikes.attrs["available"] = True
    words = said(points(replace(globe, science={"spikes": spikes})))
    assert "Unusual days: 1 period, above all 2021-05-02 (40 plumes, Raikoke)" in words
    none = replace(globe, science={"spikes": empty("spikes", available=True)})
    assert "no day stands out" in points(none)
    assert "Unusual days" not in points(globe)


def test_the_strongest_are_in_order(globe):
    body = strongest_section(globe).body
    found = re.findall(r'<tr><td>[^<]*</td><td>[^<]*</td><td class="n">([\d.]+)</td>', body.replace(text.THIN, ""))
    rates = [float(value) for value in found]
    assert len(rates) > 100
    assert rates == sorted(rates, reverse=True)
    assert strongest_section(replace(globe, plumes=globe.plumes.assign(emission_kg_h=float("nan")))) is None


def test_methods_speak_of_this_configuration(globe, root):
    config = load_config(root / "config" / "config.yaml").model_dump(mode="json")
    body = method_section(replace(globe, config=config)).body
    assert body.count("<dt>") == 7
    for words in ("windows of 32 pixels every 4", "at least 0.6 and grow to 0.4", "500 draws", "20 plumes"):
        assert words in body
    simple = method_section(replace(globe, config={"detect": {"method": "ztest"}})).body
    assert "Local z-test" in simple
    assert simple.count("<dt>") == 1


def test_methods_name_what_was_simulated_or_left_out(globe, root):
    config = load_config(root / "config" / "config.yaml").model_dump(mode="json")
    config["emissions"]["draws"] = 0
    config["edgar"]["path"] = "simulated"
    body = method_section(replace(globe, config=config)).body
    assert "0 draws" not in body
    assert "<dt>Interval</dt><dd>Not computed" in body
    assert "A simulated inventory" in body
    assert "EDGAR v8.1" not in body


def test_remarks_are_counted(globe):
    codes = [["wind_low", "puff"], ["wind_low"], *[[] for _ in range(len(globe.plumes) - 2)]]
    body = reading_section(replace(globe, plumes=globe.plumes.assign(quality=codes))).body
    first, second = re.findall(r"<td>(wind_low|puff)</td>.*?<td class=\"n\">(\d+)</td>", body)
    assert (first, second) == (("wind_low", "2"), ("puff", "1"))


def test_catalogues_that_were_not_given_are_said(globe):
    assert "No other catalogue was given" in catalogue_section(globe).body


def test_found_eruptions_come_first(globe):
    shared = {"date": "2021-01-01", "type": "exp", "vei": pd.NA, "mass_kt": 10.0, "observable": pd.NA}
    rows = [
        shared | {"volcano": name, "n_plumes": n, "our_mass_kt": 5.0 * n, "our_best_mass_kt": 5.0 * n, "ratio": 0.5 * n}
        for name, n in (("Unseen", 0), ("Seen", 2))
    ]
    table = pd.DataFrame(rows)
    table.attrs = {"available": True, "n_found": 1, "median_ratio": 1.0}
    body = catalogue_section(replace(globe, science={"catalogue_eruptions": table})).body
    assert body.index("Seen") < body.index("Unseen")
    assert "1 have plumes of ours on that day with a median of our mass over theirs of 1.0" in body


def test_the_smaller_ratio_of_rates_is_that_over_all_days(globe):
    row = {
        "name": "Etna", "longitude": 15.0, "latitude": 37.7, "emission_kg_h": 100.0, "our_median_kg_h": 150.0,
        "ratio": 1.5, "ratio_persistent": 0.3, "our_persistence_percent": 20.0, "n_plumes": 5,
    }  # fmt: skip
    table = pd.DataFrame([row])
    table.attrs = {"available": True, "n_with_cluster": 1, "radius_km": 50.0, "median_ratio": 1.5}
    table.attrs["median_ratio_persistent"] = 0.3
    body = catalogue_section(replace(globe, science={"catalogue_sources": table})).body
    assert "0.30 when days without a plume of ours count as days without emission" in body


def test_names_in_the_answer_are_escaped(globe):
    clusters = globe.clusters.assign(nearest_source="<b>Etna")
    eruptions = globe.eruptions.assign(volcano_name="<i>x", matched=True, start="2021-12-01")
    page = render_report(replace(globe, clusters=clusters, eruptions=eruptions, config=CONFIG))
    assert "<b>Etna" not in page.replace("<b>&lt;b&gt;Etna", "")
    assert "<i>x" not in page


def test_an_empty_list_of_eruptions_is_no_news(globe):
    assert "New eruptions" not in points(replace(globe, eruptions=empty_table(globe.eruptions.columns, available=True)))
