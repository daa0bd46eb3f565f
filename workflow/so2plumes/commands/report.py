"""Commands that gather what people read."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from so2plumes.commands.options import Common, Subparsers, add_command, add_paths, add_period, optional_path

if TYPE_CHECKING:
    from so2plumes.findings.inputs import ReportInputs

log = logging.getLogger(__name__)


def collect_receipts(options: argparse.Namespace) -> None:
    """Join the receipts of a year into one table with a row per granule."""
    from so2plumes.findings.inputs import read_coverage
    from so2plumes.table import write_table

    write_table(read_coverage(options.receipts), options.out)


def collect_tables(options: argparse.Namespace) -> None:
    """Join tables of the same columns, one below the other."""
    from so2plumes.table import joined, read_table, write_table

    write_table(joined([read_table(path) for path in options.tables]), options.out)


def score_truth(options: argparse.Namespace) -> None:
    """Say for every simulated plume whether it was found and with what rate."""
    from so2plumes.plumes.chips import read_chips
    from so2plumes.simulate.score import score_truth as score
    from so2plumes.swath.level2 import index_origin
    from so2plumes.table import read_plumes, write_table

    plumes = read_plumes(options.plumes)
    chips = [chip for path in options.chips for chip in read_chips(path)]
    granules = {chip.granule for chip in chips}
    origins = {name: index_origin(options.archive / f"{name}.nc") for name in sorted(granules)}
    table = score(options.archive, chips, plumes, origins)
    log.info("%d of %d simulated plumes found", int(table["found"].sum()), len(table))
    write_table(table, options.out)


def _versions(model: Path | None) -> dict[str, str]:
    from importlib.metadata import version

    from so2plumes import __version__
    from so2plumes.detect.ztest import ZTest
    from so2plumes.files import sha256
    from so2plumes.versions import ALGORITHMS

    names = ("snakemake", "keras", "numpy", "netCDF4", "opencv-python-headless", "shapely", "pyproj")
    algorithms = ", ".join(f"{rule} {number}" for rule, number in ALGORITHMS.items())
    return {
        "so2plumes": __version__,
        "algorithms": algorithms,
        "detector": f"{model} (sha256 {sha256(model)})" if model else ZTest().identity,
        **{name: version(name) for name in names},
    }


def read_findings(options: argparse.Namespace, title: str = "", **more: Any) -> ReportInputs:
    """Read the tables of a year or of the campaign that reports, figures and comparisons are made of."""
    from dataclasses import replace

    from so2plumes.findings.inputs import load_inputs, read_any

    inputs = load_inputs(
        title=title,
        start=options.start,
        end=options.end,
        plumes=[options.plumes],
        science=options.science,
        clusters=options.clusters,
        eruptions=options.eruptions,
        edgar=options.edgar,
        **more,
    )
    return replace(inputs, coverage=read_any(options.coverage))


def _chip_files(options: argparse.Namespace) -> list[Path]:
    return [path for folder in options.chips for path in sorted(folder.glob("*.nc"))]


def _inputs(options: argparse.Namespace) -> ReportInputs:
    from dataclasses import replace

    from so2plumes.findings.inputs import read_gallery_chips
    from so2plumes.made_by import read_field

    config: dict[str, Any] = json.loads(options.config)
    inputs = read_findings(
        options, options.title, truth=options.truth, config=config, versions=_versions(options.model)
    )
    chips = read_gallery_chips(inputs.plumes, _chip_files(options), options.gallery) if options.gallery else []
    return replace(
        inputs, chips=chips, gallery=options.gallery, made_by=read_field(options.plumes), pages=dict(options.page)
    )


def report(options: argparse.Namespace) -> None:
    """Write the report of a year or of the campaign: one HTML file that needs nothing else."""
    from so2plumes.files import write_text
    from so2plumes.report.page import render_report

    page = render_report(_inputs(options))
    write_text(options.out, page)
    log.info("report: %s", options.out)


def export_tables(options: argparse.Namespace) -> None:
    """Write the tables of a report that no other command writes as CSV files."""
    from so2plumes.report.export import write_tables

    write_tables(read_findings(options), options.tables)


def draw_figures(options: argparse.Namespace) -> None:
    """Draw the figures of Finch and Palmer, and ours: PNG, PDF, and the data behind each as CSV."""
    from dataclasses import replace

    from so2plumes.figures.files import write_figures
    from so2plumes.findings.inputs import read_gallery_chips
    from so2plumes.findings.sample import select_longest

    inputs = read_findings(options, config={"archive": {"source": options.source}})
    longest = select_longest(inputs.plumes)
    also = [] if longest is None else [longest]
    chips = read_gallery_chips(inputs.plumes, _chip_files(options), options.gallery, also)
    paths = write_figures(replace(inputs, chips=chips, gallery=options.gallery), options.figures)
    log.info("%d files in %s", len(paths), options.figures)


def quicklook(options: argparse.Namespace) -> None:
    """Draw the strongest plumes of a chips file: column, mass enhancement and probability."""
    from so2plumes.figures.chips import quicklook as draw
    from so2plumes.plumes.chips import read_chips
    from so2plumes.table import read_plumes

    plumes = read_plumes(options.plumes).set_index("plume_id")
    chips = {chip.plume_id: chip for chip in read_chips(options.chips)}
    chosen = plumes.loc[[name for name in chips if name in plumes.index]]
    options.out.mkdir(parents=True, exist_ok=True)
    for name, row in chosen.nlargest(options.most, "mass_kg").iterrows():
        draw(chips[str(name)], {"plume_id": name, **row.to_dict()}, options.out / f"{name}.png")
        log.info("%s", options.out / f"{name}.png")


def _add_table_options(parser: argparse.ArgumentParser) -> None:
    add_period(parser)
    add_paths(
        parser,
        plumes="plume table",
        clusters="cluster table",
        coverage="table of granules",
    )
    parser.add_argument("--eruptions", type=optional_path, default=None, help="eruption table")
    parser.add_argument("--edgar", type=optional_path, default=None, help="EDGAR table")
    parser.add_argument("--science", type=Path, nargs="*", default=[], help="other tables, named as in docs/tables.md")


def _add_chip_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--chips", type=Path, nargs="*", default=[], help="folders of chips")
    parser.add_argument("--gallery", type=int, default=20, help="plumes in the gallery")


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "collect-receipts", collect_receipts)
    parser.add_argument("receipts", type=Path, nargs="+", help="JSON receipts")
    add_paths(parser, out="Parquet table")
    parser = add_command(commands, common, "collect-tables", collect_tables)
    parser.add_argument("tables", type=Path, nargs="+", help="Parquet tables")
    add_paths(parser, out="Parquet table")
    parser = add_command(commands, common, "score-truth", score_truth)
    add_paths(
        parser,
        archive="simulated archive",
        plumes="plume table",
        out="Parquet table",
    )
    parser.add_argument("--chips", type=Path, nargs="+", required=True, help="chips of all periods")
    parser = add_command(commands, common, "report", report)
    _add_table_options(parser)
    _add_chip_options(parser)
    parser.add_argument("--title", required=True)
    parser.add_argument("--model", type=optional_path, required=True, help="weights that were used, or none: z-test")
    parser.add_argument("--config", required=True, help="configuration as JSON text")
    parser.add_argument("--truth", type=optional_path, default=None, help="scored truth of a simulated archive")
    parser.add_argument("--page", nargs=2, action="append", default=[], metavar=("TITLE", "PATH"), help="another page")
    add_paths(parser, out="HTML file")
    parser = add_command(commands, common, "export-tables", export_tables)
    _add_table_options(parser)
    add_paths(parser, tables="folder for CSV")
    parser = add_command(commands, common, "draw-figures", draw_figures)
    _add_table_options(parser)
    _add_chip_options(parser)
    parser.add_argument("--source", default="local", help="of the archive; figures of a simulated one say so")
    add_paths(parser, figures="folder for PNG, PDF and CSV")
    parser = add_command(commands, common, "quicklook", quicklook)
    add_paths(parser, chips="chips of a period", plumes="their plume table", out="folder for PNG")
    parser.add_argument("--most", type=int, default=10, help="draw this many plumes, strongest first")
