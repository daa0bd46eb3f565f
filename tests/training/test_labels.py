from __future__ import annotations

import argparse
import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image
from shapely.geometry import MultiPolygon, Polygon, box
from tests.plume_makers import ellipse_mask, make_swath, metre_grid, orbit_grid

from so2plumes.errors import TableError
from so2plumes.training.label_rules import COLUMNS
from so2plumes.training.labels import label_masks, pixel_outline, read_all_labels, read_labels, write_labels

GRANULE = "S5P_RPRO_L2__SO2____20210324T110850_20210324T125020_17849_03_020401_20230207T211525"
OTHER = "S5P_RPRO_L2__SO2____20201221T094200_20201221T112330_16529_03_020401_20230205T153012"
ROW = {
    "granule": GRANULE,
    "label": "plume",
    "source": "annotated",
    "method": "hand",
    "author": "Rosa Parks",
    "date": "2026-11-21",
    "version": 1,
}
SQUARE = box(15.0, 37.0, 15.5, 37.5)


def table(*rows):
    import geopandas as gpd

    filled = [{**ROW, "complete": False, "geometry": SQUARE, **row} for row in rows or ({},)]
    return gpd.GeoDataFrame(filled, geometry="geometry", crs="EPSG:4326")


def feature(**changes):
    geometry = changes.pop("geometry", SQUARE.__geo_interface__)
    return {"type": "Feature", "properties": {**ROW, **changes}, "geometry": geometry}


def write_raw(path, *features, **members):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features), **members}))
    return path


@pytest.fixture(params=["labels.geojson", "labels.parquet"])
def path(request, tmp_path):
    return tmp_path / request.param


def test_labels_come_back_as_they_were_written(path):
    two = MultiPolygon([box(179.0, 10.0, 180.0, 11.0), box(-180.0, 10.0, -179.5, 11.0)])
    ring = Polygon(SQUARE.exterior.coords, [box(15.1, 37.1, 15.2, 37.2).exterior.coords])
    labels = table({"geometry": ring}, {"label": "quiet", "geometry": two, "complete": True, "author": "Åsa Ö."})
    write_labels(labels, path)
    again = read_labels(path)
    assert tuple(again.columns) == COLUMNS
    assert again.crs.to_epsg() == 4326
    for name in COLUMNS[:-1]:
        assert again[name].to_list() == labels[name].to_list()
    assert all(a.equals(b) for a, b in zip(again.geometry, labels.geometry, strict=True))


def test_geojson_follows_the_standard(tmp_path):
    path = tmp_path / "labels.geojson"
    clockwise = Polygon([(15.0, 37.0), (15.0, 37.5), (15.5, 37.5), (15.500049, 37.0)])
    write_labels(table({"geometry": clockwise}), path)
    content = json.loads(path.read_text())
    assert set(content) == {"type", "features"}
    ring = content["features"][0]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert shapely.LinearRing(ring).is_ccw
    assert "complete" not in content["features"][0]["properties"]
    assert max(x for x, _ in ring) == 15.5


def test_the_example_of_the_documentation_is_valid(root, tmp_path):
    text = (root / "docs" / "labels.md").read_text()
    path = tmp_path / "example.geojson"
    path.write_text(text.split("```json\n")[1].split("```")[0])
    assert read_labels(path)["label"].to_list() == ["plume", "quiet"]
    assert all(f"| `{column}` |" in text for column in COLUMNS)


def test_an_empty_file_of_labels_is_fine(path):
    write_labels(table().iloc[:0], path)
    assert len(read_labels(path)) == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("granule", "some_file"),
        ("granule", f"{GRANULE}.nc"),
        ("label", "smoke"),
        ("source", "guessed"),
        ("method", ""),
        ("author", " "),
        ("date", "21.11.2026"),
        ("date", "2026-02-30"),
        ("version", 0),
        ("version", 1.5),
        ("version", True),
        ("version", None),
        ("complete", "yes"),
    ],
)
def test_an_error_names_file_row_and_column(tmp_path, column, value):
    path = write_raw(tmp_path / "labels.geojson", feature(), feature(**{column: value}))
    with pytest.raises(TableError) as caught:
        read_labels(path)
    error = caught.value
    assert error.where == f"{path}: row 2, column {column}"
    assert error.found == repr(value)
    assert error.expected
    assert error.remedy


