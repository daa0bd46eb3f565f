from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.plume_makers import block, cut, make_swath, metre_grid, only

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.emissions.background import (
    BACKGROUNDS,
    bbox_median,
    get_background,
    normalised_convolution,
    ring,
)
from so2plumes.errors import ConfigError
from so2plumes.simulate.plumes import PlumeSpec, plume_column

SMALL = slice(20, 24), slice(20, 24)


@pytest.fixture(scope="module")
def grid():
    return metre_grid(48, 48)


def chip_of(grid, column, **more):
    return only(cut(make_swath(grid, column, **more), block(grid, *SMALL)))


def distance(grid):
    """Distance of every pixel from the small block, in pixels, as a disc grows."""
    rows, columns = np.indices(grid.shape)
    row = np.maximum(0, np.maximum(20 - rows, rows - 23))
    column = np.maximum(0, np.maximum(20 - columns, columns - 23))
    return np.hypot(row, column)


@pytest.mark.parametrize("method", list(BACKGROUNDS.values()))
@pytest.mark.parametrize("level", [0.0, -2e-4, 3e-3])
def test_a_constant_field_is_its_background(grid, method, level):
    column = np.where(block(grid, *SMALL), 0.1, level)
    found = method(chip_of(grid, column))
    assert found.value_mol_m2 == pytest.approx(level, abs=1e-9)
    assert found.sem_mol_m2 == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("method", list(BACKGROUNDS.values()))
def test_the_median_of_noise_is_within_its_error(grid, method):
    rng = np.random.default_rng(11)
    off = []
    for _ in range(30):
        found = method(chip_of(grid, 1e-3 + rng.normal(0.0, 4e-4, grid.shape)))
        off.append((found.value_mol_m2 - 1e-3) / found.sem_mol_m2)
    assert np.abs(off).max() < 3.0
    assert abs(np.mean(off)) < 0.5


def test_the_box_takes_its_pixels_outside_the_plume(grid):
    column = np.random.default_rng(2).normal(0.0, 1e-3, grid.shape).astype("f4")
    box = block(grid, slice(17, 27), slice(17, 27)) & ~block(grid, *SMALL)
    pixels = column[box].astype(float)
    found = bbox_median(chip_of(grid, column))
    assert found.n_pixels == len(pixels) == 100 - 16
    assert found.value_mol_m2 == pytest.approx(np.median(pixels))
    mad = np.median(np.abs(pixels - np.median(pixels)))
    assert found.sem_mol_m2 == pytest.approx(1.4826 * mad / np.sqrt(84 / 9))


def test_the_ring_lies_4_to_12_pixels_away(grid):
    away = distance(grid)
    found = ring(chip_of(grid, away))
    picked = away[(away >= 4) & (away <= 12)]
    assert found.n_pixels == pytest.approx(len(picked), rel=0.12)
    assert found.value_mol_m2 == pytest.approx(np.median(picked), abs=0.5)


@pytest.mark.parametrize(("pixels", "counts"), [(1, False), (3, False), (4, True), (12, True), (13, False)])
def test_the_ring_begins_at_4_and_ends_at_12(grid, pixels, counts):
    everywhere = ring(chip_of(grid, 0.0)).n_pixels
    qa = np.full(grid.shape, 100)
    qa[23 + pixels, 22] = 0
    assert ring(chip_of(grid, 0.0, qa_value=qa)).n_pixels == everywhere - counts


def small_plume(grid):
    """Columns and mask of a 16-pixel plume of a weak source; its fringe reaches beyond the mask."""
    plume = PlumeSpec(15.0, 37.7, 3.0, 6.0, 70.0, age_h=2.0, source_sigma_m=4000.0)
    signal = plume_column(plume, grid.longitude, grid.latitude)
    mask = signal >= np.sort(signal.ravel())[-16]
    return signal, mask


def test_the_ring_is_nearly_free_of_the_plume_and_the_box_is_not(grid):
    signal, mask = small_plume(grid)
    chip = only(cut(make_swath(grid, signal), mask))
    assert chip.mask.sum() == 16
    window = (
        slice(chip.scanline_start - 1000, chip.scanline_stop - 1000),
        slice(chip.ground_pixel_start - 100, chip.ground_pixel_stop - 100),
    )
    rng = np.random.default_rng(5)
    bias = {"ring": [], "bbox_median": [], "normalised_convolution": []}
    for _ in range(60):
        column = signal[window] + rng.normal(0.0, MOL_M2_PER_DU, chip.shape)
        seen = replace(chip, fields={**chip.fields, "vertical_column": column.astype("f4")})
        for name, values in bias.items():
            values.append(BACKGROUNDS[name](seen).value_mol_m2 / MOL_M2_PER_DU)
    assert abs(np.mean(bias["ring"])) < 0.06
    assert abs(np.mean(bias["normalised_convolution"])) < 0.06
    assert np.mean(bias["bbox_median"]) > 0.06
    assert np.mean(bias["bbox_median"]) > np.mean(bias["ring"]) + 0.05


