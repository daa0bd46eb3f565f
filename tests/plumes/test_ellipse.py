from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plume_makers import block, cut, ellipse_mask, make_swath, metre_grid, only

from so2plumes.plumes.ellipse import Ellipse, fit_ellipse, overlap, trimmed_length
from so2plumes.plumes.outline import outline_of


def fitted(grid, mask):
    chip = only(cut(make_swath(grid), mask))
    outline = outline_of(chip).local
    return outline, fit_ellipse(outline)


def turned(shape, angle_deg):
    """Turn clockwise from north, as angles are given."""
    return shapely.affinity.rotate(shape, -angle_deg, origin=(0.0, 0.0))


def between(first_deg, second_deg):
    """Angle between two axes."""
    return abs((first_deg - second_deg + 90.0) % 180.0 - 90.0)


def horseshoe():
    """Three quarters of a narrow ring, open to the east."""
    ring = shapely.Point(0.0, 0.0).buffer(60e3, 64) - shapely.Point(0.0, 0.0).buffer(52e3, 64)
    return shapely.segmentize(ring - shapely.box(0.0, -42e3, 90e3, 42e3), 4e3)


class TestTheFit:
    @settings(max_examples=12, deadline=None)
    @given(
        angle=st.floats(0.0, 180.0),
        axes=st.tuples(st.floats(80e3, 150e3), st.floats(30e3, 70e3)),
        x=st.floats(-3e6, 3e6),
    )
    def test_an_ellipse_gives_itself(self, angle, axes, x):
        truth = Ellipse(x, -2e5, *axes, angle)
        found = fit_ellipse(truth.polygon())
        assert found.major_m == pytest.approx(truth.major_m, rel=1e-3)
        assert found.minor_m == pytest.approx(truth.minor_m, rel=1e-3)
        assert between(found.angle_deg, angle) < 0.5
        assert (found.x_m, found.y_m) == pytest.approx((x, -2e5), abs=200.0)
        assert 0.0 <= found.angle_deg < 180.0

    @pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0, 117.0, 165.0])
    def test_an_ellipse_of_pixels_is_recovered(self, angle_deg):
        grid = metre_grid(60, 80, latitude=52.0, turn_deg=-12.0)
        outline, ellipse = fitted(grid, ellipse_mask(grid, 200e3, 70e3, angle_deg, (5e3, -8e3)))
        assert ellipse.major_m == pytest.approx(200e3, rel=0.04)
        assert ellipse.minor_m == pytest.approx(70e3, rel=0.08)
        assert between(ellipse.angle_deg, angle_deg) < 2.0
        assert overlap(outline, ellipse) > 0.9
        assert outline.area / ellipse.area_m2 == pytest.approx(1.0, abs=0.08)

    def test_a_round_plume_has_equal_axes(self):
        grid = metre_grid(60, 80)
        outline, ellipse = fitted(grid, ellipse_mask(grid, 120e3, 120e3))
        assert ellipse.major_m == pytest.approx(ellipse.minor_m, rel=0.06)
        assert overlap(outline, ellipse) > 0.9

    def test_a_square_has_no_more_than_itself_in_common(self):
        """Contours through pixel centres would give a 4 x 4 block a fit of 1.48."""
        grid = metre_grid(along_m=5000.0, across_m=5000.0)
        outline, ellipse = fitted(grid, block(grid, slice(18, 22), slice(18, 22)))
        assert 0.7 < overlap(outline, ellipse) < 1.0
        assert outline.area / ellipse.area_m2 < 1.0

    @pytest.mark.parametrize("along_m", [0.0, 50e3])
    def test_holes_do_not_change_the_ellipse(self, along_m):
        truth = Ellipse(0.0, 0.0, 200e3, 70e3, 40.0)
        hole = shapely.Point(along_m * truth.axis).buffer(15e3)
        pierced = fit_ellipse(shapely.segmentize(truth.polygon() - hole, 4e3))
        assert pierced.major_m == pytest.approx(truth.major_m, rel=1e-3)
        assert pierced.minor_m == pytest.approx(truth.minor_m, rel=1e-3)
        assert between(pierced.angle_deg, truth.angle_deg) < 0.1

    @pytest.mark.parametrize("horizontal", [True, False])
    def test_a_row_of_pixels_lies_along_the_axis(self, horizontal):
        grid = metre_grid()
        rows, columns = (slice(20, 21), slice(14, 26)) if horizontal else (slice(14, 26), slice(20, 21))
        outline, ellipse = fitted(grid, block(grid, rows, columns))
        assert between(ellipse.angle_deg, 90.0 if horizontal else 0.0) < 2.0
        length = trimmed_length(outline, ellipse)
        assert length.on_plume
        assert length.length_m == pytest.approx(12 * (3500.0 if horizontal else 5500.0), rel=0.02)

    def test_a_diagonal_of_pixels_has_an_ellipse(self):
        grid = metre_grid(along_m=5000.0, across_m=5000.0)
        mask = np.zeros(grid.shape, bool)
        mask[range(14, 26), range(14, 26)] = True
        outline, ellipse = fitted(grid, mask)
        assert between(ellipse.angle_deg, 45.0) < 5.0
        assert trimmed_length(outline, ellipse).length_m == pytest.approx(12 * 5000.0 * np.sqrt(2), rel=0.1)

    def test_fewer_than_five_points_have_no_ellipse(self):
        assert fit_ellipse(shapely.box(0.0, 0.0, 1e4, 2e4)) is None

    @settings(max_examples=25, deadline=None)
    @given(seed=st.integers(0, 100_000))
    def test_no_ellipse_runs_away(self, seed):
        rng = np.random.default_rng(seed)
        path = np.cumsum(rng.normal(0.0, 8e3, (6, 2)), axis=0)
        outline = shapely.segmentize(shapely.LineString(path).buffer(4e3, quad_segs=2), 5e3)
        ellipse = fit_ellipse(outline)
        if ellipse is not None:
            extent = np.hypot(*np.ptp(shapely.get_coordinates(outline), axis=0))
            assert 0.0 < ellipse.minor_m <= ellipse.major_m <= 2.001 * extent
            length = trimmed_length(outline, ellipse)
            assert 0.0 < length.length_m <= 1.001 * extent
            assert 0.0 <= overlap(outline, ellipse) <= 1.0


