from __future__ import annotations

import netCDF4
import numpy as np
import pytest
import xarray as xr
from tests.weather.era5_files import (
    LEVELS,
    PRESSURE,
    SINGLE,
    Atmosphere,
    dataset,
    hours,
    write_new,
    write_old,
    write_zip,
)

from so2plumes.errors import ExternalDataError
from so2plumes.weather.boxes import Box
from so2plumes.weather.cover import check_covers, merge_parts
from so2plumes.weather.interpolate import WindField
from so2plumes.weather.layout import read_era5

AIR = Atmosphere()
TIMES = hours("2021-03-24T10", 3)
LATITUDE, LONGITUDE = np.arange(40.0, 35.9, -0.5), np.arange(10.0, 14.1, 0.5)
RAW = {"u": "u_m_s", "v": "v_m_s", "z": "height_m", "u10": "u10_m_s", "v10": "v10_m_s", "blh": "blh_m"}


def made(names=PRESSURE, **changes):
    given = {"time": TIMES, "latitude": LATITUDE, "longitude": LONGITUDE, "levels": LEVELS} | changes
    return dataset(AIR, names, **given)


def assert_is_the_atmosphere(data, names=PRESSURE, atol=1e-3):
    time, latitude, longitude = (data[name].values for name in ("time", "latitude", "longitude"))
    assert np.all(np.diff(latitude) > 0)
    assert np.all(np.diff(longitude) > 0)
    level = data["level_hpa"].values if "level_hpa" in data.dims else []
    assert np.all(np.diff(level) < 0)
    for name in names:
        truth = AIR.values(name, time, level, latitude, longitude)
        truth = truth / 9.80665 if name == "z" else truth
        np.testing.assert_allclose(data[RAW[name]].values, truth, atol=atol * (100 if name == "z" else 1))


INSTANT = "data_stream-oper_stepType-instant.nc"
WRITERS = {
    "new": write_new,
    "old, packed": write_old,
    "zip of new": lambda path, data: write_zip(path, {INSTANT: write_new(path.with_suffix(".n"), data)}),
    "zip of old": lambda path, data: write_zip(path, {"a/data.nc": write_old(path.with_suffix(".o"), data)}),
}


@pytest.mark.parametrize("names", [PRESSURE, SINGLE[:3]], ids=["levels", "single"])
@pytest.mark.parametrize("layout", WRITERS)
def test_every_layout_gives_the_same_data(tmp_path, layout, names):
    data = read_era5(WRITERS[layout](tmp_path / "data.bin", made(names)))
    assert_is_the_atmosphere(data, names)
    assert data.sizes["time"] == 3


@pytest.mark.parametrize("order", ["ascending latitude", "levels upside down", "shuffled times", "0..360"])
def test_the_order_in_the_file_does_not_matter(tmp_path, order):
    changes = {
        "ascending latitude": {"latitude": LATITUDE[::-1]},
        "levels upside down": {"levels": LEVELS[::-1]},
        "shuffled times": {"time": TIMES[[2, 0, 1]]},
        "0..360": {"longitude": np.arange(0.0, 360.0, 20.0)},
    }[order]
    assert_is_the_atmosphere(read_era5(write_new(tmp_path / "x.nc", made(**changes))))


def test_preliminary_values_as_a_dimension_are_merged(tmp_path):
    data = read_era5(write_old(tmp_path / "x.nc", made(SINGLE[:3]), preliminary_from=2))
    assert_is_the_atmosphere(data, SINGLE[:3])
    assert data.attrs["expver"] == "1+5"


@pytest.mark.parametrize(("mark", "said"), [("0001", "1"), ("0005", "5")])
def test_versions_per_time_are_said(tmp_path, mark, said):
    assert read_era5(write_new(tmp_path / "x.nc", made(expver=mark))).attrs["expver"] == said


def _as_cfgrib(data):
    """Lay it out as cfgrib does: the analysis is `time`, and `valid_time` stands beside it."""
    times = data["valid_time"].values
    data = data.drop_vars("expver").rename(valid_time="time", pressure_level="isobaricInhPa")
    return data.assign_coords(step=np.timedelta64(0, "h"), valid_time=("time", times))


