"""What a log says about its job, at every moment of its life."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from so2plumes.cli import main
from so2plumes.errors import GranuleError, ModelError
from so2plumes.joblog import Ending, Terminated, read_ending, reason_of

SLEEPER = """
import sys
from so2plumes import cli
from so2plumes.errors import GranuleError
from so2plumes.files import atomic_path

def work(options):
    {fault}
    import time
    with atomic_path({out!r}) as temporary:
        temporary.write_text("half")
        print("working", flush=True)
        time.sleep(600)

cli.GROUPS = (lambda commands, common: commands.add_parser("work", parents=[common]).set_defaults(run=work),)
sys.exit(cli.main(["work", "--log", {log!r}]))
"""


@pytest.fixture
def job(tmp_path):
    started = []

    def start(raises: str = "") -> tuple[subprocess.Popen[str], str]:
        log, out = str(tmp_path / "job.log"), str(tmp_path / "product")
        code = SLEEPER.format(fault=f"raise {raises}" if raises else "", out=out, log=log)
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        if not raises:
            assert process.stdout is not None
            assert process.stdout.readline() == "working\n"
        return process, log

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ending_of(log: str) -> Ending | None:
    return read_ending(Path(log))


def test_a_running_job_holds_its_log(job, tmp_path):
    _, log = job()
    assert ending_of(log) == Ending("running")
    assert ending_of(log) == Ending("running"), "looking does not disturb"


@pytest.mark.parametrize(
    ("number", "status", "reason"),
    [
        (signal.SIGKILL, -9, "killed"),
        (signal.SIGTERM, 143, "terminated"),
        (signal.SIGINT, 130, "interrupted_by_user"),
    ],
)
def test_a_job_that_is_told_to_end(job, tmp_path, number, status, reason):
    process, log = job()
    process.send_signal(number)
    assert process.wait(timeout=60) == status
    assert ending_of(log) == Ending("failed", reason)
    assert not (tmp_path / "product").exists()
    if number != signal.SIGKILL:
        assert sorted(os.listdir(tmp_path)) == ["job.log"], "half a product stays"


@pytest.mark.parametrize(
    ("raises", "status", "reason"),
    [
        ("GranuleError('no', reason='throttled')", 1, "throttled"),
        ("OSError(28, 'No space left on device')", 2, "no_space"),
        ("KeyError('x')", 2, "unexpected_KeyError"),
    ],
)
def test_a_job_that_fails_says_why(job, raises, status, reason):
    process, log = job(raises)
    _, said = process.communicate(timeout=60)
    assert process.returncode == status, said
    assert ending_of(log) == Ending("failed", reason)
    assert ("Traceback" in said) == reason.startswith("unexpected")


def test_a_job_that_is_done(tmp_path, root):
    log = tmp_path / "job.log"
    assert main(["check-config", str(root / "config" / "demo.yaml"), "--log", str(log)]) == 0
    assert read_ending(log) == Ending("done")


def test_a_long_log_is_read_from_its_end(tmp_path):
    log = tmp_path / "job.log"
    log.write_text("10:00:00 x: done in 3.0 s\n" + 4000 * "noise\n" + "10:00:09 x: failed after 9.0 s: zip\n")
    assert read_ending(log) == Ending("failed", "zip")


def test_no_log_and_an_empty_log_say_nothing(tmp_path):
    assert read_ending(tmp_path / "none.log") is None
    (tmp_path / "empty.log").touch()
    assert read_ending(tmp_path / "empty.log") is None


def test_reasons_of_errors():
    assert reason_of(GranuleError("x", reason="zip")) == "zip"
    assert reason_of(ModelError("x")) == "model"
    assert reason_of(OSError(errno.EROFS, "x")) == "read_only"
    assert reason_of(OSError(errno.EDQUOT, "x")) == "no_space"
    assert reason_of(MemoryError()) == "out_of_memory"
    assert reason_of(Terminated("SIGTERM")) == "terminated"


def test_a_folder_that_cannot_be_written_does_not_stop_the_job(tmp_path, root, capfd):
    (tmp_path / "file").touch()
    log = tmp_path / "file" / "job.log"
    assert main(["check-config", str(root / "config" / "demo.yaml"), "--log", str(log)]) == 0
    assert "no log is kept" in capfd.readouterr().err
