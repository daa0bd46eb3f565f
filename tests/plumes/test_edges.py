from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plume_makers import block, cut, make_swath, metre_grid, only

from so2plumes.plumes.chips import read_chips, write_chips
from so2plumes.plumes.edges import invalid_rim, last_light_deg
from so2plumes.swath.filters import usable_pixels

ROWS, COLUMNS = slice(10, 15), slice(12, 18)


@pytest.fixture(scope="module")
def grid():
    return metre_grid(30, 32)


def flags(chip):
    return chip.edge_swath, chip.edge_granule, chip.edge_terminator


class TestTheSideAndTheEnd:
    @pytest.mark.parametrize(
        ("rows", "columns", "expected"),
        [
            (ROWS, COLUMNS, (False, False)),
            (ROWS, slice(1, 6), (False, False)),
            (ROWS, slice(0, 6), (True, False)),
            (ROWS, slice(26, 32), (True, False)),
            (slice(0, 5), COLUMNS, (False, True)),
            (slice(25, 30), COLUMNS, (False, True)),
            (slice(25, 30), slice(0, 6), (True, True)),
        ],
    )
    def test_of_the_file(self, grid, rows, columns, expected):
        chip = only(cut(make_swath(grid), block(grid, rows, columns)))
        assert (chip.edge_swath, chip.edge_granule) == expected

    @pytest.mark.parametrize(
        ("row", "column", "expected"),
        [
            (12, 11, (True, False)),
            (12, 18, (True, False)),
            (9, 14, (False, True)),
            (15, 14, (False, True)),
            (9, 11, (True, False)),
            (8, 14, (False, False)),
            (12, 10, (False, False)),
        ],
    )
    def test_of_the_pixels_with_a_position(self, grid, row, column, expected):
        swath = make_swath(grid)
        swath.fields["latitude"] = swath["latitude"].copy()
        swath.fields["latitude"][row, column] = np.nan
        chip = only(cut(swath, block(grid, ROWS, COLUMNS)))
        assert (chip.edge_swath, chip.edge_granule) == expected

    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 10_000))
    def test_one_of_them_is_what_touching_the_edge_means(self, seed):
        grid = metre_grid(12, 14)
        rng = np.random.default_rng(seed)
        swath = make_swath(grid)
        swath.fields["latitude"] = np.where(rng.random(grid.shape) < 0.02, np.nan, swath["latitude"]).astype("f4")
        for chip in cut(swath, rng.random(grid.shape) < 0.1):
            assert chip.touches_edge == (chip.edge_swath or chip.edge_granule)


def low_sun(grid, first_deg, last_deg, dark_from=22, dark_qa=0):
    """A sun that sinks along the orbit; pixels from a scanline on are not usable."""
    zenith = np.repeat(np.linspace(first_deg, last_deg, grid.shape[0])[:, None], grid.shape[1], axis=1)
    qa = np.full(grid.shape, 100)
    qa[dark_from:] = dark_qa
    return make_swath(grid, qa_value=qa, solar_zenith_angle=zenith.astype("f4"))


class TestTheEndOfDaylight:
    @pytest.mark.parametrize(("last_row", "expected"), [(20, False), (21, True), (23, True)])
    def test_is_reached_beside_the_last_usable_scanline(self, grid, last_row, expected):
        chip = only(cut(low_sun(grid, 60.0, 89.0), block(grid, slice(17, last_row + 1), COLUMNS)))
        assert flags(chip) == (False, False, expected)

    def test_a_cloud_in_daylight_is_not(self, grid):
        """Unusable pixels at the largest angle of a crop, but below 65 degrees."""
        assert not only(cut(low_sun(grid, 40.0, 60.0), block(grid, slice(17, 22), COLUMNS))).edge_terminator

    def test_a_cloud_before_it_is_not(self, grid):
        swath = low_sun(grid, 60.0, 89.0)
        swath.fields["qa_value"][14:16, 10:20] = 0
        assert not only(cut(swath, block(grid, slice(10, 14), COLUMNS))).edge_terminator

    def test_pixels_that_the_filter_drops_are(self, grid):
        swath, mask = low_sun(grid, 30.0, 59.0, dark_from=30), block(grid, slice(17, 21), COLUMNS)
        assert swath["solar_zenith_angle"][20, 0] == pytest.approx(50.0)
        assert only(cut(swath, mask, max_solar_zenith_deg=50.5)).edge_terminator
        assert not only(cut(swath, mask, max_solar_zenith_deg=52.0)).edge_terminator
        assert not only(cut(swath, mask)).edge_terminator

    def test_is_unknown_without_angles(self, grid):
        swath = make_swath(grid, qa_value=np.where(np.arange(30)[:, None] < 22, 100, 0))
        assert last_light_deg(swath, usable_pixels(swath)) == np.inf
        assert not only(cut(swath, block(grid, slice(17, 22), COLUMNS))).edge_terminator

    def test_the_last_light_is_that_of_the_usable_pixels(self, grid):
        swath = low_sun(grid, 60.0, 89.0)
        assert last_light_deg(swath, usable_pixels(swath)) == pytest.approx(81.0)
        assert last_light_deg(swath, np.zeros(grid.shape, bool)) == 65.0
        assert last_light_deg(swath, np.zeros(grid.shape, bool), 60.0) == 60.0


class TestUnusableNeighbours:
    def test_by_hand(self):
        mask = np.zeros((6, 8), bool)
        mask[2:5, 2:6] = True
        usable = np.ones(mask.shape, bool)
        assert invalid_rim(mask, usable) == 0.0
        usable[:, 6:] = False
        assert invalid_rim(mask, usable) == pytest.approx(3 / 10)
        usable[:] = False
        assert invalid_rim(mask, usable) == 1.0

    def test_unusable_pixels_of_the_plume_or_far_away_do_not_count(self):
        mask = np.zeros((9, 9), bool)
        mask[3:6, 3:6] = True
        usable = ~mask
        usable[:2] = False
        assert invalid_rim(mask, usable) == 0.0

    def test_the_rim_of_a_hole_counts(self):
        mask = np.zeros((9, 9), bool)
        mask[1:8, 1:8] = True
        mask[4, 4] = False
        assert invalid_rim(mask, mask | (np.arange(9) != 4)[:, None] | (np.arange(9) != 4)) == pytest.approx(8 / 32)

    def test_the_border_of_the_arrays_is_no_neighbour(self):
        assert invalid_rim(np.ones((4, 5), bool), np.ones((4, 5), bool)) == 0.0
        half = np.zeros((4, 6), bool)
        half[:, :3] = True
        assert invalid_rim(half, half) == 1.0


def test_flags_survive_the_file(grid, tmp_path):
    chips = cut(low_sun(grid, 60.0, 89.0), block(grid, slice(18, 24), slice(0, 5)) | block(grid, ROWS, slice(20, 25)))
    write_chips(chips, tmp_path / "chips.nc")
    assert [flags(chip) for chip in read_chips(tmp_path / "chips.nc")] == [(False, False, False), (True, False, True)]
