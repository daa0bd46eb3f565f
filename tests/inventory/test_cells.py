import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from so2plumes.inventory.grid import cell_areas_m2, cell_edges, locate, zone_area_m2

EARTH_AREA_M2 = 5.10065621724e14


def test_cells_cover_the_earth():
    lat, lon = -89.95 + 0.1 * np.arange(1800), -179.95 + 0.1 * np.arange(3600)
    areas = cell_areas_m2(lat, lon)
    assert areas.sum() * 3600 == pytest.approx(EARTH_AREA_M2, rel=1e-9)
    np.testing.assert_allclose(areas, areas[::-1], rtol=1e-9)
    assert areas[900] == pytest.approx(11_131.949 * 11_057.43, rel=1e-5)


@given(st.floats(-89, 88), st.floats(0.1, 1), st.floats(0.05, 0.2))
def test_zone_equals_a_geodesic_polygon(south, height, width):
    north = south + height
    steps = np.linspace(0, width, 60)
    lon = np.concatenate([steps, steps[::-1]])
    lat = np.concatenate([np.full(60, south), np.full(60, north)])
    area, _ = Geod(ellps="WGS84").polygon_area_perimeter(lon, lat)
    assert float(zone_area_m2(south, north, width)) == pytest.approx(area, rel=1e-5)


def test_edges_stop_at_the_poles():
    assert cell_edges([-89.95, -84.66, -79.37], 90.0).tolist() == pytest.approx([-90.0, -87.305, -82.015, -76.725])
    with pytest.raises(ValueError, match="at least two"):
        cell_edges([1.0], 90)


def test_every_value_lies_in_its_cell():
    centre = np.round(-89.95 + 0.1 * np.arange(1800), 4)
    value = np.random.default_rng(0).uniform(-90, 90, 5000)
    index = locate(value, centre, 90.0)
    assert (np.abs(centre[index] - value) <= 0.05 + 1e-9).all()
    assert locate([-90, 90, 90.01, np.nan, 0.0], centre, 90.0).tolist() == [0, 1799, -1, -1, 900]
