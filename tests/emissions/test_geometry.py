"""Geometry columns: any mask, any place, and what a shift of longitude must not change."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Geod
from tests.plume_makers import block, cut, ellipse_mask, geodesic_area_m2, make_swath, metre_grid, only

from so2plumes.emissions.geometry import excess_mass, geometry_columns
from so2plumes.emissions.record import EmissionRule, plume_record
from so2plumes.emissions.wind import chip_wind
from so2plumes.plumes.outline import line_to_geographic
from so2plumes.swath.geometry import equal_area_metres, pixel_areas_m2
from so2plumes.table import plume_frame, read_plumes, write_plumes

GEOD = Geod(ellps="WGS84")
PLACES = {
    "Etna": (15.0, 37.7),
    "Tonga": (179.99, -20.5),
    "Aleutians": (-179.97, 52.0),
    "85 N": (40.0, 85.0),
    "85 N at 180": (180.0, 85.0),
    "North Pole": (-60.0, 89.9),
    "South Pole": (10.0, -89.9),
}
MASKS = {
    "one pixel": ["#"],
    "two pixels": ["##"],
    "six pixels": ["##", "##", "##"],
    "six in a row": ["######"],
    "one pixel wide": ["#"] * 14,
    "diagonal": ["." * i + "#" for i in range(9)],
    "corners only": [".#.#.#", "#.#.#.", ".#.#.#"],
    "concave": ["#####", "#....", "#....", "#....", "#####"],
    "holed": ["#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"],
    "hook": ["########", "#......#", "#......#", ".......#", ".......#", "########"],
    "cross": ["...#...", "...#...", "#######", "...#...", "...#..."],
}


def drawn(grid, lines):
    """Mask in the middle of a grid."""
    mask = np.zeros(grid.shape, bool)
    row, column = (
        size // 2 - half for size, half in zip(grid.shape, (len(lines) // 2, len(lines[0]) // 2), strict=True)
    )
    for i, line in enumerate(lines):
        for j, letter in enumerate(line):
            mask[row + i, column + j] = letter == "#"
    return mask


def columns_of(chip):
    codes: list[str] = []
    return geometry_columns(chip, chip_wind(chip), codes)


def chip_of(place, mask_of, wind=(4.0, 2.0), seed=3, **more):
    grid = metre_grid(longitude=place[0], latitude=place[1], turn_deg=-12.0)
    mask = mask_of(grid)
    column = np.random.default_rng(seed).normal(0.0, 2e-4, grid.shape) + 3e-3 * mask
    return max(cut(make_swath(grid, column, wind=wind, **more), mask), key=lambda chip: chip.mask.sum())


def assert_sound(row, chip):
    """Hold what is true of every plume with an outline."""
    shape, line = row["geometry"], row["centre_line"]
    assert shape.is_valid
    assert line.is_valid
    assert not line.is_empty
    for part in shapely.get_parts(shape):
        assert part.exterior.is_ccw
    for bounds in (shape.bounds, line.bounds):
        assert -180.0 <= bounds[0] <= bounds[2] <= 180.0
        assert -90.0 <= bounds[1] <= bounds[3] <= 90.0
    area = chip["area_m2"][chip.mask].sum() if chip.has_corners else row["moments_major_m"] * row["moments_minor_m"]
    if chip.has_corners:
        assert geodesic_area_m2(shape) == pytest.approx(area, rel=3e-3)
    assert row["moments_major_m"] >= row["moments_minor_m"] > 0.0
    assert row["elongation"] >= 1.0
    assert 0.0 < row["moments_iou"] <= 1.0
    assert 0.0 < row["solidity"] <= 1.0 + 1e-9
    assert row["centre_line_length_m"] > 0.0
    assert row["centre_line_length_m"] < 6e3 * chip.mask.sum() + 7e3
    assert np.isnan(row["length_m"]) or row["length_m"] > 0.0


class TestNothingIsTooOdd:
    @pytest.mark.parametrize("mask", MASKS)
    @pytest.mark.parametrize("place", PLACES)
    def test_every_mask_at_every_place(self, place, mask):
        chip = chip_of(PLACES[place], lambda grid: drawn(grid, MASKS[mask]))
        assert_sound(columns_of(chip), chip)

    @pytest.mark.parametrize("mask", MASKS)
    @pytest.mark.parametrize("wind", [None, (0.0, 0.0), (np.nan, 1.0)])
    def test_without_a_wind_direction(self, wind, mask):
        chip = chip_of(PLACES["Etna"], lambda grid: drawn(grid, MASKS[mask]), wind=wind)
        row = columns_of(chip)
        assert_sound(row, chip)
        assert np.isnan([row["downwind_longitude"], row["downwind_latitude"]]).all()

    @settings(max_examples=25, deadline=None)
    @given(
        seed=st.integers(0, 100_000),
        share=st.floats(0.05, 0.95),
        place=st.sampled_from(sorted(PLACES)),
        corners=st.booleans(),
    )
    @example(seed=750, share=0.6875, place="Etna", corners=True)
    @example(seed=8128, share=0.65625, place="85 N at 180", corners=True)
    def test_random_masks(self, seed, share, place, corners):
        rng = np.random.default_rng(seed)
        chip = chip_of(
            PLACES[place],
            lambda grid: (rng.random(grid.shape) < share) & block(grid, slice(14, 28), slice(12, 30)),
            qa_value=np.where(rng.random((40, 40)) < 0.3, 0, 100),
            corners=corners,
        )
        assert_sound(columns_of(chip), chip)

    @settings(max_examples=15, deadline=None)
    @given(seed=st.integers(0, 100_000), n=st.integers(2, 5))
    def test_several_pieces(self, seed, n):
        """Pieces that no pixel joins, as bridges under clouds make them."""
        rng = np.random.default_rng(seed)
        chip = chip_of(PLACES["Tonga"], lambda grid: block(grid, slice(8, 32), slice(8, 32)))
        mask = np.zeros(chip.shape, bool)
        for row, column in rng.integers(8, 28, (n, 2)):
            mask[row : row + 3, column : column + 2] = chip.mask[row : row + 3, column : column + 2]
        if mask.any():
            chip = replace(chip, fields=chip.fields | {"mask": mask.astype("u1")})
            row = columns_of(chip)
            assert row["geometry"].is_valid
            assert row["centre_line_length_m"] > 0.0

    def test_a_granule_of_one_line_without_corners_has_edges_only(self):
        thin = metre_grid(1, 40)
        chip = only(cut(make_swath(thin, corners=False), block(thin, slice(0, 1), slice(10, 18))))
        codes: list[str] = []
        row = geometry_columns(chip, chip_wind(chip), codes)
        assert codes == ["no_corners"]
        assert (row["geometry"], row["centre_line"], row["outline_swath"]) == (None, None, "")
        assert np.isnan([row["moments_major_m"], row["centre_line_length_m"], row["length_m"]]).all()
        assert (row["edge_swath"], row["edge_granule"]) == (False, True)


MEASURES = (
    "length_m",
    "ellipse_major_m",
    "ellipse_minor_m",
    "ellipse_fit",
    "ellipse_iou",
    "moments_major_m",
    "moments_minor_m",
    "moments_iou",
    "elongation",
    "solidity",
    "centre_line_length_m",
    "edge_invalid",
)


def shifted(chip, by):
    """Turn a chip around the Earth's axis, areas computed anew."""
    fields = dict(chip.fields)
    for name in ("longitude", "longitude_bounds"):
        fields[name] = (fields[name].astype(float) + by + 180.0) % 360.0 - 180.0
    fields["area_m2"] = pixel_areas_m2(fields["longitude_bounds"], fields["latitude_bounds"].astype(float))
    return replace(chip, fields=fields)


