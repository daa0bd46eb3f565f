"""Commands that say what the plumes of a period are as a whole."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

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

log = logging.getLogger(__name__)


def collect_seen(options: argparse.Namespace) -> None:
    """Join the grids of what was seen in every period of a year."""
    from so2plumes.seen import join_days, read_seen, write_seen

    grids = (read_seen(path) for path in options.grids)
    write_seen(join_days((day, grid.percent[i]) for grid in grids for i, day in enumerate(grid.days)), options.out)


def describe_days(options: argparse.Namespace) -> None:
    """Count plumes per day, find the days that stand out, name their causes, and count the plumes of one box."""
    from so2plumes.analysis.daily import SpikeRule, daily_counts
    from so2plumes.analysis.regions import Box, read_regions, region_panel
    from so2plumes.analysis.spikes import spike_table
    from so2plumes.dictionary import write_described
    from so2plumes.seen import seen_at
    from so2plumes.table import read_plumes, read_table

    plumes = read_plumes(options.plumes)
    box = Box(options.panel_name, *options.panel_box)
    seen = seen_at(options.seen, *box.cells(), options.start, options.end, area=True) if options.seen else None
    rule = SpikeRule(options.window_days, options.score, options.least_plumes)
    daily = daily_counts(plumes, read_table(options.coverage), options.start, options.end, seen, rule)
    spikes = spike_table(
        plumes,
        daily,
        read_table(options.eruptions),
        read_table(options.eruption_plumes),
        read_table(options.clusters),
        read_regions(options.regions),
        rule,
    )
    for _, row in spikes.iterrows():
        log.info("%s %s: %d plumes, %s", row["mark"], row["peak_date"], row["n_plumes"], row["cause"] or "unknown")
    write_described(daily, "daily", options.daily)
    write_described(spikes, "spikes", options.spikes)
    panel = region_panel(plumes, box, options.start, options.end, seen, options.origin)
    write_described(panel, "region_panel", options.panel)


def describe_labels(options: argparse.Namespace) -> None:
    """Count flag classes, and cluster the plumes without enhancement."""
    from so2plumes.analysis.labels import label_table, none_clusters
    from so2plumes.dictionary import write_described
    from so2plumes.sources.known import read_known_sources
    from so2plumes.table import read_plumes, read_table

    plumes = read_plumes(options.plumes)
    write_described(label_table(plumes, options.label_threshold), "label_shares", options.shares)
    known = read_known_sources(options.known, options.volcanoes)
    clusters = none_clusters(
        plumes, read_table(options.clusters), known, options.eps_km, options.min_samples, options.origin
    )
    write_described(clusters, "none_clusters", options.out)


def compare_catalogues(options: argparse.Namespace) -> None:
    """Set eruption masses and persistent rates of other catalogues beside ours."""
    from so2plumes.analysis.catalogues import read_msvolso2l4, read_persistent
    from so2plumes.analysis.ratios import eruption_masses, persistent_rates, within_period
    from so2plumes.dictionary import empty, write_described
    from so2plumes.seen import seen_at
    from so2plumes.sources.known import read_known_sources
    from so2plumes.table import read_plumes, read_table

    plumes = read_plumes(options.plumes)
    masses = empty("catalogue_eruptions", available=False)
    if options.masses is not None:
        catalogue = within_period(read_msvolso2l4(options.masses), options.start, options.end)
        places = (catalogue["longitude"], catalogue["latitude"])
        seen = seen_at(options.seen, *places, options.start, options.end) if options.seen else None
        linked = (read_table(options.eruptions), read_table(options.eruption_plumes))
        masses = eruption_masses(plumes, catalogue, options.start, options.end, *linked, seen, origin=options.origin)
    write_described(masses, "catalogue_eruptions", options.masses_out)
    rates = empty("catalogue_sources", available=False)
    if options.persistent is not None:
        rates = persistent_rates(
            plumes,
            read_table(options.clusters),
            read_persistent(options.persistent),
            read_known_sources(options.known, options.volcanoes),
            origin=options.origin,
        )
    write_described(rates, "catalogue_sources", options.rates_out)


def export_csv(options: argparse.Namespace) -> None:
    """Write Parquet tables as CSV of the same name, with the facts of each table as JSON beside it."""
    from so2plumes.dictionary import write_csv
    from so2plumes.table import read_table

    for path in options.tables:
        write_csv(read_table(path), options.out / f"{path.stem}.csv")


def _add_origin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--origin", choices=("max", "upwind"), default="max", help="place of a plume")


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "collect-seen", collect_seen)
    parser.add_argument("grids", type=Path, nargs="+", help="grids of the periods")
    add_paths(parser, out="NetCDF grid")
    parser = add_command(commands, common, "describe-days", describe_days)
    add_period(parser)
    add_seen(parser)
    _add_origin(parser)
    parser.add_argument("--window-days", type=int, default=61, help="length of the running median")
    parser.add_argument("--score", type=float, default=6.0, help="robust standard deviations of a day that stands out")
    parser.add_argument(
        "--least-plumes", type=float, default=10.0, help="plumes above the running median of such a day"
    )
    parser.add_argument("--panel-name", default="Norilsk")
    parser.add_argument(
        "--panel-box", type=float, nargs=4, default=[78.0, 64.0, 98.0, 74.0], metavar=("WEST", "SOUTH", "EAST", "NORTH")
    )
    add_paths(
        parser,
        plumes="plume table",
        coverage="table of granules",
        clusters="cluster table",
        eruptions="eruption table",
        eruption_plumes="plumes of eruptions",
        regions="CSV of regions",
        daily="Parquet table of days",
        spikes="Parquet table of what stands out",
        panel="Parquet table of the box",
    )
    parser = add_command(commands, common, "describe-labels", describe_labels)
    _add_origin(parser)
    add_known(parser)
    parser.add_argument("--label-threshold", type=float, default=0.8)
    parser.add_argument("--eps-km", type=float, default=150.0)
    parser.add_argument("--min-samples", type=int, default=20)
    add_paths(
        parser,
        plumes="plume table",
        clusters="cluster table",
        shares="Parquet table of labels",
        out="Parquet table of clusters without enhancement",
    )
    parser = add_command(commands, common, "compare-catalogues", compare_catalogues)
    add_period(parser)
    add_seen(parser)
    _add_origin(parser)
    add_known(parser)
    parser.add_argument("--masses", type=optional_path, default=None, help="MSVOLSO2L4, or none")
    parser.add_argument("--persistent", type=optional_path, default=None, help="table of persistent degassing, or none")
    add_paths(
        parser,
        plumes="plume table",
        clusters="cluster table",
        eruptions="eruption table",
        eruption_plumes="plumes of eruptions",
        masses_out="Parquet table of masses",
        rates_out="Parquet table of rates",
    )
    parser = add_command(commands, common, "export-csv", export_csv)
    parser.add_argument("tables", type=Path, nargs="+", help="Parquet tables")
    add_paths(parser, out="folder for CSV")
