"""The granule list of a bucket: layouts, pages, days, and what a wrong configuration leads to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from tests.archive.s3_server import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server, Trouble, error_body

from so2plumes.archive.catalogue_index import CATALOGUE_COLUMNS, CatalogueIndex, TransferBudget, summarise
from so2plumes.archive.changes import compare_indexes
from so2plumes.archive.frozen import read_frozen, write_frozen
from so2plumes.archive.index import build_index
from so2plumes.archive.region import parse_region
from so2plumes.archive.s3_index import (
    S3Listing,
    entries_of,
    index_bucket,
    list_bucket,
    provenance_of_bucket,
    remarks,
)
from so2plumes.archive.s3_store import Retrying, S3Bucket, S3Object
from so2plumes.config import parse_config
from so2plumes.errors import ConfigError
from so2plumes.http import RemoteError

DAY = date(2021, 9, 20)
YEARS = (date(2021, 1, 1), date(2022, 12, 31))
OFFL = "OFFL/L2__SO2___/{year}/{month}/{day}/"
RPRO = "RPRO/L2__SO2___/{year}/{month}/{day}/"
CDSE = "Sentinel-5P/TROPOMI/L2__SO2___/{year}/{month}/{day}/"
QUICK = Retrying(attempts=3, first_wait_s=0.01, longest_wait_s=0.02)


@pytest.fixture(scope="module")
def running() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def server(running: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    yield running
    running.reset()


@pytest.fixture
def bucket(server: S3Server) -> S3Bucket:
    return S3Bucket(BUCKET, server.url, REGION, retrying=QUICK)


def stem(start: str = "20210920T131614", orbit: int = 20404, stream: str = "OFFL", processor: str = "020201") -> str:
    stop = datetime.strptime(start, "%Y%m%dT%H%M%S") + timedelta(seconds=6090)
    return f"S5P_{stream}_L2__SO2____{start}_{stop:%Y%m%dT%H%M%S}_{orbit:05d}_02_{processor}_20210922T055432"


def index(bucket: S3Bucket, *prefixes: str, start: date = DAY, end: date = DAY, **choice) -> CatalogueIndex:
    listings = list_bucket(bucket, prefixes or (OFFL,), start, end)
    return index_bucket(entries_of(bucket, listings), start, end, **choice)


@pytest.mark.parametrize(
    "key",
    [
        f"Sentinel-5P/TROPOMI/L2__SO2___/2021/09/20/{stem()}.nc",
        f"Sentinel-5P/TROPOMI/L2__SO2___/2021/09/20/{stem()}/{stem()}.nc",
        f"Sentinel-5P/TROPOMI/L2__SO2___/2021/09/20/{stem()}.nc/{stem()}.nc",
    ],
)
def test_both_layouts_are_found(server, bucket, key):
    server.put(key, b"content")
    server.put(key.replace(".nc", ".cdl").replace(".cdl/", ".nc/"), b"a description")
    server.put("Sentinel-5P/TROPOMI/L2__SO2___/2021/09/20/notes.txt", b"no granule")
    (row,) = index(bucket, CDSE).table.itertuples()
    assert (row.granule, row.size_bytes, row.s3_path) == (stem(), 7, f"s3://{BUCKET}/{key}")
    assert (row.md5, row.product_id) == ("9a0364b9e99bb480dd25e1f0284c8555",) * 2
    assert (row.date, row.time_from, row.selected) == ("2021-09-20", "name", True)
    assert row.sensing_start == pd.Timestamp("2021-09-20T13:37:44Z")


def test_the_folder_of_a_product_is_no_empty_copy_of_it(server, bucket):
    folder = f"Sentinel-5P/TROPOMI/L2__SO2___/2021/09/20/{stem()}.nc/"
    server.put(folder, b"")
    server.put(f"{folder}{stem()}.nc", b"content")
    table = index(bucket, CDSE).table
    assert list(table["selected"]) == [True]


def test_more_than_a_page(server, bucket):
    names = [
        stem(f"2021092{day}T{h:02d}{m:02d}00", 10_000 * day + 60 * h + m)
        for day in (0, 1)
        for h in range(23)
        for m in range(0, 60, 6)
    ]
    server.put_many([f"OFFL/L2__SO2___/2021/09/20/{name}{end}" for name in names for end in (".nc", ".cdl", ".md5")])
    table = index(bucket, "OFFL/L2__SO2___/{year}/", end=date(2021, 9, 21)).table
    assert len(names) * 3 == 1380
    assert sorted(table["granule"]) == sorted(names)
    pages = [asked for asked in server.asked if "list-type" in asked.query]
    assert ["continuation-token" in asked.query for asked in pages] == [False, True]


def test_days_around_the_period_are_listed_and_their_copies_compete(server, bucket):
    before, after = stem("20210919T233820", 20396, "RPRO", "020401"), stem("20210919T233840", 20396)
    server.put(f"RPRO/L2__SO2___/2021/09/19/{before}.nc", b"reprocessed")
    server.put(f"OFFL/L2__SO2___/2021/09/19/{after}.nc", b"offline")
    table = index(bucket, OFFL, RPRO).table
    assert list(zip(table["granule"], table["reason"], strict=True)) == [(after, f"duplicate_of_{before}")]
    listed = {asked.query["prefix"][0] for asked in server.asked if "prefix" in asked.query}
    assert listed == {f"{s}/L2__SO2___/2021/09/{d}/" for s in ("OFFL", "RPRO") for d in (19, 20, 21)}


def test_a_prefix_may_end_in_a_name_and_needs_no_date(server, bucket):
    server.put(f"OFFL/L2__SO2___/2021/09/20/{stem()}.nc", b"wanted")
    server.put(f"OFFL/L2__SO2___/2021/09/20/{stem('20210920T145744', 20405)}.nc", b"not wanted")
    fixed = "OFFL/L2__SO2___/2021/09/20/S5P_OFFL_L2__SO2____20210920T13"
    table = index(bucket, fixed, start=date(2021, 1, 1), end=date(2021, 12, 31)).table
    assert list(table["granule"]) == [stem()]
    assert len(server.asked) == 1


def test_slices_are_left_out_unless_their_stream_is_named(server, bucket):
    name = stem(stream="NRTI")
    for folder in ("Sentinel-5P/TROPOMI/L2__SO2___", "NRTI/L2__SO2___"):
        server.put(f"{folder}/2021/09/20/{name}.nc", b"slice")
    assert index(bucket, CDSE).table.empty
    assert list(index(bucket, "NRTI/L2__SO2___/{year}/{month}/{day}/").table["granule"]) == [name]


def test_an_object_without_bytes_stands_for_no_orbit(server, bucket):
    hollow, whole, lost = stem(stream="RPRO", processor="020401"), stem(), stem("20210920T145744", 20405)
    server.put(f"RPRO/L2__SO2___/2021/09/20/{hollow}.nc", b"")
    server.put(f"OFFL/L2__SO2___/2021/09/20/{whole}.nc", b"content")
    server.put(f"OFFL/L2__SO2___/2021/09/20/{lost}.nc", b"")
    found = index(bucket, OFFL, RPRO)
    rows = found.table.set_index("granule")[["selected", "reason"]].T.to_dict("list")
    assert rows == {hollow: [False, "empty_object"], whole: [True, ""], lost: [False, "empty_object"]}
    assert "not selected, empty_object: 2 granules" in summarise(found, DAY, DAY)


def test_only_empty_objects(server, bucket):
    server.put(f"OFFL/L2__SO2___/2021/09/20/{stem()}.nc", b"")
    table = index(bucket).table
    assert list(table["reason"]) == ["empty_object"]
    assert tuple(table.columns) == CATALOGUE_COLUMNS


def test_parts_have_no_checksum_and_are_told_apart_by_etag(server, bucket):
    key = f"OFFL/L2__SO2___/2021/09/20/{stem()}.nc"
    server.put_in_parts(key, b"one version")
    first = index(bucket).table
    assert (first["md5"].item(), first["product_id"].item()[-2:]) == ("", "-1")
    server.put_in_parts(key, b"the other 1")
    changes = compare_indexes(first, index(bucket).table)
    assert [change.subject for change in changes.replaced] == [stem()]


def test_the_frozen_list_is_the_same_for_the_same_bucket(server, bucket, tmp_path):
    server.put(f"OFFL/L2__SO2___/2021/09/20/{stem()}.nc", b"content")
    origins = []
    for name in ("a.csv", "b.csv"):
        listings = list_bucket(bucket, [OFFL, "OFFL/L2__SO2___/2021/09/20/x"], DAY, DAY)
        origins.append(provenance_of_bucket(bucket, listings, DAY, DAY, asked_at=datetime(2026, 1, 1, tzinfo=UTC)))
        write_frozen(index_bucket(entries_of(bucket, listings), DAY, DAY), tmp_path / name, origins[-1])
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    read = read_frozen(tmp_path / "a.csv")
    assert read.provenance == origins[0] == origins[1]
    assert read.provenance.source == f"{server.url}/{BUCKET}"
    assert [(month.month, month.products) for month in read.provenance.months] == [("2021-09", 1), ("undated", 0)]


def test_the_digest_of_a_listing_changes_with_its_content(bucket, server):
    server.put("OFFL/a/x", b"1")
    before = S3Listing("m", ("p",), tuple(bucket.objects("OFFL/a"))).sha256
    server.put("OFFL/a/x", b"2")
    assert S3Listing("m", ("p",), tuple(bucket.objects("OFFL/a"))).sha256 != before


def test_the_summary_says_what_a_store_does_not_know(server, bucket):
    server.put(f"OFFL/L2__SO2___/2021/09/20/{stem()}.nc", b"content")
    region = parse_region([170.0, -10.0, 171.0, -9.0])
    found = index(bucket, region=region)
    assert found.table["selected"].all()
    lines = "\n".join(summarise(found, DAY, DAY, TransferBudget(2, quota_bytes=None)) + remarks(region))
    assert "with 2 connections" in lines
    assert "every granule is fetched, then cut to the region" in lines
    assert "21.5 minutes after the orbit in the name" in lines
    assert "quota" not in lines
    assert "quota" in "\n".join(summarise(found, DAY, DAY, TransferBudget(4)))


def test_a_prefix_without_objects_is_said(server, bucket, caplog):
    server.put(f"OFFL/L2__SO2___/2021/09/20/{stem()}.nc", b"content")
    caplog.set_level("INFO")
    assert len(index(bucket, OFFL, RPRO).table) == 1
    assert [r.message for r in caplog.records if r.levelname == "WARNING"] == [
        f"no object of the bucket {BUCKET} begins with {RPRO}"
    ]


def test_nothing_of_the_environment_but_the_keys_counts(server, bucket, monkeypatch):
    server.put(f"OFFL/L2__SO2___/2021/09/20/{stem()}.nc", b"content")
    for name, text in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_REGION": "elsewhere-1",
        "AWS_BUCKET": "another",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    }.items():
        monkeypatch.setenv(name, text)
    assert len(index(bucket).table) == 1


def test_a_public_bucket_is_asked_without_keys(server, monkeypatch):
    server.public = True
    server.put(f"OFFL/L2__SO2___/2021/09/20/{stem()}.nc", b"content")
    open_bucket = S3Bucket(BUCKET, server.url, REGION, anonymous=True)
    assert len(index(open_bucket).table) == 1
    assert not any("authorization" in asked.headers for asked in server.asked)


WRONG = {
    "bucket": ({"name": "another-bucket"}, {}, "archive.bucket", "NoSuchBucket"),
    "region": ({"region": "us-east-1"}, {}, "archive.s3_region", "expecting 'eu-central-1'"),
    "address": ({"endpoint": "http://127.0.0.1:9"}, {}, "archive.s3_endpoint", "error sending request"),
    "no keys for a closed bucket": ({"anonymous": True}, {}, "archive.anonymous", "403 AccessDenied Access Denied"),
    "unknown key": ({}, {"AWS_ACCESS_KEY_ID": "AKIDUNKNOWN"}, "archive.credentials", "InvalidAccessKeyId"),
    "wrong secret": ({}, {"AWS_SECRET_ACCESS_KEY": "wrong"}, "archive.credentials", "SignatureDoesNotMatch"),
    "old token": ({}, {"AWS_SESSION_TOKEN": "old"}, "archive.credentials", "ExpiredToken"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_key(server, bucket, monkeypatch, name):
    changes, environment, key, words = WRONG[name]
    for variable, text in environment.items():
        monkeypatch.setenv(variable, text)
    settings = {"name": BUCKET, "endpoint": server.url, "region": REGION, "retrying": QUICK} | changes
    with pytest.raises(ConfigError) as error:
        index(S3Bucket(**settings))
    assert error.value.where == key
    assert words in error.value.found


ANSWERS = {
    "another region without keys": (
        Trouble(301, error_body("PermanentRedirect", "Use the specified endpoint.")),
        "archive.s3_region",
    ),
    "a page with 200": (Trouble(200, b"<html><title>Log in</title></html>"), "archive.s3_endpoint"),
    "a page with 404": (Trouble(404, b"<html><title>Not here</title></html>"), "archive.s3_endpoint"),
    "no list": (Trouble(200, b"\x00\x01\x02"), "archive.s3_endpoint"),
    "forbidden": (Trouble(403, error_body("AccessDenied", "Access Denied")), "archive.credentials"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_is_no_list_is_no_empty_archive(server, bucket, name):
    server.always, key = ANSWERS[name]
    with pytest.raises(ConfigError) as error:
        index(bucket)
    assert error.value.where == key


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_store_is_asked_again(server, bucket, status):
    server.put(f"OFFL/L2__SO2___/2021/09/20/{stem()}.nc", b"content")
    server.troubles[f"/{BUCKET}"] = [Trouble(status, error_body("SlowDown", "Please reduce your request rate."))]
    assert len(index(bucket).table) == 1
    server.always = Trouble(status, error_body("SlowDown", "Please reduce your request rate."))
    with pytest.raises(RemoteError, match="reduce your request rate"):
        index(bucket)


@pytest.mark.parametrize("prefix", ["OFFL", "", "/", "a/{yaer}/", "a/{year", "a/{}/"])
def test_a_prefix_that_cannot_be_listed_is_refused_before_anything_runs(prefix):
    values = {"campaign": {"start": DAY, "end": DAY}, "archive": {"source": "s3", "prefixes": [prefix]}}
    with pytest.raises(ConfigError, match=r"archive\.prefixes"):
        parse_config(values)


@pytest.mark.parametrize("endpoint", ["eodata.dataspace.copernicus.eu", "ftp://host", "http://store.example.org"])
def test_an_endpoint_to_which_keys_would_not_be_shown_is_refused(endpoint):
    with pytest.raises(ConfigError) as error:
        S3Bucket(BUCKET, endpoint)
    assert error.value.where == "archive.s3_endpoint"


def test_addresses():
    amazon = S3Bucket("meeo-s5p", None, "eu-central-1", anonymous=True)
    assert amazon.address("OFFL/a b.nc") == "https://s3.eu-central-1.amazonaws.com/meeo-s5p/OFFL/a%20b.nc"
    assert S3Bucket("eodata", "https://eodata.dataspace.copernicus.eu/").address("x") == (
        "https://eodata.dataspace.copernicus.eu/eodata/x"
    )
    assert S3Bucket("b", "http://minio.local:9000", anonymous=True).address("x") == "http://minio.local:9000/b/x"


def test_sensing_times_taken_from_names_are_close_to_those_of_files(add, midnight_orbit, late_orbit, tmp_path):
    """Also the day is right for the orbit that begins before midnight and measures after it."""
    for orbit in (midnight_orbit, late_orbit[0], 17849):
        add(tmp_path, orbit, scanline=0)
    items = [S3Object(path.name, 1, "e", None) for path in tmp_path.glob("*.nc")]
    taken = index_bucket(entries_of(S3Bucket("b"), [S3Listing("m", ("p",), tuple(items))]), *YEARS).table
    read = build_index(tmp_path, *YEARS)
    assert list(taken["granule"]) == list(read["granule"])
    assert list(taken["date"]) == list(read["date"])
    assert (taken["sensing_start"] - read["sensing_start"]).abs().max() < timedelta(minutes=1)
    assert any(name[20:28] != day.replace("-", "") for name, day in zip(taken["granule"], taken["date"], strict=True))
