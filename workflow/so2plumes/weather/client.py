"""Speak with the Climate Data Store through ``cdsapi``: submit, follow, download, and say in words what fails."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import requests

from so2plumes.errors import ConfigError
from so2plumes.files import atomic_path
from so2plumes.http import HttpClient, Patience, RemoteError, describe_body, retry_after_s
from so2plumes.weather.account import HOW_TO, CdsAccount
from so2plumes.weather.question import CdsRequest

log = logging.getLogger(__name__)

Result = TypeVar("Result")
POLLING = Patience(attempts=12, first_wait_s=2.0, longest_wait_s=120.0, total_s=6 * 3600.0, read_s=60.0)
QUEUE_S = 48 * 3600.0
_PASSING = frozenset({408, 429, 500, 502, 503, 504})


class VanishedError(Exception):
    """The service no longer knows a request."""


class RequestFailedError(RemoteError):
    """A request ended without a result; asking again needs a new one."""


class _Session(requests.Session):
    """A session whose key does not follow a redirect to another host."""

    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        if self.should_strip_auth(response.request.url, prepared_request.url):
            prepared_request.headers.pop("PRIVATE-TOKEN", None)
        super().rebuild_auth(prepared_request, response)


class CdsClient:
    """Speaks with the service; waits where it is busy and says in words what it refuses.

    Parameters
    ----------
    account : CdsAccount
    patience : Patience, optional
        For single questions.
    queue_s : float, optional
        Longest wait in the queue; the next run follows the request further.
    sleep, clock : callables, optional
    """

    def __init__(
        self,
        account: CdsAccount,
        patience: Patience = POLLING,
        queue_s: float = QUEUE_S,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        import cdsapi

        self._account, self._patience, self._queue_s = account, patience, queue_s
        self._sleep, self._clock = sleep, clock
        self._http = HttpClient(np.random.default_rng(), patience, sleep=sleep)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._cds = cdsapi.Client(
                url=account.url,
                key=account.key,
                quiet=True,
                progress=False,
                delete=False,
                retry_max=1,
                timeout=int(patience.read_s),
                wait_until_complete=False,
                session=_Session(),
                info_callback=lambda *_: None,
                warning_callback=self._pass_on,
                error_callback=self._pass_on,
            )

    def submit(self, request: CdsRequest) -> str:
        """Put a request into the queue and return its id."""
        try:
            remote = self._patiently(request, lambda: self._cds.retrieve(request.dataset, dict(request.inputs)))
        except VanishedError as error:
            raise RemoteError(
                "the Climate Data Store does not have a data set",
                status=404,
                where=f"{self._account.url}: {request.dataset}",
                found=str(error),
                remedy="check era5.url",
            ) from None
        return str(remote.request_id)

    def wait(self, request: CdsRequest, identity: str) -> Any:
        """Follow a request until its result is there, with a line of progress whenever its state changes.

        Raises
        ------
        VanishedError
            The service does not know the id.
        RemoteError
            The request failed, was rejected, or is still in the queue after the longest wait.
        """
        begun, wait, last = self._clock(), 1.0, ""
        remote = self._patiently(request, lambda: self._cds.client.get_remote(identity))
        while True:
            state = self._patiently(request, lambda: remote.status)
            if state != last:
                log.info("%s %s: %s", request.dataset, identity, state)
                last = state
            if state == "successful":
                return self._patiently(request, lambda: remote.get_results())
            if state in ("dismissed", "deleted"):
                raise VanishedError(state)
            if state not in ("accepted", "running"):
                raise self._failed(request, identity, state, remote)
            if self._clock() - begun > self._queue_s:
                raise RemoteError(
                    "a request to the Climate Data Store is still in the queue",
                    where=f"{request.dataset} {identity}",
                    found=f"{state} after {self._queue_s / 3600:.0f} hours",
                    remedy="run the campaign again later: it follows the same request",
                )
            self._sleep(wait)
            wait = min(wait * 1.5, self._patience.longest_wait_s)

    def download(self, request: CdsRequest, results: Any, path: Path) -> int:
        """Fetch a result, whole or not at all; return its size in bytes. The key is not sent.

        Raises
        ------
        VanishedError
            The result is no longer kept.
        RemoteError
            It cannot be fetched, or not whole.
        """
        with atomic_path(path) as temporary:
            try:
                answer = self._http.download(results.location, temporary)
            except RemoteError as error:
                if error.status in (404, 410):
                    raise VanishedError(error.found) from None
                raise
            if answer.size_bytes != results.content_length:
                raise RemoteError(
                    "the Climate Data Store gave a result of another size",
                    where=request.dataset,
                    expected=f"{results.content_length} bytes",
                    found=f"{answer.size_bytes} bytes",
                    remedy="run the campaign again: the request is kept",
                )
        return answer.size_bytes

    def _pass_on(self, *words: Any, **_: Any) -> None:
        log.warning("%s", self._account.hide(" ".join(map(str, words))))

    def _failed(self, request: CdsRequest, identity: str, state: str, remote: Any) -> RequestFailedError:
        reason = f"state {state}"
        try:
            self._patiently(request, lambda: remote.results_ready)
        except RemoteError as error:
            reason = error.found or reason
        except RuntimeError as error:
            reason = str(error)
        return RequestFailedError(
            f"the Climate Data Store says that a request {'was rejected' if state == 'rejected' else 'failed'}",
            where=f"{request.dataset} {identity}",
            found=self._account.hide(" ".join(reason.split())[:600]),
            remedy="see https://cds.climate.copernicus.eu/requests; the next run asks anew",
        )

    def _patiently(self, request: CdsRequest, ask: Callable[[], Result]) -> Result:
        """Ask once and again where the fault may pass.

        The waits double; they are never shorter than a Retry-After of the service.
        """
        begun = self._clock()
        for attempt in range(1, self._patience.attempts + 1):
            try:
                return ask()
            except requests.HTTPError as error:
                found, asked_s = self._words(error), None
                if error.response is None or error.response.status_code not in _PASSING:
                    raise self._refused(request, error, found) from None
                asked_s = retry_after_s(error.response.headers)
            except (requests.RequestException, OSError, RuntimeError) as error:
                if type(error).__name__ == "ProcessingFailedError":
                    raise
                found, asked_s = self._account.hide(f"{type(error).__name__}: {error}"), None
            wait = max(
                min(self._patience.longest_wait_s, self._patience.first_wait_s * 2.0 ** (attempt - 1)), asked_s or 0
            )
            if attempt == self._patience.attempts or self._clock() - begun + wait > self._patience.total_s:
                break
            log.warning("%s; asking again in %.0f s: %s", found, wait, request.dataset)
            self._sleep(wait)
        raise RemoteError(
            "the Climate Data Store does not answer",
            where=f"{self._account.url}, {request.dataset}",
            found=found,
            remedy="try again later: requests that wait in the queue are kept",
        )

    def _words(self, error: requests.HTTPError) -> str:
        if error.response is None:
            return self._account.hide(str(error))
        try:
            document = error.response.json()
            said = ": ".join(str(document[key]) for key in ("title", "detail", "traceback") if document.get(key))
        except (ValueError, AttributeError, KeyError, TypeError):
            said = describe_body(error.response.content)
        return self._account.hide(f"HTTP {error.response.status_code}: {' '.join(said.split())[:600]}")

    def _refused(self, request: CdsRequest, error: requests.HTTPError, found: str) -> Exception:
        status = 0 if error.response is None else error.response.status_code
        said = found.casefold()
        if status == 404:
            return VanishedError(found)
        if status == 401:
            return ConfigError(
                "the Climate Data Store does not accept the key",
                where="CDSAPI_KEY or ~/.cdsapirc",
                found=found,
                remedy=f"copy the personal access token from {HOW_TO}",
            )
        if status == 403 and "licen" in said:
            return ConfigError(
                f"the licence of {request.dataset} was not accepted yet",
                where="the account at the Climate Data Store",
                found=found,
                remedy=f"log in, accept it once at {request.page}, and run again",
            )
        if "cost" in said or "too large" in said:
            return ConfigError(
                "the Climate Data Store refuses a request as too large",
                where=request.dataset,
                found=found,
                remedy="name fewer era5.levels_hpa, or allow more and smaller requests with era5.max_requests",
            )
        return RemoteError(
            "the Climate Data Store refuses a request", status=status, where=request.dataset, found=found
        )
