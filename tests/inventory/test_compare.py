import tracemalloc

import numpy as np
import pandas as pd
import pytest
from tests.inventory.edgar_files import centres

from so2plumes.inventory import compare as room
from so2plumes.inventory.edgar import EdgarGrid
from so2plumes.inventory.grid import cell_areas_m2
from so2plumes.inventory.gridding import GRIDDED_DTYPES, flux_over_area, grid_plumes


def grid_of(values, year=2022):
    values = np.atleast_3d(np.asarray(values, dtype=np.float32).T).T
    lat, lon = centres(values.shape[1], 180, -90), centres(values.shape[2], 360, -180)
    return EdgarGrid(values, lon, lat, year, cell_areas_m2(lat, lon))


def plumes_at(*rows):
    names = ["time", "max_longitude", "max_latitude", "emission_kg_h"]
    table = pd.DataFrame(rows, columns=names).astype({"emission_kg_h": float})
    table["time"] = pd.to_datetime(table["time"], format="ISO8601", utc=True)
    table["plume_id"] = [f"p{i}" for i in range(len(table))]
    return table.assign(upwind_longitude=table["max_longitude"] - 10, upwind_latitude=table["max_latitude"])


def test_arithmetic_of_the_detection_limit():
    assert room.detection_limit_flux(524) == pytest.approx(1.18e-9, rel=5e-3)
    assert flux_over_area(266, 19.4e6) == pytest.approx(3.81e-9, rel=1e-3)
    assert 4.8e-9 / room.detection_limit_flux(1.0) == pytest.approx(2137, rel=0.01)
    limits = room.detection_limit_flux(524, [0, 60])
    assert limits[1] / limits[0] == pytest.approx(1.980, abs=1e-3)


def test_share_of_equal_cells_is_their_number():
    area = cell_areas_m2(centres(180, 180, -90), centres(360, 360, -180))
    share = room.cumulative_share(grid_of(1e-9 * area.min() / area[:, None] * np.ones((180, 360))))
    np.testing.assert_allclose(share.emission_share[1:], share.cell_share[1:], atol=1e-4)
    assert share.top_1_percent == pytest.approx(0.01, rel=1e-6)
    assert (share.n_cells, share.n_emitting) == (64_800, 64_800)


def test_share_of_one_cell_and_of_none():
    values = np.zeros((180, 360))
    values[90, 100] = 1e-9
    one = room.cumulative_share(grid_of(values))
    assert (one.top_01_percent, one.n_emitting) == (1.0, 1)
    assert one.emission_share[0] == 0
    assert (np.diff(one.emission_share) >= 0).all()
    none = room.cumulative_share(grid_of(np.zeros((180, 360))))
    assert (none.top_1_percent, none.n_emitting) == (0.0, 0)


def test_share_follows_the_mass_not_the_flux():
    values = np.zeros((180, 360))
    values[90, :36], values[0, :36] = 1e-9, 2e-9
    grid = grid_of(values)
    share = room.cumulative_share(grid)
    polar = 2 * grid.cell_area_m2[0] / (2 * grid.cell_area_m2[0] + grid.cell_area_m2[90])
    assert np.interp(36 / 64_800, share.cell_share, share.emission_share) == pytest.approx(polar, rel=0.05)
    assert room.share_of_cells_below(grid, 1.5e-9) == pytest.approx(1 - 36 / 64_800)


def test_rates_become_fluxes_on_their_cell_and_month():
    grid = grid_of(np.ones((1800, 3600)))
    table = grid_plumes(
        plumes_at(
            ("2022-02-03T10:00", 15.01, 0.02, 1000.0),
            ("2022-02-03T11:00", 15.09, 0.08, 3000.0),
            ("2022-02-20T11:00", 15.05, 0.05, 500.0),
            ("2022-03-20T11:00", 15.05, 0.05, 500.0),
            ("2022-02-20T11:00", 15.05, 0.05, np.nan),
            ("2022-02-20T11:00", np.nan, np.nan, 7.0),
        ),
        grid,
    )
    assert list(table.columns) == list(GRIDDED_DTYPES)
    assert table["n_plumes"].tolist() == [3, 1]
    assert table["n_days"].tolist() == [2, 1]
    february = table.iloc[0]
    assert (february["longitude"], february["latitude"]) == pytest.approx((15.05, 0.05))
    assert february["emission_kg_h"] == 1500
    assert february["plume_flux_kg_m2_s"] == pytest.approx(room.detection_limit_flux(1500, 0.05), rel=1e-6)
    assert february["plume_flux_month_kg_m2_s"] == pytest.approx(february["plume_flux_kg_m2_s"] * 2 / 28)


@pytest.mark.parametrize("longitude", [180.0, -180.0, 179.99, -179.99, 181.0])
def test_antimeridian_has_a_cell(longitude):
    table = grid_plumes(plumes_at(("2022-02-03", longitude, 10.0, 1.0)), grid_of(np.ones((18, 36))))
    assert abs(table["longitude"].iloc[0]) == pytest.approx(175)
    thinned = grid_of(np.ones((35, 71)))
    shifted = EdgarGrid(
        thinned.flux_kg_m2_s,
        np.linspace(-180, 174.84, 71),
        thinned.latitude,
        2015,
        thinned.cell_area_m2,
    )
    assert len(grid_plumes(plumes_at(("2022-02-03", longitude, 10.0, 1.0)), shifted)) == 1


