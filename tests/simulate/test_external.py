"""The stand-ins for the eruption list and the emission inventory."""

from __future__ import annotations

from datetime import date

import netCDF4
import numpy as np
import pandas as pd
import pytest

from so2plumes.simulate.external import (
    ERUPTION_COLUMNS,
    cell_areas_m2,
    edgar_name,
    write_edgar_grid,
    write_eruption_list,
)
from so2plumes.simulate.sources import DEFAULT_SOURCES, is_active


@pytest.fixture(scope="module")
def edgar(tmp_path_factory):
    path = write_edgar_grid(tmp_path_factory.mktemp("edgar"), 2021)
    with netCDF4.Dataset(path) as dataset:
        yield path, {name: np.asarray(dataset[name][:]) for name in ("lat", "lon", "fluxes")}, dataset


def test_eruptions_have_the_columns_of_the_database(tmp_path):
    table = pd.read_csv(write_eruption_list(tmp_path / "list.csv"))
    assert tuple(table.columns) == ERUPTION_COLUMNS
    assert (table["Eruption Category"] == "Confirmed Eruption").all()
    going_on = table[table["End Year Modifier"] == ">"]
    assert list(going_on["Volcano Name"]) == ["Popocatepetl"]
    assert not set(table["Volcano Name"]) & {"Norilsk", "Hebei"}
    assert "Merapi" in set(table["Volcano Name"])


def test_listed_dates_are_those_of_the_emissions(tmp_path):
    table = pd.read_csv(write_eruption_list(tmp_path / "list.csv", as_of=date(2024, 6, 1)))
    by_name = {source.name: source for source in DEFAULT_SOURCES}
    for row in table.to_dict("records"):
        source = by_name.get(row["Volcano Name"])
        start, end = (
            date(*(int(row[f"{edge} {part}"]) for part in ("Year", "Month", "Day"))) for edge in ("Start", "End")
        )
        if source is not None:
            assert is_active(source, start)
            assert is_active(source, end)
            assert (row["Latitude"], row["Longitude"]) == (source.latitude, source.longitude)


@pytest.mark.real
def test_the_columns_are_those_of_the_real_list(shared_data):
    real = next((shared_data / "gvp").glob("GVP_Eruption*_v5.2.8_*.csv"))
    assert tuple(pd.read_csv(real, nrows=1).columns) == ERUPTION_COLUMNS


def test_the_grid_has_the_inventory_layout(edgar):
    path, values, dataset = edgar
    assert path.name == edgar_name(2021) == "v8.1_FT2022_AP_SO2_2021_TOTALS_flx.nc"
    assert path.stat().st_size < 4e6
    fluxes = dataset["fluxes"]
    assert (fluxes.dimensions, fluxes.shape, fluxes.dtype) == (("lat", "lon"), (1800, 3600), np.float32)
    assert fluxes.units == "kg m-2 s-1"
    assert fluxes.global_total.endswith("kt")
    assert values["lat"][[0, -1]] == pytest.approx([-89.95, 89.95])
    assert values["lon"][[0, -1]] == pytest.approx([-179.95, 179.95])


def test_few_cells_hold_most_of_the_emission(edgar):
    _, values, dataset = edgar
    emission = (values["fluxes"].astype(float) * cell_areas_m2()[:, None]).ravel()
    emitting = np.sort(emission[emission > 0])[::-1]
    share = np.cumsum(emitting) / emitting.sum()
    assert share[len(share) // 100] == pytest.approx(0.85, abs=0.04)
    assert 0.45 < share[len(share) // 1000] < 0.65
    total_kt = emitting.sum() * 365.25 * 86400 / 1e6
    assert total_kt == pytest.approx(float(dataset["fluxes"].global_total[:-2]), rel=1e-3)


def test_plants_are_in_their_cells(edgar):
    _, values, _ = edgar
    for source in DEFAULT_SOURCES:
        if source.kind == "anthropogenic":
            row = int(np.argmin(np.abs(values["lat"] - (source.latitude + 1e-6))))
            column = int(np.argmin(np.abs(values["lon"] - (source.longitude + 1e-6))))
            rate = values["fluxes"][row, column] * cell_areas_m2()[row]
            assert rate >= 0.99 * source.emission_kg_s[0]


def test_cells_cover_the_sphere():
    assert cell_areas_m2().sum() * 3600 == pytest.approx(5.1007e14, rel=1e-3)
