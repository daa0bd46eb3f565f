import numpy as np
import pandas as pd
import pytest

from so2plumes.errors import TableError
from so2plumes.sources.eruptions import PAIR_DTYPES, match_eruptions
from so2plumes.sources.gvp import ERUPTION_COLUMNS, active_between, last_days, read_eruptions
from so2plumes.sources.sphere import great_circle_km


def eruption(number, lon, lat, start, end, continuing=False):
    start, end = np.datetime64(start, "s"), np.datetime64(end or "NaT", "s")
    nothing = np.datetime64("NaT", "s")
    return {
        "eruption_number": number,
        "volcano_name": f"volcano {number}",
        "longitude": lon,
        "latitude": lat,
        "start_earliest": start,
        "start_latest": start,
        "end_earliest": end,
        "end_latest": nothing if continuing else end,
        "continuing": continuing,
    }


ERUPTIONS = pd.DataFrame(
    [
        eruption(1, 179.9, -20.0, "2020-03-10", "2020-03-12"),
        eruption(2, 15.0, 37.7, "2019-01-01", "2025-05-02", continuing=True),
        eruption(3, 15.2, 37.7, "2020-03-12", None),
        eruption(4, -60.0, 13.0, "2020-03-01", "2020-03-31"),
    ]
)


def plumes_at(*rows):
    table = pd.DataFrame(rows, columns=["plume_id", "time", "max_longitude", "max_latitude"])
    table["time"] = pd.to_datetime(table["time"], utc=True, format="ISO8601")
    return table.assign(upwind_longitude=table["max_longitude"] - 0.5, upwind_latitude=table["max_latitude"])


def matched(plumes, **options):
    pairs = match_eruptions(plumes, ERUPTIONS, **options).pairs
    return list(zip(pairs["plume_id"], pairs["eruption_number"], pairs["days_since_start"], strict=True))


def test_days_of_the_eruption_are_inside_and_others_are_not():
    plumes = plumes_at(
        ("before", "2020-03-09T23:59:59", -179.8, -20.0),
        ("first", "2020-03-10T00:00", -179.8, -20.0),
        ("last", "2020-03-12T23:59:59", -179.8, -20.0),
        ("after", "2020-03-13T00:00", -179.8, -20.0),
    )
    assert matched(plumes) == [("first", 1, 0), ("last", 1, 2)]
    assert [name for name, *_ in matched(plumes, days_before=1)] == ["before", "first", "last"]
    assert [name for name, *_ in matched(plumes, days_after=3)] == ["first", "last", "after"]


def test_radius_is_great_circle_and_inclusive():
    plumes = plumes_at(("p", "2020-03-11", -179.8, -20.0))
    distance = float(great_circle_km(179.9, -20.0, -179.8, -20.0))
    assert matched(plumes, radius_km=distance + 1e-6) == [("p", 1, 1)]
    assert matched(plumes, radius_km=distance - 1e-3) == []
    assert match_eruptions(plumes, ERUPTIONS).pairs["distance_km"].iloc[0] == pytest.approx(distance)


def test_open_end_unlisted_end_and_two_eruptions_at_once():
    plumes = plumes_at(("a", "2020-03-12", 15.1, 37.7), ("b", "2031-01-01", 15.1, 37.7))
    assert matched(plumes) == [("a", 2, 436), ("a", 3, 0), ("b", 2, 4383)]
    result = match_eruptions(plumes, ERUPTIONS)
    assert (result.n_plumes, result.n_eruptions) == (2, 2)


def test_eruptions_are_counted_with_first_and_last_plume():
    plumes = plumes_at(
        ("b", "2020-03-14T10:00", 15.0, 37.7),
        ("a", "2020-03-01T10:00", 15.0, 37.7),
        ("c", "2020-03-20T10:00", 90.0, 37.7),
    )
    table = match_eruptions(plumes, ERUPTIONS).eruptions
    assert table["n_plumes"].tolist() == [0, 2, 0, 0]
    assert table["matched"].tolist() == [False, True, False, False]
    assert table["first_plume"].iloc[1] == pd.Timestamp("2020-03-01T10:00Z")
    assert table["last_plume"].iloc[1] == pd.Timestamp("2020-03-14T10:00Z")
    assert table["first_plume"].isna().tolist() == [True, False, True, True]


def test_upwind_origin_and_times_without_a_zone():
    plumes = plumes_at(("p", "2020-03-11T12:00", 180.4, -20.0), ("q", "2020-03-11T12:00", np.nan, np.nan))
    plumes["time"] = plumes["time"].dt.tz_localize(None).astype("datetime64[ms]")
    assert matched(plumes) == []
    assert matched(plumes, origin="upwind") == [("p", 1, 1)]


def test_no_plumes_and_no_eruptions_keep_the_columns(tmp_path):
    plumes = plumes_at(("p", "2020-03-11", 15.0, 37.7))
    full = match_eruptions(plumes, ERUPTIONS)
    for few in (plumes.iloc[:0], pd.DataFrame()):
        empty = match_eruptions(few, ERUPTIONS)
        assert (empty.n_plumes, empty.n_eruptions) == (0, 0)
        assert empty.pairs.dtypes.equals(full.pairs.dtypes)
        assert list(empty.pairs.columns) == list(PAIR_DTYPES)
        empty.eruptions.to_parquet(tmp_path / "eruptions.parquet")
    assert match_eruptions(plumes, ERUPTIONS.iloc[:0]).n_plumes == 0


def test_missing_columns_are_named():
    with pytest.raises(TableError, match="plume_id"):
        match_eruptions(plumes_at(("p", "2020-03-11", 15.0, 37.7)).drop(columns="plume_id"), ERUPTIONS)


@pytest.fixture(scope="module")
def campaign(shared_data):
    path = shared_data / "gvp" / "GVP_Eruption_Search_Result_v5.2.8_2025-05-15.csv"
    return active_between(read_eruptions(path), "2019-01-01", "2024-12-31")


def random_plumes(campaign, n, seed=0):
    rng = np.random.default_rng(seed)
    row = rng.integers(0, len(campaign), n)
    return pd.DataFrame(
        {
            "plume_id": [f"p{i}" for i in range(n)],
            "time": np.datetime64("2019-01-01", "ms") + rng.integers(0, 2192 * 86_400_000, n),
            "max_longitude": campaign["longitude"].to_numpy()[row] + rng.normal(0, 0.5, n),
            "max_latitude": np.clip(campaign["latitude"].to_numpy()[row] + rng.normal(0, 0.5, n), -90, 90),
        }
    )


def test_real_eruptions_equal_brute_force(campaign):
    plumes = random_plumes(campaign, 1500)
    distance = great_circle_km(
        plumes["max_longitude"].to_numpy()[:, None],
        plumes["max_latitude"].to_numpy()[:, None],
        campaign["longitude"].to_numpy(),
        campaign["latitude"].to_numpy(),
    )
    day = plumes["time"].to_numpy().astype("datetime64[D]")[:, None]
    inside = (day >= campaign["start_earliest"].to_numpy().astype("datetime64[D]")) & (day <= last_days(campaign))
    plume, row = np.nonzero((distance <= 50) & inside)
    result = match_eruptions(plumes, campaign)
    assert len(plume) > 100
    assert result.pairs["plume_id"].tolist() == [f"p{i}" for i in plume]
    assert result.pairs["eruption_number"].tolist() == campaign["eruption_number"].iloc[row].tolist()
    assert result.eruptions["n_plumes"].tolist() == np.bincount(row, minlength=len(campaign)).tolist()
    assert set(ERUPTION_COLUMNS) < set(result.eruptions.columns)
