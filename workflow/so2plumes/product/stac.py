"""A static STAC 1.1 catalogue: a collection with an item for every period (day or month) of the campaign.

Links are relative, so the results can be copied or served as they are. An item stands for what was searched, with or
without plumes: its geometry is the region of the campaign, or the globe. Plumes are rows of the table, not items.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from so2plumes.files import sha256
from so2plumes.periods import Period, campaign_years, year_periods
from so2plumes.product.sidecar import PUBLICATIONS, attributions, citation, day_bounds
from so2plumes.table import plume_columns

if TYPE_CHECKING:
    import pandas as pd

    from so2plumes.config import Config

VERSION = "1.1.0"
_FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
_TABLE = "https://stac-extensions.github.io/table/v1.2.0/schema.json"
_SCIENTIFIC = "https://stac-extensions.github.io/scientific/v1.0.0/schema.json"
PARQUET = "application/vnd.apache.parquet"
NETCDF = "application/netcdf"
_TERMS = "https://sentinels.copernicus.eu/documents/247904/690755/Sentinel_Data_Legal_Notice"

PERIOD_FILES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "plumes": ("emissions/{period}.parquet", PARQUET, "One row per plume", ("data",)),
    "chips": ("chips/{period}.nc", NETCDF, "All pixels around every plume", ("data",)),
    "probability": ("probability/{period}.nc", NETCDF, "Plume probability of every pixel", ("data",)),
    "receipts": ("receipts/{period}.json", "application/json", "What happened to every granule", ("metadata",)),
}
"""Files of a period below the folder of its year: path, media type, title, roles."""


@dataclass(frozen=True)
class Place:
    """Where a catalogue is written and where what it points to lies.

    Attributes
    ----------
    folder : Path
        Where it is written now.
    home : Path
        Where it will be: relative links are as seen from there.
    results : Path
        Folder of the campaign's results.
    """

    folder: Path
    home: Path
    results: Path


def _link(relation: str, href: str, media: str = "application/json") -> dict[str, str]:
    return {"rel": relation, "href": href, "type": media}


def footprint(config: Config) -> tuple[list[float], dict[str, Any]]:
    """Box and GeoJSON geometry of what the campaign looks at; west > east where the box crosses the antimeridian."""
    import shapely
    from shapely.geometry import mapping
    from shapely.geometry.polygon import orient

    from so2plumes.archive.region import parse_region

    region = config.campaign.region
    shape = shapely.box(-180.0, -90.0, 180.0, 90.0) if region is None else parse_region(region).geometry
    west, south, east, north = shape.bounds
    parts = sorted(shapely.get_parts(shape), key=lambda part: part.bounds[0])
    if west == -180.0 and east == 180.0 and len(parts) == 2:
        west, east = parts[1].bounds[0], parts[0].bounds[2]
    turned = [orient(part) for part in parts]
    return [west, south, east, north], mapping(turned[0] if len(turned) == 1 else shapely.MultiPolygon(turned))


def _rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _assets(place: Place, year: int, period: Period, at: Path) -> dict[str, Any]:
    assets = {}
    for key, (pattern, media, title, roles) in PERIOD_FILES.items():
        path = place.results / str(year) / pattern.format(period=period.name)
        if not path.exists():
            continue
        href = os.path.relpath(path, at)
        assets[key] = {"href": href, "type": media, "title": title, "roles": roles, "file:size": path.stat().st_size}
        if key == "plumes":
            assets[key]["table:row_count"] = _rows(path)
    return assets


def _granules(coverage: pd.DataFrame | None, period: Period) -> dict[str, int]:
    """Granules of a period by what became of them."""
    if coverage is None:
        return {}
    days = coverage["date"].astype(str)
    inside = (days >= period.start.isoformat()) & (days <= period.end.isoformat())
    counts = coverage.loc[inside, "status"].value_counts().to_dict()
    return {f"so2plumes:granules_{status}": int(counts.get(status, 0)) for status in ("ready", "quarantined")}


def item(
    config: Config, place: Place, year: int, period: Period, coverage: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Describe a period: the item.

    Parameters
    ----------
    config : Config
    place : Place
    year : int
        Year whose folder has the files of the period.
    period : Period
    coverage : DataFrame, optional
        One row per granule; gives the counts.
    """
    box, geometry = footprint(config)
    assets = _assets(place, year, period, place.home / "items" / str(year))
    start, end = day_bounds(period.start, period.end)
    properties: dict[str, Any] = {
        "datetime": None,
        "start_datetime": start,
        "end_datetime": end,
        "platform": "sentinel-5p",
        "constellation": "sentinel-5p",
        "instruments": ["tropomi"],
        **_granules(coverage, period),
    }
    if "plumes" in assets:
        properties["so2plumes:plumes"] = assets["plumes"]["table:row_count"]
    return {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": [_FILE, _TABLE],
        "id": period.name,
        "collection": identifier(config),
        "geometry": geometry,
        "bbox": box,
        "properties": properties,
        "links": [_link(relation, "../../collection.json") for relation in ("root", "parent", "collection")],
        "assets": assets,
    }


