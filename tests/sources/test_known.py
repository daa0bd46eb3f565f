import numpy as np
import pandas as pd
import pytest

from so2plumes.errors import TableError
from so2plumes.sources.known import KNOWN_COLUMNS, nearest_source, read_known_sources
from so2plumes.sources.sphere import great_circle_km

FP_TABLE_2 = [
    ("Popocatepetl", -98.54, 19.45),
    ("Sabancaya", -72.17, -16.27),
    ("Sangay", -80.01, -1.50),
    ("Nevado del Ruiz", -76.08, 5.26),
    ("Norilsk", 88.74, 69.65),
    ("Dukono", 127.71, 1.75),
    ("Nyamulagira", 28.17, -1.55),
    ("Grootegeluk mine with Matimba and Medupi", 27.43, -23.74),
    ("Etna", 15.25, 37.24),
    ("Rabigh", 39.51, 21.99),
]


@pytest.fixture(scope="module")
def known(root):
    return read_known_sources(root / "resources" / "known_sources.csv")


def test_list_is_whole(known):
    assert set(known.columns) == {*KNOWN_COLUMNS, "elevation_m"}
    assert known["elevation_m"].notna().equals(known["type"] == "volcano")
    assert 200 <= len(known) <= 300
    assert known["gvp_number"].notna().equals(known["type"] == "volcano")
    assert not known["gvp_number"].dropna().duplicated().any()
    assert known.drop(columns=["gvp_number", "elevation_m"]).notna().all(axis=None)


def test_volcanoes_stand_where_gvp_has_them(known, shared_data):
    path = shared_data / "gvp" / "GVP_Volcano_List_Holocene_WoWED.csv"
    gvp = pd.read_csv(path, header=1, encoding="cp1252").set_index("Volcano Number")
    volcanoes = known[known["type"] == "volcano"]
    listed = gvp.loc[volcanoes["gvp_number"].astype(int)]
    distance = great_circle_km(volcanoes["longitude"], volcanoes["latitude"], listed["Longitude"], listed["Latitude"])
    assert distance.max() < 1.0
    assert (volcanoes["elevation_m"].to_numpy() == listed["Elevation (m)"].to_numpy()).all()
    assert (volcanoes["country"].to_numpy() == listed["Country"].to_numpy()).all()


def test_sources_of_the_papers_ten_clusters(known):
    name, longitude, latitude = zip(*FP_TABLE_2, strict=True)
    found = nearest_source(longitude, latitude, known, max_distance_km=200)
    assert tuple(found["nearest_source"]) == name
    assert found["source_distance_km"].max() == pytest.approx(194, abs=1)
    strict = nearest_source(longitude, latitude, known)
    assert set(np.array(name)[strict["nearest_source"] == "unknown"]) == {"Sangay", "Nyamulagira"}


def test_across_the_antimeridian():
    known = pd.DataFrame({"name": ["a"], "type": ["volcano"], "longitude": [-179.9], "latitude": [0.0]})
    row = nearest_source([179.9, np.nan], [0.0, 0.0], known)
    assert row["nearest_source"].tolist() == ["a", "unknown"]
    assert row["source_distance_km"].iloc[0] == pytest.approx(22.24, abs=0.01)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("A,factory,1,2,X,,r", "types are volcano"),
        ("A,volcano,190,2,X,1,r", "-180..180"),
        ("A,volcano,1,2,X,1,r\nA,volcano,3,2,X,2,r", "names"),
    ],
)
def test_bad_rows_are_refused(tmp_path, line, said):
    path = tmp_path / "known.csv"
    path.write_text(",".join(KNOWN_COLUMNS) + "\n" + line + "\n")
    with pytest.raises(TableError, match=said):
        read_known_sources(path)


def test_missing_columns_are_named(tmp_path):
    path = tmp_path / "known.csv"
    path.write_text("name,type\nA,volcano\n")
    with pytest.raises(TableError, match="lacks columns"):
        read_known_sources(path)
