import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.constants import EARTH_RADIUS_KM
from so2plumes.errors import TableError
from so2plumes.sources import clusters
from so2plumes.sources.clusters import densest_place
from so2plumes.sources.sphere import great_circle_km, spherical_mean

KNOWN = pd.DataFrame(
    {
        "name": ["Etna", "Norilsk"],
        "type": ["volcano", "smelter"],
        "longitude": [15.0, 88.1],
        "latitude": [37.7, 69.4],
    }
)


def blobs(seed=0):
    rng = np.random.default_rng(seed)
    centres = [(15, 37.7, 60), (88.5, 69.5, 40), (179.95, -20, 30), (0, 89.5, 25)]
    lon = np.concatenate([rng.normal(x, 0.2 / np.cos(np.radians(y)), n) for x, y, n in centres])
    lat = np.concatenate([np.clip(rng.normal(y, 0.2, n), -90, 90) for x, y, n in centres])
    lon = np.concatenate([lon, rng.uniform(-180, 180, 60)])
    lat = np.concatenate([lat, rng.uniform(-60, 60, 60)])
    return (lon + 180) % 360 - 180, lat


def plumes_at(lon, lat, time, emission):
    return pd.DataFrame(
        {
            "plume_id": [f"p{i}" for i in range(len(lon))],
            "time": time,
            "max_longitude": lon,
            "max_latitude": lat,
            "upwind_longitude": np.asarray(lon) - 0.3,
            "upwind_latitude": lat,
            "emission_kg_h": emission,
        }
    )


def haversine_labels(lon, lat, eps_km, min_samples):
    from sklearn.cluster import DBSCAN

    order = np.lexsort((lon, lat))
    model = DBSCAN(eps=eps_km / EARTH_RADIUS_KM, min_samples=min_samples, metric="haversine", algorithm="ball_tree")
    labels = np.empty(lon.size, dtype=int)
    labels[order] = model.fit(np.radians(np.column_stack([lat, lon])[order])).labels_
    return labels


def same_partition(a, b):
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b)) and ((a == -1) == (b == -1)).all()


@pytest.mark.parametrize(("eps_km", "min_samples"), [(50, 20), (150, 20), (20, 5), (4000, 3)])
def test_chord_equals_haversine(eps_km, min_samples):
    lon, lat = blobs()
    labels = clusters.cluster_labels(lon, lat, eps_km, min_samples)
    assert same_partition(labels, haversine_labels(lon, lat, eps_km, min_samples))


def test_blobs_are_found_everywhere_and_numbered_by_size():
    lon, lat = blobs()
    labels = clusters.cluster_labels(lon, lat)
    assert [np.bincount(labels[labels >= 0])[i] for i in range(4)] == sorted(
        np.bincount(labels[labels >= 0]), reverse=True
    )
    for member, expected in (
        (slice(0, 60), 0),
        (slice(60, 100), 1),
        (slice(100, 130), 2),
        (slice(130, 155), 3),
    ):
        assert np.mean(labels[member] == expected) > 0.9


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 5))
def test_order_of_rows_does_not_matter(seed, scene):
    lon, lat = blobs(scene)
    shuffle = np.random.default_rng(seed).permutation(lon.size)
    labels = clusters.cluster_labels(lon, lat)
    np.testing.assert_array_equal(clusters.cluster_labels(lon[shuffle], lat[shuffle]), labels[shuffle])


@settings(max_examples=10, deadline=None)
@given(st.floats(-360, 360))
def test_turning_the_globe_does_not_matter(turn):
    lon, lat = blobs()
    turned = clusters.cluster_labels((lon + turn + 180) % 360 - 180, lat)
    assert same_partition(turned, clusters.cluster_labels(lon, lat))


def test_pair_40_km_apart_east_west_at_norilsk_joins():
    lon = 88.0 + np.array([0.0, np.degrees(40 / (EARTH_RADIUS_KM * np.cos(np.radians(69.65))))])
    assert great_circle_km(lon[0], 69.65, lon[1], 69.65) == pytest.approx(40, rel=1e-3)
    assert lon[1] - lon[0] > 1.0
    assert clusters.cluster_labels(lon, [69.65, 69.65], 50, 2).tolist() == [0, 0]
    assert clusters.cluster_labels(lon, [69.65, 69.65], 39, 2).tolist() == [-1, -1]


def test_pair_across_the_antimeridian_joins():
    assert clusters.cluster_labels([179.9, -179.9], [0, 0], 50, 2).tolist() == [0, 0]


def test_equal_sizes_are_numbered_from_the_south():
    lon, lat = np.repeat([10.0, -10.0, 50.0], 3), np.repeat([40.0, -30.0, 5.0], 3)
    assert clusters.cluster_labels(lon, lat, 50, 3).tolist() == [2] * 3 + [0] * 3 + [1] * 3


def test_nan_and_nothing():
    assert clusters.cluster_labels([], []).size == 0
    assert clusters.cluster_labels([np.nan, 1, 1], [0, np.nan, 1], 50, 1).tolist() == [-1, -1, 0]


@pytest.fixture
def table():
    day = pd.Timestamp("2021-03-01T11:00", tz="UTC")
    lon, lat = [14.9, 15.1, 15.0, 15.0, -100.0, -100.0], [37.7, 37.7, 37.6, 37.8, 0.0, 0.0]
    time = [day, day, day + pd.Timedelta("2D"), day + pd.Timedelta("9D"), day, day + pd.Timedelta("1D")]
    return clusters.cluster_table(
        plumes_at(lon, lat, time, [100.0, 200.0, np.nan, 400.0, np.nan, np.nan]),
        [0, 0, 0, 0, 1, 1],
        KNOWN,
        20,
    )