class TestAShiftOfLongitude:
    @settings(max_examples=30, deadline=None)
    @given(
        shift=st.floats(-360.0, 360.0),
        latitude=st.sampled_from([-75.0, -20.5, 0.0, 52.0, 69.3, 85.0, 89.8]),
        angle=st.floats(0.0, 180.0),
        bend=st.floats(0.0, 1.0),
    )
    @example(shift=165.0, latitude=52.0, angle=90.0, bend=0.0)
    @example(shift=164.7, latitude=-20.5, angle=60.0, bend=1.0)
    def test_changes_no_measure(self, shift, latitude, angle, bend):
        def mask_of(grid):
            turn = np.radians(angle)
            along = grid.x_m * np.sin(turn) + grid.y_m * np.cos(turn)
            across = grid.x_m * np.cos(turn) - grid.y_m * np.sin(turn) - bend * along**2 / 60e3
            return (np.abs(along) < 48e3) & (np.abs(across) < 11e3)

        still = chip_of((15.0, latitude), mask_of)
        moved = shifted(still, shift)
        first, second = (columns_of(shifted(still, 0.0)), columns_of(moved))
        for name in MEASURES:
            assert second[name] == pytest.approx(first[name], rel=1e-4, nan_ok=True), name
        areas = [chip["area_m2"][chip.mask].sum() for chip in (shifted(still, 0.0), moved)]
        assert areas[1] == pytest.approx(areas[0], rel=1e-9)
        assert geodesic_area_m2(second["geometry"]) == pytest.approx(geodesic_area_m2(first["geometry"]), rel=1e-4)
        step = (second["moments_longitude"] - first["moments_longitude"] - shift + 180.0) % 360.0 - 180.0
        assert step == pytest.approx(0.0, abs=1e-6)

    @pytest.mark.parametrize("place", ["Tonga", "Aleutians", "85 N at 180"])
    def test_across_180_outline_and_line_are_split(self, place):
        chip = chip_of(PLACES[place], lambda grid: ellipse_mask(grid, 110e3, 25e3, 80.0))
        row = columns_of(chip)
        assert_sound(row, chip)
        assert row["crosses_antimeridian"]
        assert row["centre_line"].geom_type == "MultiLineString"
        for part in shapely.get_parts(row["centre_line"]):
            assert np.ptp(shapely.get_coordinates(part)[:, 0]) < 20.0
        assert sum(GEOD.geometry_length(part) for part in shapely.get_parts(row["centre_line"])) == pytest.approx(
            row["centre_line_length_m"], rel=1e-4
        )


