"""The tables beside the plume table: their data dictionary, and Parquet files that carry it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from so2plumes.errors import TableError
from so2plumes.files import atomic_path
from so2plumes.table import Column

DICTIONARY = Path(__file__).resolve().parents[1] / "schemas" / "tables.yaml"

_PANDAS_TYPES = {
    "string": "str",
    "int64": "int64",
    "Int64": "Int64",
    "double": "float64",
    "bool": "bool",
    "boolean": "boolean",
    "list<string>": "object",
}


@dataclass(frozen=True)
class TableSpec:
    """One table of the dictionary."""

    name: str
    text: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return [column.name for column in self.columns]


@cache
def table_specs() -> Mapping[str, TableSpec]:
    """Tables of the dictionary by name."""
    document = yaml.safe_load(DICTIONARY.read_text())
    return {
        name: TableSpec(name, entry["text"], tuple(Column(*column) for column in entry["columns"]))
        for name, entry in document.items()
    }


def shaped(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give a table the columns, order and types of the dictionary; ``attrs`` stay.

    Parameters
    ----------
    frame : DataFrame
        A table without rows may lack columns.
    name : str
        Of the table in ``workflow/schemas/tables.yaml``.

    Raises
    ------
    TableError
        When a filled table lacks columns or has others.
    """
    spec = table_specs()[name]
    difference = set(frame.columns) ^ set(spec.names)
    if difference and len(frame):
        raise TableError(
            f"the table {name} does not fit the data dictionary",
            where=DICTIONARY.name,
            expected=", ".join(spec.names),
            found="differing: " + ", ".join(sorted(difference)),
            remedy="describe the column in workflow/schemas/tables.yaml",
        )
    data = {c.name: frame[c.name] if c.name in frame else pd.Series(dtype="object") for c in spec.columns}
    table = pd.DataFrame(data).astype({c.name: _PANDAS_TYPES[c.dtype] for c in spec.columns})
    table.attrs = dict(frame.attrs)
    return table.reset_index(drop=True)


def empty(name: str, **facts: Any) -> pd.DataFrame:
    """Return a table without rows; ``attrs`` are the facts given."""
    table = shaped(pd.DataFrame(), name)
    attributes: dict[Any, Any] = {**facts}
    table.attrs = attributes
    return table


def write_described(frame: pd.DataFrame, name: str, path: str | Path) -> None:
    """Write a table as Parquet with its text, and unit and description of every column, atomically.

    The ``attrs`` of the frame come back with `so2plumes.table.read_table`; the field metadata are those of the
    dictionary. Equal tables are equal bytes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    spec, frame = table_specs()[name], shaped(frame, name)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    fields, arrays = [], []
    for column, field, values in zip(spec.columns, table.schema, table.columns, strict=True):
        kind = pa.list_(pa.string()) if column.dtype == "list<string>" else field.type
        fields.append(pa.field(column.name, kind, metadata={"unit": column.unit, "description": column.text}))
        arrays.append(values.cast(kind) if table.num_rows else pa.array([], kind))
    metadata = {**(table.schema.metadata or {}), b"title": name.encode(), b"description": spec.text.encode()}
    with atomic_path(path) as temporary:
        pq.write_table(pa.table(arrays, schema=pa.schema(fields, metadata=metadata)), temporary, compression="zstd")


def write_csv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV: six significant digits, lists joined by '; ', facts of the table in ``<path>.json``.

    Lists of names longer than the table is useful for (``plume_ids``) are left out.
    """
    text = frame.drop(columns=[name for name in ("plume_ids",) if name in frame])
    for name in text.columns:
        if text[name].map(lambda value: isinstance(value, list | tuple | np.ndarray)).any():
            text[name] = text[name].map(lambda value: "; ".join(str(part) for part in value))
    with atomic_path(path) as temporary:
        text.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
    if frame.attrs:
        facts = json.dumps(_plain(frame.attrs), indent=2, sort_keys=True, allow_nan=False)
        with atomic_path(Path(f"{path}.json")) as temporary:
            temporary.write_text(facts + "\n")


def _plain(value: object) -> object:
    """Return facts as JSON can hold them: what is not a number is null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
