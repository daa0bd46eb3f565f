"""The campaign on a real SLURM of one node, through the shipped profile."""

from __future__ import annotations

import re

import pytest
from tests.workflow.conftest import TINY

from so2plumes.config import parse_config
from so2plumes.ledger.summary import read_ledger

pytestmark = [pytest.mark.slurm, pytest.mark.campaign]


def failures(campaign) -> dict[str, list[str]]:
    ledger = read_ledger(parse_config(TINY), campaign.folder.folder)
    return {group.reason: [job.step for job in group.jobs] for group in ledger.failures}


def test_the_tables_are_those_of_the_local_executor(slurm, campaign, finished):
    """With a job that fails at first, one that wants more memory, and a controller that is killed in the middle."""
    campaign.ask_for("extract-plumes_fail", "index-archive_eat", "detect-plumes_meet")
    run = campaign.start("--set-resources", "index_archive:mem_mb=600*attempt")
    campaign.wait_for("begun_detect-plumes_*", 2)
    slurm.control("restart")
    said, _ = run.communicate(timeout=900)
    assert run.returncode == 0, said[-6000:]
    assert campaign.folder.products() == finished.products()

    memory = [int(mb) for mb in re.findall(r"MinMemoryNode=(\d+)M", slurm.ask("scontrol", "show", "jobs"))]
    assert {600, 1200} <= set(memory), "the second try has more memory"
    begun = [path.read_text().split() for path in campaign.faults.glob("begun_detect-plumes_*")]
    assert {device for _, device, _ in begun} == {"0", "1"}, "a device for each of two detections at a time"
    assert len(list(campaign.faults.glob("begun_extract-plumes_*"))) == 3, "the failed one was tried again"
    assert len(list(campaign.faults.glob("begun_fetch-swaths_*"))) == 2, "nothing was fetched again for it"
    assert failures(campaign) == {}


def test_a_job_over_its_time_is_told_in_words(campaign):
    campaign.ask_for("index-archive_hang")
    target = "results/2021/index.parquet"
    run = campaign.start(target, "--retries", "0", "--set-resources", "index_archive:runtime=1")
    said, _ = run.communicate(timeout=900)
    assert run.returncode != 0
    assert "TIMEOUT" in said
    assert failures(campaign) == {"terminated": ["index_archive"]}


def test_a_job_over_its_memory_is_told_in_words(campaign):
    campaign.ask_for("index-archive_eat")
    target = "results/2021/index.parquet"
    run = campaign.start(target, "--retries", "0", "--set-resources", "index_archive:mem_mb=600")
    said, _ = run.communicate(timeout=900)
    assert run.returncode != 0, said[-3000:]
    assert failures(campaign) == {"killed": ["index_archive"]}
