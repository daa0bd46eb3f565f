"""The page as a whole, its figures as files, and its inputs from files."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from tests.report.made import CONFIG, etna_inputs, gallery, globe_inputs, make_truth
from tests.report.outline import Outline

from so2plumes.dictionary import empty as empty_described
from so2plumes.errors import TableError
from so2plumes.figures.inventory import limit_flux
from so2plumes.figures.labels import label_rows
from so2plumes.files import write_json
from so2plumes.findings.inputs import ReportInputs, empty_table, load_inputs
from so2plumes.plumes.chips import write_chips
from so2plumes.report.comparison_sections import cluster_section, edgar_section, eruption_section
from so2plumes.report.overview_sections import days_section, histogram_section, label_section
from so2plumes.report.page import render_report
from so2plumes.report.plume_sections import gallery_section, truth_section, worked_section
from so2plumes.report.record_sections import coverage_section, version_section
from so2plumes.table import plume_frame, write_plumes, write_table


@pytest.fixture(scope="module")
def page(globe):
    return Outline(render_report(globe))


@pytest.fixture(scope="module")
def empty_page(nothing):
    return Outline(render_report(nothing))


def test_page_is_whole_and_alone(page):
    assert not page.open
    assert page.count["script"] == 1
    assert "link" not in page.count
    anchors = [link for link in page.links if link.startswith("#")]
    contents = anchors[-len(page.ids) :]
    assert [link[1:] for link in contents] == page.ids
    assert {link[1:] for link in anchors} == set(page.ids)
    assert all(link.startswith("data:image/png;base64,") for link in page.links if link not in anchors)
    assert page.count["figure"] == page.count["figcaption"] == page.count["img"]


def test_page_has_every_section(page):
    names = (
        "map clusters strongest days eruptions distributions gallery worked labels edgar catalogues methods coverage "
        "limits versions"
    )
    assert page.ids == names.split()


def test_page_credits_era5_where_its_winds_were_used():
    inputs = etna_inputs(n=3, n_chips=0)
    for source, credited in (("granule_10m", False), ("era5_10m", True)):
        made = render_report(replace(inputs, plumes=inputs.plumes.assign(wind_source=source)))
        assert ("Copernicus Climate Change Service" in made) == credited


def test_page_numbers_agree_with_the_tables(page, globe):
    text = page.text
    assert f"plumes {len(globe.plumes)}" in text
    assert f"granules read {(globe.coverage['status'] == 'ready').sum()}" in text
    assert "hatched days were not seen (13 of the period)" in text
    assert "six-year global values of the paper: median 14 629, 1st percentile 524 kg h⁻¹" in text


def test_rate_is_worked_out(globe):
    section = worked_section(globe).body
    row = globe.plumes[globe.plumes["plume_id"].isin([c.plume_id for c in globe.chips])].nlargest(1, "mass_kg").iloc[0]
    shown = re.search(r"<b>([\d\u202f]+) kg h⁻¹</b>", section).group(1).replace("\u202f", "")
    assert float(shown) == pytest.approx(row["emission_paper_kg_h"], rel=0.01)


def test_the_gallery_has_the_size_asked_for(globe):
    assert gallery_section(globe).body.count("<figure") == len(globe.chips) == 4
    assert gallery_section(replace(globe, gallery=2)).body.count("<figure") == 2
    chip = globe.chips[0]
    chips = [replace(chip, plume_id=name) for name in globe.plumes["plume_id"][:24]]
    assert gallery_section(replace(globe, chips=chips, gallery=24)).body.count("<figure") == 24


def test_a_rate_below_zero_is_a_value(globe):
    rates = globe.plumes["emission_kg_h"].fillna(1.0)
    rates.iloc[:3] = [-5.0, 0.0, float("nan")]
    body = histogram_section(replace(globe, plumes=globe.plumes.assign(emission_kg_h=rates))).body
    assert "3 plumes without a positive value" in body.replace("\u202f", " ")


def test_a_label_is_told_by_the_share_of_this_run(globe):
    assert "more than 80 % of the plume's pixels" in label_section(globe).body
    config = {**CONFIG, "emissions": {"label_threshold": 0.9}}
    assert "more than 90 % of the plume's pixels" in label_section(replace(globe, config=config)).body


def test_empty_year_is_said_in_words(empty_page):
    assert not empty_page.open
    assert "img" not in empty_page.count
    for words in (
        "No plume was found in this period.",
        "No day of this period was seen.",
        "No list of eruptions was given",
        "No EDGAR file was given",
        "No cluster table was given.",
        "No images of plumes are at hand.",
    ):
        assert words in empty_page.text


def test_seen_year_without_plumes_shows_its_days(nothing, globe):
    inputs = replace(nothing, start=date(2021, 1, 1), end=date(2021, 3, 31), coverage=globe.coverage)
    seen = Outline(render_report(inputs))
    assert seen.count["img"] == 1
    assert "n = 0 plumes on 0 days" in seen.text


def test_empty_lists_differ_from_absent_ones(globe):
    eruptions = empty_table(globe.eruptions.columns, available=True)
    assert "holds no eruption" in eruption_section(replace(globe, eruptions=eruptions)).body
    clusters = empty_table(globe.clusters.columns, available=True)
    clusters.attrs |= {"eps_km": 30.0, "min_samples": 7}
    assert "No place has 7 plumes within 30 km" in cluster_section(replace(globe, clusters=clusters)).body


def test_edgar_without_plumes_still_shows_its_cells(globe):
    edgar = globe.edgar.assign(has_plume=False, plume_flux_kg_m2_s=float("nan"))
    edgar.attrs = globe.edgar.attrs | {"share_top_with_plume": 0.0, "curve_cells": [], "curve_emission": []}
    body = edgar_section(replace(globe, edgar=edgar)).body
    assert body.count("<img") == 2
    assert "n = 0" in body


def test_detection_limits_are_both_printed_right(globe):
    assert limit_flux() == pytest.approx(1.18e-9, rel=5e-3)
    body = edgar_section(globe).body
    assert "1.18 × 10⁻⁹" in body
    assert "3.81 × 10⁻⁹ is 266 kg h⁻¹ over one pixel of 19.4 km²" in body


def test_truth_section_scores_the_detections(globe):
    truth = make_truth(globe.plumes, 20)
    truth["estimated_kg_h"] = truth["emission_kg_h"] * 0.8
    truth["found"] = [True] * 15 + [False] * 5
    section = truth_section(replace(globe, truth=truth)).body
    assert "15 of 20 simulated plumes were found (75" in section
    assert "median 0.80, middle 68 % 0.80 to 0.80" in section
    assert truth_section(globe) is None
    assert "holds no plume" in truth_section(replace(globe, truth=truth.head(0))).body
    assert truth_section(replace(globe, truth=truth.assign(found=False, plume_id=None))).body.count("<img") == 2


def test_simulated_archive_is_called_so(nothing):
    assert "Simulated archive." not in render_report(nothing)
    config = {"archive": {"source": "simulated"}}
    text = render_report(replace(nothing, config=config))
    assert "Simulated archive." in text
    assert "Copernicus" not in text


def test_names_from_files_cannot_break_the_page(nothing):
    inputs = replace(nothing, title='<script>"&', versions={"<b>": "<i>"}, config={"x": "</pre><b>"})
    page = Outline(render_report(inputs))
    assert page.count["script"] == 1
    assert not page.open


def test_versions_are_flattened(globe):
    body = version_section(globe).body
    assert "model sha256" in body
    assert "processors:" in body
    assert "doas 2.4.1" in body


def test_same_inputs_same_bytes_in_another_process(etna, root):
    here = hashlib.sha256(render_report(etna).encode()).hexdigest()
    code = (
        "import hashlib; from tests.report.made import etna_inputs; from so2plumes.report.page import render_report;"
        "print(hashlib.sha256(render_report(etna_inputs()).encode()).hexdigest())"
    )
    folders = [str(root), str(root / "workflow")]
    environment = os.environ | {"PYTHONHASHSEED": "5", "PYTHONPATH": os.pathsep.join(folders)}
    other = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == here


def test_days_that_stand_out_are_named_with_their_cause(globe):
    spikes = globe.table("spikes")
    assert len(spikes)
    section = days_section(globe).body
    for row in spikes.to_dict("records"):
        assert f"{row['cause']} ({row['kind']})" in section
    assert "at least 6 robust standard deviations and 10 plumes above" in section
    without = replace(globe, science={**globe.science, "spikes": empty_described("spikes")})
    assert "stand out" not in days_section(without).body


def test_labels_are_those_of_their_table(globe):
    section = Outline(label_section(globe).body).text
    for row in label_rows(globe).to_dict("records"):
        assert f"{row['label']} {row['meaning'].replace('SO2', 'SO₂')} {row['n_plumes']}" in section
    assert "No table of labels was given." in label_section(replace(globe, science={})).body


def test_a_fetched_archive_tells_the_most_that_lay_on_the_disk(globe):
    coverage = globe.coverage.assign(attempts=2, resumed_bytes=0)
    coverage.loc[coverage.index[0], "resumed_bytes"] = 7_000_000
    fetched = replace(globe, coverage=coverage, config=CONFIG | {"archive": {"source": "cdse", "connections": 4}})
    said = re.sub(r"(?<=\d)[\s,]+(?=\d)", "", coverage_section(fetched).body)
    asked = int((coverage["status"] != "not_selected").sum())
    assert f"came in {2 * asked} requests" in said
    assert re.search(r"saved 7(\.0+)? MB", said)
    assert "with 4 connections and a largest granule of 450 MB, at most 1800 MB of granules lay" in said
    assert "what interrupted transfers left" in said
    assert "lay on the disk" not in coverage_section(replace(fetched, config=CONFIG)).body


def write_inputs(inputs: ReportInputs, chips, folder):
    write_plumes(inputs.plumes, folder / "plumes.parquet")
    for name in ("clusters", "eruptions", "edgar"):
        write_table(getattr(inputs, name), folder / f"{name}.parquet")
    write_json(folder / "receipts.json", {"granules": inputs.coverage.to_dict("records")})
    for chip in chips:
        write_chips([chip], folder / "chips" / f"{str(chip.time)[:10]}.nc")


def test_inputs_are_read_back(tmp_path):
    made = gallery(3)
    inputs = globe_inputs(60, 3)
    write_inputs(inputs, [m.chip for m in made], tmp_path)
    (tmp_path / "chips" / "1999-01-01.nc").write_text("a file that nobody opens")
    read = load_inputs(
        title="t", start=inputs.start, end=inputs.end, plumes=[tmp_path / "plumes.parquet"],
        clusters=tmp_path / "clusters.parquet", eruptions=tmp_path / "eruptions.parquet",
        edgar=tmp_path / "edgar.parquet", receipts=[tmp_path / "receipts.json"],
        chips=sorted((tmp_path / "chips").glob("*.nc")), config=CONFIG,
    )  # fmt: skip
    assert read.plumes["plume_id"].tolist() == inputs.plumes["plume_id"].tolist()
    assert read.clusters.attrs["eps_km"] == 50
    assert read.clusters["plume_ids"].map(list).tolist() == inputs.clusters["plume_ids"].tolist()
    assert read.edgar.attrs["curve_cells"] == pytest.approx(inputs.edgar.attrs["curve_cells"])
    assert len(read.coverage) == len(inputs.coverage)
    assert {chip.plume_id for chip in read.chips} <= {m.chip.plume_id for m in made}
    assert read.chips


def test_nothing_can_be_read(tmp_path):
    read = load_inputs(title="t", start=date(2021, 1, 1), end=date(2021, 1, 2), plumes=[])
    assert read.plumes.empty
    assert not read.eruptions.attrs["available"]


def test_a_table_of_another_kind_is_named(etna):
    with pytest.raises(TableError, match="eruptions"):
        replace(etna, eruptions=pd.DataFrame({"volcano_name": ["x"]}))


def test_plumes_without_rate_or_outline_are_drawn():
    inputs = etna_inputs(12)
    plumes = inputs.plumes.copy()
    plumes["emission_kg_h"] = float("nan")
    plumes.loc[plumes.index[:4], "geometry"] = None
    text = render_report(replace(inputs, plumes=plume_frame(plumes.to_dict("records"))))
    assert "no plume has a rate" in text
    assert "Emission rate: no plume has a value." in text