class TestTheLength:
    @pytest.mark.parametrize("angle_deg", [0.0, 35.0, 90.0, 140.0])
    def test_a_rectangle_has_its_length(self, angle_deg):
        rectangle = turned(shapely.segmentize(shapely.box(-10e3, -60e3, 10e3, 60e3), 5e3), angle_deg)
        ellipse = fit_ellipse(rectangle)
        length = trimmed_length(rectangle, ellipse)
        assert between(ellipse.angle_deg, angle_deg) < 0.5
        assert length.on_plume
        assert length.length_m == pytest.approx(120e3, rel=0.01)

    def test_an_ellipse_has_its_main_axis(self):
        ellipse = Ellipse(1e4, 2e4, 150e3, 40e3, 65.0)
        length = trimmed_length(ellipse.polygon(360), ellipse)
        assert length.length_m == pytest.approx(150e3, rel=1e-3)

    def test_it_is_trimmed_to_the_plume(self):
        plume = shapely.box(-10e3, -30e3, 10e3, 50e3)
        assert trimmed_length(plume, Ellipse(0.0, 0.0, 200e3, 30e3, 0.0)).length_m == pytest.approx(80e3)

    def test_it_does_not_exceed_the_ellipse(self):
        plume = shapely.box(-10e3, -100e3, 10e3, 100e3)
        assert trimmed_length(plume, Ellipse(0.0, 0.0, 120e3, 30e3, 0.0)).length_m == pytest.approx(120e3)

    def test_gaps_on_the_way_count(self):
        plume = shapely.MultiPolygon([shapely.box(-5e3, -50e3, 5e3, -10e3), shapely.box(-5e3, 10e3, 5e3, 50e3)])
        length = trimmed_length(plume, Ellipse(0.0, 0.0, 200e3, 30e3, 0.0))
        assert (length.length_m, length.on_plume) == (pytest.approx(100e3), True)

    def test_an_axis_beside_the_plume_gives_the_extent_along_it(self):
        arc = horseshoe()
        length = trimmed_length(arc, Ellipse(0.0, 0.0, 100e3, 90e3, 0.0))
        assert not length.on_plume
        assert length.length_m == pytest.approx(120e3, rel=0.01)

    def test_a_curved_plume_has_a_length_of_its_own_size(self):
        arc = horseshoe()
        ellipse = fit_ellipse(arc)
        length = trimmed_length(arc, ellipse)
        assert 60e3 < length.length_m <= 121e3
        assert overlap(arc, ellipse) < 0.5


class TestTheEllipse:
    def test_its_polygon_has_its_area_and_place(self):
        ellipse = Ellipse(3e4, -2e4, 100e3, 40e3, 30.0)
        shape = ellipse.polygon(720)
        assert shape.area == pytest.approx(ellipse.area_m2, rel=1e-4)
        assert ellipse.area_m2 == pytest.approx(np.pi * 50e3 * 20e3)
        assert shapely.get_coordinates(shape.centroid)[0] == pytest.approx([3e4, -2e4])
        tip = np.array([3e4, -2e4]) + 50e3 * np.array([np.sin(np.radians(30.0)), np.cos(np.radians(30.0))])
        assert shape.distance(shapely.Point(tip)) < 1.0

    def test_overlap_of_equal_and_of_distant_shapes(self):
        ellipse = Ellipse(0.0, 0.0, 100e3, 40e3, 30.0)
        assert overlap(ellipse.polygon(), ellipse) == pytest.approx(1.0)
        assert overlap(shapely.affinity.translate(ellipse.polygon(), 1e6), ellipse) == 0.0
