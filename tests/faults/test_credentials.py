"""Where the account comes from, and that it is never shown."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from so2plumes.archive.credentials import Credentials, find_credentials
from so2plumes.errors import ConfigError

USER, PASSWORD = "ada@example.org", "pass: wörd #1"
ENVIRONMENT = {"CDSE_USER": "env-user", "CDSE_PASSWORD": "env-password"}
ENTRY = f'machine identity.dataspace.copernicus.eu login {USER} password "{PASSWORD}"\n'


def _private(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "text", [f"{USER}\n{PASSWORD}\n", f"{USER}\r\n{PASSWORD}\r\n\r\n", f"\ufeff{USER}\n{PASSWORD}", ENTRY]
)
def test_a_named_file_in_either_format_is_read(tmp_path: Path, text: str):
    file = _private(tmp_path / "account", text)
    assert find_credentials(file, {}, tmp_path) == Credentials(USER, PASSWORD)


def test_netrc_in_the_home_folder_is_read(tmp_path: Path):
    _private(tmp_path / ".netrc", f"machine example.org login x password y\n{ENTRY}")
    assert find_credentials(None, {}, tmp_path) == Credentials(USER, PASSWORD)


def test_the_environment_goes_before_the_file_and_the_file_before_netrc(tmp_path: Path):
    file = _private(tmp_path / "account", "file-user\nfile-password\n")
    _private(tmp_path / ".netrc", ENTRY)
    assert find_credentials(file, ENVIRONMENT, tmp_path) == Credentials("env-user", "env-password")
    assert find_credentials(file, {}, tmp_path) == Credentials("file-user", "file-password")
    assert find_credentials(tmp_path / "absent", {}, tmp_path) == Credentials(USER, PASSWORD)


def test_nothing_found_names_all_places_and_the_way_out(tmp_path: Path):
    _private(tmp_path / ".netrc", "machine example.org login x password y\n")
    with pytest.raises(ConfigError) as caught:
        find_credentials(tmp_path / "absent", {}, tmp_path)
    for word in ("CDSE_USER", "CDSE_PASSWORD", str(tmp_path / "absent"), ".netrc", "no entry", "chmod 600"):
        assert word in str(caught.value)


@pytest.mark.parametrize("given", ["CDSE_USER", "CDSE_PASSWORD"])
def test_half_an_account_in_the_environment_is_an_error(tmp_path: Path, given: str):
    with pytest.raises(ConfigError) as caught:
        find_credentials(None, {given: ENVIRONMENT[given]}, tmp_path)
    assert caught.value.where != given
    assert ENVIRONMENT[given] not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
@pytest.mark.parametrize("name", ["account", ".netrc"])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, name: str, mode: int):
    file = _private(tmp_path / name, ENTRY, mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        find_credentials(file if name == "account" else None, {}, tmp_path)


SENSELESS = [
    PASSWORD,
    f"{USER}\n{PASSWORD}\nmore\n",
    "",
    f"machine identity.dataspace.copernicus.eu login {USER} {PASSWORD}\n",
    f"machine example.org login {USER} password xyz\n",
]


@pytest.mark.parametrize("text", SENSELESS)
def test_a_senseless_file_is_refused_without_quoting_it(tmp_path: Path, text: str):
    file = _private(tmp_path / "account", text)
    with pytest.raises(ConfigError) as caught:
        find_credentials(file, {}, tmp_path)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert USER not in shown
    assert PASSWORD not in shown
    assert "wörd" not in shown


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    file = tmp_path / "account"
    file.write_bytes(b"\xff\xfe\x00secret")
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="UTF-8"):
        find_credentials(file, {}, tmp_path)


def test_the_text_form_hides_both():
    shown = f"{Credentials(USER, PASSWORD)} {Credentials(USER, PASSWORD)!r}"
    assert USER not in shown
    assert PASSWORD not in shown
