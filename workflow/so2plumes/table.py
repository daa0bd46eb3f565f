"""The plume table: its data dictionary and its Parquet form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from so2plumes.errors import TableError
from so2plumes.files import atomic_path
from so2plumes.made_by import MadeBy, to_field

if TYPE_CHECKING:
    import geopandas as gpd
    import pyarrow as pa

DICTIONARY = Path(__file__).resolve().parents[1] / "schemas" / "plumes.yaml"

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
    data = {name: [row[name] for row in rows] for name in names if name != "geometry"}
    frame = gpd.GeoDataFrame(data, geometry=[row["geometry"] for row in rows], crs="EPSG:4326")
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


def _described(table: pa.Table, records: Iterable[MadeBy]) -> pa.Table:
    import pyarrow as pa

    known = {column.name: column for column in plume_columns()}
    fields, arrays = [], []
    for field, values in zip(table.schema, table.columns, strict=True):
        column = known.get(field.name)
        kind = pa.list_(pa.string()) if column and column.dtype == "list<string>" else field.type
        meta = {"unit": column.unit, "description": column.text} if column else None
        fields.append(pa.field(field.name, kind, field.nullable, metadata=meta))
        arrays.append(values.cast(kind) if table.num_rows else pa.array([], kind))
    metadata = {**(table.schema.metadata or {}), **to_field(records)}
    return pa.table(arrays, schema=pa.schema(fields, metadata=metadata))


def write_plumes(frame: gpd.GeoDataFrame, path: str | Path, made_by: Iterable[MadeBy] = ()) -> None:
    """Write GeoParquet with unit and description on every field, and what made it, atomically.

    The file depends on its content only, so equal tables are equal bytes.
    """
    import pyarrow.parquet as pq

    with atomic_path(path) as temporary:
        frame.to_parquet(temporary, index=False, compression="zstd", schema_version="1.1.0", write_covering_bbox=True)
        table = pq.read_table(temporary)
        pq.write_table(_described(table, made_by), temporary, compression="zstd")


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
    return conform(frame)


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
