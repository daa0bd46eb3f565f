"""Spoilt granules: each ends in a `GranuleError` with its reason, never in another exception or a guess."""

from __future__ import annotations

import pickle
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from so2plumes.errors import GranuleError
from so2plumes.swath.level2 import index_origin, read_level2

COLUMN = "sulfurdioxide_total_vertical_column"
WIND = "PRODUCT/SUPPORT_DATA/INPUT_DATA/eastward_wind"


def reason_of(path: Path) -> GranuleError:
    with pytest.raises(GranuleError) as caught:
        read_level2(path)
    assert path.name in str(caught.value)
    return caught.value


def outcome(path: Path) -> str:
    """Tell how reading ends: ``read`` or a reason code."""
    try:
        read_level2(path)
    except GranuleError as error:
        return error.reason
    return "read"


def minimal(path: Path, scanlines: int, pixels: int) -> Path:
    """Write the required variables alone."""
    with netCDF4.Dataset(path, "w") as dataset:
        product = dataset.createGroup("PRODUCT")
        for name, size in (("time", 1), ("scanline", scanlines), ("ground_pixel", pixels)):
            product.createDimension(name, size)
        dimensions = ("time", "scanline", "ground_pixel")
        for name, kind in (("latitude", "f4"), ("longitude", "f4"), ("qa_value", "u1"), (COLUMN, "f4")):
            variable = product.createVariable(name, kind, dimensions)
            if scanlines and pixels:
                variable[:] = 1
        delta = product.createVariable("delta_time", "i4", ("time", "scanline"))
        delta.units = "milliseconds since 2021-03-24"
        if scanlines:
            delta[:] = 12 * 3_600_000
    return path


def test_a_missing_file_says_so(tmp_path, granule):
    error = reason_of(tmp_path / granule.name)
    assert error.reason == "missing"
    assert "archive.path" in str(error)


def test_a_folder_is_no_granule(tmp_path, granule):
    (tmp_path / granule.name).mkdir()
    assert reason_of(tmp_path / granule.name).reason == "missing"


@pytest.mark.parametrize("content", [b"", b"<html>503 Service Unavailable</html>", b"\x89HDF\r\n\x1a\n"])
def test_what_is_not_netcdf(tmp_path, granule, content):
    path = tmp_path / granule.name
    path.write_bytes(content)
    error = reason_of(path)
    assert error.reason == "unreadable"
    assert f"{len(content)} bytes" in str(error)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_truncated_file(tmp_path, granule, share):
    whole = granule.read_bytes()
    path = tmp_path / granule.name
    path.write_bytes(whole[: int(share * len(whole))])
    assert reason_of(path).reason == "unreadable"


@pytest.mark.parametrize("share", np.linspace(0.02, 0.98, 25))
def test_damage_anywhere_is_a_granule_error_or_harmless(tmp_path, granule, share):
    content = bytearray(granule.read_bytes())
    start = int(share * len(content))
    content[start : start + 3000] = b"\xa5" * len(content[start : start + 3000])
    path = tmp_path / granule.name
    path.write_bytes(content)
    assert outcome(path) in {"read", "truncated", "unreadable", "missing_variable", "bad_shape", "no_time", "all_fill"}


@pytest.mark.parametrize("path", ["PRODUCT/delta_time", "PRODUCT/scanline", "PRODUCT/latitude", WIND])
def test_a_chunk_with_a_wrong_checksum(edit, path):
    def rewrite(dataset):
        folder, _, name = path.rpartition("/")
        group = dataset[folder]
        group.renameVariable(name, f"old_{name}")
        old = group[f"old_{name}"]
        new = group.createVariable(name, old.dtype, old.dimensions, fletcher32=True)
        new.setncatts({key: old.getncattr(key) for key in old.ncattrs() if key != "_FillValue"})
        new[:] = old[:]
        marks.append(np.ascontiguousarray(new[:]).tobytes()[:64])

    marks: list[bytes] = []
    target = edit(rewrite)
    content = bytearray(target.read_bytes())
    place = content.rfind(marks[0])
    assert place > 0
    content[place] ^= 0xFF
    target.write_bytes(content)
    error = reason_of(target)
    assert error.reason == "truncated"
    assert path in str(error)