class TestTheLineOnTheGround:
    def test_it_is_cut_in_its_order(self):
        line = line_to_geographic(np.array([[-30e3, 0.0], [0.0, 5e3], [40e3, 0.0]]), 179.9, 0.0)
        west, east = line.geometry.geoms
        assert (west.coords[-1][0], east.coords[0][0]) == (180.0, -180.0)
        assert west.coords[-1][1] == east.coords[0][1]
        assert line.length_m == pytest.approx(np.hypot(30e3, 5e3) + np.hypot(40e3, 5e3), rel=1e-4)

    def test_it_may_cross_and_come_back(self):
        line = line_to_geographic(np.array([[-10e3, 0.0], [10e3, 5e3], [-10e3, 10e3]]), 180.0, 0.0)
        assert [part.bounds[0] < 0.0 for part in line.geometry.geoms] == [False, True, False]

    def test_it_may_end_on_the_antimeridian(self):
        line = line_to_geographic(np.array([[-10e3, 0.0], [0.0, 0.0]]), 180.0, 10.0)
        assert shapely.get_coordinates(line.geometry)[:, 0].min() > 0.0 or line.geometry.is_valid
        assert line.length_m == pytest.approx(10e3, rel=1e-4)

    def test_a_band_of_1500_km(self):
        grid = metre_grid(310, 24, longitude=-179.0, latitude=48.0, turn_deg=70.0)
        mask = block(grid, slice(19, 291), slice(8, 16))
        chip = only(cut(make_swath(grid, np.where(mask, 3e-3, 0.0)), mask))
        row = columns_of(chip)
        assert_sound_band(row, chip)
        ends = [
            (grid.longitude_bounds[i, 11, corner], grid.latitude_bounds[i, 11, corner])
            for i, corner in ((19, 1), (290, 2))
        ]
        truth = GEOD.inv(*ends[0], *ends[1])[2]
        assert truth == pytest.approx(1.496e6, rel=0.01)
        assert row["centre_line_length_m"] == pytest.approx(truth, rel=0.01)
        assert row["length_m"] == pytest.approx(truth, rel=0.01)
        assert row["moments_major_m"] == pytest.approx(truth * 2.0 / np.sqrt(3.0), rel=0.01)


