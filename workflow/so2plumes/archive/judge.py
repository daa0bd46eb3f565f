"""Judge an answer before any of its bytes are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from so2plumes.archive.answers import Answer
from so2plumes.archive.partial import Belonging, Part
from so2plumes.archive.reasons import PassingFault, WrongBody
from so2plumes.archive.verify import SIGNATURE_BYTES, sniff
from so2plumes.errors import GranuleError
from so2plumes.http import retry_after_s

_PAGE_TYPES = ("text/html", "application/xhtml", "application/xml", "text/xml", "application/json")


@dataclass(frozen=True)
class Start:
    """From which byte the body goes on and how long the whole is; ``complete`` when there is nothing more to come."""

    offset: int
    total_bytes: int | None
    complete: bool = False


def _ended(answer: Answer, name: str, reason: str, problem: str, remedy: str) -> GranuleError:
    found = f"{answer.status} {answer.page()}".strip()
    return GranuleError(problem, reason=reason, where=f"{name} at {answer.url}", found=found, remedy=remedy)


def _refusal(answer: Answer, name: str) -> Exception:
    """Choose what a status without a body of the granule leads to."""
    status = answer.status
    if status in (404, 410):
        remedy = "index the catalogue again: granules are replaced and withdrawn"
        return _ended(answer, name, "vanished", "the archive no longer has this granule", remedy)
    if status == 401:
        remedy = "name that server in the trusted origins, if it is one of the archive"
        return _ended(answer, name, "unauthorised", "a server that is not shown the token wants one", remedy)
    if status == 403:
        remedy = (
            "log in at the archive: accept its terms and licences, and look at the quota of the account; "
            "for an S3 store look at the keys and their rights"
        )
        return _ended(answer, name, "forbidden", "the archive refuses this account", remedy)
    if status == 412:
        again = "snakemake results/<year>/index.parquet --forcerun index_archive"
        remedy = f"index the archive again ({again}), then start the run again"
        return _ended(answer, name, "changed", "the archive holds another version than the list", remedy)
    if status in (408, 425, 429) or status >= 500:
        reason = "throttled" if status == 429 else "server_error"
        found = f"{status} {answer.page()}".strip()
        return PassingFault(reason, f"the server answers {status}", found=found, wait_s=retry_after_s(answer.headers))
    return _ended(answer, name, "refused", "the archive refuses the request", "check the address of the archive")


def expired(answer: Answer) -> bool:
    """Tell whether a store refuses a signed address because of its age, or of the age of the keys (S3 API, Errors)."""
    return answer.status in (400, 403) and "expired" in answer.page().lower()


def _mismatch(answer: Answer, have: int, usable: Belonging | None, match: re.Match | None) -> str | None:
    """Say what is wrong with a partial answer (RFC 9110, section 14.4)."""
    text = answer.headers.get("Content-Range", "no Content-Range")
    if match is None or int(match[1]) != have:
        return f"{text} instead of a range from byte {have}"
    first, last, total = int(match[1]), int(match[2]), None if match[3] == "*" else int(match[3])
    known = usable.total_bytes if usable else None
    if total is not None and (last != total - 1 or (known is not None and total != known)):
        return f"{text} instead of the rest of {known or total} bytes"
    if answer.length is not None and answer.length != last - first + 1:
        return f"{text} with {answer.length} bytes"
    etag = answer.headers.get("ETag")
    if etag and usable and usable.etag and etag != usable.etag:
        return f"the part of another version, {etag}"
    if answer.headers.get("Content-Type", "").lower().startswith(_PAGE_TYPES):
        return f"a page: {answer.page()}"
    return None


def _partial(answer: Answer, have: int, usable: Belonging | None, part: Part) -> Start:
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
    wrong = _mismatch(answer, have, usable, match)
    if wrong is not None or match is None:
        part.discard()
        raise PassingFault("interrupted", "the server sent another part than it was asked for", found=wrong)
    known = usable.total_bytes if usable else None
    return Start(have, known if match[3] == "*" else int(match[3]))


def _beyond_end(answer: Answer, have: int, part: Part, usable: Belonging | None) -> Start:
    match = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("Content-Range", "").strip())
    total = int(match[1]) if match else (usable.size_bytes if usable else None)
    if have and total == have:
        return Start(have, have, complete=True)
    part.discard()
    raise PassingFault("interrupted", "the server has no such range", found=answer.headers.get("Content-Range"))


def judge_start(answer: Answer, have: int, usable: Belonging | None, name: str, part: Part) -> Start:
    """Find out from status and headers where the body goes on.

    Parameters
    ----------
    answer : Answer
    have : int
        Bytes that are there; more than 0 means that a range was asked for.
    usable : Belonging or None
        What these bytes belong to.
    name : str
        Granule, for messages.
    part : Part
        Thrown away when the answer proves that it cannot be continued.

    Raises
    ------
    PassingFault
        To be tried again.
    GranuleError
        Pointless to try again now.
    """
    if answer.headers.get("Content-Encoding", "identity").lower() not in ("identity", "") and answer.status < 300:
        raise _ended(answer, name, "refused", "the server compresses what was asked for as it is", "tell its operator")
    if answer.status == 200:
        return Start(0, answer.length)
    if answer.status == 206 and have:
        return _partial(answer, have, usable, part)
    if answer.status == 416 and have:
        return _beyond_end(answer, have, part, usable)
    raise _refusal(answer, name)


def judge_head(answer: Answer, head: bytes, total: int | None, wanted: Belonging) -> bytes:
    """Look at the first bytes of a body, and return them if they may be those of a granule.

    Raises
    ------
    WrongBody
        For an empty body, or an HDF5 file whose announced length is not that of the catalogue.
    PassingFault
        When the connection ended before eight bytes.
    GranuleError
        ``page``: with the title of the page.
    """
    if total == 0:
        raise WrongBody("empty", "the server sent an empty file", expected=f"{wanted.size_bytes or 'some'} bytes")
    if len(head) < SIGNATURE_BYTES and (total is None or len(head) < total):
        raise PassingFault("interrupted", "the connection ended at once")
    kind = sniff(head)
    if kind == "other":
        raise GranuleError(
            "the server sent something else than the granule",
            reason="page",
            where=f"{wanted.name} at {answer.url}",
            expected="HDF5, or a zip that holds it",
            found=f"{answer.headers.get('Content-Type', 'no type')}: {answer.page(head)}",
            remedy="open the address in a browser: it may ask to log in, or be closed for maintenance",
        )
    if kind == "hdf5" and total is not None and wanted.size_bytes is not None and total != wanted.size_bytes:
        raise WrongBody(
            "checksum",
            "the size is not that of the catalogue",
            expected=f"{wanted.size_bytes} bytes",
            found=f"{total} bytes announced",
        )
    return head
