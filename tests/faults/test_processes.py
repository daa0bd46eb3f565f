"""Several jobs at once, and jobs that are killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from tests.archive.download_server import Fault, Product
from tests.faults.transfer_bench import ID, NAME, Bench

SLOW = Fault(pause_s=0.05, piece_bytes=4096)


@pytest.fixture
def start(bench: Bench, root):
    """Start a job; all are gone at the end."""
    running = []

    def begin(identity: str = ID, name: str = NAME, **options: object) -> subprocess.Popen:
        order = {
            "url": bench.server.product_url(identity),
            "name": name,
            "size_bytes": bench.size_bytes,
            "md5": bench.md5,
            "folder": str(bench.folder),
            "target": str(bench.target.parent / identity / name) if identity != ID else str(bench.target),
            "token_url": bench.server.token_url,
            "user": bench.server.user,
            "password": bench.server.password,
        }
        command = [sys.executable, "-m", "tests.faults.worker", json.dumps(order | options)]
        job = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        running.append(job)
        return job

    yield begin
    for job in running:
        job.kill()
        job.communicate()


def _result(job: subprocess.Popen) -> dict:
    out, err = job.communicate(timeout=40)
    assert job.returncode == 0, err.decode()
    return json.loads(out)


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def _some_bytes(bench: Bench) -> Callable[[], bool]:
    return lambda: bench.part.exists() and bench.part.stat().st_size > 20_000


def test_kill_9_during_a_transfer_loses_nothing(bench: Bench, start):
    bench.server.script(ID, SLOW)
    job = start()
    _until(_some_bytes(bench))
    job.kill()
    job.wait()
    had = bench.part.stat().st_size
    result = bench.fetch()
    bench.check_kept(result)
    assert 20_000 < had < len(bench.content)
    assert bench.server.statuses == [200, 206]
    assert bench.server.seen[1].range == f"bytes={had}-"
    assert (result.resumed_bytes, result.fetched_bytes) == (had, len(bench.content) - had)
    assert bench.server.grants == ["password"]


def test_a_waiting_job_takes_over_from_a_killed_one(bench: Bench, start):
    bench.server.script(ID, SLOW)
    first = start()
    _until(_some_bytes(bench))
    second = start()
    time.sleep(0.3)
    first.kill()
    result = _result(second)
    assert bench.target.read_bytes() == bench.content
    assert bench.left() == [NAME]
    assert bench.server.statuses == [200, 206]
    assert result["resumed_bytes"] + result["fetched_bytes"] == len(bench.content)
    assert result["resumed_bytes"] > 20_000


def test_two_jobs_fetch_the_same_granule_once(bench: Bench, start):
    bench.server.script(ID, SLOW)
    results = [_result(job) for job in [start(), start()]]
    assert bench.left() == [NAME]
    assert bench.target.read_bytes() == bench.content
    assert (bench.server.statuses, bench.server.sent_bytes) == ([200], len(bench.content))
    assert sorted(result["attempts"] for result in results) == [0, 1]
    assert {result["md5"] for result in results} == {bench.md5}


def test_eight_jobs_hold_four_connections_and_share_one_token(bench: Bench, start):
    identities = [f"product-{number}" for number in range(8)]
    for identity in identities:
        bench.server.products[identity] = Product(bench.content)
        bench.server.script(identity, SLOW)
    bench.server.max_sessions = 4
    results = [_result(job) for job in [start(identity) for identity in identities]]
    assert [result["attempts"] for result in results] == [1] * 8
    assert bench.server.statuses == [200] * 8
    assert 2 <= bench.server.peak_sessions <= 4
    assert bench.server.grants == ["password"]


def test_a_full_disk_keeps_the_part_and_goes_on_later(bench: Bench, start):
    result = _result(start(file_limit_bytes=60_000))
    assert result["reason"] == "no_space"
    assert bench.server.password not in result["text"]
    assert bench.left() == [f"{NAME}.part", f"{NAME}.part.json"]
    assert bench.part.stat().st_size == 60_000
    later = bench.fetch()
    bench.check_kept(later)
    assert (later.resumed_bytes, later.fetched_bytes) == (60_000, len(bench.content) - 60_000)
