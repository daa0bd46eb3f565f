"""The Climate Data Store and its faults, over real HTTP against a stand-in."""

from __future__ import annotations

import logging
import subprocess
import sys
import time

import numpy as np
import pytest
from tests.loopback import Reply
from tests.weather.bench import PATIENCE
from tests.weather.cds_server import COST, KEY, CdsServer, licence, problem
from tests.weather.era5_files import hours
from tests.weather.worker import BLOCK

from so2plumes.errors import ConfigError, ExternalDataError
from so2plumes.files import read_json
from so2plumes.http import RemoteError
from so2plumes.weather.account import CdsAccount
from so2plumes.weather.boxes import Block, Box
from so2plumes.weather.client import CdsClient
from so2plumes.weather.fetch import download_blocks, forget_requests
from so2plumes.weather.interpolate import WindField


def test_a_block_is_fetched_with_one_request_per_data_set(server, fetch, tmp_path):
    data = fetch()
    assert sorted(job.dataset for job in server.submitted) == [
        "reanalysis-era5-pressure-levels",
        "reanalysis-era5-single-levels",
    ]
    field = WindField.from_dataset(data)
    when = np.datetime64("2021-03-24T10:20")
    for pressure in (None, 7e4):
        found = field.at(15.03, 37.41, when, pressure_pa=pressure)
        truth = server.atmosphere.wind("u", when, 37.41, 15.03, pressure or 101_325.0)
        assert found.eastward_m_s[0] == pytest.approx(truth, abs=2e-4)
    assert fetch().equals(data), "what is there is used"
    assert len(server.submitted) == 2
    forget_requests(tmp_path / "requests")
    assert not (tmp_path / "requests").exists()


def test_a_zip_answer_is_read(server, fetch):
    server.trouble.zipped = True
    assert fetch().sizes["time"] == 2


def test_a_box_across_the_antimeridian_is_one_field(server, fetch):
    block = Block(Box(178.5, 181.0, -20.0, -18.0), tuple(hours("2021-12-31T23", 2)), ("plume",))
    field = WindField.from_dataset(fetch(block))
    assert len(server.submitted) == 2 * 2 * 2, "two sides, two months, two data sets"
    when = np.datetime64("2021-12-31T23:45")
    for longitude in (179.9, -179.9, 180.0):
        truth = server.atmosphere.wind("v", when, -19.0, longitude, 7e4)
        assert field.at(longitude, -19.0, when, pressure_pa=7e4).northward_m_s[0] == pytest.approx(truth, abs=5e-3)


def test_the_queue_is_followed_with_growing_waits(server, fetch, clock, caplog):
    caplog.set_level(logging.INFO)
    server.trouble.looks = 12
    fetch()
    assert clock.waits[:3] == [1.0, 1.5, 2.25]
    assert max(clock.waits) <= PATIENCE.longest_wait_s
    lines = [record.getMessage() for record in caplog.records]
    for state in ("submitted", "accepted", "running", "successful"):
        assert sum(line.endswith(state) for line in lines) == 2


def test_both_requests_queue_at_the_same_time(server, fetch):
    server.trouble.looks = 3
    fetch()
    first_look = next(i for i, seen in enumerate(server.seen) if "log" in seen.query)
    posts = [i for i, seen in enumerate(server.seen) if seen.method == "POST"]
    assert len(posts) == 2
    assert max(posts) < first_look


def test_a_queue_that_is_too_long_is_left_and_followed_later(server, fetch):
    server.trouble.looks = 1000
    with pytest.raises(RemoteError, match=r"still in the queue(.|\n)*same request"):
        fetch(queue_s=100.0)
    for job in server.submitted:
        job.looks = 0
    fetch()
    assert len(server.submitted) == 2


@pytest.mark.parametrize(("state", "word"), [("failed", "failed"), ("rejected", "was rejected")])
def test_a_job_that_ends_badly_says_why_and_is_asked_anew(server, fetch, state, word):
    server.trouble.ends = [(state, "MARS has no data for this date")]
    with pytest.raises(RemoteError, match=rf"{word}(.|\n)*no data for this date"):
        fetch()
    fetch()
    assert len(server.submitted) == 3, "the other request was kept"


@pytest.mark.parametrize("state", ["dismissed", "deleted"])
def test_a_job_that_was_removed_is_asked_anew(server, fetch, state):
    server.trouble.ends = [(state, "")]
    fetch()
    assert len(server.submitted) == 3


def test_a_forgotten_id_of_an_earlier_run_is_asked_anew(server, fetch, caplog):
    server.trouble.looks = 1000
    with pytest.raises(RemoteError):
        fetch(queue_s=1.0)
    server.trouble.forgotten = {job.identity for job in server.submitted}
    server.trouble.looks = 0
    fetch()
    assert len(server.submitted) == 4
    assert "no longer knows it; asking anew" in caplog.text


def test_a_result_that_was_removed_is_asked_anew(server, fetch):
    server.trouble.files = [lambda _: problem(404, "not found", "expired")]
    fetch()
    assert len(server.submitted) == 3


def test_a_service_that_forgets_everything_ends_the_job(server, fetch):
    server.trouble.ends = [("deleted", "")] * 9
    with pytest.raises(RemoteError, match="again and again"):
        fetch()


