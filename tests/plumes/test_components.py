from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.plumes.components import Box, ComponentRule, find_components


def find(probability, usable=None, located=None, **rule):
    probability = np.asarray(probability, dtype=np.float32)
    everywhere = np.ones(probability.shape, bool)
    usable = everywhere if usable is None else usable
    located = everywhere if located is None else located
    return find_components(probability, usable, located, ComponentRule(**rule))


def test_diagonal_pixels_are_one_plume():
    found = find(np.eye(6))
    assert found.boxes == (Box(0, 6, 0, 6),)
    assert np.array_equal(found.labels, np.eye(6, dtype=int))


def test_a_gap_of_one_pixel_makes_two_plumes():
    probability = np.zeros((5, 9))
    probability[1:4, 1:4] = probability[1:4, 5:8] = 1.0
    found = find(probability)
    assert found.boxes == (Box(1, 4, 1, 4), Box(1, 4, 5, 8))
    assert set(np.unique(found.labels)) == {0, 1, 2}


@pytest.mark.parametrize(("value", "n_plumes"), [(0.5, 1), (np.nextafter(np.float32(0.5), 0), 0), (0.51, 1)])
def test_the_threshold_itself_counts(value, n_plumes):
    assert len(find(np.full((3, 3), value)).boxes) == n_plumes


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.7])
def test_thresholds_without_an_exact_image_are_inclusive_too(threshold):
    assert len(find(np.full((3, 3), threshold), threshold=threshold).boxes) == 1


@pytest.mark.parametrize(("n_pixels", "n_plumes"), [(5, 0), (6, 1), (7, 1)])
def test_plumes_below_the_least_size_are_left_out(n_pixels, n_plumes):
    probability = np.zeros((3, 12))
    probability[1, :n_pixels] = 1.0
    assert len(find(probability).boxes) == n_plumes


def test_unusable_pixels_bridge_a_plume_but_do_not_count():
    probability = np.zeros((3, 12))
    probability[1, :8] = 1.0
    usable = np.ones(probability.shape, bool)
    usable[1, 3:5] = False
    assert find(probability, usable).boxes == (Box(1, 2, 0, 8),)
    usable[1, 5] = False
    assert find(probability, usable).boxes == ()


def test_pixels_without_probability_or_position_are_not_plume():
    probability = np.ones((3, 9))
    probability[:, 3] = np.nan
    located = np.ones(probability.shape, bool)
    located[:, 6] = False
    found = find(probability, located=located, min_pixels=1)
    assert [box.column_start for box in found.boxes] == [0, 4, 7]
    assert not found.labels[:, [3, 6]].any()


def test_a_quiet_swath_has_no_plume():
    found = find(np.full((4, 4), np.nan))
    assert found.boxes == ()
    assert not found.labels.any()


def test_plumes_come_in_the_order_of_scanline_then_ground_pixel():
    probability = np.zeros((20, 20))
    for row, column in ((12, 2), (0, 9), (5, 14), (5, 1)):
        probability[row : row + 3, column : column + 3] = 1.0
    found = find(probability)
    assert [(box.row_start, box.column_start) for box in found.boxes] == [(0, 9), (5, 1), (5, 14), (12, 2)]
    for number, box in enumerate(found.boxes, 1):
        assert (found.labels[box.slices] == number).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.05, 0.6), min_pixels=st.integers(1, 9))
def test_labels_and_boxes_agree(seed, share, min_pixels):
    rng = np.random.default_rng(seed)
    probability = rng.random((23, 17)).astype("f4")
    usable = rng.random(probability.shape) < 0.8
    found = find(probability, usable, threshold=1 - share, min_pixels=min_pixels)
    again = find(probability, usable, threshold=1 - share, min_pixels=min_pixels)
    assert np.array_equal(found.labels, again.labels)
    assert found.labels.max() == len(found.boxes)
    for number, box in enumerate(found.boxes, 1):
        rows, columns = np.nonzero(found.labels == number)
        assert box == Box(rows.min(), rows.max() + 1, columns.min(), columns.max() + 1)
        assert usable[rows, columns].sum() >= min_pixels
        assert (probability[rows, columns] >= 1 - share).all()


