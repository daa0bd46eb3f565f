"""Requests to the Climate Data Store that outlive the job that made them.

A request waits in a queue, for minutes to hours. Its id is written beside the target before anything else is done, so a
job that is killed follows the same request when it starts again.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from so2plumes.files import read_json, write_json
from so2plumes.http import RemoteError
from so2plumes.weather.client import CdsClient, RequestFailedError, VanishedError
from so2plumes.weather.question import CdsRequest

log = logging.getLogger(__name__)

MAX_SUBMISSIONS = 3


def obtain(client: CdsClient, wanted: list[CdsRequest], folder: Path) -> list[Path]:
    """Fetch the results of requests, all queued at once, into a folder that also remembers them.

    Parameters
    ----------
    client : CdsClient
    wanted : list of CdsRequest
    folder : path
        ``<name>.json`` holds the id of a request that was submitted, ``<name>.data`` its result. What is there is not
        asked for again.

    Returns
    -------
    list of path
        In the order of the requests.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for request in wanted:
        if not _result(folder, request).is_file() and _known(folder, request) is None:
            _submit(client, request, folder)
    return [_follow(client, request, folder) for request in wanted]


def _result(folder: Path, request: CdsRequest) -> Path:
    return folder / f"{request.name}.data"


def _ledger(folder: Path, request: CdsRequest) -> Path:
    return folder / f"{request.name}.json"


def _known(folder: Path, request: CdsRequest) -> str | None:
    """Id of a request that was written down."""
    try:
        return str(read_json(_ledger(folder, request))["request_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _submit(client: CdsClient, request: CdsRequest, folder: Path) -> str:
    identity = client.submit(request)
    note = {"request_id": identity, "dataset": request.dataset, "inputs": request.inputs}
    instant = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(_ledger(folder, request), note | {"submitted": instant})
    log.info("%s %s: submitted", request.dataset, identity)
    return identity


def _follow(client: CdsClient, request: CdsRequest, folder: Path) -> Path:
    target = _result(folder, request)
    for _ in range(MAX_SUBMISSIONS):
        if target.is_file():
            return target
        identity = _known(folder, request) or _submit(client, request, folder)
        try:
            size = client.download(request, client.wait(request, identity), target)
            log.info("%s %s: %.1f MB", request.dataset, identity, size / 1e6)
        except VanishedError:
            log.warning("%s %s: the service no longer knows it; asking anew", request.dataset, identity)
            _ledger(folder, request).unlink(missing_ok=True)
        except RequestFailedError:
            _ledger(folder, request).unlink(missing_ok=True)
            raise
    if target.is_file():
        return target
    raise RemoteError(
        "the Climate Data Store forgets a request again and again",
        where=request.dataset,
        found=f"{MAX_SUBMISSIONS} requests",
        remedy="see https://cds.climate.copernicus.eu/requests and try again later",
    )
