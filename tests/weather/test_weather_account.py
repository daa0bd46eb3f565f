"""The account, and that its key is shown nowhere."""

from __future__ import annotations

import logging
import pickle
import traceback

import pytest
from tests.loopback import Reply, json_reply
from tests.weather.cds_server import KEY, CdsServer, problem

from so2plumes.errors import ConfigError, SO2PlumesError
from so2plumes.weather.account import CdsAccount, find_account

ECHO = json_reply({"title": f"licence? you sent {KEY}", "detail": KEY}, 403)
SECRET_FAULTS = {
    "none": {},
    "wrong state": {"ends": [("failed", f"the key {KEY} is bad")]},
    "licence with key": {"submit": [ECHO]},
    "400 with key": {"submit": [problem(400, KEY, KEY)]},
    "500 with key": {"submit": [problem(500, KEY, KEY)] * 20},
    "429 with key": {"submit": [problem(429, KEY, KEY)] * 20},
}


@pytest.mark.parametrize("name", SECRET_FAULTS)
def test_the_key_is_never_shown(server, fetch, tmp_path, caplog, capfd, name):
    caplog.set_level(logging.DEBUG)
    for field, value in SECRET_FAULTS[name].items():
        setattr(server.trouble, field, value)
    shown = [repr(CdsAccount(server.url, KEY))]
    try:
        fetch()
        assert name == "none"
    except SO2PlumesError as error:
        shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
        shown.append(repr(vars(pickle.loads(pickle.dumps(error)))))
    shown += [record.getMessage() for record in caplog.records]
    shown += [path.read_text(errors="replace") for path in (tmp_path / "requests").glob("*.json")]
    shown += list(capfd.readouterr())
    assert len(shown) > 4
    assert KEY not in "\n".join(shown)
    assert any(seen.headers.get("PRIVATE-TOKEN") == KEY for seen in server.seen)


def test_the_key_does_not_follow_a_redirect(server, fetch):
    with CdsServer() as other:
        server.faults = [None, Reply(302, b"", headers={"Location": other.url + "/x"})]
        with pytest.raises(SO2PlumesError):
            fetch()
        assert other.seen
        assert all("PRIVATE-TOKEN" not in seen.headers for seen in other.seen)


class TestAccount:
    @pytest.fixture(autouse=True)
    def _clean(self, monkeypatch, tmp_path):
        for name in ("CDSAPI_URL", "CDSAPI_KEY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("CDSAPI_RC", str(tmp_path / "rc"))
        self.rc = tmp_path / "rc"

    def test_none_says_where_to_get_one(self):
        with pytest.raises(ConfigError, match=r"no account(.|\n)*cdsapirc(.|\n)*how-to-api"):
            find_account()

    def test_the_file(self):
        self.rc.write_text("url: https://cds.climate.copernicus.eu/api\nkey: abc-def\n")
        assert find_account() == CdsAccount("https://cds.climate.copernicus.eu/api", "abc-def")
        assert find_account("https://elsewhere.eu/api").url == "https://elsewhere.eu/api"
        assert "abc-def" not in repr(find_account())

    def test_the_environment_goes_before(self, monkeypatch):
        self.rc.write_text("url: https://a.eu/api\nkey: abc\n")
        monkeypatch.setenv("CDSAPI_KEY", "xyz")
        assert find_account().key == "xyz"

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("url: https://a.eu/api\nkey: 1234:abc-secret\n", "no personal access token"),
            ("url: https://a.eu/api\nkey:\n", "no personal access token"),
            ("url: https://cds.climate.copernicus.eu/api/v2\nkey: abc-secret\n", "closed in 2024"),
            ("url: http://a.eu/api\nkey: abc-secret\n", "open connection"),
            ("url: https://a.eu/api\n", "no account"),
        ],
    )
    def test_forms_that_are_no_use(self, text, words):
        self.rc.write_text(text)
        with pytest.raises(ConfigError, match=words) as caught:
            find_account()
        assert "abc-secret" not in str(caught.value)
