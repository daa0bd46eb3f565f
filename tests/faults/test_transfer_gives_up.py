"""Faults that end a transfer: nothing wrong is kept, the reason is right, and there is no endless loop."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace

import numpy as np
import pytest
from tests.archive.download_server import Fault, Product
from tests.faults.transfer_bench import ID, NAME, OTHER_STEM, STEM, Bench, md5, netcdf_bytes, zip_bytes

from so2plumes.archive.reasons import FINAL_REASONS, PASSING_REASONS, is_final
from so2plumes.archive.transfer import Download, download
from so2plumes.errors import GranuleError

CUT = 40_000
HTML = b"<!DOCTYPE html><html><head><title>CDSE &ndash; Sign in</title></head><body>...</body></html>"
XML = b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message></Error>'
JSON = b'{"detail": {"message": "Under maintenance"}}'
SESSIONS = b'{"detail": "Max session number 4 exceeded."}'
QUOTA = b'{"detail": "Monthly quota exceeded"}'


@dataclass(frozen=True)
class Case:
    """A fault for ever; the receipt's reason; the statuses; a word that the receipt shows; the bytes that are kept."""

    name: str
    fault: Fault
    reason: str
    statuses: list[int]
    word: str = ""
    kept_bytes: int = 0


CASES = [
    Case("HTML login page with status 200", Fault(body=HTML), "page", [200], "CDSE – Sign in"),
    Case("XML error with status 200", Fault(body=XML), "page", [200], "The key does not exist."),
    Case("JSON error with status 200", Fault(body=JSON), "page", [200], "Under maintenance"),
    Case("something else with status 200", Fault(body=b"CDF\x01" * 100), "page", [200], "HDF5"),
    Case("401 for ever", Fault(status=401), "unauthorised", [401, 401], "nor a new one"),
    Case("403", Fault(status=403, body=QUOTA), "forbidden", [403], "Monthly quota exceeded"),
    Case("404", Fault(status=404), "vanished", [404], "index the catalogue again"),
    Case("410", Fault(status=410), "vanished", [410]),
    Case("418", Fault(status=418), "refused", [418], "418"),
    Case("206 that was not asked for", Fault(status=206, body=b"x"), "refused", [206]),
    Case("429 for ever", Fault(status=429, body=SESSIONS), "throttled", [429] * 4, "Max session number 4 exceeded."),
    Case("500 for ever", Fault(status=500, body=HTML), "server_error", [500] * 4, "Sign in"),
    Case("empty for ever", Fault(body=b""), "empty", [200, 200]),
    Case("gzip although not asked for", Fault(headers={"Content-Encoding": "gzip"}), "refused", [200]),
    Case("redirect in circles", Fault(status=302, headers={"Location": "#"}), "redirect", [302] * 6, "more than 5"),
    Case("redirect to nowhere", Fault(status=302), "redirect", [302], "no Location"),
    Case("redirect to a file", Fault(status=302, headers={"Location": "file:///etc/passwd"}), "redirect", [302]),
    Case("redirect to no port", Fault(status=302, headers={"Location": "http://a:99999/"}), "redirect", [302]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_ends_with_its_reason(bench: Bench, case: Case):
    bench.server.script(ID, for_ever=case.fault)
    with pytest.raises(GranuleError) as caught:
        bench.fetch()
    assert caught.value.reason == case.reason
    assert case.word in str(caught.value)
    assert bench.server.statuses == case.statuses
    assert bench.left() == []


@pytest.mark.parametrize("wrong", ["MD5", "size"])
def test_a_body_that_is_wrong_twice_is_quarantined(bench: Bench, wrong: str):
    bench.md5 = "0" * 32 if wrong == "MD5" else bench.md5
    bench.size_bytes = len(bench.content) - (wrong == "size")
    with pytest.raises(GranuleError, match="twice") as caught:
        bench.fetch()
    assert caught.value.reason == "checksum"
    assert bench.server.statuses == [200, 200]
    assert bench.left() == []


@pytest.mark.parametrize("inside", ["id", "orbit", "orbit that is no number"])
@pytest.mark.parametrize("checksum", ["md5", "none"])
def test_a_file_with_another_identity_is_not_kept(bench: Bench, tmp_path, inside: str, checksum: str):
    attributes = {"id": OTHER_STEM} if inside == "id" else {"orbit": "x" if "number" in inside else np.int32(21567)}
    content = netcdf_bytes(tmp_path, **attributes)
    bench.server.products[ID] = Product(content)
    bench.size_bytes, bench.md5 = len(content), md5(content) if checksum == "md5" else None
    with pytest.raises(GranuleError) as caught:
        bench.fetch()
    assert caught.value.reason == "identity"
    assert str(attributes.get("id", attributes.get("orbit"))) in caught.value.found
    assert (bench.server.statuses, bench.left()) == ([200], [])


@pytest.mark.parametrize(("checksum", "statuses"), [("md5", [200]), ("none", [200, 200])])
def test_what_only_looks_like_hdf5_is_not_kept(bench: Bench, checksum: str, statuses: list[int]):
    content = bench.content[:500]
    bench.server.products[ID] = Product(content)
    bench.size_bytes, bench.md5 = len(content), md5(content) if checksum == "md5" else None
    with pytest.raises(GranuleError) as caught:
        bench.fetch()
    assert caught.value.reason == "unreadable"
    assert (bench.server.statuses, bench.left()) == (statuses, [])


def _damaged(packed: bytes) -> bytes:
    return packed[:5000] + bytes(byte ^ 255 for byte in packed[5000:5100]) + packed[5100:]


@pytest.mark.parametrize("content", ["two granules", "none", "damaged", "cut"])
def test_a_zip_without_one_sound_granule_is_not_kept(bench: Bench, content: str):
    good = zip_bytes({NAME: bench.content})
    packed = {
        "two granules": zip_bytes({NAME: bench.content, f"{OTHER_STEM}.nc": bench.content}),
        "none": zip_bytes({f"{STEM}.cdl": b"netcdf {}"}),
        "damaged": _damaged(good),
        "cut": good[:-30],
    }[content]
    bench.server.products[ID] = Product(packed)
    with pytest.raises(GranuleError) as caught:
        bench.fetch()
    assert caught.value.reason == "zip"
    assert (bench.server.statuses, bench.left()) == ([200, 200], [])


def test_the_same_break_for_ever_ends_and_keeps_the_part(bench: Bench):
    bench.server.script(ID, Fault(send_bytes=CUT), for_ever=Fault(send_bytes=0))
    with pytest.raises(GranuleError) as caught:
        bench.fetch()
    assert caught.value.reason == "interrupted"
    assert bench.server.statuses == [200] + [206] * 3
    assert bench.left() == [f"{NAME}.part", f"{NAME}.part.json"]
    bench.server.script(ID, for_ever=Fault())
    bench.check_kept(bench.fetch())
    assert bench.server.sent_bytes == len(bench.content)


def test_a_server_that_breaks_and_ignores_ranges_does_not_loop_for_ever(bench: Bench):
    bench.server.script(ID, for_ever=Fault(send_bytes=CUT, ignore_range=True))
    bench.rules = replace(bench.rules, pace=replace(bench.rules.pace, window_s=10.0, min_rate_bytes_s=1000.0))
    with pytest.raises(GranuleError) as caught:
        bench.fetch()
    assert caught.value.reason == "interrupted"
    assert len(bench.server.seen) == 4


def test_a_trickle_for_ever_ends(bench: Bench):
    bench.server.script(ID, for_ever=Fault(pause_s=0.05, piece_bytes=100))
    with pytest.raises(GranuleError) as caught:
        bench.fetch()
    assert caught.value.reason == "too_slow"
    assert len(bench.server.seen) == 4
    assert not bench.target.exists()


def test_a_server_that_never_answers_ends(bench: Bench):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bench.url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(GranuleError) as caught:
            bench.fetch()
    assert caught.value.reason == "too_slow"
    assert bench.left() == []


def test_nobody_at_the_address_ends(bench: Bench):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        bench.url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    with pytest.raises(GranuleError) as caught:
        bench.fetch()
    assert caught.value.reason == "unreachable"
    assert caught.value.found == "Connection refused"
    assert len(bench.sleeps.slept) == 3


def test_more_waiting_than_is_allowed_is_not_begun(bench: Bench):
    bench.server.script(ID, for_ever=Fault(status=429, headers={"Retry-After": "4000"}))
    with pytest.raises(GranuleError, match="past the 3000 s allowed") as caught:
        bench.fetch()
    assert caught.value.reason == "throttled"
    assert (bench.sleeps.slept, bench.server.statuses) == ([], [429])


def test_a_redirect_to_a_host_that_wants_the_token_says_so(bench: Bench):
    from tests.archive.download_server import DownloadServer

    with DownloadServer() as other:
        bench.server.script(ID, Fault(status=302, headers={"Location": other.product_url(ID)}))
        with pytest.raises(GranuleError, match="trusted origins") as caught:
            bench.fetch()
    assert caught.value.reason == "unauthorised"
    assert other.seen[0].authorization is None


def test_a_name_that_is_no_granule_is_refused_before_asking(bench: Bench):
    with pytest.raises(GranuleError) as caught:
        download(Download(bench.server.product_url(ID), "a.nc"), bench.target)
    assert caught.value.reason == "bad_name"
    assert (bench.server.seen, bench.left()) == ([], [])


def test_a_vanished_granule_leaves_no_part(bench: Bench):
    bench.server.script(ID, Fault(send_bytes=CUT), for_ever=Fault(status=404))
    with pytest.raises(GranuleError) as caught:
        bench.fetch()
    assert (caught.value.reason, bench.left()) == ("vanished", [])


def test_every_reason_is_final_or_passing_and_in_the_table_of_faults(root):
    assert not FINAL_REASONS.keys() & PASSING_REASONS.keys()
    assert is_final("vanished")
    assert not is_final("throttled")
    table = (root / "docs" / "faults.md").read_text()
    for reason in FINAL_REASONS | PASSING_REASONS:
        assert f"`{reason}`" in table