def test_valid_time_beside_time_is_the_one_that_counts(tmp_path):
    late = _as_cfgrib(made()).assign_coords(time=TIMES.astype("datetime64[ns]") - np.timedelta64(6, "h"))
    for number, data in enumerate((_as_cfgrib(made()), late, late.isel(time=1), late.expand_dims("step", 1))):
        path = tmp_path / f"{number}.nc"
        data.to_netcdf(path)
        assert_is_the_atmosphere(read_era5(path))


def test_several_times_for_the_same_values_are_refused(tmp_path):
    path = tmp_path / "x.nc"
    steps = _as_cfgrib(made()).expand_dims(step=np.arange(2).astype("timedelta64[h]"))
    steps.assign_coords(valid_time=(("time", "step"), np.array([TIMES, TIMES]).T.astype("M8[ns]"))).to_netcdf(path)
    with pytest.raises(ExternalDataError, match=r"several times(.|\n)*valid_time \(time, step\)"):
        read_era5(path)


def test_a_single_hour_and_level_without_their_dimensions(tmp_path):
    one = made().isel(valid_time=0, pressure_level=2)
    one["expver"] = ((), "0001")
    path = tmp_path / "x.nc"
    one.to_netcdf(path)
    assert_is_the_atmosphere(read_era5(path))


def test_a_zip_of_two_streams_is_joined(tmp_path):
    files = {
        "data_stream-oper_stepType-instant.nc": write_new(tmp_path / "i.nc", made(("u10", "v10"))),
        "data_stream-oper_stepType-accum.nc": write_new(tmp_path / "a.nc", made(("blh",))),
    }
    data = read_era5(write_zip(tmp_path / "x.nc", files))
    assert_is_the_atmosphere(data, SINGLE[:3])


def test_surface_geopotential_is_not_taken_for_that_of_levels(tmp_path):
    data = made(SINGLE)
    data["z"] = data["sp"].assign_attrs(units="m**2 s**-2")
    assert "height_m" not in read_era5(write_new(tmp_path / "x.nc", data))


def test_a_box_and_hours_are_cut_out(tmp_path):
    path = write_new(tmp_path / "x.nc", made())
    data = read_era5(path, Box(11.25, 12.0, 37.0, 38.3), hours("2021-03-24T10", 2))
    assert data["longitude"].values.tolist() == [11.0, 11.5, 12.0]
    assert data["latitude"].values.tolist() == [37.0, 37.5, 38.0, 38.5]
    assert data.sizes["time"] == 2
    assert_is_the_atmosphere(data)
    assert read_era5(path, Box(100.0, 101.0, 37.0, 38.3), hours("2021-03-24T10", 2)) is None
    assert read_era5(path, Box(11.0, 12.0, 37.0, 38.0), hours("2021-03-26T10", 2)) is None


def test_a_box_across_the_antimeridian_of_a_global_file(tmp_path):
    path = write_new(tmp_path / "x.nc", made(longitude=np.arange(-180.0, 180.0, 1.0)))
    data = read_era5(path, Box(178.5, 181.5, 36.0, 40.0), TIMES)
    assert data["longitude"].values.tolist() == [178.0, 179.0, 180.0, 181.0, 182.0]
    assert_is_the_atmosphere(data)


def test_two_halves_of_a_box_are_joined(tmp_path):
    box = Box(179.0, 181.0, 36.0, 40.0)
    halves = [np.arange(179.0, 179.76, 0.25), np.arange(-180.0, -178.9, 0.25)]
    parts = [
        read_era5(write_new(tmp_path / f"{i}.nc", made(longitude=half)), box, TIMES) for i, half in enumerate(halves)
    ]
    data = check_covers(merge_parts(parts, tmp_path), box, TIMES, tmp_path)
    assert data["longitude"].values.tolist() == np.arange(179.0, 181.1, 0.25).tolist()
    assert_is_the_atmosphere(data)
    with pytest.raises(ExternalDataError, match="do not cover a plume"):
        check_covers(parts[0], box, TIMES, tmp_path)


