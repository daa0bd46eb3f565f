import logging
import zipfile
from calendar import isleap

import numpy as np
import pytest
from tests.inventory.edgar_files import centres, write_edgar

from so2plumes.errors import ExternalDataError
from so2plumes.inventory.edgar import find_edgar, read_edgar
from so2plumes.inventory.grid import cell_areas_m2

PLACES = [(10, 53), (113, 37), (77, 26), (-82, 37), (-159, -32), (-31, -26)]
"""Germany, China, India, Kentucky; South Pacific, South Atlantic."""
NAME = "v8.1_FT2022_AP_SO2_{}_TOTALS_flx.nc"


@pytest.fixture
def values():
    return np.random.default_rng(0).lognormal(-20, 2, (18, 36))


def annual(grid):
    return grid.annual_flux_kg_m2_s()


@pytest.mark.parametrize("lon_start", [-180.0, 0.0])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", ["fluxes", "emi_so2"])
def test_every_orientation_comes_out_alike(tmp_path, values, lon_start, descending, name):
    path = write_edgar(tmp_path / NAME.format(2021), values, name, lon_start=lon_start, descending=descending)
    grid = read_edgar(path)
    assert grid.year == 2021
    assert not grid.monthly
    np.testing.assert_allclose(grid.longitude, centres(36, 360, -180), atol=1e-4)
    np.testing.assert_allclose(grid.latitude, centres(18, 180, -90), atol=1e-4)
    np.testing.assert_allclose(annual(grid), values, rtol=1e-6)


@pytest.mark.parametrize("year", [2020, 2021])
def test_tonnes_of_a_year_become_a_flux(tmp_path, values, year):
    path = write_edgar(tmp_path / f"v8.1_FT2022_AP_SO2_{year}_TOTALS_emi.nc", values * 1e12, "emissions", "Tonnes")
    grid = read_edgar(path)
    total_kg = (annual(grid) * grid.cell_area_m2[:, None]).sum(dtype=float) * 86_400 * (365 + isleap(year))
    assert total_kg == pytest.approx(values.sum() * 1e15, rel=1e-5)
    area = cell_areas_m2(centres(18, 180, -90), centres(36, 360, -180))
    expected = values[9, 0] * 1e15 / area[9] / (86_400 * (365 + isleap(year)))
    assert annual(grid)[9, 0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("time_last", [False, True])
def test_months_stay_and_their_mean_counts_days(tmp_path, time_last):
    months = np.arange(1, 13)[:, None, None] * np.ones((12, 18, 36))
    grid = read_edgar(write_edgar(tmp_path / NAME.format(2020), months, time_last=time_last))
    assert grid.monthly
    assert grid.flux_kg_m2_s[:, 3, 4].tolist() == list(range(1, 13))
    days = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    assert annual(grid)[0, 0] == pytest.approx((days * np.arange(1, 13)).sum() / 366, rel=1e-6)


def test_tonnes_of_months_are_divided_by_their_own_seconds(tmp_path):
    path = write_edgar(tmp_path / NAME.format(2021), np.ones((12, 18, 36)), "emissions", "Tonnes")
    flux = read_edgar(path).flux_kg_m2_s
    assert flux[1, 0, 0] / flux[0, 0, 0] == pytest.approx(31 / 28, rel=1e-6)


def test_one_time_step_is_a_year(tmp_path, values):
    grid = read_edgar(write_edgar(tmp_path / NAME.format(2021), values[None]))
    assert grid.flux_kg_m2_s.shape == (1, 18, 36)


def test_fill_is_zero(tmp_path, values):
    values[2, 3] = np.nan
    grid = read_edgar(write_edgar(tmp_path / NAME.format(2021), values))
    assert annual(grid)[2, 3] == 0
    assert np.isfinite(grid.flux_kg_m2_s).all()


def zipped(path, *members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_zip_with_readme_and_folders(tmp_path, values):
    grid = write_edgar(tmp_path / NAME.format(2021), values).read_bytes()
    path = zipped(
        tmp_path / "download",
        ("_readme.html", b"read me"),
        ("TOTALS/", b""),
        (f"TOTALS/{NAME.format(2021)}", grid),
        (f"__MACOSX/TOTALS/._{NAME.format(2021)}", b"junk"),
    )
    np.testing.assert_allclose(annual(read_edgar(path)), values, rtol=1e-6)


def test_zip_of_many_years_gives_the_one_asked_for(tmp_path, values):
    years = {y: write_edgar(tmp_path / NAME.format(y), values * (y - 2000)).read_bytes() for y in (2020, 2021)}
    path = zipped(tmp_path / "TOTALS_flx_nc.zip", *((NAME.format(y), c) for y, c in years.items()))
    np.testing.assert_allclose(annual(read_edgar(path, 2020)), values * 20, rtol=1e-6)
    with pytest.raises(ExternalDataError, match="does not hold the one grid"):
        read_edgar(path)
    with pytest.raises(ExternalDataError, match="one .nc file of 1999"):
        read_edgar(path, 1999)
    assert find_edgar(path, 2024).year == 2021
    assert find_edgar(path, 2020).year == 2020


def test_year_of_the_name_is_not_the_version(tmp_path, values):
    assert read_edgar(write_edgar(tmp_path / NAME.format(2019), values)).year == 2019


def test_year_of_attributes_or_of_the_caller(tmp_path, values):
    assert read_edgar(write_edgar(tmp_path / "a.nc", values, year=2018)).year == 2018
    path = write_edgar(tmp_path / "b.nc", values)
    assert read_edgar(path, 2017).year == 2017
    with pytest.raises(ExternalDataError, match="does not say its year"):
        read_edgar(path)
    with pytest.raises(ExternalDataError, match="another year"):
        read_edgar(tmp_path / "a.nc", 2017)
    assert find_edgar(tmp_path / "a.nc", 2024).year == 2018
    assert find_edgar(path, 2024).year == 2024


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"units": "kg m-2 h-1"}, r"variable fluxes\s+expected: kg m-2 s-1\s+found: kg m-2 h-1"),
        ({"units": None}, "found: none"),
        ({"name": "emissions", "units": "kg m-2 s-1"}, "expected: Tonnes"),
        ({"name": "emi_ch4"}, r"no emissions of SO2[\s\S]*found: variables lat, lon, emi_ch4"),
        ({"substance": "NOx"}, "another gas"),
    ],
)
def test_other_units_and_gases_are_refused(tmp_path, values, options, said):
    path = write_edgar(tmp_path / NAME.format(2021), values, **options)
    with pytest.raises(ExternalDataError, match=said):
        read_edgar(path)


