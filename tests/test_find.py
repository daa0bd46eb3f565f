"""`so2plumes find`: the plumes of one file of a user, the same as a campaign finds."""

from __future__ import annotations

import shutil

import netCDF4
import numpy as np
import pandas as pd
import pytest

from so2plumes.cli import main
from so2plumes.simulate.level2 import Level2Options, write_level2
from so2plumes.simulate.orbits import swath_geometry
from so2plumes.simulate.scenes import build_scene
from so2plumes.table import read_plumes

ORBIT = 17849
BAND = slice(30, 36), slice(20, 60)


def add_plume(path) -> None:
    """Put a band of 40 DU into a granule."""
    with netCDF4.Dataset(path, "a") as dataset:
        column = dataset["PRODUCT/sulfurdioxide_total_vertical_column"]
        column.set_auto_maskandscale(False)
        values = column[:]
        values[0][BAND] = 40 * 4.4615e-4
        column[:] = values


@pytest.fixture(scope="module")
def scene():
    geometry = swath_geometry(ORBIT, (2000, 2064), (180, 276))
    return build_scene(geometry, [], np.random.default_rng(3), cloud_share=0.0).scene


@pytest.fixture
def granule(scene, tmp_path):
    path = write_level2(tmp_path / "in", scene, Level2Options())
    add_plume(path)
    return path


def find(path, out, *options) -> int:
    return main(["find", str(path), "--out", str(out), "--method", "ztest", *options])


def test_the_plume_is_printed_drawn_and_written(granule, tmp_path, capsys):
    assert find(granule, tmp_path / "out") == 0
    printed = capsys.readouterr().out
    frame = read_plumes(tmp_path / "out" / "plumes.parquet")
    row = frame.loc[frame["mass_kg"].idxmax()]
    assert printed.startswith(f"{len(frame)} plume")
    assert f"{row['time']:%Y-%m-%d %H:%M:%S}" in printed.splitlines()[2]
    assert f"{row['n_pixels']} " in printed
    inside = 6 * 40
    assert inside <= row["n_pixels"] < 1.5 * inside
    assert np.isfinite([row["emission_p16_kg_h"], row["emission_kg_h"], row["emission_p84_kg_h"]]).all()
    assert (tmp_path / "out" / f"{row['plume_id']}.png").stat().st_size > 10_000
    assert list(pd.read_csv(tmp_path / "out" / "plumes.csv")["plume_id"]) == list(frame["plume_id"])


def test_it_finds_what_a_campaign_finds(granule, tmp_path):
    assert find(granule, tmp_path / "out") == 0
    found = read_plumes(tmp_path / "out" / "plumes.parquet")
    steps = tmp_path / "steps"
    day = ["--start", "2021-03-24", "--end", "2021-03-24"]
    components = ["--threshold", "0.6", "--growth-threshold", "0.4", "--bridge-pixels", "40", "--gap-pixels", "2"]
    for arguments in (
        ["index-archive", "--archive", granule.parent, *day, "--out", steps / "index.parquet"],
        ["fetch-swaths", "--archive", granule.parent, "--index", steps / "index.parquet", "--period", "2021-03-24",
         *day, "--out", steps / "swaths", "--receipt", steps / "receipt.json"],
        ["detect-plumes", "--swaths", steps / "swaths", "--method", "ztest", "--model", "none", "--out",
         steps / "p.nc"],
        ["extract-plumes", "--swaths", steps / "swaths", "--probability", steps / "p.nc", *components, "--out",
         steps / "chips.nc", "--seen", steps / "seen.nc"],
        ["estimate-emissions", "--chips", steps / "chips.nc", "--known", "resources/known_sources.csv", "--out",
         steps / "plumes.parquet"],
    ):  # fmt: skip
        assert main([str(argument) for argument in arguments]) == 0
    campaign = read_plumes(steps / "plumes.parquet").set_index("plume_id")
    ours = found.set_index("plume_id").loc[campaign.index]
    differing = ["config_sha256"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(ours.drop(columns=[*differing, "geometry", "centre_line"])),
        pd.DataFrame(campaign.drop(columns=[*differing, "geometry", "centre_line"])),
    )
    assert len(found) == len(campaign)


def test_a_renamed_file_goes_by_what_it_says_of_itself(granule, tmp_path):
    renamed = granule.with_name("my plume.nc")
    shutil.move(granule, renamed)
    assert find(renamed, tmp_path / "out") == 0
    assert set(read_plumes(tmp_path / "out" / "plumes.parquet")["orbit"]) == {ORBIT}


@pytest.mark.parametrize(("absent", "lost"), [("winds", "emission rates"), ("corners", "pixel areas and outlines")])
def test_what_a_file_cannot_give_is_said(granule, tmp_path, capsys, absent, lost):
    names = {
        "winds": ["INPUT_DATA/eastward_wind", "INPUT_DATA/northward_wind"],
        "corners": ["GEOLOCATIONS/latitude_bounds", "GEOLOCATIONS/longitude_bounds"],
    }[absent]
    with netCDF4.Dataset(granule, "a") as dataset:
        for name in names:
            group, _, variable = f"PRODUCT/SUPPORT_DATA/{name}".rpartition("/")
            dataset[group].renameVariable(variable, f"other_{variable}")
    assert find(granule, tmp_path / "out") == 0
    assert f"no {lost}: the file has no {names[0].rpartition('/')[2]}" in capsys.readouterr().err
    frame = read_plumes(tmp_path / "out" / "plumes.parquet")
    assert frame["emission_kg_h"].isna().all()
    assert len(frame) > 0


def test_a_file_without_plumes(scene, tmp_path, capsys):
    path = write_level2(tmp_path / "in", scene, Level2Options())
    assert find(path, tmp_path / "out") == 0
    count = len(read_plumes(tmp_path / "out" / "plumes.parquet"))
    assert capsys.readouterr().out.startswith(f"{count} plume")
    assert len(list((tmp_path / "out").glob("*.png"))) == min(count, 10)


def test_what_is_no_granule_is_said(tmp_path, capsys):
    other = tmp_path / "other.nc"
    with netCDF4.Dataset(other, "w") as dataset:
        dataset.title = "weather"
    assert find(other, tmp_path / "out") == 1
    assert not (tmp_path / "out").exists()


def test_a_real_scene(shared_data, tmp_path, capsys):
    (path,) = (shared_data / "etna").glob("*____20210324T*")
    assert main(["find", str(path), "--out", str(tmp_path / "out")]) == 0
    row = read_plumes(tmp_path / "out" / "plumes.parquet").iloc[0]
    assert row["n_pixels"] > 2000
    assert 100e3 < row["emission_p16_kg_h"] < row["emission_kg_h"] < row["emission_p84_kg_h"] < 5e6
    assert "no plume labels: the file has no detection_flag" in capsys.readouterr().err
