"""Find the keys of an S3 store without ever showing them."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from so2plumes.archive.credentials import both_or_neither, check_private
from so2plumes.errors import ConfigError

KEY_VARIABLE = "AWS_ACCESS_KEY_ID"
SECRET_VARIABLE = "AWS_SECRET_ACCESS_KEY"
TOKEN_VARIABLE = "AWS_SESSION_TOKEN"
PROFILE_VARIABLE = "AWS_PROFILE"

_REMEDY = (
    f"set {KEY_VARIABLE} and {SECRET_VARIABLE}, name a file in archive.credentials, or set archive.anonymous: true for "
    "a public bucket; keys for the Copernicus Data Space are made at https://eodata-s3keysmanager.dataspace.copernicus.eu"
)


@dataclass(frozen=True)
class Keys:
    """Access key, secret key and, of keys that end, their token; none is part of the text form."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def _from_environment(environ: Mapping[str, str]) -> Keys | None:
    found = both_or_neither(environ, (KEY_VARIABLE, SECRET_VARIABLE), "a pair of keys")
    return Keys(*found, environ.get(TOKEN_VARIABLE) or None) if found else None


def _unusable(path: Path, found: str) -> ConfigError:
    return ConfigError(
        "the file with the keys cannot be used",
        where=path,
        expected="access key and secret key (and the session token, if there is one) on a line each, or the format of "
        "~/.aws/credentials",
        found=found,
        remedy=_REMEDY,
    )


def _from_profiles(text: str, path: Path, profile: str) -> Keys | None:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        # the parser quotes the line it stumbled on, which may be a key
        raise _unusable(path, "sections that cannot be read") from None
    if not parser.has_section(profile):
        return None
    section = parser[profile]
    key, secret = section.get("aws_access_key_id"), section.get("aws_secret_access_key")
    return Keys(key, secret, section.get("aws_session_token") or None) if key and secret else None


def _from_file(path: Path, profile: str) -> Keys:
    check_private(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(path, "something other than UTF-8 text") from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(line.startswith("[") for line in lines):
        keys = _from_profiles(text, path, profile)
        if keys is None:
            raise _unusable(path, f"no aws_access_key_id and aws_secret_access_key in the section [{profile}]")
        return keys
    if len(lines) not in (2, 3):
        raise _unusable(path, f"{len(lines)} lines")
    return Keys(*lines)


def find_keys(
    file: str | Path | None = None, environ: Mapping[str, str] | None = None, home: Path | None = None
) -> Keys:
    """Find the keys: environment first, then the named file, then ``~/.aws/credentials``.

    Parameters
    ----------
    file : path, optional
        Two or three lines (access key, secret key, session token) or the format of ``~/.aws/credentials``, of which the
        section AWS_PROFILE or ``default`` counts; must not be readable by others.
    environ : mapping, optional
        The environment of this process when absent.
    home : path, optional
        The home folder of the user when absent.

    Raises
    ------
    ConfigError
        When there are no keys, half a pair, or a file that others may read. No message quotes a value.
    """
    environ = os.environ if environ is None else environ
    found = _from_environment(environ)
    if found is not None:
        return found
    profile = environ.get(PROFILE_VARIABLE) or "default"
    looked = [f"{KEY_VARIABLE} and {SECRET_VARIABLE}: not set"]
    named = [Path(file).expanduser()] if file is not None else []
    for path in (*named, (home or Path.home()) / ".aws" / "credentials"):
        if path.is_file():
            return _from_file(path, profile)
        looked.append(f"{path}: no such file")
    raise ConfigError(
        "there are no keys for the S3 store",
        where="the environment, the file named in archive.credentials, ~/.aws/credentials",
        expected="an access key and a secret key",
        found="; ".join(looked),
        remedy=_REMEDY,
    )
