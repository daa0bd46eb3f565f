"""Files in the product's layout, in all dialects, read with netCDF4 alone."""

from __future__ import annotations

import re
from dataclasses import replace

import netCDF4
import numpy as np
import pytest

from so2plumes.simulate.layout import FLOAT_FILL
from so2plumes.simulate.level2 import Level2Options, granule_name, write_level2
from so2plumes.simulate.orbits import EPOCH, swath_geometry
from so2plumes.simulate.scenes import build_scene
from so2plumes.swath.level2 import read_level2

NAME = re.compile(
    r"^S5P_(OFFL|NRTI|RPRO|PAL_)_(L2__SO2___|L2__SO2CBR)_(\d{8}T\d{6})_(\d{8}T\d{6})_(\d{5})_(\d{2})_(\d{6})"
    r"_(\d{8}T\d{6})\.nc$"
)
DETAILED = "PRODUCT/SUPPORT_DATA/DETAILED_RESULTS"


def small_scene(rows: int = 12, columns: int = 9):
    geometry = swath_geometry(17849, (2700, 2700 + rows), (220, 220 + columns))
    return build_scene(geometry, [], np.random.default_rng(1)).scene


SCENE = small_scene()


def write(tmp_path, **options) -> netCDF4.Dataset:
    dataset = netCDF4.Dataset(write_level2(tmp_path, SCENE, Level2Options(**options)))
    dataset.set_auto_maskandscale(False)
    return dataset


def has(dataset: netCDF4.Dataset, path: str) -> bool:
    try:
        dataset[path]
    except (IndexError, KeyError):
        return False
    return True


@pytest.mark.parametrize("stream", ["RPRO", "OFFL", "NRTI", "PAL_"])
def test_names_have_86_characters(stream):
    name = granule_name(SCENE.geometry, Level2Options(stream=stream, processor="02.06.01"))
    assert len(name) == 86
    match = NAME.match(name)
    assert match
    assert match[5] == "17849"
    assert match[7] == "020601"


def test_the_name_carries_orbit_times_and_nrti_the_slice():
    sensing = "20210324T1208"
    assert sensing not in granule_name(SCENE.geometry, Level2Options())
    assert sensing in granule_name(SCENE.geometry, Level2Options(stream="NRTI"))


def test_groups_dimensions_types_and_fills(tmp_path):
    with write(tmp_path) as dataset:
        product = dataset["PRODUCT"]
        sizes = {name: len(dimension) for name, dimension in product.dimensions.items()}
        assert sizes == {"time": 1, "scanline": 12, "ground_pixel": 9, "corner": 4}
        assert "METADATA" in dataset.groups
        column = product["sulfurdioxide_total_vertical_column"]
        assert (column.dtype, column.units) == (np.float32, "mol m-2")
        assert column.multiplication_factor_to_convert_to_DU == np.float32(2241.15)
        assert column._FillValue == np.float32(netCDF4.default_fillvals["f4"])
        qa = product["qa_value"]
        assert (qa.dtype, qa._FillValue, qa.scale_factor) == (np.uint8, 255, np.float32(0.01))
        assert product["delta_time"].dimensions == ("time", "scanline", "ground_pixel")
        assert product["delta_time"].dtype == np.int32
        flag = dataset[f"{DETAILED}/sulfurdioxide_detection_flag"]
        assert flag.dtype == np.int32
        assert ", " in flag.flag_meanings
        bounds = dataset["PRODUCT/SUPPORT_DATA/GEOLOCATIONS/longitude_bounds"]
        assert bounds.dimensions == ("time", "scanline", "ground_pixel", "corner")


def test_identity_and_times(tmp_path):
    with write(tmp_path) as dataset:
        assert dataset.id == granule_name(SCENE.geometry)[:-3]
        assert int(dataset.orbit) == 17849
        assert dataset.time_reference == "2021-03-24T00:00:00Z"
        assert dataset.spatial_resolution == "7x3.5km2"
        product = dataset["PRODUCT"]
        reference = int(product["time"][0])
        assert reference * 1000 + int(product["delta_time"][0, 3, 0]) == round(1000 * SCENE.geometry.time_s[3])
        stamp = np.datetime64(str(product["time_utc"][0, 3]).rstrip("Z"), "ms")
        assert (stamp - EPOCH) / np.timedelta64(1, "s") == pytest.approx(SCENE.geometry.time_s[3], abs=2e-3)
        assert dataset.time_coverage_start[:16] == str(product["time_utc"][0, 0])[:16]


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("units", ["milliseconds", "since"])
def test_dialects_of_delta_time(tmp_path, dimensions, units):
    with write(tmp_path, delta_time_dimensions=dimensions, delta_time_units=units) as dataset:
        delta = dataset["PRODUCT/delta_time"]
        assert delta.ndim == dimensions
        since = "milliseconds since 2021-03-24 00:00:00"
        assert delta.units == (since if units == "since" else "milliseconds")
        assert int(np.ravel(delta[0, 0])[0]) == round(1000 * (SCENE.geometry.time_s[0] % 86400.0))


