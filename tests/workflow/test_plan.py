"""Dry runs of the shipped configurations."""

import os
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


def test_what_the_rules_import_loads_no_library_of_tables(root):
    """Every Snakemake process reads the rules, and tables would add a quarter to what a plan of six years takes."""
    rules = sorted((root / "workflow" / "rules").glob("*.smk"))
    imports = [line for path in rules for line in path.read_text().splitlines() if line.startswith("from so2plumes")]
    assert any("read_listed" in line for line in imports)
    heavy = "{'pandas', 'pyarrow', 'xarray', 'netCDF4', 'cv2', 'numba', 'keras', 'matplotlib', 'shapely', 'scipy'}"
    code = "\n".join([*imports, "import sys", f"print({heavy} & set(sys.modules))"])
    environment = {**os.environ, "PYTHONPATH": str(root / "workflow")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


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
    profile = yaml.safe_load((root / "profiles/slurm/config.yaml").read_text())
    of_the_plugin = [name for name in profile if name == "executor" or name.startswith("slurm-")]
    (tmp_path / "config.yaml").write_text(
        yaml.safe_dump({name: profile[name] for name in profile if name not in of_the_plugin})
    )
    text = dry_run(
        root,
        "--profile",
        str(tmp_path),
        "--quiet",
        "rules",
        "--config",
        "campaign={start: 2021-12-31, end: 2022-01-01}",
        "archive={source: simulated}",
        f"results={tmp_path}",
        f"era5={winds}",
    )
    assert "report_campaign" in text
