from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.plume_makers import (
    block,
    cut,
    ellipse_mask,
    geodesic_area_m2,
    make_swath,
    metre_grid,
    only,
    orbit_grid,
)

from so2plumes.emissions.record import EmissionRule, plume_record
from so2plumes.emissions.uncertainty import ErrorModel
from so2plumes.errors import GeometryError
from so2plumes.plumes.outline import index_outline, outline_of, to_geographic

EXAMPLES = settings(max_examples=8, deadline=None)


def mask_of(text):
    return np.array([[letter == "#" for letter in line] for line in text.split()])


def burn(outline, shape):
    """Pixels of an outline in swath indices: those whose centre it holds."""
    rows, columns = np.indices(shape) + 0.5
    return shapely.contains_xy(outline, columns, rows)


def parts(geometry):
    return list(shapely.get_parts(geometry))


def holes(geometry):
    return sum(len(part.interiors) for part in parts(geometry))


def assert_sound(outline):
    """Hold what is true of every outline: valid, counter-clockwise, within the range of degrees."""
    assert outline.swath.is_valid
    assert outline.local.is_valid
    assert outline.geographic.is_valid
    for part in parts(outline.geographic):
        assert part.exterior.is_ccw
        assert not any(hole.is_ccw for hole in part.interiors)
    west, south, east, north = outline.geographic.bounds
    assert -180.0 <= west < east <= 180.0
    assert -90.0 <= south < north <= 90.0


class TestOnTheGridOfPixelEdges:
    def test_a_block_of_4_by_4_has_the_area_of_16(self):
        outline = index_outline(mask_of("...... .####. .####. .####. .####. ......"))
        assert outline.area == 16.0
        assert outline.bounds == (1.0, 1.0, 5.0, 5.0)
        assert len(outline.exterior.coords) - 1 == 16

    def test_a_hole_stays_a_hole(self):
        outline = index_outline(mask_of("##### #...# #.#.# #...# #####"))
        assert outline.area == 17.0
        assert holes(outline) == 1
        assert len(parts(outline)) == 2

    def test_pixels_that_meet_at_a_corner_are_parts_of_one_outline(self):
        outline = index_outline(mask_of("#.. .#. ..#"))
        assert outline.geom_type == "MultiPolygon"
        assert outline.area == 3.0
        assert outline.is_valid

    def test_a_row_of_pixels(self):
        outline = index_outline(mask_of("........ .######. ........"))
        assert outline.area == 6.0

    def test_every_grid_point_on_the_way_is_a_vertex(self):
        outline = index_outline(mask_of("####### ####### #######"))
        steps = np.abs(np.diff(shapely.get_coordinates(outline.exterior), axis=0)).sum(axis=1)
        assert (steps == 1.0).all()

    def test_an_empty_mask_has_no_outline(self):
        with pytest.raises(GeometryError, match="without pixels"):
            index_outline(np.zeros((3, 3), bool))

    @EXAMPLES
    @given(seed=st.integers(0, 10_000), share=st.floats(0.1, 0.9))
    def test_the_outline_burns_back_to_the_mask(self, seed, share):
        mask = np.random.default_rng(seed).random((9, 12)) < share
        mask[4, 5] = True
        outline = index_outline(mask)
        assert outline.is_valid
        assert outline.area == mask.sum()
        assert np.array_equal(burn(outline, mask.shape), mask)


