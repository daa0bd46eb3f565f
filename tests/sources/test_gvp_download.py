"""The eruption list from the web service and from the website's export."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import openpyxl
import pytest
from tests.loopback import Reply, json_reply
from tests.sources.gvp_server import GvpServer, eruption, exception, from_file, volcano

from so2plumes.errors import ExternalDataError
from so2plumes.files import read_json
from so2plumes.http import HttpClient, Patience, RemoteError
from so2plumes.sources.download import adopt_eruptions, download_eruptions, download_volcanoes, sidecar_of
from so2plumes.sources.gvp import read_eruptions
from so2plumes.sources.known import read_volcanoes

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def client() -> HttpClient:
    return HttpClient(np.random.default_rng(1), Patience(attempts=4), sleep=lambda seconds: None)


@pytest.fixture
def server() -> Iterator[GvpServer]:
    features = [eruption(1), eruption(2, "20181208", "20230720", continuing=True), eruption(3, "20200205", None)]
    with GvpServer(features) as running:
        yield running


def test_the_list_is_written_as_it_came_and_can_be_read(server, client, tmp_path):
    path = tmp_path / "gvp" / "eruptions.json"
    origin = download_eruptions(client, path, server.url, now=NOW)
    assert json.loads(path.read_bytes())["features"] == server.features
    table = read_eruptions(path)
    assert table["eruption_number"].tolist() == [20001, 20002, 20003]
    assert table["continuing"].tolist() == [False, True, False]
    assert (origin.features, origin.eruptions) == (3, 3)


def test_the_sidecar_says_when_and_what_was_downloaded(server, client, tmp_path):
    path = tmp_path / "eruptions.json"
    download_eruptions(client, path, server.url, now=NOW)
    record = read_json(sidecar_of(path))
    assert record["downloaded"] == "2026-01-02T03:04:05+00:00"
    assert record["version"] is None
    assert record["newest_report"] == "2023-07-20"
    assert record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert record["size_bytes"] == path.stat().st_size
    assert "typeName=GVP-VOTW:E3WebApp_Eruptions1960" in record["source"]
    assert "Venzke" in record["citation"]


def test_an_xml_report_with_status_200_is_an_error_that_quotes_it(server, client, tmp_path):
    with pytest.raises(RemoteError, match="not what was asked for") as caught:
        download_eruptions(client, tmp_path / "e.json", server.url, layer="E3WebApp_Nothing")
    assert "an XML report that says: Feature type GVP-VOTW:E3WebApp_Nothing unknown" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (exception("java.lang.OutOfMemoryError"), "java.lang.OutOfMemoryError"),
        (Reply(body=b"<html><title>Sorry</title></html>", content_type="text/html"), "a web page titled 'Sorry'"),
        (Reply(body=b""), "an empty body"),
        (json_reply({"type": "FeatureCollection", "features": []}), "JSON without features"),
        (json_reply({"error": 1}), "JSON without features: error"),
    ],
)
def test_a_wrong_answer_keeps_the_list_that_is_there(server, client, tmp_path, reply, said):
    path = tmp_path / "eruptions.json"
    download_eruptions(client, path, server.url)
    before = path.read_bytes(), sidecar_of(path).read_bytes()
    server.faults = [reply, reply]
    with pytest.raises(RemoteError) as caught:
        download_eruptions(client, path, server.url)
    assert said in str(caught.value)
    assert (path.read_bytes(), sidecar_of(path).read_bytes()) == before
    assert len(list(tmp_path.iterdir())) == 2, "nothing half-written stays"


@pytest.mark.parametrize("fields", [{}, {"totalFeatures": "unknown", "numberReturned": 3}, {"numberMatched": 3}])
def test_a_part_of_the_list_is_refused(server, client, tmp_path, fields):
    part = server.collection(2, **fields)
    server.faults = [part, part]
    with pytest.raises(RemoteError, match="2 features where"):
        download_eruptions(client, tmp_path / "e.json", server.url)
    assert list(tmp_path.iterdir()) == []


def test_a_list_as_long_as_was_asked_for_may_go_on_and_is_refused(server, client, tmp_path, monkeypatch):
    monkeypatch.setattr("so2plumes.sources.download.MAX_FEATURES", 3)
    whole = server.collection(3, totalFeatures="unknown")
    server.faults = [whole, whole]
    with pytest.raises(RemoteError, match="may go on"):
        download_eruptions(client, tmp_path / "e.json", server.url)


def test_truncated_json_is_asked_for_again_and_then_refused(server, client, tmp_path):
    half = Reply(body=server.collection(3).body[:200])
    server.faults = [half]
    assert download_eruptions(client, tmp_path / "e.json", server.url).features == 3
    server.faults = [half, half]
    with pytest.raises(RemoteError, match="broken JSON of 200 bytes"):
        download_eruptions(client, tmp_path / "other.json", server.url)
    assert not (tmp_path / "other.json").exists()


@pytest.mark.parametrize(
    "fault", [Reply(500, b"down"), Reply(429, b""), Reply(reset=True), Reply(body=b"{" * 99, cut=9)]
)
def test_a_passing_fault_does_no_harm(server, client, tmp_path, fault):
    server.faults = [fault, fault]
    assert download_eruptions(client, tmp_path / "e.json", server.url).features == 3


def test_another_layout_is_refused_before_it_is_kept(server, client, tmp_path):
    for feature in server.features:
        del feature["properties"]["StartDateYear"]
    with pytest.raises(ExternalDataError, match="start_year"):
        download_eruptions(client, tmp_path / "e.json", server.url)
    assert list(tmp_path.iterdir()) == []


COLUMNS = [
    *("Volcano Number", "Volcano Name", "Eruption Number", "Eruption Category", "VEI", "Start Year", "Start Month"),
    *("Start Day", "End Year Modifier", "End Year", "End Month", "End Day", "Latitude", "Longitude"),
]
ROW = [290240, "Sarychev", 22325, "Confirmed Eruption", 2, 2019, 6, 22, "", 2019, 6, 25, 48.1, 153.2]


def test_an_exported_workbook_is_taken_over_with_its_version_and_day(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(
        ["Global Volcanism Program - Volcanoes of the World 5.2.8", "", "Downloaded on 15 May 2025 at 05:03 PM"]
    )
    book.active.append(COLUMNS)
    book.active.append(ROW)
    book.save(tmp_path / "GVP.xlsx")
    origin = adopt_eruptions(tmp_path / "GVP.xlsx", tmp_path / "kept" / "eruptions.xlsx")
    assert (origin.version, origin.downloaded, origin.eruptions) == ("5.2.8", "2025-05-15", 1)
    assert (origin.source, origin.newest_report) == ("GVP.xlsx", "2019-06-25")
    assert read_eruptions(tmp_path / "kept" / "eruptions.xlsx")["volcano_name"].tolist() == ["Sarychev"]
    assert read_json(sidecar_of(tmp_path / "kept" / "eruptions.xlsx"))["version"] == "5.2.8"


def test_an_exported_csv_without_a_title_takes_the_day_of_its_file(tmp_path):
    source = tmp_path / "result.csv"
    source.write_text(",".join(COLUMNS) + "\n" + ",".join(map(str, ROW)) + "\n")
    os.utime(source, (NOW.timestamp(), NOW.timestamp()))
    origin = adopt_eruptions(source, tmp_path / "kept.csv")
    assert (origin.version, origin.downloaded) == (None, "2026-01-02")


def test_what_is_no_eruption_list_is_not_taken_over(tmp_path):
    (tmp_path / "page.csv").write_text("<html><title>Login</title></html>")
    with pytest.raises(ExternalDataError):
        adopt_eruptions(tmp_path / "page.csv", tmp_path / "kept.csv")
    with pytest.raises(ExternalDataError, match="absent"):
        adopt_eruptions(tmp_path / "nothing.csv", tmp_path / "kept.csv")
    assert not (tmp_path / "kept.csv").exists()


@pytest.mark.real
def test_the_real_layer_comes_through_the_service_whole(shared_data, client, tmp_path):
    content = (shared_data / "gvp" / "E3WebApp_Eruptions1960_geodesymiami_precip_v2.json").read_bytes()
    with GvpServer(from_file(content)) as server:
        origin = download_eruptions(client, tmp_path / "e.json", server.url)
    assert origin.features == 2163
    assert origin.newest_report.startswith("2023-")
    assert int(read_eruptions(tmp_path / "e.json")["continuing"].sum()) == 42


@pytest.mark.real
def test_the_real_export_of_the_website_is_taken_over(shared_data, tmp_path):
    folder = shared_data / "gvp"
    book = adopt_eruptions(folder / "GVP_Eruption_Search_Result_20250727_original.xlsx", tmp_path / "e.xlsx")
    text = adopt_eruptions(folder / "GVP_Eruption_Search_Result_v5.2.8_2025-05-15.csv", tmp_path / "e.csv")
    assert (book.version, book.downloaded) == (text.version, text.downloaded) == ("5.2.8", "2025-05-15")
    assert text.eruptions == 9902


def test_the_list_of_volcanoes_is_fetched_with_its_origin(client, tmp_path):
    features = [volcano(211040, "Stromboli", 15.213, 38.789), volcano(211060, "Etna", 14.999, 37.748)]
    path = tmp_path / "volcanoes.geojson"
    with GvpServer(features, "GVP-VOTW:Smithsonian_VOTW_Holocene_Volcanoes") as server:
        assert download_volcanoes(client, path, server.url, now=NOW) == 2
    table = read_volcanoes(path)
    assert table["name"].tolist() == ["Stromboli", "Etna"]
    assert table["elevation_m"].tolist() == [924, 924]
    origin = read_json(sidecar_of(path))
    assert origin["downloaded"] == "2026-01-02T03:04:05+00:00"
    assert origin["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_eruptions_are_not_taken_for_volcanoes(server, client, tmp_path):
    with pytest.raises(ExternalDataError, match="not a list of volcanoes"):
        download_volcanoes(client, tmp_path / "v.json", server.url, layer="E3WebApp_Eruptions1960")
    assert not (tmp_path / "v.json").exists()


@pytest.mark.real
def test_the_real_list_of_volcanoes(shared_data):
    table = read_volcanoes(shared_data / "gvp" / "GVP_Volcano_List_Holocene_WoWED.csv")
    assert table["gvp_number"].is_unique
    assert table["name"].is_unique
    etna = table.set_index("gvp_number").loc[211060]
    assert (etna["longitude"], etna["latitude"], etna["country"]) == (14.999, 37.748, "Italy")
    assert 1200 < len(table) < 1400
