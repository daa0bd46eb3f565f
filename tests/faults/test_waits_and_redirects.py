"""How long a transfer waits, and whom it shows the token on the way."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from email.utils import formatdate

import pytest
from tests.archive.download_server import DownloadServer, Fault, Product
from tests.faults.transfer_bench import ID, Bench

from so2plumes.archive.answers import _next_hop
from so2plumes.archive.transfer import Transferred
from so2plumes.errors import GranuleError

CUT = 40_000
RESET = Fault(send_bytes=CUT, ending="reset")


@dataclass(frozen=True)
class Wait:
    """Answers, and the least wait (s) before the next request."""

    name: str
    faults: tuple[Fault, ...]
    least_s: list[float]


WAITS = [
    Wait("429 storm doubles a minute", (Fault(status=429),) * 3, [60, 120, 240]),
    Wait("500 doubles two seconds", (Fault(status=500),) * 3, [2, 4, 8]),
    Wait("Retry-After in seconds", (Fault(status=429, headers={"Retry-After": "333"}),), [333]),
    Wait("Retry-After shorter than usual", (Fault(status=429, headers={"Retry-After": "0"}),), [60]),
    Wait("Retry-After without sense", (Fault(status=503, headers={"Retry-After": "soon"}),), [2]),
]


@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: wait.name)
def test_waits_are_long_enough_and_jittered(bench: Bench, wait: Wait):
    bench.server.script(ID, *wait.faults)
    bench.check_kept(bench.fetch())
    assert len(bench.sleeps.slept) == len(wait.least_s)
    for slept, least in zip(bench.sleeps.slept, wait.least_s, strict=True):
        assert least < slept <= 1.25 * least


@pytest.mark.parametrize("offset_s", [0.0, 86_400.0, -86_400.0])
def test_a_retry_date_counts_by_the_clock_of_the_server(bench: Bench, offset_s: float):
    bench.server.clock_offset_s = offset_s
    date = formatdate(time.time() + offset_s + 400, usegmt=True)
    bench.server.script(ID, Fault(status=503, headers={"Retry-After": date}))
    bench.check_kept(bench.fetch())
    assert 395 <= bench.sleeps.slept[0] <= 1.25 * 400


@pytest.fixture
def elsewhere(granule: bytes):
    with DownloadServer() as other:
        other.needs_token = False
        other.products[ID] = Product(granule)
        yield other


def _to(url: str, status: int = 302) -> Fault:
    return Fault(status=status, headers={"Location": url})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_does_not_take_the_token(bench: Bench, elsewhere: DownloadServer, status: int):
    bench.server.script(ID, _to(f"{elsewhere.product_url(ID)}?X-Amz-Signature=abc", status))
    result: Transferred = bench.fetch()
    bench.check_kept(result)
    assert bench.server.seen[0].authorization == "Bearer access-secret-1"
    assert elsewhere.seen[0].authorization is None
    assert "secret" not in json.dumps(elsewhere.seen[0].headers)


def test_netrc_is_not_sent_to_hosts_by_the_back_door(bench: Bench, elsewhere: DownloadServer, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password pass-word\ndefault login ada password pass-word\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    bench.server.script(ID, _to(elsewhere.product_url(ID)))
    bench.fetch()
    assert bench.server.seen[0].authorization == "Bearer access-secret-1"
    assert elsewhere.seen[0].authorization is None


def test_a_trusted_origin_is_shown_the_token(bench: Bench, elsewhere: DownloadServer):
    route = replace(bench.rules.route, trusted_origins=(elsewhere.url,))
    bench.rules = replace(bench.rules, route=route)
    bench.server.script(ID, _to(elsewhere.product_url(ID)))
    bench.fetch()
    assert elsewhere.seen[0].authorization == "Bearer access-secret-1"


def test_a_redirect_on_the_same_host_keeps_token_and_range(bench: Bench):
    second = "0b9d4c4c-0000-4000-8000-000000000002"
    bench.server.products[second] = bench.server.products[ID]
    bench.server.script(ID, RESET, for_ever=_to(f"/odata/v1/Products({second})/$value"))
    bench.check_kept(bench.fetch())
    assert bench.server.statuses == [200, 302, 206]
    assert bench.server.seen[-1].authorization == "Bearer access-secret-1"
    assert bench.server.seen[-1].range == f"bytes={CUT}-"


def test_a_redirect_from_https_to_plain_http_is_not_followed():
    with pytest.raises(GranuleError, match="plain HTTP") as caught:
        _next_hop("https://download.example.org/a?key=secret", "http://download.example.org/b?key=secret")
    assert caught.value.reason == "redirect"
    assert "secret" not in str(caught.value)
    assert _next_hop("http://a.org/b/c", "../d") == "http://a.org/d"
