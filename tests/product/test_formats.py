"""Every format holds the whole table, also without plumes and across the antimeridian."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box
from tests.product.rows import row, table

from so2plumes.figures.style import LABELS
from so2plumes.product.formats import write_csv, write_dictionary, write_geojson, write_geopackage
from so2plumes.table import plume_columns, plume_frame

NAMES = [column.name for column in plume_columns()]
CROSSING = MultiPolygon([box(179, -17, 180, -16), box(-180, -17, -179, -16)])


def assert_same_values(found: pd.DataFrame, frame: gpd.GeoDataFrame, rtol: float) -> None:
    for column in plume_columns():
        if column.dtype in ("int64", "bool"):
            assert found[column.name].astype(column.dtype).tolist() == frame[column.name].tolist(), column.name
        elif column.dtype == "double":
            np.testing.assert_allclose(found[column.name].astype(float), frame[column.name], rtol=rtol)
        elif column.dtype == "string":
            assert found[column.name].tolist() == frame[column.name].tolist(), column.name
        elif column.dtype.startswith("timestamp"):
            assert (pd.to_datetime(found[column.name], utc=True) == frame[column.name]).all(), column.name


def rings(geometry: dict) -> list[list[list[float]]]:
    parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [ring for part in parts for ring in part]


def test_the_times_of_a_geopackage_are_the_last_sensing_time(tmp_path):
    frame = table(2)
    write_geopackage(frame, tmp_path / "p.gpkg")
    with closing(sqlite3.connect(tmp_path / "p.gpkg")) as database:
        for query in ("SELECT last_change FROM gpkg_contents", "SELECT update_time FROM layer_styles"):
            assert {text for (text,) in database.execute(query)} == {"2021-12-31T12:00:00.123Z"}


def test_geopackages_of_two_seconds_are_equal(tmp_path):
    for name in ("a.gpkg", "b.gpkg"):
        write_geopackage(table(2), tmp_path / name)
        time.sleep(1.1)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()


def test_an_empty_geopackage_has_times_too(tmp_path):
    write_geopackage(plume_frame([]), tmp_path / "p.gpkg")
    with closing(sqlite3.connect(tmp_path / "p.gpkg")) as database:
        times = {text for (text,) in database.execute("SELECT last_change FROM gpkg_contents")}
    assert times == {"1970-01-01T00:00:00.000Z"}


def test_geopackage_round_trip(tmp_path):
    frame = table(3, mass_kg=float("nan"))
    write_geopackage(frame, tmp_path / "p.gpkg")
    found = gpd.read_file(tmp_path / "p.gpkg", layer="plumes")
    assert [name for name in found.columns if name != "geometry"] == [name for name in NAMES if name != "geometry"]
    assert found.crs == "EPSG:4326"
    assert_same_values(found, frame, rtol=0)
    assert found["mass_kg"].isna().all()
    assert found["quality"].fillna("").tolist() == ["", "text 0", "text 0 text 1"]
    assert all(a.equals(b) for a, b in zip(found.geometry, frame.geometry, strict=True))
    maxima = gpd.read_file(tmp_path / "p.gpkg", layer="maxima")
    assert maxima.geometry.x.tolist() == frame["max_longitude"].tolist()
    lines = gpd.read_file(tmp_path / "p.gpkg", layer="centre_lines")
    assert lines["plume_id"].tolist() == frame["plume_id"].tolist()
    lengths = [shapely.length(places.to_numpy()) for places in (lines.geometry, frame["centre_line"])]
    np.testing.assert_allclose(*lengths)


def test_geopackage_brings_its_styles(tmp_path):
    write_geopackage(table(), tmp_path / "p.gpkg")
    with closing(sqlite3.connect(tmp_path / "p.gpkg")) as database:
        styles = database.execute("SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles")
        found = {name: (column, text, default) for name, column, text, default in styles}
        columns = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall())
    assert set(found) == {"plumes", "maxima"}
    for name, (column, text, default) in found.items():
        assert column == columns[name]
        assert default == 1
        root = ElementTree.fromstring(text.split("\n", 1)[1])
        categories = root.findall(".//category")
        assert [category.get("value") for category in categories] == list(LABELS)
        kinds = {symbol.get("name"): symbol.get("type") for symbol in root.findall(".//symbol")}
        assert {kinds[category.get("symbol")] for category in categories} == {"fill" if name == "plumes" else "marker"}
    assert "layer_styles" in [name for name, _ in pyogrio.list_layers(tmp_path / "p.gpkg")]


def test_geojson_round_trip(tmp_path):
    frame = table(3, mass_kg=float("nan"))
    write_geojson(frame, tmp_path / "p.geojson")
    document = json.loads((tmp_path / "p.geojson").read_text())
    assert document["type"] == "FeatureCollection"
    assert "crs" not in document, "RFC 7946 has no crs member"
    properties = pd.DataFrame([feature["properties"] for feature in document["features"]])
    assert list(properties.columns) == [name for name in NAMES if name != "geometry"]
    assert_same_values(properties, frame, rtol=1e-7)
    assert properties["mass_kg"].isna().all()
    again = gpd.read_file(tmp_path / "p.geojson")
    assert all(a.equals(b) for a, b in zip(again.geometry, frame.geometry, strict=True))


def test_geojson_follows_the_right_hand_rule(tmp_path):
    hole = Polygon(box(10, 10, 20, 20, ccw=False).exterior.coords, [box(13, 13, 15, 15).exterior.coords])
    assert not hole.exterior.is_ccw
    write_geojson(plume_frame([row(geometry=hole)]), tmp_path / "p.geojson")
    outer, inner = rings(json.loads((tmp_path / "p.geojson").read_text())["features"][0]["geometry"])
    assert shapely.is_ccw(shapely.LinearRing(outer))
    assert not shapely.is_ccw(shapely.LinearRing(inner))


def test_geojson_stays_split_at_the_antimeridian(tmp_path):
    write_geojson(plume_frame([row(geometry=CROSSING, crosses_antimeridian=True)]), tmp_path / "p.geojson")
    geometry = json.loads((tmp_path / "p.geojson").read_text())["features"][0]["geometry"]
    assert geometry["type"] == "MultiPolygon"
    for ring in rings(geometry):
        longitudes = [point[0] for point in ring]
        assert max(longitudes) - min(longitudes) == pytest.approx(1.0)
        assert shapely.is_ccw(shapely.LinearRing(ring))


def test_csv_round_trip(tmp_path):
    frame = table(3, mass_kg=float("nan"))
    write_csv(frame, tmp_path / "p.csv")
    found = pd.read_csv(tmp_path / "p.csv")
    assert list(found.columns) == NAMES
    assert_same_values(found, frame, rtol=1e-7)
    assert found["mass_kg"].isna().all()
    assert found["time"][0] == "2021-12-30T12:00:00.123Z"
    outlines = shapely.from_wkt(found["geometry"])
    assert all(a.equals(b) for a, b in zip(outlines, frame.geometry, strict=True))


def test_the_dictionary_as_text_names_every_column(tmp_path):
    write_dictionary(tmp_path / "columns.csv")
    found = pd.read_csv(tmp_path / "columns.csv", keep_default_na=False)
    assert found["name"].tolist() == NAMES
    assert found["unit"].tolist() == [column.unit for column in plume_columns()]


def test_a_table_without_plumes_is_a_valid_file_in_every_format(tmp_path):
    empty = plume_frame([])
    write_geopackage(empty, tmp_path / "p.gpkg")
    write_geojson(empty, tmp_path / "p.geojson")
    write_csv(empty, tmp_path / "p.csv")
    layer = gpd.read_file(tmp_path / "p.gpkg", layer="plumes")
    assert len(layer) == 0
    assert set(NAMES) == set(layer.columns)
    assert json.loads((tmp_path / "p.geojson").read_text())["features"] == []
    assert list(pd.read_csv(tmp_path / "p.csv").columns) == NAMES


def test_plumes_without_an_outline_are_kept(tmp_path):
    frame = plume_frame([row(0, geometry=None), row(1)])
    write_geopackage(frame, tmp_path / "p.gpkg")
    write_geojson(frame, tmp_path / "p.geojson")
    write_csv(frame, tmp_path / "p.csv")
    assert gpd.read_file(tmp_path / "p.gpkg", layer="plumes").geometry.isna().tolist() == [True, False]
    features = json.loads((tmp_path / "p.geojson").read_text())["features"]
    assert [feature["geometry"] is None for feature in features] == [True, False]
    assert pd.read_csv(tmp_path / "p.csv")["geometry"].isna().tolist() == [True, False]
