import dataclasses

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from so2plumes.errors import TableError
from so2plumes.training.backgrounds import granules_below
from so2plumes.training.build import Recipe, build_training_set, images_of_background, images_of_labels
from so2plumes.training.dataset import TABLE_COLUMNS, read_training_set, write_training_set
from so2plumes.training.scenes import TRUTH_TEXT, SceneMix, draw_scene, faint_truth, scene_weight
from so2plumes.training.split import is_test_orbit, part_of


def test_no_orbit_is_in_both_parts(data):
    parts = data.table.groupby("orbit")["part"].nunique()
    assert (parts == 1).all()
    assert set(data.table["part"]) == {"train", "test"}


def test_no_pixel_counts_outside_the_part_of_its_orbit(quiet_archive):
    scored = 0
    for granule in granules_below([quiet_archive]):
        background = granule.load()
        swath = background.swath
        own = part_of(swath.orbit, swath["longitude"], swath["latitude"])
        for image in images_of_background(background, Recipe(scenes_per_granule=1)):
            row = int(image.row["scanline"] - swath.scanline[0])
            column = int(image.row["ground_pixel"] - swath.ground_pixel[0])
            assert not (image.weight > 0)[~own[row : row + 32, column : column + 32]].any()
            assert image.row["part"] == ("test" if is_test_orbit(swath.orbit) else "train")
            scored += 1
    assert scored > 10


def test_same_seed_same_set_however_many_processes(quiet_archive, data):
    again = build_training_set([quiet_archive], Recipe(seed=7, scenes_per_granule=6), processes=2)
    for name in ("z", "column", "truth", "weight"):
        np.testing.assert_array_equal(getattr(data, name), getattr(again, name))
    pd.testing.assert_frame_equal(data.table, again.table)
    other = build_training_set([quiet_archive], Recipe(seed=8, scenes_per_granule=6))
    assert len(other) != len(data) or not np.array_equal(other.z, data.z)


def test_images_have_provenance(data):
    assert list(data.table.columns) == list(TABLE_COLUMNS)
    assert len(data.table) == len(data.z) == len(data.truth)
    assert set(data.table["truth_definition"]) == {TRUTH_TEXT}
    assert set(data.table["archive"]) == {"quiet"}
    plume = data.table["source"] == "injected"
    np.testing.assert_array_equal(plume, data.table["n_truth"] > 0)
    assert (data.table.loc[plume, "peak_sigma"] >= 3.0 - 1e-6).mean() > 0.7
    assert data.table["edge"].dtype == bool


def test_table_says_what_the_arrays_hold(data):
    counted = data.weight >= 1.0
    np.testing.assert_array_equal((data.truth & counted).sum(axis=(1, 2)), data.table["n_truth"])
    assert set(np.unique(data.weight)) <= {np.float32(0.0), np.float32(0.2), np.float32(1.0)}
    assert data.z.dtype == data.column.dtype == np.float32


def test_round_trip(data, tmp_path):
    write_training_set(data, tmp_path / "set")
    again = read_training_set(tmp_path / "set")
    np.testing.assert_array_equal(again.z, data.z)
    pd.testing.assert_frame_equal(again.table, data.table)


def test_a_damaged_set_says_what_to_do(data, tmp_path):
    write_training_set(data, tmp_path / "set")
    (tmp_path / "set" / "images.npz").write_bytes(b"no archive")
    with pytest.raises(TableError, match="build it again"):
        read_training_set(tmp_path / "set")
    write_training_set(data, tmp_path / "other")
    data.table.iloc[:-1].to_parquet(tmp_path / "other" / "images.parquet", index=False)
    with pytest.raises(TableError, match="do not belong together"):
        read_training_set(tmp_path / "other")


def test_inputs_of_both_schemes(data):
    robust, largest = data.inputs("local_robust"), data.inputs("window_max", 2)
    np.testing.assert_allclose(np.sinh(robust[..., 0]), data.z, rtol=1e-4, atol=1e-5)
    assert largest.shape[-1] == 2
    assert largest[..., 0].max() == 1.0
    np.testing.assert_array_equal(largest[..., 1] == 1.0, data.column != 0)


def test_faint_plumes_are_told_from_clear_ones():
    truth = np.zeros((20, 20), bool)
    truth[2:5, 2:5] = truth[10:15, 10:15] = True
    signal = np.where(truth, 2.0, 0.0)
    signal[12, 12] = 9.0
    faint = faint_truth(truth, signal, np.ones(truth.shape, bool))
    assert faint[3, 3]
    assert not faint[12, 12]


def test_loud_faint_and_foreign_pixels_do_not_count(quiet_archive):
    background = granules_below([quiet_archive])[0].load()
    loud = np.zeros(background.usable.shape, bool)
    loud[:10] = True
    background = dataclasses.replace(background, loud=loud)
    scene = draw_scene(
        np.random.default_rng(0), background, SceneMix(quiet_share=0.0, peak_sigma=(2.0, 2.0), kind="steady")
    )
    judged = np.ones(loud.shape, bool)
    judged[:, :30] = False
    weight = scene_weight(background, scene, judged)
    assert not weight[loud | ~judged | scene.truth].any()
    assert weight.max() == 1.0


@pytest.fixture
def labelled(quiet_archive):
    """A granule of which a block is labelled plume, and its surroundings quiet."""
    background = next(
        b
        for b in (granule.load() for granule in granules_below([quiet_archive]))
        if not is_test_orbit(b.swath.orbit)
        and part_of(1, b.swath["longitude"], b.swath["latitude"]).mean() > 0.5
        and np.ptp(b.swath["longitude"]) < 60
    )
    swath = background.swath

    def around(row, column, size):
        places = np.s_[row - size : row + size, column - size : column + size]
        lon, lat = swath["longitude"][places], swath["latitude"][places]
        return box(lon.min(), lat.min(), lon.max(), lat.max())

    own = np.argwhere(
        part_of(swath.orbit, swath["longitude"], swath["latitude"])[20:-20, 20:-20] & background.usable[20:-20, 20:-20]
    )
    row, column = own[len(own) // 2] + 20
    facts = {
        "granule": swath.granule,
        "source": "annotated",
        "method": "hand",
        "author": "A. Person",
        "date": "2026-01-01",
        "version": 3,
        "complete": False,
    }
    rows = [{**facts, "label": "plume"}, {**facts, "label": "quiet"}]
    labels = gpd.GeoDataFrame(rows, geometry=[around(row, column, 6), around(row, column, 19)], crs="EPSG:4326")
    return background, labels, (row, column)


def test_labels_become_images_with_their_author(labelled):
    background, labels, _ = labelled
    images = images_of_labels(background, labels, Recipe())
    assert images
    for image in images:
        assert image.row["author"] == "A. Person"
        assert image.row["version"] == 3
        assert image.row["truth_definition"] == "inside a polygon (annotated, hand)"
    assert any(image.row["source"] == "annotated" and image.row["n_truth"] > 10 for image in images)


def test_around_a_label_nothing_is_decided_and_beyond_it_is_quiet(labelled):
    background, labels, _ = labelled
    quiet = 0
    for image in images_of_labels(background, labels, Recipe()):
        counted = image.weight >= 1.0
        near = cv2.dilate(image.truth.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
        assert not (counted & near & ~image.truth).any()
        quiet += (counted & ~near).sum()
    assert quiet > 0
