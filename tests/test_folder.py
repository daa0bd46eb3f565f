"""Living runs of a working folder, told from dead ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

from so2plumes.folder import hold_folder, is_running

OURS = ["results/2021/", "results/campaign/"]


@pytest.fixture
def folder(tmp_path):
    """The folder of Snakemake, and the files that a run locked."""
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").write_text("archive/2021/a.nc\n")
    (locks / "0.output.lock").write_text("logs/2021/x.log\nresults/2021/plumes.parquet\n")
    return locks.parent


@pytest.fixture
def run(folder):
    """A process that holds the folder as a run does."""
    code = (
        "import sys; from pathlib import Path; from so2plumes.folder import hold_folder;"
        "hold = hold_folder(Path(sys.argv[1])); print(hold.healed, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    healed = process.stdout.readline().strip()
    (folder / "locks" / "0.output.lock").parent.mkdir(exist_ok=True)
    (folder / "locks" / "0.output.lock").write_text("results/2021/plumes.parquet\n")
    assert healed == "True"
    yield process
    process.kill()
    process.wait()


def test_a_living_run_is_running_until_it_is_killed(folder, run):
    assert is_running(folder, OURS)
    run.kill()
    run.wait()
    assert not is_running(folder, OURS), "its lock is left"


def test_a_dry_run_makes_nothing(folder, run):
    (folder / "locks" / "0.output.lock").unlink()
    assert not is_running(folder, OURS)


@pytest.mark.parametrize("made", ["results/demo/2021/plumes.parquet", "results/2020/plumes.parquet", ""])
def test_a_run_of_other_results_is_another(folder, run, made):
    (folder / "locks" / "0.output.lock").write_text(f"{made}\n")
    assert not is_running(folder, OURS)


def test_to_ask_leaves_the_lock_of_a_dead_run_to_the_next_run(folder):
    (folder / "alive").touch()
    assert not is_running(folder, OURS)
    assert (folder / "locks" / "0.output.lock").is_file()
    assert hold_folder(folder).healed


def test_no_run_was_ever_there(tmp_path):
    assert not is_running(tmp_path / ".snakemake", OURS)
