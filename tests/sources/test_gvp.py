import json

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from so2plumes.errors import ExternalDataError
from so2plumes.sources import gvp

WEBSITE = [
    *("Volcano Number", "Volcano Name", "Eruption Number", "Eruption Category", "Area of Activity", "VEI"),
    *("VEI Modifier", "Start Year Modifier", "Start Year", "Start Year Uncertainty", "Start Month"),
    *("Start Day Modifier", "Start Day", "Start Day Uncertainty", "Evidence Method (dating)"),
    *("End Year Modifier", "End Year", "End Year Uncertainty", "End Month", "End Day Modifier", "End Day"),
    *("End Day Uncertainty", "Latitude", "Longitude"),
]


def listed(volcano, name, number, start, end, latitude, longitude, **more):
    """One row of the website's list."""
    cells = {
        "Volcano Number": volcano,
        "Volcano Name": name,
        "Eruption Number": number,
        "Eruption Category": "Confirmed Eruption",
        **dict(zip(("Start Year", "Start Month", "Start Day"), start, strict=True)),
        **dict(zip(("End Year", "End Month", "End Day"), end, strict=True)),
        "Latitude": latitude,
        "Longitude": longitude,
        **{key.replace("_", " "): value for key, value in more.items()},
    }
    return [cells.get(column, "") for column in WEBSITE]


ROWS = [
    listed(1, "Älpha", 11, (2018, 5, 10), (2025, 5, 2), 1.5, 2.5, VEI=2, End_Year_Modifier=">"),
    listed(2, "Beta", 12, (2019, 6, 22), (2019, 6, 25), -5, 179.9, Start_Day_Uncertainty=3, End_Day_Modifier="?"),
    listed(2, "Beta", 13, (2017, 1, 0), (2018, 12, 0), -5, 179.9, VEI=1, End_Day_Modifier=">"),
    listed(3, "Gamma", 14, (2018, 0, 0), (2019, 0, 0), 60, -170, VEI=4, Start_Year_Modifier="?"),
    listed(4, "Delta", 15, (-5500, "", ""), ("", "", ""), 10, 20, Start_Year_Uncertainty=300),
    listed(5, "Epsilon", 16, (2020, 2, 5), ("", "", ""), 11, 21, VEI=0),
    listed(6, "Zeta", 17, (2020, 2, 5), (2020, 3, 1), 12, 22, Eruption_Category="Uncertain Eruption"),
]
TITLE = ["Global Volcanism Program - Volcanoes of the World", "", "", "Holocene Eruptions Search Result"]


def as_csv(rows, encoding="utf-8", delimiter=","):
    quoted = [delimiter.join(f'"{cell}"' if delimiter in str(cell) else str(cell) for cell in row) for row in rows]
    return ("\n".join(quoted) + "\n").encode(encoding)


