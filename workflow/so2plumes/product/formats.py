"""The plume table in the formats of GIS and spreadsheets."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from so2plumes.product.style import Kind, qml
from so2plumes.table import lists_as_text, plume_columns

if TYPE_CHECKING:
    import geopandas as gpd

DIGITS = 5
"""Decimals of degrees in text formats: about a metre."""
_FIGURES = 8

_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
)
"""


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Copy whose columns every vector format holds: lists as texts, geometries beside the outline as WKT."""
    plain = _other_geometries_as_text(frame)
    for column in plume_columns():
        if column.dtype.startswith("list<"):
            texts = lists_as_text(pd.DataFrame(frame[[column.name]]))[column.name]
            plain[column.name] = texts.astype("str")
    return plain


def _other_geometries_as_text(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    import shapely

    frame = frame.copy()
    for column in plume_columns():
        if column.dtype == "geometry" and column.name != frame.geometry.name:
            texts = shapely.to_wkt(frame[column.name].to_numpy(), rounding_precision=DIGITS)
            frame[column.name] = pd.Series(texts, index=frame.index).fillna("").astype("str")
    return frame


def _points(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Place plumes at the pixel of their largest column, for maps on which outlines are too small to see."""
    import geopandas as gpd

    names = ["plume_id", "time", "label", "max_vcd_mol_m2", "mass_kg", "emission_kg_h"]
    places = gpd.points_from_xy(frame["max_longitude"], frame["max_latitude"])
    return gpd.GeoDataFrame(frame[names].copy(), geometry=places, crs="EPSG:4326")


def write_geopackage(frame: gpd.GeoDataFrame, path: str | Path) -> None:
    """Write a GeoPackage with the layers ``plumes`` (outlines), ``maxima`` (points) and ``centre_lines``.

    The first two have a default QGIS style. It is in the table ``layer_styles``, where QGIS looks for it.
    """
    import pyogrio

    layers: tuple[tuple[str, gpd.GeoDataFrame, str, Kind], ...] = (
        ("plumes", _plain(frame), "MultiPolygon", "fill"),
        ("maxima", _points(frame), "Point", "marker"),
    )
    drawn = [(name, layer, geometry) for name, layer, geometry, _ in layers]
    for name, layer, geometry in (*drawn, ("centre_lines", _lines(frame), "MultiLineString")):
        pyogrio.write_dataframe(
            layer,
            path,
            layer=name,
            driver="GPKG",
            geometry_type=geometry,
            promote_to_multi=geometry.startswith("Multi"),
            append=Path(path).exists(),
        )
    styles = [(name, "geom", "label", qml(kind), "", True, "One colour per label") for name, _, _, kind in layers]
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_STYLES)
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
            " styleQML, styleSLD, useAsDefault, description, owner) VALUES ('', '', ?, ?, ?, ?, ?, ?, ?, '')",
            styles,
        )
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
        _set_times(database, frame)


def _set_times(database: sqlite3.Connection, frame: gpd.GeoDataFrame) -> None:
    """Date the layers by the last sensing time, not by the clock, so that equal tables give equal files."""
    last = pd.Timestamp(0, tz="UTC") if frame.empty else frame["time"].max()
    text = last.strftime("%Y-%m-%dT%H:%M:%S.") + f"{last.microsecond // 1000:03d}Z"
    database.execute("UPDATE gpkg_contents SET last_change = ?", (text,))
    database.execute("UPDATE layer_styles SET update_time = ?", (text,))


def _lines(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give the centre lines of the plumes that have one."""
    import geopandas as gpd

    known = frame[frame["centre_line"].notna()]
    names = ["plume_id", "time", "label", "centre_line_length_m"]
    return gpd.GeoDataFrame(known[names].copy(), geometry=known["centre_line"].to_numpy(), crs="EPSG:4326")


def write_geojson(frame: gpd.GeoDataFrame, path: str | Path) -> None:
    """Write GeoJSON after RFC 7946: counter-clockwise, split at the antimeridian, a feature per line."""
    import pyogrio

    pyogrio.write_dataframe(
        _plain(frame),
        path,
        driver="GeoJSON",
        geometry_type="Unknown",
        layer_options={
            "RFC7946": "YES",
            "COORDINATE_PRECISION": str(DIGITS),
            "SIGNIFICANT_FIGURES": str(_FIGURES),
            "WRITE_NAME": "NO",
        },
    )


def write_csv(frame: gpd.GeoDataFrame, path: str | Path) -> None:
    """Write text: times as ISO 8601, lists separated by blanks, outlines as WKT in the last column."""
    import shapely

    table = lists_as_text(pd.DataFrame(_other_geometries_as_text(frame).drop(columns="geometry")))
    for column in plume_columns():
        if column.dtype.startswith("timestamp"):
            table[column.name] = table[column.name].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3] + "Z"
    table["geometry"] = shapely.to_wkt(frame.geometry.values, rounding_precision=DIGITS)
    table.to_csv(path, index=False, float_format=f"%.{_FIGURES}g", lineterminator="\n")


def write_dictionary(path: str | Path) -> None:
    """Write the data dictionary as text: a line per column of the table."""
    rows = [(column.name, column.dtype, column.unit, column.text) for column in plume_columns()]
    pd.DataFrame(rows, columns=["name", "type", "unit", "description"]).to_csv(path, index=False, lineterminator="\n")
