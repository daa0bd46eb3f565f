"""A byte budget that jobs share: what would exceed it waits, and nothing is forgotten."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.archive.download_server import Fault
from tests.faults.transfer_bench import ID, Bench

from so2plumes.archive.backoff import Timing
from so2plumes.archive.limits import Limits
from so2plumes.archive.progress import Progress
from so2plumes.archive.quota import DAY_S, Quota
from so2plumes.archive.slots import slot
from so2plumes.errors import ConfigError, GranuleError


class Clock:
    """Time that only sleeping moves."""

    def __init__(self) -> None:
        self.time_s = 1.6e9
        self.slept_s = 0.0

    def now(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.time_s += seconds
        self.slept_s += seconds


def _piece(fetched_bytes: int) -> Progress:
    return Progress("granule", fetched_bytes, None, 0.0, None, fetched_bytes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quota(tmp_path: Path, clock: Clock) -> Quota:
    return Quota(tmp_path / "fetched.json", 1000.0, 30, clock.now, clock.sleep, 3600.0)


def _fetch(quota: Quota, size_bytes: int) -> None:
    with quota.reserved("granule", size_bytes) as meter:
        meter(_piece(size_bytes))


def test_within_the_budget_nobody_waits(quota: Quota, clock: Clock):
    for _ in range(4):
        _fetch(quota, 250)
    assert (quota.spent_bytes(), clock.slept_s) == (1000.0, 0.0)


def test_beyond_the_budget_a_transfer_waits_until_the_oldest_no_longer_counts(quota: Quota, clock: Clock, caplog):
    _fetch(quota, 600)
    clock.time_s += 5 * DAY_S
    _fetch(quota, 300)
    with caplog.at_level(logging.WARNING):
        _fetch(quota, 200)
    assert clock.slept_s == pytest.approx(25 * DAY_S, abs=2.0)
    assert quota.spent_bytes() == 500.0
    first = caplog.records[0].getMessage()
    assert "granule waits until about 2020-10-13 12:26 UTC" in first
    assert "archive.quota_bytes" in first
    assert 4 * 25 <= len(caplog.records) <= 4 * 25 + 1


def test_what_was_really_fetched_counts(quota: Quota):
    with quota.reserved("granule", 800) as meter:
        assert quota.spent_bytes() == 800.0
        meter(_piece(120))
    assert quota.spent_bytes() == 120.0


def test_a_transfer_that_fails_counts_with_what_came(quota: Quota):
    def broken() -> None:
        with quota.reserved("granule", 800) as meter:
            meter(_piece(70))
            raise GranuleError("broke", reason="interrupted", where="granule")

    with pytest.raises(GranuleError):
        broken()
    assert quota.spent_bytes() == 70.0


def test_a_budget_smaller_than_a_granule_is_said_at_once(quota: Quota, clock: Clock):
    with pytest.raises(ConfigError, match="smaller than granule"), quota.reserved("granule", 1001):
        pass
    assert clock.slept_s == 0.0


def test_a_damaged_ledger_is_named_and_not_overwritten(quota: Quota):
    quota.ledger.write_text('{"transfers": [1')
    with pytest.raises(ConfigError, match="ledger of fetched bytes is damaged"):
        quota.spent_bytes()
    assert quota.ledger.read_text() == '{"transfers": [1'


def test_a_clock_that_was_set_back_forgets_nothing(quota: Quota, clock: Clock):
    _fetch(quota, 900)
    clock.time_s -= 90 * DAY_S
    assert quota.spent_bytes() == 900.0


def test_transfers_from_the_future_count_from_now_on(quota: Quota, clock: Clock):
    clock.time_s += 20 * 365 * DAY_S
    _fetch(quota, 900)
    clock.time_s -= 20 * 365 * DAY_S
    _fetch(quota, 600)
    assert clock.slept_s == pytest.approx(30 * DAY_S, abs=3601.0)
    assert quota.spent_bytes() == 600.0


def test_a_transfer_of_unknown_size_reserves_the_mean(quota: Quota, clock: Clock):
    _fetch(quota, 300)
    _fetch(quota, 500)
    with quota.reserved("granule", 0):
        assert clock.slept_s > 29 * DAY_S, "200 are left, 400 are reserved"
    _fetch(quota, 1000)
    before = clock.slept_s
    with quota.reserved("granule", 0):
        assert clock.slept_s > before


def test_who_waits_for_a_connection_has_reserved_nothing(tmp_path: Path):
    spent: list[float] = []

    def sleep(_: float) -> None:
        spent.append(Quota(limits.ledger, 1000.0).spent_bytes())
        raise KeyboardInterrupt

    limits = Limits(tmp_path, 1, 1000.0, timing=Timing(lambda: 0.0, sleep))
    with slot(tmp_path / "connections", 1), pytest.raises(KeyboardInterrupt), limits.granted("granule", 640):
        pass
    with limits.granted("granule", 640):
        spent.append(Quota(limits.ledger, 1000.0).spent_bytes())
    assert spent == [0.0, 640.0]


def test_every_host_has_a_budget_of_its_own(tmp_path: Path):
    ledgers = [Limits(tmp_path, host=host).ledger for host in ("", "a.example", "A.example", "b.example:8080")]
    assert len(set(ledgers)) == 3
    assert {ledger.parent for ledger in ledgers} == {tmp_path}


def test_a_ledger_that_cannot_be_written_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"count of fetched bytes cannot be written(.|\n)*archive\.shared_folder"):
        _fetch(Quota(tmp_path / "file" / "fetched.json", 1000.0), 10)


def test_a_ledger_that_is_lost_meanwhile_hides_no_error_of_the_transfer(quota: Quota, tmp_path: Path, caplog):
    def broken() -> None:
        with quota.reserved("granule", 800):
            quota.ledger.unlink()
            quota.ledger.mkdir()
            raise GranuleError("broke", reason="interrupted", where="granule")

    with pytest.raises(GranuleError, match="broke"):
        broken()
    assert "granule counts in full" in caplog.text


def test_old_transfers_leave_the_ledger(quota: Quota, clock: Clock):
    for _ in range(3):
        _fetch(quota, 100)
        clock.time_s += 31 * DAY_S
    _fetch(quota, 100)
    assert len(json.loads(quota.ledger.read_text())["transfers"]) == 1


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 12)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_no_30_days_ever_see_more_than_the_budget(tmp_path_factory, transfers):
    clock = Clock()
    quota = Quota(tmp_path_factory.mktemp("quota") / "fetched.json", 1000.0, 30, clock.now, clock.sleep, 3600.0)
    done = []
    for size_bytes, days in transfers:
        _fetch(quota, size_bytes)
        done.append((clock.time_s, size_bytes))
        clock.time_s += days * DAY_S
    for end_s, _ in done:
        assert sum(size for when, size in done if end_s - 30 * DAY_S < when <= end_s) <= 1000


def test_a_killed_transfer_counts_in_full(quota: Quota, root):
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from so2plumes.archive.quota import Quota\n"
        f"with Quota(Path({str(quota.ledger)!r}), 1000.0, 30, lambda: {quota.now()!r}).reserved('granule', 640):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == -9
    assert quota.spent_bytes() == 640.0


def test_jobs_that_begin_together_do_not_exceed_it(quota: Quota, root):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from so2plumes.archive.progress import Progress\n"
        "from so2plumes.archive.quota import Quota\n"
        "class Waits(Exception): pass\n"
        "def sleep(seconds): raise Waits\n"
        "try:\n"
        f"    with Quota(Path({str(quota.ledger)!r}), 1000.0, 30, sleep=sleep).reserved('granule', 300) as meter:\n"
        "        meter(Progress('granule', 300, None, 0.0, None, 300))\n"
        "except Waits:\n"
        "    sys.exit(3)\n"
    )
    jobs = [subprocess.Popen([sys.executable, "-c", code], cwd=root) for _ in range(5)]
    assert sorted(job.wait(timeout=60) for job in jobs) == [0, 0, 0, 3, 3]
    assert replace(quota, now=lambda: 4e9).spent_bytes() == 0.0


def test_the_bytes_of_all_attempts_are_counted(bench: Bench, quota: Quota):
    bench.server.script(ID, Fault(send_bytes=30_000, ending="reset"), Fault(ignore_range=True))
    ample = replace(quota, limit_bytes=1e9)
    with ample.reserved("granule", bench.size_bytes) as meter:
        result = bench.fetch(report=meter)
    assert result.fetched_bytes == bench.server.sent_bytes > bench.size_bytes
    assert ample.spent_bytes() == result.fetched_bytes
