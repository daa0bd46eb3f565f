"""An S3 store on the loopback address: moto behind a gate that checks signatures and makes faults.

What the gate adds to moto, and where that is written:

* It refuses what is not signed, unless the bucket is public, with 403 AccessDenied; unknown keys with
  InvalidAccessKeyId; a wrong signature with SignatureDoesNotMatch, whose body quotes key, signature and string to sign;
  an old address with AccessDenied "Request has expired" (Amazon S3 API reference, Error responses; Signature Version
  4). Signatures are recomputed by botocore, which the client does not use.
* A store of another region answers 301 PermanentRedirect without a Location (same page).
* Everything else that it can do wrong is a `Trouble`, scripted per key. It records what it saw.
"""

from __future__ import annotations

import http.client
import logging
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from xml.sax.saxutils import escape

import boto3
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

ACCESS_KEY, SECRET_KEY, SESSION_TOKEN = "AKIDLOOPBACK0001", "secret/key+loopback", "session-token-loopback"
REGION = "eu-central-1"
BUCKET = "granules"


@dataclass(frozen=True)
class Trouble:
    """How one answer differs: another status and body, or a body that is cut after so many bytes by a reset.

    ``then`` is called at the cut; ``echo`` puts the address that was asked into the body, as pages of errors do.
    """

    status: int | None = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    send_bytes: int | None = None
    then: Callable[[], None] | None = None
    echo: bool = False