def as_xlsx(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
    book.save(path)


def as_geojson():
    features = []
    for row in ROWS[:-1]:
        cell = {name: (None if value == "" else value) for name, value in zip(WEBSITE, row, strict=True)}
        parts = [(side, part) for side in ("Start", "End") for part in ("Year", "Month", "Day")]
        properties = {
            "VolcanoNumber": cell["Volcano Number"],
            "VolcanoName": cell["Volcano Name"],
            "ExplosivityIndexMax": cell["VEI"],
            "StartDate": None,
            **{f"{side}Date{part}": cell[f"{side} {part}"] or None for side, part in parts},
            "ContinuingEruption": str(cell["End Year Modifier"] == ">"),
            "LatitudeDecimal": cell["Latitude"],
            "LongitudeDecimal": cell["Longitude"],
            "Activity_ID": cell["Eruption Number"],
        }
        point = {"type": "Point", "coordinates": [cell["Longitude"], cell["Latitude"]]}
        features.append({"type": "Feature", "geometry": point, "properties": properties})
    return {"type": "FeatureCollection", "totalFeatures": len(features), "features": features}


@pytest.fixture
def layouts(tmp_path):
    """The same six eruptions in every layout, under suffixes that say nothing."""
    files = {
        "header in row 1": as_csv([WEBSITE, *ROWS]),
        "header in row 2": as_csv([TITLE, WEBSITE, *ROWS]),
        "with a byte order mark": as_csv([WEBSITE, *ROWS], "utf-8-sig"),
        "in a Windows code page": as_csv([WEBSITE, *ROWS], "cp1252"),
        "with semicolons": as_csv([TITLE, WEBSITE, *ROWS], delimiter=";"),
        "geojson": json.dumps(as_geojson()).encode(),
    }
    paths = {}
    for i, (name, content) in enumerate(files.items()):
        paths[name] = tmp_path / f"list{i}.dat"
        paths[name].write_bytes(content)
    paths["xlsx"] = tmp_path / "list.csv"
    as_xlsx(paths["xlsx"], {"Info": [["Please cite"], ["..."]], "Eruption List": [TITLE, WEBSITE, *ROWS]})
    return paths


def test_every_layout_gives_the_same_table(layouts):
    tables = {name: gvp.read_eruptions(path) for name, path in layouts.items()}
    first = tables.pop("header in row 1")
    assert list(first.columns) == list(gvp.ERUPTION_COLUMNS)
    assert first["volcano_name"].tolist()[0] == "Älpha"
    for name, table in tables.items():
        if name == "geojson":
            table["start_day_uncertainty"] = first["start_day_uncertainty"]
        pd.testing.assert_frame_equal(table, first, obj=name)


@pytest.fixture
def eruptions(layouts):
    return gvp.read_eruptions(layouts["header in row 1"]).set_index("eruption_number", drop=False)


def test_partly_known_dates_are_the_widest_interval(eruptions):
    def interval(number):
        columns = ("start_earliest", "start_latest", "end_earliest", "end_latest")
        return [str(eruptions.loc[[number], c].to_numpy().astype("datetime64[D]")[0]) for c in columns]

    assert interval(12) == ["2019-06-22", "2019-06-22", "2019-06-25", "2019-06-25"]
    assert interval(13) == ["2017-01-01", "2017-01-31", "2018-12-01", "2018-12-31"]
    assert interval(14) == ["2018-01-01", "2018-12-31", "2019-01-01", "2019-12-31"]
    assert interval(16) == ["2020-02-05", "2020-02-05", "NaT", "NaT"]


def test_years_before_our_era_keep_their_order(eruptions):
    parts = eruptions.loc[15, ["start_year", "start_month", "start_day"]]
    assert parts.tolist() == [-5500, 0, 0]
    assert eruptions["start_earliest"].to_numpy().astype("datetime64[D]")[4] == np.datetime64("-5500-01-01")
    assert eruptions["start_earliest"].idxmin() == 15
    assert "-5500-01-01" in repr(eruptions["start_earliest"])


def test_continuing_is_the_sign_before_the_year_alone(eruptions):
    assert eruptions.index[eruptions["continuing"]].tolist() == [11]
    assert eruptions.index[eruptions["end_known"]].tolist() == [12, 13, 14]
    assert np.isnat(eruptions["end_latest"].to_numpy()[0])
    assert str(eruptions["end_earliest"].iloc[0])[:10] == "2025-05-02"


def test_uncertain_eruptions_are_left_out_unless_wanted(layouts):
    path = layouts["header in row 1"]
    assert 17 not in gvp.read_eruptions(path)["eruption_number"].tolist()
    assert 17 in gvp.read_eruptions(path, confirmed_only=False)["eruption_number"].tolist()


@pytest.mark.parametrize(
    ("start", "end", "numbers"),
    [
        ("2019-06-25", "2019-06-25", [11, 12, 14]),
        ("2019-06-26", "2019-06-30", [11, 14]),
        ("2018-12-31", "2018-12-31", [11, 13, 14]),
        ("2020-02-05", "2020-02-05", [11, 16]),
        ("2020-02-06", "2020-12-31", [11]),
        ("2030-01-01", "2030-12-31", [11]),
        ("2016-01-01", "2016-12-31", []),
    ],
)
def test_active_between_overlaps_both_ends_inside(eruptions, start, end, numbers):
    assert gvp.active_between(eruptions, start, end)["eruption_number"].tolist() == numbers


def test_a_period_has_an_order(eruptions):
    with pytest.raises(ValueError, match="before it starts"):
        gvp.active_between(eruptions, "2020-01-02", "2020-01-01")


@given(st.integers(-12_000, 2100), st.integers(0, 12), st.integers(0, 31))
def test_date_bounds_hold_the_date(year, month, day):
    earliest, latest = (b[0] for b in gvp.date_bounds(*(np.array([float(p)]) for p in (year, month, day))))
    width = (latest - earliest).astype(int)
    assert earliest.astype("datetime64[Y]").astype(int) + 1970 == year
    assert latest.astype("datetime64[Y]").astype(int) + 1970 == year
    assert width in ({364, 365} if not month else {27, 28, 29, 30} if not day else {0})


def test_date_bounds_of_odd_dates():
    earliest, latest = gvp.date_bounds([2019, 2019, np.nan, 2020], [2, 0, 1, 13], [31, 7, 1, 5])
    assert earliest.astype(str).tolist() == ["2019-02-28", "2019-01-01", "NaT", "2020-01-01"]
    assert latest.astype(str).tolist() == ["2019-02-28", "2019-12-31", "NaT", "2020-12-31"]


XML_ERROR = (
    '<?xml version="1.0"?><ServiceExceptionReport><ServiceException>Could not find type: GVP-VOTW:Nothing'
    "</ServiceException></ServiceExceptionReport>"
)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("error.json", XML_ERROR, "XML report that says: Could not find type: GVP-VOTW:Nothing"),
        ("error.csv", "\n" + XML_ERROR, "XML report"),
        ("page.csv", "<!DOCTYPE html><html><title>Sign in</title></html>", "a web page that says: Sign in"),
        (
            "old.xls",
            '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "save it",
        ),
        ("empty.csv", "", "an empty file"),
        ("cut.json", '{"type": "FeatureCollection", "features": [{"ty', "cut off"),
        ("none.json", '{"type": "FeatureCollection", "features": []}', "without features"),
        ("other.csv", "a,b\n1,2\n", "starting with a, b, 1, 2"),
        (
            "short.csv",
            "Volcano Number,Start Year,Latitude\n1,2,3\n",
            "lacks eruption_number, volcano_name, longitude",
        ),
    ],
)
def test_other_files_are_refused_with_what_was_found(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(ExternalDataError, match=said):
        gvp.read_eruptions(tmp_path / name)


def test_absent_broken_and_foreign_workbooks_are_refused(tmp_path):
    with pytest.raises(ExternalDataError, match="absent"):
        gvp.read_eruptions(tmp_path / "none.csv")
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ExternalDataError, match="no workbook"):
        gvp.read_eruptions(tmp_path / "broken.xlsx")
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1")
    with pytest.raises(ExternalDataError, match="old binary kind"):
        gvp.read_eruptions(tmp_path / "old.xls")
    as_xlsx(tmp_path / "other.xlsx", {"Budget": [["a", "b"], [1, 2]]})
    with pytest.raises(ExternalDataError, match="sheet 'Budget' starting with a, b"):
        gvp.read_eruptions(tmp_path / "other.xlsx")


