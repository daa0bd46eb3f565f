"""EDGAR grids by their distributed names, checked before they are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from tests.inventory.edgar_server import OLDER, ROOT, EdgarServer, annual_name, grid_file, zipped
from tests.loopback import Reply

from so2plumes.errors import ConfigError, ExternalDataError
from so2plumes.files import read_json
from so2plumes.http import HttpClient, Patience, RemoteError
from so2plumes.inventory.download import (
    EDGAR_BASES,
    EdgarRelease,
    download_annual,
    download_monthly,
    inventory_year,
    substitute_sentence,
)
from so2plumes.inventory.edgar import find_edgar, read_edgar

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FOLDER = f"{ROOT}/SO2/TOTALS/flx_nc/"


@pytest.fixture
def client() -> HttpClient:
    return HttpClient(np.random.default_rng(1), Patience(attempts=4), sleep=lambda seconds: None)


@pytest.fixture
def made(tmp_path) -> Path:
    folder = tmp_path / "made"
    folder.mkdir()
    return folder


@pytest.fixture
def server(made) -> Iterator[EdgarServer]:
    files = {}
    for year in (2021, 2022):
        members = {f"v8.1_FT2022_AP_SO2_{year}_TOTALS_flx.nc": grid_file(made, year), "_readme.txt": b"read me"}
        files[FOLDER + annual_name(year)] = zipped(members)
    with EdgarServer(files) as running:
        yield running


def release_of(server, **options) -> EdgarRelease:
    return EdgarRelease(bases=server.bases, resolution_deg=10.0, **options)


def test_years_are_fetched_once_each_and_found_by_the_reader(server, client, tmp_path):
    folder = tmp_path / "edgar"
    done = download_annual(client, folder, [2021, 2022, 2023, 2024], release_of(server), NOW)
    assert [Path(d.path).name for d in done] == [annual_name(2021), annual_name(2022)]
    assert [d.years for d in done] == [(2021,), (2022,)]
    assert len(server.seen) == 2
    for year, used in ((2021, 2021), (2022, 2022), (2023, 2022), (2024, 2022)):
        chosen = find_edgar(folder, year)
        assert chosen.year == used
        assert read_edgar(chosen.path, used).year == used


def test_years_after_the_inventory_are_said(server, client, tmp_path, caplog):
    done = download_annual(client, tmp_path / "edgar", [2021, 2022, 2023, 2024], release_of(server))
    sentence = "EDGAR v8.1 ends in 2022: 2023 and 2024 are compared with 2022."
    assert [d.sentence for d in done] == ["", sentence]
    assert sentence in caplog.text
    assert substitute_sentence([2021, 2023]) == "EDGAR v8.1 ends in 2022: 2023 is compared with 2022."
    assert substitute_sentence([2025, 2023, 2024]).startswith("EDGAR v8.1 ends in 2022: 2023, 2024 and 2025 are")
    assert substitute_sentence([2019, 2022]) == ""


@pytest.mark.parametrize(("year", "monthly", "used"), [(1970, False, 1970), (2022, True, 2022), (2024, True, 2022)])
def test_the_year_that_stands_for_a_year(year, monthly, used):
    assert inventory_year(year, monthly) == used


@pytest.mark.parametrize(("year", "monthly"), [(1969, False), (1999, True)])
def test_a_year_before_the_inventory_is_refused(year, monthly):
    with pytest.raises(ConfigError, match="does not have this year"):
        inventory_year(year, monthly)


def test_the_addresses_are_the_documented_ones():
    assert EDGAR_BASES[0] == "https://jeodpp.jrc.ec.europa.eu/ftp/jrc-opendata/EDGAR/datasets/v81_FT2022_AP_new"
    assert EdgarRelease().annual_path(2022) == "SO2/TOTALS/flx_nc/v8.1_FT2022_AP_SO2_2022_TOTALS_flx_nc.zip"
    assert EdgarRelease(kind="emi").annual_path(2020).endswith("/emi_nc/v8.1_FT2022_AP_SO2_2020_TOTALS_emi_nc.zip")
    monthly = EdgarRelease().monthly_path("POWER_INDUSTRY")
    assert monthly == "monthly/SO2/bkl_POWER_INDUSTRY/bkl_POWER_INDUSTRY_flx_nc.zip"


def test_the_sidecar_says_when_and_what_was_downloaded(server, client, tmp_path):
    (done,) = download_annual(client, tmp_path / "edgar", [2022], release_of(server), NOW)
    record = read_json(done.path + ".json")
    assert record["source"] == server.bases[0] + "/" + EdgarRelease().annual_path(2022)
    assert record["downloaded"] == "2026-01-02T03:04:05+00:00"
    assert record["sha256"] == hashlib.sha256(Path(done.path).read_bytes()).hexdigest() == done.sha256
    assert record["path"] == annual_name(2022), "no folder of this machine"


def test_a_file_that_is_there_is_not_fetched_again_unless_it_changed(server, client, tmp_path):
    folder = tmp_path / "edgar"
    (first,) = download_annual(client, folder, [2022], release_of(server))
    (again,) = download_annual(client, folder, [2022], release_of(server))
    assert (first.fetched, again.fetched) == (True, False)
    assert again.path == first.path
    assert len(server.seen) == 1
    Path(first.path).write_bytes(b"damaged")
    (mended,) = download_annual(client, folder, [2022], release_of(server))
    assert mended.fetched
    assert len(server.seen) == 2
    assert read_edgar(mended.path).year == 2022


def test_a_file_that_is_absent_is_sought_in_the_older_release(server, client, tmp_path):
    server.files[f"{OLDER}/SO2/TOTALS/flx_nc/{annual_name(2021)}"] = server.files.pop(FOLDER + annual_name(2021))
    (done,) = download_annual(client, tmp_path / "edgar", [2021], release_of(server))
    assert done.source.startswith(server.bases[1])


def test_a_file_that_is_nowhere_is_an_error_with_its_address(server, client, tmp_path):
    with pytest.raises(RemoteError, match="404") as caught:
        download_annual(client, tmp_path / "edgar", [1980], release_of(server))
    assert annual_name(1980) in str(caught.value)
    assert "404 Not Found" in str(caught.value)
    assert list((tmp_path / "edgar").iterdir()) == []


def test_a_bare_netcdf_file_is_kept_under_its_own_suffix(server, client, tmp_path, made):
    server.files[FOLDER + annual_name(2022)] = grid_file(made, 2022)
    (done,) = download_annual(client, tmp_path / "edgar", [2022], release_of(server))
    assert Path(done.path).name == annual_name(2022, "_flx.nc")
    assert find_edgar(tmp_path / "edgar", 2022).path == Path(done.path)
    assert not download_annual(client, tmp_path / "edgar", [2022], release_of(server))[0].fetched


def test_tonnes_in_a_cell_are_accepted_too(server, client, tmp_path, made):
    content = grid_file(made, 2022, name="emissions", units="Tonnes")
    path = f"{ROOT}/SO2/TOTALS/emi_nc/{annual_name(2022, '_emi_nc.zip')}"
    server.files[path] = zipped({annual_name(2022, "_emi.nc"): content})
    (done,) = download_annual(client, tmp_path / "edgar", [2022], release_of(server, kind="emi"))
    assert find_edgar(tmp_path / "edgar", 2022).path == Path(done.path)


def bad_content(kind: str, made: Path, good: bytes) -> bytes:
    name = annual_name(2022, "_flx.nc")
    return {
        "a web page": lambda: b"<html><title>Down for maintenance</title></html>",
        "half a zip": lambda: good[: len(good) // 2],
        "a flipped byte": lambda: good[:3000] + bytes([good[3000] ^ 255]) + good[3001:],
        "another year": lambda: zipped({annual_name(2021, "_flx.nc"): grid_file(made, 2021)}),
        "another gas": lambda: zipped({name: grid_file(made, 2022, substance="NH3")}),
        "another unit": lambda: zipped({name: grid_file(made, 2022, units="kg")}),
        "no fluxes": lambda: zipped({name: grid_file(made, 2022, name="other")}),
        "a coarse grid": lambda: zipped({name: grid_file(made, 2022, (9, 18))}),
        "months": lambda: zipped({name: grid_file(made, 2022, (12, 18, 36))}),
        "no grid": lambda: zipped({"_readme.txt": b"only this"}),
    }[kind]()


WRONG = {
    "a web page": "Down for maintenance",
    "half a zip": "zip",
    "a flipped byte": "zip",
    "another year": "another year",
    "another gas": "another gas",
    "another unit": "unit",
    "no fluxes": "no emissions",
    "a coarse grid": "not the global grid",
    "months": "not the global grid",
    "no grid": "does not hold the one grid",
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_file_that_is_not_the_grid_is_not_kept(server, client, tmp_path, made, kind):
    path = FOLDER + annual_name(2022)
    server.files[path] = bad_content(kind, made, server.files[path])
    with pytest.raises(ExternalDataError, match=WRONG[kind]):
        download_annual(client, tmp_path / "edgar", [2022], release_of(server))
    assert list((tmp_path / "edgar").iterdir()) == []


def test_passing_faults_do_no_harm_and_a_cut_body_is_fetched_again(server, client, tmp_path):
    good = server.files[FOLDER + annual_name(2022)]
    server.faults = [Reply(503, b""), Reply(body=good, cut=len(good) // 2), Reply(reset=True)]
    (done,) = download_annual(client, tmp_path / "edgar", [2022], release_of(server))
    assert Path(done.path).read_bytes() == good
    assert len(server.seen) == 4


def test_the_months_of_a_sector_are_one_file_with_every_year(server, client, tmp_path, made):
    members = {
        f"v8.1_FT2022_AP_SO2_{year}_bkl_POWER_INDUSTRY_flx.nc": grid_file(made, year, (12, 18, 36))
        for year in (2020, 2021, 2022)
    }
    server.files[f"{ROOT}/monthly/SO2/bkl_POWER_INDUSTRY/bkl_POWER_INDUSTRY_flx_nc.zip"] = zipped(members)
    done = download_monthly(client, tmp_path / "edgar", "POWER_INDUSTRY", [2021, 2024], release_of(server))
    assert done.years == (2021, 2022)
    assert done.sentence == "EDGAR v8.1 ends in 2022: 2024 is compared with 2022."
    assert read_edgar(done.path, 2021).monthly
    with pytest.raises(ExternalDataError):
        download_monthly(client, tmp_path / "other", "POWER_INDUSTRY", [2005], release_of(server))
    with pytest.raises(ConfigError, match="no such sector"):
        download_monthly(client, tmp_path / "edgar", "TOTALS", [2021], release_of(server))


def test_the_distributed_resolution_is_accepted(server, client, tmp_path, made):
    content = grid_file(made, 2022, (1800, 3600))
    server.files[FOLDER + annual_name(2022)] = zipped({annual_name(2022, "_flx.nc"): content})
    (done,) = download_annual(client, tmp_path / "edgar", [2022], EdgarRelease(bases=server.bases))
    assert done.years == (2022,)
