"""Coastlines, views and projection."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon
from tests.report.made import SOURCES

from so2plumes.figures import style
from so2plumes.figures.coastlines import coast_edges, land_rings
from so2plumes.figures.maps import (
    GLOBE,
    draw_base,
    equal_earth,
    latitude_text,
    longitude_span,
    longitude_text,
    place_names,
    view_of,
)

longitudes = st.lists(st.floats(-180, 180), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def make(root):
    spec = importlib.util.spec_from_file_location("coastline_make", root / "resources/coastlines/make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def topology(*rings):
    """Build a TopoJSON of plain rings, one arc each, unquantized to 0.01 degree."""
    arcs = []
    for ring in rings:
        points = np.round(np.array(ring) * 100).astype(int)
        arcs.append(np.vstack([points[:1], np.diff(points, axis=0)]).tolist())
    land = {"type": "MultiPolygon", "arcs": [[[i]] for i in range(len(rings))]}
    return {
        "transform": {"scale": [0.01, 0.01], "translate": [0, 0]},
        "arcs": arcs,
        "objects": {"land": {"type": "GeometryCollection", "geometries": [land]}},
    }


def test_make_cuts_at_180_degrees(make):
    across = [(170, 0), (-170, 0), (-170, 10), (170, 10), (170, 0)]
    pieces = make.land_polygons(topology(across))
    assert sorted(p.bounds for p in pieces) == [(-180, 0, -170, 10), (170, 0, 180, 10)]


def test_make_closes_a_ring_around_the_pole(make):
    around = [(lon if lon <= 180 else lon - 360, -70) for lon in range(0, 361, 30)]
    pieces = make.land_polygons(topology(around))
    assert sum(p.area for p in pieces) == pytest.approx(360 * 20)


def test_make_writes_the_layout_that_the_maps_read(make, tmp_path, monkeypatch):
    source = tmp_path / "land.json"
    source.write_text(json.dumps(topology([(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)])))
    monkeypatch.setattr("sys.argv", ["make.py", str(source), str(tmp_path / "ne_110m.npz")])
    make.main()
    monkeypatch.setattr("so2plumes.figures.coastlines.FOLDER", tmp_path)
    land_rings.cache_clear()
    (ring,) = land_rings("110m")
    land_rings.cache_clear()
    assert Polygon(ring).area == 100


@pytest.mark.parametrize("resolution", ["110m", "50m"])
def test_land_is_where_it_should_be(resolution):
    rings = land_rings(resolution)
    polygons = [Polygon(ring) for ring in rings if len(ring) > 3]
    for place, expected in (((15.0, 47.0), True), ((-30.0, 30.0), False), ((179.0, 67.5), True), ((0, -85), True)):
        assert any(p.contains(Point(place)) for p in polygons) is expected, place
    assert all((ring[0] == ring[-1]).all() for ring in rings)
    assert max(abs(ring[:, 0]).max() for ring in rings) <= 180


def test_regional_coast_is_fine_enough_for_sicily():
    ring = max((r for r in land_rings("50m") if Polygon(r).contains(Point(14.3, 37.5))), key=len)
    assert Polygon(ring).area == pytest.approx(2.62, rel=0.05)


@pytest.mark.parametrize("resolution", ["110m", "50m"])
def test_no_artificial_edge_is_drawn(resolution):
    for ring in land_rings(resolution):
        ends = np.stack([ring[:-1], ring[1:]], axis=1)[coast_edges(ring)]
        assert np.abs(np.diff(ends[..., 0], axis=1)).max(initial=0) < 30
        assert not (np.abs(ends[..., 0]) == 180).all(axis=1).any()
        assert ends[..., 1].min(initial=0) > -89.9


def test_missing_coastlines_do_not_stop_a_map(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr("so2plumes.figures.coastlines.FOLDER", tmp_path)
    land_rings.cache_clear()
    figure = style.new_figure()
    draw_base(figure.add_subplot(), GLOBE)
    land_rings.cache_clear()
    assert "no coastlines" in caplog.text


@given(st.floats(-170, 170), st.floats(-85, 85))
def test_equal_earth_keeps_area(lon, lat):
    h = 1e-3
    east, west = (equal_earth(lon + s * h, lat) for s in (1, -1))
    north, south = (equal_earth(lon, lat + s * h) for s in (1, -1))
    dx = (np.subtract(east, west)) / np.radians(2 * h)
    dy = (np.subtract(north, south)) / np.radians(2 * h)
    area = dx[0] * dy[1] - dx[1] * dy[0]
    assert area == pytest.approx(np.cos(np.radians(lat)), rel=2e-3)


@given(longitudes, st.floats(-720, 720))
def test_longitude_span_does_not_depend_on_the_origin(values, shift):
    _, width = longitude_span(values)
    west, moved = longitude_span(np.array(values) + shift)
    assert moved == pytest.approx(width, abs=1e-6)
    inside = np.mod(np.array(values) + shift - west + 1e-6, 360)
    assert inside.max() <= width + 1e-5


def test_view_across_180_degrees_is_a_region():
    view = view_of([178.0, -177.0, 179.5], [-16.0, -18.0, -17.0])
    assert not view.is_global
    assert view.east - view.west < 12
    x, _ = view.xy([179.0, -179.0], [-17.0, -17.0])
    assert x[1] - x[0] == pytest.approx(2 * np.cos(np.radians(view.centre[1])), rel=1e-6)


def test_view_of_scattered_points_is_the_globe():
    assert view_of(*zip(*[s[:2] for s in SOURCES.values()], strict=True)).is_global
    assert view_of([], []).is_global
    assert view_of([np.nan], [np.nan]).is_global


@given(longitudes, st.floats(-89, 89))
def test_view_holds_its_points(values, lat):
    view = view_of(values, [lat] * len(values))
    lon = view.wrapped(values)
    assert lon.min() >= view.west - 1e-6
    assert lon.max() <= view.east + 1e-6
    assert view.south <= lat <= view.north


def test_degrees_are_written_for_readers():
    assert [longitude_text(v) for v in (-177.0, 0.0, 180.0, -180.0, 190.0)] == ["177°W", "0°", "180°", "180°", "170°W"]
    assert [latitude_text(v) for v in (-16.9, 0.0, 37.5)] == ["16.9°S", "0°", "37.5°N"]


def test_names_do_not_hide_each_other():
    figure = style.new_figure(4, 3)
    axes = figure.add_subplot()
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    place_names(axes, [5, 5.1, 5.2, 5.3, 9.9], [5] * 5, ["first", "second", "third", "fourth", "at the edge"])
    boxes = [t.get_window_extent() for t in axes.texts]
    assert len(boxes) >= 4
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(b.x1 <= axes.get_window_extent().x1 for b in boxes)