def test_other_plumes_are_left_out_with_two_pixels_around(grid):
    """A plume around three sides of a small one fills most of its ring."""
    small = block(grid, *SMALL)
    other = block(grid, slice(12, 33), slice(12, 34)) & ~block(grid, slice(13, 31), slice(12, 31))
    other |= block(grid, slice(13, 31), slice(31, 34))
    around = block(grid, slice(10, 35), slice(10, 36)) & ~block(grid, slice(15, 29), slice(10, 29))
    column = np.where(around, 0.05, 1e-3)
    away = distance(grid)
    assert np.median(column[(away >= 4) & (away <= 12)]) == 0.05
    chip = next(chip for chip in cut(make_swath(grid, column), small | other) if chip.mask.sum() == 16)
    assert chip["other_plume"].sum() == other.sum()
    found = ring(chip)
    assert found.value_mol_m2 == pytest.approx(1e-3)
    assert found.sem_mol_m2 == 0.0


def test_flagged_and_unusable_pixels_are_left_out(grid):
    rng = np.random.default_rng(8)
    flagged, bad = rng.random((2, *grid.shape)) < 0.45
    bad &= ~block(grid, *SMALL)
    column = np.where(flagged | bad, 0.05, 1e-3)
    column[:, 5] = np.nan
    flags = np.where(flagged, rng.integers(1, 4, grid.shape), 4)
    chip = chip_of(grid, column, flags=flags, qa_value=np.where(bad, 50, 100))
    assert ring(chip).value_mol_m2 == pytest.approx(1e-3)


@pytest.mark.parametrize(("nearest", "farthest"), [(13.5, 99.0), (1.0, 3.5), (1.0, 1.0)])
def test_a_starved_ring_is_widened(grid, nearest, farthest):
    """First to the rest of the chip, then up to the plume."""
    away = distance(grid)
    rest = (away >= nearest) & (away <= farthest)
    found = ring(chip_of(grid, np.where(rest, 2e-3, 0.1), qa_value=np.where(rest | (away == 0), 100, 0)))
    assert found.value_mol_m2 == pytest.approx(2e-3)
    assert found.n_pixels == (rest & block(grid, slice(4, 40), slice(4, 40))).sum()


def test_a_ring_of_few_clean_pixels_is_not_mixed_with_the_fringe(grid):
    """As soon as 50 pixels of the ring are usable, they are enough."""
    away = distance(grid)
    clean = np.zeros(grid.shape, bool)
    clean.ravel()[np.flatnonzero((away >= 4) & (away <= 11.5))[:60]] = True
    qa = np.where(clean | (away <= 3) | (away > 14), 100, 0)
    found = ring(chip_of(grid, np.where(clean, 1e-3, 0.1), qa_value=qa))
    assert (found.value_mol_m2, found.n_pixels) == (pytest.approx(1e-3), 60)


@pytest.mark.parametrize("method", list(BACKGROUNDS.values()))
def test_without_a_usable_pixel_there_is_no_background(grid, method):
    qa = np.where(block(grid, *SMALL), 100, 0)
    found = method(chip_of(grid, 1e-3, qa_value=qa))
    assert found.n_pixels == 0
    assert np.isnan([found.value_mol_m2, found.sem_mol_m2]).all()


def test_a_convolution_follows_a_slope(grid):
    """Twice as high on one side as on the other: the level under every pixel of the plume is that of the slope."""
    slope = 1e-3 * (1.0 + np.indices(grid.shape)[1] / 40.0)
    small = block(grid, *SMALL)
    chip = chip_of(grid, np.where(small, 0.1, slope))
    found = normalised_convolution(chip)
    assert found.level.shape == chip.shape
    truth = slope[4:40, 4:40][chip.mask]
    assert np.abs(found.level[chip.mask] - truth).max() < 0.02e-3
    assert found.value_mol_m2 == pytest.approx(truth.mean(), rel=0.01)


def test_a_starved_ring_is_first_widened_to_24_pixels():
    wide = metre_grid(80, 80)
    mask = block(wide, slice(38, 42), slice(38, 42))
    away = np.hypot(*(np.maximum(0, np.abs(index - 39.5) - 1.5) for index in np.indices(wide.shape)))
    column = np.where(away > 24.5, 0.1, 2e-3)
    qa = np.where((away >= 13.5) | (away == 0), 100, 0)
    chip = only(cut(make_swath(wide, column, qa_value=qa), mask, chip_margin=30))
    assert ring(chip).value_mol_m2 == pytest.approx(2e-3)


def test_unknown_methods_are_refused_with_the_known_ones():
    assert get_background("ring") is ring
    with pytest.raises(ConfigError, match="bbox_median or normalised_convolution or ring"):
        get_background("mode")


class TestFewPixels:
    """One pixel has no scatter, and must not claim to be without error."""

    @pytest.mark.parametrize("method", [ring, normalised_convolution])
    @pytest.mark.parametrize(("stated", "least"), [(None, 3e-4), (7e-4, 7e-4)])
    def test_their_error_is_the_stated_precision_or_the_scatter_around(self, grid, method, stated, least):
        rng = np.random.default_rng(5)
        flags = np.ones(grid.shape)
        flags[2, 2] = 0
        more = {} if stated is None else {"vertical_column_precision": np.full(grid.shape, stated, "f4")}
        found = method(
            only(
                cut(
                    make_swath(grid, rng.normal(1e-3, 4e-4, grid.shape), flags=flags, **more),
                    block(grid, *SMALL),
                    chip_margin=30,
                )
            )
        )
        assert found.n_pixels == 1
        assert found.starved
        assert found.sem_mol_m2 >= least * (1 - 1e-6)
        assert found.sem_mol_m2 == pytest.approx(found.std_mol_m2 * (1 if method is ring else 3), rel=1e-3)

    def test_many_are_not_starved(self, grid):
        assert not ring(chip_of(grid, 1e-3)).starved
