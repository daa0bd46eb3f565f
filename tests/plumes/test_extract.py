from __future__ import annotations

import numpy as np
import pytest
from tests.plume_makers import block, cut, make_swath, metre_grid, only

from so2plumes.plumes.chips import CORNER_FIELDS, PIXEL_FIELDS
from so2plumes.plumes.extract import ExtractionRule, extract_plumes, plume_name

TIME = np.datetime64("2021-03-10T12:34:56.780", "ms")


@pytest.fixture(scope="module")
def grid():
    return metre_grid(60, 50)


def peak_at(grid, row, column):
    values = np.zeros(grid.shape)
    values[row, column] = 1e-2
    return values


@pytest.mark.parametrize(
    ("longitude", "latitude", "name"),
    [
        (15.004, 37.748, "S5P_17863_20210310T123456_N3775E01500"),
        (-175.38, -20.55, "S5P_17863_20210310T123456_S2055W17538"),
        (-0.004, -0.004, "S5P_17863_20210310T123456_S0000W00000"),
        (180.0, 90.0, "S5P_17863_20210310T123456_N9000E18000"),
    ],
)
def test_names_tell_orbit_time_and_place(longitude, latitude, name):
    assert plume_name(17863, TIME, longitude, latitude) == name


def test_names_have_one_length():
    assert len(plume_name(7, TIME, 1.0, -2.0)) == len(plume_name(40123, TIME, -171.0, 62.0))


def test_the_same_swath_gives_the_same_plumes(grid):
    swath, mask = make_swath(grid, peak_at(grid, 22, 20)), block(grid, slice(20, 25), slice(18, 24))
    first, second = only(cut(swath, mask)), only(cut(swath, mask))
    assert first.plume_id == second.plume_id
    assert all(np.array_equal(first[name], second[name], equal_nan=True) for name in first.fields)


@pytest.mark.parametrize("latitude", [0.0, 69.0, 84.0])
def test_neighbouring_plumes_of_one_scanline_have_their_own_names(latitude):
    small = metre_grid(9, 60, latitude=latitude)
    mask = np.zeros(small.shape, bool)
    mask[4, ::2] = True
    names = [chip.plume_id for chip in cut(make_swath(small, 1e-3), mask)]
    assert len(names) == len(set(names)) == 30


def test_every_plume_becomes_a_chip_in_order(grid):
    mask = block(grid, slice(40, 44), slice(5, 9)) | block(grid, slice(8, 12), slice(30, 34))
    mask |= block(grid, slice(8, 12), slice(10, 14))
    chips = cut(make_swath(grid), mask, chip_margin=4)
    assert [chip.bbox_scanline_start - 1000 for chip in chips] == [5, 5, 37]
    assert [chip.bbox_ground_pixel_start - 100 for chip in chips] == [7, 27, 2]
    assert all(chip.mask.sum() == 16 for chip in chips)


def test_box_and_extent_are_numbers_of_the_full_orbit(grid):
    chip = only(cut(make_swath(grid), block(grid, slice(20, 25), slice(18, 24))))
    assert (chip.bbox_scanline_start, chip.bbox_scanline_stop) == (1017, 1028)
    assert (chip.bbox_ground_pixel_start, chip.bbox_ground_pixel_stop) == (115, 127)
    assert (chip.scanline_start, chip.scanline_stop) == (1004, 1041)
    assert (chip.ground_pixel_start, chip.ground_pixel_stop) == (102, 140)
    assert chip.shape == chip["vertical_column"].shape == (37, 38)
    assert not chip.touches_edge
    inside = np.zeros(chip.shape, bool)
    inside[chip.bbox] = True
    assert inside[chip.mask].all()
    assert inside.sum() == 11 * 12


@pytest.mark.parametrize(
    ("rows", "columns", "rows_kept", "columns_kept"),
    [
        (slice(0, 4), slice(20, 24), (0, 7), (17, 27)),
        (slice(56, 60), slice(20, 24), (53, 60), (17, 27)),
        (slice(20, 24), slice(0, 4), (17, 27), (0, 7)),
        (slice(20, 24), slice(46, 50), (17, 27), (43, 50)),
    ],
)
def test_boxes_end_at_the_edge_of_the_swath(grid, rows, columns, rows_kept, columns_kept):
    chip = only(cut(make_swath(grid, origin=(0, 0)), block(grid, rows, columns), chip_margin=3))
    assert (chip.bbox_scanline_start, chip.bbox_scanline_stop) == rows_kept
    assert (chip.bbox_ground_pixel_start, chip.bbox_ground_pixel_stop) == columns_kept
    assert chip.touches_edge


