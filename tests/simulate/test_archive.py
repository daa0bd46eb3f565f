"""The simulated archive: what it holds, that it repeats itself, that its truth fits its files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from so2plumes.errors import ConfigError, GranuleError
from so2plumes.simulate.archive import options_of, simulate_archive
from so2plumes.simulate.planning import BAD_KINDS, Cut, bad_kind_of_day, plan_day
from so2plumes.simulate.sources import DEFAULT_SOURCES
from so2plumes.swath.level2 import read_level2

SMALL = {"seed": 5, "scanlines": 64, "ground_pixels": 80}
START, END = date(2021, 4, 8), date(2021, 4, 11)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    return folder, simulate_archive(folder, START, END, **SMALL)


def of_kind(granules, kind):
    return [granule for granule in granules if granule.kind == kind]


def test_every_day_has_plumes_and_a_quiet_granule(archive):
    _, granules = archive
    for day in pd.date_range(START, END).date:
        today = [granule for granule in granules if granule.date == day]
        assert 6 <= len(of_kind(today, "plume")) <= 9
        assert len(of_kind(today, "quiet")) == 1
        assert sum(granule.kind in BAD_KINDS for granule in today) == 1


def test_no_orbit_appears_twice_but_for_the_duplicate(archive):
    _, granules = archive
    orbits = [granule.orbit for granule in granules if granule.kind != "duplicate"]
    assert len(orbits) == len(set(orbits))
    (copy,) = of_kind(granules, "duplicate")
    assert copy.orbit in orbits
    assert "_NRTI_" in copy.path.name


def test_four_days_show_every_kind_of_bad_granule(archive):
    _, granules = archive
    assert {granule.kind for granule in granules} == {"plume", "quiet", *BAD_KINDS}
    reasons = {}
    for kind in ("truncated", "all_fill"):
        (granule,) = of_kind(granules, kind)
        with pytest.raises(GranuleError) as caught:
            read_level2(granule.path)
        reasons[kind] = caught.value.reason
    assert reasons["all_fill"] == "all_fill"
    (tiny,) = of_kind(granules, "tiny")
    assert read_level2(tiny.path).shape == (5, 80)


def test_granules_belong_to_their_day(archive):
    _, granules = archive
    for granule in granules:
        assert len(granule.path.name) == 86
        if granule.kind not in ("truncated", "all_fill"):
            swath = read_level2(granule.path)
            assert swath.time[0].astype("datetime64[D]").item() == granule.date
            assert swath.orbit == granule.orbit


def test_truth_fits_the_files(archive):
    folder, granules = archive
    table = pd.read_parquet(folder / "truth" / "plumes.parquet")
    assert len(table) == sum(granule.n_plumes for granule in granules)
    for row in table.itertuples():
        with np.load(folder / "truth" / f"{row.granule}.npz") as truth:
            place = list(truth["source"]).index(row.source)
            mask, signal = truth["mask"][place], truth["signal"]
        swath = read_level2(folder / f"{row.granule}.nc")
        assert mask.shape == swath.shape
        assert mask.sum() == row.n_pixels
        assert (mask & (swath["qa_value"] > 50)).sum() == row.n_usable
        excess = swath["vertical_column"][mask].mean() - signal[mask].mean()
        assert abs(excess) < 3e-3
        wind = np.hypot(swath["eastward_wind"][mask], swath["northward_wind"][mask])
        assert np.median(wind) == pytest.approx(row.wind_speed_m_s, rel=0.2)


def test_truth_has_faint_and_clear_plumes(archive):
    folder, _ = archive
    table = pd.read_parquet(folder / "truth" / "plumes.parquet")
    assert table["peak_sigma"].median() > 5
    assert table["peak_sigma"].min() < 8
    assert set(table["source_type"]) == {"volcano", "anthropogenic"}
    assert table["time"].dt.strftime("%Y-%m-%d").eq(table["date"]).mean() > 0.9


def test_one_plume_crosses_the_antimeridian(archive):
    folder, _ = archive
    table = pd.read_parquet(folder / "truth" / "plumes.parquet")
    crossing = 0
    for row in table[table["source"] == "Semisopochnoi"].itertuples():
        swath = read_level2(folder / f"{row.granule}.nc")
        with np.load(folder / "truth" / f"{row.granule}.npz") as truth:
            mask = truth["mask"].any(axis=0)
        longitudes = swath["longitude"][mask]
        crossing += bool((longitudes > 179).any() and (longitudes < -179).any())
    assert crossing >= 1


def test_a_day_written_alone_equals_itself(archive, tmp_path):
    folder, granules = archive
    day = date(2021, 4, 9)
    alone = simulate_archive(tmp_path, day, day, **SMALL)
    together = [granule for granule in granules if granule.date == day]
    assert [granule.path.name for granule in alone] == [granule.path.name for granule in together]
    for one, other in zip(alone, together, strict=True):
        assert one.path.read_bytes() == other.path.read_bytes()
    masks = sorted(path.name for path in (tmp_path / "truth").glob("*.npz"))
    assert masks
    for name in masks:
        assert (tmp_path / "truth" / name).read_bytes() == (folder / "truth" / name).read_bytes()


def test_days_can_be_added_to_an_archive(tmp_path):
    only = tuple(source for source in DEFAULT_SOURCES if source.name == "Norilsk")
    more = {**SMALL, "sources": only, "bad_granules": False}
    for day in (date(2021, 6, 2), date(2021, 6, 1), date(2021, 6, 2)):
        simulate_archive(tmp_path, day, day, **more)
    table = pd.read_parquet(tmp_path / "truth" / "granules.parquet")
    assert list(table["date"].unique()) == ["2021-06-01", "2021-06-02"]
    assert not table["granule"].duplicated().any()
    assert set(table["granule"]) == {path.stem for path in tmp_path.glob("*.nc")}


def test_without_sources_only_quiet_granules_remain(tmp_path):
    day = date(2021, 6, 1)
    granules = simulate_archive(tmp_path, day, day, **SMALL, sources=(), bad_granules=False)
    assert [granule.kind for granule in granules] == ["quiet"]
    table = pd.read_parquet(tmp_path / "truth" / "plumes.parquet")
    assert table.empty
    assert table.columns[0] == "granule"


def test_another_seed_gives_another_archive():
    cut = Cut(64, 80)
    first, second = (plan_day(START, seed, DEFAULT_SOURCES, cut) for seed in (1, 2))
    assert first != second
    assert first == plan_day(START, 1, DEFAULT_SOURCES, cut)


def test_bad_kinds_take_turns():
    kinds = [bad_kind_of_day(date(2021, 4, day), 3) for day in range(1, 5)]
    assert set(kinds) == set(BAD_KINDS)


def test_full_orbits_keep_all_scanlines():
    plans = plan_day(date(2021, 4, 9), 1, DEFAULT_SOURCES, Cut(None, 450))
    sizes = {plan.kind: plan.scanlines[1] - plan.scanlines[0] for plan in plans}
    assert sizes.pop("tiny", 5) == 5
    assert set(sizes.values()) == {4172}


def test_streams_follow_the_campaign():
    plan = plan_day(date(2021, 4, 9), 1, DEFAULT_SOURCES, Cut())[0]
    later = plan_day(date(2023, 4, 9), 1, DEFAULT_SOURCES, Cut())[0]
    assert options_of(plan).stream == "RPRO"
    assert options_of(later).stream == "OFFL"
    assert options_of(replace(plan, kind="duplicate")).stream == "NRTI"


def test_winter_night_hides_the_arctic_source():
    only = tuple(source for source in DEFAULT_SOURCES if source.name == "Norilsk")
    plans = plan_day(date(2021, 12, 21), 1, only, Cut(), bad_granules=False)
    assert [plan.kind for plan in plans] == ["quiet"]


@pytest.mark.parametrize(
    "wrong",
    [{"scanlines": 0}, {"ground_pixels": 451}, {"end": date(2021, 4, 1)}],
    ids=["rows", "pixels", "end"],
)
def test_an_empty_archive_is_refused(tmp_path, wrong):
    arguments = {"start": START, "end": END, "seed": 1, **wrong}
    start, end = arguments.pop("start"), arguments.pop("end")
    with pytest.raises(ConfigError, match="would be empty"):
        simulate_archive(tmp_path, start, end, **arguments)
