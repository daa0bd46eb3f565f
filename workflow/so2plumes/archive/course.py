"""The course of one transfer: ask, receive, verify, and try again where that may help."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np

from so2plumes.archive.answers import Answer, open_answer
from so2plumes.archive.backoff import Backoff, Timing
from so2plumes.archive.judge import expired, judge_head, judge_start
from so2plumes.archive.partial import Belonging, Digest, Part, digest_file
from so2plumes.archive.progress import Progress, RateMeter, Report
from so2plumes.archive.reasons import PassingFault, WrongBody
from so2plumes.archive.verify import SIGNATURE_BYTES, check_identity, sniff, unpack_netcdf
from so2plumes.archive.wanted import Download, TokenSource, Transferred, TransferRules
from so2plumes.errors import GranuleError
from so2plumes.files import atomic_path

log = logging.getLogger(__name__)


class _Unauthorised(Exception):
    """The token was refused, or the signature has expired."""


def check_digest(digest: Digest, wanted: Belonging) -> None:
    """Raise `WrongBody` where size or MD5 are not those of the catalogue, as far as it has them."""
    if not digest.size_bytes:
        raise WrongBody("empty", "the server sent an empty file", expected=f"{wanted.size_bytes or 'some'} bytes")
    if wanted.size_bytes is not None and digest.size_bytes != wanted.size_bytes:
        raise WrongBody(
            "checksum",
            "the size is not that of the catalogue",
            expected=f"{wanted.size_bytes} bytes",
            found=f"{digest.size_bytes} bytes",
        )
    if wanted.md5 is not None and digest.md5 != wanted.md5:
        raise WrongBody("checksum", "the MD5 is not that of the catalogue", expected=wanted.md5, found=digest.md5)


def _matches(digest: Digest, wanted: Belonging) -> bool:
    """Tell whether the catalogue speaks of exactly these bytes."""
    if wanted.md5 is not None:
        return digest.md5 == wanted.md5
    return digest.size_bytes == wanted.size_bytes


class Course:
    """The course of one transfer, and what is told of it at the end."""

    def __init__(
        self,
        request: Download,
        part: Part,
        tokens: TokenSource | None,
        rules: TransferRules,
        report: Report,
        timing: Timing,
        rng: np.random.Generator,
    ) -> None:
        self.request, self.wanted, self.part = request, request.belonging, part
        self.tokens, self.rules, self.report, self.timing = tokens, rules, report, timing
        self.backoff = Backoff(rules.patience, timing, rng, request.name)
        self.began = timing.clock()
        self.attempts = self.resumed_bytes = self.fetched_bytes = self.farthest = 0
        self.notes: list[str] = []

    def run(self, target: Path) -> Transferred:
        """Try until the granule is there, or raise the `GranuleError` that becomes its receipt."""
        wrong_bodies = 0
        while True:
            before = self.farthest
            try:
                self._fetch()
                return self._finish(target)
            except PassingFault as fault:
                self.note(fault.problem)
                # a stretch of a granule, not a trickle that would go on for ever
                progressed = self.farthest - before >= self.rules.pace.min_rate_bytes_s * self.rules.pace.window_s
                self.backoff.pause(fault, progressed)
            except WrongBody as wrong:
                self.part.discard()
                wrong_bodies += 1
                if wrong_bodies > 1:
                    raise self._quarantine(wrong) from None
                self.note(wrong.problem)
                log.warning("%s: %s; fetching it once more", self.request.name, wrong.problem)

    def note(self, text: str) -> None:
        """Keep a remark for the receipt, once."""
        if text not in self.notes:
            self.notes.append(text)

    def _quarantine(self, wrong: WrongBody) -> GranuleError:
        return GranuleError(
            f"{wrong.problem}, twice",
            reason=wrong.reason,
            where=self.request.name,
            expected=wrong.expected,
            found=wrong.found,
            remedy="compare with the catalogue; the campaign goes on without this granule",
        )

    def _fetch(self) -> None:
        usable = self.part.usable_for(self.wanted)
        if usable is not None and usable.total_bytes == self.part.length:
            self.resumed_bytes = self.part.length
            return
        token = self.tokens.token() if self.tokens else None
        try:
            self._ask(token, usable)
        except _Unauthorised:
            if self.request.sign:
                self.note("the signature had expired; signed again")
                self._ask(None, usable, signed_again=True)
                return
            self.note("the token was renewed")
            token = self.tokens.renew(token) if self.tokens and token else None
            try:
                self._ask(token, usable)
            except _Unauthorised:
                raise GranuleError(
                    "the server does not accept the token, nor a new one",
                    reason="unauthorised",
                    where=self.request.name,
                    remedy="log in once at https://dataspace.copernicus.eu and accept its terms, then start again",
                ) from None

    def _ask(self, token: str | None, usable: Belonging | None, signed_again: bool = False) -> None:
        have = self.part.length if usable else 0
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "so2plumes"}
        if usable and have:
            headers["Range"] = f"bytes={have}-"
            if usable.etag:
                headers["If-Range"] = usable.etag
        if self.request.etag:
            headers["If-Match"] = f'"{self.request.etag}"'
        self.attempts += 1
        address = self.request.sign() if self.request.sign else self.request.url
        with open_answer(address, headers, token, self.rules.route) as answer:
            if answer.status == 401 and answer.authorised:
                raise _Unauthorised
            if self.request.sign and not signed_again and expired(answer):
                raise _Unauthorised
            start = judge_start(answer, have, usable, self.request.name, self.part)
            if start.complete:
                self.resumed_bytes = have
                return
            if have and not start.offset:
                self.note("the server ignored the range; started again from zero")
            self._receive(answer, start.offset, start.total_bytes)

    def _receive(self, answer: Answer, offset: int, total: int | None) -> None:
        self._check_room(total, offset)
        head = b""
        if offset:
            self.part.resume()
            self.note(f"continued from byte {offset}")
        else:
            head = judge_head(answer, answer.read_at_least(SIGNATURE_BYTES), total, self.wanted)
            etag = answer.headers.get("ETag", "")
            strong = etag if etag.startswith('"') else None
            self.part.begin(Belonging(self.wanted.name, self.wanted.size_bytes, self.wanted.md5, strong, total))
        self.resumed_bytes = offset
        self._drain(answer, head, total)
        # without a length from the server the end of the connection looks like the end of the body
        short_of = total if total is not None else (self.wanted.size_bytes if sniff(head) == "hdf5" else None)
        if short_of is not None and self.part.length < short_of:
            found = f"{self.part.length} of {short_of} bytes"
            raise PassingFault("interrupted", "the connection ended in the middle", found=found)

    def _drain(self, answer: Answer, head: bytes, total: int | None) -> None:
        meter = RateMeter(self.rules.pace.window_s, self.timing.clock)
        data = head or answer.read()
        while data:
            self.part.append(data)
            meter.add(len(data))
            self.fetched_bytes += len(data)
            done = self.part.length
            self.farthest = max(self.farthest, done)
            rate = meter.rate_bytes_s
            remaining = None if total is None or not rate else (total - done) / rate
            self.report(Progress(self.request.name, done, total, rate, remaining, self.fetched_bytes))
            if meter.slower_than(self.rules.pace) or self.timing.clock() > self.backoff.deadline:
                raise PassingFault("too_slow", "the transfer is too slow", found=f"{rate:.0f} bytes per second")
            data = answer.read()

    def _check_room(self, total: int | None, offset: int) -> None:
        free = shutil.disk_usage(self.part.path.parent).free + (0 if offset else self.part.length)
        if total is not None and total - offset > free:
            raise GranuleError(
                "there is no space for the granule",
                reason="no_space",
                where=self.part.path.parent,
                expected=f"{total - offset} bytes free",
                found=f"{free} bytes",
                remedy="make room and start again; what was fetched is kept and continued",
            )

    def _finish(self, target: Path) -> Transferred:
        self.part.close()
        with open(self.part.path, "rb") as stream:
            kind = sniff(stream.read(SIGNATURE_BYTES))
        digest = self._finish_zip(target) if kind == "zip" else self._finish_netcdf(target)
        if self.wanted.md5 is None:
            self.note("the catalogue has no checksum; the file opens and its identity was compared")
        return self.told(target, digest)

    def _finish_netcdf(self, target: Path) -> Digest:
        digest = self.part.digest()
        check_digest(digest, self.wanted)
        self._identify(self.part.path)
        self.part.become(target)
        return digest

    def _finish_zip(self, target: Path) -> Digest:
        """Unpack; the catalogue's checksum may be of the NetCDF file (as stored now) or of the zip."""
        with atomic_path(target) as unpacked:
            inner = unpack_netcdf(self.part.path, unpacked)
            digest = digest_file(unpacked)
            if not _matches(self.part.digest(), self.wanted):
                check_digest(digest, self.wanted)
            self._identify(unpacked)
        self.part.discard()
        self.note(f"arrived as a zip, unpacked {Path(inner).name}")
        return digest

    def _identify(self, path: Path) -> None:
        try:
            for note in check_identity(path, self.request.name):
                self.note(note)
        except WrongBody as wrong:
            if self.wanted.md5 is None:
                raise
            # the archive itself says that these are the right bytes
            raise GranuleError(wrong.problem, reason=wrong.reason, where=self.request.name, found=wrong.found) from None

    def told(self, target: Path, digest: Digest) -> Transferred:
        """Say how it went."""
        return Transferred(
            path=target,
            size_bytes=digest.size_bytes,
            md5=digest.md5,
            sha256=digest.sha256,
            attempts=self.attempts,
            resumed_bytes=self.resumed_bytes,
            fetched_bytes=self.fetched_bytes,
            seconds=self.timing.clock() - self.began,
            checksum_state="none" if self.wanted.md5 is None else "md5",
            notes=tuple(self.notes),
        )
