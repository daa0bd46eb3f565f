"""Write the whole product into one folder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from so2plumes.files import write_json
from so2plumes.periods import campaign_years
from so2plumes.product import formats, stac
from so2plumes.product.sidecar import sidecar
from so2plumes.table import write_plumes

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from so2plumes.config import Config

log = logging.getLogger(__name__)


def by_year(frame: gpd.GeoDataFrame, config: Config) -> dict[int, gpd.GeoDataFrame]:
    """Plumes by the year of their time; every year of the campaign is there, with or without plumes."""
    years = frame["time"].dt.year
    wanted = sorted(
        {*campaign_years(config.campaign.start, config.campaign.end), *(int(year) for year in years.unique())}
    )
    return {year: frame[years == year].reset_index(drop=True) for year in wanted}


def write_product(
    frame: gpd.GeoDataFrame,
    config: Config,
    place: stac.Place,
    coverage: pd.DataFrame | None = None,
    known_sha256: str = "",
) -> list[Path]:
    """Write partitions, GeoPackage, GeoJSON, CSV, the sidecar and the catalogue.

    Parameters
    ----------
    frame : GeoDataFrame
        The plume table of the campaign.
    config : Config
    place : stac.Place
        An existing folder, where it will be in the end, and the results that the catalogue points to.
    coverage : DataFrame, optional
        One row per granule, for the counts in the catalogue.
    known_sha256 : str
        SHA-256 of the list of known sources, part of the digest of the configuration.

    Returns
    -------
    list of Path
        Files of the product, the catalogue's items left out.
    """
    folder = place.folder
    frame = frame.sort_values(["time", "plume_id"], ignore_index=True)
    files = []
    for year, part in by_year(frame, config).items():
        files.append(folder / "plumes" / f"year={year}" / "plumes.parquet")
        write_plumes(part, files[-1])
        files.append(folder / "geojson" / f"plumes-{year}.geojson")
        files[-1].parent.mkdir(exist_ok=True)
        formats.write_geojson(part, files[-1])
    for name, write in (("plumes.gpkg", formats.write_geopackage), ("plumes.csv", formats.write_csv)):
        files.append(folder / name)
        write(frame, files[-1])
    files.append(folder / "plumes-columns.csv")
    formats.write_dictionary(files[-1])
    files.sort()
    write_json(folder / "plumes.json", sidecar(frame, config, files, folder, known_sha256))
    files.append(folder / "plumes.json")
    _write_catalogue(config, place, files, coverage)
    return files


def _write_catalogue(config: Config, place: stac.Place, files: list[Path], coverage: pd.DataFrame | None) -> None:
    names = []
    for year, period in stac.campaign_periods(config):
        names.append(f"items/{year}/{period.name}.json")
        write_json(place.folder / names[-1], stac.item(config, place, year, period, coverage))
    write_json(place.folder / "collection.json", stac.collection(config, place, files, names))
    log.info("%d files, %d items", len(files), len(names))
