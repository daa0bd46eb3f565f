"""At most so many at once."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from so2plumes.archive.backoff import Timing
from so2plumes.archive.slots import slot
from so2plumes.errors import ConfigError


class _Enough(Exception):
    pass


def _waiting(rounds: int) -> Timing:
    """A clock that sleeps move, and that ends the waiting."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) >= rounds:
            raise _Enough

    return Timing(lambda: sum(slept), sleep)


def test_no_more_than_the_count_are_held(tmp_path: Path):
    with ExitStack() as stack:
        numbers = [stack.enter_context(slot(tmp_path, 3)) for _ in range(3)]
        assert sorted(numbers) == [0, 1, 2]
        with pytest.raises(_Enough), slot(tmp_path, 3, timing=_waiting(5)):
            pass
    with slot(tmp_path, 3, timing=_waiting(1)) as number:
        assert number == 0


def test_a_slot_is_free_after_an_error(tmp_path: Path):
    with pytest.raises(KeyError), slot(tmp_path, 1):
        raise KeyError
    with slot(tmp_path, 1, timing=_waiting(1)) as number:
        assert number == 0


def test_threads_never_exceed_the_count(tmp_path: Path):
    held, peak, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal held, peak
        for _ in range(5):
            with slot(tmp_path, 2, poll_s=0.001):
                with lock:
                    held += 1
                    peak = max(peak, held)
                with lock:
                    held -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert held == 0
    assert 1 <= peak <= 2


def test_the_slot_of_a_killed_process_is_free(tmp_path: Path):
    code = (
        "import sys, fcntl; f = open(sys.argv[1], 'a'); fcntl.flock(f, 2); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "slot-0")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as job:
        assert job.stdout.readline() == b"held\n"
        with pytest.raises(_Enough), slot(tmp_path, 1, timing=_waiting(3)):
            pass
        job.kill()
        job.wait()
    with slot(tmp_path, 1, timing=_waiting(3)) as number:
        assert number == 0


def test_waiting_is_said_now_and_then(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    with slot(tmp_path, 1), pytest.raises(_Enough), slot(tmp_path, 1, poll_s=1.0, timing=_waiting(150)):
        pass
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"waiting for one of 1 connections since {seconds} s" for seconds in (60, 120)]


def test_no_connection_at_all_is_an_error(tmp_path: Path):
    with pytest.raises(ConfigError), slot(tmp_path, 0):
        pass


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="local disk"), slot(tmp_path / "file" / "slots", 1):
        pass


def test_a_lock_that_cannot_be_made_is_an_error(tmp_path: Path):
    (tmp_path / "slot-0").mkdir()
    with pytest.raises(ConfigError, match=r"connection locks(.|\n)*archive\.shared_folder"), slot(tmp_path, 1):
        pass
