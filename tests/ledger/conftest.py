"""Result folders of campaigns at a moment, as the steps leave them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from so2plumes.config import Config, parse_config
from so2plumes.files import write_json

START = 1_700_000_000.0


@dataclass(frozen=True)
class Made:
    """A results folder that a test fills."""

    root: Path
    config: Config

    @property
    def results(self) -> Path:
        return self.root / self.config.results

    def log(self, step: str, name: str, text: str, when: float, folder: str | None = None) -> Path:
        path = self.results / "logs" / (folder or name[:4]) / step / f"{name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (when, when))
        return path

    def receipt(self, name: str, ready: int = 14, size: int = 1000, unseen: tuple[str, ...] = ()) -> None:
        document = {
            "days": 1,
            "bytes": ready * size,
            "counts": {"ready": ready},
            "days_without_data": list(unseen),
            "granules": [{"size_bytes": size} for _ in range(ready)],
        }
        write_json(self.results / name[:4] / "receipts" / f"{name}.json", document)

    def emissions(self, name: str, plumes: int, when: float) -> None:
        path = self.results / name[:4] / "emissions" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"plume_id": [str(i) for i in range(plumes)]}), path)
        os.utime(path, (when, when))

    def done(self, name: str, plumes: int, when: float, unseen: tuple[str, ...] = ()) -> None:
        """All steps of a period, one second each."""
        self.receipt(name, unseen=unseen, ready=0 if unseen else 14)
        for number, step in enumerate(["fetch_swaths", "detect_plumes", "extract_plumes", "estimate_emissions"]):
            self.log(step, name, f"10:00:00 {step}: process 1 on here\n10:00:01 x: done in 1.0 s\n", when - 3 + number)
        self.emissions(name, plumes, when)

    def product(self, *parts: str, when: float | None = None) -> Path:
        path = self.results.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        if when is not None:
            os.utime(path, (when, when))
        return path


@pytest.fixture
def made(tmp_path):
    values = {
        "campaign": {"name": "six days", "start": "2021-12-29", "end": "2022-01-03"},
        "archive": {"source": "simulated"},
    }
    return Made(tmp_path, parse_config(values))


@pytest.fixture
def holder():
    """Start jobs that hold their log, and end them after the test."""
    started = []

    def hold(path: Path) -> subprocess.Popen[str]:
        code = (
            "import sys, time; from pathlib import Path; from so2plumes.joblog import start_logging;"
            f"start_logging('detect-plumes', Path({str(path)!r})); print('held', flush=True); time.sleep(600)"
        )
        job = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        started.append(job)
        assert job.stdout is not None
        assert job.stdout.readline() == "held\n"
        return job

    yield hold
    for job in started:
        job.kill()
        job.wait()