class TestOnTheGround:
    @pytest.mark.parametrize("latitude", [0.0, -37.7, 69.0, 85.0])
    @pytest.mark.parametrize("turn_deg", [0.0, -12.0, 168.0])
    def test_its_area_is_the_sum_of_the_pixel_areas(self, latitude, turn_deg):
        grid = metre_grid(longitude=-70.0, latitude=latitude, turn_deg=turn_deg)
        chip = only(cut(make_swath(grid), ellipse_mask(grid, 90e3, 30e3, 40.0)))
        outline = outline_of(chip)
        assert_sound(outline)
        total = chip["area_m2"][chip.mask].sum()
        assert total == pytest.approx(chip.mask.sum() * 5500.0 * 3500.0, rel=1e-4)
        assert outline.local.area == pytest.approx(total, rel=1e-3)
        assert geodesic_area_m2(outline.geographic) == pytest.approx(total, rel=1e-3)

    def test_holes_are_kept(self):
        grid = metre_grid()
        mask = ellipse_mask(grid, 80e3, 50e3) & ~block(grid, slice(18, 21), slice(18, 22))
        chip = only(cut(make_swath(grid), mask))
        outline = outline_of(chip)
        assert_sound(outline)
        assert holes(outline.geographic) == holes(outline.local) == holes(outline.swath) == 1
        total = chip["area_m2"][chip.mask].sum()
        assert geodesic_area_m2(outline.geographic) == pytest.approx(total, rel=1e-3)

    def test_pixels_that_meet_at_a_corner(self):
        grid = metre_grid()
        mask = np.zeros(grid.shape, bool)
        mask[range(10, 18), range(10, 18)] = True
        chip = only(cut(make_swath(grid), mask))
        outline = outline_of(chip)
        assert_sound(outline)
        assert len(parts(outline.geographic)) == 8
        assert outline.local.area == pytest.approx(8 * 5500.0 * 3500.0, rel=1e-3)

    @pytest.mark.parametrize("horizontal", [True, False])
    def test_a_plume_of_one_row(self, horizontal):
        grid = metre_grid()
        mask = block(grid, slice(20, 21), slice(16, 24)) if horizontal else block(grid, slice(16, 24), slice(20, 21))
        outline = outline_of(only(cut(make_swath(grid), mask)))
        assert_sound(outline)
        assert outline.local.area == pytest.approx(8 * 5500.0 * 3500.0, rel=1e-3)
        assert sorted(np.ptp(shapely.get_coordinates(outline.local), axis=0)) == pytest.approx(
            sorted([8 * 3500.0, 5500.0] if horizontal else [3500.0, 8 * 5500.0]), rel=3e-3
        )

    def test_the_centre_of_the_local_metres_is_the_middle_of_the_plume(self):
        grid = metre_grid()
        outline = outline_of(only(cut(make_swath(grid), ellipse_mask(grid, 60e3, 60e3))))
        assert outline.longitude_0 == pytest.approx(15.0, abs=1e-3)
        assert outline.latitude_0 == pytest.approx(37.7, abs=1e-3)
        assert shapely.get_coordinates(outline.local.centroid)[0] == pytest.approx([0.0, 0.0], abs=50.0)

    @EXAMPLES
    @given(seed=st.integers(0, 10_000))
    def test_the_outline_in_swath_indices_burns_back_to_the_mask(self, seed):
        grid = metre_grid(14, 18)
        mask = np.random.default_rng(seed).random(grid.shape) < 0.55
        chip = max(cut(make_swath(grid, origin=(3000, 200)), mask, chip_margin=2), key=lambda c: c.mask.sum())
        outline = outline_of(chip)
        assert_sound(outline)
        text = shapely.from_wkt(outline.swath.wkt)
        local = shapely.affinity.translate(text, -chip.ground_pixel_start, -chip.scanline_start)
        assert np.array_equal(burn(local, chip.shape), chip.mask)
        assert text.area == chip.mask.sum()
        assert outline.local.area == pytest.approx(chip["area_m2"][chip.mask].sum(), rel=1e-3)

    def test_without_corners_the_outline_runs_midway_between_centres(self):
        grid = metre_grid(longitude=179.95, latitude=-20.0)
        mask = ellipse_mask(grid, 90e3, 30e3, 40.0)
        with_corners = outline_of(only(cut(make_swath(grid), mask)))
        without = outline_of(only(cut(make_swath(grid, corners=False), mask)))
        assert_sound(without)
        assert without.crosses_antimeridian
        assert without.local.area == pytest.approx(with_corners.local.area, rel=2e-3)
        assert with_corners.local.symmetric_difference(without.local).area < 0.01 * without.local.area

    def test_a_line_of_pixels_without_corners_has_no_outline(self):
        grid = metre_grid(1, 30)
        swath = make_swath(grid, corners=False)
        with pytest.raises(GeometryError, match="one line"):
            outline_of(only(cut(swath, block(grid, slice(0, 1), slice(4, 12)))))

    def test_a_plume_without_any_position_has_no_outline(self):
        grid = metre_grid()
        chip = only(cut(make_swath(grid), block(grid, slice(20, 25), slice(18, 24))))
        bounds = np.full_like(chip["longitude_bounds"], np.nan)
        with pytest.raises(GeometryError, match="no corner"):
            outline_of(replace(chip, fields={**chip.fields, "longitude_bounds": bounds}))


