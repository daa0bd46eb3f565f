"""Commands that compare plumes with sources, eruptions and the inventory."""

from __future__ import annotations

import argparse
import logging

from so2plumes.commands.options import Common, Subparsers, add_command, add_paths, add_period, optional_path

log = logging.getLogger(__name__)


def cluster_plumes(options: argparse.Namespace) -> None:
    """Cluster the plumes of a period and name the nearest known source of each cluster."""
    from so2plumes.sources.known import read_known_sources
    from so2plumes.sources.products import cluster_product
    from so2plumes.table import read_plumes, write_table

    n_days = (options.end - options.start).days + 1
    table = cluster_product(
        read_plumes(options.plumes),
        read_known_sources(options.known),
        n_days,
        options.eps_km,
        options.min_samples,
        options.origin,
        options.centre,
    )
    for _, row in table.head(10).iterrows():
        log.info("%d %s: %d plumes", row["rank"], row["nearest_source"], row["n_plumes"])
    write_table(table, options.out)


def match_eruptions(options: argparse.Namespace) -> None:
    """List the eruptions of a period with the plumes near them."""
    from so2plumes.sources.gvp import read_eruptions
    from so2plumes.sources.products import eruption_product
    from so2plumes.table import read_plumes, write_table

    eruptions = None if options.eruptions is None else read_eruptions(options.eruptions)
    table = eruption_product(
        read_plumes(options.plumes),
        eruptions,
        options.start,
        options.end,
        options.radius_km,
        options.origin,
        "" if options.eruptions is None else options.eruptions.name,
    )
    log.info("%d eruptions in the period, %d with a plume", len(table), int(table["matched"].sum()))
    write_table(table, options.out)


def compare_edgar(options: argparse.Namespace) -> None:
    """Compare the plumes of a period with the EDGAR inventory."""
    from so2plumes.inventory.edgar import find_edgar, read_edgar
    from so2plumes.inventory.product import edgar_product, empty_product
    from so2plumes.table import read_plumes, write_table

    if options.edgar is None:
        write_table(empty_product(options.year), options.out)
        log.info("no inventory configured: edgar.path is null")
        return
    found = find_edgar(options.edgar, options.year)
    grid = read_edgar(found.path, found.year)
    table = edgar_product(read_plumes(options.plumes), grid, options.year, options.top_share, options.radius_km)
    write_table(table, options.out)


def download_eruptions(options: argparse.Namespace) -> None:
    """Fetch the eruption list of the Global Volcanism Program and check that it is whole."""
    import numpy as np

    from so2plumes.http import HttpClient
    from so2plumes.sources.download import download_eruptions as download

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


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "cluster-plumes", cluster_plumes)
    add_period(parser)
    parser.add_argument("--eps-km", type=float, default=50.0)
    parser.add_argument("--min-samples", type=int, default=20)
    parser.add_argument("--origin", choices=("max", "upwind"), default="max")
    parser.add_argument("--centre", choices=("mean", "densest"), default="mean")
    add_paths(parser, plumes="plume table", known="CSV of known sources", out="Parquet table")
    parser = add_command(commands, common, "match-eruptions", match_eruptions)
    add_period(parser)
    parser.add_argument("--eruptions", type=optional_path, default=None, help="GVP list, or none")
    parser.add_argument("--radius-km", type=float, default=50.0)
    parser.add_argument("--origin", choices=("max", "upwind"), default="max")
    add_paths(parser, plumes="plume table", out="Parquet table")
    parser = add_command(commands, common, "compare-edgar", compare_edgar)
    parser.add_argument("--edgar", type=optional_path, default=None, help="EDGAR file or folder, or none")
    parser.add_argument("--year", type=int, required=True, help="year of the plumes")
    parser.add_argument("--top-share", type=float, default=0.001)
    parser.add_argument("--radius-km", type=float, default=200.0)
    add_paths(parser, plumes="plume table", out="Parquet table")
    parser = add_command(commands, common, "download-eruptions", download_eruptions)
    parser.add_argument("--url", required=True, help="web service of the GVP")
    add_paths(parser, out="GeoJSON file")
    parser = add_command(commands, common, "download-edgar", download_edgar)
    parser.add_argument("years", type=int, nargs="+", help="years of plumes")
    parser.add_argument("--url", required=True, help="folder of the release")
    add_paths(parser, out="folder")
