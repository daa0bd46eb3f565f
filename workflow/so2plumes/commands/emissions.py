"""Commands that turn chips into plume tables."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from so2plumes.commands.options import Common, Subparsers, add_command, add_paths, comma_list, optional_path

if TYPE_CHECKING:
    from so2plumes.emissions.known import KnownPlaces
    from so2plumes.emissions.record import EmissionRule
    from so2plumes.plumes.chips import Chip
    from so2plumes.weather.interpolate import WindField

log = logging.getLogger(__name__)


def estimate_emissions(options: argparse.Namespace) -> None:
    """Compute the record of every plume of a chips file: geometry, mass, wind, rates and errors, label, reasons."""
    from so2plumes.emissions.record import Surroundings, plume_record
    from so2plumes.made_by import MadeBy, extended, read_attribute
    from so2plumes.plumes.chips import read_chips
    from so2plumes.provenance import Provenance
    from so2plumes.table import plume_frame, write_plumes

    rule, origin, known = emission_rule(options), Provenance(options.config_sha256), known_places(options.known)
    chips = read_chips(options.chips)
    fields = [None] * len(chips) if options.winds is None else _fields(options.winds, chips)
    rows = [
        plume_record(chip, rule, Surroundings(field, known, origin)) for chip, field in zip(chips, fields, strict=True)
    ]
    earlier = read_attribute(options.chips) | (read_attribute(options.winds) if options.winds else {})
    versions = extended(earlier, "estimate_emissions")
    write_plumes(plume_frame(rows), options.out, [MadeBy(versions, (options.chips.stem,))])
    log.info("%d plumes", len(rows))


def _fields(path: Path, chips: list[Chip]) -> list[WindField | None]:
    from so2plumes.weather.winds import read_winds

    winds = read_winds(path)
    return [winds.field_for(chip) for chip in chips]


def emission_rule(options: argparse.Namespace) -> EmissionRule:
    """Return how rates are computed from the options of `add_emission_rule`."""
    from so2plumes.constants import MOL_M2_PER_DU
    from so2plumes.emissions.record import EmissionRule
    from so2plumes.emissions.uncertainty import ErrorModel

    return EmissionRule(
        estimator=options.estimator,
        background=options.background,
        label_threshold=options.label_threshold,
        wind=tuple(comma_list(options.wind)),
        wind_statistic=options.wind_statistic,
        lifetime_h=options.lifetime,
        errors=ErrorModel(
            draws=options.draws,
            precision_factor=options.precision_factor,
            background_systematic_mol_m2=options.background_systematic * MOL_M2_PER_DU,
            wind_m_s=options.wind_error,
            lifetime_sigma_ln=options.lifetime_sigma,
            height_sigma_ln=options.height_sigma,
        ),
    )


def known_places(path: Path | None) -> KnownPlaces | None:
    """Return the places of a table of known sources."""
    from so2plumes.emissions.known import KnownPlaces
    from so2plumes.sources.known import read_known_sources

    if path is None:
        return None
    table = read_known_sources(path)
    return KnownPlaces(*(table[name].to_numpy(float) for name in ("longitude", "latitude", "elevation_m")))


def collect_plumes(options: argparse.Namespace) -> None:
    """Join plume tables into one, in time order."""
    from so2plumes.made_by import merged, read_field
    from so2plumes.table import conform, joined, read_plumes, write_plumes

    tables = [read_plumes(path) for path in options.tables]
    plumes = joined(tables).sort_values(["time", "plume_id"], ignore_index=True)
    records = merged(record for path in options.tables for record in read_field(path))
    write_plumes(conform(plumes), options.out, records)
    log.info("%d plumes from %d tables", len(plumes), len(tables))


def add_emission_rule(parser: argparse.ArgumentParser) -> None:
    """Add how rates are computed."""
    parser.add_argument("--estimator", default="recommended", help="recommended, or the name of one")
    parser.add_argument("--background", default="ring")
    parser.add_argument("--label-threshold", type=float, default=0.8)
    parser.add_argument("--wind", default="layer_height,summit,boundary_layer,10m", help="wind ladder, best first")
    parser.add_argument("--wind-statistic", choices=["vector_mean", "median"], default="vector_mean")
    parser.add_argument("--lifetime", type=float, default=18.0, help="of the gas, hours")
    parser.add_argument("--lifetime-sigma", type=float, default=0.7, help="standard deviation of its logarithm")
    parser.add_argument("--draws", type=int, default=500, help="draws of the errors; 0: no intervals")
    parser.add_argument("--precision-factor", type=float, default=1.3, help="factor on the stated precision")
    parser.add_argument("--background-systematic", type=float, default=0.1, help="offset of columns, Dobson units")
    parser.add_argument("--wind-error", type=float, default=1.5, help="smallest error of the wind speed, m/s")
    parser.add_argument("--height-sigma", type=float, default=0.3, help="error of the columns by the plume's height")


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "estimate-emissions", estimate_emissions)
    add_paths(parser, chips="chips of a period", out="GeoParquet table")
    parser.add_argument("--known", type=optional_path, default=None, help="known sources, or none")
    parser.add_argument("--winds", type=optional_path, default=None, help="file of fetch-winds, or none")
    parser.add_argument("--config-sha256", default="", help="digest of the configuration, kept in every row")
    add_emission_rule(parser)
    parser = add_command(commands, common, "collect-plumes", collect_plumes)
    parser.add_argument("tables", type=Path, nargs="+", help="plume tables")
    add_paths(parser, out="GeoParquet table")
