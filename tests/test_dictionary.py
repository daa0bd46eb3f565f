"""The dictionary of the tables beside the plumes."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from so2plumes.dictionary import empty, shaped, table_specs, write_csv, write_described
from so2plumes.errors import TableError
from so2plumes.table import read_table

FRAME = pd.DataFrame({"plume_id": ["a", "b"], "row": [1, 2], "column": [3, 4], "share": [0.25, 1 / 3]})


def test_every_column_has_a_text_and_a_known_type():
    for spec in table_specs().values():
        assert len(set(spec.names)) == len(spec.names)
        assert spec.text
        assert all(column.text for column in spec.columns), spec.name
        write = empty(spec.name)
        assert list(write.columns) == spec.names


@pytest.mark.parametrize("name", sorted(table_specs()))
def test_empty_tables_keep_types_and_facts_on_disk(tmp_path, name):
    path = tmp_path / "table.parquet"
    write_described(empty(name, available=False, radius_km=50.0), name, path)
    again = read_table(path)
    assert again.attrs == {"available": False, "radius_km": 50.0}
    assert (again.dtypes == empty(name).dtypes).all()
    for column, field in zip(table_specs()[name].columns, pq.read_schema(path), strict=True):
        assert field.metadata == {b"unit": column.unit.encode(), b"description": column.text.encode()}


def test_tables_come_back_and_equal_ones_are_equal_bytes(tmp_path):
    frame = FRAME.copy()
    frame.attrs = {"available": True, "median": 0.5}
    for name in ("one", "two"):
        write_described(frame, "plume_cells", tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    again = read_table(tmp_path / "one")
    pd.testing.assert_frame_equal(again, shaped(FRAME, "plume_cells"))
    assert again.attrs == frame.attrs


def test_a_column_that_is_not_described_is_refused():
    with pytest.raises(TableError, match="extra"):
        shaped(FRAME.assign(extra=1), "plume_cells")


def test_csv_has_lists_as_text_and_facts_beside_it(tmp_path):
    frame = pd.DataFrame({"x": [1 / 3, np.nan], "names": [["a", "b"], []], "plume_ids": [["p"], ["q"]]})
    frame.attrs = {"ratio": float("nan"), "rule": {"days": 3}}
    write_csv(frame, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "x,names\n0.333333,a; b\n,\n"
    assert json.loads((tmp_path / "t.csv.json").read_text()) == {"ratio": None, "rule": {"days": 3}}
