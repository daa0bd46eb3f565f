"""Which version made which day."""

from dataclasses import replace

import pytest
from tests.report.made import globe_inputs

from so2plumes.made_by import MadeBy, extended, from_text, merged, read_beside, read_field, spans, to_text, write_beside
from so2plumes.report.record_sections import version_section
from so2plumes.table import plume_frame, write_plumes


def test_a_record_grows_from_step_to_step(tmp_path):
    write_beside(tmp_path, extended({}, "fetch_swaths"))
    record = extended(read_beside(tmp_path), "detect_plumes", model="abc")
    assert list(record) == ["fetch_swaths", "detect_plumes", "model"]
    assert from_text(to_text(record)) == record
    assert read_beside(tmp_path / "none") == from_text(None) == {}


def test_a_step_that_is_not_known_is_an_error():
    with pytest.raises(KeyError):
        extended({}, "no_such_step")


def test_tables_keep_the_record_and_equal_tables_are_equal_bytes(tmp_path):
    records = [MadeBy({"fetch_swaths": "1"}, ("2021-01-01", "2021-01-02"))]
    for name in "ab":
        write_plumes(plume_frame([]), tmp_path / name, records)
    assert read_field(tmp_path / "a") == records
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    write_plumes(plume_frame([]), tmp_path / "none")
    assert read_field(tmp_path / "none") == []


def test_days_of_one_version_are_one_record():
    old, new = {"estimate_emissions": "1"}, {"estimate_emissions": "2"}
    records = [MadeBy(new, ("2021-01-02",)), MadeBy(old, ("2021-01-03",)), MadeBy(old, ("2021-01-01",))]
    assert merged(records) == [MadeBy(old, ("2021-01-01", "2021-01-03")), MadeBy(new, ("2021-01-02",))]


def test_stretches_end_where_another_version_begins():
    days = [f"2021-01-0{n}" for n in range(1, 7)]
    assert spans([days[0], days[1], days[4]], days) == [(days[0], days[1]), (days[4], days[4])]


def test_the_report_says_which_version_made_which_days():
    days = [f"2021-01-0{n}" for n in range(1, 7)]
    records = [MadeBy({"x": "1"}, tuple(days[:3])), MadeBy({"x": "2"}, tuple(days[3:]))]
    body = version_section(replace(globe_inputs(n=20, n_chips=0, days=6), made_by=records)).body
    assert "2021-01-01 to 2021-01-03" in body
    assert "2021-01-04 to 2021-01-06" in body
    assert "x 2" in body
