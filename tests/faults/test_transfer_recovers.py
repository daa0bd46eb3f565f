"""Faults that a transfer survives: the right file is kept, and nothing good is fetched twice."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from tests.archive.download_server import Fault, Product
from tests.faults.transfer_bench import ID, NAME, STEM, Bench, md5, netcdf_bytes, zip_bytes

CUT = 40_000
RESET = Fault(send_bytes=CUT, ending="reset")
PAGE = {"Content-Type": "text/html"}


SIZE = 116_192
REST = SIZE - CUT


@dataclass(frozen=True)
class Case:
    """A fault; the statuses that the server answers; a note of the receipt; bytes that did not have to come again.

    ``again_bytes`` is what the client reads beyond the granule once, ``unread_bytes`` the most that the server may send
    and the client does not read: it hangs up.
    """

    name: str
    faults: tuple[Fault, ...]
    statuses: list[int]
    note: str = ""
    resumed_bytes: int = 0
    again_bytes: int = 0
    unread_bytes: int = 0


def _refused_rest(name: str, fault: Fault) -> Case:
    return Case(name, (RESET, fault), [200, 206, 200], "another part", again_bytes=CUT, unread_bytes=REST)


CASES = [
    Case("no fault", (), [200]),
    Case("reset mid-body", (RESET,), [200, 206], "the connection broke", CUT),
    Case("truncated with the right status", (Fault(send_bytes=CUT),), [200, 206], "the connection broke", CUT),
    Case("reset again and again", (RESET, RESET), [200, 206, 206], "the connection broke", 2 * CUT),
    Case("silence mid-body", (Fault(send_bytes=CUT, ending="stall"),), [200, 206], "fell silent", CUT),
    Case("chunked and cut", (Fault(send_bytes=CUT, chunked=True),), [200, 206], "the connection broke", CUT),
    Case("no length and cut", (Fault(send_bytes=CUT, announce_length=False),), [200, 206], "ended in the middle", CUT),
    Case("chunked and whole", (Fault(chunked=True),), [200]),
    Case("cut before eight bytes", (Fault(send_bytes=3),), [200, 200], "the connection broke", unread_bytes=3),
    Case("429 storm", (Fault(status=429),) * 3, [429, 429, 429, 200], "the server answers 429"),
    Case("500 then good", (Fault(status=500),), [500, 200], "the server answers 500"),
    Case("502, 503, 504 then good", tuple(Fault(status=s) for s in (502, 503, 504)), [502, 503, 504, 200]),
    Case("500 between two halves", (RESET, Fault(status=500)), [200, 500, 206], "the server answers 500", CUT),
    Case("401 once", (Fault(status=401),), [401, 200], "the token was renewed"),
    Case("401 between two halves", (RESET, Fault(status=401)), [200, 401, 206], "the token was renewed", CUT),
    Case("range ignored", (RESET, Fault(ignore_range=True)), [200, 200], "ignored the range", again_bytes=CUT),
    Case("empty once", (Fault(body=b""),), [200, 200], "empty file"),
    _refused_rest("rest from another start", Fault(content_range=f"bytes 0-{SIZE - 1}/{SIZE}")),
    _refused_rest("rest that begins later", Fault(range_start=CUT + 1000)),
    _refused_rest("rest of another total", Fault(content_range=f"bytes {CUT}-200000/200001")),
    _refused_rest("rest that is not the last", Fault(content_range=f"bytes {CUT}-{SIZE - 1}/{SIZE + 5}")),
    _refused_rest("rest that ends early", Fault(content_range=f"bytes {CUT}-{SIZE - 2}/{SIZE}")),
    _refused_rest("rest without a range", Fault(content_range="none")),
    _refused_rest("page instead of the rest", Fault(headers=PAGE)),
    _refused_rest("rest of another version", Fault(headers={"ETag": '"v2"'})),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_granule_is_kept_whole(bench: Bench, case: Case):
    assert len(bench.content) == SIZE
    bench.server.script(ID, *case.faults)
    result = bench.fetch()
    bench.check_kept(result)
    assert bench.server.statuses == case.statuses
    assert result.attempts == len(case.statuses)
    assert result.resumed_bytes == case.resumed_bytes
    assert result.fetched_bytes == SIZE + case.again_bytes
    assert 0 <= bench.server.sent_bytes - result.fetched_bytes <= case.unread_bytes
    assert case.note in " / ".join(result.notes)
    assert result.checksum_state == "md5"


def test_a_slow_drip_is_left_and_continued(bench: Bench):
    bench.server.script(ID, Fault(pause_s=0.02, piece_bytes=100))
    result = bench.fetch()
    bench.check_kept(result)
    assert bench.server.statuses == [200, 206]
    assert 0 < result.resumed_bytes < SIZE / 2
    assert result.fetched_bytes == SIZE
    assert result.notes[0] == "the transfer is too slow"


def test_a_wrong_md5_is_fetched_once_more(bench: Bench):
    damaged = bytearray(bench.content)
    damaged[70_000] ^= 1
    bench.server.script(ID, Fault(body=bytes(damaged)))
    result = bench.fetch()
    bench.check_kept(result)
    assert bench.server.statuses == [200, 200]
    assert result.fetched_bytes == 2 * len(bench.content)
    assert result.notes == ("the MD5 is not that of the catalogue",)


@pytest.mark.parametrize("size_known", [True, False])
def test_a_null_checksum_is_said(bench: Bench, size_known: bool):
    bench.md5 = None
    bench.size_bytes = bench.size_bytes if size_known else 0
    result = bench.fetch()
    bench.check_kept(result)
    assert result.checksum_state == "none"
    assert "no checksum" in result.notes[-1]


def test_a_part_without_checksum_and_version_is_not_continued(bench: Bench):
    bench.md5 = None
    bench.server.products[ID] = Product(bench.content, etag=None)
    bench.server.script(ID, RESET)
    bench.check_kept(bench.fetch())
    assert [request.range for request in bench.server.seen] == [None, None]


def _zipped(bench: Bench, inner: str, catalogue: str) -> bytes:
    packed = zip_bytes({f"{STEM}/{STEM}.cdl": b"netcdf {}", inner: bench.content})
    bench.server.products[ID] = Product(packed)
    if catalogue == "zip":
        bench.size_bytes, bench.md5 = len(packed), md5(packed)
    elif catalogue == "nothing":
        bench.size_bytes, bench.md5 = None, None
    elif catalogue == "size of the zip":
        bench.size_bytes, bench.md5 = len(packed), None
    return packed


@pytest.mark.parametrize("catalogue", ["netcdf", "zip", "size of the zip", "nothing"])
@pytest.mark.parametrize("inner", [f"{STEM}/{NAME}", "S5P_other_name.nc"])
def test_a_zip_instead_of_netcdf_is_unpacked(bench: Bench, inner: str, catalogue: str):
    packed = _zipped(bench, inner, catalogue)
    result = bench.fetch()
    bench.check_kept(result)
    assert bench.server.sent_bytes == len(packed)
    assert f"unpacked {inner.rpartition('/')[2]}" in " ".join(result.notes)


def test_a_zip_that_broke_is_continued(bench: Bench):
    packed = _zipped(bench, NAME, "netcdf")
    bench.server.script(ID, RESET)
    bench.check_kept(bench.fetch())
    assert bench.server.sent_bytes == len(packed)


def test_a_granule_that_changed_meanwhile_is_fetched_anew(bench: Bench, tmp_path):
    bench.server.script(ID, RESET, for_ever=Fault(status=503))
    with pytest.raises(Exception, match="503"):
        bench.fetch()
    assert bench.part.stat().st_size == CUT
    newer = netcdf_bytes(tmp_path, scanlines=50)
    bench.server.products[ID] = Product(newer, etag='"v2"')
    bench.server.script(ID, for_ever=Fault())
    bench.size_bytes, bench.md5 = len(newer), md5(newer)
    result = bench.fetch()
    bench.check_kept(result, newer)
    assert bench.server.seen[-1].range is None


@pytest.mark.parametrize("name", ["5 scanlines", "no identity inside"])
def test_a_small_or_nameless_granule_is_fine(bench: Bench, tmp_path, name: str):
    options = {"scanlines": 5} if name == "5 scanlines" else {"id": None, "orbit": None}
    content = netcdf_bytes(tmp_path, **options)
    bench.server.products[ID] = Product(content)
    bench.size_bytes, bench.md5 = len(content), md5(content)
    result = bench.fetch()
    bench.check_kept(result, content)
    assert len(result.notes) == (0 if name == "5 scanlines" else 2)


def _complete_part(bench: Bench, total: int | None) -> None:
    bench.target.parent.mkdir()
    bench.part.write_bytes(bench.content)
    belonging = {"name": NAME, "size_bytes": bench.size_bytes, "md5": bench.md5, "etag": '"v1"', "total_bytes": total}
    bench.part.with_name(f"{bench.part.name}.json").write_text(json.dumps(belonging))


def test_a_complete_part_is_verified_without_a_request(bench: Bench):
    _complete_part(bench, len(bench.content))
    result = bench.fetch()
    bench.check_kept(result)
    assert bench.server.seen == []
    assert (result.attempts, result.fetched_bytes, result.resumed_bytes) == (0, 0, len(bench.content))


def test_416_for_a_complete_part_ends_it(bench: Bench):
    _complete_part(bench, None)
    result = bench.fetch()
    bench.check_kept(result)
    assert (bench.server.statuses, bench.server.sent_bytes) == ([416], 0)


def test_416_for_an_unfinished_part_starts_again(bench: Bench):
    headers = {"Content-Range": f"bytes */{len(bench.content)}"}
    bench.server.script(ID, RESET, Fault(status=416, headers=headers))
    bench.check_kept(bench.fetch())
    assert bench.server.statuses == [200, 416, 200]


@pytest.mark.parametrize("damage", ["torn sidecar", "no sidecar", "part of another granule", "part too long"])
def test_a_part_of_unknown_origin_is_not_used(bench: Bench, damage: str):
    _complete_part(bench, len(bench.content))
    sidecar = bench.part.with_name(f"{bench.part.name}.json")
    if damage == "torn sidecar":
        sidecar.write_text(sidecar.read_text()[:30])
    elif damage == "no sidecar":
        sidecar.unlink()
    elif damage == "part of another granule":
        sidecar.write_text(sidecar.read_text().replace(str(bench.md5), "0" * 32))
    else:
        bench.part.write_bytes(bench.content + b"x")
    bench.check_kept(bench.fetch())
    assert [request.range for request in bench.server.seen] == [None]


def test_a_part_damaged_on_the_disk_is_noticed(bench: Bench):
    bench.server.script(ID, RESET, for_ever=Fault(status=503))
    with pytest.raises(Exception, match="503"):
        bench.fetch()
    bench.part.write_bytes(b"\x00" * CUT)
    bench.server.script(ID, for_ever=Fault())
    result = bench.fetch()
    bench.check_kept(result)
    assert result.notes == (f"continued from byte {CUT}", "the MD5 is not that of the catalogue")


def test_what_is_there_is_not_fetched_again(bench: Bench):
    bench.fetch()
    again = bench.fetch()
    bench.check_kept(again)
    assert (len(bench.server.seen), again.attempts, again.fetched_bytes) == (1, 0, 0)


def test_a_wrong_file_of_the_name_is_replaced(bench: Bench):
    bench.target.parent.mkdir()
    bench.target.write_bytes(b"half a granule")
    result = bench.fetch()
    bench.check_kept(result)
    assert "replaced" in result.notes[0]
