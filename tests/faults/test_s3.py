"""Faults of an S3 store: the right object is kept or none, and nothing good is fetched twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.archive.s3_server import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server, Trouble, error_body
from tests.faults.transfer_bench import NAME, STEM, md5, netcdf_bytes

from so2plumes.archive.answers import Route
from so2plumes.archive.backoff import Patience
from so2plumes.archive.limits import Limits
from so2plumes.archive.obtain import Obtained
from so2plumes.archive.s3_download import S3Download
from so2plumes.archive.s3_store import Retrying, S3Bucket
from so2plumes.archive.slots import slot
from so2plumes.archive.transfer import Download, TransferRules, download
from so2plumes.errors import ConfigError, GranuleError

CUT = 40_000
KEY = f"RPRO/L2__SO2___/2021/12/11/{NAME}"
QUICK = TransferRules(
    patience=Patience(attempts=4, first_wait_s=0.01, throttled_wait_s=0.02, longest_wait_s=0.05),
    route=Route(trusted_origins=(), connect_timeout_s=2.0, read_timeout_s=2.0),
)
SLOW_DOWN = error_body("SlowDown", "Please reduce your request rate.")
OLD = error_body("AccessDenied", "Request has expired")


@pytest.fixture(scope="module")
def running() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@dataclass
class Store:
    """An object in a store, and what fetches it."""

    server: S3Server
    folder: Path
    content: bytes
    settings: dict = field(default_factory=dict)
    got: Obtained | None = None

    @property
    def bucket(self) -> S3Bucket:
        quick = Retrying(attempts=2, first_wait_s=0.01, longest_wait_s=0.02)
        return S3Bucket(
            **({"name": BUCKET, "endpoint": self.server.url, "region": REGION, "retrying": quick} | self.settings)
        )

    def row(self, **changes: object) -> pd.Series:
        (item,) = [item for item in self.server_objects() if item.key == KEY]
        listed = {"granule": STEM, "size_bytes": item.size_bytes, "md5": item.md5 or "", "product_id": item.etag}
        return pd.Series(listed | {"s3_path": f"s3://{BUCKET}/{KEY}"} | changes)

    def server_objects(self):
        return replace(self.bucket, name=BUCKET, endpoint=self.server.url, region=REGION).objects(
            KEY.rpartition("/")[0]
        )

    def trouble(self, *troubles: Trouble) -> None:
        self.server.troubles[KEY] = list(troubles)

    def fetch(self, row: pd.Series | None = None, rules: TransferRules = QUICK) -> bytes:
        """Fetch, and return what was there meanwhile."""
        row = self.row() if row is None else row
        self.server.asked.clear()
        source = S3Download(self.bucket, self.folder / "incoming", Limits(self.folder / "shared", 1), rules)
        with source.obtained(row) as self.got:
            return self.got.path.read_bytes()

    def statuses(self) -> list[int]:
        return [asked.status for asked in self.server.requests_of(KEY)]

    def left(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "incoming").iterdir())


@pytest.fixture
def store(running: S3Server, tmp_path: Path, granule: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    running.put(KEY, granule)
    yield Store(running, tmp_path, granule)
    running.reset()


def test_an_object_is_fetched_verified_given_and_deleted(store):
    assert store.fetch() == store.content
    assert (store.got.size_bytes, store.got.attempts, store.got.notes) == (len(store.content), 1, ())
    (asked,) = store.server.requests_of(KEY)
    assert "X-Amz-Signature" in asked.query
    assert asked.headers["if-match"] == f'"{md5(store.content)}"'
    assert store.left() == []


def test_a_public_object_is_asked_without_keys(store, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store.server.public, store.settings = True, {"anonymous": True}
    assert store.fetch() == store.content
    (asked,) = store.server.requests_of(KEY)
    assert not asked.query
    assert "authorization" not in asked.headers


@pytest.mark.parametrize("in_parts", [False, True])
def test_a_cut_is_continued(store, in_parts):
    if in_parts:
        store.server.put_in_parts(KEY, store.content)
    store.trouble(Trouble(send_bytes=CUT))
    assert store.fetch() == store.content
    assert store.statuses() == [200, 206]
    assert store.got.resumed_bytes == CUT
    assert f"continued from byte {CUT}" in store.got.notes
    again = store.server.requests_of(KEY)[1]
    assert again.headers["range"] == f"bytes={CUT}-"
    assert again.headers["if-match"] == again.headers["if-range"]
    assert any("no checksum" in note for note in store.got.notes) == in_parts


def test_an_interrupted_run_is_continued_by_the_next(store):
    store.trouble(Trouble(send_bytes=CUT))
    with pytest.raises(GranuleError) as error:
        store.fetch(rules=replace(QUICK, patience=Patience(attempts=1)))
    assert error.value.reason == "interrupted"
    assert store.left() == [f"{NAME}.part", f"{NAME}.part.json"]
    assert store.fetch() == store.content
    assert store.statuses() == [206]


@pytest.mark.parametrize("in_parts", [False, True])
def test_an_object_that_changes_between_two_attempts_is_not_mixed(store, tmp_path, in_parts):
    put = store.server.put_in_parts if in_parts else store.server.put
    put(KEY, store.content)
    other = netcdf_bytes(tmp_path, comment="another")
    store.trouble(Trouble(send_bytes=CUT, then=lambda: put(KEY, other)))
    with pytest.raises(GranuleError) as error:
        store.fetch()
    assert error.value.reason == "changed"
    assert store.statuses() == [200, 412]
    assert store.left() == []


def test_an_object_that_changed_since_it_was_listed_is_not_taken(store, tmp_path):
    row = store.row()
    store.server.put(KEY, netcdf_bytes(tmp_path, comment="another"))
    with pytest.raises(GranuleError) as error:
        store.fetch(row)
    assert error.value.reason == "changed"
    assert "--forcerun index_archive" in error.value.remedy


def test_an_object_that_is_gone_has_vanished(store):
    row = store.row()
    store.server.delete(KEY)
    with pytest.raises(GranuleError) as error:
        store.fetch(row)
    assert error.value.reason == "vanished"
    assert store.statuses() == [404]


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (error_body("NoSuchBucket", "The specified bucket does not exist"), "archive.bucket"),
        (b"<html><title>Not here</title></html>", "archive.s3_endpoint"),
    ],
)
def test_a_store_that_has_nothing_ends_the_job_and_no_granule_has_vanished(store, body, key):
    row = store.row()
    store.server.always = Trouble(404, body)
    with pytest.raises(ConfigError) as error:
        store.fetch(row)
    assert error.value.where == key


def test_a_list_of_another_bucket_ends_the_job(store):
    row = store.row()
    store.settings = {"name": "another-bucket"}
    with pytest.raises(ConfigError) as error:
        store.fetch(row)
    assert (error.value.where, error.value.expected) == ("archive.bucket", BUCKET)


def test_access_denied_is_said_in_the_words_of_the_store(store):
    store.trouble(Trouble(403, error_body("AccessDenied", "User: ada is not authorized to perform: s3:GetObject")))
    with pytest.raises(GranuleError) as error:
        store.fetch()
    assert error.value.reason == "forbidden"
    assert "ada is not authorized" in error.value.found
    assert store.statuses() == [403]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_store_is_asked_again_and_not_for_ever(store, status):
    store.trouble(Trouble(status, SLOW_DOWN), Trouble(send_bytes=CUT), Trouble(status, SLOW_DOWN))
    assert store.fetch() == store.content
    assert store.statuses() == [status, 200, status, 206]
    row = store.row()
    store.server.always = Trouble(status, SLOW_DOWN)
    with pytest.raises(GranuleError) as error:
        store.fetch(row)
    assert error.value.reason == ("throttled" if status == 429 else "server_error")
    assert "Please reduce your request rate" in error.value.found
    assert len(store.statuses()) == QUICK.patience.attempts


def test_an_expired_signature_is_made_again_once(store):
    store.trouble(Trouble(403, OLD))
    assert store.fetch() == store.content
    assert store.statuses() == [403, 200]
    assert "the signature had expired; signed again" in store.got.notes
    store.trouble(*[Trouble(403, OLD)] * 5)
    with pytest.raises(GranuleError) as error:
        store.fetch()
    assert (error.value.reason, store.statuses()) == ("forbidden", [403, 403])
    assert "Request has expired" in error.value.found


def test_a_signature_does_not_expire_while_it_waits(store):
    """The gate checks the real age of addresses that are good for a second."""
    store.trouble(Trouble(send_bytes=CUT))
    store.server.asked.clear()
    request = Download(store.bucket.address(KEY), NAME, len(store.content), sign=store.bucket.signer(KEY, valid_s=1.0))
    patient = replace(QUICK, patience=Patience(attempts=3, first_wait_s=2.2, jitter=0.0))
    got = download(request, store.folder / NAME, rules=patient, rng=np.random.default_rng(0))
    assert got.path.read_bytes() == store.content
    assert store.statuses() == [200, 206]
    signatures = {asked.query["X-Amz-Signature"][0] for asked in store.server.requests_of(KEY)}
    assert len(signatures) == 2


def test_keys_that_are_renewed_in_their_file_are_used_from_then_on(store, tmp_path, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    file = tmp_path / "keys"
    file.write_text(f"{ACCESS_KEY}\n{SECRET_KEY}\n")
    file.chmod(0o600)
    store.settings = {"credentials": str(file)}

    def renew() -> None:
        store.server.keys = {"AKIDNEW": "new secret"}
        store.server.token = "new token"
        file.write_text("AKIDNEW\nnew secret\nnew token\n")

    store.trouble(Trouble(send_bytes=CUT, then=renew))
    assert store.fetch() == store.content
    assert store.statuses() == [200, 206]


def test_a_body_with_another_checksum_is_not_taken(store):
    wrong = b"\x89HDF\r\n\x1a\n" + b"x" * (len(store.content) - 8)
    store.trouble(*[Trouble(200, wrong)] * 3)
    with pytest.raises(GranuleError) as error:
        store.fetch()
    assert (error.value.reason, store.statuses()) == ("checksum", [200, 200])
    assert store.left() == []


def test_an_object_that_was_cut_before_it_came_to_the_store_is_not_taken(store):
    store.server.put_in_parts(KEY, store.content[:60_000])
    with pytest.raises(GranuleError) as error:
        store.fetch()
    assert error.value.reason == "unreadable"
    assert store.left() == []


def test_an_object_of_another_granule_is_not_taken(store, tmp_path):
    store.server.put(KEY, netcdf_bytes(tmp_path, orbit=np.int32(1)))
    with pytest.raises(GranuleError) as error:
        store.fetch()
    assert error.value.reason == "identity"


def test_a_page_with_200_is_not_taken(store):
    store.trouble(Trouble(200, b"<html><title>Log in</title></html>"))
    with pytest.raises(GranuleError) as error:
        store.fetch()
    assert error.value.reason == "page"


def test_a_download_waits_for_its_connection(store):
    row, fetched = store.row(), []
    with slot(store.folder / "shared" / "connections", 1):
        job = threading.Thread(target=lambda: fetched.append(store.fetch(row)))
        job.start()
        time.sleep(0.3)
        assert store.statuses() == []
    job.join(20)
    assert fetched == [store.content]
