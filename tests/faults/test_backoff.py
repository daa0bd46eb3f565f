"""Waiting is bounded, jittered and never shorter than asked for; progress is told now and then."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.faults.transfer_bench import Sleeps

from so2plumes.archive.answers import Origin, fault_words, page_words, without_query
from so2plumes.archive.backoff import Backoff, Patience
from so2plumes.archive.progress import LogProgress, Pace, Progress, RateMeter
from so2plumes.archive.reasons import PassingFault
from so2plumes.errors import GranuleError
from so2plumes.http import retry_after_s

FAULTS = st.lists(
    st.tuples(
        st.sampled_from(["throttled", "server_error", "interrupted"]),
        st.none() | st.floats(0, 5000),
        st.booleans(),
    ),
    min_size=1,
    max_size=80,
)


@given(FAULTS)
def test_no_series_of_faults_waits_for_ever_or_less_than_asked(faults):
    rule = Patience(total_s=20_000)
    sleeps = Sleeps()
    backoff = Backoff(rule, sleeps.timing, np.random.default_rng(0), "x")
    failures, ended, reason = 0, None, ""
    for reason, asked, progressed in faults:
        failures += 1
        try:
            backoff.pause(PassingFault(reason, "it failed", wait_s=asked), progressed)
        except GranuleError as error:
            ended = error.reason
            break
        least = 60 if reason == "throttled" else 2
        assert sleeps.slept[-1] >= max(least, asked or 0)
        assert sleeps.slept[-1] <= 1.25 * max(rule.longest_wait_s, asked or 0)
    assert ended in (None, reason)
    assert failures <= rule.all_attempts
    assert sum(sleeps.slept) <= rule.total_s


def test_progress_gives_new_attempts():
    backoff = Backoff(Patience(attempts=3), Sleeps().timing, np.random.default_rng(0), "x")
    for _ in range(10):
        backoff.pause(PassingFault("interrupted", "it broke"), progressed=True)
    backoff.pause(PassingFault("interrupted", "it broke"))
    with pytest.raises(GranuleError, match="12 attempts"):
        backoff.pause(PassingFault("interrupted", "it broke"))


def test_jobs_do_not_return_together():
    waits = set()
    for seed in range(20):
        sleeps = Sleeps()
        Backoff(Patience(), sleeps.timing, np.random.default_rng(seed), "x").pause(PassingFault("throttled", "429"))
        waits.add(sleeps.slept[0])
    assert len(waits) == 20


DATE = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": DATE, "Date": "Wed, 21 Oct 2015 07:26:00 GMT"}, 120),
        ({"Retry-After": DATE, "Date": "Wed, 21 Oct 2015 07:29:00 GMT"}, 0),
        ({"Retry-After": DATE}, 0),
    ],
)
def test_retry_after_is_read_as_the_standard_says(headers, expected_s):
    assert retry_after_s(headers) == expected_s


def test_the_rate_is_that_of_the_last_window():
    now = [0.0]
    meter = RateMeter(10.0, lambda: now[0])
    for second in range(1, 21):
        now[0] = second
        meter.add(1000 if second <= 10 else 100)
    assert meter.rate_bytes_s == pytest.approx((1000 + 10 * 100) / 10)
    assert meter.slower_than(Pace(min_rate_bytes_s=500, window_s=10))
    assert not meter.slower_than(Pace(min_rate_bytes_s=50, window_s=10))


def test_a_start_is_not_called_slow():
    now = [0.0]
    meter = RateMeter(10.0, lambda: now[0])
    now[0] = 9.9
    assert not meter.slower_than(Pace())
    now[0] = 10.0
    assert meter.slower_than(Pace())


def test_progress_is_logged_every_ten_seconds(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    now = [0.0]
    report = LogProgress(clock=lambda: now[0])
    for second in range(31):
        now[0] = second
        report(Progress("granule", second * 10**6, 60 * 10**6, 1e6, 60.0 - second))
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == "granule: 10.0 of 60.0 MB, 1.00 MB/s, 50 s left"
    assert len(said) == 3


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><head><TITLE>\n Sign &amp; in\n</TITLE>", "Sign & in"),
        (b'{"detail": "Max session number 4 exceeded."}', "Max session number 4 exceeded."),
        (b'{"error": {"code": 403, "message": "No"}}', "No"),
        (b"<Error><Code>X</Code><Message>Gone</Message></Error>", "Gone"),
        (b"<ows:ExceptionText>bad layer</ows:ExceptionText>", "bad layer"),
        (b"\x00\x1b[31mred", "[31mred"),
        (b"{broken", "{broken"),
        (b"", ""),
    ],
)
def test_pages_are_quoted_by_what_they_say(body: bytes, words: str):
    assert page_words(body) == words


@given(st.binary(max_size=3000))
def test_no_page_is_quoted_at_length_or_over_several_lines(body: bytes):
    words = page_words(body)
    assert len(words) <= 200
    assert "\n" not in words
    assert words.isprintable()


def test_addresses_are_shown_without_signatures_and_passwords():
    shown = without_query("https://ada:secret@a.org:8443/b/c?X-Amz-Signature=abc#d")
    assert shown == "https://a.org:8443/b/c"


def test_network_errors_are_named_by_their_cause():
    inner = ConnectionResetError(104, "Connection reset by peer")
    assert fault_words(RuntimeError("http://ada:secret@x/", inner)) == "Connection reset by peer"
    assert fault_words(ValueError("http://ada:secret@x/")) == "ValueError"


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://example.org/a", True),
        ("example.org", True),
        ("http://127.0.0.1:80/", True),
        ("http://[::1]/", True),
        ("http://localhost/", True),
        ("http://example.org/", False),
        ("http://localhost.example.org/", False),
        ("http://192.168.1.1/", False),
    ],
)
def test_tokens_travel_only_where_nobody_can_read_them(url: str, private: bool):
    assert Origin.of(url).private is private


def test_an_origin_is_scheme_host_and_port():
    assert Origin.of("https://A.org/x") == Origin.of("a.org:443")
    assert len({Origin.of(url) for url in ("https://a.org", "http://a.org", "https://a.org:444", "https://b.org")}) == 4