def identifier(config: Config) -> str:
    """Name of the collection: that of the campaign in lower case, other signs as hyphens."""
    words = "".join(sign if sign.isalnum() else " " for sign in config.campaign.name.lower()).split()
    return "-".join(words) or "so2plumes"


def _file_asset(path: Path, place: Place) -> dict[str, Any]:
    media = {
        ".parquet": PARQUET,
        ".gpkg": "application/geopackage+sqlite3",
        ".geojson": "application/geo+json",
        ".csv": "text/csv",
        ".json": "application/json",
    }[path.suffix]
    return {
        "href": "./" + path.relative_to(place.folder).as_posix(),
        "type": media,
        "roles": ["metadata"] if path.name in ("plumes.json", "plumes-columns.csv") else ["data"],
        "file:size": path.stat().st_size,
        "file:checksum": f"1220{sha256(path)}",
    }


def collection(config: Config, place: Place, files: Sequence[Path], items: Sequence[str]) -> dict[str, Any]:
    """Describe the campaign: the collection.

    Parameters
    ----------
    config : Config
    place : Place
    files : sequence of Path
        Files of the product, in ``place.folder``: the assets.
    items : sequence of str
        Paths of the items below ``place.folder``.
    """
    box, _ = footprint(config)
    start, end = day_bounds(config.campaign.start, config.campaign.end)
    providers: list[dict[str, Any]] = [
        {
            "name": "European Union, ESA, Copernicus",
            "roles": ["licensor", "producer"],
            "description": "Sentinel-5P data",
        }
    ]
    if config.product.publisher:
        providers.append({"name": config.product.publisher, "roles": ["processor", "host"]})
    members = [_link("item", f"./{name}", "application/geo+json") for name in items]
    terms = _link("license", _TERMS, "application/pdf")
    return {
        "type": "Collection",
        "stac_version": VERSION,
        "stac_extensions": [_FILE, _TABLE, _SCIENTIFIC],
        "id": identifier(config),
        "title": config.campaign.name,
        "description": "Plumes of sulphur dioxide found in the swaths of TROPOMI. "
        + "; ".join(source["text"] for source in attributions(config)),
        "keywords": ["SO2", "sulphur dioxide", "plumes", "TROPOMI", "Sentinel-5P", "emissions", "volcanoes"],
        "license": config.product.licence,
        "providers": providers,
        "extent": {"spatial": {"bbox": [box]}, "temporal": {"interval": [[start, end]]}},
        "sci:citation": citation(config),
        "sci:publications": [dict(entry) for entry in PUBLICATIONS],
        "table:columns": [{"name": c.name, "type": c.dtype, "description": c.text} for c in plume_columns()],
        "table:primary_geometry": "geometry",
        "links": [_link("root", "./collection.json"), terms, *members],
        "assets": {_key(path, place): _file_asset(path, place) for path in files},
    }


def _key(path: Path, place: Place) -> str:
    return path.relative_to(place.folder).as_posix().removesuffix("/plumes.parquet").replace("/", "-").replace("=", "-")


def campaign_periods(config: Config) -> list[tuple[int, Period]]:
    """Every period of the campaign with the year whose folder it is in."""
    start, end, unit = config.campaign.start, config.campaign.end, config.campaign.unit
    return [(year, period) for year in campaign_years(start, end) for period in year_periods(start, end, year, unit)]