def test_one_pixel_from_the_edge_does_not_touch(grid):
    assert not only(cut(make_swath(grid), block(grid, slice(1, 5), slice(1, 5)))).touches_edge


def test_a_plume_beside_pixels_without_position_touches_the_edge(grid):
    swath, mask = make_swath(grid), block(grid, slice(20, 25), slice(18, 24))
    swath.fields["latitude"] = swath["latitude"].copy()
    swath.fields["latitude"][18, 20] = np.nan
    assert not only(cut(swath, mask)).touches_edge
    swath.fields["latitude"][19, 17] = np.nan
    assert only(cut(swath, mask)).touches_edge


def test_a_pixel_without_corners_is_no_plume_pixel(grid):
    swath, mask = make_swath(grid), block(grid, slice(20, 25), slice(18, 24))
    swath.fields["longitude_bounds"] = swath["longitude_bounds"].copy()
    swath.fields["longitude_bounds"][20, 18, 2] = np.nan
    chip = only(cut(swath, mask))
    assert chip.mask.sum() == 29
    assert np.isfinite(chip["area_m2"][chip.mask]).all()


def test_the_maximum_is_taken_among_usable_plume_pixels(grid):
    column = peak_at(grid, 22, 20)
    column[23, 21], column[10, 10] = 0.5, 0.7
    qa = np.full(grid.shape, 100)
    qa[23, 21] = 50
    chip = only(cut(make_swath(grid, column, qa_value=qa), block(grid, slice(20, 25), slice(18, 24))))
    assert (chip.max_scanline, chip.max_ground_pixel) == (1022, 120)
    assert chip.time == make_swath(grid).time[22]


def test_plumes_of_negative_columns_have_a_maximum_too(grid):
    column = peak_at(grid, 22, 20) - 1.0
    chip = only(cut(make_swath(grid, column), block(grid, slice(20, 25), slice(18, 24))))
    assert (chip.max_scanline, chip.max_ground_pixel) == (1022, 120)


def test_other_plumes_are_marked(grid):
    mask = block(grid, slice(20, 25), slice(18, 24)) | block(grid, slice(20, 25), slice(26, 30))
    first, second = cut(make_swath(grid), mask)
    assert not (first.mask & first["other_plume"].astype(bool)).any()
    assert first["other_plume"].sum() == second.mask.sum() == 20
    assert second["other_plume"].sum() == first.mask.sum() == 30


def test_pixel_areas_are_those_of_the_grid(grid):
    chip = only(cut(make_swath(grid), block(grid, slice(20, 25), slice(18, 24))))
    assert chip["area_m2"] == pytest.approx(5500.0 * 3500.0, rel=2e-3)
    assert chip["area_m2"].mean() == pytest.approx(5500.0 * 3500.0, rel=1e-4)


def test_fields_have_the_types_of_the_file_and_do_not_hold_the_swath(grid):
    swath = make_swath(grid, np.ones(grid.shape))
    swath.fields["vertical_column"] = swath["vertical_column"].astype("f8")
    chip = only(cut(swath, block(grid, slice(20, 25), slice(18, 24))))
    for name, values in chip.fields.items():
        assert values.dtype == np.dtype({**PIXEL_FIELDS, **CORNER_FIELDS}[name][0]), name
        assert not any(np.shares_memory(values, held) for held in swath.fields.values()), name


def test_fields_that_the_granule_lacks_are_absent(grid):
    swath = make_swath(grid, wind=None, flags=None, corners=False)
    chip = only(cut(swath, block(grid, slice(20, 25), slice(18, 24))))
    assert not {"eastward_wind", "detection_flag", "area_m2", "longitude_bounds"} & set(chip.fields)
    assert chip.get("eastward_wind") is None
    assert not chip.has_corners


def test_the_quality_filter_decides_what_is_usable(grid):
    zenith = np.full(grid.shape, 60.0, "f4")
    zenith[22] = 71.0
    qa = np.full(grid.shape, 51)
    qa[:, 20] = 50
    swath = make_swath(grid, qa_value=qa, solar_zenith_angle=zenith)
    chip = only(cut(swath, block(grid, slice(20, 25), slice(18, 24)), max_solar_zenith_deg=70.0))
    assert (chip.mask & chip.usable).sum() == 30 - 5 - 5
    assert chip.mask.sum() == 30


def test_probability_and_digest_travel_with_the_chip(grid):
    probability = np.full(grid.shape, np.nan, "f4")
    probability[20:25, 18:24] = 0.75
    chip = only(extract_plumes(make_swath(grid), probability, ExtractionRule(), "digest"))
    assert chip.model_sha256 == "digest"
    assert (chip["probability"][chip.mask] == np.float32(0.75)).all()
    assert (chip["probability"][~chip.mask] == 0.0).all()
