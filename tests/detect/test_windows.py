import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from so2plumes.detect.windows import pad_to_window, window_starts


@given(st.integers(32, 600), st.integers(1, 32))
def test_windows_cover_every_pixel_and_end_at_the_edge(length, step):
    starts = window_starts(length, 32, step)
    assert starts[0] == 0
    assert starts[-1] == length - 32
    assert np.all(np.diff(starts) > 0)
    assert np.all(np.diff(starts) <= step)


def test_a_full_swath_has_the_windows_of_the_paper():
    assert len(window_starts(4172, 32, 4)) == 1036
    assert len(window_starts(450, 32, 4)) == 106


def test_last_window_is_moved_back():
    assert list(window_starts(450, 32, 4)[-2:]) == [416, 418]


def test_too_short_axis_is_an_error():
    with pytest.raises(ValueError, match="length >= window"):
        window_starts(31, 32, 4)


def test_short_swaths_are_padded_with_no_information():
    padded = pad_to_window(np.ones((5, 40), np.float32), 32)
    assert padded.shape == (32, 40)
    assert padded[:5].all()
    assert not padded[5:].any()