def test_part_of_a_list_is_refused(tmp_path):
    document = as_geojson() | {"totalFeatures": 2163}
    (tmp_path / "part.json").write_text(json.dumps(document))
    with pytest.raises(ExternalDataError, match="maxFeatures"):
        gvp.read_eruptions(tmp_path / "part.json")


@pytest.fixture(scope="module")
def real_csv(shared_data):
    return gvp.read_eruptions(shared_data / "gvp" / "GVP_Eruption_Search_Result_v5.2.8_2025-05-15.csv")


def test_real_list_has_228_eruptions_in_the_campaign(real_csv):
    active = gvp.active_between(real_csv, "2019-01-01", "2024-12-31")
    assert len(real_csv) == 9902
    assert len(active) == 228
    assert active["continuing"].sum() == 39
    assert active["volcano_number"].nunique() == 122
    assert (active["start_earliest"] >= "2019-01-01").sum() == 180
    assert real_csv["continuing"].sum() == 47
    assert real_csv["start_year"].min() == -55_500


def test_real_workbook_is_the_same_list(real_csv, shared_data):
    book = gvp.read_eruptions(shared_data / "gvp" / "GVP_Eruption_Search_Result_20250727_original.xlsx")
    pd.testing.assert_frame_equal(book, real_csv)


def test_real_web_service_layer(shared_data, real_csv):
    layer = gvp.read_eruptions(shared_data / "gvp" / "E3WebApp_Eruptions1960_geodesymiami_precip_v2.json")
    assert len(layer) == 2163
    assert layer["continuing"].sum() == 42
    yasur = layer[(layer["volcano_name"] == "Yasur") & layer["continuing"]].iloc[0]
    assert (yasur["start_year"], yasur["start_month"]) == (1270, 0)
    before = gvp.active_between(layer, "2019-01-01", "2022-12-31")["eruption_number"]
    listed = gvp.active_between(real_csv, "2019-01-01", "2022-12-31")["eruption_number"]
    assert len(before) == 170
    assert before.isin(listed).mean() > 0.97


def test_real_volcano_list_is_refused(shared_data):
    with pytest.raises(ExternalDataError, match="Volcano Number, Volcano Name"):
        gvp.read_eruptions(shared_data / "gvp" / "GVP_Volcano_List_Holocene_WoWED.csv")