ACROSS = {"Tonga": (179.98, -20.5), "Aleutians": (-179.95, 52.0), "on the line": (180.0, 10.0), "Arctic": (179.6, 80.0)}


class TestAcrossTheAntimeridian:
    @pytest.mark.parametrize("place", ACROSS)
    @pytest.mark.parametrize("turn_deg", [0.0, -12.0, 168.0])
    def test_it_is_split_at_180_degrees(self, place, turn_deg):
        longitude, latitude = ACROSS[place]
        outlines = []
        for at in (longitude, 20.0):
            grid = metre_grid(longitude=at, latitude=latitude, turn_deg=turn_deg)
            outlines.append(outline_of(only(cut(make_swath(grid), ellipse_mask(grid, 90e3, 40e3, 75.0)))))
        split, whole = outlines
        assert_sound(split)
        assert split.crosses_antimeridian
        assert not whole.crosses_antimeridian
        assert split.geographic.geom_type == "MultiPolygon"
        assert whole.geographic.geom_type == "Polygon"
        assert {part.bounds[0] for part in parts(split.geographic)} >= {-180.0}
        assert max(part.bounds[2] - part.bounds[0] for part in parts(split.geographic)) < 5.0
        assert geodesic_area_m2(split.geographic) == pytest.approx(geodesic_area_m2(whole.geographic), rel=1e-3)
        assert split.local.area == pytest.approx(whole.local.area, rel=1e-3)

    def test_pixel_edges_may_lie_on_the_line(self):
        grid = metre_grid(longitude=180.0, latitude=0.0)
        chip = only(cut(make_swath(grid), block(grid, slice(15, 25), slice(10, 30))))
        outline = outline_of(chip)
        assert_sound(outline)
        assert geodesic_area_m2(outline.geographic) == pytest.approx(200 * 5500.0 * 3500.0, rel=1e-3)

    @pytest.mark.parametrize("columns", [slice(10, 20), slice(20, 30)])
    def test_a_plume_may_end_at_the_line(self, columns):
        grid = metre_grid(longitude=180.0, latitude=0.0)
        chip = only(cut(make_swath(grid), block(grid, slice(15, 25), columns)))
        outline = outline_of(chip)
        assert_sound(outline)
        assert geodesic_area_m2(outline.geographic) == pytest.approx(100 * 5500.0 * 3500.0, rel=1e-3)

    @pytest.mark.parametrize("latitude", [-20.5, 52.0])
    @pytest.mark.parametrize("turn_deg", [0.0, 168.0])
    def test_a_hole_on_the_line(self, latitude, turn_deg):
        grid = metre_grid(longitude=179.99, latitude=latitude, turn_deg=turn_deg)
        mask = ellipse_mask(grid, 90e3, 70e3, 75.0) & ~block(grid, slice(18, 22), slice(17, 24))
        chip = only(cut(make_swath(grid), mask))
        outline = outline_of(chip)
        assert_sound(outline)
        total = chip["area_m2"][chip.mask].sum()
        assert geodesic_area_m2(outline.geographic) == pytest.approx(total, rel=1e-3)

    @pytest.mark.parametrize("side", [-1, 1])
    def test_a_hole_beside_the_line(self, side):
        grid = metre_grid(longitude=179.99, latitude=-20.5)
        middle = 20 + 6 * side
        mask = ellipse_mask(grid, 90e3, 70e3, 75.0) & ~block(grid, slice(19, 21), slice(middle - 1, middle + 1))
        chip = only(cut(make_swath(grid), mask))
        outline = outline_of(chip)
        assert_sound(outline)
        assert holes(outline.geographic) == 1
        total = chip["area_m2"][chip.mask].sum()
        assert geodesic_area_m2(outline.geographic) == pytest.approx(total, rel=1e-3)

    @EXAMPLES
    @given(seed=st.integers(0, 10_000))
    def test_ragged_plumes_cross_many_times(self, seed):
        grid = metre_grid(20, 16, longitude=179.995, latitude=-20.5, turn_deg=5.0)
        mask = np.random.default_rng(seed).random(grid.shape) < 0.6
        chip = max(cut(make_swath(grid), mask, chip_margin=2), key=lambda c: c.mask.sum())
        outline = outline_of(chip)
        assert_sound(outline)
        total = chip["area_m2"][chip.mask].sum()
        assert geodesic_area_m2(outline.geographic) == pytest.approx(total, rel=1e-3)

    def test_pixels_of_a_real_orbit(self):
        orbit, place = orbit_seeing(-179.98, -19.0)
        grid = orbit_grid(orbit, *place)
        chip = only(cut(make_swath(grid), ellipse_mask(grid, 100e3, 50e3, 60.0)))
        outline = outline_of(chip)
        assert_sound(outline)
        assert outline.crosses_antimeridian
        total = chip["area_m2"][chip.mask].sum()
        assert outline.local.area == pytest.approx(total, rel=1e-3)
        assert geodesic_area_m2(outline.geographic) == pytest.approx(total, rel=1e-3)


