"""Beginnings of the keys of a bucket, with the day in them."""

from __future__ import annotations

import string
from datetime import date

from so2plumes.errors import ConfigError

_FIELDS = ("year", "month", "day")


def check_prefix(prefix: str) -> None:
    """Raise `ConfigError` where a prefix has other fields than ``{year}``, ``{month}`` and ``{day}``."""
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(prefix) if name is not None}
    except ValueError:
        fields = {"unpaired brace"}
    if not prefix.lstrip("/").rpartition("/")[0] or not fields <= set(_FIELDS):
        raise ConfigError(
            "a prefix cannot be used",
            where="archive.prefixes",
            expected="a folder and what follows it, with {year}, {month} and {day} where the date stands, or without",
            found=prefix,
        )


def is_dated(prefix: str) -> bool:
    """Tell whether a prefix has the date in it."""
    return any(f"{{{name}}}" in prefix for name in _FIELDS)


def prefix_of(template: str, day: date) -> str:
    """Put a day into a prefix."""
    return template.format(year=f"{day:%Y}", month=f"{day:%m}", day=f"{day:%d}").lstrip("/")
