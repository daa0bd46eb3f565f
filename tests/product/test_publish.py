"""The product folder: partitions, sidecar and catalogue agree with the table and with each other."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pyarrow.dataset as ds
import pytest
from tests.product.rows import config, row, table

from so2plumes.files import read_json, sha256
from so2plumes.product.publish import write_product
from so2plumes.product.sidecar import PUBLICATIONS
from so2plumes.product.stac import Place, footprint, identifier
from so2plumes.provenance import config_digest
from so2plumes.table import plume_columns, plume_frame, read_plumes, write_plumes

pystac = pytest.importorskip("pystac", reason="pystac is a development dependency")


@pytest.fixture
def published(tmp_path):
    """A product of three plumes on three days, the last one in 2022, whose second day has no files."""
    results = tmp_path / "results"
    frame = plume_frame([row(1), row(0), row(2)])
    for day, part in (("2021-12-30", table(1)), ("2022-01-01", plume_frame([]))):
        write_plumes(part, results / day[:4] / "emissions" / f"{day}.parquet")
        (results / day[:4] / "chips").mkdir()
        (results / day[:4] / "chips" / f"{day}.nc").write_bytes(b"chips")
    coverage = pd.DataFrame({"date": ["2021-12-30"] * 3, "status": ["ready", "ready", "quarantined"]})
    folder = results / "campaign" / "product"
    folder.mkdir(parents=True)
    write_product(frame, config(), Place(folder, folder, results), coverage)
    return folder


def test_partitions_are_the_years_of_the_plumes(published):
    parts = {path.parent.name: read_plumes(path) for path in sorted(published.glob("plumes/*/plumes.parquet"))}
    assert list(parts) == ["year=2021", "year=2022"]
    assert [len(part) for part in parts.values()] == [2, 1]
    for name, part in parts.items():
        assert {f"year={year}" for year in part["time"].dt.year} == {name}
        assert part["time"].is_monotonic_increasing


def test_the_partitions_are_one_data_set_to_other_readers(published):
    data = ds.dataset(published / "plumes", partitioning="hive")
    assert data.count_rows() == 3
    assert data.to_table(filter=ds.field("year") == 2022)["plume_id"].to_pylist() == ["text 2"]
    assert len(gpd.read_parquet(published / "plumes" / "year=2021" / "plumes.parquet", bbox=(15.5, 37, 16.5, 38))) == 1


def test_the_sidecar_tells_what_the_files_hold(published):
    said = read_json(published / "plumes.json")
    assert said["rows"] == 3
    assert [column["name"] for column in said["columns"]] == [column.name for column in plume_columns()]
    assert said["extent"]["temporal"] == ["2021-12-30T12:00:00.123000Z", "2022-01-01T12:00:00.123000Z"]
    assert said["extent"]["spatial"] == [14.0, 37.0, 17.0, 38.0]
    assert said["config"]["sha256"] == config_digest(config())
    assert any("Copernicus Sentinel data 2021-2022" in source["text"] for source in said["attributions"])
    listed = {entry["path"]: entry for entry in said["files"]}
    catalogue = {"plumes.json", "collection.json"}
    here = {str(path.relative_to(published)) for path in published.rglob("*") if path.is_file()}
    assert set(listed) == {path for path in here - catalogue if not path.startswith("items/")}
    for path, entry in listed.items():
        assert entry["sha256"] == sha256(published / path)
        assert entry["bytes"] == (published / path).stat().st_size


def test_the_catalogue_is_valid_stac(published):
    from pystac.validation import validate_dict

    for path in [published / "collection.json", *published.glob("items/*/*.json")]:
        document = read_json(path)
        assert validate_dict({**document, "stac_extensions": []}), path
        assert "\\" not in json.dumps(document)
    collection = pystac.Collection.from_file(str(published / "collection.json"))
    assert [item.id for item in collection.get_items()] == ["2021-12-30", "2021-12-31", "2022-01-01"]
    assert collection.extra_fields["sci:publications"] == [dict(entry) for entry in PUBLICATIONS]


def test_what_the_catalogue_points_to_is_there(published):
    collection = pystac.Collection.from_file(str(published / "collection.json"))
    objects = [collection, *collection.get_items()]
    for path in [path for entry in objects for path in map(pystac.Asset.get_absolute_href, entry.assets.values())]:
        assert pd.io.common.file_exists(path), path
    for asset in collection.assets.values():
        assert asset.extra_fields["file:checksum"] == "1220" + sha256(asset.get_absolute_href())


def test_items_count_plumes_and_granules(published):
    first = read_json(published / "items" / "2021" / "2021-12-30.json")
    assert set(first["assets"]) == {"plumes", "chips"}
    assert first["properties"]["so2plumes:plumes"] == 1
    assert first["properties"]["so2plumes:granules_ready"] == 2
    assert first["properties"]["so2plumes:granules_quarantined"] == 1
    nothing = read_json(published / "items" / "2021" / "2021-12-31.json")
    assert nothing["assets"] == {}
    assert "so2plumes:plumes" not in nothing["properties"]
    assert nothing["properties"]["so2plumes:granules_ready"] == 0
    assert read_json(published / "items" / "2022" / "2022-01-01.json")["properties"]["so2plumes:plumes"] == 0


def test_a_campaign_without_plumes_is_published(tmp_path):
    files = write_product(plume_frame([]), config(), Place(tmp_path, tmp_path, tmp_path))
    assert all(path.stat().st_size > 0 for path in files)
    said = read_json(tmp_path / "plumes.json")
    assert said["rows"] == 0
    assert said["extent"] == {"temporal": None, "spatial": None}
    assert [len(read_plumes(path)) for path in sorted(tmp_path.glob("plumes/*/plumes.parquet"))] == [0, 0]


def test_the_same_table_in_another_order_is_the_same_product(tmp_path):
    for name, order in (("a", (0, 1, 2)), ("b", (2, 0, 1))):
        place = Place(tmp_path / name, tmp_path / "home", tmp_path)
        place.folder.mkdir()
        write_product(plume_frame([row(i) for i in order]), config(), place)
    for path in [*(tmp_path / "a").rglob("*.parquet"), *(tmp_path / "a").rglob("*.csv")]:
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_links_are_those_of_the_folder_that_it_becomes(tmp_path):
    write_plumes(table(1), tmp_path / "2021" / "emissions" / "2021-12-30.parquet")
    place = Place(tmp_path / "part", tmp_path / "campaign" / "product", tmp_path)
    place.folder.mkdir()
    write_product(table(1), config(), place)
    item = read_json(tmp_path / "part" / "items" / "2021" / "2021-12-30.json")
    assert item["assets"]["plumes"]["href"] == "../../../../2021/emissions/2021-12-30.parquet"


@pytest.mark.parametrize(
    ("region", "box", "parts"),
    [
        (None, [-180, -90, 180, 90], 1),
        ([13, 36, 17, 39], [13, 36, 17, 39], 1),
        ([170, -25, -170, -10], [170, -25, -170, -10], 2),
    ],
)
def test_the_footprint_is_the_region(region, box, parts):
    campaign = {"name": "x", "start": "2021-12-30", "end": "2022-01-01", "region": region}
    found, geometry = footprint(config(campaign=campaign))
    assert found == box
    assert (len(geometry["coordinates"]) if geometry["type"] == "MultiPolygon" else 1) == parts


def test_months_are_items_too(tmp_path):
    campaign = {"name": "x", "start": "2021-11-15", "end": "2022-01-10", "unit": "month"}
    write_product(table(1), config(campaign=campaign), Place(tmp_path, tmp_path, tmp_path))
    collection = pystac.Collection.from_file(str(tmp_path / "collection.json"))
    items = {item.id: item.properties["start_datetime"][:10] for item in collection.get_items()}
    assert items == {"2021-11": "2021-11-15", "2021-12": "2021-12-01", "2022-01": "2022-01-01"}


def test_names_of_collections():
    assert identifier(config()) == "a-test-2021"