def test_an_all_fill_column(edit):
    def spoil(dataset):
        dataset[f"PRODUCT/{COLUMN}"][:] = 9.96921e36

    assert reason_of(edit(spoil)).reason == "all_fill"


@pytest.mark.parametrize(("scanlines", "pixels"), [(0, 9), (9, 0), (0, 0)])
def test_an_empty_dimension(tmp_path, granule, scanlines, pixels):
    error = reason_of(minimal(tmp_path / granule.name, scanlines, pixels))
    assert error.reason == "empty"


def test_the_required_variables_are_enough(tmp_path, granule):
    swath = read_level2(minimal(tmp_path / granule.name, 4, 3))
    assert swath.shape == (4, 3)
    assert not swath.has_corners
    assert not swath.has_winds


@pytest.mark.parametrize("name", ["latitude", "longitude", "qa_value", COLUMN])
def test_a_missing_required_variable_is_named(edit, name):
    path = edit(lambda dataset: dataset["PRODUCT"].renameVariable(name, "lost"))
    error = reason_of(path)
    assert error.reason == "missing_variable"
    assert f"/PRODUCT/{name}" in str(error)
    assert "delta_time" in error.found, "the message lists what there is"


def test_a_file_of_another_product_is_told_from_an_empty_one(tmp_path, granule):
    path = tmp_path / granule.name
    with netCDF4.Dataset(path, "w") as dataset:
        dataset.createGroup("METADATA")
    error = reason_of(path)
    assert (error.reason, error.found) == ("missing_variable", "variables of /PRODUCT: none")
    with pytest.raises(GranuleError, match="no latitude"):
        index_origin(path)


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        (f"PRODUCT/{COLUMN}", "DU"),
        (f"PRODUCT/{COLUMN}", "mol cm-2"),
        (f"PRODUCT/{COLUMN}", "molecules cm-2"),
        (f"PRODUCT/{COLUMN}", "mol m2"),
        ("PRODUCT/latitude", "radians"),
        (WIND, "km h-1"),
        (WIND, "knots"),
    ],
)
def test_a_unit_that_is_not_understood(edit, path, unit):
    def spoil(dataset):
        dataset[path].units = unit

    error = reason_of(edit(spoil))
    assert error.reason == "bad_units"
    assert error.found == unit.lower()
    assert path in str(error)


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        (f"PRODUCT/{COLUMN}", "mol/m2"),
        (f"PRODUCT/{COLUMN}", " mol m^-2 "),
        (f"PRODUCT/{COLUMN}", None),
        ("PRODUCT/latitude", "degree_north"),
        (WIND, "m/s"),
        ("PRODUCT/SUPPORT_DATA/INPUT_DATA/cloud_fraction_crb", ""),
    ],
)
def test_other_spellings_of_the_same_unit(edit, granule, path, unit):
    def respell(dataset):
        if unit is None:
            dataset[path].delncattr("units")
        else:
            dataset[path].units = unit

    np.testing.assert_array_equal(
        read_level2(edit(respell))["vertical_column"], read_level2(granule)["vertical_column"]
    )


@pytest.mark.parametrize("orbit", [np.int32(17850), np.array([17850]), "17850"])
def test_another_orbit_inside(edit, orbit):
    def spoil(dataset):
        dataset.orbit = orbit

    error = reason_of(edit(spoil))
    assert error.reason == "wrong_identity"
    assert (error.expected, error.found) == ("17849", "17850")
    assert "orbit" in error.problem


def test_an_orbit_that_is_no_number(edit):
    def spoil(dataset):
        dataset.orbit = "unknown"

    assert reason_of(edit(spoil)).reason == "wrong_identity"


@pytest.mark.parametrize("orbit", [np.int64(17849), np.float64(17849.0), np.array([17849], "i4"), "17849", "017849"])
def test_the_orbit_is_read_in_any_type(edit, orbit):
    def respell(dataset):
        dataset.orbit = orbit

    assert read_level2(edit(respell)).orbit == 17849


def test_a_file_renamed_to_another_orbit(granule, tmp_path):
    path = tmp_path / granule.name.replace("_17849_", "_17848_")
    path.write_bytes(granule.read_bytes())
    assert reason_of(path).reason == "wrong_identity"


