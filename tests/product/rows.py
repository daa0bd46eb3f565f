"""Plume tables made from the data dictionary, whatever columns it lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import geopandas as gpd
from shapely.geometry import LineString, box

from so2plumes.config import Config, parse_config
from so2plumes.table import plume_columns, plume_frame

SAMPLES = {
    "string": lambda i: f"text {i}",
    "int64": lambda i: 10 + i,
    "double": lambda i: 0.1 * i + 1 / 3,
    "bool": lambda i: i % 2 == 0,
    "timestamp[ms, UTC]": lambda i: datetime(2021, 12, 30, 12, 0, 0, 123000, tzinfo=UTC) + timedelta(days=i),
    "geometry": lambda i: box(14 + i, 37, 15 + i, 38),
}


def sample(dtype: str, i: int):
    if dtype.startswith("list<"):
        return [SAMPLES[dtype[5:-1]](j) for j in range(i)]
    return SAMPLES[dtype](i)


def row(i: int = 0, **changes) -> dict:
    """Row `i` of a table: of 2021 with 0 and 1."""
    made = {column.name: sample(column.dtype, i) for column in plume_columns()}
    made["centre_line"] = LineString([(14 + i, 37.2), (14.5 + i, 37.6), (15 + i, 37.8)])
    return made | {"max_longitude": 14.5 + i, "max_latitude": 37.5, "label": "volcanic"} | changes


def table(n: int = 2, **changes) -> gpd.GeoDataFrame:
    return plume_frame([row(i, **changes) for i in range(n)])


def config(**sections) -> Config:
    base = {
        "campaign": {"name": "A Test: 2021", "start": "2021-12-30", "end": "2022-01-01"},
        "archive": {"source": "local", "path": "x"},
    }
    return parse_config(base | sections)