def orbit_seeing(longitude, latitude):
    from datetime import date

    from so2plumes.simulate.views import orbits_seeing

    return orbits_seeing(longitude, latitude, date(2021, 6, 21))[0].orbit, (longitude, latitude)


class TestOverThePole:
    @pytest.mark.parametrize("sign", [1, -1])
    @pytest.mark.parametrize("longitude", [-179.0, -60.0, 33.0, 120.0])
    @pytest.mark.parametrize("turn_deg", [0.0, 168.0])
    def test_it_is_closed_over_the_pole(self, sign, longitude, turn_deg):
        grid = metre_grid(longitude=longitude, latitude=sign * 89.8, turn_deg=turn_deg)
        chip = only(cut(make_swath(grid), ellipse_mask(grid, 100e3, 70e3, 20.0)))
        outline = outline_of(chip)
        assert_sound(outline)
        assert outline.crosses_antimeridian
        total = chip["area_m2"][chip.mask].sum()
        assert total == pytest.approx(chip.mask.sum() * 5500.0 * 3500.0, rel=1e-3)
        assert outline.local.area == pytest.approx(total, rel=1e-3)
        assert geodesic_area_m2(outline.geographic) == pytest.approx(total, rel=2e-3)
        assert outline.geographic.bounds[3 if sign > 0 else 1] == sign * 90.0

    @pytest.mark.parametrize("sign", [1, -1])
    def test_its_middle_may_be_the_pole(self, sign):
        shape = shapely.Point(0.0, 0.0).buffer(40e3)
        geographic, crosses = to_geographic(shape, 25.0, sign * 90.0)
        assert crosses
        assert geographic.is_valid
        assert geodesic_area_m2(geographic) == pytest.approx(shape.area, rel=2e-3)
        assert geographic.bounds[3 if sign > 0 else 1] == sign * 90.0

    @pytest.mark.parametrize("latitude", [86.0, 88.5])
    def test_beside_the_pole_it_is_an_ordinary_outline(self, latitude):
        grid = metre_grid(longitude=40.0, latitude=latitude)
        chip = only(cut(make_swath(grid), ellipse_mask(grid, 100e3, 40e3, 60.0)))
        outline = outline_of(chip)
        assert_sound(outline)
        assert not outline.crosses_antimeridian
        assert geodesic_area_m2(outline.geographic) == pytest.approx(chip["area_m2"][chip.mask].sum(), rel=1e-3)

    def test_around_the_pole_without_it(self):
        """A horseshoe that opens to the antimeridian spans most longitudes and needs no cut."""
        ring = shapely.Point(0.0, 0.0).buffer(60e3, 64) - shapely.Point(0.0, 0.0).buffer(30e3, 64)
        horseshoe = ring - shapely.box(-15e3, 0.0, 15e3, 80e3)
        geographic, crosses = to_geographic(horseshoe, 0.0, 90.0)
        assert not crosses
        assert geographic.is_valid
        assert geographic.bounds[2] - geographic.bounds[0] > 300.0
        assert geodesic_area_m2(geographic) == pytest.approx(horseshoe.area, rel=2e-3)

    def test_around_the_pole_and_across_the_antimeridian_without_the_pole(self):
        ring = shapely.Point(0.0, 0.0).buffer(60e3, 64) - shapely.Point(0.0, 0.0).buffer(30e3, 64)
        horseshoe = ring - shapely.box(-15e3, -80e3, 15e3, 0.0)
        geographic, crosses = to_geographic(horseshoe, 0.0, 90.0)
        assert crosses
        assert geographic.is_valid
        assert geodesic_area_m2(geographic) == pytest.approx(horseshoe.area, rel=2e-3)

    @pytest.mark.parametrize("start", range(0, 80, 7))
    def test_a_bay_between_rim_and_pole_stays_open(self, start):
        """The meridian from a point of the rim to the pole may leave the plume and come back."""
        shape = shapely.Point(0.0, 0.0).buffer(60e3) - shapely.box(15e3, -40e3, 30e3, 70e3)
        points = shapely.get_coordinates(shapely.segmentize(shape, 10e3).exterior)[:-1]
        turned = shapely.Polygon(np.roll(points, -start % len(points), axis=0))
        geographic, _ = to_geographic(turned, 10.0, 90.0)
        assert geographic.is_valid
        assert geodesic_area_m2(geographic) == pytest.approx(shape.area, rel=2e-3)

    def test_a_ring_around_the_pole_leaves_the_pole_out(self):
        ring = shapely.Point(0.0, 0.0).buffer(60e3, 64) - shapely.Point(0.0, 0.0).buffer(30e3, 64)
        geographic, crosses = to_geographic(ring, 10.0, 90.0)
        assert crosses
        assert geographic.is_valid
        assert geographic.bounds[3] < 90.0
        assert geodesic_area_m2(geographic) == pytest.approx(ring.area, rel=2e-3)

    def test_a_hole_beside_the_pole(self):
        shape = shapely.Point(0.0, 0.0).buffer(60e3) - shapely.Point(30e3, 10e3).buffer(10e3)
        geographic, _ = to_geographic(shape, 10.0, 90.0)
        assert geographic.is_valid
        assert geodesic_area_m2(geographic) == pytest.approx(shape.area, rel=2e-3)

    def test_pixels_of_a_real_orbit(self):
        orbit, place = orbit_seeing(10.0, 89.9)
        grid = orbit_grid(orbit, *place)
        chip = only(cut(make_swath(grid), ellipse_mask(grid, 120e3, 90e3)))
        outline = outline_of(chip)
        assert_sound(outline)
        total = chip["area_m2"][chip.mask].sum()
        assert outline.local.area == pytest.approx(total, rel=1e-3)
        assert geodesic_area_m2(outline.geographic) == pytest.approx(total, rel=2e-3)


