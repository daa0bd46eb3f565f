from __future__ import annotations

import numpy as np
import pytest
from tests.plume_makers import block, cut, make_swath, metre_grid, only

from so2plumes.emissions.pixels import local_plane, plume_axis, plume_pixels, transport_direction

EAST, NORTH = np.array([1.0, 0.0]), np.array([0.0, 1.0])


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0, 140.0])
def test_the_axis_of_an_ellipse(angle_deg):
    rng = np.random.default_rng(1)
    turn = np.radians(angle_deg)
    along, across = 4.0 * rng.standard_normal(4000), rng.standard_normal(4000)
    x, y = along * np.cos(turn) - across * np.sin(turn), along * np.sin(turn) + across * np.cos(turn)
    axis, elongation = plume_axis(x, y, np.ones(4000))
    assert abs(axis @ [np.cos(turn), np.sin(turn)]) == pytest.approx(1.0, abs=1e-3)
    assert elongation == pytest.approx(4.0, rel=0.05)


def test_a_row_of_square_pixels_is_as_long_as_it_has_pixels():
    assert plume_axis(np.arange(5.0), np.zeros(5), np.ones(5))[1] == pytest.approx(5.0)
    assert plume_axis(np.zeros(1), np.zeros(1), np.ones(1))[1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("elongation", "wind", "direction", "angle"),
    [
        (3.0, (4.0, 3.0), EAST, 36.87),
        (3.0, (-4.0, 3.0), -EAST, 36.87),
        (1.5, (4.0, 3.0), np.array([0.8, 0.6]), 36.87),
        (3.0, (0.3, 3.0), EAST, 84.29),
    ],
)
def test_elongated_plumes_are_measured_along_their_axis(elongation, wind, direction, angle):
    found = transport_direction(EAST, elongation, *wind)
    assert found is not None
    assert found[0] == pytest.approx(direction)
    assert found[1] == pytest.approx(angle, abs=0.01)


def test_calm_air_has_no_direction():
    assert transport_direction(EAST, 3.0, 0.0, 0.0) is None


@pytest.mark.parametrize(("direction", "length_m", "half_m"), [(EAST, 21_000.0, 1750.0), (NORTH, 22_000.0, 2750.0)])
def test_pixels_lie_along_and_across_from_the_upwind_corner(direction, length_m, half_m):
    """A block of 4 x 6 pixels of 5.5 km x 3.5 km."""
    grid = metre_grid()
    mask = block(grid, slice(18, 22), slice(17, 23))
    chip = only(cut(make_swath(grid, np.where(mask, 3e-3, 1e-3)), mask))
    plume = plume_pixels(chip, local_plane(chip), chip.mask, 1e-3, direction)
    assert plume.length_m == pytest.approx(length_m, rel=2e-3)
    assert plume.half_along_m[plume.plume] == pytest.approx(half_m, rel=5e-3)
    assert plume.along_m[plume.plume].min() == pytest.approx(half_m, rel=1e-2)
    assert plume.mass_kg[plume.plume].sum() == pytest.approx(24 * 2e-3 * 0.064066 * 5500 * 3500, rel=1e-3)
    assert plume.mass_kg[~plume.plume] == pytest.approx(0.0, abs=1e-2)
    assert plume.pixel_m == pytest.approx(np.sqrt(5500.0 * 3500.0), rel=1e-3)
    assert plume.wide.sum() > plume.plume.sum()
