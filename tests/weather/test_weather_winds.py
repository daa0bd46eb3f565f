"""The file of winds, and what the emission room makes of it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from tests.plume_makers import block, cut, make_swath, metre_grid, only
from tests.weather.cds_server import KEY, CdsServer
from tests.weather.era5_files import PRESSURE, SINGLE, Atmosphere, dataset, write_new, write_old

from so2plumes.cli import main
from so2plumes.emissions.record import EmissionRule, Surroundings, plume_record
from so2plumes.emissions.wind import chip_wind
from so2plumes.errors import ConfigError, ExternalDataError
from so2plumes.plumes.chips import write_chips
from so2plumes.table import read_plumes
from so2plumes.weather.account import CdsAccount
from so2plumes.weather.boxes import plume_block
from so2plumes.weather.client import CdsClient
from so2plumes.weather.fetch import download_blocks, folder_blocks
from so2plumes.weather.winds import read_winds, write_winds

AIR = Atmosphere()


def chip_at(longitude=15.0, latitude=37.7, wind=None, granule="granule"):
    grid = metre_grid(longitude=longitude, latitude=latitude)
    mask = block(grid, slice(20, 26), slice(17, 23))
    return only(cut(make_swath(grid, np.where(mask, 3e-3, 1e-3), wind=wind, granule=granule), mask))


def era5_folder(folder, chips, names=(PRESSURE, SINGLE)):
    """A folder as people have it: one old file, one new one, another that is far away, in sub-folders."""
    folder.mkdir()
    (folder / "levels").mkdir()
    hour = chips[0].time.astype("datetime64[h]")
    times = hour + np.arange(-2, 4).astype("timedelta64[h]")
    latitude, longitude = np.arange(60.0, -60.1, -2.0), np.arange(0.0, 360.0, 2.0)
    for kind, write in zip(names, (write_old, write_new), strict=False):
        write(folder / "levels" / f"{kind[0]}.nc", dataset(AIR, kind, times, latitude, longitude, (1000, 500)))
    write_new(folder / "far.nc", dataset(AIR, SINGLE, times + np.timedelta64(400, "D"), latitude, longitude))
    return folder


def fetched(tmp_path, chips, *options):
    write_chips(chips, tmp_path / "chips.nc")
    code = main(["fetch-winds", "--chips", f"{tmp_path}/chips.nc", "--out", f"{tmp_path}/winds.nc", *options])
    return code, tmp_path / "winds.nc"


def test_the_wind_of_a_plume_is_that_of_era5_at_its_pixels_and_time(tmp_path):
    chip = chip_at()
    code, path = fetched(tmp_path, [chip], "--source", str(era5_folder(tmp_path / "era5", [chip])))
    assert code == 0
    field = read_winds(path).field_for(chip)
    wind = chip_wind(chip, field)
    truth = AIR.wind("u", chip.time, chip["latitude"][chip.mask], chip["longitude"][chip.mask], AIR.surface_pressure_pa)
    assert wind.mean_east_m_s == pytest.approx(truth.mean(), abs=2e-3)
    assert wind.source == "era5_10m"
    row = plume_record(chip, EmissionRule(), Surroundings(field))
    assert row["wind_source"] == "era5_10m"
    assert "no_wind" not in row["quality"]
    rate = row["mass_kg"] * row["wind_speed_median_m_s"] / row["length_m"] * 3600.0
    assert row["emission_paper_kg_h"] == pytest.approx(rate)
    height = field.at(15.0, 37.7, chip.time, pressure_pa=7e4).eastward_m_s[0]
    assert height == pytest.approx(AIR.wind("u", chip.time, 37.7, 15.0, 7e4), abs=0.02), "old files are packed"


def test_a_granule_with_wind_keeps_it(tmp_path):
    chips = [chip_at(wind=(5.0, 0.0)), chip_at(longitude=40.0, granule="other")]
    folder = str(era5_folder(tmp_path / "era5", chips))
    winds = read_winds(fetched(tmp_path, chips, "--source", folder)[1])
    assert winds.field_for(chips[0]) is None
    assert winds.field_for(chips[1]) is not None
    row = plume_record(chips[0], EmissionRule(), Surroundings(winds.field_for(chips[0])))
    assert (row["wind_source"], row["wind_speed_median_m_s"]) == ("granule_10m", 5.0)
    everywhere = read_winds(fetched(tmp_path, chips, "--source", folder, "--use", "always")[1])
    assert (
        plume_record(chips[0], EmissionRule(), Surroundings(everywhere.field_for(chips[0])))["wind_source"]
        == "era5_10m"
    )


def test_no_plume_in_need_makes_an_empty_file_without_an_account(tmp_path, monkeypatch):
    monkeypatch.setenv("CDSAPI_RC", str(tmp_path / "none"))
    for chips in ([], [chip_at(wind=(5.0, 0.0))]):
        code, path = fetched(tmp_path, chips, "--source", "download")
        assert code == 0
        assert read_winds(path).fields == ()
        assert read_winds(path).box_of == {}


def test_without_any_wind_the_plume_says_so():
    row = plume_record(chip_at(), EmissionRule())
    assert row["wind_source"] == "none"
    assert "no_wind" in row["quality"]


def test_a_folder_with_pressure_levels_only_gives_no_10_m_wind(tmp_path, capsys):
    chip = chip_at()
    code, path = fetched(tmp_path, [chip], "--source", str(era5_folder(tmp_path / "era5", [chip], (PRESSURE,))))
    assert code == 0
    assert "no 10 m wind" in capsys.readouterr().err
    field = read_winds(path).field_for(chip)
    assert chip_wind(chip, field).source == "none"
    assert field.at(15.0, 37.7, chip.time, pressure_pa=7e4).n_outside == 0


def test_a_folder_without_the_day_is_said(tmp_path):
    chip = chip_at()
    with pytest.raises(ConfigError, match=r"no ERA5 files(.|\n)*era5\.path"):
        folder_blocks(tmp_path, [plume_block(chip)])
    (tmp_path / "era5").mkdir()
    write_new(
        tmp_path / "era5" / "x.nc",
        dataset(AIR, SINGLE, np.array(["2001-01-01"], "datetime64[h]"), np.arange(5.0), np.arange(5.0)),
    )
    with pytest.raises(ExternalDataError, match=r"no ERA5 file has this place and time(.|\n)*era5\.path: download"):
        folder_blocks(tmp_path / "era5", [plume_block(chip)])
    code, path = fetched(tmp_path, [chip], "--source", str(tmp_path / "era5"))
    assert code == 1
    assert not path.exists()


def _ends_early(hour):
    return {"time": hour + np.arange(-3, 1).astype("timedelta64[h]")}


def _is_narrow(hour):
    return {"longitude": np.arange(15.0, 18.1, 0.25)}


@pytest.mark.parametrize("change", [_ends_early, _is_narrow])
def test_a_folder_in_which_one_of_the_files_does_not_cover_the_plume_is_said(tmp_path, change):
    chip = chip_at()
    hour = chip.time.astype("datetime64[h]")
    whole = {
        "time": hour + np.arange(-1, 4).astype("timedelta64[h]"),
        "latitude": np.arange(40.0, 34.9, -0.25),
        "longitude": np.arange(12.0, 18.1, 0.25),
    }
    (tmp_path / "era5").mkdir()
    write_new(tmp_path / "era5" / "levels.nc", dataset(AIR, PRESSURE, **whole))
    write_new(tmp_path / "era5" / "single.nc", dataset(AIR, SINGLE, **(whole | change(hour))))
    with pytest.raises(ExternalDataError, match=r"do not cover a plume(.|\n)*blh_m") as caught:
        folder_blocks(tmp_path / "era5", [plume_block(chip)])
    assert "era5.path: download" in caught.value.remedy
    write_new(tmp_path / "era5" / "single.nc", dataset(AIR, SINGLE, **whole))
    assert len(folder_blocks(tmp_path / "era5", [plume_block(chip)])) == 1


def test_a_file_without_a_variable_of_use_is_left_out_once(tmp_path, caplog):
    chips = [chip_at(), chip_at(longitude=60.0)]
    folder = era5_folder(tmp_path / "era5", chips)
    mask = xr.Dataset({"lsm": (("latitude", "longitude"), np.ones((2, 2)))}, {"latitude": [0, 1], "longitude": [0, 1]})
    mask.to_netcdf(folder / "land_sea_mask.nc")
    assert len(folder_blocks(folder, [plume_block(chip) for chip in chips])) == 2
    (said,) = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert "land_sea_mask.nc" in said


def test_boxes_come_back_from_the_file_as_they_were(tmp_path):
    chips = [chip_at(longitude=179.99), chip_at(longitude=-60.0, latitude=-10.0)]
    filled = []
    for where in map(plume_block, chips):
        with CdsServer() as server:
            client = CdsClient(CdsAccount(server.url, KEY))
            filled += download_blocks(client, [where], (1000, 700, 500), tmp_path / where.plumes[0])
    write_winds(filled, tmp_path / "winds.nc")
    winds = read_winds(tmp_path / "winds.nc")
    for chip in chips:
        field = winds.field_for(chip)
        lon, lat = chip["longitude"][chip.mask], chip["latitude"][chip.mask]
        for asked, truth_at in (({}, AIR.surface_pressure_pa), ({"pressure_pa": 6e4}, 6e4)):
            found = field.at(lon, lat, chip.time, **asked)
            np.testing.assert_allclose(found.eastward_m_s, AIR.wind("u", chip.time, lat, lon, truth_at), atol=0.02)
        assert field.boundary_layer_mean(lon, lat, chip.time).n_outside == 0


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\nxxxx"])
def test_a_torn_file_of_winds_is_named(tmp_path, content):
    (tmp_path / "winds.nc").write_bytes(content)
    with pytest.raises(ExternalDataError, match=r"winds cannot be read(.|\n)*winds\.nc"):
        read_winds(tmp_path / "winds.nc")
    with pytest.raises(ExternalDataError):
        read_winds(tmp_path / "absent.nc")


def test_the_commands_by_hand(tmp_path, monkeypatch):
    """Chips without wind, the service, the table: a rate appears."""
    chip = chip_at()
    write_chips([chip], tmp_path / "chips.nc")
    common = ["--chips", f"{tmp_path}/chips.nc"]
    assert main(["estimate-emissions", *common, "--out", f"{tmp_path}/without.parquet"]) == 0
    with CdsServer() as server:
        monkeypatch.setenv("CDSAPI_KEY", KEY)
        monkeypatch.setenv("CDSAPI_RC", str(tmp_path / "none"))
        fetch = ["fetch-winds", *common, "--source", "download", "--url", server.url, "--levels-hpa", "1000,500"]
        monkeypatch.setenv("CDSAPI_URL", "https://cds.climate.copernicus.eu/api")
        assert main([*fetch, "--out", f"{tmp_path}/winds.nc", "--log", f"{tmp_path}/log"]) == 0
    assert not list(tmp_path.glob(".*")), "requests are forgotten once the winds are written"
    assert KEY not in (tmp_path / "log").read_text()
    done = ["estimate-emissions", *common, "--winds", f"{tmp_path}/winds.nc", "--out", f"{tmp_path}/with.parquet"]
    assert main(done) == 0
    without, with_winds = (read_plumes(tmp_path / f"{name}.parquet").iloc[0] for name in ("without", "with"))
    assert np.isnan(without["emission_kg_h"])
    assert with_winds["emission_kg_h"] > 0
    assert (without["wind_source"], with_winds["wind_source"]) == ("none", "era5_10m")