def test_mass_is_kept():
    rng = np.random.default_rng(0)
    rows = [("2022-05-05", x, y, e) for x, y, e in rng.uniform([-180, -90, 1], [180, 90, 1e4], (200, 3))]
    grid = grid_of(np.ones((180, 360)))
    table = grid_plumes(plumes_at(*rows), grid)
    rate = table["plume_flux_kg_m2_s"] * grid.cell_area_m2[table["row"]] * 3600 * table["n_plumes"]
    assert rate.sum() == pytest.approx(sum(row[3] for row in rows), rel=1e-9)


@pytest.fixture
def small():
    """Grid of 10 degrees with three cells that stand out."""
    values = np.full((18, 36), 1e-12)
    values[9, 18], values[9, 35], values[2, 3] = 3e-9, 2e-9, 1e-9
    return grid_of(values)


def test_top_cells_and_the_plumes_near_them(small):
    plumes = plumes_at(("2022-01-05", 5.5, 5.5, 1e6), ("2022-01-05", -179.5, 5.0, np.nan))
    result = room.compare(plumes, small, top_share=3 / 648, radius_km=700)
    assert (result.n_top_cells, result.n_top_with_plume) == (3, 2)
    assert result.share_with_plume == pytest.approx(2 / 3)
    assert result.threshold_flux_kg_m2_s == pytest.approx(1e-9, rel=1e-6)
    top = result.top_cells
    assert top["flux_kg_m2_s"].tolist() == pytest.approx([3e-9, 2e-9, 1e-9], rel=1e-6)
    assert top["has_plume"].tolist() == [True, True, False]
    assert top["nearest_plume_km"].iloc[1] == pytest.approx(5.5 * 111.195 * np.cos(np.radians(5)), rel=1e-3)
    assert (result.edgar_year, result.plume_years) == (2022, (2022,))


def test_matched_cells_and_their_ratio(small):
    flux = float(flux_over_area(1e6, small.cell_area_m2[9]))
    result = room.compare(plumes_at(("2023-01-05", 5, 5, 1e6), ("2024-02-05", 5, 5, 3e6)), small, top_share=3 / 648)
    assert len(result.matched_cells) == 2
    assert result.median_ratio == pytest.approx(2 * flux / 3e-9, rel=1e-5)
    assert result.plume_years == (2023, 2024)


def test_monthly_inventory_is_compared_with_its_month():
    values = np.arange(1, 13)[:, None, None] * np.full((12, 18, 36), 1e-12)
    result = room.compare(plumes_at(("2022-04-05", 5, 5, 1.0)), grid_of(values))
    assert result.matched_cells["edgar_flux_kg_m2_s"].tolist() == pytest.approx([4e-12], rel=1e-6)


def test_cells_without_inventory_have_no_ratio():
    result = room.compare(plumes_at(("2022-04-05", 5, 5, 1.0)), grid_of(np.zeros((18, 36))))
    assert np.isnan(result.median_ratio)
    assert np.isnan(result.share_with_plume)
    assert (result.n_top_cells, len(result.matched_cells)) == (0, 1)


@pytest.mark.parametrize("plumes", [plumes_at(("2022-04-05", 5, 5, 1.0)).iloc[:0], pd.DataFrame()])
def test_no_plumes(small, plumes, tmp_path):
    result = room.compare(plumes, small, top_share=3 / 648)
    assert result.share_with_plume == 0
    assert result.top_cells["nearest_plume_km"].isna().all()
    assert result.plume_years == ()
    assert result.matched_cells["ratio"].dtype == float
    result.matched_cells.to_parquet(tmp_path / "matched.parquet")


def test_upwind_place(small):
    plumes = plumes_at(("2022-04-05", 25, 5, 1.0))
    assert grid_plumes(plumes, small, "centre")["longitude"].tolist() == [25]
    assert grid_plumes(plumes, small, "upwind")["longitude"].tolist() == [15]
    with pytest.raises(ValueError, match="centre or upwind"):
        grid_plumes(plumes, small, "max")
    with pytest.raises(ValueError, match="top_share is 0"):
        room.compare(plumes, small, top_share=0)


def test_emission_around_places():
    values = np.zeros((180, 360))
    values[90, 195], values[90, 196], values[90, 0], values[179, :] = 1e-9, 1e-9, 1e-9, 1e-12
    grid = grid_of(values)
    cell = 3600e-9 * grid.cell_area_m2[90]
    found = room.emission_within([15.5, 179.9, 16.0, 50.0], [0.5, 0.5, 0.5, 0.5], grid, radius_km=70)
    assert found == pytest.approx([cell, cell, 2 * cell, 0.0], rel=1e-5)
    pole = room.emission_within(0.0, 90.0, grid, 200)
    assert pole == pytest.approx([360 * 3600e-12 * grid.cell_area_m2[179]], rel=1e-5)


def test_full_size_takes_seconds_and_little_memory():
    rng = np.random.default_rng(0)
    values = np.zeros((1800, 3600), dtype=np.float32)
    values[700:1600] = rng.lognormal(-27, 2.5, (900, 3600))
    grid = grid_of(values)
    n = 54_000
    plumes = pd.DataFrame(
        {
            "time": np.datetime64("2022-01-01", "ms") + rng.integers(0, 365 * 86_400_000, n),
            "max_longitude": rng.uniform(-180, 180, n),
            "max_latitude": rng.uniform(-60, 70, n),
            "emission_kg_h": rng.lognormal(9.6, 1, n),
        }
    )
    tracemalloc.start()
    share = room.cumulative_share(grid)
    result = room.compare(plumes, grid)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e9
    assert result.n_top_cells == 6480
    assert share.top_1_percent > share.top_01_percent > 0.01
    assert len(result.matched_cells) > 50_000