def assert_sound_band(row, chip):
    assert row["geometry"].is_valid
    assert row["crosses_antimeridian"]
    assert geodesic_area_m2(row["geometry"]) == pytest.approx(chip["area_m2"][chip.mask].sum(), rel=1e-3)


class TestTheEnds:
    @pytest.mark.parametrize("wind", [(5.0, 0.0), (-5.0, 0.0), (2.0, -4.0), (-1.0, 3.0)])
    def test_the_line_starts_upwind(self, wind):
        chip = chip_of(PLACES["Etna"], lambda grid: ellipse_mask(grid, 110e3, 25e3, 30.0), wind=wind)
        line = columns_of(chip)["centre_line"]
        (x0, x1), (y0, y1) = equal_area_metres(*shapely.get_coordinates(line)[[0, -1]].T, 15.0, 37.7)
        assert (x1 - x0) * wind[0] + (y1 - y0) * wind[1] > 0.0

    def test_without_a_wind_it_starts_at_the_maximum(self):
        grid = metre_grid()
        mask = ellipse_mask(grid, 110e3, 25e3, 90.0)
        for sign in (1.0, -1.0):
            column = np.where(mask, 3e-3 + 1e-8 * sign * grid.x_m, 0.0)
            row = columns_of(only(cut(make_swath(grid, column, wind=None), mask)))
            assert sign * (row["centre_line"].coords[0][0] - row["centre_line"].coords[-1][0]) > 0.5

    def test_the_downwind_end_is_the_upwind_end_of_the_opposite_wind(self):
        mask_of = lambda grid: ellipse_mask(grid, 110e3, 25e3, 70.0)  # noqa: E731
        there, back = (
            plume_record(chip_of(PLACES["Aleutians"], mask_of, wind=wind), EmissionRule())
            for wind in ((4, 1), (-4, -1))
        )
        for one, other in ((there, back), (back, there)):
            ends = (
                one["downwind_longitude"],
                one["downwind_latitude"],
                other["upwind_longitude"],
                other["upwind_latitude"],
            )
            assert GEOD.inv(*ends)[2] < 200.0
        across = (
            there["upwind_longitude"],
            there["upwind_latitude"],
            there["downwind_longitude"],
            there["downwind_latitude"],
        )
        assert GEOD.inv(*across)[2] == pytest.approx(100e3, rel=0.1)


def test_the_weights_are_the_mass_over_the_surroundings():
    grid = metre_grid()
    mask = block(grid, slice(18, 22), slice(18, 22))
    column = np.where(mask, 3e-3, 1e-3)
    column[18, 18] = 5e-4
    qa = np.full(grid.shape, 100)
    qa[19, 19] = 0
    mass = excess_mass(only(cut(make_swath(grid, column, qa_value=qa), mask)))
    assert (mass[0], mass[5]) == (0.0, 0.0)
    assert np.delete(mass, [0, 5]) == pytest.approx(2e-3 * 5500.0 * 3500.0, rel=1e-3)


def test_the_line_is_a_second_geometry_column_of_the_file(tmp_path):
    chips = [chip_of(PLACES[place], lambda grid: ellipse_mask(grid, 110e3, 25e3, 80.0)) for place in ("Etna", "Tonga")]
    rows = [plume_record(chip, EmissionRule()) for chip in chips]
    rows.append(rows[0] | {"centre_line": None, "geometry": None})
    write_plumes(plume_frame(rows), tmp_path / "plumes.parquet")
    for frame in (gpd.read_parquet(tmp_path / "plumes.parquet"), read_plumes(tmp_path / "plumes.parquet")):
        assert frame.active_geometry_name == "geometry"
        assert frame["centre_line"].crs == "EPSG:4326"
        assert [shape and shape.geom_type for shape in frame["centre_line"]] == ["LineString", "MultiLineString", None]
        lengths = [GEOD.geometry_length(line) for line in frame["centre_line"][:2]]
        assert lengths == pytest.approx(list(frame["centre_line_length_m"][:2]), rel=1e-4)
