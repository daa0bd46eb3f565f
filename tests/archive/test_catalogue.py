"""The catalogue client against a stand-in over HTTP."""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from tests.archive.odata_server import ODataServer, make_product, orbits_of
from tests.loopback import Reply, json_reply

from so2plumes.archive.catalogue import list_catalogue, list_window
from so2plumes.archive.catalogue_entry import CatalogueError, parse_entry
from so2plumes.archive.catalogue_query import CatalogueQuery, Window, month_windows
from so2plumes.http import HttpClient, Patience, RemoteError, retry_after_s

MARCH = datetime(2020, 3, 1, 0, 20, tzinfo=UTC)
MONTH = Window("2020-03", datetime(2020, 3, 1, tzinfo=UTC), datetime(2020, 4, 1, tzinfo=UTC))


class Waits:
    """A clock that runs only while the client sleeps."""

    def __init__(self) -> None:
        self.list: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.list.append(seconds)

    def clock(self) -> float:
        return sum(self.list)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def client(waits: Waits) -> HttpClient:
    patience = Patience(attempts=5, connect_s=2, read_s=2)
    return HttpClient(np.random.default_rng(1), patience, waits.sleep, waits.clock)


@pytest.fixture
def server() -> Iterator[ODataServer]:
    with ODataServer(orbits_of(MARCH, 30)) as running:
        yield running


def query_of(server: ODataServer, **options) -> CatalogueQuery:
    return CatalogueQuery(url=server.url, **options)


def names(listing) -> list[str]:
    return [entry.name.stem for entry in listing.entries]


def test_every_product_of_the_window_is_listed_once_in_the_order_of_sensing(server, client):
    listing = list_window(client, query_of(server, page_size=7), MONTH)
    assert names(listing) == [product["Name"][:-3] for product in server.products]
    assert listing.pages == 5
    assert listing.products == 30
    assert listing.asked == 1
    assert len(listing.sha256) == 64


def test_the_fields_of_a_product_are_kept(server, client):
    entry = list_window(client, query_of(server), MONTH).entries[3]
    product = server.products[3]
    assert entry.product_id == product["Id"]
    assert entry.size_bytes == 600_012_003
    assert entry.md5 == product["Checksum"][0]["Value"]
    assert entry.content_start == MARCH + timedelta(seconds=3 * 6090)
    assert entry.content_end - entry.content_start == timedelta(minutes=58)
    assert entry.publication_date is not None
    assert entry.publication_date.isoformat() == product["PublicationDate"].replace(".000000Z", "+00:00")
    assert entry.online
    assert entry.s3_path.startswith("/eodata/Sentinel-5P/TROPOMI/L2__SO2___/2020/03/01/S5P_OFFL")
    assert entry.footprint is not None
    assert entry.footprint.startswith("POLYGON ((")
    assert (entry.orbit, entry.processor) == (12003, "020401")


def test_what_was_not_asked_for_does_not_come(server, client):
    other = make_product(11999, MARCH, _collection="SENTINEL-3")
    kind = make_product(11998, MARCH, Attributes=[{"Name": "productType", "Value": "L2__NO2___"}])
    slices = [make_product(12000, MARCH + timedelta(minutes=5 * i), stream="NRTI") for i in range(5)]
    april = make_product(13000, MONTH.end)
    server.products += [other, kind, *slices, april]
    assert len(list_window(client, query_of(server), MONTH).entries) == 30
    with_slices = query_of(server, streams=("OFFL", "RPRO", "NRTI"))
    assert len(list_window(client, with_slices, MONTH).entries) == 35


def test_months_meet_without_overlap_and_have_a_margin_at_the_ends():
    windows = month_windows(date(2019, 12, 30), date(2020, 3, 2))
    assert [window.month for window in windows] == ["2019-12", "2020-01", "2020-02", "2020-03"]
    for one, other in zip(windows[:-1], windows[1:], strict=True):
        assert one.end == other.start
        assert other.start.day == 1
    assert windows[0].start == datetime(2019, 12, 29, 22, tzinfo=UTC)
    assert windows[-1].end == datetime(2020, 3, 3, 2, tzinfo=UTC)
    assert month_windows(date(2020, 3, 2), date(2020, 3, 1)) == []