@pytest.mark.parametrize(
    ("box", "wanted"),
    [
        (Box(9.0, 12.0, 37.0, 38.0), TIMES),
        (Box(11.0, 14.5, 37.0, 38.0), TIMES),
        (Box(11.0, 12.0, 35.0, 38.0), TIMES),
        (Box(11.0, 12.0, 37.0, 41.0), TIMES),
        (Box(11.0, 12.0, 37.0, 38.0), hours("2021-03-24T12", 2)),
        (Box(11.0, 12.0, 37.0, 38.0), hours("2021-03-24T09", 2)),
    ],
)
def test_what_does_not_cover_a_plume_is_said(tmp_path, box, wanted):
    data = read_era5(write_new(tmp_path / "x.nc", made()))
    with pytest.raises(ExternalDataError, match=r"do not cover a plume(.|\n)*36\.\.40 N, 10\.\.14 E"):
        check_covers(data, box, wanted, tmp_path)
    assert check_covers(data, Box(10.0, 14.0, 36.0, 40.0), TIMES, tmp_path) is data
    with pytest.raises(ExternalDataError, match="no ERA5 file"):
        check_covers(None, box, wanted, tmp_path)


def _as_bytes(content):
    return lambda path: path.write_bytes(content)


def _changed(change):
    def write(path):
        write_new(path, change(made()))

    return write


def _ensemble(data):
    return data.drop_vars("number").expand_dims(number=[0, 1, 2])


def _unit(name, unit):
    def change(data):
        data[name].attrs["units"] = unit
        return data

    return change


def _half_zip(path):
    whole = write_zip(path, {"a.nc": write_new(path.with_suffix(".n"), made())}).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


BAD = {
    "a page": (_as_bytes(b"<html>no</html>"), "no ERA5 NetCDF file"),
    "GRIB": (_as_bytes(b"GRIB\x00\x00"), "a GRIB file"),
    "nothing": (_as_bytes(b""), "no ERA5 NetCDF file"),
    "torn": (_as_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 400), "cannot be opened"),
    "half a zip": (_half_zip, "zip is damaged"),
    "zip without data": (lambda path: write_zip(path, {"a.txt": __file__}), "holds no NetCDF"),
    "ensemble": (_changed(_ensemble), "holds an ensemble"),
    "unit of wind": (_changed(_unit("u", "knots")), "unexpected unit(.|\n)*knots"),
    "model levels": (_changed(_unit("pressure_level", "1")), "no pressures"),
    "no variable": (_changed(lambda data: data[[]].assign(t=data["u"])), "no variable that is used(.|\n)*found: t"),
    "no latitude": (_changed(lambda data: data.rename(latitude="y")), "lacks an axis(.|\n)*latitude or lat"),
    "other dimensions": (_changed(lambda data: data.assign(u=data["u"].expand_dims(step=2))), "unexpected dimensions"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path, case):
    write, words = BAD[case]
    write(tmp_path / "bad.nc")
    with pytest.raises(ExternalDataError, match=words) as caught:
        read_era5(tmp_path / "bad.nc")
    assert "bad.nc" in str(caught.value)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(ExternalDataError, match="cannot be read"):
        read_era5(tmp_path / "none.nc")


def test_times_without_a_unit_are_refused(tmp_path):
    path = write_new(tmp_path / "x.nc", made())
    with netCDF4.Dataset(path, "a") as data:
        data["valid_time"].units = "1"
    with pytest.raises(ExternalDataError, match="times of the ERA5 file"):
        read_era5(path)


def test_other_grids_in_one_place_are_refused(tmp_path):
    one = read_era5(write_new(tmp_path / "a.nc", made()))
    other = read_era5(write_new(tmp_path / "b.nc", made(SINGLE, latitude=LATITUDE + 0.1)))
    with pytest.raises(ExternalDataError, match="different grids"):
        merge_parts([one, other], tmp_path)


@pytest.mark.parametrize("coarse", ["latitude", "longitude"])
def test_grids_of_other_steps_that_share_points_are_refused(tmp_path, coarse):
    fine = {"latitude": np.arange(40.0, 35.9, -0.25), "longitude": np.arange(10.0, 14.1, 0.25)}
    one = read_era5(write_new(tmp_path / "a.nc", made(**fine)))
    other = read_era5(write_new(tmp_path / "b.nc", made(SINGLE, **(fine | {coarse: fine[coarse][::4]}))))
    with pytest.raises(ExternalDataError, match=r"different grids(.|\n)*0\.25 and 1 degrees"):
        merge_parts([one, other], tmp_path)


