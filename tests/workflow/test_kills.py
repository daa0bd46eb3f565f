"""Anything can die: after ``kill -9`` at seeded random moments a resumed campaign equals an unkilled one.

The default is a few of the moments; ``make test-kills`` takes all of them.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.workflow.conftest import TINY, CampaignFolder, make_campaign
from tests.workflow.plans import plan

from so2plumes.config import parse_config
from so2plumes.folder import HEALED, is_running
from so2plumes.ledger.summary import read_ledger

pytestmark = pytest.mark.campaign

MOMENTS = 20
SHOWN = int(os.environ.get("SO2PLUMES_KILLS", "4"))
LAST_LOG = 48
VICTIMS = ("driver", "job", "all")


@dataclass(frozen=True)
class Moment:
    """Who is killed, after so many jobs have begun, and so much later."""

    victim: str
    begun: int
    later_s: float


@dataclass(frozen=True)
class Killed:
    """What a run said, and whether it was killed: it may have ended before its moment came."""

    moment: Moment
    said: str
    died: bool


def moments(seed: int = 20, count: int = MOMENTS) -> list[Moment]:
    rng = random.Random(seed)
    victims = [VICTIMS[number % len(VICTIMS)] for number in range(count)]
    places = sorted(rng.randint(1, LAST_LOG) for _ in range(count))
    return [Moment(victim, begun, rng.uniform(0, 1.5)) for victim, begun in zip(victims, places, strict=True)]


def chosen() -> list[Moment]:
    """Some of the moments, from the first to the last."""
    step = max(MOMENTS // SHOWN, 1)
    return moments()[step // 2 :: step]


def logs(campaign: CampaignFolder) -> list[Path]:
    return list((campaign.folder / "results/logs").glob("**/*.log"))


def jobs_of(session: int) -> Iterator[int]:
    """Processes of the command line that a run started."""
    for entry in Path("/proc").iterdir():
        try:
            ours = entry.name.isdigit() and os.getsid(int(entry.name)) == session
            if ours and b"so2plumes" in (entry / "cmdline").read_bytes():
                yield int(entry.name)
        except (OSError, ProcessLookupError):
            continue


def kill_at(campaign: CampaignFolder, moment: Moment) -> Killed:
    """Run until a moment and kill."""
    begun = len(logs(campaign))
    out = campaign.folder / "killed.txt"
    with out.open("w") as stream:
        run = subprocess.Popen(
            campaign.command(), cwd=campaign.folder, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            while run.poll() is None and len(logs(campaign)) < max(moment.begun, begun + 1):
                time.sleep(0.05)
            time.sleep(moment.later_s)
            if moment.victim == "job":
                for number in list(jobs_of(run.pid))[:1]:
                    os.kill(number, signal.SIGKILL)
                run.wait(timeout=600)
            elif moment.victim == "driver":
                run.kill()
            else:
                os.killpg(run.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        run.wait(timeout=600)
    return Killed(moment, out.read_text(), run.returncode == -signal.SIGKILL)


@pytest.fixture(scope="module")
def killed(root, tmp_path_factory):
    """A campaign that was killed and resumed again and again, and what its runs said."""
    campaign = make_campaign(root, tmp_path_factory.mktemp("kills") / "campaign", TINY)
    runs = [kill_at(campaign, moment) for moment in chosen()]
    last = campaign.run()
    return campaign, runs, last.stdout + last.stderr


def test_moments_are_spread_over_the_run():
    places = [moment.begun for moment in moments()]
    assert len(places) == MOMENTS
    assert places[0] <= LAST_LOG // 6
    assert places[-1] >= LAST_LOG - 4
    assert {moment.victim for moment in chosen()} == set(VICTIMS) or len(VICTIMS) > SHOWN


def test_killed_and_resumed_equals_unkilled(finished, killed):
    campaign, _, _ = killed
    assert campaign.products() == finished.products()
    assert plan(campaign.folder).jobs == {}


def test_the_lock_of_a_dead_run_is_healed_and_said(killed):
    _, runs, last = killed
    texts = [*(run.said for run in runs[1:]), last]
    for run, after in zip(runs, texts, strict=True):
        assert "Directory cannot be locked" not in after
        if run.died:
            assert HEALED in after.replace("\n", " ")
    assert any(run.died for run in runs)


def test_no_half_file_stays_and_the_ledger_is_clean(killed):
    campaign, _, _ = killed
    assert not list((campaign.folder / "results").rglob("*.part"))
    ledger = read_ledger(parse_config(TINY), campaign.folder)
    assert ledger.state == "finished", [str(group) for group in ledger.failures]


def test_two_runs_at_once_do_not_heal_each_other(tiny_campaign):
    first = subprocess.Popen(
        tiny_campaign.command("results/2021/plumes.parquet"),
        cwd=tiny_campaign.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not logs(tiny_campaign):
            assert first.poll() is None
            time.sleep(0.05)
        assert is_running(tiny_campaign.folder / ".snakemake", ["results/2021/"])
        assert not is_running(tiny_campaign.folder / ".snakemake", ["results/2022/"])
        second = tiny_campaign.run("results/2021/plumes.parquet", check=False)
        text = second.stdout + second.stderr
        assert second.returncode != 0
        assert "cannot be locked" in text
        assert HEALED[:40] not in text
    finally:
        first.kill()
        first.wait()
    assert not is_running(tiny_campaign.folder / ".snakemake", ["results/2021/"])