@pytest.mark.parametrize(
    ("processor", "winds", "layer", "boxes", "cobra"),
    [
        ("01.00.00", False, False, False, False),
        ("01.01.07", False, False, True, False),
        ("02.04.01", True, False, True, False),
        ("02.05.00", True, True, True, False),
        ("02.08.00", True, True, True, True),
    ],
)
def test_versions_bring_their_variables(tmp_path, processor, winds, layer, boxes, cobra):
    with write(tmp_path, processor=processor) as dataset:
        assert dataset.processor_version == processor
        assert has(dataset, "PRODUCT/SUPPORT_DATA/INPUT_DATA/eastward_wind") is winds
        assert has(dataset, "PRODUCT/SO2_LAYER_HEIGHT") is layer
        assert has(dataset, f"{DETAILED}/sulfurdioxide_total_vertical_column_7km_precision") is boxes
        assert has(dataset, f"{DETAILED}/sulfurdioxide_slant_column_cobra") is cobra
        assert ("COBRA" in dataset.algorithm_version) is cobra


def test_options_leave_variables_out(tmp_path):
    off = {"corners": False, "flags": False, "precision": False, "winds": False, "box_columns": False}
    with write(tmp_path, time_utc="absent", stale_resolution=False, **off) as dataset:
        for path in (
            "PRODUCT/SUPPORT_DATA/GEOLOCATIONS/latitude_bounds",
            f"{DETAILED}/sulfurdioxide_detection_flag",
            "PRODUCT/sulfurdioxide_total_vertical_column_precision",
            "PRODUCT/time_utc",
        ):
            assert not has(dataset, path)
        assert dataset.spatial_resolution == "5.5x3.5km2"
    with write(tmp_path, time_utc="empty") as dataset:
        assert set(np.ravel(dataset["PRODUCT/time_utc"][:])) == {""}


def test_box_columns_shrink_with_height(tmp_path):
    with write(tmp_path) as dataset:
        stem = f"{DETAILED}/sulfurdioxide_total_vertical_column"
        low, middle, high = (np.abs(dataset[f"{stem}_{box}"][:]).sum() for box in ("1km", "7km", "15km"))
        assert middle / low == pytest.approx(0.35, abs=0.02)
        assert high < middle


def test_missing_values_are_written_as_fill(tmp_path):
    column = SCENE.column.copy()
    column[2, 3] = np.nan
    path = write_level2(tmp_path, replace(SCENE, column=column))
    with netCDF4.Dataset(path) as dataset:
        dataset.set_auto_maskandscale(False)
        raw = dataset["PRODUCT/sulfurdioxide_total_vertical_column"][0]
    assert raw[2, 3] == FLOAT_FILL
    assert (raw == FLOAT_FILL).sum() == 1


def test_values_survive_the_file(tmp_path):
    swath = read_level2(write_level2(tmp_path, SCENE))
    assert np.allclose(swath["vertical_column"], SCENE.column, atol=5e-8)
    assert np.allclose(swath["longitude"], SCENE.geometry.longitude, atol=4e-5)
    assert np.allclose(swath["northward_wind"], SCENE.northward_wind, atol=1e-3)
    assert np.array_equal(swath["qa_value"], SCENE.qa_value)
    assert list(swath.scanline[:2]) == [2700, 2701]
    assert swath.ground_pixel[0] == 220
    bounds = swath["longitude_bounds"]
    assert np.array_equal(bounds[:, :-1, 1], bounds[:, 1:, 0])


def test_exact_values_on_request(tmp_path):
    swath = read_level2(write_level2(tmp_path, SCENE, Level2Options(quantise=False)))
    assert np.array_equal(swath["latitude"], SCENE.geometry.latitude.astype(np.float32))


def test_equal_scenes_give_equal_bytes(tmp_path):
    first, second = (write_level2(tmp_path / part, SCENE) for part in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert [path.name for path in (tmp_path / "a").iterdir()] == [granule_name(SCENE.geometry)]


def test_another_name_can_be_given(tmp_path):
    assert write_level2(tmp_path, SCENE, name="other.nc").name == "other.nc"


@pytest.mark.real
def test_real_files_have_the_same_types_and_attributes(tmp_path, shared_data):
    real_path = sorted((shared_data / "etna").glob("*20210324T11*.nc"))[0]
    names = {
        "PRODUCT": ["latitude", "longitude", "qa_value", "sulfurdioxide_total_vertical_column", "time"],
        "PRODUCT/SUPPORT_DATA/GEOLOCATIONS": [
            "latitude_bounds",
            "solar_zenith_angle",
            "viewing_zenith_angle",
        ],
        "PRODUCT/SUPPORT_DATA/INPUT_DATA": ["cloud_fraction_crb", "eastward_wind", "northward_wind"],
    }
    with write(tmp_path) as ours, netCDF4.Dataset(real_path) as real:
        for group, variables in names.items():
            for name in variables:
                mine, theirs = ours[group][name], real[group][name]
                assert mine.dtype == theirs.dtype
                assert mine.dimensions == theirs.dimensions
                assert mine.units == theirs.units
                if "_FillValue" in theirs.ncattrs():
                    assert mine._FillValue == theirs._FillValue
