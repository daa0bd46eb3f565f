"""One token for all jobs, renewed in time, and never shown."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.archive.download_server import DownloadServer, Fault
from tests.faults.transfer_bench import Sleeps

from so2plumes.archive.credentials import Credentials
from so2plumes.archive.tokens import TokenStore
from so2plumes.errors import ConfigError, GranuleError


@dataclass
class Clock:
    now_s: float = 1.7e9

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(server: DownloadServer, tmp_path: Path, clock: Clock) -> TokenStore:
    return _store(server, tmp_path, clock)


def _store(server: DownloadServer, folder: Path, clock: Clock, user: str = "", password: str = "") -> TokenStore:
    account = Credentials(user or server.user, password or server.password)
    return TokenStore(server.token_url, account, folder / "cache", timing=Sleeps().timing, wall_clock=clock)


def _cache(store: TokenStore) -> Path:
    return next(Path(store.cache_folder).glob("token-*.json"))


def test_the_documented_form_is_sent(server: DownloadServer, store: TokenStore):
    store.token()
    form = {"client_id": "cdse-public", "grant_type": "password", "username": "ada", "password": "pass word"}
    assert server.forms == [form]


def test_a_token_is_kept_until_shortly_before_its_end(server: DownloadServer, store: TokenStore, clock: Clock):
    first = store.token()
    clock.now_s += 539
    assert store.token() == first
    clock.now_s += 2
    assert store.token() != first
    assert server.grants == ["password", "refresh_token"]


def test_a_session_that_ended_is_opened_again(server: DownloadServer, store: TokenStore, clock: Clock):
    store.token()
    clock.now_s += 3600
    store.token()
    assert server.grants == ["password", "password"]


def test_a_refused_refresh_leads_to_one_password_grant(server: DownloadServer, store: TokenStore, clock: Clock):
    store.token()
    server.good_refreshes.clear()
    clock.now_s += 700
    assert store.token() in server.good_tokens
    assert server.grants == ["password", "refresh_token", "password"]


@pytest.mark.parametrize("lifetime_s", [1, 10, 600])
def test_a_fresh_token_is_usable_however_short_it_lives(server: DownloadServer, store: TokenStore, lifetime_s: float):
    server.expires_in = lifetime_s
    assert store.token() == store.token()


def test_only_a_stale_token_is_renewed(server: DownloadServer, store: TokenStore):
    stale = store.token()
    fresh = store.renew(stale)
    assert fresh != stale
    assert store.renew(stale) == fresh == store.token()
    assert server.grants == ["password", "refresh_token"]


def test_a_clock_set_back_does_not_prolong_a_token(server: DownloadServer, store: TokenStore, clock: Clock):
    first = store.token()
    clock.now_s -= 86_400
    assert store.token() != first


@pytest.mark.parametrize("offset_s", [-1e6, 1e6])
def test_the_clock_of_the_server_does_not_matter(server: DownloadServer, store: TokenStore, offset_s: float):
    server.clock_offset_s = offset_s
    assert store.token() == store.token()
    assert server.grants == ["password"]


def test_many_at_once_ask_for_one_token(server: DownloadServer, tmp_path: Path, clock: Clock):
    server.token_faults = []
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: _store(server, tmp_path, clock).token(), range(8)))
        renewed = list(pool.map(_store(server, tmp_path, clock).renew, tokens))
    assert len(set(tokens)) == len(set(renewed)) == 1
    assert server.grants == ["password", "refresh_token"]


def test_the_cache_is_for_its_owner_only(store: TokenStore):
    store.token()
    assert stat.S_IMODE(_cache(store).stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(store.cache_folder).stat().st_mode) == 0o700
    assert "pass word" not in _cache(store).read_text()


@pytest.mark.parametrize("damage", ["readable by others", "torn", "of another layout", "a list"])
def test_a_doubtful_cache_is_not_used(server: DownloadServer, store: TokenStore, damage: str):
    first = store.token()
    cache = _cache(store)
    if damage == "readable by others":
        cache.chmod(0o644)
    else:
        text = {"torn": cache.read_text()[:40], "of another layout": '{"token": 1}', "a list": "[]"}[damage]
        cache.write_text(text)
    assert store.token() != first
    assert stat.S_IMODE(_cache(store).stat().st_mode) == 0o600


def test_accounts_do_not_share_tokens(server: DownloadServer, tmp_path: Path, clock: Clock):
    first = _store(server, tmp_path, clock).token()
    server.user = "bea"
    assert _store(server, tmp_path, clock).token() != first


def test_a_refused_account_ends_after_one_request(server: DownloadServer, tmp_path: Path, clock: Clock):
    with pytest.raises(ConfigError, match="refused") as caught:
        _store(server, tmp_path, clock, password="wrong-secret").token()
    assert "invalid_grant" in caught.value.found
    assert "wrong-secret" not in repr(caught.value)
    assert server.grants == ["password"]


def test_a_service_that_fails_for_a_while_is_waited_for(server: DownloadServer, store: TokenStore):
    server.token_faults = [Fault(status=503), Fault(status=429, headers={"Retry-After": "77"})]
    assert store.token() in server.good_tokens
    slept = store.timing.sleep.__self__.slept
    assert 2 <= slept[0] <= 2.5
    assert 77 <= slept[1] <= 97


def test_a_service_that_fails_for_ever_is_a_passing_reason(server: DownloadServer, store: TokenStore):
    server.token_faults = [Fault(status=500, body=b"<title>Oops</title>")] * 99
    with pytest.raises(GranuleError) as caught:
        store.token()
    assert (caught.value.reason, caught.value.found) == ("server_error", "500 Oops")
    assert len(server.token_faults) == 93


@pytest.mark.parametrize(
    "body", [b'{"access_token": "half-of-a-secr', b"<html>", b'{"access_token": 5}', b'["secret"]']
)
def test_a_senseless_answer_is_not_quoted(server: DownloadServer, store: TokenStore, body: bytes):
    server.token_faults = [Fault(status=200, body=body)]
    with pytest.raises(ConfigError, match="not a token service") as caught:
        store.token()
    assert "secr" not in str(caught.value)


def test_a_redirect_does_not_carry_the_password_elsewhere(server: DownloadServer, store: TokenStore):
    with DownloadServer() as other:
        server.token_faults = [Fault(status=307, headers={"Location": other.token_url})]
        with pytest.raises(ConfigError, match="not a token service"):
            store.token()
        assert other.forms == []


def test_the_password_is_never_sent_over_plain_http_to_another_machine(tmp_path: Path):
    store = TokenStore("http://identity.example.org/token", Credentials("ada", "pass word"), tmp_path)
    with pytest.raises(ConfigError, match="unprotected"):
        store.token()


def test_a_cache_folder_that_cannot_be_made_is_said(server: DownloadServer, tmp_path: Path, clock: Clock):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ConfigError, match="token cache cannot be written"):
        _store(server, tmp_path, clock).token()


def test_the_text_form_shows_nothing(store: TokenStore):
    token = store.token()
    for shown in (repr(store), str(store), repr(store.credentials), repr(store._read())):
        assert token not in shown
        assert "pass word" not in shown
        assert "ada" not in shown
        assert "refresh-secret" not in shown
