"""Orbit geometry against the mission's numbers, its symmetries and real granules."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from so2plumes.earth import from_vectors, unit_vectors
from so2plumes.errors import GeometryError
from so2plumes.simulate.orbits import (
    EPOCH,
    date_of,
    node_time_s,
    orbit_interval_s,
    orbits_of_day,
    scan_angle_edges_rad,
    scan_pattern,
    seconds_of,
    sensing_start_s,
    sun_vector,
    swath_geometry,
    to_datetime64,
    viewing_zenith_rad,
)
from so2plumes.simulate.views import locate, orbits_seeing, window_around
from so2plumes.swath.geometry import pixel_areas_m2

EARTH_KM = 6371.0


def seconds(text: str) -> float:
    return (np.datetime64(text, "ms") - EPOCH) / np.timedelta64(1, "s")


@pytest.mark.parametrize(
    ("orbit", "start", "sensing"),
    [
        (2818, "2018-04-30T00:19:50", None),
        (12367, "2020-03-03T01:35:47", "2020-03-03T01:57:22"),
        (17849, "2021-03-24T11:08:50", None),
    ],
)
def test_orbit_number_and_time_are_those_of_the_mission(orbit, start, sensing):
    assert orbit_interval_s(orbit)[0] == pytest.approx(seconds(start), abs=60)
    if sensing:
        assert sensing_start_s(orbit) == pytest.approx(seconds(sensing), abs=60)


def test_the_track_repeats_after_227_orbits_and_16_days():
    first, again = (locate(orbit, 14.999, 37.748) for orbit in (17849, 17849 + 227))
    assert first is not None
    assert again is not None
    assert again.ground_pixel == first.ground_pixel
    assert again.time_s - first.time_s == pytest.approx(16 * 86400.0, abs=0.1)


def test_the_node_is_crossed_at_half_past_one_local_solar_time():
    for orbit in (2818, 17849, 33000):
        time = node_time_s(orbit)
        view = locate(orbit, 15.0 * (13.5 - (time % 86400.0) / 3600.0), 0.0)
        assert view is not None
        assert abs(view.ground_pixel - 224.5) <= 1
        assert view.time_s == pytest.approx(time, abs=1.0)


def test_days_share_the_orbits_among_them():
    found = [orbit for day in (23, 24, 25) for orbit in orbits_of_day(date(2021, 3, day))]
    assert found == list(range(found[0], found[0] + len(found)))
    assert 41 <= len(found) <= 43
    assert 17849 in orbits_of_day(date(2021, 3, 24))


def test_scan_pattern_changes_on_6_august_2019():
    assert (scan_pattern(5875).n_scanlines, scan_pattern(5875).interval_s) == (3245, 1.08)
    assert (scan_pattern(17849).n_scanlines, scan_pattern(17849).interval_s) == (4172, 0.84)


def row_widths_km(geometry) -> np.ndarray:
    left = unit_vectors(geometry.longitude_bounds[..., 0], geometry.latitude_bounds[..., 0])
    right = unit_vectors(geometry.longitude_bounds[..., 1], geometry.latitude_bounds[..., 1])
    return EARTH_KM * np.linalg.norm(right - left, axis=-1)


def test_pixel_sizes():
    geometry = swath_geometry(17849, (2500, 2502))
    width = row_widths_km(geometry)[0]
    assert width[224] == pytest.approx(3.6, abs=0.1)
    assert width[20] == pytest.approx(14.0, abs=0.8)
    assert width[0] == pytest.approx(8.7, abs=0.6)
    assert 2600 < width.sum() < 2720
    area = pixel_areas_m2(geometry.longitude_bounds, geometry.latitude_bounds)[0] / 1e6
    assert area[224] == pytest.approx(3.6 * 5.53, rel=0.03)


def test_viewing_angles_reach_66_degrees():
    zenith = np.degrees(viewing_zenith_rad(scan_angle_edges_rad()))
    assert zenith.min() < 0.1
    assert zenith.max() == pytest.approx(66.0, abs=0.5)
    assert np.allclose(zenith, zenith[::-1])


@pytest.mark.parametrize("scanlines", [(0, 40), (1000, 1040), (2086, 2126), (4132, 4172)])
def test_neighbours_share_corners_and_rings_turn_left(scanlines):
    geometry = swath_geometry(17849, scanlines)
    for bounds in (geometry.longitude_bounds, geometry.latitude_bounds):
        assert np.array_equal(bounds[:, :-1, 1], bounds[:, 1:, 0])
        assert np.array_equal(bounds[:, :-1, 2], bounds[:, 1:, 3])
        assert np.array_equal(bounds[:-1, :, 3], bounds[1:, :, 0])
        assert np.array_equal(bounds[:-1, :, 2], bounds[1:, :, 1])
    corners = unit_vectors(geometry.longitude_bounds, geometry.latitude_bounds)
    centre = unit_vectors(geometry.longitude, geometry.latitude)
    for first, second in ((0, 1), (1, 2), (2, 3), (3, 0)):
        side = np.einsum("sgx,sgx->sg", np.cross(corners[..., first, :], corners[..., second, :]), centre)
        assert (side > 0).all()


def test_the_first_corner_is_south_west_on_the_ascending_part():
    geometry = swath_geometry(17849, (2400, 2401), (200, 250))
    assert (geometry.latitude_bounds[..., 0] < geometry.latitude_bounds[..., 3]).all()
    assert (geometry.longitude_bounds[..., 0] < geometry.longitude_bounds[..., 1]).all()


def test_a_part_of_an_orbit_equals_the_same_part_of_the_whole():
    whole = swath_geometry(17849, None, (100, 110))
    part = swath_geometry(17849, (1500, 1503), (104, 106))
    assert whole.shape == (4172, 10)
    for name in ("longitude", "latitude_bounds", "solar_zenith_deg", "viewing_zenith_deg"):
        assert np.allclose(getattr(whole, name)[1500:1503, 4:6], getattr(part, name), atol=1e-9)
    assert np.allclose(whole.time_s[1500:1503], part.time_s)
    assert (part.scanline_start, part.ground_pixel_start) == (1500, 104)


def test_poles_and_antimeridian_are_ordinary():
    orbit = orbits_seeing(179.9, 0.0, date(2021, 3, 24))[0].orbit
    geometry = swath_geometry(orbit, None, (0, 450))
    assert geometry.latitude.max() > 89.9
    assert np.abs(geometry.longitude).max() <= 180.0
    area = pixel_areas_m2(geometry.longitude_bounds[::37], geometry.latitude_bounds[::37]) / 1e6
    assert area.min() > 15
    assert area.max() < 90
    assert np.ptp(area[:, 224]) / area[:, 224].mean() < 0.08


@pytest.mark.parametrize("scanlines", [(-1, 5), (5, 5), (4000, 4173)])
def test_a_range_outside_the_orbit_is_refused(scanlines):
    with pytest.raises(GeometryError, match="scanlines"):
        swath_geometry(17849, scanlines)


def test_the_sun_stands_where_the_calendar_says():
    lon, lat = from_vectors(sun_vector(seconds("2021-06-21T12:00:00")))
    assert float(lat) == pytest.approx(23.43, abs=0.02)
    assert float(lon) == pytest.approx(0.45, abs=0.1)
    _, equinox = from_vectors(sun_vector(seconds("2021-03-20T09:37:00")))
    assert float(equinox) == pytest.approx(0.0, abs=0.02)


def test_times_convert_without_loss():
    assert str(to_datetime64(seconds_of(date(2021, 3, 24)))) == "2021-03-24T00:00:00.000"
    assert date_of(seconds_of(date(2021, 3, 24)) + 86399.0) == date(2021, 3, 24)


@pytest.mark.parametrize(("longitude", "latitude"), [(14.999, 37.748), (179.58, 51.93), (-98.6, 19.0), (88.1, 69.4)])
def test_the_found_pixel_holds_the_place(longitude, latitude):
    views = orbits_seeing(longitude, latitude, date(2021, 6, 24))
    assert views
    assert [view.viewing_zenith_deg for view in views] == sorted(view.viewing_zenith_deg for view in views)
    place = unit_vectors(np.array(longitude), np.array(latitude))
    for view in views:
        rows = (view.scanline, view.scanline + 1)
        geometry = swath_geometry(view.orbit, rows, (view.ground_pixel, view.ground_pixel + 1))
        assert date_of(view.time_s) == date(2021, 6, 24)
        assert abs(float(geometry.time_s[0]) - view.time_s) <= 0.5
        assert float(geometry.solar_zenith_deg[0, 0]) == pytest.approx(view.solar_zenith_deg, abs=0.2)
        corners = unit_vectors(geometry.longitude_bounds[0, 0], geometry.latitude_bounds[0, 0])
        sides = np.einsum("kx,x->k", np.cross(corners, np.roll(corners, -1, axis=0)), place)
        assert (sides > -1e-7).all()


def test_nearly_every_place_is_seen_on_every_day():
    rng = np.random.default_rng(0)
    places = [(rng.uniform(-180, 180), rng.uniform(-70, 70)) for _ in range(25)]
    seen = [bool(orbits_seeing(*place, date(2021, 3, 24))) for place in places]
    assert np.mean(seen) > 0.9


def test_windows_stay_inside():
    assert window_around(100, 32, 4172) == (84, 116)
    assert window_around(3, 32, 4172) == (0, 32)
    assert window_around(4170, 32, 4172) == (4140, 4172)
    assert window_around(10, 500, 450) == (0, 450)


@pytest.mark.real
def test_real_granules_are_where_the_model_says(shared_data):
    from so2plumes.swath.level2 import read_level2
    from so2plumes.swath.names import parse_granule_name

    paths = sorted((shared_data / "etna").glob("S5P_*.nc"))[::150]
    epoch = datetime(2010, 1, 1, tzinfo=UTC)
    for path in paths:
        name = parse_granule_name(path)
        assert orbit_interval_s(name.orbit)[0] == pytest.approx((name.start - epoch).total_seconds(), abs=60)
        swath = read_level2(path)
        rows, columns = np.nonzero(np.isfinite(swath["latitude"]))
        i, j = rows[len(rows) // 2], columns[len(rows) // 2]
        view = locate(swath.orbit, float(swath["longitude"][i, j]), float(swath["latitude"][i, j]))
        assert view is not None
        pixel = (view.ground_pixel, view.ground_pixel + 1)
        geometry = swath_geometry(swath.orbit, (view.scanline, view.scanline + 1), pixel)
        assert abs(view.ground_pixel - swath.ground_pixel[j]) <= 6
        assert view.time_s == pytest.approx((swath.time[i] - EPOCH) / np.timedelta64(1, "s"), abs=45)
        assert view.solar_zenith_deg == pytest.approx(float(swath["solar_zenith_angle"][i, j]), abs=0.2)
        real = pixel_areas_m2(swath["longitude_bounds"][i, j], swath["latitude_bounds"][i, j])
        ours = pixel_areas_m2(geometry.longitude_bounds[0, 0], geometry.latitude_bounds[0, 0])
        assert float(ours) == pytest.approx(float(real), rel=0.09)
