"""ERA5 winds in a campaign whose granules have none."""

import os
import shutil
import signal
import subprocess
import time

import netCDF4
import numpy as np
import pytest
from tests.weather.cds_server import KEY, CdsServer
from tests.weather.era5_files import SINGLE, Atmosphere, dataset, hours, write_new
from tests.workflow.conftest import TINY, make_campaign

from so2plumes.cli import main
from so2plumes.made_by import read_field
from so2plumes.plumes.chips import read_chips
from so2plumes.table import read_plumes
from so2plumes.versions import ALGORITHMS

pytestmark = pytest.mark.campaign

TARGET = "results/2021/plumes.parquet"
WIND = Atmosphere(east=(6.0, 0, 0, 0, 0), north=(2.5, 0, 0, 0, 0), start="2021-12-31T00")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Simulated granules; their winds carry a name that no reader knows."""
    folder = tmp_path_factory.mktemp("archive") / "granules"
    size = ["--scanlines", "64", "--ground-pixels", "128", "--seed", "2019"]
    days = ["--start", "2021-12-31", "--end", "2021-12-31"]
    assert main(["simulate-archive", *days, *size, "--out", str(folder)]) == 0
    for path in folder.rglob("S5P_*.nc"):
        try:
            with netCDF4.Dataset(path, "a") as granule:
                group = granule["PRODUCT/SUPPORT_DATA/INPUT_DATA"]
                for name in ("eastward_wind", "northward_wind"):
                    if name in group.variables:
                        group.renameVariable(name, f"no_{name}")
        except (OSError, IndexError):
            continue
    return folder


@pytest.fixture
def account(monkeypatch, tmp_path):
    monkeypatch.setenv("CDSAPI_URL", "https://cds.climate.copernicus.eu/api")
    monkeypatch.setenv("CDSAPI_KEY", KEY)
    monkeypatch.setenv("CDSAPI_RC", str(tmp_path / "none"))


@pytest.fixture
def server():
    with CdsServer(WIND) as running:
        yield running


def campaign_of(root, tmp_path, archive, **era5):
    config = {key: value for key, value in TINY.items() if key not in ("simulate", "eruptions", "edgar")}
    config |= {
        "campaign": {"name": "tiny", "start": "2021-12-31", "end": "2021-12-31"},
        "archive": {"source": "local", "path": str(archive)},
        "detect": {"method": "ztest"},
        "era5": {"levels_hpa": [1000, 500], **era5},
    }
    return make_campaign(root, tmp_path / "campaign", config)


def plumes_of(campaign):
    return read_plumes(campaign.folder / TARGET)


def test_rates_appear_where_granules_have_no_wind(root, tmp_path, archive, account, server):
    server.trouble.looks = 1
    campaign = campaign_of(root, tmp_path, archive, use="missing", path="download", url=server.url)
    campaign.run(TARGET)
    table = plumes_of(campaign)
    assert len(table) >= 1
    assert set(table["wind_source"]) == {"era5_10m"}
    np.testing.assert_allclose(table["wind_speed_median_m_s"], 6.5, atol=1e-4)
    assert table["emission_kg_h"].notna().any()
    (record,) = read_field(campaign.folder / TARGET)
    assert record.versions["fetch_winds"].startswith(f"{ALGORITHMS['fetch_winds']} (so2plumes ")
    submitted = len(server.submitted)
    assert 2 <= submitted <= 2 * 8
    assert campaign.planned(TARGET) == {}
    assert not list((campaign.folder / "results").rglob("*.requests"))
    text = "".join(path.read_text(errors="replace") for path in (campaign.folder / "results" / "logs").rglob("*.log"))
    assert "submitted" in text
    assert KEY not in text
    jobs = campaign.planned(TARGET, "--config", "era5={use: never}")
    assert set(jobs) == {"estimate_emissions", "collect_plumes"}
    assert len(server.submitted) == submitted


def test_without_era5_no_such_job_and_no_rate(root, tmp_path, archive):
    campaign = campaign_of(root, tmp_path, archive)
    assert "fetch_winds" not in campaign.planned(TARGET)
    campaign.run(TARGET)
    assert "fetch_winds" not in read_field(campaign.folder / TARGET)[0].versions
    table = plumes_of(campaign)
    assert set(table["wind_source"]) == {"none"}
    assert table["emission_kg_h"].isna().all()
    assert not list((campaign.folder / "results").glob("*/winds"))


def test_a_folder_of_files_needs_no_account(root, tmp_path, archive, monkeypatch):
    monkeypatch.setenv("CDSAPI_RC", str(tmp_path / "none"))
    (tmp_path / "era5").mkdir()
    for number, day in enumerate(("2021-12-31", "2022-01-01")):
        made = dataset(WIND, SINGLE, hours(f"{day}T00", 25), np.arange(90.0, -91.0, -5.0), np.arange(0.0, 360.0, 5.0))
        write_new(tmp_path / "era5" / f"{number}.nc", made)
    campaign = campaign_of(root, tmp_path, archive, use="always", path=str(tmp_path / "era5"))
    campaign.run(TARGET)
    np.testing.assert_allclose(plumes_of(campaign)["wind_speed_median_m_s"], 6.5, atol=1e-4)
    chips = read_chips(campaign.folder / "results/2021/chips/2021-12-31.nc")
    assert all(chip.get("eastward_wind") is None for chip in chips)


def test_a_killed_run_does_not_ask_twice(root, tmp_path, archive, account, server):
    server.trouble.looks = 10_000
    campaign = campaign_of(root, tmp_path, archive, use="missing", path="download", url=server.url)
    target = "results/2021/winds/2021-12-31.nc"
    run = subprocess.Popen(
        campaign.command(target),
        cwd=campaign.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + 240
    while not any(job.seen for job in server.submitted):
        assert time.monotonic() < end
        assert run.poll() is None
        time.sleep(0.1)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    asked = set(server.jobs)
    for job in server.submitted:
        job.looks = 0
    server.trouble.looks = 0
    campaign.run("--unlock")
    campaign.run(target)
    assert set(server.jobs) == asked
    assert (campaign.folder / target).is_file()


def test_refusals_reach_the_reader(root, tmp_path, archive, monkeypatch):
    monkeypatch.setenv("CDSAPI_RC", str(tmp_path / "none"))
    monkeypatch.delenv("CDSAPI_KEY", raising=False)
    campaign = campaign_of(root, tmp_path, archive, use="missing", path="download")
    done = campaign.run("results/2021/winds/2021-12-31.nc", check=False)
    assert done.returncode != 0
    assert "there is no account for the Climate Data Store" in done.stderr
    shutil.rmtree(campaign.folder)
