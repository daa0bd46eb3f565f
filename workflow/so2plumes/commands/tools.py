"""Commands for people who change the project."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from so2plumes.commands.options import Common, Subparsers, add_command

log = logging.getLogger(__name__)


def document(options: argparse.Namespace) -> None:
    """Regenerate the schema and the tables in the documentation from the configuration model and the dictionary."""
    from so2plumes.config_docs import generated_files

    for path, content in generated_files(options.root).items():
        changed = not path.exists() or path.read_text() != content
        if changed:
            path.write_text(content)
        log.info("%s: %s", path, "written" if changed else "up to date")


def check_config(options: argparse.Namespace) -> None:
    """Validate a configuration file on its own."""
    from so2plumes.config import check_files, load_config

    config = load_config(options.config)
    check_files(config)
    days = (config.campaign.end - config.campaign.start).days + 1
    log.info("%s: %d days, source %s, preset %s", options.config, days, config.archive.source, config.preset)


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "document", document)
    parser.add_argument("--root", type=Path, default=Path("."), help="folder of the checkout")
    parser = add_command(commands, common, "check-config", check_config)
    parser.add_argument("config", type=Path)