@pytest.mark.parametrize(
    ("geometry", "found"),
    [
        (None, "no geometry"),
        ({"type": "Point", "coordinates": [15.0, 37.0]}, "Point"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, "Self-intersection"),
        ({"type": "Polygon", "coordinates": [[[179, 0], [181, 0], [181, 1], [179, 1], [179, 0]]]}, "179 to 181"),
        ({"type": "Polygon", "coordinates": [[[179, 0], [-179, 0], [-179, 1], [179, 1], [179, 0]]]}, "180 degrees"),
        ({"type": "Polygon", "coordinates": [[[0, 88], [1, 88], [1, 91], [0, 88]]]}, "88 to 91"),
    ],
)
def test_an_unusable_polygon_is_told_by_its_row(tmp_path, geometry, found):
    path = write_raw(tmp_path / "labels.geojson", feature(), feature(geometry=geometry))
    with pytest.raises(TableError, match="row 2, column geometry") as caught:
        read_labels(path)
    assert found in caught.value.found


def test_broken_coordinates_are_told_by_their_row(tmp_path):
    broken = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}
    path = write_raw(tmp_path / "labels.geojson", feature(), feature(geometry=broken))
    with pytest.raises(TableError, match="row 2, geometry"):
        read_labels(path)


def test_a_missing_column_is_named(tmp_path):
    without = feature()
    del without["properties"]["author"]
    with pytest.raises(TableError, match="without author"):
        read_labels(write_raw(tmp_path / "labels.geojson", without))


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"type":"Feature"}', '{"type":"FeatureCollection"}'])
def test_what_is_no_feature_collection_is_refused(tmp_path, content):
    path = tmp_path / "labels.geojson"
    path.write_text(content)
    with pytest.raises(TableError, match="cannot be read"):
        read_labels(path)


def test_other_coordinates_than_degrees_are_refused(tmp_path):
    metres = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    with pytest.raises(TableError, match="3857"):
        read_labels(write_raw(tmp_path / "labels.geojson", feature(), crs=metres))
    path = tmp_path / "labels.parquet"
    table().to_crs(3857).to_parquet(path)
    with pytest.raises(TableError, match="3857"):
        read_labels(path)


def test_parquet_may_hold_dates_as_dates(tmp_path):
    path = tmp_path / "labels.parquet"
    table({"date": date(2026, 11, 21)}).to_parquet(path)
    assert read_labels(path)["date"].to_list() == ["2026-11-21"]


def test_an_unknown_suffix_and_a_missing_file_are_errors(tmp_path):
    with pytest.raises(TableError, match="suffix"):
        read_labels(tmp_path / "labels.shp")
    with pytest.raises(TableError, match="cannot be read"):
        read_labels(tmp_path / "absent.geojson")


def test_only_annotated_granules_can_be_complete(tmp_path):
    path = write_raw(tmp_path / "labels.geojson", feature(complete=True, source="reviewed"))
    with pytest.raises(TableError, match="column complete"):
        read_labels(path)


def test_a_proposal_can_be_written_but_is_no_label_before_a_person_signs(path):
    proposal = table({"author": "", "date": "", "source": "reviewed"})
    write_labels(proposal, path)
    with pytest.raises(TableError, match="a proposal is no label") as caught:
        read_labels(path)
    assert "row 1, column author" in caught.value.where
    write_labels(proposal.assign(author="Rosa Parks", date="2026-11-21"), path)
    assert len(read_labels(path)) == 1


def test_the_highest_version_of_a_granule_and_author_wins_as_a_whole(path):
    old, new = box(0, 0, 1, 1), box(2, 2, 3, 3)
    rows = [
        {"version": 1, "geometry": old},
        {"version": 1, "geometry": old},
        {"version": 2, "geometry": new},
        {"version": 1, "geometry": old, "author": "Ida B. Wells"},
        {"version": 1, "geometry": old, "granule": OTHER},
    ]
    write_labels(table(*rows), path)
    kept = read_labels(path)
    assert kept["version"].to_list() == [2, 1, 1]
    assert kept["author"].to_list() == ["Rosa Parks", "Ida B. Wells", "Rosa Parks"]


def test_versions_count_over_several_files(tmp_path):
    write_labels(table({"version": 1}), tmp_path / "a.geojson")
    write_labels(table({"version": 2, "label": "quiet"}), tmp_path / "b.parquet")
    labels = read_all_labels([tmp_path / "a.geojson", tmp_path / "b.parquet"])
    assert labels["label"].to_list() == ["quiet"]
    assert read_all_labels([]) is None


@pytest.fixture
def swath():
    return make_swath(metre_grid(latitude=0.0), granule=GRANULE)