@dataclass(frozen=True)
class Asked:
    """One request and how it was answered."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    status: int
    sent_bytes: int


def error_body(code: str, message: str, **parts: str) -> bytes:
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in parts.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message>'
        f"{inner}</Error>"
    ).encode()


class S3Server:
    """A running store with one bucket; ``put`` fills it, ``public`` opens it to everybody."""

    def __init__(self, bucket: str = BUCKET) -> None:
        self.bucket, self.public, self.token = bucket, False, None
        self.keys = {ACCESS_KEY: SECRET_KEY}
        self.troubles: dict[str, list[Trouble]] = {}
        self.always: Trouble | None = None
        self.asked: list[Asked] = []
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._gate = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._gate.daemon_threads = True
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._gate.server_address[1]}"

    def __enter__(self) -> S3Server:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._moto.start()
        host, port = self._moto.get_host_and_port()
        self._upstream = (host, port)
        threading.Thread(target=self._gate.serve_forever, args=(0.02,), daemon=True).start()
        self.client = boto3.client(
            "s3",
            endpoint_url=f"http://{host}:{port}",
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(request_checksum_calculation="when_required"),
        )
        self.client.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        return self

    def __exit__(self, *_: object) -> None:
        self._gate.shutdown()
        self._gate.server_close()
        self.empty()
        self.client.delete_bucket(Bucket=self.bucket)
        self._moto.stop()

    def put(self, key: str, content: bytes) -> None:
        # public to moto: the gate decides who may read
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content, ACL="public-read")

    def put_many(self, keys: list[str], content: bytes = b"x") -> None:
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        for key in keys:
            backend.put_object(self.bucket, key, content)

    def put_in_parts(self, key: str, content: bytes) -> None:
        """Put an object as one part of several would be: its ETag is no MD5."""
        place = {"Bucket": self.bucket, "Key": key}
        upload = self.client.create_multipart_upload(**place, ACL="public-read")["UploadId"]
        etag = self.client.upload_part(**place, UploadId=upload, PartNumber=1, Body=content)["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        self.client.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def empty(self) -> None:
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        for key in list(backend.head_bucket(self.bucket).keys):
            backend.delete_object(self.bucket, key)

    def reset(self) -> None:
        """Back to an empty, closed bucket without faults."""
        self.empty()
        self.public, self.token, self.always, self.keys = False, None, None, {ACCESS_KEY: SECRET_KEY}
        self.troubles.clear()
        self.asked.clear()

    def requests_of(self, key: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == f"/{self.bucket}/{key}"]

    def _refusal(self, path: str, headers: dict[str, str]) -> tuple[int, bytes] | None:
        query = parse_qs(urlsplit(path).query)
        if "X-Amz-Signature" in query:
            return self._judge_address(path, headers, query)
        if "authorization" in headers:
            return self._judge_header(path, headers)
        return None if self.public else (403, error_body("AccessDenied", "Access Denied"))

    def _judge_address(self, path: str, headers: dict[str, str], query: dict) -> tuple[int, bytes] | None:
        scope = query["X-Amz-Credential"][0].split("/")
        began = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if datetime.now(UTC) > began + timedelta(seconds=int(query["X-Amz-Expires"][0])):
            return 403, error_body("AccessDenied", "Request has expired", **{"X-Amz-Expires": "1"})
        rest = {name: values[0] for name, values in query.items() if name != "X-Amz-Signature"}
        url = f"http://{headers['host']}{urlsplit(path).path}?{urlencode(rest, quote_via=quote)}"
        return self._compare(
            S3SigV4QueryAuth, url, {}, scope, query["X-Amz-Date"][0], query["X-Amz-Signature"][0], query
        )

    def _judge_header(self, path: str, headers: dict[str, str]) -> tuple[int, bytes] | None:
        parts = dict(part.strip().split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(","))
        scope = parts["Credential"].split("/")
        signed = {name: headers[name] for name in parts["SignedHeaders"].split(";") if name != "host"}
        url = f"http://{headers['host']}{path}"
        token = {"X-Amz-Security-Token": [headers["x-amz-security-token"]]} if "x-amz-security-token" in headers else {}
        return self._compare(S3SigV4Auth, url, signed, scope, headers["x-amz-date"], parts["Signature"], token)

    def _compare(
        self, kind: type, url: str, signed: dict, scope: list[str], stamp: str, signature: str, query: dict
    ) -> tuple[int, bytes] | None:
        if scope[0] not in self.keys:
            words = "The AWS Access Key Id you provided does not exist in our records."
            return 403, error_body("InvalidAccessKeyId", words, AWSAccessKeyId=scope[0])
        if query.get("X-Amz-Security-Token", [None])[0] != self.token:
            return 400, error_body("ExpiredToken", "The provided token has expired.", Token="echo")
        if scope[2] != REGION:
            words = f"The authorization header is malformed; the region '{scope[2]}' is wrong; expecting '{REGION}'"
            return 400, error_body("AuthorizationHeaderMalformed", words, Region=REGION)
        auth = kind(Credentials(scope[0], self.keys[scope[0]]), "s3", REGION)
        request = AWSRequest("GET", url, headers=signed)
        request.context["timestamp"] = stamp
        text = auth.string_to_sign(request, auth.canonical_request(request))
        if auth.signature(text, request) == signature:
            return None
        words = "The request signature we calculated does not match the signature you provided."
        echo = {"AWSAccessKeyId": scope[0], "StringToSign": text, "SignatureProvided": signature}
        return 403, error_body("SignatureDoesNotMatch", words, **echo)

    def _forward(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        passed = {name: headers[name] for name in ("range", "if-match", "if-range") if name in headers}
        parts = urlsplit(path)
        query = {name: values for name, values in parse_qs(parts.query).items() if not name.startswith("X-Amz-")}
        connection = http.client.HTTPConnection(*self._upstream, timeout=20)
        try:
            connection.request("GET", f"{parts.path}?{urlencode(query, doseq=True)}", headers=passed)
            answer = connection.getresponse()
            kept = ("etag", "content-range", "content-type", "last-modified", "x-amz-bucket-region")
            return answer.status, {n: v for n, v in answer.getheaders() if n.lower() in kept}, answer.read()
        finally:
            connection.close()

    def _answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes, Trouble | None]:
        key = unquote(urlsplit(path).path).removeprefix(f"/{self.bucket}/")
        with self._lock:
            waiting = self.troubles.get(key, [])
            trouble = waiting.pop(0) if waiting else self.always
        if trouble and trouble.status:
            asked = f"<title>You asked {path} ({unquote(path)})</title>".encode() if trouble.echo else b""
            headers = {name: text.replace("{path}", path) for name, text in trouble.headers.items()}
            return trouble.status, {"Content-Type": "application/xml", **headers}, asked + trouble.body, None
        refusal = self._refusal(path, headers)
        if refusal:
            return refusal[0], {"Content-Type": "application/xml"}, refusal[1], None
        return (*self._forward(path, headers), trouble)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name.lower(): text for name, text in self.headers.items()}
                status, answered, body, trouble = outer._answer(self.path, headers)
                shown = body[: trouble.send_bytes] if trouble and trouble.send_bytes is not None else body
                parts = urlsplit(self.path)
                asked = Asked(unquote(parts.path), parse_qs(parts.query), headers, status, len(shown))
                outer.asked.append(asked)
                self.send_response(status)
                for name, text in {**answered, "Content-Length": str(len(body))}.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(shown)
                if len(shown) < len(body):
                    self.wfile.flush()
                    if trouble.then:
                        trouble.then()
                    self.close_connection = True
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
