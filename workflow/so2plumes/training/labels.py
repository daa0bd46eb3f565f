"""Labels: areas of real scenes that people called plume, or looked at and found quiet (docs/labels.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.errors import TableError
from so2plumes.files import atomic_path
from so2plumes.plumes.components import ComponentRule
from so2plumes.plumes.extract import ExtractionRule, extract_plumes
from so2plumes.plumes.outline import outline_of
from so2plumes.swath.model import Swath
from so2plumes.training.label_rules import COLUMNS, LABELS, checked

if TYPE_CHECKING:
    import geopandas as gpd

MARGIN_PIXELS = 2

_DECIMALS = 4
_DEGREES = "EPSG:4326"
_SUFFIXES = (".geojson", ".json", ".parquet")


@dataclass(frozen=True)
class LabelMasks:
    """What people say about the pixels of a granule, each (scanline, ground_pixel) bool.

    Attributes
    ----------
    plume
        The pixel's centre lies in a plume polygon.
    quiet
        It was looked at and holds no plume: in a quiet polygon, or anywhere in a granule that was annotated completely.
    undecided
        Too near a plume to be called either. No pixel is in two masks; those in none were not judged.
    """

    plume: NDArray[np.bool_]
    quiet: NDArray[np.bool_]
    undecided: NDArray[np.bool_]


def _polygon(feature: Mapping[str, Any], number: int) -> Any:
    import shapely
    from shapely.geometry import shape

    try:
        return shape(feature["geometry"]) if feature["geometry"] else None
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"row {number}, geometry: {error}") from None


def _from_geojson(path: Path) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import pandas as pd

    content = json.loads(path.read_text(encoding="utf-8"))
    if content["type"] != "FeatureCollection":
        raise ValueError(f"type {content['type']}")
    if "CRS84" not in str(content.get("crs", "CRS84")):
        raise ValueError(f"crs {content['crs']}")
    features = content["features"]
    rows = [feature.get("properties") or {} for feature in features]
    names = sorted({name for row in rows for name in row} if rows else COLUMNS[:-1])
    table = pd.DataFrame([{name: row.get(name) for name in names} for row in rows], columns=names, dtype=object)
    polygons = [_polygon(feature, number) for number, feature in enumerate(features, 1)]
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(polygons, crs=_DEGREES, dtype="geometry"))


def _from_parquet(path: Path) -> gpd.GeoDataFrame:
    import geopandas as gpd

    labels = gpd.read_parquet(path)
    if labels.crs is None or labels.crs.to_epsg() != 4326:
        raise ValueError(f"crs {labels.crs}")
    if "date" in labels:
        labels["date"] = [v.isoformat()[:10] if hasattr(v, "isoformat") else v for v in labels["date"]]
    return labels


def _check_suffix(path: Path) -> None:
    if path.suffix not in _SUFFIXES:
        raise TableError("a file of labels has an unknown suffix", where=path, expected=" or ".join(_SUFFIXES))


def current(labels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep, for every granule and author, the rows of the highest version."""
    highest = labels.groupby(["granule", "author"])["version"].transform("max")
    return labels[labels["version"] == highest].reset_index(drop=True)


