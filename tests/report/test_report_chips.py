"""Single plumes on the ground and as pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tests.report.made import make_chip

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.emissions.record import EmissionRule, plume_record
from so2plumes.figures.chip_geometry import centre_line, chip_geometry, main_axis
from so2plumes.figures.chips import column_du, enhancement_kg, mean_wind, quicklook


def without(chip, *names):
    return replace(chip, fields={k: v for k, v in chip.fields.items() if k not in names})


def test_quads_have_the_area_of_the_pixels(plume):
    geometry = chip_geometry(plume.chip)
    x, y = np.moveaxis(geometry.quads(geometry.mask), -1, 0)
    area = 0.5 * np.abs(np.sum(x * np.roll(y, -1, 1) - np.roll(x, -1, 1) * y, axis=1))
    assert area.sum() == pytest.approx(plume.chip["area_m2"][plume.chip.mask].sum() / 1e6, rel=1e-3)


def test_outline_runs_along_pixel_edges(plume):
    geometry = chip_geometry(plume.chip)
    mask = np.pad(plume.chip.mask, 1).astype(int)
    along = np.abs(np.diff(mask, axis=0)).sum()
    across = np.abs(np.diff(mask, axis=1)).sum()
    segments = geometry.outline_segments()
    assert len(segments) == along + across
    length = np.hypot(*np.diff(segments, axis=1)[:, 0].T).sum()
    assert length == pytest.approx(7.0 * along + 5.5 * across, rel=2e-3)


def test_longitude_180_changes_nothing(plume, crossing):
    here, there = chip_geometry(plume.chip), chip_geometry(crossing.chip)
    assert np.ptp(crossing.chip["longitude"]) > 300
    assert np.abs(here.x_km - there.x_km).max() < 0.3
    assert np.abs(here.y_km - there.y_km).max() < 0.3


def test_corners_are_guessed_from_centres(plume):
    guessed = chip_geometry(without(plume.chip, "longitude_bounds", "latitude_bounds"), 15.0, 37.7)
    known = chip_geometry(plume.chip, 15.0, 37.7)
    assert np.abs(guessed.x_km - known.x_km).max() < 0.1


def test_pixels_without_corners_are_left_out(plume):
    fields = dict(plume.chip.fields)
    fields["longitude_bounds"] = fields["longitude_bounds"].copy()
    fields["longitude_bounds"][:4, :4] = np.nan
    geometry = chip_geometry(replace(plume.chip, fields=fields))
    assert not geometry.drawable[:3, :3].any()
    assert geometry.drawable[5:, 5:].all()


@pytest.mark.parametrize("toward", [10.0, 120.0, 200.0])
def test_axis_points_along_the_plume(toward):
    made = make_chip("p", toward_deg=toward)
    geometry = chip_geometry(made.chip, made.row["ellipse_longitude"], made.row["ellipse_latitude"])
    axis = main_axis(geometry, made.row)
    east, north = axis.full[1] - axis.full[0]
    assert np.degrees(np.arctan2(east, north)) % 180 == pytest.approx(toward % 180, abs=1e-6)
    assert np.hypot(east, north) == pytest.approx(1.12 * 120)
    assert np.hypot(*(axis.trimmed[1] - axis.trimmed[0])) == pytest.approx(120, abs=6)


def test_drawn_length_is_the_measured_one(plume, crossing):
    for chip in (plume.chip, crossing.chip):
        row = plume_record(chip, EmissionRule())
        geometry = chip_geometry(chip, row["ellipse_longitude"], row["ellipse_latitude"])
        axis = main_axis(geometry, row)
        drawn = np.hypot(*(axis.trimmed[1] - axis.trimmed[0]))
        assert drawn == pytest.approx(row["length_m"] / 1e3, rel=5e-3)


def test_the_centre_line_is_drawn_at_its_length(plume, crossing):
    for chip in (plume.chip, crossing.chip):
        row = plume_record(chip, EmissionRule())
        geometry = chip_geometry(chip, row["ellipse_longitude"], row["ellipse_latitude"])
        line = centre_line(geometry, row)
        assert np.hypot(*np.diff(line, axis=0).T).sum() == pytest.approx(row["centre_line_length_m"] / 1e3, rel=5e-3)
        east, north = line[-1] - line[0]
        assert np.degrees(np.arctan2(east, north)) == pytest.approx(120, abs=10)
        assert centre_line(geometry, row | {"centre_line": None}) is None


def test_axis_off_the_plume_keeps_the_length(plume):
    row = plume.row | {"ellipse_longitude": 18.0, "length_m": 80_000.0}
    axis = main_axis(chip_geometry(plume.chip, 18.0, row["ellipse_latitude"]), row)
    assert np.hypot(*(axis.trimmed[1] - axis.trimmed[0])) == pytest.approx(80)


def test_no_ellipse_no_axis(plume):
    geometry = chip_geometry(plume.chip)
    assert main_axis(geometry, plume.row | {"ellipse_major_m": np.nan}) is None
    assert main_axis(geometry, plume.row | {"length_m": np.nan}).trimmed is None


def test_enhancement_sums_to_the_mass(plume):
    mass = enhancement_kg(plume.chip, plume.row["background_mol_m2"])
    assert np.nansum(mass[plume.chip.mask]) == pytest.approx(plume.row["mass_kg"], rel=1e-4)
    assert np.isnan(mass[~plume.chip.usable]).all()
    assert enhancement_kg(without(plume.chip, "area_m2"), 0.0) is None


def test_column_is_in_dobson_units(plume):
    du = column_du(plume.chip)
    assert np.nanmax(du) == pytest.approx(plume.chip["vertical_column"][plume.chip.usable].max() / MOL_M2_PER_DU)
    assert np.isnan(du[~plume.chip.usable]).all()


def test_mean_wind(plume):
    east, north = mean_wind(plume.chip)
    assert np.degrees(np.arctan2(east, north)) == pytest.approx(120, abs=0.5)
    assert mean_wind(without(plume.chip, "eastward_wind")) is None


@pytest.mark.parametrize("missing", [(), ("eastward_wind", "northward_wind"), ("area_m2",), ("longitude_bounds",)])
def test_quicklook_is_drawn_whatever_is_missing(plume, tmp_path, missing):
    row = plume.row if not missing else plume.row | {"emission_kg_h": np.nan}
    quicklook(without(plume.chip, *missing), row, tmp_path / "one.png")
    with Image.open(tmp_path / "one.png") as image:
        assert image.width > 2 * image.height
        assert not image.info.get("Software")


def test_quicklook_of_a_plume_without_ellipse_or_usable_pixels(plume, tmp_path):
    fields = plume.chip.fields | {"usable": np.zeros_like(plume.chip["usable"])}
    names = ("ellipse_longitude", "ellipse_latitude", "ellipse_major_m", "length_m", "background_mol_m2")
    row = plume.row | dict.fromkeys(names, np.nan)
    quicklook(replace(plume.chip, fields=fields), row, tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 1000
