"""The plume table holds what the data dictionary promises."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from shapely.geometry import MultiPolygon, Polygon, box

from so2plumes.errors import TableError
from so2plumes.table import (
    conform,
    plume_columns,
    plume_frame,
    read_plumes,
    read_table,
    reason_codes,
    write_plumes,
    write_table,
)

DTYPES = {"string", "int64", "double", "bool", "timestamp[ms, UTC]", "list<string>", "geometry"}
SAMPLES = {
    "string": lambda i: f"text {i}",
    "int64": lambda i: 10 + i,
    "double": lambda i: 0.1 * i,
    "bool": lambda i: i % 2 == 0,
    "timestamp[ms, UTC]": lambda i: datetime(2021, 3, 24, 12, i, 0, 123000, tzinfo=UTC),
    "list<string>": lambda i: ["few_pixels", "no_wind"][:i],
    "geometry": lambda i: box(14 + i, 37, 15 + i, 38),
}


def row(i: int = 0, **changes) -> dict:
    return {column.name: SAMPLES[column.dtype](i) for column in plume_columns()} | changes


@pytest.fixture
def frame() -> gpd.GeoDataFrame:
    return plume_frame([row(i) for i in range(3)])


def test_the_dictionary_is_complete():
    columns = plume_columns()
    names = [column.name for column in columns]
    assert len(names) == len(set(names)) >= 40
    assert names[0] == "plume_id"
    assert names[-1] == "geometry"
    for column in columns:
        assert column.dtype in DTYPES, column.name
        assert len(column.text) > 10, column.name
        if column.dtype == "double":
            assert column.unit, f"{column.name} needs a unit"
    assert all(len(text) > 10 for text in reason_codes().values())


@pytest.mark.parametrize(
    ("ending", "unit"),
    [
        ("_mol_m2", "mol m-2"),
        ("_m_s", "m s-1"),
        ("_kg_h", "kg h-1"),
        ("_kg", "kg"),
        ("_m2", "m2"),
        ("_deg", "degree"),
        ("_percent", "%"),
        ("_longitude", "degrees_east"),
        ("_latitude", "degrees_north"),
    ],
)
def test_units_in_names_are_the_units_of_the_dictionary(ending, unit):
    longer = {"_m2": "_mol_m2"}
    columns = [c for c in plume_columns() if c.name.endswith(ending) and not c.name.endswith(longer.get(ending, "?"))]
    assert columns
    assert {column.unit for column in columns} == {unit}


def test_every_field_of_the_file_carries_unit_and_text(frame, tmp_path):
    write_plumes(frame, tmp_path / "plumes.parquet")
    schema = pq.read_schema(tmp_path / "plumes.parquet")
    for column in plume_columns():
        meta = schema.field(column.name).metadata
        assert meta[b"unit"].decode() == column.unit
        assert meta[b"description"].decode() == column.text
    assert [name for name in schema.names if name != "bbox"] == [column.name for column in plume_columns()]
    assert b"geo" in schema.metadata


def test_nested_fields_carry_unit_and_text_too(frame, tmp_path):
    write_plumes(frame, tmp_path / "plumes.parquet")
    schema = pq.read_schema(tmp_path / "plumes.parquet")
    box_field = schema.field("bbox")
    assert box_field.metadata[b"unit"] == b"degrees"
    sides = {part.name: part.metadata for part in box_field.type.fields}
    assert {name: meta[b"unit"] for name, meta in sides.items()} == {
        "xmin": b"degrees_east",
        "xmax": b"degrees_east",
        "ymin": b"degrees_north",
        "ymax": b"degrees_north",
    }
    assert b"Western" in sides["xmin"][b"description"]
    assert b"Northern" in sides["ymax"][b"description"]
    assert schema.field("quality").type.value_field.metadata[b"description"]
    assert json.loads(schema.field("quality").metadata[b"codes"]) == dict(reason_codes())


def test_the_file_is_geoparquet_1_1_in_crs84_with_a_covering(frame, tmp_path):
    write_plumes(frame, tmp_path / "plumes.parquet")
    geo = json.loads(pq.read_schema(tmp_path / "plumes.parquet").metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert geo["columns"]["geometry"]["crs"]["id"] == {"authority": "OGC", "code": "CRS84"}
    assert geo["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    near = gpd.read_parquet(tmp_path / "plumes.parquet", bbox=(16.2, 37.2, 16.8, 37.8))
    assert near["plume_id"].tolist() == ["text 2"]
    table = pq.read_table(tmp_path / "plumes.parquet", filters=pc.field("bbox", "xmin") >= 15.5)
    assert table["plume_id"].to_pylist() == ["text 2"]


def test_time_order_is_declared_where_it_holds(frame, tmp_path, monkeypatch):
    monkeypatch.setattr("so2plumes.table.ROW_GROUP", 2)
    write_plumes(frame, tmp_path / "sorted.parquet")
    write_plumes(frame.iloc[::-1], tmp_path / "reversed.parquet")
    groups = pq.read_metadata(tmp_path / "sorted.parquet")
    place = groups.schema.names.index("time")
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [2, 1]
    assert groups.row_group(0).sorting_columns[0].column_index == place
    first, last = (groups.row_group(i).column(place).statistics for i in (0, 1))
    assert first.max < last.min
    assert not pq.read_metadata(tmp_path / "reversed.parquet").row_group(0).sorting_columns


def test_types_are_those_of_the_dictionary(frame, tmp_path):
    write_plumes(frame, tmp_path / "plumes.parquet")
    schema = pq.read_schema(tmp_path / "plumes.parquet")
    expected = {
        "string": {"string"},
        "int64": {"int64"},
        "double": {"double"},
        "bool": {"bool"},
        "timestamp[ms, UTC]": {"timestamp[ms, tz=UTC]"},
        "list<string>": {"list<element: string>", "list<item: string>"},
        "geometry": {"binary"},
    }
    for column in plume_columns():
        assert str(schema.field(column.name).type) in expected[column.dtype], column.name


def test_round_trip(frame, tmp_path):
    write_plumes(frame, tmp_path / "plumes.parquet")
    again = read_plumes(tmp_path / "plumes.parquet")
    assert again.crs == "EPSG:4326"
    assert again.geometry.geom_equals_exact(frame.geometry, 0).all()
    assert [list(codes) for codes in again["quality"]] == [[], ["few_pixels"], ["few_pixels", "no_wind"]]
    rest = [column.name for column in plume_columns() if column.name not in ("quality", "geometry")]
    pd.testing.assert_frame_equal(pd.DataFrame(again[rest]), pd.DataFrame(frame[rest]))
    assert again["time"][1] == pd.Timestamp("2021-03-24T12:01:00.123Z")


def test_missing_numbers_stay_missing(tmp_path):
    write_plumes(plume_frame([row(emission_kg_h=float("nan"), mass_kg=None)]), tmp_path / "plumes.parquet")
    again = read_plumes(tmp_path / "plumes.parquet")
    assert np.isnan(again.loc[0, "emission_kg_h"])
    assert np.isnan(again.loc[0, "mass_kg"])


def test_outlines_on_both_sides_of_the_antimeridian_are_kept(tmp_path):
    shape = MultiPolygon([box(179, 0, 180, 1), box(-180, 0, -179, 1)])
    write_plumes(plume_frame([row(geometry=shape)]), tmp_path / "plumes.parquet")
    assert read_plumes(tmp_path / "plumes.parquet").geometry[0].equals(shape)


def test_an_empty_outline_is_kept(tmp_path):
    write_plumes(plume_frame([row(geometry=Polygon()), row(1)]), tmp_path / "plumes.parquet")
    assert read_plumes(tmp_path / "plumes.parquet").geometry.is_empty.tolist() == [True, False]


def test_an_empty_table(frame, tmp_path):
    empty = plume_frame([])
    assert len(empty) == 0
    write_plumes(empty, tmp_path / "empty.parquet")
    write_plumes(frame, tmp_path / "full.parquet")
    again = read_plumes(tmp_path / "empty.parquet")
    assert list(again.columns) == [column.name for column in plume_columns()]
    for column in plume_columns():
        assert again[column.name].dtype == frame[column.name].dtype, column.name
    types = [pq.read_schema(tmp_path / f"{name}.parquet") for name in ("empty", "full")]
    for column in plume_columns():
        assert types[0].field(column.name).type == types[1].field(column.name).type, column.name
        assert types[0].field(column.name).metadata == types[1].field(column.name).metadata


def test_an_empty_table_joins_a_full_one(frame, tmp_path):
    write_plumes(plume_frame([]), tmp_path / "empty.parquet")
    write_plumes(frame, tmp_path / "full.parquet")
    parts = [read_plumes(tmp_path / f"{name}.parquet") for name in ("empty", "full", "empty")]
    joined = conform(pd.concat(parts, ignore_index=True))
    write_plumes(joined, tmp_path / "joined.parquet")
    assert (tmp_path / "joined.parquet").read_bytes() == (tmp_path / "full.parquet").read_bytes()


def test_equal_content_is_equal_bytes(frame, tmp_path):
    write_plumes(frame, tmp_path / "a.parquet")
    write_plumes(plume_frame([row(i) for i in range(3)]), tmp_path / "b.parquet")
    write_plumes(read_plumes(tmp_path / "a.parquet"), tmp_path / "c.parquet")
    shuffled = plume_frame([dict(reversed(row(i).items())) for i in range(3)])
    write_plumes(shuffled, tmp_path / "d.parquet")
    first = (tmp_path / "a.parquet").read_bytes()
    assert all((tmp_path / f"{name}.parquet").read_bytes() == first for name in "bcd")


@pytest.mark.parametrize("change", ["more", "fewer"])
def test_a_row_that_does_not_fit_is_refused(change):
    bad = row(surprise=1.0)
    if change == "fewer":
        bad = row()
        del bad["mass_kg"]
    with pytest.raises(TableError, match="does not fit the data dictionary") as caught:
        plume_frame([row(), bad])
    assert ("surprise" if change == "more" else "mass_kg") in caught.value.found
    assert "plumes.yaml" in str(caught.value)


def test_a_file_without_contract_columns_is_refused(frame, tmp_path):
    frame.drop(columns=["mass_kg", "label"]).to_parquet(tmp_path / "old.parquet")
    with pytest.raises(TableError, match="lacks columns") as caught:
        read_plumes(tmp_path / "old.parquet")
    assert caught.value.found == "missing: mass_kg, label"
    assert str(tmp_path / "old.parquet") in str(caught.value)


def test_further_columns_of_a_file_are_left_out(frame, tmp_path):
    frame.assign(note="mine").to_parquet(tmp_path / "more.parquet")
    assert list(read_plumes(tmp_path / "more.parquet").columns) == [column.name for column in plume_columns()]


def test_columns_are_put_in_order_and_type(frame):
    muddled = frame[list(reversed(frame.columns))].copy()
    muddled["orbit"] = muddled["orbit"].astype("float64")
    muddled["time"] = muddled["time"].astype(str)
    tidy = conform(muddled)
    pd.testing.assert_frame_equal(pd.DataFrame(tidy), pd.DataFrame(frame))


def test_conforming_leaves_the_frame_as_it_was(frame):
    muddled = frame.copy()
    muddled["orbit"] = muddled["orbit"].astype("float64")
    conform(muddled)
    assert muddled["orbit"].dtype == "float64"


def test_other_tables_round_trip_without_index(tmp_path):
    table = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, np.nan]}, index=[7, 9])
    write_table(table, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet"), table.reset_index(drop=True))


def test_a_table_that_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(Exception, match="(?i)convert|arrow|object"):
        write_table(pd.DataFrame({"a": [object()]}), tmp_path / "t.parquet")
    assert list(tmp_path.iterdir()) == []
