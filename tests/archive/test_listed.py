"""Which periods a new granule list makes anew."""

from __future__ import annotations

import pandas as pd
import pytest

from so2plumes.archive.listed import CHOICE, choice_of, is_current, listed_in, read_listed, write_listed
from so2plumes.files import write_json
from so2plumes.table import write_table

DAY, NEXT = ["2021-03-24"], ["2021-03-25"]


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "granule": ["a", "b", "c"],
            "date": DAY + DAY + NEXT,
            "orbit": [1, 2, 3],
            "selected": [True, False, True],
            "reason": ["", "older", ""],
            "size_bytes": [10, 20, 30],
            "md5": ["0" * 32, "", "1" * 32],
            "product_id": ["p", "q", "r"],
            "online": [True, True, True],
        }
    )


@pytest.mark.parametrize(
    ("column", "value"), [("granule", "z"), ("selected", False), ("reason", "x"), ("size_bytes", 11), ("md5", "2" * 32)]
)
def test_a_changed_row_changes_its_day_only(table, column, value):
    before = listed_in(table)
    table.loc[0, column] = value
    after = listed_in(table)
    assert after.of(DAY) != before.of(DAY)
    assert after.of(NEXT) == before.of(NEXT)
    assert after.of(DAY + NEXT) != before.of(DAY + NEXT)


def test_the_product_counts_where_there_is_no_md5(table):
    before = listed_in(table)
    table.loc[0, ["product_id", "online"]] = ["other", False]
    assert listed_in(table) == before
    table.loc[1, "product_id"] = "other"
    assert listed_in(table).of(DAY) != before.of(DAY)


def test_a_stored_list_says_the_same_and_by_which_choice_it_was_made(table, tmp_path):
    path = tmp_path / "index.parquet"
    assert read_listed(path) is None
    table.attrs = {CHOICE: choice_of("doas", ["020401"])}
    write_table(table, path)
    assert read_listed(path) == listed_in(table)
    assert read_listed(path).choice == choice_of("doas", ["020401"]) != choice_of("doas", ["020500"])


@pytest.mark.parametrize("kept", [None, "", "{", "[]", "{}"])
def test_a_plan_reads_a_small_file_beside_the_list_or_the_list_where_that_is_lost(table, tmp_path, kept):
    path = tmp_path / "index.parquet"
    table.attrs = {CHOICE: "x"}
    write_table(table, path)
    write_listed(table, path)
    if kept is not None:
        path.with_suffix(".json").write_text(kept)
    assert read_listed(path) == listed_in(table)


def test_what_a_plan_reads_needs_no_table(table, tmp_path):
    path = tmp_path / "index.parquet"
    write_listed(table, path)
    path.write_text("a list that nobody reads")
    assert read_listed(path) == listed_in(table)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"listed": ""}'])
def test_a_receipt_that_does_not_say_it_is_not_current(table, tmp_path, content):
    receipt, listed = tmp_path / "receipt.json", listed_in(table)
    assert not is_current(receipt, listed, DAY)
    receipt.write_text(content)
    assert not is_current(receipt, listed, DAY)
    write_json(receipt, {"listed": listed.of(DAY)})
    assert is_current(receipt, listed, DAY)
    assert not is_current(receipt, listed, NEXT)