def read_labels(path: str | Path) -> gpd.GeoDataFrame:
    """Read a file of labels.

    Parameters
    ----------
    path : path
        GeoJSON (``.geojson``, ``.json``) or GeoParquet (``.parquet``).

    Returns
    -------
    GeoDataFrame
        Columns of `COLUMNS`, degrees, EPSG:4326, without the rows that a higher version replaces.

    Raises
    ------
    TableError
        Names file, row (from 1) and column. A proposal that nobody has confirmed, ``author`` empty, is refused.
    """
    path = Path(path)
    _check_suffix(path)
    try:
        labels = _from_parquet(path) if path.suffix == ".parquet" else _from_geojson(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TableError(
            "the labels cannot be read",
            where=path,
            expected="a GeoJSON FeatureCollection or a GeoParquet table in degrees, EPSG:4326",
            found=f"{type(error).__name__}: {error}",
            remedy="see docs/labels.md",
        ) from None
    return current(checked(labels, path))


def read_all_labels(paths: Sequence[str | Path]) -> gpd.GeoDataFrame | None:
    """Read several files of labels as one table, or None without files; versions count over all of them."""
    import pandas as pd

    tables = [read_labels(path) for path in paths]
    return current(pd.concat(tables, ignore_index=True)) if tables else None


def write_labels(labels: gpd.GeoDataFrame, path: str | Path) -> None:
    """Write labels, or proposals (``author`` empty), as GeoJSON or GeoParquet by the suffix, atomically.

    Coordinates are rounded to 0.0001 degree (11 m), outer rings run counter-clockwise.
    """
    import shapely
    from shapely.geometry.polygon import orient

    path = Path(path)
    _check_suffix(path)
    labels = checked(labels, path, proposals=True)

    def tidy(geometry: Any) -> Any:
        rounded = shapely.set_precision(shapely.force_2d(geometry), 10.0**-_DECIMALS)
        parts = [orient(part, 1.0) for part in shapely.get_parts(rounded)]
        return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)

    labels["geometry"] = [tidy(geometry) for geometry in labels.geometry]
    labels = checked(labels, path, proposals=True)
    with atomic_path(path) as temporary:
        if path.suffix == ".parquet":
            labels.to_parquet(temporary, index=False)
        else:
            temporary.write_text(_geojson(labels), encoding="utf-8")


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, float | int):
        return round(float(coordinates), _DECIMALS)
    return [_rounded(item) for item in coordinates]


def _geojson(labels: gpd.GeoDataFrame) -> str:
    """FeatureCollection with one row per line, so that a comparison of two versions shows the rows that changed."""
    lines = []
    for row in labels.to_dict("records"):
        shape = row.pop("geometry").__geo_interface__
        properties = {name: value for name, value in row.items() if name != "complete" or value}
        geometry = {"type": shape["type"], "coordinates": _rounded(shape["coordinates"])}
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


def _inside(polygons: Sequence[Any], longitude: NDArray, latitude: NDArray) -> NDArray[np.bool_]:
    """Positions, (scanline, ground_pixel) degrees, within any of the polygons; a position is also tried a turn away."""
    import shapely

    inside = np.zeros(longitude.shape, dtype=bool)
    for polygon in shapely.get_parts(np.asarray(polygons, dtype=object)):
        west, south, east, north = polygon.bounds
        shapely.prepare(polygon)
        for turn in (-360.0, 0.0, 360.0):
            turned = longitude + turn
            near = (turned >= west) & (turned <= east) & (latitude >= south) & (latitude <= north) & ~inside
            inside[near] = shapely.intersects_xy(polygon, turned[near], latitude[near])
    return inside


def label_masks(labels: gpd.GeoDataFrame, swath: Swath, margin_pixels: int = MARGIN_PIXELS) -> LabelMasks:
    """Turn the labels of one granule into masks of its pixels.

    Parameters
    ----------
    labels : GeoDataFrame
        Rows of this granule. Where authors disagree, plume goes before quiet.
    swath : Swath
    margin_pixels : int
        Pixels outside the plume polygons but this near, diagonals included, are undecided.

    Returns
    -------
    LabelMasks
        A pixel belongs to a polygon that holds its centre; pixels without a position belong to none.
    """
    import cv2

    longitude, latitude = swath["longitude"].astype(np.float64), swath["latitude"].astype(np.float64)
    rows = {label: labels.geometry[labels["label"] == label].to_list() for label in LABELS}
    plume = _inside(rows["plume"], longitude, latitude)
    size = 2 * margin_pixels + 1
    near = cv2.dilate(plume.astype(np.uint8), np.ones((size, size), np.uint8)).astype(bool)
    quiet = swath.located if labels["complete"].any() else _inside(rows["quiet"], longitude, latitude)
    return LabelMasks(plume, quiet & ~near, near & ~plume & swath.located)


def pixel_outline(mask: NDArray[np.bool_], swath: Swath) -> list[Any]:
    """Outlines of the connected pieces of a mask, along pixel edges.

    Parameters
    ----------
    mask : (scanline, ground_pixel) bool
    swath : Swath

    Returns
    -------
    list of shapely Polygon or MultiPolygon
        Degrees, EPSG:4326, split at the antimeridian; one per 8-connected piece that has a usable pixel, in the order
        of their first scanline.
    """
    rule = ExtractionRule(ComponentRule(min_pixels=1))
    return [outline_of(chip).geographic for chip in extract_plumes(swath, mask.astype(np.float32), rule)]
