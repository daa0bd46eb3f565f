from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.weather.era5_files import LEVELS, PRESSURE, SINGLE, Atmosphere, dataset, hours, write_new

from so2plumes.errors import ExternalDataError
from so2plumes.weather.cover import merge_parts
from so2plumes.weather.interpolate import WindField
from so2plumes.weather.layout import read_era5

AIR = Atmosphere()
TIMES = hours("2021-03-24T10", 4)
LATITUDE, LONGITUDE = np.arange(40.0, 34.9, -0.25), np.arange(10.0, 18.1, 0.25)


def field_of(folder, air=AIR, names=(*PRESSURE, *SINGLE), latitude=LATITUDE, longitude=LONGITUDE, times=TIMES):
    parts = []
    for kind in (PRESSURE, SINGLE):
        chosen = [name for name in kind if name in names]
        if chosen:
            made = dataset(air, chosen, times, latitude, longitude)
            parts.append(read_era5(write_new(folder / f"{kind[0]}.nc", made)))
    return WindField.from_dataset(merge_parts(parts, folder))


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    return field_of(tmp_path_factory.mktemp("field"))


def time_of(hour):
    return np.datetime64("2021-03-24T00:00:00", "ms") + np.round(np.asarray(hour) * 3_600_000).astype("timedelta64[ms]")


inside = {"lon": st.floats(10.0, 18.0), "lat": st.floats(35.0, 40.0), "hour": st.floats(10.0, 13.0)}


@settings(max_examples=40, deadline=None)
@given(**inside, pressure=st.floats(30_000.0, 101_325.0))
def test_a_field_that_is_linear_in_all_is_interpolated_exactly(field, lon, lat, hour, pressure):
    when = time_of(hour)
    for found in (
        field.at(lon, lat, when, pressure_pa=pressure),
        field.at(lon, lat, when, height_m=AIR.height_m(pressure)),
    ):
        assert found.eastward_m_s[0] == pytest.approx(AIR.wind("u", when, lat, lon, pressure), abs=2e-4)
        assert found.northward_m_s[0] == pytest.approx(AIR.wind("v", when, lat, lon, pressure), abs=2e-4)
        assert found.n_outside == 0


@settings(max_examples=20, deadline=None)
@given(**inside, turns=st.integers(-2, 2))
def test_the_10_m_wind_at_any_place_and_convention_of_longitude(field, lon, lat, hour, turns):
    found = field.at(lon + 360.0 * turns, lat, time_of(hour))
    ground = AIR.surface_pressure_pa
    assert found.eastward_m_s[0] == pytest.approx(AIR.wind("u", time_of(hour), lat, lon, ground), abs=2e-4)


def test_pixels_with_their_own_times_and_heights(field):
    lon, lat = np.array([11.1, 12.2, 13.3]), np.array([36.0, 37.1, 38.2])
    when = time_of(np.array([10.1, 11.6, 12.9]))
    pressure = np.array([9.2e4, 6e4, 4e4])
    found = field.at(lon, lat, when, pressure_pa=pressure)
    np.testing.assert_allclose(found.eastward_m_s, AIR.wind("u", when, lat, lon, pressure), atol=2e-4)


def test_a_constant_field_gives_the_same_wind_for_every_height(tmp_path):
    still = Atmosphere(east=(4.0, 0, 0, 0, 0), north=(-3.0, 0, 0, 0, 0))
    field = field_of(tmp_path, still)
    lon, lat, when = np.array([10.03, 17.9]), np.array([35.1, 39.99]), time_of(11.3)
    for found in (
        field.at(lon, lat, when),
        field.at(lon, lat, when, pressure_pa=55_555.0),
        field.at(lon, lat, when, height_m=3210.0),
        field.boundary_layer_mean(lon, lat, when),
    ):
        np.testing.assert_allclose(found.eastward_m_s, 4.0, atol=1e-6)
        np.testing.assert_allclose(found.northward_m_s, -3.0, atol=1e-6)


def boundary_layer_truth(air, when, lat, lon, n=20_001):
    top = air.pressure_pa(air.blh_m)
    p = np.linspace(top, air.surface_pressure_pa, n)
    return [np.trapezoid(air.wind(part, when, lat, lon, p), p) / (p[-1] - p[0]) for part in "uv"]