def test_a_box_grows_within_the_array():
    assert Box(2, 5, 8, 9).grow(3, (6, 20)) == Box(0, 6, 5, 12)


def test_growth_joins_what_a_faint_stretch_connects():
    probability = np.full((6, 40), 0.1)
    probability[2:5, :12] = probability[2:5, 26:] = 0.9
    probability[2:5, 12:26] = 0.35
    assert len(find(probability).boxes) == 2
    grown = find(probability, growth_threshold=0.3)
    assert grown.boxes == (Box(2, 5, 0, 40),)


def test_growth_never_makes_a_plume_of_faint_pixels_alone():
    probability = np.full((10, 10), 0.45)
    probability[0, :5] = 0.9
    assert find(probability, growth_threshold=0.3).boxes == ()
    probability[0, :6] = 0.9
    assert find(probability, growth_threshold=0.3).boxes == (Box(0, 10, 0, 10),)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), low=st.floats(0.05, 0.5))
def test_growth_keeps_every_plume_pixel_and_never_adds_plumes(seed, low):
    probability = np.random.default_rng(seed).random((30, 40)) ** 2
    plain, grown = find(probability), find(probability, growth_threshold=low)
    assert np.all(grown.labels[plain.labels > 0] > 0)
    assert len(grown.boxes) <= len(plain.boxes)


def split_plume(gap, clear=False):
    probability = np.zeros((6, 24 + gap))
    probability[2:5, :12] = probability[2:5, 12 + gap :] = 0.9
    probability[2:5, 12 : 12 + gap] = 0.1
    return probability, np.ones(probability.shape, bool) if clear else probability > 0.5


def test_a_bridge_under_clouds_joins_two_pieces_and_stays_outside_them():
    probability, usable = split_plume(14)
    assert len(find(probability, usable).boxes) == 2
    bridged = find(probability, usable, bridge_pixels=14)
    assert bridged.boxes == (Box(2, 5, 0, 38),)
    assert not bridged.labels[:, 12:26].any()


@pytest.mark.parametrize(("gap", "n_plumes"), [(8, 1), (9, 2), (30, 2)])
def test_a_bridge_is_no_longer_than_allowed(gap, n_plumes):
    assert len(find(*split_plume(gap), bridge_pixels=8).boxes) == n_plumes


def test_clear_pixels_are_no_bridge():
    assert len(find(*split_plume(14, clear=True), bridge_pixels=14).boxes) == 2


def test_where_there_is_surely_no_plume_is_no_bridge():
    probability, usable = split_plume(14)
    probability[:, 18] = 0.01
    assert len(find(probability, usable, bridge_pixels=14).boxes) == 2


def test_a_bridge_leads_to_plumes_only_not_to_specks():
    probability, usable = split_plume(14)
    probability[2:5, 26:] = 0.0
    probability[3, 26] = 0.45
    found = find(probability, usable, growth_threshold=0.4, bridge_pixels=14)
    assert found.boxes == (Box(2, 5, 0, 12),)


@pytest.mark.parametrize(("gap_pixels", "n_pixels"), [(None, 90), (2, 72), (0, 60), (7, 90)])
def test_unusable_pixels_belong_to_a_plume_near_measured_ones_only(gap_pixels, n_pixels):
    probability = np.zeros((9, 40), np.float32)
    probability[3:6, 5:35] = 0.9
    usable = np.ones(probability.shape, bool)
    usable[:, 15:25] = False
    found = find(probability, usable, gap_pixels=gap_pixels, bridge_pixels=10)
    assert len(found.boxes) == 1
    assert (found.labels > 0).sum() == n_pixels
