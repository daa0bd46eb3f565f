"""Disks that are full, cannot be written, or come from a machine with another clock."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.workflow.conftest import TINY, CampaignFolder
from tests.workflow.plans import plan

from so2plumes.config import parse_config
from so2plumes.ledger.summary import read_ledger

pytestmark = pytest.mark.campaign

FULL_KB = 5000


def mount(*arguments: str) -> bool:
    try:
        return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture
def small_disk() -> Iterator[Callable[[Path, int], None]]:
    """Put a disk of so many kB at a folder."""
    mounted: list[Path] = []

    def put(folder: Path, size_kb: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if not mount("-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(folder)):
            pytest.skip("no disk can be mounted here: needs root")
        mounted.append(folder)

    yield put
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=False)


@pytest.fixture
def copy(finished, tmp_path):
    target = tmp_path / "copy"
    shutil.copytree(finished.folder, target, symlinks=True, copy_function=shutil.copy2)
    return CampaignFolder(target)


def test_a_full_disk_is_told_and_what_follows_is_whole(finished, tiny_campaign, small_disk):
    results = tiny_campaign.folder / "results"
    small_disk(results, FULL_KB)
    done = tiny_campaign.run(check=False)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "the disk or the quota is full" in text or "no space left" in text.lower()
    assert "please report it" not in text, "a full disk is no unexpected error"

    assert mount("-o", "remount,size=500m", str(results))
    tiny_campaign.run()
    assert tiny_campaign.products() == finished.products()
    assert read_ledger(parse_config(TINY), tiny_campaign.folder).state == "finished"


def test_a_file_system_that_can_only_be_read(copy, small_disk, tmp_path):
    products = copy.products()
    kept = tmp_path / "kept"
    shutil.move(copy.folder / "results", kept)
    small_disk(copy.folder / "results", 500_000)
    subprocess.run(["cp", "-a", f"{kept}/.", copy.folder / "results"], check=True)
    (copy.folder / "results/2021/clusters.parquet").unlink()
    assert mount("-o", "remount,ro", str(copy.folder / "results"))
    done = copy.run("results/2021/clusters.parquet", check=False)
    assert done.returncode != 0
    text = (done.stdout + done.stderr).lower()
    assert "read-only" in text or "write-protected" in text
    assert read_ledger(parse_config(TINY), copy.folder).days["done"] == 2, "the ledger only reads"

    assert mount("-o", "remount,rw", str(copy.folder / "results"))
    copy.run("results/2021/clusters.parquet")
    assert copy.products() == products


def test_a_clock_that_was_ahead_costs_time_and_no_result(copy):
    """Chips of a machine whose clock was an hour ahead are newer than what was made from them.

    Snakemake looks into files of less than 1 MB and finds them unchanged; of larger ones it has the time
    only.
    """
    products, ahead = copy.products(), time.time() + 3600
    for path in copy.folder.glob("results/2021/chips/*.nc"):
        os.utime(path, (ahead, ahead))
    assert plan(copy.folder).jobs == {}
    times_only = ("--max-checksum-file-size", "0")
    jobs = plan(copy.folder, *times_only).jobs
    assert jobs["estimate_emissions"] == 1
    assert "fetch_swaths" not in jobs
    refused = copy.run("results/2021/plumes.parquet", *times_only, check=False)
    assert refused.returncode != 0
    assert "clock skew" in refused.stdout + refused.stderr, "an input from the future is not hidden"
    for path in copy.folder.glob("results/2021/chips/*.nc"):
        os.utime(path)
    copy.run("results/2021/plumes.parquet", *times_only)
    assert copy.products() == products


def test_a_clock_that_was_behind_costs_no_result(copy):
    products, behind = copy.products(), time.time() - 86_400
    for path in copy.folder.glob("results/2022/emissions/*.parquet"):
        os.utime(path, (behind, behind))
    jobs = plan(copy.folder).jobs
    assert "fetch_swaths" not in jobs
    copy.run("results/2022/plumes.parquet")
    assert copy.products() == products