@pytest.mark.parametrize("blh_m", [30.0, 400.0, 1200.0, 3500.0])
def test_the_mean_of_the_boundary_layer_is_the_integral_over_pressure(tmp_path, blh_m):
    air = Atmosphere(blh_m=blh_m, east=(3.0, 0.25, 0.1, 0.02, 8.0))
    field = field_of(tmp_path, air)
    found = field.boundary_layer_mean(13.37, 37.77, time_of(11.25))
    east, north = boundary_layer_truth(air, time_of(11.25), 37.77, 13.37)
    assert found.eastward_m_s[0] == pytest.approx(east, abs=1e-3)
    assert found.northward_m_s[0] == pytest.approx(north, abs=1e-3)


def test_over_high_ground_the_layer_begins_at_the_ground(tmp_path):
    """The surface lies at 700 hPa or so: levels below it are not used, heights are above sea level."""
    air = Atmosphere(east=(3.0, 0, 0, 0, 8.0))
    field = field_of(tmp_path, air)
    ground = 72_000.0
    values = dict(field.values)
    values["surface_pressure_pa"] = np.full_like(values["surface_pressure_pa"], ground)
    for name, part in (("u10_m_s", "u"), ("v10_m_s", "v")):
        shape = values[name].shape
        values[name] = np.full(shape, float(air.wind(part, time_of(10.0), 0.0, 0.0, ground)))
    values["u_m_s"][:, field.level_hpa * 100 > ground] = 999.0
    high = WindField(field.time, field.latitude, field.longitude, field.level_hpa, values)
    base = float(air.height_m(ground))
    top = float(air.pressure_pa(base + air.blh_m))
    p = np.linspace(top, ground, 20_001)
    truth = np.trapezoid(air.wind("u", time_of(10.0), 0.0, 0.0, p), p) / (ground - top)
    assert high.boundary_layer_mean(13.0, 37.0, time_of(10.0)).eastward_m_s[0] == pytest.approx(truth, abs=2e-3)
    at_1500_m = high.at(13.0, 37.0, time_of(10.0), height_m=1500.0).eastward_m_s[0]
    assert at_1500_m == pytest.approx(values["u10_m_s"][0, 0, 0]), "under the ground: the wind at the ground"


def test_shear_gives_the_wind_of_its_height(field):
    heights = np.array([500.0, 2000.0, 5000.0, 8000.0])
    found = field.at(np.full(4, 13.0), np.full(4, 37.0), time_of(11.0), height_m=heights)
    truth = AIR.wind("u", time_of(11.0), 37.0, 13.0, AIR.pressure_pa(heights))
    np.testing.assert_allclose(found.eastward_m_s, truth, atol=2e-4)
    assert np.all(np.diff(found.eastward_m_s) > 0.3)


def test_outside_is_not_a_number_and_counted(field):
    lon = np.array([13.0, 18.2, 13.0, np.nan, 9.9])
    lat = np.array([37.0, 37.0, 40.1, 37.0, 37.0])
    found = field.at(lon, lat, time_of(11.0))
    assert list(np.isnan(found.eastward_m_s)) == [False, True, True, True, True]
    assert found.n_outside == 4
    assert field.at(13.0, 37.0, time_of(13.01)).n_outside == 1
    assert field.at(13.0, 37.0, time_of(9.99)).n_outside == 1
    assert field.at(13.0, 37.0, np.datetime64("NaT")).n_outside == 1
    assert field.at(13.0, 37.0, time_of(11.0), pressure_pa=29_000.0).n_outside == 1
    assert field.at(13.0, 37.0, time_of(11.0), height_m=20_000.0).n_outside == 1


def test_without_surface_pressure_the_lowest_level_is_held(tmp_path):
    field = field_of(tmp_path, names=PRESSURE)
    low = field.at(13.0, 37.0, time_of(11.0), pressure_pa=101_000.0)
    lowest = field.at(13.0, 37.0, time_of(11.0), pressure_pa=LEVELS[0] * 100.0)
    assert low.eastward_m_s[0] == lowest.eastward_m_s[0]
    assert field.at(13.0, 37.0, time_of(11.0), height_m=-50.0).eastward_m_s[0] == lowest.eastward_m_s[0]


def test_hours_with_a_gap_are_not_bridged(tmp_path):
    times = np.concatenate([hours("2021-03-24T10", 2), hours("2021-03-25T10", 2)])
    field = field_of(tmp_path, times=times)
    assert field.at(13.0, 37.0, time_of(10.5)).n_outside == 0
    assert field.at(13.0, 37.0, time_of(20.0)).n_outside == 1
    assert field.at(13.0, 37.0, time_of(11.0)).n_outside == 0
    assert field.at(13.0, 37.0, time_of(34.0)).n_outside == 0


