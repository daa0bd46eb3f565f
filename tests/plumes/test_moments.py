from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plume_makers import block, cut, ellipse_mask, make_swath, metre_grid, only

from so2plumes.plumes.ellipse import Ellipse, overlap
from so2plumes.plumes.moments import moments_ellipse, solidity
from so2plumes.plumes.outline import outline_of

SIDE = 4.0 / np.sqrt(12.0)


def between(first_deg, second_deg):
    """Angle between two axes."""
    return abs((first_deg - second_deg + 90.0) % 180.0 - 90.0)


class TestTheEllipse:
    @settings(max_examples=20, deadline=None)
    @given(
        angle=st.floats(0.0, 180.0),
        axes=st.tuples(st.floats(80e3, 150e3), st.floats(5e3, 70e3)),
        x=st.floats(-8e5, 8e5),
    )
    def test_an_ellipse_gives_itself(self, angle, axes, x):
        truth = Ellipse(x, -2e5, *axes, angle)
        found = moments_ellipse(truth.polygon(720))
        assert (found.major_m, found.minor_m) == pytest.approx(axes, rel=1e-4)
        assert (found.x_m, found.y_m) == pytest.approx((x, -2e5), abs=1.0)
        assert between(found.angle_deg, angle) < 0.01
        assert 0.0 <= found.angle_deg < 180.0
        assert overlap(truth.polygon(720), found) > 0.999

    @pytest.mark.parametrize("clockwise", [True, False])
    def test_a_rectangle_by_hand(self, clockwise):
        shape = shapely.geometry.polygon.orient(shapely.box(-10e3, -60e3, 10e3, 60e3), -1.0 if clockwise else 1.0)
        found = moments_ellipse(shape)
        assert (found.major_m, found.minor_m) == pytest.approx((SIDE * 120e3, SIDE * 20e3))
        assert found.angle_deg == pytest.approx(0.0)

    def test_pieces_count_by_their_area(self):
        found = moments_ellipse(shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(100, 0, 110, 30)]))
        assert found.x_m == pytest.approx((5 * 100 + 105 * 300) / 400)
        assert found.y_m == pytest.approx((5 * 100 + 15 * 300) / 400)

    def test_a_hole_counts_nothing(self):
        whole, hole = shapely.box(-30, -30, 30, 30), shapely.box(0, -10, 20, 10)
        found = moments_ellipse(whole - hole)
        assert found.x_m == pytest.approx(-10 * 400 / 3200)
        assert found.y_m == pytest.approx(0.0)

    def test_a_line_without_area_has_none(self):
        assert moments_ellipse(shapely.Polygon([(0, 0), (10, 0), (20, 0)])) is None

    @pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0, 165.0])
    def test_pixels_of_an_ellipse_fit_better_than_by_contour_points(self, angle_deg):
        grid = metre_grid(60, 80, latitude=52.0, turn_deg=-12.0)
        local = outline_of(only(cut(make_swath(grid), ellipse_mask(grid, 200e3, 70e3, angle_deg)))).local
        found = moments_ellipse(local)
        assert (found.major_m, found.minor_m) == pytest.approx((200e3, 70e3), rel=0.02)
        assert overlap(local, found) > 0.95

    def test_a_row_of_pixels_keeps_its_width(self):
        grid = metre_grid()
        local = outline_of(only(cut(make_swath(grid), block(grid, slice(14, 26), slice(20, 21))))).local
        found = moments_ellipse(local)
        assert (found.major_m, found.minor_m) == pytest.approx((SIDE * 12 * 5500.0, SIDE * 3500.0), rel=2e-3)


class TestTheSolidity:
    def test_of_a_convex_shape_it_is_1(self):
        assert solidity(shapely.box(0, 0, 3, 7)) == pytest.approx(1.0)

    def test_holes_and_bays_lower_it(self):
        assert solidity(shapely.box(0, 0, 4, 4) - shapely.box(1, 1, 2, 2)) == pytest.approx(15 / 16)
        assert solidity(shapely.box(0, 0, 4, 4) - shapely.box(2, 2, 4, 4)) == pytest.approx(12 / 14)