class TestRefusals:
    def test_the_licence(self, server, fetch):
        server.trouble.submit = [licence("reanalysis-era5-single-levels")]
        with pytest.raises(ConfigError, match=r"licence of reanalysis-era5-single-levels") as caught:
            fetch()
        assert "datasets/reanalysis-era5-single-levels?tab=download#manage-licences" in caught.value.remedy

    def test_the_cost(self, server, fetch):
        server.trouble.submit = [COST]
        with pytest.raises(ConfigError, match=r"too large(.|\n)*era5\.levels_hpa(.|\n)*era5\.max_requests"):
            fetch()

    def test_the_key(self, fetch):
        with pytest.raises(ConfigError, match=r"does not accept the key(.|\n)*how-to-api"):
            fetch(key="another-key")

    def test_an_invalid_request_in_the_words_of_the_service(self, server, fetch):
        server.trouble.submit = [problem(400, "invalid request", "area is strange")]
        with pytest.raises(RemoteError, match="area is strange"):
            fetch()

    def test_a_data_set_that_is_not_there(self, server, fetch):
        server.trouble.submit = [problem(404, "process not found", "no such data set")]
        with pytest.raises(RemoteError, match=r"does not have a data set(.|\n)*era5\.url"):
            fetch()

    def test_another_403(self, server, fetch):
        server.trouble.submit = [Reply(403, b"<html><title>Blocked</title></html>", "text/html")]
        with pytest.raises(RemoteError, match="Blocked"):
            fetch()


def test_429_waits_as_long_as_it_says(server, fetch, clock):
    server.trouble.submit = [Reply(429, b'{"detail": "Rate limit exceeded"}', headers={"Retry-After": "90"})]
    fetch()
    assert 90.0 in clock.waits


PASSING = (Reply(500, b"oops"), Reply(502, b"<html></html>", "text/html"), Reply(reset=True), Reply(408, b""))


def test_passing_faults_of_any_question_are_waited_out(server, fetch, clock, tmp_path):
    fetch(levels=())
    assert len(server.seen) > 6
    for place in range(1, len(server.seen)):
        with CdsServer() as fresh:
            fresh.faults = [None] * place + [PASSING[place % len(PASSING)]]
            client = CdsClient(CdsAccount(fresh.url, KEY), PATIENCE, sleep=clock.sleep, clock=clock)
            before = len(clock.waits)
            download_blocks(client, [BLOCK], (), tmp_path / str(place))
            assert len(clock.waits) == before + 1


def test_a_service_that_stays_away_is_said(server, fetch, clock):
    server.faults = [Reply(503, b"")] * 50
    with pytest.raises(RemoteError, match=r"does not answer(.|\n)*HTTP 503"):
        fetch()
    assert clock.waits == [2.0, 4.0, 8.0]


def test_a_truncated_download_is_fetched_again(server, fetch):
    server.trouble.files = [lambda reply: Reply(200, reply.body, reply.content_type, cut=1000)]
    assert fetch().sizes["time"] == 2
    assert len(server.submitted) == 2


def test_a_result_of_another_size_is_not_kept(server, fetch, tmp_path):
    server.trouble.files = [lambda reply: Reply(200, reply.body[:1000], reply.content_type)]
    with pytest.raises(RemoteError, match="another size"):
        fetch()
    assert not list((tmp_path / "requests").glob("*.data"))
    fetch()
    assert len(server.submitted) == 2


def _less(name, keep):
    return lambda inputs: inputs | {name: inputs[name][:keep]}


WRONG = {
    "an hour is missing": (_less("time", 1), "do not cover a plume"),
    "a variable is missing": (_less("variable", 2), "lacks variables"),
    "another place": (lambda inputs: inputs | {"area": [10.0, 10.0, 9.0, 11.0]}, "no ERA5 file|do not cover"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_answer_to_another_question_is_refused_and_asked_anew(server, fetch, name):
    server.trouble.wrong_answer, words = WRONG[name]
    with pytest.raises(ExternalDataError, match=words):
        fetch()
    server.trouble.wrong_answer = None
    assert fetch().sizes["time"] == 2


def test_an_answer_without_the_hours_between_is_refused_and_asked_anew(server, fetch):
    block = Block(BLOCK.box, tuple(hours("2021-03-24T10", 4)), BLOCK.plumes)
    server.trouble.wrong_answer = lambda inputs: inputs | {"time": ["10:00", "13:00"]}
    with pytest.raises(ExternalDataError, match=r"lacks hours(.|\n)*2021-03-24T11, 2021-03-24T12"):
        fetch(block)
    server.trouble.wrong_answer = None
    assert fetch(block).sizes["time"] == 4


def test_an_answer_with_holes_is_refused_and_asked_anew(server, fetch):
    server.trouble.hole = True
    with pytest.raises(ExternalDataError, match=r"has holes(.|\n)*missing values"):
        fetch()
    server.trouble.hole = False
    assert fetch().sizes["time"] == 2
    assert len(server.submitted) == 4


def test_a_torn_ledger_is_not_followed(server, fetch, tmp_path):
    (tmp_path / "requests").mkdir()
    fetch()
    for path in (tmp_path / "requests").iterdir():
        path.write_text("{") if path.suffix == ".json" else path.unlink()
    fetch()
    assert len(server.submitted) == 4


def test_a_killed_job_resumes_its_requests(root, tmp_path):
    with CdsServer() as server:
        server.trouble.looks = 10_000
        command = [sys.executable, "-m", "tests.weather.worker", server.url, KEY, str(tmp_path / "requests")]
        job = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + 60
            while not any(job_.seen for job_ in server.submitted):
                assert time.monotonic() < end
                assert job.poll() is None, job.communicate()[0].decode()
                time.sleep(0.02)
        finally:
            job.kill()
            job.communicate()
        ids = {read_json(path)["request_id"] for path in (tmp_path / "requests").glob("*.json")}
        assert ids == set(server.jobs)
        assert len(ids) == 2
        for waiting in server.submitted:
            waiting.looks = 0
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert set(server.jobs) == ids, "nothing was asked twice"
        assert KEY not in done.stdout + done.stderr
