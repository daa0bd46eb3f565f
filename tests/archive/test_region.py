"""Regions against simulated swaths, whose pixels tell the truth, over the poles and the antimeridian."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.archive.footprints import parse_footprint
from so2plumes.archive.index import list_granules
from so2plumes.archive.region import parse_region, scanlines_of
from so2plumes.errors import ConfigError, GeometryError
from so2plumes.simulate.orbits import swath_geometry
from so2plumes.swath.level2 import read_level2
from so2plumes.swath.model import Swath

ORBITS = (17849, 17852, 17855, 17858)
"""A quarter of a day apart, so that one of them crosses the antimeridian away from the poles."""


@dataclass(frozen=True)
class Pass:
    """Pixels of a swath (every second one of each axis) and its outline as WKT."""

    longitude: np.ndarray
    latitude: np.ndarray
    outline: str


def ring_of(longitude: np.ndarray, latitude: np.ndarray, step: int = 60) -> np.ndarray:
    """The edge of a grid of pixels as a closed ring with a vertex every so many pixels."""
    sides = [(slice(None, None, step), 0), (-1, slice(None, None, step))]
    sides += [(slice(None, None, -step), -1), (0, slice(None, None, -step))]
    ring = np.concatenate([np.column_stack([longitude[side], latitude[side]]) for side in sides])
    return np.vstack([ring, ring[:1]])


def wkt_of(ring: np.ndarray) -> str:
    return "POLYGON ((" + ", ".join(f"{x:.3f} {y:.3f}" for x, y in ring) + "))"


@cache
def whole_pass(orbit: int) -> Pass:
    geometry = swath_geometry(orbit)
    outline = wkt_of(ring_of(geometry.longitude, geometry.latitude))
    return Pass(geometry.longitude[::2, ::2].copy(), geometry.latitude[::2, ::2].copy(), outline)


boxes = st.tuples(st.sampled_from(ORBITS), st.floats(-180, 179), st.floats(-90, 86), st.floats(2, 40), st.floats(2, 20))


@settings(max_examples=60, deadline=None)
@given(boxes)
def test_a_granule_with_pixels_in_the_region_always_meets_it(case):
    orbit, west, south, width, height = case
    swath = whole_pass(orbit)
    east = west + width
    region = parse_region([west, south, east - 360 if east > 180 else east, min(90.0, south + height)])
    if region.contains(swath.longitude, swath.latitude).any():
        assert region.meets(swath.outline)


@settings(max_examples=60, deadline=None)
@given(boxes)
def test_a_granule_far_from_the_region_does_not_meet_it(case):
    orbit, west, south, width, height = case
    swath = whole_pass(orbit)
    south = float(np.clip(south, -78, 70))
    north = min(78.0, south + height)
    around = parse_region([west - 6 if west > -170 else west + 354, max(south - 2, -90), (west + width + 6), north + 2])
    if not around.contains(swath.longitude, swath.latitude).any():
        assert not parse_region([west, south, west + width, north]).meets(swath.outline)


def test_about_the_expected_share_of_orbits_meets_a_volcano():
    etna = parse_region([14.0, 37.0, 16.0, 38.5])
    met = [etna.meets(whole_pass(orbit).outline) for orbit in ORBITS]
    seen = [bool(etna.contains(whole_pass(orbit).longitude, whole_pass(orbit).latitude).any()) for orbit in ORBITS]
    assert met == seen
    assert sum(met) <= 1


@pytest.mark.parametrize("pole", [[-180, 89, 180, 90], [0, 88.5, 30, 90], [-180, -90, 180, -89]])
@pytest.mark.parametrize("orbit", ORBITS)
def test_a_swath_over_a_pole_meets_it(pole, orbit):
    swath, region = whole_pass(orbit), parse_region(pole)
    assert region.meets(swath.outline, margin_deg=0.0) == bool(
        region.contains(swath.longitude, swath.latitude).any()
    ), "also where no edge of the outline comes near"


@pytest.mark.parametrize("orbit", ORBITS)
def test_an_outline_covers_its_pixels_and_not_those_behind_the_earth(orbit):
    swath = whole_pass(orbit)
    outline = parse_footprint(swath.outline)
    assert not outline.ambiguous
    inner = (slice(20, -20, 25), slice(5, -5, 15))
    longitude, latitude = swath.longitude[inner], swath.latitude[inner]
    assert outline.covers(longitude, latitude).all()
    middle = longitude.shape[0] // 2
    opposite = (longitude[middle] + 360) % 360 - 180
    assert not outline.covers(opposite, -latitude[middle]).any()


def test_an_outline_covers_what_its_share_of_the_sphere_says():
    """A swath of 58 minutes is 2600 km wide and about 23 500 km long: 12 % of the Earth."""
    rng = np.random.default_rng(3)
    longitude, latitude = rng.uniform(-180, 180, 20_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 20_000)))
    share = parse_footprint(whole_pass(17849).outline).covers(longitude, latitude).mean()
    assert share == pytest.approx(0.12, abs=0.015)


SPLIT = (
    "MULTIPOLYGON (((170 -10, 180 -10, 180 10, 170 10, 170 -10)), ((-180 -10, -170 -10, -170 10, -180 10, -180 -10)))"
)
JUMPING = "POLYGON ((170 -10, -170 -10, -170 10, 170 10, 170 -10))"
BEYOND = "POLYGON ((170 -10, 190 -10, 190 10, 170 10, 170 -10))"


@pytest.mark.parametrize("outline", [SPLIT, JUMPING, BEYOND])
def test_an_outline_over_the_antimeridian_means_the_same_in_every_way_of_writing(outline):
    for box in ([175, -1, 179, 1], [-179, -1, -175, 1], [179, -1, -179, 1], [150, -1, 171, 1], [-171, -2, -160, 2]):
        assert parse_region(box).meets(outline), box
    for box in ([-160, -1, 160, 1], [0, -1, 5, 1], [150, -1, 169, 1], [179, 11, -179, 20]):
        assert not parse_region(box).meets(outline), box
    longitude = np.array([179.9, -179.9, 172.0, -172.0, 165.0, 0.0])
    assert parse_footprint(outline).covers(longitude, np.full(6, 3.3)).tolist() == [True] * 4 + [False] * 2


def test_a_polar_cap_that_is_written_with_a_slit_to_the_pole_holds_the_pole():
    ring = [(x, -70 + 0.01 * (x % 7)) for x in range(-180, 181, 10)] + [(180, -90), (-180, -90)]
    cap = wkt_of(np.array([*ring, ring[0]], dtype=float))
    for box in ([20, -89, 30, -88], [-180, -90, 180, -85], [-5, -75, 5, -73]):
        assert parse_region(box).meets(cap), box
    assert not parse_region([20, -60, 30, -50]).meets(cap)
    assert not parse_region([20, 80, 30, 90]).meets(cap)


def test_an_outline_with_a_hole_does_not_cover_the_hole():
    holed = "POLYGON ((0 0, 40 0, 40 40, 0 40, 0 0), (10 10, 10 30, 30 30, 30 10, 10 10))"
    assert not parse_region([18, 18, 22, 22]).meets(holed)
    assert parse_region([5, 18, 6, 22]).meets(holed)


@pytest.mark.parametrize(
    "outline",
    ["POLYGON ((-180 -80, 180 -80, 180 80, -180 80, -180 -80))", "POLYGON ((-120 0, 0 0, 120 0, -120 0))", "", None],
)
def test_an_outline_that_decides_nothing_keeps_the_granule(outline):
    assert parse_region([0, 20, 10, 30]).meets(outline)


@pytest.mark.parametrize("text", ["POINT (1 2)", "POLYGON EMPTY", "nonsense"])
def test_an_outline_that_is_none_is_an_error(text):
    with pytest.raises(GeometryError, match="outline of a granule"):
        parse_footprint(text)


def test_a_box_contains_its_edge_and_knows_the_antimeridian():
    region = parse_region([170, -20, -170, 20])
    longitude = np.array([[170, 180, -180, 190, -170.0], [169.9, -169.9, 0, np.nan, 175]])
    latitude = np.array([[0, 0, 0, 0, 20.0], [0, 0, 0, 0, 20.1]])
    assert region.contains(longitude, latitude).tolist() == [[True] * 5, [False] * 5]
    assert parse_region([170, -20, 190, 20]).contains(longitude, latitude).tolist() == [[True] * 5, [False] * 5]
    west = parse_region([100, -20, 180, 20])
    assert west.contains([180.0, -180.0], [0.0, 0.0]).all()


def test_a_belt_and_the_whole_earth():
    rng = np.random.default_rng(1)
    longitude, latitude = rng.uniform(-180, 180, 500), rng.uniform(-90, 90, 500)
    assert parse_region([-180, -90, 180, 90]).contains(longitude, latitude).all()
    belt = parse_region([-180, 10, 180, 20]).contains(longitude, latitude)
    assert (belt == ((latitude >= 10) & (latitude <= 20))).all()
    assert parse_region([0, 10, 360, 20]).contains(longitude, latitude).tolist() == belt.tolist()


TRIANGLE = [[[14.0, 37.0], [16.0, 37.0], [15.0, 39.0], [14.0, 37.0]]]


@pytest.mark.parametrize(
    "value",
    [
        "POLYGON ((14 37, 16 37, 15 39, 14 37))",
        {"type": "Polygon", "coordinates": TRIANGLE},
        {"type": "MultiPolygon", "coordinates": [TRIANGLE]},
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": TRIANGLE}},
    ],
)
def test_a_polygon_may_be_wkt_or_geojson(value):
    region = parse_region(value)
    assert region.contains([15.0, 14.1, 15.0], [38.0, 38.5, 36.9]).tolist() == [True, False, False]


def test_a_polygon_beyond_the_antimeridian_goes_on():
    region = parse_region("POLYGON ((175 0, 185 0, 180 10, 175 0))")
    assert region.contains([179.0, -179.0, 180.0, 170.0], [2.0, 2.0, 5.0, 2.0]).tolist() == [True, True, True, False]
    assert shapely.get_num_geometries(region.geometry) == 2


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1, 2, 3], "four numbers"),
        ([1, 2, 3, float("nan")], "four numbers"),
        ([1, 2, 3, "4"], "four numbers"),
        ([10, 30, 20, 20], "no height"),
        ([10, -100, 20, 20], "no height"),
        ([10, 20, 10, 30], "no width"),
        ([-200, 20, 10, 30], "no width"),
        ("POINT (1 2)", "no area"),
        ("POLYGON ((0 0, 1 1, 2 2, 0 0))", "no area"),
        ("somewhere", "no WKT"),
        ({"type": "Circle"}, "no GeoJSON"),
        ("POLYGON ((0 0, 4 4, 4 0, 0 5, 0 0))", "crosses itself"),
        ("POLYGON ((0 0, 4 0, 4 95, 0 0))", "leaves the Earth"),
        ("POLYGON ((170 -10, -170 -10, -170 10, 170 10, 170 -10))", "longer than 180"),
    ],
)
def test_a_region_that_makes_no_sense_is_refused_with_its_key(value, said):
    with pytest.raises(ConfigError, match=said) as caught:
        parse_region(value)
    assert caught.value.where == "campaign.region"


def swath_of(orbit: int) -> Swath:
    whole = whole_pass(orbit)
    shape = whole.longitude.shape
    fields = {"longitude": whole.longitude, "latitude": whole.latitude, "vertical_column": np.zeros(shape)}
    rows = np.arange(shape[0])
    return Swath(
        "g", orbit, "02.04.01", "doas", np.zeros(shape[0], "datetime64[ms]"), rows, np.arange(shape[1]), fields
    )


@pytest.mark.parametrize("box", [[-20, -20, 20, 20], [170, -30, -170, 30], [-180, 80, 180, 90], [100, -70, 140, -50]])
@pytest.mark.parametrize("orbit", ORBITS)
def test_the_scanlines_of_a_region_hold_all_its_pixels_and_a_margin(box, orbit):
    swath, region = swath_of(orbit), parse_region(box)
    inside = region.contains(swath["longitude"], swath["latitude"])
    rows = scanlines_of(swath, region, margin=10)
    if not inside.any():
        assert rows is None
        return
    assert rows is not None
    first, last = np.flatnonzero(inside.any(axis=1))[[0, -1]]
    assert rows == slice(max(0, first - 10), min(swath.shape[0], last + 11))
    cut = swath.cut(rows, slice(None))
    assert region.contains(cut["longitude"], cut["latitude"]).sum() == inside.sum()


def test_a_region_smaller_than_a_pixel_is_seen():
    swath = swath_of(17849)
    between = swath["longitude"][1000:1002, 100:102].mean(), swath["latitude"][1000:1002, 100:102].mean()
    x, y = (float(value) for value in between)
    region = parse_region([x - 1e-4, y - 1e-4, x + 1e-4, y + 1e-4])
    assert not region.contains(swath["longitude"], swath["latitude"]).any()
    rows = scanlines_of(swath, region, margin=0)
    assert rows is not None
    assert rows.start <= 1000 <= 1001 < rows.stop <= rows.start + 12


def test_pixels_without_a_position_are_nowhere():
    swath = swath_of(17849)
    longitude = swath["longitude"].copy()
    longitude[:] = np.nan
    nowhere = Swath(**{**vars(swath), "fields": swath.fields | {"longitude": longitude}})
    assert scanlines_of(nowhere, parse_region([-180, -90, 180, 90])) is None


@pytest.mark.real
def test_a_real_scene_is_cut_around_etna(shared_data):
    path = list_granules(shared_data / "etna", date(2021, 3, 24), date(2021, 3, 24))[0]
    swath = read_level2(path)
    rows = scanlines_of(swath, parse_region([14.8, 37.6, 15.2, 37.9]), margin=2)
    assert rows is not None
    cut = swath.cut(rows, slice(None))
    assert 5 <= cut.shape[0] < 30 < swath.shape[0]
    inside = (abs(cut["longitude"] - 15.0) < 0.1) & (abs(cut["latitude"] - 37.75) < 0.1)
    assert inside.any()
    assert scanlines_of(swath, parse_region([100, 37.6, 101, 37.9])) is None
