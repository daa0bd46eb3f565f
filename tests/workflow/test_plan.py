"""Dry runs of the shipped configurations."""

import subprocess
import sys

import pytest
import yaml

pytestmark = pytest.mark.campaign


def dry_run(root, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--cores", "32", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def test_one_year_of_the_six_year_campaign(root, tmp_path):
    text = dry_run(root, f"{tmp_path}/2021/plumes.parquet", "--config", f"results={tmp_path}", "--quiet", "rules")
    assert "detect_plumes" in text
    assert "365" in text


def test_sections_given_on_the_command_line_merge(root, tmp_path):
    text = dry_run(
        root,
        "--config",
        "archive={source: local, path: /nowhere}",
        "campaign={start: 2021-03-01, end: 2021-03-31, unit: month}",
        f"results={tmp_path}",
    )
    assert f"{tmp_path}/2021/probability/2021-03.nc" in text


@pytest.mark.parametrize("name", ["default", "slurm"])
def test_the_profiles_bound_the_fetching_jobs(root, name):
    profile = yaml.safe_load((root / "profiles" / name / "config.yaml").read_text())
    assert "cdse=4" in profile["resources"]
    if name == "slurm":
        assert profile["set-resources"]["fetch_swaths"]["runtime"] >= 2 * 24 * 60, "a granule may wait for the budget"


def test_fetching_waits_for_an_earlier_period(root, tmp_path):
    text = dry_run(
        root,
        f"{tmp_path}/2021/plumes.parquet",
        "--config",
        "campaign={start: 2021-01-01, end: 2021-01-20}",
        "archive={window: 5}",
        f"results={tmp_path}",
    )
    jobs = [block for block in text.split("rule fetch_swaths:") if "swaths/2021-01-09" in block]
    assert f"{tmp_path}/2021/chips/2021-01-04.nc" in jobs[0]


@pytest.mark.parametrize("winds", ["{use: never}", "{use: always, path: download}"])
def test_the_groups_of_the_slurm_profile_fit_the_rules(root, tmp_path, winds):
    """Snakemake refuses groups that wait for each other, and steps of a group for different partitions."""
    text = dry_run(
        root,
        "--profile",
        "profiles/slurm",
        "--quiet",
        "rules",
        "--config",
        "campaign={start: 2021-12-31, end: 2022-01-01}",
        "archive={source: simulated}",
        f"results={tmp_path}",
        f"era5={winds}",
    )
    assert "report_campaign" in text