class TestRealFiles:
    def test_pressure_levels_of_the_old_layout(self, shared_data):
        path = shared_data / "era5" / "stars_sub_era5_pl_uv_oldcds.nc"
        data = read_era5(path)
        assert data["level_hpa"].values.tolist() == [850.0, 825.0]
        field = WindField.from_dataset(data)
        with netCDF4.Dataset(path) as raw:
            for t, level, y, x in ((0, 0, 0, 0), (9, 1, 8, 8), (4, 1, 3, 5)):
                place = (raw["longitude"][x], raw["latitude"][y], data["time"].values[t])
                found = field.at(*place, pressure_pa=100.0 * raw["level"][level])
                assert found.eastward_m_s[0] == pytest.approx(float(raw["u"][t, level, y, x]), abs=1e-6)
                assert found.northward_m_s[0] == pytest.approx(float(raw["v"][t, level, y, x]), abs=1e-6)

    def test_between_grid_points_the_wind_is_between_the_values(self, shared_data):
        data = read_era5(shared_data / "era5" / "stars_sub_era5_pl_uv_oldcds.nc")
        field = WindField.from_dataset(data)
        rng = np.random.default_rng(5)
        t, y, x = rng.integers(0, 9, 200), rng.integers(0, 8, 200), rng.integers(0, 8, 200)
        share = rng.random((4, 200))
        when = field.time[t] + (share[0] * 3600e9).astype("timedelta64[ns]")
        found = field.at(
            field.longitude[x] + share[1] * 0.25,
            field.latitude[y] + share[2] * 0.25,
            when,
            pressure_pa=100 * (825 + 25 * share[3]),
        )
        u = field.values["u_m_s"]
        for i in range(200):
            corners = u[t[i] : t[i] + 2, :, y[i] : y[i] + 2, x[i] : x[i] + 2]
            assert corners.min() - 1e-9 <= found.eastward_m_s[i] <= corners.max() + 1e-9
        assert found.n_outside == 0
        assert field.at(6.0, 51.0, field.time[0], pressure_pa=7e4).n_outside == 1

    def test_a_year_of_10_m_winds_on_a_tiny_grid(self, shared_data):
        path = shared_data / "era5" / "feedinlib_ERA5_example_data.nc"
        data = read_era5(path)
        assert data.sizes == {"time": 8760, "latitude": 2, "longitude": 3}
        field = WindField.from_dataset(data)
        with xr.open_dataset(path) as raw:
            middle = field.at(13.1 + 0.125, 52.35 + 0.125, np.datetime64("2017-07-01T12:30"))
            around = raw["u10"].sel(time=slice("2017-07-01T12", "2017-07-01T13"), longitude=slice(13.0, 13.4))
            assert middle.eastward_m_s[0] == pytest.approx(float(around.mean()), abs=1e-4)
        small = read_era5(path, Box(13.1, 13.25, 52.35, 52.5), hours("2017-07-01T12", 2))
        assert small.sizes == {"time": 2, "latitude": 2, "longitude": 2}
        with pytest.raises(ExternalDataError, match="blh_m"):
            field.boundary_layer_mean(13.2, 52.4, np.datetime64("2017-07-01T12:30"))

    def test_the_header_of_the_new_layout_is_what_the_maker_writes(self, shared_data, tmp_path):
        """Dimensions and types of a real `ncdump -h` against the made file."""
        header = (shared_data / "era5" / "era5_new_cds_pressure_levels_header.txt").read_text()
        with netCDF4.Dataset(write_new(tmp_path / "x.nc", made())) as data:
            assert data["u"].dimensions == ("valid_time", "pressure_level", "latitude", "longitude")
            assert data["u"].dtype == np.float32
            assert data["expver"].dtype is str
            assert "string expver(valid_time)" in header
            assert "t(valid_time,pressure_level,latitude,longitude)" in header
            assert data["valid_time"].units in header
            assert data["pressure_level"].units in header