def test_table_says_where_what_and_how_often(table):
    etna = table.iloc[0]
    assert (etna["rank"], etna["n_plumes"], etna["n_days"], etna["n_rates"]) == (1, 4, 3, 3)
    assert (etna["longitude"], etna["latitude"]) == pytest.approx((15.0, 37.7), abs=1e-3)
    assert (etna["nearest_source"], etna["source_type"]) == ("Etna", "volcano")
    assert etna["cluster_id"] == "SO2_volcano_50km_15.00_37.70"
    assert etna["persistence_percent"] == pytest.approx(15.0)
    assert etna["median_emission_kg_h"] == 200.0
    assert etna["p16_emission_kg_h"] == pytest.approx(132.0)
    assert etna["p84_emission_kg_h"] == pytest.approx(336.0)
    assert (str(etna["first_date"])[:10], str(etna["last_date"])[:10]) == ("2021-03-01", "2021-03-10")


def test_cluster_far_from_everything_is_unknown_and_may_lack_rates(table):
    far = table.iloc[1]
    assert (far["nearest_source"], far["source_type"], far["n_rates"]) == ("unknown", "unknown", 0)
    assert far["source_distance_km"] > 8000
    assert np.isnan(far["median_emission_kg_h"])
    assert far["cluster_id"] == "SO2_unknown_50km_-100.00_0.00"


def test_naive_and_aware_times_give_the_same_table():
    lon, lat = [15.0, 15.0], [37.7, 37.7]
    naive = pd.Series(pd.to_datetime(["2021-03-01T23:59", "2021-03-02T00:01"])).astype("datetime64[ms]")
    tables = [
        clusters.cluster_table(plumes_at(lon, lat, time, [1.0, 2.0]), [0, 0], KNOWN, 4)
        for time in (naive, naive.dt.tz_localize("UTC"))
    ]
    pd.testing.assert_frame_equal(*tables)
    assert tables[0]["n_days"].tolist() == [2]


def test_upwind_origin_moves_the_centre():
    plumes = plumes_at([15.3] * 2, [37.7] * 2, pd.Timestamp("2021-01-01"), [1.0, 1.0])
    for origin, longitude in (("max", 15.3), ("upwind", 15.0)):
        table = clusters.cluster_table(plumes, [0, 0], KNOWN, 4, origin=origin)
        assert table["longitude"].iloc[0] == pytest.approx(longitude)


def test_no_clusters_and_no_plumes_keep_the_columns(table, tmp_path):
    one = plumes_at([15.3], [37.7], pd.Timestamp("2021-01-01"), [1.0])
    for plumes, labels in ((one, [-1]), (one.iloc[:0], []), (pd.DataFrame(), [])):
        empty = clusters.cluster_table(plumes, labels, KNOWN, 4)
        assert len(empty) == 0
        assert empty.dtypes.equals(table.dtypes)
    empty.to_parquet(tmp_path / "empty.parquet")


def test_no_known_sources(table):
    plumes = plumes_at([15.3], [37.7], pd.Timestamp("2021-01-01"), [1.0])
    row = clusters.cluster_table(plumes, [0], KNOWN.iloc[:0], 4).iloc[0]
    assert row["nearest_source"] == "unknown"
    assert np.isnan(row["source_distance_km"])


def test_refusals():
    plumes = plumes_at([15.3], [37.7], pd.Timestamp("2021-01-01"), [1.0])
    with pytest.raises(TableError, match="upwind_longitude"):
        clusters.cluster_table(plumes.drop(columns="upwind_longitude"), [0], KNOWN, 4, origin="upwind")
    with pytest.raises(ValueError, match="2 labels for 1 plumes"):
        clusters.cluster_table(plumes, [0, 0], KNOWN, 4)
    with pytest.raises(ValueError, match="at least one day"):
        clusters.cluster_table(plumes, [0], KNOWN, 0)
    with pytest.raises(ValueError, match="origin is 'centre'"):
        clusters.cluster_table(plumes, [0], KNOWN, 4, origin="centre")


def test_clusters_of_the_campaigns_size_are_all_found():
    rng = np.random.default_rng(3)
    centre = rng.integers(0, 90, 54_000)
    lon = np.linspace(-175, 175, 90)[centre] + rng.normal(0, 0.5, centre.size)
    lat = 40 * np.sin(centre) + rng.normal(0, 0.5, centre.size)
    labels = clusters.cluster_labels(lon, lat)
    assert labels.max() + 1 == 90


def test_densest_place_stays_at_the_source_where_the_mean_drifts():
    rng = np.random.default_rng(4)
    at_source = np.column_stack([15.0 + rng.normal(0, 0.05, 60), 37.7 + rng.normal(0, 0.05, 60)])
    tail = np.column_stack([np.linspace(15.2, 19.0, 90), np.linspace(37.5, 34.0, 90)])
    lon, lat = np.vstack([at_source, tail]).T
    assert great_circle_km(15.0, 37.7, *densest_place(lon, lat)) < 10
    assert great_circle_km(15.0, 37.7, *spherical_mean(lon, lat)) > 100
    order = rng.permutation(lon.size)
    assert densest_place(lon[order], lat[order]) == pytest.approx(densest_place(lon, lat), abs=1e-9)


def test_densest_place_across_the_date_line():
    lon, lat = np.array([179.99, -179.99, 179.98, 170.0]), np.array([52.0, 52.0, 52.01, 52.0])
    found = densest_place(lon, lat)
    assert abs(abs(found[0]) - 180.0) < 0.05
