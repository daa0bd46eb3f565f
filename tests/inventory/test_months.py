"""Plumes on cells: overlap keeps the mass, months and methods agree with sums, histograms and arithmetic."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.made_campaign import make_campaign, make_cells, make_edgar
from tests.plume_makers import block, cut, make_swath, metre_grid, only

from so2plumes.constants import SO2_KG_PER_MOL
from so2plumes.inventory.arithmetic import cell_area_m2, flux_arithmetic, share_above_rate
from so2plumes.inventory.compare import cumulative_share
from so2plumes.inventory.months import centre_cells, edgar_months, flux_histogram, grid_latitude, monthly_cells
from so2plumes.inventory.overlap import cell_shares, pixel_points, plume_cells
from so2plumes.inventory.product import curve_table, edgar_product


def box_corners(west, south, east, north):
    return np.array([[west, east, east, west]]), np.array([[south, south, north, north]])


def test_a_pixel_is_shared_by_the_area_that_it_covers():
    shares = cell_shares(*box_corners(10.025, 40.05, 10.125, 40.15), np.ones(1))
    table = shares.set_index(["row", "column"])["share"]
    assert table.sum() == pytest.approx(1)
    assert table.to_dict() == pytest.approx(
        {(1300, 1900): 0.375, (1300, 1901): 0.125, (1301, 1900): 0.375, (1301, 1901): 0.125}, abs=0.09
    )


def test_a_pixel_across_180_stays_small():
    lon, lat = box_corners(179.96, 0.0, -179.96, 0.08)
    shares = cell_shares(lon, lat, np.ones(1))
    assert set(shares["column"]) == {3599, 0}
    assert shares["share"].tolist() == pytest.approx([0.5, 0.5])
    points = pixel_points(lon, lat)[0]
    assert (np.abs(points) > 179.9).all()


@given(lon=st.floats(-180, 180), lat=st.floats(-80, 80), turn=st.floats(0, 90), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_shares_sum_to_one_and_keep_the_centre(lon, lat, turn, seed):
    grid = metre_grid(6, 6, longitude=lon, latitude=lat, turn_deg=turn)
    weight = np.random.default_rng(seed).random(36)
    shares = cell_shares(grid.longitude_bounds.reshape(-1, 4), grid.latitude_bounds.reshape(-1, 4), weight)
    assert shares["share"].sum() == pytest.approx(1)
    assert (shares["share"] > 0).all()
    centre = grid_latitude()[shares["row"]] @ shares["share"]
    assert centre == pytest.approx((grid.latitude.ravel() * weight).sum() / weight.sum(), abs=0.03)


def test_cells_of_a_plume_follow_its_mass():
    grid = metre_grid(40, 40)
    mask = block(grid, slice(10, 30), slice(10, 30))
    column = np.where(mask, 1e-3, 0.0)
    column[10:30, 20:30] = 3e-3
    chip = only(cut(make_swath(grid, column), mask))
    cells = plume_cells([chip], {chip.plume_id: 0.0})
    assert cells["share"].sum() == pytest.approx(1)
    weighted = grid.longitude[mask].astype(float) @ column[mask] / column[mask].sum()
    centre = (cells["column"] + 0.5) / 10 - 180
    assert centre @ cells["share"] == pytest.approx(weighted, abs=0.01)
    assert abs(weighted - grid.longitude[mask].mean()) > 0.09
    assert plume_cells([chip], {}).empty
    level = plume_cells([chip], {chip.plume_id: 1.0})
    assert level["share"].sum() == pytest.approx(1), "without an enhancement the areas count"
    assert plume_cells([only(cut(make_swath(grid, column, corners=False), mask))], {chip.plume_id: 0.0}).empty


PLUMES = pd.DataFrame(
    {
        "plume_id": ["a", "b", "c", "d"],
        "time": pd.to_datetime(
            ["2021-03-01", "2021-03-02", "2021-03-02T10:00", "2022-04-01"], utc=True, format="ISO8601"
        ),
        "max_longitude": [15.0, 15.05, 15.05, -180.0],
        "max_latitude": [37.7, 37.75, 37.75, 0.0],
        "upwind_longitude": 0.0,
        "upwind_latitude": 0.0,
        "emission_kg_h": [100.0, 200.0, 600.0, np.nan],
    }
)
CELLS = pd.DataFrame(
    {"plume_id": ["a", "a", "b", "c", "d"], "row": [1277, 1276, 1277, 1277, 900], "column": [1950, 1950, 1950, 1950, 0],
     "share": [0.25, 0.75, 1.0, 1.0, 1.0]}
)  # fmt: skip


def test_sums_means_and_days_of_a_cell():
    table = monthly_cells(PLUMES, CELLS, "overlap").set_index("row")
    assert table["emission_sum_kg_h"].to_dict() == {1276: 75, 1277: 825}
    assert table["n_plumes"].to_dict() == {1276: 1, 1277: 3}
    assert table["n_days"].to_dict() == {1276: 1, 1277: 2}
    assert table.loc[1277, "emission_kg_h"] == 275
    flux = 275 / 3600 / cell_area_m2(37.75)
    assert table.loc[1277, "plume_flux_kg_m2_s"] == pytest.approx(flux, rel=1e-6)
    assert table.loc[1277, "plume_flux_month_kg_m2_s"] == pytest.approx(flux * 2 / 31, rel=1e-6)
    assert table.loc[1277, ["year", "month", "longitude", "latitude"]].tolist() == pytest.approx(
        [2021, 3, 15.05, 37.75]
    )


def test_centres_on_edges_belong_to_the_cell_that_begins_there():
    cells = centre_cells(PLUMES)
    assert cells["row"].tolist() == [1277, 1277, 1277, 900]
    assert cells["column"].tolist() == [1950, 1950, 1950, 0]
    assert monthly_cells(PLUMES.iloc[:0], cells, "centre").empty


def test_no_rate_is_lost_and_every_year_has_its_inventory():
    made = make_campaign(3000)
    years = []

    def grid_of_year(year):
        years.append(year)
        return make_edgar(min(year, 2022), monthly=year % 2 == 0, factor=5)

    months = edgar_months(made.plumes, make_cells(made.plumes), grid_of_year)
    total = made.plumes["emission_kg_h"].sum()
    assert months.groupby("method")["emission_sum_kg_h"].sum().to_numpy() == pytest.approx(total)
    assert months.attrs["overlap_share_of_rate"] == pytest.approx(1)
    assert years == [2019, 2020, 2021, 2022, 2023, 2024]
    assert months.attrs["used_years"]["2024"] == 2022
    assert (months.loc[months["year"] >= 2022, "edgar_year"] == 2022).all()
    assert months.attrs["centre_median_ratio"] > 1e3
    grid = make_edgar(2020, factor=5)
    row = months[months["year"] == 2020].iloc[7]
    at = np.abs(grid.latitude - row["latitude"]).argmin(), np.abs(grid.longitude - row["longitude"]).argmin()
    assert row["edgar_flux_kg_m2_s"] == pytest.approx(grid.flux_kg_m2_s[int(row["month"]) - 1][at])
    histogram = flux_histogram(months, grid)
    counts = histogram.groupby("quantity")["n_cells"].sum()
    outside = histogram.attrs["n_outside"]
    assert counts["plumes_overlap"] + outside["plumes_overlap"] == (months["method"] == "overlap").sum()
    assert counts["edgar_all_cells"] + outside["edgar_all_cells"] == grid.flux_kg_m2_s[0].size
    assert edgar_months(made.plumes.iloc[:0], None, grid_of_year).empty
    assert set(edgar_months(made.plumes, None, grid_of_year)["method"]) == {"centre"}


def test_arithmetic_of_the_papers_fluxes():
    table = flux_arithmetic(1000.0).set_index("what")
    flux = table["flux_kg_m2_s"]
    assert flux.iloc[0] == pytest.approx(1.18e-9, rel=5e-3), "524 kg/h over an equatorial cell"
    assert flux.iloc[1] == pytest.approx(3.33e-9, rel=1e-2), "the same at 69.3 N"
    assert flux.iloc[3] == pytest.approx(3.81e-9, rel=1e-3), "266 kg/h over one pixel is what FP-pre prints"
    assert table["emission_kg_h"].iloc[5] == pytest.approx(2137, rel=0.01)
    assert table["paper_by_ours"].iloc[4] == pytest.approx(6.4, abs=0.1)
    assert flux.iloc[-1] == pytest.approx(1000 / 524 * flux.iloc[0])
    assert len(flux_arithmetic()) == len(table) - 1
    assert SO2_KG_PER_MOL == 0.064066


def test_cells_above_a_rate_are_judged_by_their_own_area():
    grid = make_edgar(monthly=False, factor=10)
    mass = grid.flux_kg_m2_s[0].astype(float) * grid.cell_area_m2[:, None] * 3600
    limit = float(np.quantile(mass, 0.99))
    cells, emission = share_above_rate(grid, limit)
    assert cells == pytest.approx(0.01, rel=0.01)
    assert emission == pytest.approx(
        np.sort(mass.ravel())[::-1][: round(0.01 * mass.size)].sum() / mass.sum(), rel=0.01
    )
    assert share_above_rate(grid, 1e30) == (0.0, 0.0)


def test_tables_of_a_year(tmp_path):
    made = make_campaign(2000)
    grid = make_edgar(monthly=True, factor=5)
    table = edgar_product(made.plumes, grid, 2024)
    top = table[table["is_top"]]
    assert table.attrs["n_top_cells"] == len(top) == round(0.001 * 360 * 720)
    assert table.attrs["share_top_with_plume"] == pytest.approx(top["has_plume"].mean())
    assert (top["has_plume"] == (top["nearest_plume_km"] <= 200)).all()
    assert 0 < table.attrs["share_cells_above_limit"] < 1
    assert table.attrs["used_year"] == 2022
    curve = curve_table(cumulative_share(grid.yearly()), grid.year)
    assert curve["emission_share"].iloc[-1] == pytest.approx(1)
    assert curve.attrs["top1_percent_share"] == table.attrs["top1_percent_share"]
    assert edgar_product(made.plumes.iloc[:0], grid, 2024)["is_top"].all()
