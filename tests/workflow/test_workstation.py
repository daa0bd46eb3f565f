"""``snakemake --cores 32``: never more detections than GPUs, and threads that add up to the cores."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.workflow.conftest import TINY, make_campaign, put_faults

pytestmark = pytest.mark.campaign

DAYS = ("2021-12-29", "2021-12-30", "2021-12-31")


def spans(faults, command):
    """Begin and end of every job of a command."""
    begun = {path.name.split("_")[-1]: float(path.read_text().split()[0]) for path in faults.glob(f"begun_{command}_*")}
    ended = {path.name.split("_")[-1]: float(path.read_text()) for path in faults.glob(f"ended_{command}_*")}
    assert begun.keys() == ended.keys()
    return [(begun[number], ended[number]) for number in begun]


def most_at_once(times):
    return max(sum(begin <= moment < end for begin, end in times) for moment, _ in times)


def threads(faults, command):
    return {path.read_text().split()[2] for path in faults.glob(f"begun_{command}_*")}


@pytest.mark.parametrize(("resources", "at_once"), [((), 1), (("--resources", "gpu=2", "cdse=4"), 2)])
def test_detections_are_as_many_as_gpus(root, tmp_path, resources, at_once):
    config = {
        **TINY,
        "campaign": {"name": "work", "start": DAYS[0], "end": DAYS[-1]},
        "simulate": {"seed": 1, "scanlines": 24, "ground_pixels": 48},
        "detect": {"method": "ztest"},
    }
    campaign = make_campaign(root, tmp_path / "campaign", config)
    faults, environment = put_faults(tmp_path)
    if at_once > 1:
        (faults / "detect-plumes_meet").touch()
    targets = [f"results/2021/probability/{day}.nc" for day in DAYS]
    command = [sys.executable, "-m", "snakemake", *targets, "--cores", "32", "--configfile", "test.yaml", *resources]
    done = subprocess.run(command, cwd=campaign.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    times = spans(faults, "detect-plumes")
    assert len(times) == len(DAYS)
    assert most_at_once(times) == at_once
    assert threads(faults, "detect-plumes") == {"8"}
    assert threads(faults, "fetch-swaths") == {"1"}
