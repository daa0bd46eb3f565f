"""Find the account of the Copernicus Data Space without ever showing it."""

from __future__ import annotations

import netrc
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from so2plumes.errors import ConfigError

IDENTITY_HOST = "identity.dataspace.copernicus.eu"
USER_VARIABLE = "CDSE_USER"
PASSWORD_VARIABLE = "CDSE_PASSWORD"

_REMEDY = (
    f"set {USER_VARIABLE} and {PASSWORD_VARIABLE}, or write 'machine {IDENTITY_HOST} login <user> password <password>' "
    "to ~/.netrc and run 'chmod 600 ~/.netrc'; accounts are free at https://dataspace.copernicus.eu"
)


@dataclass(frozen=True)
class Credentials:
    """User name and password of an account; neither is part of its text form."""

    user: str = field(repr=False)
    password: str = field(repr=False)


def both_or_neither(environ: Mapping[str, str], names: tuple[str, str], what: str) -> tuple[str, str] | None:
    """Values of two variables that belong together; None where neither is set.

    Raises
    ------
    ConfigError
        When one of them is missing: half of `what`.
    """
    values = environ.get(names[0], ""), environ.get(names[1], "")
    if not any(values):
        return None
    if not all(values):
        given, missing = names if values[0] else names[::-1]
        raise ConfigError(
            f"the environment names half of {what}",
            where=missing,
            expected=f"both {names[0]} and {names[1]}, or neither",
            found=f"only {given}",
            remedy=f"set {missing} too, or unset {given}",
        )
    return values


def _from_environment(environ: Mapping[str, str]) -> Credentials | None:
    found = both_or_neither(environ, (USER_VARIABLE, PASSWORD_VARIABLE), "an account")
    return Credentials(*found) if found else None


def check_private(path: Path) -> None:
    """Raise `ConfigError` where others may read a file with a secret."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            "others may read the file with the password or keys",
            where=path,
            expected="mode 600",
            found=f"mode {mode:o}",
            remedy=f"chmod 600 {path}",
        )


def _unusable(path: Path, found: str) -> ConfigError:
    return ConfigError(
        "the file with the account cannot be used",
        where=path,
        expected=f"the user name and the password on a line each, or the netrc format with machine {IDENTITY_HOST}",
        found=found,
        remedy=_REMEDY,
    )


def _from_netrc(path: Path) -> Credentials | None:
    try:
        entry = netrc.netrc(path).authenticators(IDENTITY_HOST)
    except netrc.NetrcParseError as error:
        # the parser quotes the word it stumbled on, which may be the password
        raise _unusable(path, f"not the netrc format at line {error.lineno}") from None
    if entry is None or not entry[0] or not entry[2]:
        return None
    return Credentials(entry[0], entry[2])


def _read_private(path: Path) -> str:
    check_private(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(path, "something other than UTF-8 text") from None


def _from_file(path: Path) -> Credentials:
    text = _read_private(path)
    words = text.split()
    if words and words[0] in ("machine", "default"):
        found = _from_netrc(path)
        if found is None:
            raise _unusable(path, f"no entry for machine {IDENTITY_HOST}")
        return found
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 2:
        raise _unusable(path, f"{len(lines)} lines")
    return Credentials(lines[0].strip(), lines[1])


def find_credentials(
    file: str | Path | None = None, environ: Mapping[str, str] | None = None, home: Path | None = None
) -> Credentials:
    """Find the account: environment first, then the named file, then ``~/.netrc``.

    Parameters
    ----------
    file : path, optional
        Two lines (user name, password) or the netrc format; must not be readable by others.
    environ : mapping, optional
        The environment of this process when absent.
    home : path, optional
        The home folder of the user when absent.

    Returns
    -------
    Credentials

    Raises
    ------
    ConfigError
        When there is no account, half of one, or a file that others may read. No message quotes a value.
    """
    found = _from_environment(os.environ if environ is None else environ)
    if found is not None:
        return found
    looked = [f"{USER_VARIABLE} and {PASSWORD_VARIABLE}: not set"]
    if file is not None:
        named = Path(file).expanduser()
        if named.is_file():
            return _from_file(named)
        looked.append(f"{named}: no such file")
    default = (home or Path.home()) / ".netrc"
    if default.is_file():
        _read_private(default)
        found = _from_netrc(default)
        if found is not None:
            return found
        looked.append(f"{default}: no entry for machine {IDENTITY_HOST}")
    else:
        looked.append(f"{default}: no such file")
    raise ConfigError(
        "there is no account for the Copernicus Data Space",
        where="the environment, the file named in the configuration, ~/.netrc",
        expected="a user name and a password",
        found="; ".join(looked),
        remedy=_REMEDY,
    )
