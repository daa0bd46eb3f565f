"""Catalogues of others: their files, and ratios to ours."""

import numpy as np
import pandas as pd
import pytest
from tests.analysis.conftest import PERIOD

from so2plumes.analysis.catalogues import SO2_PER_S, read_msvolso2l4, read_persistent
from so2plumes.analysis.ratios import eruption_masses, persistent_rates, within_period
from so2plumes.errors import ExternalDataError
from so2plumes.seen import SeenPlaces

HEADER = "volcano\tlat\tlon\tv_alt\tyyyy\tmm\tdd\ttype\tvei\tp_alt_obs\tp_alt_est\tso2(kt)\t\n"
DEGASSING = "### header\nvolcano::\n37.730 15.000 1.0 2711 2711 \n27.247 140.874 120.0 25 5000 \n::\n"


def plumes_of(*rows):
    names = ["time", "orbit", "max_longitude", "max_latitude", "mass_kg"]
    table = pd.DataFrame(rows, columns=names)
    table["time"] = pd.to_datetime(table["time"], utc=True, format="ISO8601")
    table["plume_id"] = [f"p{i}" for i in range(len(table))]
    return table.assign(upwind_longitude=table["max_longitude"], upwind_latitude=table["max_latitude"])


def test_masses_of_mixed_blanks_and_missing_values(tmp_path):
    path = tmp_path / "m.txt"
    path.write_text(
        HEADER
        + "Etna\t37.734\t15.004\t3.35\t2020\t12\t21\texp\t2\t12\t-999\t7\r\n"
        + "Piton_de_la_Fournaise   -21.229 55.713  2.631   2020    2       10      eff\t0       -999    7.631\t1\n\n"
    )
    table = read_msvolso2l4(path)
    assert table["volcano"].tolist() == ["Etna", "Piton de la Fournaise"]
    assert table["date"].tolist() == ["2020-12-21", "2020-02-10"]
    assert table["mass_kt"].tolist() == [7, 1]
    assert table["observed_height_km"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not the catalogue"),
        ("a b c\n", "not the catalogue"),
        (HEADER + "Etna 1 2 3\n", "other columns"),
        (HEADER + "Etna x 15 3 2020 12 21 exp 2 12 -999 7\n", "no number"),
        (HEADER + "Etna 37 15 3 2020 13 21 exp 2 12 -999 7\n", "no number"),
    ],
)
def test_other_mass_files_are_refused(tmp_path, text, said):
    path = tmp_path / "m.txt"
    path.write_text(text)
    with pytest.raises(ExternalDataError, match=said):
        read_msvolso2l4(path)
    with pytest.raises(ExternalDataError, match="cannot be read"):
        read_msvolso2l4(tmp_path / "absent")


def test_sulphur_is_turned_into_dioxide_and_eruptions_are_marked(tmp_path):
    path = tmp_path / "d.rc"
    path.write_text(DEGASSING)
    table = read_persistent(path)
    assert pytest.approx(1.998, abs=1e-3) == SO2_PER_S
    assert table["emission_kg_h"].tolist() == pytest.approx([3600 * SO2_PER_S, 120 * 3600 * SO2_PER_S])
    assert table["eruptive"].tolist() == [False, True]


@pytest.mark.parametrize("text", ["", "volcano::\n1 2 3 4 5\n", "volcano::\n1 2 3\n::\n", "volcano::\n1 2 x 4 5\n::\n"])
def test_other_degassing_files_are_refused(tmp_path, text):
    path = tmp_path / "d.rc"
    path.write_text(text)
    with pytest.raises(ExternalDataError, match="degassing"):
        read_persistent(path)


@pytest.mark.real
def test_real_catalogues(shared_data):
    folder = shared_data / "so2_catalogues"
    masses = read_msvolso2l4(folder / "MSVOLSO2L4_20260129.txt")
    assert len(masses) == 94
    assert masses.loc[masses["volcano"] == "Taal", "mass_kt"].tolist() == [170]
    etna = masses[(masses["volcano"] == "Etna") & (masses["date"] == "2020-12-21")]
    assert etna["mass_kt"].tolist() == [7]
    tables = [read_persistent(path) for path in sorted(folder.glob("*.rc"))]
    assert len(tables) == 4
    for table in tables:
        assert table["eruptive"].sum() == 1
        assert len(table) == 98
        strongest = table[~table["eruptive"]].nlargest(2, "emission_kg_h")
        assert strongest["latitude"].tolist() == [-16.25, 19.42], "Ambrym and Kilauea"


