"""The centre line of shapes whose length is known."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plume_makers import block, cut, make_swath, metre_grid

from so2plumes.emissions.geometry import excess_mass
from so2plumes.plumes.centreline import along_plume, centre_line, pixel_graph
from so2plumes.plumes.moments import moments_ellipse
from so2plumes.plumes.outline import outline_of
from so2plumes.swath.geometry import equal_area_metres, inverse_equal_area

T = np.linspace(0.0, 1.0, 300)


@pytest.fixture(scope="module")
def grid():
    return metre_grid(100, 150, turn_deg=-12.0)


def chip_of(grid, mask, column=None):
    column = np.where(mask, 3e-3, 0.0) if column is None else column
    return max(cut(make_swath(grid, column), mask), key=lambda chip: chip.mask.sum())


def line_of(chip):
    """Centre line in the metres of the grid, and how far its ends lie from the rim."""
    outline = outline_of(chip)
    inside = chip["longitude"][chip.mask], chip["latitude"][chip.mask]
    points = np.column_stack(equal_area_metres(*inside, outline.longitude_0, outline.latitude_0))
    line = centre_line(chip.mask, points, excess_mass(chip), outline.local, moments_ellipse(outline.local))
    degrees = inverse_equal_area(*line.T, outline.longitude_0, outline.latitude_0)
    rim = shapely.distance(outline.local.boundary, shapely.points(line[[0, -1]]))
    return np.column_stack(equal_area_metres(*degrees, 15.0, 37.7)), rim


def length(line):
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def band(grid, path, width_m):
    """Pixels whose centre lies within half a width of a path."""
    return shapely.contains_xy(shapely.LineString(path).buffer(0.5 * width_m, cap_style="flat"), grid.x_m, grid.y_m)


def arc(radius_m, span_deg):
    angle = np.radians(span_deg) * T + 0.3
    return radius_m * np.column_stack([np.cos(angle), np.sin(angle)])


def spiral(turns):
    angle, radius = 2.0 * np.pi * turns * T, 30e3 + 110e3 * T
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


SHAPES = {
    "half a circle": arc(90e3, 180.0),
    "three quarters of a circle": arc(90e3, 270.0),
    "nearly a circle": arc(110e3, 330.0),
    "an S": np.column_stack([60e3 * np.sin(2.0 * np.pi * T), 280e3 * (T - 0.5)]),
    "a spiral of two turns": spiral(2.0),
}


class TestItsLength:
    @pytest.mark.parametrize("angle_deg", [0.0, 12.0, 20.0, 45.0, 70.0, 102.0, 150.0])
    @pytest.mark.parametrize("width_m", [7e3, 15e3, 35e3, 70e3])
    def test_of_a_straight_bar(self, grid, angle_deg, width_m):
        turn = np.radians(angle_deg)
        path = np.outer([-110e3, 110e3], [np.sin(turn), np.cos(turn)])
        line, _ = line_of(chip_of(grid, band(grid, path, width_m)))
        assert length(line) == pytest.approx(220e3, rel=0.03)

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("width_m", [8e3, 22e3])
    def test_of_a_curve_runs_along_it(self, grid, shape, width_m):
        path = SHAPES[shape]
        line, _ = line_of(chip_of(grid, band(grid, path, width_m)))
        assert length(line) == pytest.approx(length(path), rel=0.03)
        away = shapely.distance(shapely.LineString(path), shapely.points(line))
        assert away.max() < 0.5 * width_m + 3e3

    @pytest.mark.parametrize("span_deg", [60.0, 120.0, 180.0])
    def test_of_a_thick_arc_is_that_of_its_middle(self, grid, span_deg):
        line, _ = line_of(chip_of(grid, band(grid, arc(110e3, span_deg), 40e3)))
        assert length(line) == pytest.approx(110e3 * np.radians(span_deg), rel=0.06)

    def test_noise_does_not_lengthen_it(self, grid):
        mask = band(grid, SHAPES["an S"], 25e3)
        column = np.random.default_rng(4).normal(0.0, 1e-3, grid.shape) + 2e-3 * mask
        line, _ = line_of(chip_of(grid, mask, column))
        assert length(line) == pytest.approx(length(SHAPES["an S"]), rel=0.05)

    def test_a_hole_is_crossed(self, grid):
        mask = block(grid, slice(10, 90), slice(70, 80)) & ~block(grid, slice(40, 44), slice(73, 77))
        line, _ = line_of(chip_of(grid, mask))
        assert length(line) == pytest.approx(80 * 5500.0, rel=0.02)

    def test_a_gap_between_pieces_is_crossed(self, grid):
        mask = block(grid, slice(10, 40), slice(70, 74)) | block(grid, slice(48, 80), slice(70, 74))
        chip = chip_of(grid, block(grid, slice(10, 80), slice(70, 74)))
        chip.fields["mask"] = (chip.mask & mask[_window(chip)]).astype("u1")
        line, _ = line_of(chip)
        assert length(line) == pytest.approx(70 * 5500.0, rel=0.02)


def _window(chip):
    return (
        slice(chip.scanline_start - 1000, chip.scanline_stop - 1000),
        slice(chip.ground_pixel_start - 100, chip.ground_pixel_stop - 100),
    )


class TestItsCourse:
    def test_it_follows_the_mass(self, grid):
        """A band whose northern half holds nine tenths of the gas."""
        path = np.array([[-130e3, 0.0], [130e3, 0.0]])
        mask = band(grid, path, 44e3)
        line, _ = line_of(chip_of(grid, mask, np.where(mask, np.where(grid.y_m > 0.0, 9e-3, 1e-3), 0.0)))
        assert line[2:-2, 1].mean() == pytest.approx(0.8 * 11e3, abs=1.5e3)

    def test_a_section_without_mass_has_its_middle(self, grid):
        mask = band(grid, np.array([[-130e3, 0.0], [130e3, 0.0]]), 44e3)
        line, _ = line_of(chip_of(grid, mask, np.zeros(grid.shape)))
        assert np.abs(line[:, 1]).max() < 3e3

    @pytest.mark.parametrize("shape", SHAPES)
    def test_it_runs_from_end_to_end_of_the_outline(self, grid, shape):
        path = SHAPES[shape]
        line, from_rim = line_of(chip_of(grid, band(grid, path, 15e3)))
        assert from_rim.max() < 2e3
        for end in (line[0], line[-1]):
            assert min(np.hypot(*(end - path[0])), np.hypot(*(end - path[-1]))) < 9e3

    def test_a_stout_plume_has_a_straight_one_along_its_axis(self, grid):
        line, _ = line_of(chip_of(grid, block(grid, slice(40, 48), slice(70, 76))))
        assert line.shape == (2, 2)
        assert length(line) == pytest.approx(8 * 5500.0, rel=0.01)
        east, north = line[1] - line[0]
        assert np.degrees(np.arctan2(east, north)) % 180.0 == pytest.approx(168.0, abs=1.0)


class TestTheGraph:
    def test_neighbours_and_diagonals_are_linked(self):
        mask = np.array([[1, 1, 0], [0, 0, 1]], bool)
        points = np.argwhere(mask)[:, ::-1] * 1000.0
        graph = pixel_graph(mask, points).toarray()
        assert graph.sum() == pytest.approx(1000.0 * (1.0 + np.sqrt(2.0)))

    def test_pieces_are_joined_where_they_are_nearest(self):
        mask = np.array([[1, 1, 0, 0, 1, 0, 0, 0, 1]], bool)
        points = np.argwhere(mask)[:, ::-1] * 1000.0
        assert pixel_graph(mask, points).sum() == pytest.approx(8000.0)
        assert sorted(along_plume(mask, points)) == pytest.approx([0.0, 1000.0, 4000.0, 8000.0])

    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 10_000), share=st.floats(0.05, 0.9))
    def test_any_mask_has_a_place_for_every_pixel(self, seed, share):
        mask = np.random.default_rng(seed).random((12, 15)) < share
        mask[3, 3] = True
        points = np.argwhere(mask)[:, ::-1] * [3500.0, 5500.0]
        place = along_plume(mask, points)
        assert np.isfinite(place).all()
        assert place.min() == pytest.approx(0.0, abs=1e-6)
