"""Granules of every dialect, read back against the scene they were written from."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from so2plumes.simulate.level2 import scene_values
from so2plumes.simulate.orbits import swath_geometry
from so2plumes.simulate.scenes import build_scene
from so2plumes.swath.level2 import index_origin, read_level2
from so2plumes.swath.product import load_product

WINDS = {"eastward_wind", "northward_wind"}
BOXES = {"vertical_column_1km", "vertical_column_7km", "vertical_column_15km"}
LAYER = {"layer_height", "layer_height_qa"}
CORNERS = {"latitude_bounds", "longitude_bounds"}
COLUMN_STEP = 2.0**-24
DEGREE_STEP = 2.0**-14


def test_values_are_those_of_the_scene(granule, scene):
    swath = read_level2(granule)
    written = scene_values(scene)
    pairs = {
        "latitude": ("latitude", DEGREE_STEP),
        "longitude": ("longitude", DEGREE_STEP),
        "latitude_bounds": ("latitude_bounds", DEGREE_STEP),
        "longitude_bounds": ("longitude_bounds", DEGREE_STEP),
        "vertical_column": ("column", COLUMN_STEP),
        "vertical_column_precision": ("precision", COLUMN_STEP),
        "vertical_column_7km": ("column_7km", COLUMN_STEP),
        "solar_zenith_angle": ("solar_zenith", 2.0**-8),
        "viewing_zenith_angle": ("viewing_zenith", 2.0**-8),
        "eastward_wind": ("eastward_wind", 2.0**-10),
        "northward_wind": ("northward_wind", 2.0**-10),
        "cloud_fraction": ("cloud_fraction", 2.0**-12),
        "surface_altitude": ("surface_altitude", 0.25),
    }
    for name, (source, step) in pairs.items():
        np.testing.assert_allclose(swath[name], written[source], rtol=2e-7, atol=0.51 * step, err_msg=name)
        assert swath[name].dtype == np.float32, name
    np.testing.assert_array_equal(swath["qa_value"], scene.qa_value)
    np.testing.assert_array_equal(swath["detection_flag"], scene.detection_flag)
    assert {2} <= set(np.unique(swath["detection_flag"])), "the plume must carry flags"


def test_identity_and_place_in_the_orbit(granule, scene):
    swath = read_level2(granule)
    assert swath.granule == granule.name[:-3]
    assert (swath.orbit, swath.processor_version, swath.retrieval) == (17849, "02.04.01", "doas")
    assert swath.shape == scene.geometry.shape == (46, 43)
    np.testing.assert_array_equal(swath.scanline, 2580 + np.arange(46))
    np.testing.assert_array_equal(swath.ground_pixel, 202 + np.arange(43))
    assert index_origin(granule) == (2580, 202)
    assert swath.has_corners
    assert swath.has_winds


def test_fill_values_become_not_a_number_and_negative_columns_stay(granule):
    swath = read_level2(granule)
    fields = (
        "vertical_column",
        "vertical_column_precision",
        "eastward_wind",
        "northward_wind",
        "cloud_fraction",
        "surface_altitude",
    )
    for place, name in enumerate(fields):
        assert np.argwhere(np.isnan(swath[name])).tolist() == [[3, place]], name
        assert np.nanmax(np.abs(swath[name])) < 1e4, name
    assert (swath["vertical_column"] < 0).sum() > 100


@pytest.mark.parametrize(
    ("processor", "collection", "missing", "retrieval"),
    [
        ("01.00.00", "01", WINDS | BOXES | LAYER, "doas"),
        ("01.01.07", "01", WINDS | LAYER, "doas"),
        ("02.01.03", "02", LAYER, "doas"),
        ("02.04.01", "03", LAYER, "doas"),
        ("02.05.00", "03", set(), "doas"),
        ("02.06.01", "03", set(), "doas"),
        ("02.07.01", "03", set(), "cobra"),
        ("02.08.00", "03", set(), "cobra"),
    ],
)
def test_every_processor_version(write, processor, collection, missing, retrieval):
    swath = read_level2(write(processor=processor, collection=collection))
    assert set(swath.unavailable) == missing
    assert swath.retrieval == retrieval
    assert swath.processor_version == processor
    assert set(swath.fields) | missing == set(load_product().variables)
    assert swath.has_winds == (not WINDS & missing)
    assert not set(swath.fields) & missing


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"winds": False}, WINDS | LAYER),
        ({"corners": False}, CORNERS | LAYER),
        ({"flags": False}, {"detection_flag"} | LAYER),
        ({"precision": False}, {"vertical_column_precision"} | LAYER),
        ({"box_columns": False}, BOXES | LAYER),
        ({"layer_height": True}, set()),
    ],
)
def test_what_a_file_lacks_is_listed_and_not_made_up(write, options, missing):
    swath = read_level2(write(**options))
    assert set(swath.unavailable) == missing
    for name in missing:
        assert swath.get(name) is None
        with pytest.raises(KeyError):
            swath[name]
    assert swath.has_winds == (not WINDS & missing)
    assert swath.has_corners == (not CORNERS & missing)


def test_layer_height_is_read_with_its_quality(write, scene):
    swath = read_level2(write(processor="02.05.00"))
    known = np.isfinite(scene.layer_height)
    assert 0 < known.sum() < known.size
    np.testing.assert_array_equal(np.isfinite(swath["layer_height"]), known)
    np.testing.assert_allclose(swath["layer_height"][known], scene.layer_height[known], atol=0.2)
    np.testing.assert_array_equal(swath["layer_height_qa"], np.where(known, 80, 255))


def test_the_file_tells_the_retrieval_even_where_the_version_does_not(write):
    assert read_level2(write(processor="02.06.01", cobra=True)).retrieval == "cobra"


def test_a_pal_granule(write):
    swath = read_level2(write(stream="PAL_", processor="02.04.01", cobra=True))
    assert (swath.granule[4:8], swath.retrieval) == ("PAL_", "cobra")


def test_a_subset_suffix_is_read_like_the_granule(granule, tmp_path):
    copy = tmp_path / f"{granule.stem}.SUB.nc4"
    shutil.copy(granule, copy)
    swath = read_level2(copy)
    assert swath.granule == granule.stem
    np.testing.assert_array_equal(swath["vertical_column"], read_level2(granule)["vertical_column"])


def test_five_scanlines(write):
    geometry = swath_geometry(17849, (0, 5))
    swath = read_level2(write(build_scene(geometry, [], np.random.default_rng(3)).scene))
    assert swath.shape == (5, 450)
    assert swath.time.shape == (5,)


def test_one_pixel(write):
    geometry = swath_geometry(17849, (2000, 2001), (449, 450))
    swath = read_level2(write(build_scene(geometry, [], np.random.default_rng(3)).scene))
    assert swath.shape == (1, 1)
    assert (swath.scanline.tolist(), swath.ground_pixel.tolist()) == ([2000], [449])


def test_longitudes_of_0_to_360_are_brought_to_180(write, edit, scene):
    shifted = replace(
        scene.geometry,
        longitude=scene.geometry.longitude - 80.0,
        longitude_bounds=scene.geometry.longitude_bounds - 80.0,
    )
    plain = write(replace(scene, geometry=shifted))

    def to_360(dataset):
        for path in ("PRODUCT/longitude", "PRODUCT/SUPPORT_DATA/GEOLOCATIONS/longitude_bounds"):
            dataset[path][:] = dataset[path][:] % 360.0

    swath, expected = read_level2(edit(to_360, plain)), read_level2(plain)
    assert expected["longitude"].max() < 0
    for name in ("longitude", "longitude_bounds"):
        np.testing.assert_allclose(swath[name], expected[name], atol=3e-5, err_msg=name)


def test_the_antimeridian_keeps_both_signs(edit):
    def move(dataset):
        values = dataset["PRODUCT/longitude"][:]
        values = values - values.mean() + 180.0
        dataset["PRODUCT/longitude"][:] = np.where(values > 180, values - 360, values)

    longitude = read_level2(edit(move))["longitude"]
    assert longitude.min() < -179
    assert longitude.max() > 179


def test_a_fill_longitude_is_not_moved(edit):
    def spoil(dataset):
        dataset["PRODUCT/longitude"][0, 0, 0] = 9.96921e36

    longitude = read_level2(edit(spoil))["longitude"]
    assert np.isnan(longitude[0, 0])
    assert np.isfinite(longitude).sum() == longitude.size - 1


def test_packed_columns_are_unpacked(edit):
    def pack(dataset):
        product = dataset["PRODUCT"]
        product.renameVariable("sulfurdioxide_total_vertical_column", "old")
        packed = product.createVariable(
            "sulfurdioxide_total_vertical_column", "i2", product["old"].dimensions, fill_value=-32767
        )
        packed.setncatts({"units": "mol m-2", "scale_factor": np.float32(1e-6), "add_offset": np.float32(1e-3)})
        packed.set_auto_maskandscale(False)
        packed[:] = 250
        packed[0, 1, 1] = -32767

    column = read_level2(edit(pack))["vertical_column"]
    assert column[0, 0] == pytest.approx(1.25e-3)
    assert np.argwhere(np.isnan(column)).tolist() == [[1, 1]]


def test_quality_as_decoded_float_becomes_the_byte_again(edit):
    def decode(dataset):
        product = dataset["PRODUCT"]
        raw = product["qa_value"][:].astype("f4")
        product.renameVariable("qa_value", "old")
        decoded = product.createVariable("qa_value", "f4", product["old"].dimensions)
        decoded[:] = np.where(raw == 255, np.nan, raw * np.float32(0.01))
        decoded[0, 0, :4] = [0.5, 0.51, np.nan, 1.0]

    assert read_level2(edit(decode))["qa_value"][0, :4].tolist() == [50, 51, 255, 100]


def test_flags_outside_the_byte_become_fill(edit):
    def spoil(dataset):
        flags = dataset["PRODUCT/SUPPORT_DATA/DETAILED_RESULTS/sulfurdioxide_detection_flag"]
        flags[0, 0, :4] = [-2147483647, 300, -1, 4]

    assert read_level2(edit(spoil))["detection_flag"][0, :4].tolist() == [255, 255, 255, 4]


def test_numbers_that_do_not_count_up_are_replaced(edit):
    def spoil(dataset):
        dataset["PRODUCT/scanline"][5] = -2147483647

    swath = read_level2(edit(spoil))
    np.testing.assert_array_equal(swath.scanline, np.arange(46))
    np.testing.assert_array_equal(swath.ground_pixel, 202 + np.arange(43))


def test_reading_leaves_the_file_as_it_was(granule):
    before = granule.read_bytes()
    read_level2(granule)
    assert granule.read_bytes() == before
