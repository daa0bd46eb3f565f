"""Look methods up by their configuration name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from so2plumes.errors import ConfigError

Method = TypeVar("Method")


def look_up(methods: Mapping[str, Method], name: str, key: str) -> Method:
    """Return the method of a name.

    Parameters
    ----------
    methods : mapping
        Methods by name.
    name : str
    key : str
        Configuration key that names it.

    Raises
    ------
    ConfigError
        For an unknown name; the message lists the known ones.
    """
    if name not in methods:
        raise ConfigError("unknown method", where=key, expected=" or ".join(sorted(methods)), found=name)
    return methods[name]