def test_a_file_renamed_to_another_processor(granule, tmp_path):
    path = tmp_path / granule.name.replace("_020401_", "_020800_")
    path.write_bytes(granule.read_bytes())
    error = reason_of(path)
    assert error.reason == "wrong_identity"
    assert granule.stem in error.found


def test_a_file_without_identity_is_taken_by_its_name(edit):
    def forget(dataset):
        dataset.delncattr("id")
        dataset.delncattr("orbit")

    assert read_level2(edit(forget)).orbit == 17849


def test_a_file_whose_id_is_something_else_is_taken_by_its_name(edit):
    def replace_id(dataset):
        dataset.id = "10.5270/S5P-yr8kdpp"

    assert read_level2(edit(replace_id)).orbit == 17849


def transposed(name: str, group: str = "PRODUCT"):
    def spoil(dataset):
        dataset[group].renameVariable(name, "old")
        old = dataset[group]["old"]
        order = (0, 2, 1, *range(3, old.ndim))
        new = dataset[group].createVariable(name, old.dtype, tuple(old.dimensions[i] for i in order))
        new.units = old.units
        new[:] = np.transpose(old[:], order)

    return spoil


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("latitude", "PRODUCT"),
        (COLUMN, "PRODUCT"),
        ("qa_value", "PRODUCT"),
        ("eastward_wind", "PRODUCT/SUPPORT_DATA/INPUT_DATA"),
        ("latitude_bounds", "PRODUCT/SUPPORT_DATA/GEOLOCATIONS"),
    ],
)
def test_a_transposed_variable(edit, name, group):
    error = reason_of(edit(transposed(name, group)))
    assert error.reason == "bad_shape"


def test_transposed_variables_are_seen_on_a_square_granule(write, edit, scene):
    from so2plumes.simulate.orbits import swath_geometry
    from so2plumes.simulate.scenes import build_scene

    geometry = swath_geometry(17849, (2580, 2589), (200, 209))
    square = write(build_scene(geometry, [], np.random.default_rng(2)).scene)
    error = reason_of(edit(transposed(COLUMN), square))
    assert error.reason == "bad_shape"
    assert "ground_pixel" in error.found


def resized(name: str, dimensions: tuple[str, ...], sizes: dict[str, int], group: str = "PRODUCT"):
    def spoil(dataset):
        folder = dataset[group]
        for axis, size in sizes.items():
            folder.createDimension(axis, size)
        folder.renameVariable(name, "old")
        new = folder.createVariable(name, folder["old"].dtype, dimensions)
        new.units = folder["old"].units
        new[:] = 1

    return spoil


@pytest.mark.parametrize(
    ("name", "dimensions", "sizes", "group"),
    [
        ("latitude", ("time", "other", "ground_pixel"), {"other": 45}, "PRODUCT"),
        ("qa_value", ("time", "scanline"), {}, "PRODUCT"),
        (COLUMN, ("two", "scanline", "ground_pixel"), {"two": 2}, "PRODUCT"),
        (COLUMN, ("scanline",), {}, "PRODUCT"),
        (
            "longitude_bounds",
            ("time", "scanline", "ground_pixel", "six"),
            {"six": 6},
            "PRODUCT/SUPPORT_DATA/GEOLOCATIONS",
        ),
        ("longitude_bounds", ("time", "scanline", "ground_pixel"), {}, "PRODUCT/SUPPORT_DATA/GEOLOCATIONS"),
        ("northward_wind", ("time", "scanline"), {}, "PRODUCT/SUPPORT_DATA/INPUT_DATA"),
    ],
)
def test_a_variable_of_another_shape(edit, name, dimensions, sizes, group):
    error = reason_of(edit(resized(name, dimensions, sizes, group)))
    assert error.reason == "bad_shape"


def test_text_where_numbers_should_be(edit):
    def spoil(dataset):
        product = dataset["PRODUCT"]
        product.renameVariable("latitude", "old")
        product.createVariable("latitude", str, ("time", "scanline", "ground_pixel"))

    assert reason_of(edit(spoil)).reason == "bad_shape"


def test_errors_cross_process_borders(edit):
    error = reason_of(edit(lambda dataset: dataset["PRODUCT"].renameVariable("latitude", "lost")))
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert (type(again), again.reason, again.where) == (GranuleError, "missing_variable", error.where)
