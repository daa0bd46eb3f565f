"""The plume table: its data dictionary and its Parquet form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

from so2plumes.errors import TableError
from so2plumes.files import atomic_path
from so2plumes.made_by import MadeBy, to_field

if TYPE_CHECKING:
    import geopandas as gpd
    import pyarrow as pa

DICTIONARY = Path(__file__).resolve().parents[1] / "schemas" / "plumes.yaml"
ROW_GROUP = 5000

_PANDAS_TYPES = {
    "string": "str",
    "int64": "int64",
    "double": "float64",
    "bool": "bool",
    "timestamp[ms, UTC]": "datetime64[ms, UTC]",
}


@dataclass(frozen=True)
class Column:
    """One column of the plume table."""

    name: str
    dtype: str
    unit: str
    text: str


@cache
def plume_columns() -> tuple[Column, ...]:
    """Columns of the plume table in their order."""
    return tuple(Column(**entry) for entry in yaml.safe_load(DICTIONARY.read_text())["columns"])


@cache
def reason_codes() -> Mapping[str, str]:
    """Reason codes of the column ``quality`` with their meaning."""
    return dict(yaml.safe_load(DICTIONARY.read_text())["reason_codes"])


def plume_frame(rows: Iterable[Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Build a plume table from one mapping per plume.

    Raises
    ------
    TableError
        When a row has a column that the dictionary does not know, or lacks one.
    """
    import geopandas as gpd

    rows = list(rows)
    names = [column.name for column in plume_columns()]
    for row in rows:
        difference = set(row) ^ set(names)
        if difference:
            raise TableError(
                "a plume row does not fit the data dictionary",
                where=str(DICTIONARY.name),
                expected=f"{len(names)} columns",
                found="differing: " + ", ".join(sorted(difference)),
                remedy="add the column to workflow/schemas/plumes.yaml",
            )
    data: dict[str, Any] = {name: [row[name] for row in rows] for name in names}
    for column in plume_columns():
        if column.dtype == "geometry":
            data[column.name] = gpd.GeoSeries(data[column.name], crs="EPSG:4326")
    frame = gpd.GeoDataFrame(data, geometry="geometry")
    return conform(frame)


def conform(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give every column the type of the dictionary and the dictionary's order."""
    frame = frame.copy(deep=False)
    for column in plume_columns():
        if column.dtype == "timestamp[ms, UTC]":
            frame[column.name] = pd.to_datetime(frame[column.name], utc=True).astype("datetime64[ms, UTC]")
        elif column.dtype in _PANDAS_TYPES:
            frame[column.name] = frame[column.name].astype(_PANDAS_TYPES[column.dtype])
    return frame[[column.name for column in plume_columns()]]


def _arrow_type(dtype: str, stored: pa.DataType) -> pa.DataType:
    """Arrow type of a dictionary type; geometry stays as it is stored."""
    import pyarrow as pa

    if dtype.startswith("list<"):
        meta = {"description": "one entry of the list"}
        return pa.list_(pa.field("element", _arrow_type(dtype[5:-1], stored), metadata=meta))
    types = {
        "string": pa.string(),
        "int64": pa.int64(),
        "double": pa.float64(),
        "bool": pa.bool_(),
        "timestamp[ms, UTC]": pa.timestamp("ms", "UTC"),
    }
    return types.get(dtype, stored)


def _bbox_field(field: pa.Field) -> pa.Field:
    """Give the covering of GeoParquet words on every side."""
    import pyarrow as pa

    sides = {"xmin": "Western", "ymin": "Southern", "xmax": "Eastern", "ymax": "Northern"}
    fields = [
        part.with_metadata(
            {
                "unit": "degrees_east" if part.name.startswith("x") else "degrees_north",
                "description": f"{sides[part.name]} side of the outline's bounding box",
            }
        )
        for part in field.type.fields
    ]
    meta = {
        "unit": "degrees",
        "description": "Box of the outline; -180 to 180 where it crosses the antimeridian",
    }
    return pa.field(field.name, pa.struct(fields), field.nullable, metadata=meta)


def _described(table: pa.Table, records: Iterable[MadeBy]) -> pa.Table:
    """Table with the types and words of the dictionary; the reason codes are with the field that uses them."""
    import pyarrow as pa

    known = {column.name: column for column in plume_columns()}
    fields, arrays = [], []
    for field, values in zip(table.schema, table.columns, strict=True):
        column = known.get(field.name)
        if field.name == "bbox" and column is None:
            field = _bbox_field(field)
        elif column is not None:
            meta = {"unit": column.unit, "description": column.text}
            if column.name == "quality":
                meta["codes"] = json.dumps(reason_codes(), sort_keys=True)
            field = pa.field(field.name, _arrow_type(column.dtype, field.type), field.nullable, metadata=meta)
        fields.append(field)
        arrays.append(values.cast(field.type) if table.num_rows else pa.array([], field.type))
    metadata = {**(table.schema.metadata or {}), **to_field(records)}
    return pa.table(arrays, schema=pa.schema(fields, metadata=metadata))


def write_plumes(frame: gpd.GeoDataFrame, path: str | Path, made_by: Iterable[MadeBy] = ()) -> None:
    """Write GeoParquet 1.1 with unit and description on every field, and what made it, atomically.

    Coordinates are OGC:CRS84 (longitude, latitude), a covering says where each outline lies, and a table in time order
    says so, which lets readers skip row groups. The file depends on its content only, so equal tables are equal bytes.
    """
    import pyarrow.parquet as pq

    located = frame.set_crs("OGC:CRS84", allow_override=True)
    with atomic_path(path) as temporary:
        located.to_parquet(temporary, index=False, compression="zstd", schema_version="1.1.0", write_covering_bbox=True)
        table = _described(pq.read_table(temporary), made_by)
        order = None
        if frame["time"].is_monotonic_increasing:
            order = [pq.SortingColumn(table.schema.get_field_index("time"))]
        pq.write_table(table, temporary, compression="zstd", row_group_size=ROW_GROUP, sorting_columns=order)


def read_plumes(path: str | Path) -> gpd.GeoDataFrame:
    """Read a plume table.

    Raises
    ------
    TableError
        When contract columns are missing.
    """
    import geopandas as gpd

    frame = gpd.read_parquet(path)
    missing = [column.name for column in plume_columns() if column.name not in frame.columns]
    if missing:
        raise TableError(
            "the plume table lacks columns",
            where=path,
            expected="the columns of workflow/schemas/plumes.yaml",
            found="missing: " + ", ".join(missing),
            remedy="run estimate_emissions again with this version",
        )
    return conform(frame.set_crs("EPSG:4326", allow_override=True))


def lists_as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Copy of a table whose lists are texts, entries separated by blanks: for formats without lists."""
    frame = frame.copy()
    for name in frame.columns:
        if any(isinstance(value, list | tuple | np.ndarray) for value in frame[name]):
            frame[name] = frame[name].map(lambda value: " ".join(str(part) for part in value))
    return frame


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join tables of the same columns; empty ones only count when all are (their columns have no types to offer)."""
    filled = [table for table in tables if len(table)] or list(tables[:1])
    return pd.concat(filled, ignore_index=True)


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write any other table as Parquet, atomically and without the index."""
    with atomic_path(path) as temporary:
        frame.to_parquet(temporary, index=False, compression="zstd")


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a Parquet table."""
    return pd.read_parquet(path)
