from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.plume_makers import block, cut, make_swath, metre_grid, only
from tests.weather.era5_files import hours

from so2plumes.weather.boxes import (
    MAX_FIELDS,
    Block,
    Box,
    cost,
    days_of,
    has_wind,
    join,
    merge_blocks,
    n_fields,
    n_requests,
    plume_block,
)
from so2plumes.weather.fetch import WindRule, needed_blocks, requests_of


def chip_at(longitude, latitude, wind=None, **more):
    grid = metre_grid(longitude=longitude, latitude=latitude)
    mask = block(grid, slice(20, 24), slice(20, 24))
    return only(cut(make_swath(grid, np.where(mask, 1.0, 0.0), wind=wind, **more), mask))


def block_at(west, south, start="2021-03-24T10", name="", width=2.0, count=2):
    where = Box(west, west + width, south, south + 2.0)
    return Block(where, tuple(hours(start, count)), (name or f"{west} {south} {start}",))


def holds(outer: Block, inner: Block) -> bool:
    start = (inner.box.west - outer.box.west) % 360.0
    whole = outer.box.east - outer.box.west >= 359.75
    return (
        (whole or start + inner.box.east - inner.box.west <= outer.box.east - outer.box.west + 1e-9)
        and outer.box.south <= inner.box.south
        and outer.box.north >= inner.box.north
        and set(inner.hours) <= set(outer.hours)
    )


@pytest.mark.parametrize("longitude", [15.0, -179.99, 179.98, 0.01, 90.0])
def test_the_box_of_a_plume_holds_its_pixels_with_half_a_degree(longitude):
    chip = chip_at(longitude, 37.7)
    box = plume_block(chip).box
    east = (chip["longitude"][chip.mask].astype(float) - box.west) % 360.0
    assert east.min() >= 0.5
    assert east.max() <= box.east - box.west - 0.5
    assert box.east - box.west < 2.5
    assert -180.0 <= box.west < 180.0
    for edge in (box.west, box.east, box.south, box.north):
        assert edge % 0.25 == 0.0
    assert box.south <= chip["latitude"][chip.mask].min() - 0.5
    assert box.north >= chip["latitude"][chip.mask].max() + 0.5


def test_the_hours_are_before_and_after_the_overpass():
    chip = chip_at(15.0, 37.7)
    start, stop = plume_block(chip).hours
    assert start <= chip.time < stop
    assert stop - start == np.timedelta64(1, "h")


@pytest.mark.parametrize("latitude", [89.9, -89.95])
def test_a_plume_at_a_pole_gets_all_longitudes(latitude):
    box = plume_block(chip_at(20.0, latitude)).box
    assert (box.west, box.east) == (-180.0, 179.75)
    assert max(abs(box.south), abs(box.north)) == 90.0
    assert len(box.areas) == 1


def test_a_box_across_the_antimeridian_is_two_areas():
    box = Box(178.5, 181.0, -20.0, -18.0)
    assert box.areas == ((-18.0, 178.5, -20.0, 179.75), (-18.0, -180.0, -20.0, -179.0))
    assert Box(178.0, 179.75, 0.0, 1.0).areas == ((1.0, 178.0, 0.0, 179.75),)
    assert Box(178.0, 180.0, 0.0, 1.0).areas[1] == (1.0, -180.0, 0.0, -180.0)


def test_hours_become_days_times_times_of_a_month():
    over_new_year = days_of(tuple(hours("2021-12-31T23", 2)))
    assert [(d.year, d.month, d.days, d.times) for d in over_new_year] == [
        ("2021", "12", ("31",), ("23:00",)),
        ("2022", "01", ("01",), ("00:00",)),
    ]
    (month,) = days_of((*hours("2021-03-24T10", 2), *hours("2021-03-26T11", 2)))
    assert (month.days, month.times) == (("24", "26"), ("10:00", "11:00", "12:00"))