def columns(mask):
    assert (mask == mask[:1]).all()
    return np.flatnonzero(mask[0]).tolist()


def test_pixels_belong_to_the_polygon_that_holds_their_centre(swath):
    west, east = swath["longitude"][0, 10] + 1e-4, swath["longitude"][0, 14] + 1e-4
    masks = label_masks(table({"geometry": box(west, -5.0, east, 5.0)}), swath)
    assert columns(masks.plume) == [11, 12, 13, 14]
    assert columns(masks.undecided) == [9, 10, 15, 16]
    assert not masks.quiet.any()


def test_quiet_pixels_keep_their_distance_from_plumes(swath):
    west, east = swath["longitude"][0, 10] + 1e-4, swath["longitude"][0, 14] + 1e-4
    plume, wide = box(west, -5.0, east, 5.0), box(swath["longitude"][0, 3] + 1e-4, -5.0, 16.0, 5.0)
    masks = label_masks(table({"geometry": plume}, {"geometry": wide, "label": "quiet"}), swath, margin_pixels=3)
    assert columns(masks.plume) == [11, 12, 13, 14]
    assert columns(masks.undecided) == [8, 9, 10, 15, 16, 17]
    assert columns(masks.quiet) == [4, 5, 6, 7, *range(18, 40)]


def test_a_complete_granule_is_quiet_wherever_it_is_no_plume(swath):
    swath["longitude"][7, 30] = np.nan
    plume = box(swath["longitude"][0, 10] + 1e-4, -5.0, swath["longitude"][0, 14] + 1e-4, 5.0)
    masks = label_masks(table({"geometry": plume, "complete": True}), swath)
    assert not masks.quiet[7, 30]
    assert masks.quiet[8, 30]
    everything = masks.quiet | masks.plume | masks.undecided
    assert np.array_equal(everything, swath.located)
    assert not (masks.quiet & (masks.plume | masks.undecided)).any()


def test_a_granule_without_labels_is_not_judged(swath):
    masks = label_masks(table().iloc[:0], swath)
    assert not (masks.plume | masks.quiet | masks.undecided).any()


@pytest.mark.parametrize("longitude", [15.0, 179.9, -180.0])
@pytest.mark.parametrize("latitude", [0.0, 65.0, -80.0])
def test_outlines_give_back_the_mask_that_they_were_drawn_from(longitude, latitude, tmp_path):
    grid = metre_grid(longitude=longitude, latitude=latitude, turn_deg=-10.0)
    swath = make_swath(grid, granule=GRANULE)
    mask = ellipse_mask(grid, 90e3, 30e3, 40.0)
    mask[30:33, 3:9] = True
    mask[20, 20] = False
    outlines = pixel_outline(mask, swath)
    assert len(outlines) == 2
    write_labels(table(*({"geometry": outline} for outline in outlines)), tmp_path / "labels.geojson")
    masks = label_masks(read_labels(tmp_path / "labels.geojson"), swath)
    np.testing.assert_array_equal(masks.plume, mask)


def test_a_plume_over_the_pole_comes_back_too():
    grid = metre_grid(60, 60, latitude=89.8)
    swath = make_swath(grid, granule=GRANULE)
    mask = ellipse_mask(grid, 160e3, 120e3)
    (outline,) = pixel_outline(mask, swath)
    labels = table({"geometry": outline})
    np.testing.assert_array_equal(label_masks(labels, swath).plume, mask)


def test_pixels_on_the_antimeridian_itself_are_inside(swath):
    swath["longitude"][:] = np.where(np.arange(40) == 20, 180.0, swath["longitude"])
    west = MultiPolygon([box(-180.0, -5.0, -179.0, 5.0)])
    assert columns(label_masks(table({"geometry": west}), swath).plume) == [20]


def test_a_real_orbit_geometry_keeps_its_mask():
    grid = orbit_grid(17849, 15.0, 37.7, 60, 80)
    swath = make_swath(grid, granule=GRANULE)
    mask = np.hypot(grid.x_m, grid.y_m) < 60e3
    labels = table(*({"geometry": outline} for outline in pixel_outline(mask, swath)))
    np.testing.assert_array_equal(label_masks(labels, swath).plume, mask)


