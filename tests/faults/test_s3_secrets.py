"""Neither the keys of an S3 store nor a signature made with them is in any log, error, receipt or file."""

from __future__ import annotations

import logging
import pickle
import traceback
from dataclasses import asdict

import pytest
from tests.archive.s3_server import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, SESSION_TOKEN, S3Server, Trouble
from tests.faults.test_s3 import KEY, QUICK
from tests.faults.transfer_bench import NAME

from so2plumes.archive.s3_keys import Keys, find_keys
from so2plumes.archive.s3_store import Retrying, S3Bucket
from so2plumes.archive.transfer import Download, download
from so2plumes.errors import ConfigError, SO2PlumesError

TROUBLES = {
    "none": None,
    "echo with 200": Trouble(200, echo=True),
    "echo with 403": Trouble(403, echo=True),
    "echo with 500": Trouble(500, echo=True),
    "echo with 400, expired": Trouble(400, b" expired", echo=True),
    "redirect": Trouble(302, headers={"Location": "http://127.0.0.1:1{path}"}),
    "redirect to nowhere safe": Trouble(302, headers={"Location": "ftp://127.0.0.1:1{path}"}),
    "wrong secret": None,
    "unknown key": None,
}


@pytest.mark.parametrize("listing", [False, True])
@pytest.mark.parametrize("name", TROUBLES)
def test_nothing_secret_is_shown(name, listing, granule, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDWRONG0000001" if name == "unknown key" else ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another secret key" if name == "wrong secret" else SECRET_KEY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", SESSION_TOKEN)
    with S3Server() as server:
        server.token = SESSION_TOKEN
        server.put(KEY, granule)
        caplog.clear()
        server.always = TROUBLES[name]
        bucket = S3Bucket(BUCKET, server.url, REGION, retrying=Retrying(2, 0.01, 0.01))
        request = Download(bucket.address(KEY), NAME, len(granule), sign=bucket.signer(KEY))
        shown = [repr(bucket), repr(request)]
        try:
            done = bucket.objects(KEY.rpartition("/")[0]) if listing else None
            done = done or asdict(download(request, tmp_path / NAME, rules=QUICK))
            shown.append(repr(done))
            assert name == "none"
        except SO2PlumesError as error:
            shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
            shown.append(repr(vars(pickle.loads(pickle.dumps(error)))))
            assert name != "none"
        signatures = {asked.query["X-Amz-Signature"][0] for asked in server.asked if "X-Amz-Signature" in asked.query}
    assert signatures or listing
    shown += [record.getMessage() for record in caplog.records if record.name.split(".")[0] not in ("botocore", "moto")]
    shown += [path.read_text(errors="replace") for path in tmp_path.glob("*.json")]
    text = "\n".join(shown)
    keys = {ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, "AKIDWRONG0000001", "another secret key", "secret%2Fkey"}
    for secret in keys | signatures:
        assert secret not in text


def test_keys_have_no_text_form():
    assert repr(Keys("AKID", "secret", "token")) == "Keys()"


def find(tmp_path, text=None, mode=0o600, environ=None, **options):
    file = tmp_path / "keys"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    return find_keys(file, environ or {}, tmp_path / "home", **options)


FILES = {
    "lines": "AKID\nse cret\n",
    "lines with a token": "AKID\r\nse cret\r\n\r\ntok en\r\n",
    "profile": "[default]\naws_access_key_id = AKID\naws_secret_access_key = se cret\n",
    "profile with a token": "[x]\na = 1\n[default]\naws_access_key_id=AKID\naws_secret_access_key=se cret\n"
    "aws_session_token=tok en\n",
}


@pytest.mark.parametrize("name", FILES)
def test_keys_from_a_file(tmp_path, name):
    token = "tok en" if "token" in name else None
    assert find(tmp_path, FILES[name]) == Keys("AKID", "se cret", token)


def test_the_profile_of_the_environment_counts(tmp_path):
    text = FILES["profile"] + "[work]\naws_access_key_id = OTHER\naws_secret_access_key = other\n"
    assert find(tmp_path, text, environ={"AWS_PROFILE": "work"}) == Keys("OTHER", "other")


def test_the_environment_goes_before_the_file_and_the_home_folder_after(tmp_path):
    environ = {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "env", "AWS_SESSION_TOKEN": ""}
    assert find(tmp_path, FILES["lines"], environ=environ) == Keys("ENV", "env")
    home = tmp_path / "home" / ".aws"
    home.mkdir(parents=True)
    (home / "credentials").write_text(FILES["profile"])
    (home / "credentials").chmod(0o600)
    assert find_keys(None, {}, tmp_path / "home") == Keys("AKID", "se cret")
    assert find_keys(tmp_path / "absent", {}, tmp_path / "home") == Keys("AKID", "se cret")


BAD = {
    "one line": ("AKID-secret", 0o600),
    "four lines": ("AKID-secret\nb\nc\nd", 0o600),
    "no profile": ("[other]\naws_access_key_id = AKID-secret\n", 0o600),
    "half a profile": ("[default]\naws_access_key_id = AKID-secret\n", 0o600),
    "broken": ("AKID-secret\n[default]\nx\n", 0o600),
    "for everybody": ("AKID-secret\nb\n", 0o644),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_used_is_named_and_not_quoted(tmp_path, name):
    with pytest.raises(ConfigError) as error:
        find(tmp_path, *BAD[name])
    assert error.value.where == str(tmp_path / "keys")
    assert "AKID-secret" not in "".join(traceback.format_exception(error.value))


def test_half_a_pair_and_no_keys_at_all(tmp_path):
    with pytest.raises(ConfigError, match="half of a pair"):
        find(tmp_path, FILES["lines"], environ={"AWS_ACCESS_KEY_ID": "AKID"})
    (tmp_path / "keys").unlink()
    with pytest.raises(ConfigError, match=r"archive\.anonymous") as error:
        find(tmp_path)
    assert str(tmp_path / "keys") in error.value.found