boxes = st.builds(
    lambda w, s, h, width: block_at(w * 0.25, s * 0.25, f"2021-03-{24 + h // 24}T{h % 24:02d}", width=width * 0.25),
    st.integers(-720, 719), st.integers(-300, 300), st.integers(0, 60), st.integers(1, 40),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(boxes, boxes)
@example(block_at(-180.0, 0.0, width=0.25), block_at(0.0, 0.0, width=0.25))
def test_a_joined_block_holds_both_and_is_no_wider_than_half_more(one, other):
    joined = join(one, other)
    assert holds(joined, one)
    assert holds(joined, other)
    assert set(joined.plumes) == {*one.plumes, *other.plumes}
    assert joined == join(other, one)


@settings(max_examples=30, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=12, unique_by=lambda b: b.plumes), st.integers(1, 6))
def test_merging_serves_every_plume_once_within_the_number(blocks, most):
    merged = merge_blocks(blocks, 13, most)
    assert sorted(name for b in merged for name in b.plumes) == sorted(name for b in blocks for name in b.plumes)
    for before in blocks:
        (after,) = [b for b in merged if before.plumes[0] in b.plumes]
        assert holds(after, before)
    possible = sum(n_requests(b) for b in merged) <= most
    assert possible or len(merged) == 1 or _none_can_join(merged)


def _none_can_join(blocks):
    return not any(np.isfinite(cost(join(a, b), 13)) for a in blocks for b in blocks if a is not b)


def test_near_plumes_are_one_request_and_far_ones_are_not():
    near = [block_at(14.0 + 0.5 * i, 37.0) for i in range(5)]
    assert len(merge_blocks(near, 13, 8)) == 1
    far = [block_at(-120.0, 60.0, "2021-03-24T20"), block_at(150.0, -5.0, "2021-03-24T03")]
    assert len(merge_blocks(far, 13, 8)) == 2
    assert len(merge_blocks(far, 13, 1)) == 1


def test_a_day_of_the_globe_takes_few_requests():
    rng = np.random.default_rng(3)
    west, south = np.round(rng.uniform(-180, 179, 30)), np.round(rng.uniform(-60, 70, 30))
    noon = ((13.5 - west / 15.0) % 24).astype(int)
    blocks = [
        block_at(w, s, f"2021-03-24T{h:02d}", name=f"p{i}")
        for i, (w, s, h) in enumerate(zip(west, south, noon, strict=True))
    ]
    merged = merge_blocks(blocks, 13, 8)
    assert sum(n_requests(b) for b in merged) <= 8
    assert sum(cost(b, 13) for b in merged) < 0.3 * cost(merge_blocks(blocks, 13, 1)[0], 13)


def test_a_month_of_one_volcano_stays_below_the_fields_of_a_request(caplog):
    blocks = [block_at(14.0, 37.0, f"2021-03-{day:02d}T{10 + day % 4}") for day in range(1, 32)]
    merged = merge_blocks(blocks, 13, 4)
    assert len(merged) <= 4
    for b in merged:
        assert all(n_fields(d, 13) <= MAX_FIELDS for d in days_of(b.hours))
    merge_blocks(blocks, 40, 1)
    assert "requests are needed where era5.max_requests is 1" in caplog.text


def test_only_plumes_without_wind_ask_where_that_is_the_rule():
    chips = [chip_at(15.0, 37.7), chip_at(60.0, 10.0, wind=(1.0, 2.0))]
    nowhere = chip_at(-60.0, 10.0, wind=(np.nan, np.nan))
    assert [has_wind(chip) for chip in (*chips, nowhere)] == [False, True, False]
    assert [b.plumes for b in needed_blocks(chips, WindRule("missing"))] == [(chips[0].plume_id,)]
    assert len({name for b in needed_blocks(chips, WindRule("always")) for name in b.plumes}) == 2
    assert needed_blocks(chips[1:], WindRule("missing")) == []


def test_requests_name_what_the_service_documents():
    where = Block(Box(178.0, 181.0, -20.0, -18.0), tuple(hours("2021-12-31T23", 2)), ("p",))
    requests = requests_of(where, (300, 1000))
    assert len(requests) == 8
    assert len({request.name for request in requests}) == 8
    single, levels = requests[:2]
    assert single.dataset == "reanalysis-era5-single-levels"
    assert "pressure_level" not in single.inputs
    assert levels.inputs == {
        "product_type": ["reanalysis"],
        "variable": ["u_component_of_wind", "v_component_of_wind", "geopotential"],
        "pressure_level": ["1000", "300"],
        "year": ["2021"],
        "month": ["12"],
        "day": ["31"],
        "time": ["23:00"],
        "area": [-18.0, 178.0, -20.0, 179.75],
        "data_format": "netcdf",
        "download_format": "unarchived",
    }
    assert {request.dataset for request in requests_of(where, ())} == {"reanalysis-era5-single-levels"}
