"""Times of jobs from their benchmarks and probability files."""

import netCDF4
import pytest

from so2plumes.parity.timing import Pace, read_pace

HEAD = "s\th:m:s\tmax_rss\n"


@pytest.fixture
def results(tmp_path):
    for step, period, seconds in (
        ("detect_plumes", "2021-03-01", "30.5"),
        ("detect_plumes", "2021-03-02", "12.5"),
        ("detect_plumes", "2021-03-03", "99"),
        ("estimate_emissions", "2021-03-01", "2.5"),
        ("estimate_emissions", "2021-03-02", "-"),
    ):
        path = tmp_path / "benchmarks" / "2021" / step / f"{period}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEAD}{seconds}\t0:00:30\t1\n")
    (tmp_path / "2021" / "probability").mkdir(parents=True)
    for period, engine, swaths in (("2021-03-01", "gpu", 2), ("2021-03-02", "", 1)):
        with netCDF4.Dataset(tmp_path / "2021" / "probability" / f"{period}.nc", "w") as dataset:
            if engine:
                dataset.engine = engine
            for orbit in range(swaths):
                group = dataset.createGroup(f"orbit_{orbit:05d}")
                group.createDimension("scanline", 10)
                group.createDimension("ground_pixel", 4)
                group.createVariable("probability", "f4", ("scanline", "ground_pixel"))
    return tmp_path


def test_jobs_are_read_with_their_engine_and_swaths(results):
    pace = read_pace(results)
    found = [(time.engine, time.swaths, time.pixels, time.seconds) for time in pace.detection]
    assert found == [("gpu", 2, 80, 30.5), ("", 1, 40, 12.5)]
    assert pace.estimation_s == 2.5


def test_a_file_that_is_none_is_left_out(results):
    (results / "2021" / "probability" / "2021-03-03.nc").write_bytes(b"")
    assert len(read_pace(results).detection) == 2


def test_a_run_without_benchmarks_has_no_times(tmp_path):
    assert read_pace(tmp_path) == Pace()
