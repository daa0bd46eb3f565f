"""Flag classes, and clusters of plumes without enhancement."""

import numpy as np
import pandas as pd
import pytest

from so2plumes.analysis.labels import label_table, labels_by_rule, none_clusters
from so2plumes.plumes.labels import label_plume
from so2plumes.sources.cluster_product import cluster_product


def test_rule_equals_that_of_single_plumes():
    rng = np.random.default_rng(0)
    flags = [rng.choice(5, 20, p=rng.dirichlet(np.full(5, 0.15))) for _ in range(300)]
    labels = [label_plume(values) for values in flags]
    table = pd.DataFrame([{f"flag_fraction_{i}": label.fractions[i] for i in range(5)} for label in labels])
    assert labels_by_rule(table).tolist() == [label.name for label in labels]
    assert len({label.name for label in labels}) == 6
    assert labels_by_rule(table * np.nan).tolist() == ["unavailable"] * 300


def test_exactly_the_threshold_is_combined():
    table = pd.DataFrame([{f"flag_fraction_{i}": 0.8 if i == 2 else 0.05 for i in range(5)}])
    assert labels_by_rule(table).tolist() == ["combined"]
    assert labels_by_rule(table, 0.79).tolist() == ["volcanic"]


def test_shares_add_up_in_every_year(analysed):
    table = label_table(analysed.plumes)
    by_year = table.groupby(table["year"].fillna(0))
    assert by_year["share"].sum().to_numpy() == pytest.approx(1)
    assert by_year["share_of_flagged"].sum().to_numpy() == pytest.approx(1)
    whole = table[table["year"].isna()].set_index("label")
    assert whole["n_plumes"].sum() == len(analysed.plumes)
    assert whole.loc["volcanic", "share"] == pytest.approx(0.308, abs=0.015)
    assert table.attrs["n_differing"] == 0
    assert len(by_year) == 7


def spot(name, lon, lat, n, label, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "plume_id": [f"{name}{i}" for i in range(n)],
            "time": pd.Timestamp("2021-03-01", tz="UTC"),
            "max_longitude": rng.normal(lon, 0.1, n),
            "max_latitude": rng.normal(lat, 0.1, n),
            "upwind_longitude": lon,
            "upwind_latitude": lat,
            "emission_kg_h": 1.0,
            "label": label,
        }
    )


def test_clusters_without_enhancement_beside_clusters_of_sources(analysed):
    plumes = pd.concat(
        [
            spot("etna", 15.0, 37.7, 40, "volcanic"),
            spot("rim", 15.2, 37.6, 30, "none"),
            spot("downwind", 18.0, 37.7, 25, "none"),
            spot("nowhere", -30.0, 0.0, 21, "none"),
            spot("few", -60.0, -40.0, 5, "none"),
        ],
        ignore_index=True,
    )
    clusters = cluster_product(plumes[plumes["label"] != "none"], analysed.known, 1)
    table = none_clusters(plumes, clusters, analysed.known)
    assert table["n_plumes"].tolist() == [30, 25, 21]
    assert table["overlaps"].tolist() == [True, False, False]
    assert table["nearest_cluster_source"].tolist() == ["Etna"] * 3
    assert table["centre_distance_km"].iloc[1] == pytest.approx(264, abs=10)
    assert table["plume_distance_km"].iloc[1] < table["centre_distance_km"].iloc[1]
    assert table["share_of_none"].sum() == pytest.approx(76 / 81)
    assert table.attrs["n_overlapping"] == 1
    assert table.attrs["share_in_clusters"] == pytest.approx(76 / 81)
    assert table.attrs["farthest_other_km"] == pytest.approx(table["centre_distance_km"].max())
    alone = none_clusters(plumes, clusters.iloc[:0], analysed.known)
    assert not alone["overlaps"].any()
    assert alone.attrs["n_overlapping"] == 0
    assert none_clusters(plumes.assign(label="so2"), clusters, analysed.known).empty
    assert none_clusters(plumes.iloc[:0], clusters, analysed.known).empty