def test_a_period_is_listed_month_by_month(client):
    start = datetime(2020, 2, 28, 12, tzinfo=UTC)
    with ODataServer(orbits_of(start, 60)) as server:
        listings = list_catalogue(client, query_of(server), date(2020, 2, 29), date(2020, 3, 2))
        filters = [seen.query["$filter"] for seen in server.seen]
    assert [listing.window.month for listing in listings] == ["2020-02", "2020-03"]
    found = [name for listing in listings for name in names(listing)]
    lower, upper = datetime(2020, 2, 28, 22, tzinfo=UTC), datetime(2020, 3, 3, 2, tzinfo=UTC)
    wanted = [
        p["Name"][:-3]
        for p in server.products
        if lower <= datetime.fromisoformat(p["ContentDate"]["Start"]).astimezone(UTC) < upper
    ]
    assert found == wanted
    assert all("ContentDate/Start ge 20" in text for text in filters)


def test_no_query_skips_more_than_the_catalogue_allows(client):
    with ODataServer(orbits_of(MARCH, 400), max_skip=10_000) as server:
        query = query_of(server, page_size=20)
        assert len(list_window(client, query, MONTH).entries) == 400


def test_a_window_with_too_many_products_is_asked_for_by_halves(client, monkeypatch):
    monkeypatch.setattr("so2plumes.archive.catalogue.MAX_SKIP", 100)
    with ODataServer(orbits_of(MARCH, 400), max_skip=100) as server:
        listing = list_window(client, query_of(server, page_size=20), MONTH)
        assert max(int(seen.query.get("$skip", 0)) for seen in server.seen) <= 100
    assert len(set(names(listing))) == 400


def test_too_many_products_in_an_hour_are_an_error(client, monkeypatch):
    monkeypatch.setattr("so2plumes.archive.catalogue.MAX_SKIP", 10)
    crowd = [make_product(12000 + i, MARCH + timedelta(seconds=i)) for i in range(40)]
    with ODataServer(crowd, max_skip=10) as server, pytest.raises(CatalogueError, match="too many"):
        list_window(client, query_of(server, page_size=5), MONTH)


def test_a_repeated_page_is_an_error_and_no_endless_loop(server, client):
    first = None

    def repeat(seen):
        nonlocal first
        first = first or server._answer(seen)
        return first

    server.answer = repeat
    with pytest.raises(CatalogueError, match="same page again"):
        list_window(client, query_of(server, page_size=7), MONTH)
    assert len(server.seen) == 2


def test_a_catalogue_that_grows_while_it_is_paged_is_asked_again(server, client):
    late = make_product(11999, MARCH - timedelta(minutes=10))

    def grow(page: int) -> None:
        if page == 2:
            server.products.append(late)

    server.before_page = grow
    listing = list_window(client, query_of(server, page_size=10), MONTH)
    assert listing.asked == 2
    assert len(names(listing)) == len(set(names(listing))) == 31
    assert late["Name"][:-3] in names(listing)


def test_a_catalogue_that_never_agrees_with_itself_is_an_error(server, client):
    def grow(page: int) -> None:
        if page in (2, 6):
            server.products.append(make_product(11000 + page, MARCH - timedelta(minutes=page)))

    server.before_page = grow
    with pytest.raises(CatalogueError, match="does not list 2020-03 completely") as caught:
        list_window(client, query_of(server, page_size=10), MONTH)
    assert "32 products" in str(caught.value)
    assert "31 different products" in str(caught.value)


def test_the_digest_tells_answers_apart(server, client):
    one = list_window(client, query_of(server), MONTH).sha256
    assert list_window(client, query_of(server), MONTH).sha256 == one
    server.products[0]["ContentLength"] += 1
    assert list_window(client, query_of(server), MONTH).sha256 != one


def test_null_checksum_size_and_outline_are_accepted_and_unknown(client):
    bare = make_product(
        12000, MARCH, Checksum=None, ContentLength=None, Footprint=None, GeoFootprint=None, PublicationDate=None
    )
    odd = make_product(12001, MARCH, Checksum=[{"Value": "", "Algorithm": "MD5"}], Online=False, GeoFootprint={})
    with ODataServer([bare, odd]) as server:
        first, second = sorted(list_window(client, query_of(server), MONTH).entries, key=lambda entry: entry.orbit)
    assert (first.md5, first.size_bytes, first.footprint, first.publication_date) == (None, 0, None, None)
    assert second.md5 is None
    assert not second.online
    assert second.footprint is not None, "the older field stands in"
    assert first.online