CATALOGUE = pd.DataFrame(
    {
        "volcano": ["Etna", "Etna", "Ulawun"],
        "longitude": [15.004, 15.004, 151.33],
        "latitude": [37.734, 37.734, -5.05],
        "date": ["2020-12-21", "2020-12-25", "2026-01-01"],
        "type": "exp",
        "vei": [2.0, np.nan, 4.0],
        "mass_kt": [7.0, 2.0, 100.0],
    }
)


def test_masses_take_the_orbit_with_most_and_the_best_day():
    plumes = plumes_of(
        ("2020-12-21T12:00", 1, 15.0, 37.0, 1.5e6),
        ("2020-12-21T12:01", 1, 16.0, 36.5, 0.5e6),
        ("2020-12-21T13:40", 2, 15.0, 37.0, 1.6e6),
        ("2020-12-22T12:00", 3, 15.0, 37.0, 3.5e6),
        ("2020-12-22T12:00", 3, 25.0, 37.0, 90e6),
    )
    seen = SeenPlaces(np.arange("2020-12-01", "2021-01-01", dtype="datetime64[D]"), np.full((31, 2), 60), np.zeros(31))
    seen.percent[24, 1] = 10
    table = eruption_masses(plumes, CATALOGUE, *PERIOD, seen=seen)
    assert table["n_plumes"].tolist() == [3, 0]
    assert table["our_mass_kt"].tolist() == pytest.approx([2.0, 0])
    assert table["ratio"].tolist() == pytest.approx([2 / 7, np.nan], nan_ok=True)
    assert table["ratio_best"].tolist() == pytest.approx([0.5, np.nan], nan_ok=True)
    assert table["observable"].tolist() == [True, False]
    assert table.attrs["n_found"] == 1
    assert len(within_period(CATALOGUE, *PERIOD)) == 2


def test_masses_follow_the_outflow_of_an_eruption_there():
    plumes = plumes_of(("2020-12-21T12:00", 1, 15.0, 37.7, 1e6), ("2020-12-21T12:05", 1, 25.0, 37.7, 3e6))
    eruptions = pd.DataFrame({"eruption_number": pd.array([5], "Int64"), "longitude": [14.99], "latitude": [37.75]})
    linked = pd.DataFrame(
        {"plume_id": ["p0", "p1"], "eruption_number": pd.array([5, 5], "Int64"), "by_event": [True, True]}
    )
    table = eruption_masses(plumes, CATALOGUE, *PERIOD, eruptions, linked)
    assert table["our_mass_kt"].iloc[0] == pytest.approx(4.0)
    assert table["observable"].isna().all()


def test_nothing_to_compare(analysed):
    plumes = plumes_of(("2020-12-21T12:00", 1, 15.0, 37.0, np.nan)).iloc[:0]
    assert eruption_masses(plumes, CATALOGUE, *PERIOD)["n_plumes"].tolist() == [0, 0]
    assert eruption_masses(plumes, CATALOGUE.iloc[:0], *PERIOD).empty


def test_persistent_rates_beside_clusters(analysed):
    catalogue = pd.DataFrame(
        {
            "longitude": [-76.08, 88.74, 0.0, 140.0],
            "latitude": [5.26, 69.65, 0.0, 27.0],
            "emission_kg_h": [20_000.0, 40_000.0, 1000.0, 1e6],
            "eruptive": [False, False, False, True],
        }
    )
    table = persistent_rates(analysed.plumes, analysed.clusters, catalogue, analysed.known)
    assert table["emission_kg_h"].tolist() == [40_000, 20_000, 1000]
    norilsk, ruiz, nowhere = (row for _, row in table.iterrows())
    assert norilsk["cluster"] == "norilsk"
    assert norilsk["ratio"] == pytest.approx(12_252 / 40_000, rel=0.25)
    assert ruiz["cluster"] == "nevado-del-ruiz"
    share = ruiz["our_persistence_percent"] / 100
    assert ruiz["ratio_persistent"] == pytest.approx(ruiz["ratio"] * share)
    assert nowhere["cluster"] == ""
    assert np.isnan(nowhere["ratio"])
    assert table.attrs["n_with_cluster"] == 2
    none = persistent_rates(analysed.plumes, analysed.clusters.iloc[:0], catalogue, analysed.known)
    assert none["ratio"].isna().all()
