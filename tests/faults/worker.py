"""One fetching job as a process of its own: ``python -m tests.faults.worker '<json>'`` prints what came of it."""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from so2plumes.archive.credentials import Credentials
from so2plumes.archive.slots import slot
from so2plumes.archive.tokens import TokenStore
from so2plumes.archive.transfer import Download, download
from so2plumes.errors import GranuleError


def main(order: dict) -> dict:
    if order.get("file_limit_bytes"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_limit_bytes"],) * 2)
    folder = Path(order["folder"])
    tokens = TokenStore(order["token_url"], Credentials(order["user"], order["password"]), folder / "tokens")
    request = Download(order["url"], order["name"], order["size_bytes"], order["md5"])
    try:
        with slot(folder / "slots", 4, poll_s=0.05):
            result = download(request, Path(order["target"]), tokens)
    except GranuleError as error:
        return {"reason": error.reason, "text": str(error)}
    return asdict(result) | {"path": str(result.path)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))))