LONGITUDES = tuple(f"{of}_longitude" for of in ("max", "upwind", "downwind", "ellipse", "moments"))
OF_THE_PLACE = ("plume_id", "crosses_antimeridian", "geometry", "centre_line", "outline_swath", *LONGITUDES)


@EXAMPLES
@given(shift=st.floats(-180.0, 180.0), latitude=st.sampled_from([-75.0, -20.5, 0.0, 52.0, 69.3]))
@example(shift=180.0, latitude=52.0)
@example(shift=179.7, latitude=-20.5)
def test_a_shift_of_longitude_moves_longitudes_only(shift, latitude):
    rule = EmissionRule(errors=ErrorModel(draws=0))  # draws follow from the name, which holds the place
    rows = []
    for longitude in (0.0, shift):
        grid = metre_grid(longitude=longitude, latitude=latitude, turn_deg=-12.0)
        mask = ellipse_mask(grid, 100e3, 40e3, 70.0)
        column = np.random.default_rng(3).normal(0.0, 2e-4, grid.shape) + 3e-3 * mask
        rows.append(plume_record(only(cut(make_swath(grid, column, wind=(4.0, 2.0)), mask)), rule))
    still, moved = rows
    for name in still:
        if name in LONGITUDES:
            step = (moved[name] - still[name] - shift + 180.0) % 360.0 - 180.0
            assert step == pytest.approx(0.0, abs=1e-3), name
            assert -180.0 <= moved[name] <= 180.0
        elif name.endswith("_latitude"):
            assert moved[name] == pytest.approx(still[name], abs=1e-5), name
        elif isinstance(still[name], float):
            assert moved[name] == pytest.approx(still[name], rel=1e-3, abs=1e-9, nan_ok=True), name
        elif name not in OF_THE_PLACE:
            assert moved[name] == still[name], name
    assert geodesic_area_m2(moved["geometry"]) == pytest.approx(geodesic_area_m2(still["geometry"]), rel=1e-3)
