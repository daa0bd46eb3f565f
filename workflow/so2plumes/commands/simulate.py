"""Commands that make the simulated archive and what it is compared with."""

from __future__ import annotations

import argparse

from so2plumes.commands.options import Common, Subparsers, add_command, add_paths, add_period


def simulate_archive(options: argparse.Namespace) -> None:
    """Write simulated Level-2 granules of some days with their truth beside them."""
    from so2plumes.files import atomic_directory
    from so2plumes.simulate.archive import simulate_archive as simulate
    from so2plumes.simulate.sources import DEFAULT_SOURCES

    with atomic_directory(options.out) as folder:
        simulate(
            folder,
            options.start,
            options.end,
            seed=options.seed,
            scanlines=options.scanlines,
            ground_pixels=options.ground_pixels,
            full_orbits=options.scanlines >= 4172,
            sources=() if options.quiet else DEFAULT_SOURCES,
            bad_granules=not options.quiet,
        )


def simulate_eruptions(options: argparse.Namespace) -> None:
    """Write the eruptions of the simulated volcanoes in the layout of the GVP website."""
    from so2plumes.simulate.external import write_eruption_list

    write_eruption_list(options.out)


def simulate_edgar(options: argparse.Namespace) -> None:
    """Write a simulated inventory in the layout of EDGAR v8.1."""
    from so2plumes.simulate.external import write_edgar_grid

    write_edgar_grid(options.out, options.year)


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "simulate-archive", simulate_archive)
    add_period(parser)
    parser.add_argument("--seed", type=int, default=2019)
    parser.add_argument("--scanlines", type=int, default=320)
    parser.add_argument("--ground-pixels", type=int, default=450)
    parser.add_argument("--quiet", action="store_true", help="no plumes and no bad granules: backgrounds for training")
    add_paths(parser, out="folder of the granules")
    parser = add_command(commands, common, "simulate-eruptions", simulate_eruptions)
    add_paths(parser, out="CSV file")
    parser = add_command(commands, common, "simulate-edgar", simulate_edgar)
    parser.add_argument("--year", type=int, required=True)
    add_paths(parser, out="NetCDF file")