def test_other_shapes_are_refused(tmp_path):
    with pytest.raises(ExternalDataError, match="found: time=5, lat=18, lon=36"):
        read_edgar(write_edgar(tmp_path / NAME.format(2021), np.ones((5, 18, 36))))


def test_files_that_are_not_netcdf_are_refused(tmp_path):
    with pytest.raises(ExternalDataError, match="absent"):
        read_edgar(tmp_path / "none.nc")
    (tmp_path / "page.nc").write_text("<html>Not found</html>")
    with pytest.raises(ExternalDataError, match="neither NetCDF nor a zip[\\s\\S]*Not found"):
        read_edgar(tmp_path / "page.nc")
    (tmp_path / "cut.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 50)
    with pytest.raises(ExternalDataError, match="cannot be opened"):
        read_edgar(tmp_path / "cut.nc")


@pytest.fixture
def folder(tmp_path):
    for name in (
        NAME.format(2019),
        "flx_nc/" + NAME.format(2022),
        "v8.1_FT2022_AP_SO2_2022_TOTALS_emi_nc.zip",
        "v8.1_FT2022_AP_SO2_2023_ENE_flx.nc",
        "v8.1_FT2022_AP_NOx_2023_TOTALS_flx.nc",
        "_readme.html",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(("year", "used"), [(2019, 2019), (2021, 2019), (2022, 2022), (2024, 2022)])
def test_own_year_or_the_newest_before(folder, caplog, year, used):
    with caplog.at_level(logging.WARNING):
        found = find_edgar(folder, year)
    assert (found.year, found.requested_year) == (used, year)
    assert found.path.name == NAME.format(used)
    assert (f"{year} is compared with the inventory of {used}" in caplog.text) == (year != used)


def test_only_later_years_are_refused_and_one_file_is_taken_as_it_is(folder):
    with pytest.raises(ExternalDataError, match="for 2018 or a year before[\\s\\S]*SO2_2019"):
        find_edgar(folder, 2018)
    with pytest.raises(ExternalDataError, match="no such file"):
        find_edgar(folder / "nowhere", 2018)
    assert find_edgar(folder / NAME.format(2019), 2018).year == 2019


@pytest.mark.parametrize("name", ["openghg_TOTALS_nc.zip", "openghg_v6.0_CH4_2015_TOTALS.5.3x5.1.nc"])
def test_real_grid_of_another_gas(shared_data, name):
    path = shared_data / "edgar" / name
    grid = read_edgar(path, species="CH4")
    assert grid.year == 2015
    assert grid.flux_kg_m2_s.shape == (1, 35, 71)
    assert (np.diff(grid.longitude) > 0).all()
    assert grid.longitude[0] == -180
    flux = annual(grid)
    assert flux[grid.latitude < -60].max() < 1e-14
    at = {place: (abs(grid.latitude - place[1]).argmin(), abs(grid.longitude - place[0]).argmin()) for place in PLACES}
    land, sea = (np.array([flux[at[place]] for place in group]) for group in (PLACES[:4], PLACES[4:]))
    assert land.min() > 1e-11 > 1e-14 > sea.max()
    total_kg = (flux * grid.cell_area_m2[:, None]).sum(dtype=float) * 365 * 86_400
    assert total_kg == pytest.approx(3.65667e11, rel=0.2)
    with pytest.raises(ExternalDataError, match="no emissions of SO2"):
        read_edgar(path)
    assert find_edgar(path, 2020, "CH4").year == 2015
