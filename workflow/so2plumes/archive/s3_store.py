"""An S3 bucket: what it lists, and addresses of its objects.

Listing and signing are those of obstore; bodies come over `transfer.download` like those of every other archive.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from so2plumes import __version__
from so2plumes.archive.answers import Origin, page_words
from so2plumes.archive.s3_keys import Keys, find_keys
from so2plumes.errors import ConfigError, GranuleError, SO2PlumesError
from so2plumes.http import RemoteError

if TYPE_CHECKING:
    from obstore.store import S3Store

ENDPOINT_KEY, BUCKET_KEY, REGION_KEY = "archive.s3_endpoint", "archive.bucket", "archive.s3_region"
_NO_OBJECT = "so2plumes-no-such-object"
_NO_BUCKET = ("NoSuchBucket", "InvalidBucketName")
_OTHER_REGION = ("PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint")
_BAD_KEYS = (
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "RequestExpired",
)


@dataclass(frozen=True)
class S3Object:
    """One object of a listing; ``etag`` is without quotes."""

    key: str
    size_bytes: int
    etag: str
    modified: datetime | None

    @property
    def md5(self) -> str | None:
        """MD5 of the object, where its ETag is one: not of objects that were put in several parts."""
        return self.etag if re.fullmatch(r"[0-9a-f]{32}", self.etag) else None


@dataclass(frozen=True)
class Retrying:
    """How often a listing is asked again, and the bounds of the waits between, which are random (s)."""

    attempts: int = 8
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    total_s: float = 900.0


@dataclass(frozen=True)
class S3Bucket:
    """A bucket of an S3 store.

    Attributes
    ----------
    name : str
    endpoint : str or None
        Address of the store; None is Amazon.
    region : str
    anonymous : bool
        Ask without keys.
    credentials : str or None
        File with the keys; see `s3_keys.find_keys`.
    """

    name: str
    endpoint: str | None = None
    region: str = "us-east-1"
    anonymous: bool = False
    credentials: str | None = None
    retrying: Retrying = Retrying()

    def __post_init__(self) -> None:
        try:
            private = Origin.of(self.base).private
        except GranuleError:
            raise _wrong(ENDPOINT_KEY, "https:// and a host, or null for Amazon", str(self.endpoint)) from None
        if "://" not in self.base or (not private and not self.anonymous):
            raise _wrong(ENDPOINT_KEY, "https:// and a host (keys are not used over plain HTTP)", str(self.endpoint))

    @property
    def base(self) -> str:
        """Address of the store."""
        return (self.endpoint or f"https://s3.{self.region}.amazonaws.com").rstrip("/")

    def address(self, key: str) -> str:
        """Return the address of an object, unsigned."""
        return f"{self.base}/{self.name}/{quote(key)}"

    def signer(self, key: str, valid_s: float = 3600.0) -> Callable[[], str] | None:
        """Return what signs the address of an object, with the keys of the moment; None where none are used."""
        if self.anonymous:
            return None

        def sign() -> str:
            import obstore

            return obstore.sign(self._store(), "GET", key, timedelta(seconds=valid_s))

        return sign

    def objects(self, folder: str) -> list[S3Object]:
        """List all objects below a folder, however deep, in the order of their keys.

        Raises
        ------
        ConfigError
            Bucket, region, endpoint or keys are wrong; names the key of the configuration.
        RemoteError
            The store stays busy.
        """
        import obstore
        from obstore.exceptions import BaseError

        store = self._store()
        try:
            pages = obstore.list(store, prefix=folder.strip("/"), chunk_size=1000)
            found = [_object(entry) for page in pages for entry in page]
        except (BaseError, OSError) as error:
            raise self._explained(str(error)) from None
        if not found:
            self._check_store(store, folder)
        return sorted(found, key=lambda item: item.key)

    def _check_store(self, store: S3Store, folder: str) -> None:
        """Tell an empty folder from a page with status 200, which obstore reads as an empty list."""
        import obstore
        from obstore.exceptions import BaseError, PermissionDeniedError

        try:
            obstore.get(store, f"{folder.strip('/')}/{_NO_OBJECT}")
        except (FileNotFoundError, PermissionDeniedError):
            return
        except (BaseError, OSError) as error:
            explained = self._explained(str(error))
            if isinstance(explained, RemoteError):
                raise explained from None
        raise _wrong(ENDPOINT_KEY, "the address of an S3 store", f"{self.base}: a page for what is not there")

    def _store(self) -> S3Store:
        """Open the store; every setting is given, as obstore would else take it from the environment."""
        from obstore.store import S3Store

        # at DEBUG it writes whole addresses, and a signature is a part of them
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        keys = None if self.anonymous else find_keys(self.credentials)
        settings: dict[str, Any] = {} if keys is None else {"credential_provider": _provider(keys)}
        retrying = self.retrying
        return S3Store(
            self.name,
            endpoint=self.base,
            aws_endpoint_url_s3=self.base,
            region=self.region,
            virtual_hosted_style_request=False,
            skip_signature=self.anonymous,
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=30),
                "timeout": timedelta(seconds=120),
                "user_agent": f"so2plumes/{__version__}",
            },
            retry_config={
                "max_retries": retrying.attempts - 1,
                "retry_timeout": timedelta(seconds=retrying.total_s),
                "backoff": {
                    "init_backoff": timedelta(seconds=retrying.first_wait_s),
                    "max_backoff": timedelta(seconds=retrying.longest_wait_s),
                    "base": 2,
                },
            },
            **settings,
        )

    def _explained(self, text: str) -> SO2PlumesError:
        """Say which key of the configuration a refused listing is about, with the store's words."""
        said = text.partition("Debug source")[0]
        status = re.search(r"status code: (\d{3})", said)
        code = re.search(r"<Code>(\w+)</Code>", said)
        name, number = code[1] if code else "", int(status[1]) if status else 0
        words = " ".join(part for part in (status[1] if status else "", name, _words(said)) if part)
        if number >= 500 or number in (408, 429):
            return RemoteError(
                "the S3 store does not answer", status=number, where=self.base, found=words, remedy="try again later"
            )
        if name in _NO_BUCKET:
            return _wrong(BUCKET_KEY, f"a bucket of {self.base}", f"{self.name}: {words}")
        if name in _OTHER_REGION or number in (301, 307) or "redirect" in said.lower():
            return _wrong(REGION_KEY, "the region of the bucket", f"{self.region}: {words}")
        if name in _BAD_KEYS:
            return _wrong("archive.credentials", "keys that are good now, and a clock that is right", words)
        if number in (401, 403):
            key = "archive.anonymous" if self.anonymous else "archive.credentials"
            return _wrong(key, f"the right to list {self.name}", words)
        return _wrong(ENDPOINT_KEY, "the address of an S3 store that can be reached", f"{self.base}: {words}")


def _provider(keys: Keys) -> Callable[[], Any]:
    return lambda: {
        "access_key_id": keys.access_key,
        "secret_access_key": keys.secret_key,
        "token": keys.token,
        "expires_at": None,
    }


def _object(entry: Any) -> S3Object:
    etag = str(entry["e_tag"] or "").removeprefix("W/").strip('"')
    return S3Object(entry["path"], int(entry["size"]), etag, entry["last_modified"])


def _words(said: str) -> str:
    """Return the message of the store, or what broke the connection; addresses are left out."""
    body = said.partition("<?xml")[2] or said.partition("<Error>")[2]
    if body:
        return page_words(body.encode())
    return re.sub(r"https?://\S+", "", said).strip().rpartition(" - ")[2][:200]


def _wrong(key: str, expected: str, found: str) -> ConfigError:
    return ConfigError(
        "the S3 store cannot be used as it is configured",
        where=key,
        expected=expected,
        found=found,
        remedy="config/README.md explains the keys of archive; a store that is down looks the same: try again later",
    )
