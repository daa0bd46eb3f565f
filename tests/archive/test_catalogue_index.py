"""From catalogue entries to the index, its summary, its frozen form, and what changed upstream."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from tests.archive.odata_server import make_product, orbits_of

from so2plumes.archive.catalogue import MonthListing
from so2plumes.archive.catalogue_entry import parse_entry
from so2plumes.archive.catalogue_index import CATALOGUE_COLUMNS, TransferBudget, index_catalogue, summarise
from so2plumes.archive.catalogue_query import CatalogueQuery, month_windows
from so2plumes.archive.changes import compare_indexes
from so2plumes.archive.frozen import CSV_COLUMNS, provenance_of, read_frozen, sidecar_of, write_frozen
from so2plumes.archive.index import INDEX_COLUMNS
from so2plumes.archive.region import parse_region
from so2plumes.errors import GranuleError, TableError
from so2plumes.files import read_json

START, END = date(2020, 3, 1), date(2020, 3, 31)
MARCH = datetime(2020, 3, 1, 0, 20, tzinfo=UTC)
NIGHT = datetime(2020, 3, 5, 23, 59, 58, tzinfo=UTC)


def entries_of(products):
    return [parse_entry(product) for product in products]


def index_of(products, start=START, end=END, **options):
    return index_catalogue(entries_of(products), start, end, **options)


def row_of(products, **options):
    (row,) = index_of(products, **options).table.to_dict("records")
    return row


def frozen(products, path, **options):
    index = index_of(products, **options)
    windows = month_windows(START, END)
    listings = [MonthListing(window, (), "a" * 64, 1, len(index.table)) for window in windows]
    asked = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    provenance = provenance_of(CatalogueQuery(), listings, START, END, processors=["020401"], asked_at=asked)
    write_frozen(index, path, provenance)
    return index, provenance


def test_the_index_has_the_columns_of_every_index_and_those_of_a_download():
    table = index_of(orbits_of(MARCH, 5)).table
    assert tuple(table.columns) == CATALOGUE_COLUMNS
    assert CATALOGUE_COLUMNS[: len(INDEX_COLUMNS)] == INDEX_COLUMNS
    assert table["selected"].all()
    assert str(table["sensing_start"].dtype) == "datetime64[ms, UTC]"


def test_a_row_says_what_the_catalogue_says():
    product = make_product(12345, MARCH, stream="RPRO")
    row = row_of([product])
    assert row["granule"] == product["Name"][:-3]
    assert row["path"] == f"2020/03/01/{product['Name']}"
    assert (row["orbit"], row["stream"], row["collection"], row["processor"]) == (12345, "RPRO", "03", "020401")
    assert (row["product_id"], row["size_bytes"]) == (product["Id"], product["ContentLength"])
    assert row["md5"] == product["Checksum"][0]["Value"]
    assert (row["time_from"], row["online"]) == ("catalogue", True)


def test_the_day_is_that_of_sensing_not_of_the_name():
    product = make_product(12345, datetime(2020, 3, 2, 0, 5, tzinfo=UTC))
    assert "____20200301T" in product["Name"]
    assert row_of([product])["date"] == "2020-03-02"
    assert index_of([product], END, END).table.empty
    assert index_of([product], START, START).table.empty


@pytest.mark.parametrize(
    ("processor", "retrieval"), [("020401", "doas"), ("020601", "doas"), ("020700", "cobra"), ("020800", "cobra")]
)
def test_the_retrieval_follows_from_the_processor(processor, retrieval):
    assert row_of([make_product(12345, MARCH, processor=processor)])["retrieval"] == retrieval


def test_one_granule_stands_for_an_orbit_that_two_processors_made():
    doas = make_product(12345, MARCH, "RPRO", "020401")
    cobra = make_product(
        12345, MARCH + timedelta(seconds=2), "RPRO", "020800", created=datetime(2025, 6, 1, tzinfo=UTC)
    )
    live = make_product(12345, MARCH, "OFFL", "010107")
    table = index_of([cobra, live, doas], processors=["020401"]).table.set_index("processor")
    assert table["selected"].to_dict() == {"020401": True, "020800": False, "010107": False}
    assert table.loc["020800", "reason"] == "processor_not_allowed"
    table = index_of([cobra, live, doas], retrievals=["cobra"]).table.set_index("processor")
    assert table["selected"].to_dict() == {"020401": False, "020800": True, "010107": False}


def test_an_orbit_whose_copies_begin_on_either_side_of_midnight_stands_on_one_day_only():
    offline = make_product(12345, NIGHT, "OFFL")
    again = make_product(12345, NIGHT + timedelta(seconds=4), "RPRO")
    days = [date(2020, 3, 5), date(2020, 3, 6)]
    tables = [index_of([offline, again], day, day).table for day in days]
    assert [len(table) for table in tables] == [1, 1]
    assert [bool(table["selected"].any()) for table in tables] == [False, True]


def test_a_name_listed_twice_is_one_granule_online_and_last_published():
    one = make_product(12345, MARCH, Id="one")
    late = make_product(12345, MARCH, Id="late", PublicationDate="2024-01-01T00:00:00Z")
    away = make_product(12345, MARCH, Id="away", PublicationDate="2025-01-01T00:00:00Z", Online=False)
    for order in ([one, late, away], [away, late, one]):
        assert row_of(order)["product_id"] == "late"


def test_a_tie_of_different_granules_is_an_error():
    one = make_product(12345, MARCH, created=datetime(2022, 1, 1, tzinfo=UTC))
    two = make_product(12345, MARCH + timedelta(seconds=1), created=datetime(2022, 1, 1, tzinfo=UTC))
    with pytest.raises(GranuleError, match="two granules of orbit 12345"):
        index_of([one, two])


def test_a_region_keeps_the_granules_whose_outline_meets_it():
    products = orbits_of(MARCH, 28)
    products[3]["Footprint"] = products[3]["GeoFootprint"] = None
    region = parse_region([10, 36, 20, 40])
    index = index_of(products, region=region)
    assert index.outside_region == 28 - len(index.table)
    assert 2 <= len(index.table) <= 8, "some orbits of two days, and the one without an outline"
    assert products[3]["Name"][:-3] in set(index.table["granule"])
    for row in index.table.to_dict("records"):
        assert region.meets(row["footprint"])
    assert any(line == f"outside the region: {index.outside_region} granules" for line in summarise(index, START, END))


def test_the_region_has_no_part_in_the_selection():
    inside = {"GeoFootprint": {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]]}}
    outside = {"GeoFootprint": {"type": "Polygon", "coordinates": [[[90, 0], [99, 0], [99, 9], [90, 9], [90, 0]]]}}
    pair = [make_product(12345, MARCH, "OFFL", **inside), make_product(12345, MARCH, "RPRO", **outside)]
    table = index_of(pair, region=parse_region([1, 1, 5, 5])).table
    assert table["stream"].tolist() == ["OFFL"]
    assert not table["selected"].any()


def test_nothing_is_an_empty_index():
    index = index_of([])
    assert index.table.empty
    assert tuple(index.table.columns) == CATALOGUE_COLUMNS
    lines = summarise(index, START, END)
    assert "0 granules found" in lines[0]
    assert lines[-1] == "nothing to fetch"


def test_the_summary_tells_granules_gaps_and_processors_by_month():
    products = [
        *orbits_of(MARCH, 10, processor="020401", stream="RPRO"),
        *orbits_of(datetime(2020, 4, 2, tzinfo=UTC), 5, first=12500, processor="020800"),
        make_product(12000, MARCH, "OFFL"),
    ]
    lines = summarise(index_of(products, START, date(2020, 4, 3)), START, date(2020, 4, 3))
    text = "\n".join(lines)
    assert "16 granules found, 15 selected, 9 GB, 2 of 34 days with data" in text
    assert "days without data: 32 (2020-03-02..2020-04-01, 2020-04-03)" in text
    assert "2020-03: RPRO 020401 doas: 10" in lines
    assert "2020-04: OFFL 020800 cobra: 5" in lines
    assert "not selected, duplicate: 1 granules" in lines


def test_the_budget_of_a_small_campaign_is_its_time_and_its_share_of_the_quota():
    products = orbits_of(MARCH, 10, ContentLength=600_000_000)
    lines = summarise(index_of(products), START, END)
    assert "to fetch: 6 GB, at least 2 min with 4 connections of 20 MB/s" in lines  # 6e9 / 80e6 = 75 s
    assert "quota: 0.1% of 12 TB in 30 days" in lines


def test_the_budget_of_six_years_needs_two_windows():
    products = orbits_of(MARCH, 20, ContentLength=935_000_000_000)
    lines = summarise(index_of(products), START, END)
    assert "to fetch: 18.7 TB, at least 2.7 days with 4 connections of 20 MB/s" in lines  # 64.9 h
    assert "quota: 2 windows of 12 TB in 30 days, so at least 31.0 days in all" in lines  # 30 + 6.7e12 / 80e6 s
    free = summarise(index_of(products), START, END, TransferBudget(connections=1, quota_bytes=1e15))
    assert "to fetch: 18.7 TB, at least 10.8 days with 1 connections of 20 MB/s" in free


def test_what_the_catalogue_does_not_know_is_said():
    products = [
        make_product(12000, MARCH, ContentLength=0, Checksum=None),
        make_product(12001, MARCH + timedelta(hours=2), ContentLength=500_000_000, Online=False, GeoFootprint=None),
        make_product(12002, MARCH + timedelta(hours=4), ContentLength=700_000_000),
    ]
    products[1]["Footprint"] = None
    text = "\n".join(summarise(index_of(products), START, END))
    assert "3 selected, 1.8 GB" in text, "the unknown size counts as the mean"
    for said in ("without a size", "without a checksum", "without an outline", "not online"):
        assert f"{said}" in text
        assert text.split(said)[1].splitlines()[0].endswith(": 1")


def test_a_frozen_index_comes_back_as_it_was(tmp_path):
    products = orbits_of(MARCH, 20)
    products[2] |= {"Checksum": None, "PublicationDate": None, "GeoFootprint": None, "Footprint": None}
    index, provenance = frozen(products, tmp_path / "index.csv")
    again = read_frozen(tmp_path / "index.csv")
    pd.testing.assert_frame_equal(again.table, index.table)
    assert again.provenance == provenance
    assert pd.isna(again.table["publication_date"]).sum() == 1


def test_a_frozen_index_is_a_csv_that_people_can_read_and_compare(tmp_path):
    products = orbits_of(MARCH, 6)
    frozen(products, tmp_path / "one.csv")
    frozen(products[::-1], tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    header, *lines = (tmp_path / "one.csv").read_text().splitlines()
    assert header.split(",") == list(CSV_COLUMNS)
    assert len(lines) == 6
    assert lines == sorted(lines), "in time order"
    assert lines[0].startswith("2020-03-01,2020-03-01T00:20:00.000Z,12000,S5P_OFFL_L2__SO2____20200229T")
    assert ",true,," in lines[0]
    products[0]["ContentLength"] += 1
    frozen(products, tmp_path / "two.csv")
    changed = set((tmp_path / "two.csv").read_text().splitlines()) - set(lines)
    assert len(changed - {header}) == 1, "one line per granule"


def test_the_sidecar_says_where_the_index_comes_from(tmp_path):
    frozen(orbits_of(MARCH, 6), tmp_path / "index.csv")
    document = read_json(sidecar_of(tmp_path / "index.csv"))
    assert document["counts"] == {"granules": 6, "selected": 6, "selected_bytes": 3_600_072_015}
    origin = document["provenance"]
    assert origin["asked_at"] == "2026-01-02T03:04:05.000Z"
    assert origin["source"].startswith("https://catalogue.dataspace.copernicus.eu/odata")
    assert origin["processors"] == ["020401"]
    assert origin["months"][0]["sha256"] == "a" * 64
    assert "L2__SO2___" in origin["months"][0]["filter"]


def test_an_edited_index_is_refused_and_one_without_sidecar_is_taken(tmp_path, caplog):
    path = tmp_path / "index.csv"
    frozen(orbits_of(MARCH, 6), path)
    path.write_text(path.read_text().replace(",true,", ",false,", 1))
    with pytest.raises(TableError, match="not the file that was written"):
        read_frozen(path)
    sidecar_of(path).unlink()
    assert read_frozen(path).provenance is None
    assert "no sidecar" in caplog.text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("granule", "name", "lacks columns"), (",true,", ",perhaps,", "neither true nor false"), (",12000,", ",x,", "x")],
)
def test_a_broken_index_is_named(tmp_path, old, new, said):
    path = tmp_path / "index.csv"
    frozen(orbits_of(MARCH, 6), path)
    sidecar_of(path).unlink()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(TableError, match=said):
        read_frozen(path)
    with pytest.raises(TableError, match="absent"):
        read_frozen(tmp_path / "other.csv")


def changes_of(before, after, **options):
    return compare_indexes(index_of(before, **options).table, index_of(after, **options).table)


def test_equal_indexes_have_no_changes():
    products = orbits_of(MARCH, 6)
    changes = changes_of(products, products)
    assert not changes
    assert changes.lines() == ["nothing changed upstream"]


def test_new_and_vanished_granules_are_told():
    products = orbits_of(MARCH, 6)
    changes = changes_of(products[:5], products[1:])
    assert [change.subject for change in changes.new] == [products[5]["Name"][:-3]]
    assert [change.subject for change in changes.vanished] == [products[0]["Name"][:-3]]
    assert [change.subject for change in changes.selection] == ["orbit 12000", "orbit 12005"]
    lines = changes.lines()
    assert lines[0] == "changed upstream: 1 new, 1 vanished, 0 replaced, 2 orbits with another selection"
    assert f"vanished: 2020-03-01 {products[0]['Name'][:-3]} (selected)" in lines
    assert f"selection changed: 2020-03-01 orbit 12000 ({products[0]['Name'][:-3]} -> none)" in lines


def test_a_granule_with_other_content_is_replaced():
    products = orbits_of(MARCH, 3)
    other = [dict(product) for product in products]
    other[1] |= {"ContentLength": 5, "Checksum": None}
    changes = changes_of(products, other)
    (change,) = changes.replaced
    assert change.subject == products[1]["Name"][:-3]
    assert change.what == f"size 600012001 -> 5, MD5 {products[1]['Checksum'][0]['Value']} -> none"
    assert (changes.new, changes.vanished, changes.selection) == ((), (), ())


def test_a_granule_that_was_made_again_is_replaced_and_selected():
    before = make_product(12345, MARCH)
    after = make_product(12345, MARCH, created=datetime(2024, 1, 1, tzinfo=UTC))
    changes = changes_of([before], [after])
    (change,) = changes.replaced
    assert change.subject == after["Name"][:-3]
    assert change.what == f"made again, was {before['Name'][:-3]}"
    assert [c.what for c in changes.selection] == [f"{before['Name'][:-3]} -> {after['Name'][:-3]}"]
    assert (changes.new, changes.vanished) == ((), ())


def test_another_processor_of_an_orbit_is_new_and_may_change_the_selection():
    doas = make_product(12345, MARCH, "OFFL", "020401")
    cobra = make_product(12345, MARCH, "RPRO", "020800")
    changes = changes_of([doas], [doas, cobra])
    assert [change.subject for change in changes.new] == [cobra["Name"][:-3]]
    assert len(changes.selection) == 1
    pinned = changes_of([doas], [doas, cobra], processors=["020401"])
    assert pinned.selection == ()
    assert pinned.new[0].what == "not selected"


def test_many_changes_are_counted_not_listed():
    lines = changes_of(orbits_of(MARCH, 50), []).lines(most=3)
    assert "vanished: 47 more" in lines
    assert len(lines) == 1 + 2 * 4


def test_a_month_of_440_granules_is_indexed_quickly(tmp_path):
    products = orbits_of(MARCH, 440)
    begun = time.process_time()
    index, _ = frozen(products, tmp_path / "index.csv", region=parse_region([10, 36, 20, 40]))
    read_frozen(tmp_path / "index.csv")
    assert time.process_time() - begun < 10
    assert 30 < len(index.table) < 200
