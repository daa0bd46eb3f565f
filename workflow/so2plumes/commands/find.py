"""The command that finds the plumes of one file."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from so2plumes.commands.detect import ENGINES, detector_from, use_backend
from so2plumes.commands.options import Common, Subparsers, add_command, optional_path

if TYPE_CHECKING:
    from so2plumes.config import Config
    from so2plumes.emissions.record import Surroundings
    from so2plumes.find import Found
    from so2plumes.swath.model import Swath

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[3]


def find(options: argparse.Namespace) -> None:
    """Print, draw and write the plumes of one Level-2 file, with rates and intervals."""
    config = _config(options)
    detector_options = _detector_options(config, options)
    use_backend(detector_options)
    from so2plumes.find import find_plumes, missing, plume_lines
    from so2plumes.report.text import plural
    from so2plumes.swath.filters import usable_pixels

    swath = _read(options.file)
    for line in missing(swath):
        log.warning("%s", line)
    detector = detector_from(detector_options)
    plumes = find_plumes(swath, detector, config, _surroundings(config))
    usable = int(usable_pixels(swath, config.filter.min_qa, config.filter.max_solar_zenith_deg).sum())
    where = f"{usable} usable pixels of {swath.shape[0]} x {swath.shape[1]}"
    folder = options.out or Path(f"plumes-{swath.granule}")
    _write(plumes, folder, options.most)
    lines = plume_lines(plume.row for plume in plumes) if plumes else []
    sys.stdout.write("\n".join([f"{plural(len(plumes), 'plume')} in {where}; written to {folder}", *lines]) + "\n")


def _config(options: argparse.Namespace) -> Config:
    """Return the configuration file's, or that of a preset."""
    from so2plumes.config import load_config, parse_config

    if options.config is not None:
        return load_config(options.config)
    day = "2019-01-01"
    return parse_config(
        {"preset": options.preset, "campaign": {"start": day, "end": day}, "archive": {"source": "local"}}
    )


def _here(path: str) -> Path:
    """Return a path of the configuration: from the current folder, else from the checkout."""
    return Path(path) if Path(path).exists() else ROOT / path


def _detector_options(config: Config, options: argparse.Namespace) -> argparse.Namespace:
    detect = config.detect
    return argparse.Namespace(
        method=options.method or detect.method,
        model=_here(detect.model),
        window=detect.window,
        step=detect.step,
        mosaic=detect.mosaic,
        engine=options.engine or detect.engine,
        cpu_fallback=True,
        batch=detect.batch,
        backend=detect.backend,
        threads=os.cpu_count() or 1,
    )


def _read(path: Path) -> Swath:
    """Read a file; one that was renamed goes by the identity inside it."""
    from so2plumes.swath.level2 import name_inside, read_level2
    from so2plumes.swath.names import is_granule_file

    return read_level2(path) if is_granule_file(path) else read_level2(path, name_inside(path))


def _surroundings(config: Config) -> Surroundings:
    from so2plumes.commands.emissions import known_places
    from so2plumes.emissions.record import Surroundings
    from so2plumes.provenance import Provenance, config_digest

    known = ROOT / "resources" / "known_sources.csv"
    return Surroundings(
        known=known_places(known if known.is_file() else None), made_by=Provenance(config_digest(config))
    )


def _write(plumes: list[Found], folder: Path, most: int) -> None:
    from so2plumes.figures.chips import quicklook
    from so2plumes.product.formats import write_csv
    from so2plumes.table import plume_frame, write_plumes

    folder.mkdir(parents=True, exist_ok=True)
    frame = plume_frame([plume.row for plume in plumes])
    write_plumes(frame, folder / "plumes.parquet")
    write_csv(frame, folder / "plumes.csv")
    for plume in plumes[:most]:
        quicklook(plume.chip, plume.row, folder / f"{plume.chip.plume_id}.png")


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "find", find)
    parser.add_argument("file", type=Path, help="a Level-2 SO2 file, full or a subset")
    parser.add_argument("--out", type=optional_path, default=None, help="folder; without it plumes-<granule> here")
    parser.add_argument("--preset", choices=["recommended", "paper"], default="recommended")
    parser.add_argument("--config", type=optional_path, default=None, help="configuration instead of a preset")
    parser.add_argument("--method", choices=["unet", "ztest"], default=None, help="detector; else the configuration's")
    parser.add_argument("--engine", choices=ENGINES, default=None, help="what runs the network; else the fastest")
    parser.add_argument("--most", type=int, default=10, help="quicklooks of at most so many plumes, heaviest first")