def test_a_product_of_another_name_is_left_out_and_said(server, client, caplog):
    server.products.append(make_product(12500, MARCH, Name="S5P_OFFL_something_else.nc"))
    with caplog.at_level(logging.WARNING):
        listing = list_window(client, query_of(server), MONTH)
    assert listing.products == 31
    assert len(listing.entries) == 30
    assert "S5P_OFFL_something_else.nc" in caplog.text


def test_attributes_that_contradict_the_name_are_said(server, client, caplog):
    server.products[0]["Attributes"][1]["Value"] = 99999
    with caplog.at_level(logging.WARNING):
        assert list_window(client, query_of(server), MONTH).entries[0].orbit == 12000
    assert "orbit 99999" in caplog.text


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("ContentDate", None, "ContentDate with Start and End"),
        ("ContentDate", {"Start": "yesterday"}, "ISO time in ContentDate/Start"),
        ("ContentLength", "many", "bytes in ContentLength"),
        ("ContentLength", -1, "bytes in ContentLength"),
        ("Name", 5, "text in the field Name"),
        ("PublicationDate", "soon", "ISO time in PublicationDate"),
    ],
)
def test_a_malformed_field_is_named_with_its_product(field, value, named):
    product = make_product(12000, MARCH) | {field: value}
    with pytest.raises(CatalogueError, match=named) as caught:
        parse_entry(product)
    assert product["Id"] in str(caught.value) or "S5P_OFFL" in str(caught.value)


def test_instants_of_any_precision_and_without_a_zone_are_utc():
    for text in (
        "2020-03-01T00:20:00Z",
        "2020-03-01T00:20:00.0000000Z",
        "2020-03-01T00:20:00",
        "2020-03-01T00:20:00.0Z",
    ):
        entry = parse_entry(make_product(12000, MARCH, ContentDate={"Start": text, "End": None}))
        assert entry is not None
        assert entry.content_start == entry.content_end == MARCH


def test_a_server_that_ignores_the_filter_is_not_believed(server, client):
    outside = json_reply({"value": [make_product(1, MONTH.end + timedelta(days=3))], "@odata.count": 1})
    server.faults = [outside, outside]
    with pytest.raises(CatalogueError, match="products of another time"):
        list_window(client, query_of(server), MONTH)


PAGE = b"<html><head><title>We will be\n back soon</title></head><body>Maintenance</body></html>"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(body=PAGE, content_type="text/html"), "a web page titled 'We will be back soon'"),
        (Reply(body=b'{"value": [{"Id": "1", "Na'), "broken JSON of 26 bytes"),
        (Reply(body=b""), "broken JSON of 0 bytes"),
        (Reply(body=b"[]"), "a JSON list"),
        (json_reply({"error": "no"}), "without a list 'value': error"),
        (json_reply({"value": [{"Name": "x"}]}), "a product without an Id"),
    ],
)
def test_a_malformed_answer_is_asked_for_twice_and_then_named(server, client, waits, reply, said):
    server.faults = [reply]
    assert len(list_window(client, query_of(server), MONTH).entries) == 30
    server.faults = [reply, reply]
    with pytest.raises(RemoteError, match="not what was asked for") as caught:
        list_window(client, query_of(server), MONTH)
    assert said in str(caught.value)
    assert len(waits.list) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_server_is_asked_again_with_growing_random_waits(server, client, waits, status):
    server.faults = [Reply(status, b"busy")] * 4
    assert len(list_window(client, query_of(server), MONTH).entries) == 30
    assert len(waits.list) == 4
    for wait, longest in zip(waits.list, (2, 4, 8, 16), strict=True):
        assert longest / 2 <= wait <= longest
    assert len({wait % 1 for wait in waits.list}) == 4, "jitter"


