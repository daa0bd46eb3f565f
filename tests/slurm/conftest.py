"""A real SLURM of one node, and campaigns that run on it through the shipped profile."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.workflow.conftest import TINY, CampaignFolder, finished, make_campaign, put_faults

__all__ = ["finished"]

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Slurm:
    """A running SLURM."""

    root: Path
    environment: dict[str, str]

    def control(self, *arguments: str) -> None:
        subprocess.run([HERE / "cluster.sh", *arguments], env=self.environment, check=True, timeout=600)

    def ask(self, *command: str) -> str:
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout


@dataclass(frozen=True)
class SlurmCampaign:
    """A campaign folder whose jobs go to SLURM through a command line that can be told to fail."""

    folder: CampaignFolder
    faults: Path
    environment: dict[str, str]

    def ask_for(self, *faults: str) -> None:
        for name in faults:
            (self.faults / name).touch()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        polling = ["--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2"]
        command = [sys.executable, "-m", "snakemake", *arguments, "--profile", "profiles/slurm", *polling]
        return subprocess.Popen(
            [*command, "--configfile", "test.yaml"],
            cwd=self.folder.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for(self, pattern: str, count: int = 1, limit_s: float = 300) -> None:
        until = time.monotonic() + limit_s
        while len(list(self.faults.glob(pattern))) < count:
            assert time.monotonic() < until, f"{pattern} did not happen"
            time.sleep(0.2)


def free_ports() -> int:
    """First of two ports that nobody uses."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port


@pytest.fixture(scope="session")
def slurm():
    if not os.environ.get("SO2PLUMES_TEST_SLURM"):
        pytest.skip("SLURM is tested by make test-slurm")
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    folder.chmod(0o755)  # munge wants that everybody may reach its socket
    root = folder / "s"
    environment = {**os.environ, "SLURM_TEST_ROOT": str(root), "SLURM_TEST_PORT": str(free_ports())}
    for step in ("install", "start"):
        done = subprocess.run([HERE / "cluster.sh", step], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            subprocess.run([HERE / "cluster.sh", "stop"], env=environment, check=False)
            pytest.skip(f"no SLURM here: {done.stderr.strip()[-500:]}")
    environment["PATH"] = f"{root / 'bin'}:{environment['PATH']}"
    environment["SLURM_CONF"] = str(root / "slurm.conf")
    yield Slurm(root, environment)
    subprocess.run([HERE / "cluster.sh", "stop"], env=environment, check=False)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def campaign(slurm, root, tmp_path):
    folder = make_campaign(root, tmp_path / "campaign", TINY)
    faults, environment = put_faults(tmp_path)
    path = environment["PATH"].removesuffix(os.environ["PATH"]) + slurm.environment["PATH"]
    return SlurmCampaign(folder, faults, {**environment, **slurm.environment, "PATH": path})
