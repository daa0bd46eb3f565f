"""A small campaign in a folder of its own, run by the real Snakemake."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PRODUCTS = (
    "plumes.parquet",
    "clusters.parquet",
    "cluster_history.parquet",
    "eruptions.parquet",
    "eruption_plumes.parquet",
    "daily.parquet",
    "edgar.parquet",
    "edgar_months.parquet",
    "coverage.parquet",
)


@dataclass(frozen=True)
class CampaignFolder:
    """A working folder with the workflow linked in and one configuration."""

    folder: Path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", *arguments, "--cores", "2", "--configfile", "test.yaml"]

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        if check and done.returncode != 0:
            raise AssertionError(done.stdout[-4000:] + done.stderr[-8000:])
        return done

    def planned(self, *arguments: str) -> dict[str, int]:
        """Jobs that a dry run lists, by rule."""
        out = self.run("-n", *arguments)
        text = out.stdout + out.stderr
        if "Nothing to be done" in text:
            return {}
        table = text.split("Job stats:")[1].splitlines()[3:]
        jobs = {}
        for line in table:
            if line.startswith("total"):
                break
            name, count = line.split()
            jobs[name] = int(count)
        return jobs

    def digests(self, *patterns: str) -> dict[str, str]:
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for pattern in patterns
            for path in sorted(self.folder.glob(pattern))
            if path.is_file()
        }

    def times(self, pattern: str) -> dict[str, float]:
        return {str(path): path.stat().st_mtime for path in sorted(self.folder.glob(pattern)) if path.is_file()}

    def products(self) -> dict[str, str]:
        return self.digests(*(f"results/*/{name}" for name in PRODUCTS), "results/*/emissions/*.parquet")


def make_campaign(root: Path, folder: Path, config: dict) -> CampaignFolder:
    folder.mkdir(parents=True)
    shutil.copy(root / "Snakefile", folder / "Snakefile")
    for name in ("workflow", "resources", "profiles", "envs"):
        os.symlink(root / name, folder / name)
    (folder / "config").mkdir()
    shutil.copy(root / "config" / "config.yaml", folder / "config" / "config.yaml")
    (folder / "test.yaml").write_text(json.dumps(config))
    return CampaignFolder(folder)


def put_faults(folder: Path) -> tuple[Path, dict[str, str]]:
    """Make a folder for faults, and the environment in which the jobs of a run look there (`faulty.py`)."""
    faults, commands = folder / "faults", folder / "bin"
    faults.mkdir()
    commands.mkdir()
    command = commands / "so2plumes"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).parent / "faulty.py"} "$@"\n')
    command.chmod(0o755)
    path = os.pathsep.join([str(commands), str(Path(sys.executable).parent), os.environ["PATH"]])
    return faults, {**os.environ, "PATH": path, "SO2PLUMES_TEST_FAULTS": str(faults)}


TINY = {
    "campaign": {"name": "tiny", "start": "2021-12-31", "end": "2022-01-01"},
    "archive": {"source": "simulated"},
    "simulate": {"seed": 2019, "scanlines": 64, "ground_pixels": 128},
    "cluster": {"min_samples": 2},
    "eruptions": {"path": "simulated"},
    "edgar": {"path": "simulated"},
    "report": {"gallery": 4},
}


@pytest.fixture(scope="session")
def finished(root, tmp_path_factory):
    """The tiny campaign, run to its end."""
    campaign = make_campaign(root, tmp_path_factory.mktemp("campaign") / "finished", TINY)
    campaign.run()
    return campaign


@pytest.fixture
def tiny_campaign(root, tmp_path):
    return make_campaign(root, tmp_path / "campaign", TINY)