def test_a_storm_of_429_ends_within_bounds(server, client, waits):
    server.faults = [Reply(429, b"Too many requests")] * 100
    with pytest.raises(RemoteError, match="asked 5 times") as caught:
        list_window(client, query_of(server), MONTH)
    assert caught.value.status == 429
    assert "Too many requests" in str(caught.value)
    assert len(server.seen) == 5
    assert sum(waits.list) < 60


def test_retry_after_is_honoured(server, client, waits):
    server.faults = [Reply(429, b"", headers={"Retry-After": "77"}), Reply(503, b"", headers={"Retry-After": "0"})]
    list_window(client, query_of(server), MONTH)
    assert 77 <= waits.list[0] <= 85
    assert waits.list[1] >= 1, "no haste even where the server allows it"


def test_retry_after_as_a_date_is_counted_from_the_servers_clock():
    headers = {"Retry-After": "Sun, 01 Mar 2020 00:01:17 GMT", "Date": "Sun, 01 Mar 2020 00:00:00 GMT"}
    assert retry_after_s(headers) == 77
    assert retry_after_s({"Retry-After": "Sun, 01 Mar 2020 00:00:00 GMT"}) == 0
    assert retry_after_s({"Retry-After": "soon"}) is None
    assert retry_after_s({}) is None


def test_a_retry_after_beyond_patience_is_not_waited_for(server, client, waits):
    server.faults = [Reply(503, b"", headers={"Retry-After": "86400"})]
    with pytest.raises(RemoteError, match="asked once"):
        list_window(client, query_of(server), MONTH)
    assert waits.list == []


@pytest.mark.parametrize("reply", [Reply(reset=True), Reply(body=b"x" * 1000, cut=10)])
def test_a_broken_connection_is_asked_again(server, client, reply):
    server.faults = [reply, reply]
    assert len(list_window(client, query_of(server), MONTH).entries) == 30


def test_a_refusal_is_an_error_at_once_with_what_the_server_said(server, client, waits):
    with pytest.raises(RemoteError, match="refuses") as caught:
        list_window(client, query_of(server, page_size=2000), MONTH)
    assert caught.value.status == 422
    assert "less than or equal" in str(caught.value)
    assert waits.list == []
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.status) == (str(caught.value), 422)


def test_a_server_that_is_not_there_is_named(client):
    with ODataServer([]) as server:
        url = server.url
    with pytest.raises(RemoteError, match="does not answer") as caught:
        list_window(client, CatalogueQuery(url=url), MONTH)
    assert url in str(caught.value)


def test_a_link_never_leads_to_another_host(client):
    with ODataServer([]) as elsewhere, ODataServer(orbits_of(MARCH, 30)) as server:
        inner = server.answer

        def astray(seen):
            reply = inner(seen)
            body = reply.body.replace(server.host.encode(), elsewhere.host.encode())
            return Reply(reply.status, body)

        server.answer = astray
        assert len(list_window(client, query_of(server, page_size=10), MONTH).entries) == 30
        assert elsewhere.seen == []


@pytest.mark.parametrize("link", ["https://example.org/", "?$skip=10", "?$filter=x&$skip=many"])
def test_a_link_that_cannot_be_followed_is_quoted(server, client, link):
    page = json_reply({"value": [make_product(12000, MARCH)], "@odata.nextLink": link})
    server.faults = [page]
    with pytest.raises(CatalogueError, match="link to the next page") as caught:
        list_window(client, query_of(server), MONTH)
    assert link in str(caught.value)


def test_no_credentials_are_sent_even_if_netrc_has_some(server, client, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    list_window(client, query_of(server), MONTH)
    assert all("Authorization" not in seen.headers for seen in server.seen)
    server.faults = [Reply(302, headers={"Location": server.host.replace("127.0.0.1", "localhost") + "/x"})]
    with pytest.raises(RemoteError):
        list_window(client, query_of(server), MONTH)
    assert all("Authorization" not in seen.headers for seen in server.seen)


def test_a_month_of_440_granules_is_listed_quickly(client):
    with ODataServer(orbits_of(MARCH, 440)) as server:
        begun = time.process_time()
        listing = list_window(client, query_of(server), MONTH)
        assert time.process_time() - begun < 3
        assert len(server.seen) == 2, "one page and one count"
    assert len(listing.entries) == 440