def test_a_missing_variable_is_named(tmp_path):
    field = field_of(tmp_path, names=("u10", "v10"))
    assert field.at(13.0, 37.0, time_of(11.0)).n_outside == 0
    with pytest.raises(ExternalDataError, match="u_m_s"):
        field.at(13.0, 37.0, time_of(11.0), pressure_pa=5e4)
    with pytest.raises(ExternalDataError, match="blh_m"):
        field.boundary_layer_mean(13.0, 37.0, time_of(11.0))
    with pytest.raises(ValueError, match="not both"):
        field.at(13.0, 37.0, time_of(11.0), pressure_pa=5e4, height_m=1e3)


@settings(max_examples=20, deadline=None)
@given(lon=st.floats(176.0, 184.0), lat=st.floats(-20.0, -15.0), east_first=st.booleans())
def test_across_the_antimeridian(tmp_path_factory, lon, lat, east_first):
    columns = np.concatenate([np.arange(176.0, 180.0, 0.5), np.arange(-180.0, -175.9, 0.5)])
    columns = columns if east_first else np.roll(columns, 8)
    folder = tmp_path_factory.mktemp("pacific")
    field = field_of(folder, latitude=np.arange(-20.0, -14.9, 0.5), longitude=columns)
    for written in (lon, lon - 360.0):
        found = field.at(written, lat, time_of(11.5), pressure_pa=7e4)
        assert found.eastward_m_s[0] == pytest.approx(AIR.wind("u", time_of(11.5), lat, lon, 7e4), abs=3e-4)


@pytest.mark.parametrize("convention", ["0..360", "-180..180"])
def test_a_global_field_has_no_seam(tmp_path, convention):
    columns = np.arange(0.0, 360.0, 5.0) if convention == "0..360" else np.arange(-180.0, 180.0, 5.0)
    field = field_of(tmp_path, names=SINGLE, latitude=np.arange(90.0, -90.1, -5.0), longitude=columns, times=TIMES[:2])
    when = time_of(10.0)
    for west, east in ((355.0, 0.0), (175.0, 180.0)):
        ends = [field.at(lon, 12.0, when).eastward_m_s[0] for lon in (west, east)]
        assert field.at(west + 2.0, 12.0, when).eastward_m_s[0] == pytest.approx(0.6 * ends[0] + 0.4 * ends[1])
    around = field.at(np.linspace(-720.0, 720.0, 97), 12.0 * np.ones(97), when)
    assert around.n_outside == 0


def test_poles(tmp_path):
    with_poles = field_of(
        tmp_path, names=SINGLE, latitude=np.arange(90.0, 79.9, -0.25), longitude=np.arange(0.0, 360.0, 1.0)
    )
    assert with_poles.at(33.3, 90.0, time_of(11.0)).n_outside == 0
    (tmp_path / "centres").mkdir()
    centres = field_of(
        tmp_path / "centres", names=SINGLE, latitude=np.arange(89.5, 79.4, -1.0), longitude=np.arange(0.0, 360.0, 1.0)
    )
    last_row = centres.at(33.0, 89.5, time_of(11.0)).eastward_m_s[0]
    assert centres.at(33.0, 89.9, time_of(11.0)).eastward_m_s[0] == pytest.approx(last_row)
    assert centres.at(33.0, 78.0, time_of(11.0)).n_outside == 1


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    lon=st.floats(10.0, 18.0),
    lat=st.floats(35.0, 40.0),
    hour=st.floats(10.0, 13.0),
    pressure=st.floats(3.1e4, 1e5),
)
def test_any_field_stays_within_its_values(field, seed, lon, lat, hour, pressure):
    rng = np.random.default_rng(seed)
    values = {name: rng.normal(size=field.values[name].shape) for name in ("u_m_s", "v_m_s")}
    rough = WindField(field.time, field.latitude, field.longitude, field.level_hpa, values)
    found = rough.at(lon, lat, time_of(hour), pressure_pa=pressure)
    assert values["u_m_s"].min() <= found.eastward_m_s[0] <= values["u_m_s"].max()
    y, x, t = (int(rng.integers(0, n)) for n in (field.latitude.size, field.longitude.size, field.time.size))
    on_point = rough.at(field.longitude[x], field.latitude[y], field.time[t], pressure_pa=field.level_hpa[2] * 100)
    assert on_point.eastward_m_s[0] == pytest.approx(values["u_m_s"][t, 2, y, x])
