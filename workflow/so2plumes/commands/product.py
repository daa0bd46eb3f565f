"""The command that publishes the plume table."""

from __future__ import annotations

import argparse
import logging

from so2plumes.commands.options import Common, Subparsers, add_command, add_paths, optional_path

log = logging.getLogger(__name__)


def export_product(options: argparse.Namespace) -> None:
    """Write the plume table as a data set: yearly GeoParquet, GeoPackage, GeoJSON, CSV, sidecar, STAC catalogue."""
    import json

    from so2plumes.config import parse_config
    from so2plumes.files import atomic_directory
    from so2plumes.product.publish import write_product
    from so2plumes.product.stac import Place
    from so2plumes.table import read_plumes, read_table

    config = parse_config(json.loads(options.config))
    plumes = read_plumes(options.plumes)
    coverage = read_table(options.coverage) if options.coverage else None
    with atomic_directory(options.out) as folder:
        write_product(plumes, config, Place(folder, options.out, options.results), coverage, options.known_sha256)
    log.info("%d plumes in %s", len(plumes), options.out)


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "export-product", export_product)
    add_paths(parser, plumes="plume table of the campaign", results="folder of the results", out="folder")
    parser.add_argument("--coverage", type=optional_path, default=None, help="table of granules")
    parser.add_argument("--known-sha256", default="", help="digest of the list of known sources")
    parser.add_argument("--config", required=True, help="configuration as JSON text")
