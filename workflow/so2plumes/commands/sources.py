"""Commands that compare plumes with sources, eruptions and the inventory."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from so2plumes.commands.options import (
    Common,
    Subparsers,
    add_command,
    add_known,
    add_paths,
    add_period,
    add_seen,
    optional_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from so2plumes.inventory.edgar import EdgarGrid

log = logging.getLogger(__name__)


def cluster_plumes(options: argparse.Namespace) -> None:
    """Cluster the plumes of a period and name the nearest known source of each cluster."""
    from so2plumes.dictionary import write_described
    from so2plumes.seen import seen_at
    from so2plumes.sources.cluster_product import cluster_product, with_seen_days
    from so2plumes.sources.known import read_known_sources
    from so2plumes.table import read_plumes

    plumes = read_plumes(options.plumes)
    table = cluster_product(
        plumes,
        read_known_sources(options.known, options.volcanoes),
        (options.end - options.start).days + 1,
        options.eps_km,
        options.min_samples,
        options.origin,
        options.centre,
    )
    if options.seen:
        places = (table["longitude"], table["latitude"])
        table = with_seen_days(table, plumes, seen_at(options.seen, *places, options.start, options.end))
    for _, row in table.head(10).iterrows():
        log.info("%d %s: %d plumes", row["rank"], row["nearest_source"], row["n_plumes"])
    write_described(table, "clusters", options.out)


def describe_clusters(options: argparse.Namespace) -> None:
    """Describe clusters by year and month, and set those of one origin beside those of the other."""
    from so2plumes.dictionary import write_described
    from so2plumes.seen import seen_at
    from so2plumes.sources.cluster_history import cluster_history, compare_origins
    from so2plumes.sources.known import read_known_sources
    from so2plumes.table import read_plumes, read_table

    plumes, clusters = read_plumes(options.plumes), read_table(options.clusters)
    places = (clusters["longitude"], clusters["latitude"])
    seen = seen_at(options.seen, *places, options.start, options.end) if options.seen else None
    write_described(
        cluster_history(plumes, clusters, options.start, options.end, seen), "cluster_history", options.history
    )
    known = read_known_sources(options.known, options.volcanoes)
    origins = compare_origins(plumes, known, options.eps_km, options.min_samples, options.centre)
    write_described(origins, "cluster_origins", options.origins)


def match_eruptions(options: argparse.Namespace) -> None:
    """List the eruptions of a period with the plumes near them, and those of their outflow."""
    from so2plumes.dictionary import write_described
    from so2plumes.seen import seen_at
    from so2plumes.sources.eruption_product import absent_tables, eruption_tables, with_seen_eruptions
    from so2plumes.sources.events import EventRule
    from so2plumes.sources.gvp import read_eruptions
    from so2plumes.sources.known import read_known_sources
    from so2plumes.table import read_plumes

    if options.eruptions is None:
        tables = absent_tables(options.radius_km, options.origin)
    else:
        tables = eruption_tables(
            read_plumes(options.plumes),
            read_eruptions(options.eruptions),
            options.start,
            options.end,
            options.radius_km,
            options.origin,
            options.eruptions.name,
            read_known_sources(options.known),
            EventRule(
                options.radius_km, options.event_speed_m_s, options.event_reach_km, days=float(options.event_days)
            ),
        )
    table = tables.eruptions
    if options.seen and len(table):
        places = (table["longitude"], table["latitude"])
        table = with_seen_eruptions(table, seen_at(options.seen, *places, options.start, options.end))
    log.info("%d eruptions in the period, %d with a plume", len(table), int(table["matched"].sum()))
    write_described(table, "eruptions", options.out)
    write_described(tables.plumes, "eruption_plumes", options.plumes_out)


def grid_plumes(options: argparse.Namespace) -> None:
    """Spread every plume over the cells of a 0.1 degree grid that its pixels overlap."""
    from so2plumes.dictionary import write_described
    from so2plumes.inventory.overlap import plume_cells
    from so2plumes.plumes.chips import read_chips
    from so2plumes.table import read_plumes

    plumes = read_plumes(options.plumes)
    background = dict(zip(plumes["plume_id"], plumes["background_mol_m2"].astype(float), strict=True))
    chips = (chip for path in options.chips for file in sorted(path.glob("*.nc")) for chip in read_chips(file))
    write_described(plume_cells(chips, background), "plume_cells", options.out)


def compare_edgar(options: argparse.Namespace) -> None:
    """Compare the plumes of a period with the EDGAR inventory."""
    from so2plumes.dictionary import empty, write_described
    from so2plumes.inventory.arithmetic import flux_arithmetic
    from so2plumes.inventory.compare import cumulative_share
    from so2plumes.inventory.months import edgar_months, flux_histogram
    from so2plumes.inventory.product import curve_table, edgar_product, empty_product, first_percentile
    from so2plumes.table import joined, read_plumes, read_table

    plumes = read_plumes(options.plumes)
    options.folder.mkdir(parents=True, exist_ok=True)
    write_described(
        flux_arithmetic(first_percentile(plumes)), "flux_arithmetic", options.folder / "flux_arithmetic.parquet"
    )
    names = ("edgar_months", "edgar_histogram", "edgar_curve")
    if options.edgar is None:
        write_described(empty_product(options.year), "edgar", options.out)
        for name in names:
            write_described(empty(name, available=False), name, options.folder / f"{name}.parquet")
        log.info("no inventory configured: edgar.path is null")
        return
    grids = _grids(options.edgar)
    cells = joined([read_table(path) for path in options.cells]) if options.cells else None
    months = edgar_months(plumes, cells, grids)
    grid = grids(options.year)
    table = edgar_product(plumes, grid, options.year, options.top_share, options.radius_km)
    tables = (months, flux_histogram(months, grid), curve_table(cumulative_share(grid), grid.year))
    write_described(table, "edgar", options.out)
    for name, frame in zip(names, tables, strict=True):
        write_described(frame, name, options.folder / f"{name}.parquet")


def _grids(place: Path) -> Callable[[int], EdgarGrid]:
    """Give the inventory of a year; only the last one asked for is kept."""
    from functools import lru_cache

    from so2plumes.inventory.edgar import find_edgar, read_edgar

    read = lru_cache(maxsize=1)(read_edgar)

    def grid_of_year(year: int) -> EdgarGrid:
        found = find_edgar(place, year)
        return read(found.path, found.year)

    return grid_of_year


def download_eruptions(options: argparse.Namespace) -> None:
    """Fetch the eruption list of the Global Volcanism Program and check that it is whole."""
    import numpy as np

    from so2plumes.http import HttpClient
    from so2plumes.sources.download import download_eruptions as download

    download(HttpClient(np.random.default_rng()), options.out, options.url)


def download_volcanoes(options: argparse.Namespace) -> None:
    """Fetch the list of Holocene volcanoes of the Global Volcanism Program and check that it is whole."""
    import numpy as np

    from so2plumes.http import HttpClient
    from so2plumes.sources.download import download_volcanoes as download

    download(HttpClient(np.random.default_rng()), options.out, options.url)


def download_edgar(options: argparse.Namespace) -> None:
    """Fetch the EDGAR grids of some years and check them; 2022 stands for later years, and the log says so."""
    import numpy as np

    from so2plumes.files import atomic_directory
    from so2plumes.http import HttpClient
    from so2plumes.inventory.download import EdgarRelease, download_annual

    client = HttpClient(np.random.default_rng())
    with atomic_directory(options.out) as folder:
        download_annual(client, folder, options.years, EdgarRelease(bases=(options.url,)))


def _add_cluster_rule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--eps-km", type=float, default=50.0)
    parser.add_argument("--min-samples", type=int, default=20)
    parser.add_argument("--centre", choices=("mean", "densest"), default="mean")


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "cluster-plumes", cluster_plumes)
    add_period(parser)
    _add_cluster_rule(parser)
    parser.add_argument("--origin", choices=("max", "upwind"), default="max")
    add_known(parser)
    add_seen(parser)
    add_paths(parser, plumes="plume table", out="Parquet table")
    parser = add_command(commands, common, "describe-clusters", describe_clusters)
    add_period(parser)
    _add_cluster_rule(parser)
    add_known(parser)
    add_seen(parser)
    add_paths(parser, plumes="plume table", clusters="cluster table", history="Parquet table", origins="Parquet table")
    parser = add_command(commands, common, "match-eruptions", match_eruptions)
    add_period(parser)
    parser.add_argument("--eruptions", type=optional_path, default=None, help="GVP list, or none")
    parser.add_argument("--radius-km", type=float, default=50.0)
    parser.add_argument("--origin", choices=("max", "upwind"), default="max")
    parser.add_argument("--event-speed-m-s", type=float, default=12.0, help="at which outflow is followed")
    parser.add_argument("--event-reach-km", type=float, default=500.0, help="longest step of an outflow")
    parser.add_argument("--event-days", type=float, default=10.0, help="how long an outflow is followed")
    add_seen(parser)
    add_paths(parser, plumes="plume table", known="CSV of known sources", out="Parquet table of eruptions")
    parser.add_argument("--plumes-out", type=Path, required=True, help="Parquet table of their plumes")
    parser = add_command(commands, common, "grid-plumes", grid_plumes)
    parser.add_argument("--chips", type=Path, nargs="+", required=True, help="folders of chips")
    add_paths(parser, plumes="plume table", out="Parquet table")
    parser = add_command(commands, common, "compare-edgar", compare_edgar)
    parser.add_argument("--edgar", type=optional_path, default=None, help="EDGAR file or folder, or none")
    parser.add_argument("--year", type=int, required=True, help="year of the plumes")
    parser.add_argument("--top-share", type=float, default=0.001)
    parser.add_argument("--radius-km", type=float, default=200.0)
    parser.add_argument("--cells", type=Path, nargs="*", default=[], help="tables of grid-plumes")
    parser.add_argument("--folder", type=Path, required=True, help="for the tables edgar_* and flux_arithmetic")
    add_paths(parser, plumes="plume table", out="Parquet table")
    for name, run in (("download-eruptions", download_eruptions), ("download-volcanoes", download_volcanoes)):
        parser = add_command(commands, common, name, run)
        parser.add_argument("--url", required=True, help="web service of the GVP")
        add_paths(parser, out="GeoJSON file")
    parser = add_command(commands, common, "download-edgar", download_edgar)
    parser.add_argument("years", type=int, nargs="+", help="years of plumes")
    parser.add_argument("--url", required=True, help="folder of the release")
    add_paths(parser, out="folder")
