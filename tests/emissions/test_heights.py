"""A known height decides which column counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plume_makers import block, cut, make_swath, metre_grid, only

from so2plumes.emissions.heights import column_at
from so2plumes.emissions.known import KnownPlaces
from so2plumes.emissions.record import EmissionRule, Surroundings, plume_record

MASK = slice(28, 33), slice(20, 40)
PEAK, LEVEL = 4e-2, 1e-3
RETRIEVED = "layer_height"
SHARES = {"1km": 1.0, "7km": 1 / 3, "15km": 1 / 4}


@dataclass(frozen=True)
class Vectors:
    eastward_m_s: np.ndarray
    northward_m_s: np.ndarray


@dataclass(frozen=True)
class Steady:
    """West wind of 6 m/s at every height."""

    def has(self, *names):
        return True

    def at(self, longitude, latitude, time, *, height_m=None):
        return Vectors(np.full(np.shape(longitude), 6.0), np.zeros(np.shape(longitude)))

    def boundary_layer_mean(self, longitude, latitude, time):
        return self.at(longitude, latitude, time)


@pytest.fixture(scope="module")
def grid():
    return metre_grid(60, 60)


def record(grid, rule=None, known=None, boxes=SHARES, **more):
    column = np.where(block(grid, *MASK), PEAK, LEVEL).astype("f4")
    fields = {f"vertical_column_{name}": (share * column).astype("f4") for name, share in boxes.items()}
    fields["vertical_column_precision"] = np.full(grid.shape, 4e-4, "f4")
    chip = only(cut(make_swath(grid, column, **fields, **more), block(grid, *MASK)))
    return plume_record(chip, rule or EmissionRule(), Surroundings(winds=Steady(), known=known))


def layer(grid, height_m, quality=None):
    fields = {"layer_height": np.full(grid.shape, height_m, "f4")}
    return fields if quality is None else {**fields, "layer_height_qa": np.full(grid.shape, quality, "u1")}


class TestTheColumn:
    @pytest.mark.parametrize(
        ("height_m", "share"),
        [(500.0, 1.0), (1e3, 1.0), (4e3, 3**-0.5), (7e3, 1 / 3), (11e3, 12**-0.5), (15e3, 0.25), (20e3, 0.25)],
    )
    def test_its_logarithm_is_linear_between_the_layers_and_held_beyond(self, height_m, share):
        columns = np.array([[2.0, -2.0], [2 / 3, -2 / 3], [0.5, -0.5]])
        assert column_at(columns, height_m) == pytest.approx(np.array([2.0, -2.0]) * share)

    @settings(max_examples=50, deadline=None)
    @given(height_m=st.floats(0.0, 20e3), slant=st.lists(st.floats(-1.0, 1.0), min_size=2, max_size=2))
    def test_it_is_linear_in_the_slant_column(self, height_m, slant):
        """So noise stays without bias."""
        factors = np.array([3.0, 1.0, 0.75])
        first, second = (column_at(factors * value, height_m) for value in slant)
        assert column_at(factors * sum(slant), height_m) == pytest.approx(first + second, abs=1e-12)

    def test_between_signs_it_is_linear(self):
        assert column_at(np.array([1.0, -1.0, 0.0]), 4e3) == pytest.approx(0.0)


class TestTheRow:
    @pytest.mark.parametrize(
        ("height_m", "share", "used_m"), [(12e3, 1 / 3 * 0.75**0.625, 12e3), (7e3, 1 / 3, 7e3), (300.0, 1.0, 1e3)]
    )
    def test_mass_background_and_rate_follow_the_height(self, grid, height_m, share, used_m):
        low, row = record(grid), record(grid, **layer(grid, height_m))
        assert row["wind_rung"] == "layer_height"
        assert row["column_height_m"] == pytest.approx(used_m)
        for name in ("mass_kg", "emission_kg_h", "emission_csf_kg_h", "emission_paper_kg_h", "background_mol_m2"):
            assert row[name] == pytest.approx(share * low[name], rel=1e-4), name
        assert row["max_vcd_mol_m2"] == low["max_vcd_mol_m2"]
        assert row["sigma_ln_noise"] == pytest.approx(low["sigma_ln_noise"], rel=1e-3), "the precision goes along"

    def test_a_known_height_has_the_small_error_only_with_its_column(self, grid):
        assert record(grid)["sigma_ln_height"] == pytest.approx(0.5 * np.log(4.0), rel=1e-3)
        assert record(grid, **layer(grid, 12e3))["sigma_ln_height"] == 0.3
        without = record(grid, boxes={"1km": 1.0, "7km": 1 / 3}, **layer(grid, 12e3))
        assert np.isnan(without["column_height_m"])
        assert without["sigma_ln_height"] == pytest.approx(0.5 * np.log(3.0), rel=1e-3)

    def test_above_a_summit_the_column_is_that_of_its_height_but_its_error_stays(self, grid):
        known = KnownPlaces(np.array([15.0]), np.array([37.7]), np.array([3500.0]))
        row = record(grid, known=known)
        assert row["wind_rung"] == "summit"
        assert row["column_height_m"] == pytest.approx(4000.0)
        assert row["mass_kg"] == pytest.approx(3**-0.5 * record(grid)["mass_kg"], rel=1e-4)
        assert row["sigma_ln_height"] == pytest.approx(0.5 * np.log(4.0), rel=1e-3)

    def test_without_a_height_and_with_the_paper_the_main_column_counts(self, grid):
        paper = EmissionRule(estimator="paper", wind=("10m",), wind_statistic="median")
        for row in (record(grid), record(grid, rule=paper, **layer(grid, 12e3))):
            assert np.isnan(row["column_height_m"])
            assert row["background_mol_m2"] == pytest.approx(LEVEL)

    @pytest.mark.parametrize(("quality", "rung"), [(None, RETRIEVED), (51, RETRIEVED), (50, "boundary_layer")])
    def test_a_height_needs_a_quality_above_a_half_where_one_is_stated(self, grid, quality, rung):
        assert record(grid, **layer(grid, 12e3, quality))["wind_rung"] == rung

    def test_a_plume_with_a_pixel_without_a_layer_keeps_its_main_column(self, grid):
        column = np.where(block(grid, *MASK), PEAK, LEVEL).astype("f4")
        hole = column.copy()
        hole[30, 30] = np.nan
        fields = {"vertical_column_1km": column, "vertical_column_7km": hole, "vertical_column_15km": column}
        chip = only(cut(make_swath(grid, column, **fields, **layer(grid, 12e3)), block(grid, *MASK)))
        assert np.isnan(plume_record(chip, EmissionRule(), Surroundings(winds=Steady()))["column_height_m"])
