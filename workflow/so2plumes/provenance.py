"""Which configuration and which code made a row."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from so2plumes.versions import code_version

if TYPE_CHECKING:
    from so2plumes.config import Config

ROW_SECTIONS: dict[str, frozenset[str]] = {
    "filter": frozenset(),
    "detect": frozenset({"model", "batch", "backend", "engine", "cpu_fallback"}),
    "plumes": frozenset(),
    "emissions": frozenset(),
    "era5": frozenset({"path", "url", "max_requests"}),
}
"""Sections of the configuration that a row depends on, each with the keys left out: speed, places, and the model,
whose digest is a column of its own."""

OTHER_SECTIONS = frozenset(
    {
        "preset",
        "results",
        "campaign",
        "archive",
        "cluster",
        "eruptions",
        "edgar",
        "simulate",
        "training",
        "report",
        "product",
        "truth",
        "sources",
        "catalogues",
        "analysis",
    }
)
"""Sections that say which granules are processed (the row names its granule) or what follows the plume table."""


def row_config(config: Config, known_sha256: str = "") -> dict[str, Any]:
    """Part of the configuration that a row depends on.

    Beside `ROW_SECTIONS` that is the region, as it cuts swaths, of a simulated archive its making, and the list of
    known sources. Of ERA5 only ``use`` where it is not used.

    Parameters
    ----------
    config : Config
    known_sha256 : str
        SHA-256 of the list of known sources; empty without one.
    """
    values = config.model_dump(mode="json")
    part = {
        section: {key: value for key, value in values[section].items() if key not in left_out}
        for section, left_out in ROW_SECTIONS.items()
    }
    part["campaign"] = {"region": values["campaign"]["region"]}
    if config.era5.use == "never":
        part["era5"] = {"use": "never"}
    if config.archive.source == "simulated":
        part["simulate"] = values["simulate"]
    part["known_sources"] = {"sha256": known_sha256}
    return part


def config_digest(config: Config, known_sha256: str = "") -> str:
    """SHA-256 of `row_config` as JSON with sorted keys and without blanks."""
    text = json.dumps(row_config(config, known_sha256), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Provenance:
    """What made a row, beside the granule and the model that the chip names.

    Attributes
    ----------
    config_sha256 : str
        Of `config_digest`; empty where there is no configuration.
    code_version : str
    """

    config_sha256: str = ""
    code_version: str = field(default_factory=code_version)
