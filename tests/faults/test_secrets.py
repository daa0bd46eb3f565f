"""Neither account nor token is in any log, error, receipt or file but the token cache."""

from __future__ import annotations

import logging
import pickle
import traceback
from dataclasses import asdict

import pytest
from tests.archive.download_server import Fault
from tests.faults.transfer_bench import ID, Bench

from so2plumes.errors import SO2PlumesError

ECHO = b"<title>You sent Bearer access-secret-1 and access-secret-2</title>"
FAULTS = {
    "none": None,
    "echo with 200": Fault(body=ECHO),
    "echo with 403": Fault(status=403, body=ECHO),
    "echo with 500": Fault(status=500, body=ECHO),
    "401": Fault(status=401, body=ECHO),
    "reset": Fault(send_bytes=40_000, ending="reset"),
    "wrong": Fault(body=b"\x89HDF\r\n\x1a\n" + b"x" * 1000),
    "redirect": Fault(status=302, headers={"Location": "http://127.0.0.1:1/?token=access-secret-1"}),
    "refused account": None,
    "echo of the token service": None,
}


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_secret_is_shown(bench: Bench, caplog: pytest.LogCaptureFixture, name: str):
    caplog.set_level(logging.DEBUG)
    if FAULTS[name] is not None:
        bench.server.script(ID, for_ever=FAULTS[name])
    tokens = bench.tokens
    if name == "refused account":
        bench.server.password = "another"
    if name == "echo of the token service":
        bench.server.token_faults = [Fault(status=401, body=b'{"error": "no pass word for ada"}')]
    shown = [repr(tokens)]
    try:
        from so2plumes.archive.transfer import Download, download

        request = Download(bench.server.product_url(ID), bench.target.name, bench.size_bytes, bench.md5)
        shown.append(repr(asdict(download(request, bench.target, tokens, rules=bench.rules, timing=tokens.timing))))
        assert name in ("none", "reset")
    except SO2PlumesError as error:
        shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
        shown.append(repr(vars(pickle.loads(pickle.dumps(error)))))
    shown += [record.getMessage() for record in caplog.records]
    shown += [path.read_text(errors="replace") for path in bench.folder.glob("swaths/*.json")]
    text = "\n".join(shown)
    assert shown[1:]
    for secret in ("pass word", "pass+word", "access-secret-1", "refresh-secret", "Bearer access"):
        assert secret not in text
