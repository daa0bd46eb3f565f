"""One granule per orbit by the pinned rule: processor, stream, creation time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.archive.select import select_granules, stream_rank
from so2plumes.errors import GranuleError


def table_of(*rows: tuple[int, str, str, str]) -> pd.DataFrame:
    """Candidates from (orbit, stream, processor, creation day)."""
    return pd.DataFrame(
        [
            {
                "granule": f"g{number}",
                "path": f"folder{number}/g{number}.nc",
                "orbit": orbit,
                "stream": stream,
                "processor": processor,
                "retrieval": "cobra" if processor >= "020700" else "doas",
                "created": pd.Timestamp(created, tz="UTC"),
            }
            for number, (orbit, stream, processor, created) in enumerate(rows)
        ]
    )


def chosen(*rows: tuple[int, str, str, str], **options) -> list[str]:
    table = select_granules(table_of(*rows), **options)
    return table.loc[table["selected"], "granule"].tolist()


def test_streams_are_ranked():
    order = ["RPRO", "OFFL", "PAL_", "NRTI", "TEST", "unknown"]
    assert sorted(reversed(order), key=stream_rank) == order


@pytest.mark.parametrize("streams", [("NRTI", "OFFL", "RPRO"), ("RPRO", "NRTI", "OFFL"), ("OFFL", "RPRO", "NRTI")])
def test_reprocessed_wins_over_newer_offline_and_near_real_time(streams):
    days = {"RPRO": "2023-02-01", "OFFL": "2024-01-01", "NRTI": "2025-01-01"}
    rows = [(1, stream, "020401", days[stream]) for stream in streams]
    assert chosen(*rows) == [f"g{streams.index('RPRO')}"]


def test_the_newest_creation_wins_within_a_stream():
    rows = [(1, "RPRO", "020401", day) for day in ("2023-02-01", "2023-02-03", "2023-02-02")]
    assert chosen(*rows) == ["g1"]


def test_a_second_of_difference_decides():
    assert chosen((1, "RPRO", "020401", "2023-02-01T00:00:00"), (1, "RPRO", "020401", "2023-02-01T00:00:01")) == ["g1"]


def test_the_order_of_the_processors_decides_within_a_stream():
    rows = [(1, "OFFL", "020401", "2023-02-01"), (1, "OFFL", "020601", "2022-01-01")]
    assert chosen(*rows, processors=["020601", "020401"]) == ["g1"]
    assert chosen(*rows, processors=["020401", "020601"]) == ["g0"]
    assert chosen(*rows) == ["g0"], "without a list no version is better, so the newest creation wins"


def test_the_stream_decides_before_the_processor():
    rows = [(1, "RPRO", "020401", "2023-02-01"), (1, "OFFL", "020601", "2022-01-01")]
    assert chosen(*rows, processors=["020601", "020401"]) == ["g0"]


def test_a_granule_that_cannot_be_read_gives_way_to_one_that_can():
    table = table_of((1, "RPRO", "020401", "2023-02-01"), (1, "OFFL", "020401", "2022-01-01"))
    table["time_from"] = ["name", "file"]
    assert select_granules(table)["selected"].tolist() == [False, True]


def test_what_is_not_allowed_has_its_reason():
    rows = [
        (1, "RPRO", "020800", "2025-06-01"),
        (1, "RPRO", "020401", "2023-02-01"),
        (2, "RPRO", "020800", "2025-06-01"),
    ]
    table = select_granules(table_of(*rows), processors=["020401"])
    assert table["selected"].tolist() == [False, True, False]
    assert table["reason"].tolist() == ["processor_not_allowed", "", "processor_not_allowed"]
    table = select_granules(table_of(*rows), retrievals=["doas"])
    assert table["reason"].tolist() == ["retrieval_not_allowed", "", "retrieval_not_allowed"]
    assert chosen(*rows, retrievals=["cobra"]) == ["g0", "g2"]


def test_a_duplicate_names_its_winner():
    table = select_granules(table_of((1, "OFFL", "020401", "2024-01-01"), (1, "RPRO", "020401", "2023-01-01")))
    assert table["reason"].tolist() == ["duplicate_of_g1", ""]


def test_a_tie_is_an_error_that_names_both():
    rows = [
        (5, "RPRO", "020401", "2023-02-01"),
        (6, "RPRO", "020401", "2023-02-01"),
        (6, "RPRO", "020401", "2023-02-01"),
    ]
    with pytest.raises(GranuleError, match="orbit 6") as caught:
        select_granules(table_of(*rows))
    assert caught.value.reason == "tie"
    assert caught.value.where == "folder1/g1.nc and folder2/g2.nc"


def test_a_tie_below_the_winner_is_none():
    rows = [(6, "OFFL", "020401", "2023-02-01")] * 2 + [(6, "RPRO", "020401", "2023-02-01")]
    assert chosen(*rows) == ["g2"]


def test_a_tie_of_what_is_not_allowed_is_none():
    assert chosen(*[(6, "RPRO", "020800", "2025-02-01")] * 2, processors=["020401"]) == []


def test_two_allowed_processors_without_a_list_can_tie():
    with pytest.raises(GranuleError):
        chosen((6, "RPRO", "020401", "2023-02-01"), (6, "RPRO", "020500", "2023-02-01"))


def test_nothing_stays_nothing():
    table = select_granules(table_of().reindex(columns=["granule", "path", "orbit"]))
    assert table.empty
    assert {"selected", "reason"} <= set(table.columns)


def test_the_input_is_left_as_it_was():
    rows = table_of((1, "RPRO", "020401", "2023-02-01"))
    select_granules(rows)
    assert "selected" not in rows.columns


candidates = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.sampled_from(["RPRO", "OFFL", "NRTI"]),
        st.sampled_from(["020401", "020601", "020800"]),
        st.sampled_from(["2023-01-01", "2024-01-01"]),
    ),
    min_size=1,
    max_size=10,
    unique=True,
)


@settings(max_examples=40, deadline=None)
@given(candidates, st.randoms(use_true_random=False))
def test_one_per_orbit_whatever_the_order(rows, random):
    processors = ["020601", "020401"]
    table = select_granules(table_of(*rows), processors)
    allowed = table[table["processor"].isin(processors)]
    assert sorted(table.loc[table["selected"], "orbit"]) == sorted(set(allowed["orbit"]))
    assert (table["reason"] == "").tolist() == table["selected"].tolist()
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = select_granules(table_of(*rows).iloc[order], processors).sort_index()
    np.testing.assert_array_equal(shuffled["selected"], table["selected"])
    np.testing.assert_array_equal(shuffled["reason"], table["reason"])
