"""The quality filter compares the stored byte."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from so2plumes.swath.filters import usable_pixels
from so2plumes.swath.level2 import read_level2
from so2plumes.swath.model import Swath


def swath_of(qa, **fields) -> Swath:
    qa = np.atleast_2d(np.array(qa, np.uint8))
    base = {name: np.zeros(qa.shape, np.float32) for name in ("vertical_column", "latitude", "longitude")}
    return Swath(
        granule="",
        orbit=1,
        processor_version="02.04.01",
        retrieval="doas",
        time=np.zeros(len(qa), "datetime64[ms]"),
        scanline=np.arange(qa.shape[0]),
        ground_pixel=np.arange(qa.shape[1]),
        fields=base | {"qa_value": qa} | {name: np.atleast_2d(values) for name, values in fields.items()},
    )


def test_fifty_is_out_and_fifty_one_is_in():
    assert usable_pixels(swath_of([0, 49, 50, 51, 100, 255]))[0].tolist() == [False] * 3 + [True] * 2 + [False]


@pytest.mark.parametrize("hundredths", range(0, 101))
def test_every_limit_is_exact(hundredths):
    swath = swath_of(np.arange(0, 256))
    expected = (np.arange(256) > hundredths) & (np.arange(256) != 255)
    np.testing.assert_array_equal(usable_pixels(swath, min_qa=hundredths / 100)[0], expected)


def test_fill_in_column_or_place_is_out_and_negative_columns_stay():
    nan = np.nan
    swath = swath_of(
        [100] * 5,
        vertical_column=np.array([-1e-3, nan, 1e-3, 1e-3, 0.0]),
        latitude=np.array([1.0, 1.0, nan, 1.0, 1.0]),
        longitude=np.array([1.0, 1.0, 1.0, nan, 1.0]),
    )
    assert usable_pixels(swath)[0].tolist() == [True, False, False, False, True]


def test_low_sun():
    swath = swath_of([100] * 4, solar_zenith_angle=np.array([69.0, 70.0, 70.1, np.nan]))
    assert usable_pixels(swath, max_solar_zenith_deg=70.0)[0].tolist() == [True, True, False, False]
    assert usable_pixels(swath)[0].all()


def test_low_sun_cannot_be_told_without_the_angle():
    swath = swath_of([100, 100])
    assert usable_pixels(swath, max_solar_zenith_deg=70.0).all()


def test_the_swath_is_left_as_it_was(granule):
    swath = read_level2(granule)
    before = {name: values.copy() for name, values in swath.fields.items()}
    usable = usable_pixels(swath, max_solar_zenith_deg=40.0)
    assert 0 < usable.sum() < usable.size
    for name, values in before.items():
        np.testing.assert_array_equal(swath[name], values)


def test_an_empty_selection_is_no_error():
    swath = swath_of(np.zeros((2, 3)))
    assert not usable_pixels(replace(swath, fields=swath.fields)).any()
