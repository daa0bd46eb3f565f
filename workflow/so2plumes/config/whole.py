"""The whole configuration, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from so2plumes.config.archive import Archive, Campaign, Filter
from so2plumes.config.comparison import Analysis, Catalogues, Cluster, Edgar, Eruptions, Product, Report, Sources
from so2plumes.config.making import Simulate, Training, Truth
from so2plumes.config.plumes import Detect, Emissions, Era5, Plumes
from so2plumes.config.presets import PRESETS
from so2plumes.config.section import Section
from so2plumes.detect.card import card_path
from so2plumes.errors import ConfigError


class Config(Section):
    """The whole configuration."""

    preset: Literal["paper", "recommended"] = Field(
        "recommended", description="Default choices where the papers' and ours differ; keys that are set win."
    )
    results: str = Field("results", description="Folder of everything that the campaign makes.")
    campaign: Campaign
    archive: Archive
    filter: Filter = Filter()
    detect: Detect = Detect()
    plumes: Plumes = Plumes()
    emissions: Emissions = Emissions()
    cluster: Cluster = Cluster()
    sources: Sources = Sources()
    eruptions: Eruptions = Eruptions()
    edgar: Edgar = Edgar()
    era5: Era5 = Era5()
    catalogues: Catalogues = Catalogues()
    analysis: Analysis = Analysis()
    simulate: Simulate = Simulate()
    training: Training = Training()
    truth: Truth = Truth()
    report: Report = Report()
    product: Product = Product()

    @model_validator(mode="before")
    @classmethod
    def _apply_preset(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        merged = dict(values)
        for section, choices in PRESETS.get(merged.get("preset", "recommended"), {}).items():
            given = merged.get(section) or {}
            if isinstance(given, Mapping):
                merged[section] = {**choices, **given}
        return merged

    @field_validator("results")
    @classmethod
    def _plain_folder(cls, value: str) -> str:
        return value.rstrip("/")


def _allowed(error: Mapping[str, Any]) -> str:
    context = error.get("ctx") or {}
    if "expected" in context:
        return str(context["expected"])
    if error["type"] == "extra_forbidden":
        return "a key of config/README.md"
    return str(error["msg"]).removeprefix("Value error, ")


def _found(error: Mapping[str, Any]) -> str:
    return "nothing" if error["type"] == "missing" else re.sub(r"//.*@", "//***@", repr(error.get("input")))


def parse_config(values: Mapping[str, Any]) -> Config:
    """Validate a configuration.

    Raises
    ------
    ConfigError
        Names every wrong key, its value and what is allowed.
    """
    try:
        return Config.model_validate(dict(values))
    except ValidationError as invalid:
        problems = [
            f"{'.'.join(str(part) for part in error['loc']) or 'configuration'}: "
            f"found {_found(error)}; allowed: {_allowed(error)}"
            for error in invalid.errors()
        ]
        raise ConfigError(
            f"{len(problems)} configuration value{'s are' if len(problems) > 1 else ' is'} wrong\n    "
            + "\n    ".join(problems),
            remedy="config/README.md explains every key",
        ) from None


def check_files(config: Config, root: str | Path = ".") -> None:
    """Check that the files that the configuration names exist.

    Raises
    ------
    ConfigError
        Names the key and the path.
    """
    named = {}
    if config.detect.method == "unet":
        named = {"detect.model": config.detect.model, "detect.model, its card": str(card_path(config.detect.model))}
    for section in ("eruptions", "edgar"):
        path = getattr(config, section).path
        made = path == "download" or (config.archive.source == "simulated" and path == "simulated")
        if path is not None and not made:
            named[f"{section}.path"] = path
    if config.era5.use != "never" and config.era5.path not in (None, "download"):
        named["era5.path"] = str(config.era5.path)
    if config.sources.volcanoes not in (None, "download"):
        named["sources.volcanoes"] = config.sources.volcanoes
    for key in ("masses", "persistent"):
        if (path := getattr(config.catalogues, key)) is not None:
            named[f"catalogues.{key}"] = path
    for key, path in named.items():
        if not (Path(root) / path).exists():
            raise ConfigError(
                "a file that the configuration names is missing",
                where=key,
                expected="an existing file",
                found=path,
                remedy="correct the path"
                if key.startswith("detect")
                else "download it, or set the key to download or null",
            )


def load_config(path: str | Path) -> Config:
    """Read and validate a YAML file."""
    try:
        values = yaml.safe_load(Path(path).read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError("the configuration cannot be read", where=path, found=str(error)) from None
    return parse_config(values or {})
