"""Tables of clusters: names, both origins, observable days, months."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from so2plumes.seen import SeenPlaces
from so2plumes.sources.cluster_facts import median_interval, source_names
from so2plumes.sources.cluster_history import cluster_history, compare_origins
from so2plumes.sources.cluster_product import cluster_product, with_seen_days
from so2plumes.sources.known import KNOWN_COLUMNS, alternative_sources, read_known_sources
from so2plumes.sources.sphere import bearing_deg, great_circle_km

KNOWN = pd.DataFrame(
    {
        "name": ["Etna", "Stromboli", "Norilsk"],
        "type": ["volcano", "volcano", "smelter"],
        "longitude": [15.0, 15.213, 88.13],
        "latitude": [37.75, 38.789, 69.36],
    }
)
DAYS = np.arange("2021-01-01", "2022-01-01", dtype="datetime64[D]")


def spots(*places, seed=0):
    """Plumes around places (longitude, latitude, number, degrees by which the upwind end lies east)."""
    rng = np.random.default_rng(seed)
    parts = []
    for number, (lon, lat, n, east) in enumerate(places):
        parts.append(
            pd.DataFrame(
                {
                    "plume_id": [f"s{number}_{i}" for i in range(n)],
                    "time": DAYS[rng.integers(0, len(DAYS), n)].astype("datetime64[ms]"),
                    "max_longitude": rng.normal(lon, 0.05, n),
                    "max_latitude": rng.normal(lat, 0.05, n),
                    "emission_kg_h": np.exp(rng.normal(9.6, 1, n)),
                }
            ).assign(upwind_longitude=lambda table, east=east: table["max_longitude"] + east)
        )
    table = pd.concat(parts, ignore_index=True)
    return table.assign(upwind_latitude=table["max_latitude"])


PLUMES = spots((14.5, 37.75, 60, 0.5), (15.9, 37.75, 40, -0.8), (-99.3, 19.4, 30, 0.1), (179.99, -20.2, 25, 0.2))


@pytest.fixture(scope="module")
def table():
    return cluster_product(PLUMES, KNOWN, len(DAYS))


def test_names_do_not_change_when_plumes_are_added(table):
    assert table["source_name"].tolist() == ["etna", "etna-2", "unknown-19n-100w", "unknown-21s-179e"]
    more = pd.concat([PLUMES, spots((14.5, 37.75, 30, 0.5), seed=1).assign(plume_id=lambda t: "n" + t["plume_id"])])
    again = cluster_product(more, KNOWN, len(DAYS))
    assert again["source_name"].tolist() == table["source_name"].tolist()
    shuffled = cluster_product(PLUMES.sample(frac=1, random_state=3), KNOWN, len(DAYS))
    pd.testing.assert_frame_equal(shuffled.drop(columns="plume_ids"), table.drop(columns="plume_ids"))


def test_equal_sources_are_numbered_by_distance():
    table = pd.DataFrame(
        {
            "nearest_source": ["Etna", "Etna", "unknown"],
            "source_distance_km": [70.0, 5.0, 500.0],
            "longitude": [15.0, 15.0, -0.5],
            "latitude": [37.0, 37.7, -0.5],
        }
    )
    assert source_names(table) == ["etna-2", "etna", "unknown-01s-001w"]


def test_both_origins_and_the_shift_between_them(table):
    first = table.iloc[0]
    assert first["shift_km"] == pytest.approx(great_circle_km(14.5, 37.75, 15.0, 37.75), abs=0.5)
    assert first["shift_bearing_deg"] == pytest.approx(90, abs=1)
    assert first["max_source_distance_km"] == pytest.approx(44, abs=2)
    assert first["upwind_source_distance_km"] < 2
    assert table["shift_bearing_deg"].iloc[1] == pytest.approx(270, abs=1)
    across = table.iloc[3]
    assert across["shift_km"] == pytest.approx(great_circle_km(179.99, -20.2, 180.19, -20.2), abs=0.5)


def test_bearings_are_those_of_the_compass():
    assert bearing_deg(0, 0, [0, 1, 0, -1], [1, 0, -1, 0]).tolist() == pytest.approx([0, 90, 180, 270])
    assert bearing_deg(179.5, 0, -179.5, 0) == pytest.approx(90)


def test_alternatives_are_the_other_sources_nearby():
    lists = alternative_sources([15.1, 15.1, 0.0], [37.9, 45.0, 0.0], KNOWN, 150.0)
    assert lists == [["Stromboli (volcano, 99 km)"], [], []]
    assert alternative_sources([], [], KNOWN) == []


@given(st.integers(1, 60), st.integers(0, 1000))
def test_interval_of_the_median_holds_the_median(n, seed):
    values = np.random.default_rng(seed).lognormal(size=n)
    low, high = median_interval(np.append(values, np.nan))
    assert low <= np.median(values) <= high
    assert {low, high} <= set(values)


def test_interval_of_the_median_covers_it_as_often_as_stated():
    rng = np.random.default_rng(0)
    inside = [low <= 0 <= high for low, high in (median_interval(rng.normal(size=41)) for _ in range(2000))]
    assert 0.945 < np.mean(inside) < 0.985
    assert np.isnan(median_interval(np.array([np.nan]))).all()


def test_intervals_of_plumes_are_used_where_they_are(table):
    assert table["median_plume_emission_p16_kg_h"].isna().all()
    own = PLUMES.assign(emission_p16_kg_h=PLUMES["emission_kg_h"] / 2, emission_p84_kg_h=PLUMES["emission_kg_h"] * 2)
    with_own = cluster_product(own, KNOWN, len(DAYS))
    np.testing.assert_allclose(with_own["median_plume_emission_p84_kg_h"], 2 * table["median_emission_kg_h"])


def seen_of(observable):
    return SeenPlaces(DAYS, np.where(observable, 80, 10).astype(np.int8), np.zeros(len(DAYS)))


def test_observable_days_hold_all_days_with_a_plume(table):
    assert table["n_observable_days"].isna().all()
    nothing = with_seen_days(table, PLUMES, seen_of(np.zeros((len(DAYS), 4), bool)))
    assert nothing["n_observable_days"].tolist() == table["n_days"].tolist()
    assert (nothing["observable_persistence_percent"] == 100).all()
    every_other = np.repeat((np.arange(len(DAYS)) % 2 == 0)[:, None], 4, axis=1)
    half = with_seen_days(table, PLUMES, seen_of(every_other))
    with_plume = set(pd.to_datetime(PLUMES["time"])[:60].dt.date)
    expected = {day.item() for day in DAYS[::2]} | with_plume
    assert half["n_observable_days"].iloc[0] == len(expected)
    assert (half["observable_persistence_percent"] > half["persistence_percent"]).all()
    assert half.attrs["observable"]
    assert half.attrs["eps_km"] == 50


def test_history_adds_up_to_the_clusters(table):
    seen = seen_of(np.ones((len(DAYS), 4), bool))
    history = cluster_history(PLUMES, table, "2021-01-01", "2021-12-31", seen)
    years, months = history[history["month"].isna()], history[history["month"].notna()]
    assert len(months) == 48
    assert years["n_plumes"].tolist() == table["n_plumes"].tolist()
    assert years["n_days"].tolist() == table["n_days"].tolist()
    np.testing.assert_allclose(years["median_emission_kg_h"], table["median_emission_kg_h"])
    np.testing.assert_allclose(years["persistence_percent"], table["persistence_percent"])
    for name in ("n_plumes", "n_days", "n_calendar_days", "n_observable_days"):
        assert months.groupby("rank")[name].sum().tolist() == years[name].tolist()
    march = PLUMES[:60][pd.to_datetime(PLUMES["time"][:60]).dt.month == 3]
    row = history[(history["rank"] == 1) & (history["month"] == 3)].iloc[0]
    assert row["n_plumes"] == len(march)
    assert row["p84_emission_kg_h"] == pytest.approx(march["emission_kg_h"].quantile(0.84))
    unknown = cluster_history(PLUMES, table, "2021-01-01", "2021-12-31")
    assert unknown["n_observable_days"].isna().all()
    assert cluster_history(PLUMES, table.iloc[:0], "2021-01-01", "2021-12-31").empty


def test_origins_are_paired_by_their_plumes():
    pairs = compare_origins(PLUMES, KNOWN)
    assert pairs.attrs == {"available": True, "n_clusters_max": 4, "n_clusters_upwind": 3, "n_pairs": 3}
    etna = pairs.iloc[0]
    assert (etna["max_n_plumes"], etna["upwind_n_plumes"], etna["n_shared"]) == (60, 100, 60)
    assert etna["upwind_source_distance_km"] < etna["max_source_distance_km"]
    alone = pairs[pairs["upwind_rank"].isna()]
    assert alone["max_n_plumes"].tolist() == [40]
    assert alone["shift_km"].isna().all()
    assert compare_origins(PLUMES.iloc[:0], KNOWN).empty
    assert compare_origins(PLUMES.iloc[:5], KNOWN).empty


def test_no_clusters_make_an_empty_table_with_facts():
    table = cluster_product(PLUMES.iloc[:3], KNOWN, 10)
    assert table.empty
    assert table.attrs["n_plumes"] == 3
    assert with_seen_days(table, PLUMES, seen_of(np.zeros((len(DAYS), 0), bool))).empty


def test_volcanoes_of_the_holocene_list_name_only_what_nothing_else_explains(tmp_path, root):
    path = tmp_path / "volcanoes.csv"
    path.write_text(
        "Some title,,,,,\nVolcano Number,Volcano Name,Country,Primary Volcano Type,Latitude,Longitude,Elevation (m)\n"
        "1,Sleeper,Italy,Shield,37.70,15.05,100\n2,Far,Mexico,Cone,-19.1,-119.1,5\n3,Far,Mexico,Cone,10,10,5\n"
        "211060,Etna again,Italy,Strato,37.748,14.999,3357\n"
    )
    known = read_known_sources(root / "resources" / "known_sources.csv", path)
    assert set(KNOWN_COLUMNS) <= set(known.columns)
    assert (known["gvp_number"] == 211060).sum() == 1
    assert {"Sleeper", "Far (2)", "Far (3)"} <= set(known["name"])
    plumes = spots((15.06, 37.7, 30, 0.1), (-119.2, -19.0, 25, 0.1))
    table = cluster_product(plumes, known, 365)
    assert table["nearest_source"].tolist() == ["Etna", "Far (2)"]
    assert table["alternatives"].iloc[0][0].startswith("Sleeper (volcano")