def test_the_shipped_labels_are_valid_and_small(root):
    path = root / "resources" / "labels" / "etna-reviewed.geojson"
    labels = read_labels(path)
    assert path.stat().st_size < 400_000
    plumes = labels[labels["label"] == "plume"]
    text = (root / "docs" / "labels.md").read_text()
    assert f"holds {len(plumes)} plume outlines in {plumes['granule'].nunique()} scenes" in text
    assert (labels["label"] == "quiet").sum() == labels["granule"].nunique() - plumes["granule"].nunique() == 10
    assert set(plumes["granule"].str[20:24]) == {"2018", "2019", "2020", "2021"}
    assert set(labels["source"]) == {"reviewed"}


@pytest.mark.real
def test_the_shipped_labels_lie_on_signal_and_on_none(root, shared_data):
    from so2plumes.detect.ztest import standardised
    from so2plumes.swath.filters import usable_pixels
    from so2plumes.swath.level2 import read_level2

    labels = read_labels(root / "resources" / "labels" / "etna-reviewed.geojson")
    for granule, rows in labels.groupby("granule"):
        swath = read_level2(shared_data / "etna" / f"{granule}.nc")
        usable = usable_pixels(swath)
        z = standardised(swath["vertical_column"], usable)
        masks = label_masks(rows, swath)
        if masks.plume.any():
            assert np.median(z[masks.plume & usable]) > 2.0, granule
            assert (z[masks.plume & usable] > 0.0).mean() > 0.9, granule
        else:
            assert abs(z[masks.quiet & usable].mean()) < 0.15, granule
            assert (masks.quiet & usable).sum() > 1000, granule


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    from so2plumes.simulate.archive import simulate_archive

    folder = tmp_path_factory.mktemp("archive")
    first = date(2021, 1, 1)
    simulate_archive(folder, first, first, seed=3, scanlines=80, ground_pixels=128, sources=(), bad_granules=False)
    return folder


@pytest.fixture
def plume_archive(archive, tmp_path):
    """One granule with a bright block of 20 x 30 pixels, one without."""
    import shutil

    import netCDF4

    from so2plumes.training.backgrounds import granules_below

    for number, path in enumerate([granule.path for granule in granules_below([archive])[:2]]):
        copy = tmp_path / "granules" / path.name
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, copy)
        if number == 0:
            with netCDF4.Dataset(copy, "a") as dataset:
                dataset["PRODUCT/sulfurdioxide_total_vertical_column"][0, 30:50, 40:70] = 0.02
    return copy.parent


def run(folder, tmp_path, **more):
    from so2plumes.commands.labels import propose_labels

    options = {"folders": [folder], "out": tmp_path / "out.geojson", "pictures": tmp_path / "pictures", "max": None}
    propose_labels(argparse.Namespace(**{**options, **more}))
    return options["out"], sorted(options["pictures"].glob("*")) if options["pictures"].exists() else []


def test_proposals_are_outlined_drawn_and_refused_until_signed(plume_archive, tmp_path):
    from so2plumes.swath.level2 import read_level2

    out, pictures = run(plume_archive, tmp_path)
    with pytest.raises(TableError, match="a proposal is no label"):
        read_labels(out)
    signed = tmp_path / "signed.geojson"
    signed.write_text(out.read_text().replace('"author":"","date":""', '"author":"R. Parks","date":"2026-11-21"'))
    labels = read_labels(signed)
    assert labels["source"].to_list() == ["reviewed"]
    assert labels["method"].str.startswith("ztest ").all()
    granule = labels["granule"][0]
    plume = label_masks(labels, read_level2(plume_archive / f"{granule}.nc")).plume
    block = np.zeros(plume.shape, bool)
    block[30:50, 40:70] = True
    assert (plume & block).sum() / (plume | block).sum() > 0.9
    assert [path.name for path in pictures] == [f"{granule}.png"]
    assert min(Image.open(pictures[0]).size) > 400


def test_the_number_of_granules_can_be_limited(plume_archive, tmp_path):
    out, pictures = run(plume_archive, tmp_path, max=1)
    assert len(pictures) <= 1
    names = {item["properties"]["granule"] for item in json.loads(out.read_text())["features"]}
    assert len(names) == len(pictures)


def test_unreadable_granules_are_left_out_with_a_message(tmp_path, caplog):
    (tmp_path / f"{GRANULE}.nc").write_bytes(b"not a file")
    out, pictures = run(tmp_path, tmp_path)
    assert "left out" in caplog.text
    assert json.loads(out.read_text())["features"] == []
    assert pictures == []


def test_the_table_of_proposals_has_the_columns_of_labels():
    from so2plumes.training.propose import proposed_labels

    assert tuple(pd.DataFrame(proposed_labels([])).columns) == COLUMNS
