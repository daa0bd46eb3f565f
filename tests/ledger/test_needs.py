"""What a campaign takes, from days of known cost."""

import pytest

from so2plumes.config import parse_config
from so2plumes.errors import TableError
from so2plumes.ledger.needs import measure_needs, needs_lines


def benchmark(made, step: str, name: str, wall: float, cpu: str, memory: float) -> None:
    path = made.results / "benchmarks" / name[:4] / step / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\tmax_rss\tcpu_time\n{wall}\t0:00:01\t{memory}\t{cpu}\n")


@pytest.fixture
def measured(made):
    for name, wall, cpu in (("2021-12-29", 10.0, "6.0"), ("2021-12-30", 30.0, "12.0")):
        made.receipt(name, ready=2, size=500)
        benchmark(made, "detect_plumes", name, wall, cpu, 100 * wall)
        path = made.results / name[:4] / "chips" / f"{name}.nc"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 2_000_000)
    return made


def test_means_of_the_finished_days_count_for_all(measured):
    needs = measure_needs(measured.config, measured.root)
    (step,) = needs.steps
    assert (needs.measured_days, needs.days) == (2, 6)
    assert (step.wall_s, step.cpu_s, step.memory_mb) == (20.0, 9.0, 3000.0)
    assert needs.cpu_h == pytest.approx(6 * 9 / 3600)
    assert needs.fetched_bytes == 1000
    assert needs.kept_bytes == pytest.approx(2_000_000, rel=0.01)


def test_a_job_too_short_to_be_measured_counts_neither_way(measured):
    benchmark(measured, "detect_plumes", "2021-12-31", 1.0, "NA", 100)
    assert measure_needs(measured.config, measured.root).steps[0].cpu_s == 9.0


def test_the_quota_of_a_download_is_told(measured):
    config = parse_config({**measured.config.model_dump(), "archive": {"source": "cdse", "quota_bytes": 3000}})
    text = "\n".join(needs_lines(measure_needs(config, measured.root), config))
    assert "quota    2 times 3 kB in 30 days" in text


def test_nothing_was_measured_yet(made):
    with pytest.raises(TableError, match="nothing was measured"):
        measure_needs(made.config, made.root)
