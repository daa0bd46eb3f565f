"""The ledger of campaigns at known moments."""

from __future__ import annotations

import json
import os
import shutil
from html.parser import HTMLParser

import pytest
from tests.ledger.conftest import START

from so2plumes.cli import main
from so2plumes.folder import hold_folder
from so2plumes.ledger.summary import meaning_of, read_ledger
from so2plumes.ledger.words import byte_words, exit_status, status_document, status_lines
from so2plumes.report.status_page import render_status

FAILED = "10:00:00 x: process 3 on here\n10:00:02 x: failed after 2.0 s: {}\n"
SILENT = "10:00:00 x: process 3 on here\n"


def test_nothing_has_happened(made):
    ledger = read_ledger(made.config, made.root)
    assert ledger.state == "not_started"
    assert ledger.days == {"done": 0, "running": 0, "failed": 0, "begun": 0, "waiting": 6, "not_seen": 0}
    assert (ledger.plumes, ledger.fetched_bytes, ledger.seconds_left) == (0, 0, None)
    assert exit_status(ledger) == 3


def test_in_the_middle(made, holder):
    made.done("2021-12-29", 3, START)
    made.done("2021-12-30", 0, START + 1800, unseen=("2021-12-30",))
    made.receipt("2021-12-31", ready=2)
    log = made.log("detect_plumes", "2021-12-31", "", START + 2000)
    holder(log)
    made.log("fetch_swaths", "2022-01-01", FAILED.format("throttled"), START + 2000)
    made.log("fetch_swaths", "2022-01-02", SILENT, START + 2000)

    ledger = read_ledger(made.config, made.root)
    assert ledger.state == "running"
    assert ledger.days == {"done": 1, "running": 1, "failed": 2, "begun": 0, "waiting": 1, "not_seen": 1}
    assert ledger.plumes == 3
    assert ledger.fetched_bytes == 16_000
    assert ledger.granules == {"ready": 16}
    assert [(job.step, job.period) for job in ledger.running] == [("detect_plumes", "2021-12-31")]
    assert {failure.reason: [job.period for job in failure.jobs] for failure in ledger.failures} == {
        "throttled": ["2022-01-01"],
        "killed": ["2022-01-02"],
    }
    assert ledger.days_per_hour == pytest.approx(2.0)
    assert ledger.seconds_left == pytest.approx(4 * 1800)
    assert exit_status(ledger) == 5


@pytest.mark.parametrize(("logged", "status"), [(None, 4), (FAILED.format("zip"), 5)])
def test_a_run_whose_jobs_all_wait_is_running(made, logged, status):
    """In the queue of a cluster, or between two jobs."""
    made.done("2021-12-29", 3, START)
    made.done("2021-12-30", 3, START + 3.2)
    if logged:
        made.log("fetch_swaths", "2022-01-01", logged, START)
    assert read_ledger(made.config, made.root).state != "running"
    hold = hold_folder(made.root / ".snakemake")
    locks = made.root / ".snakemake" / "locks"
    locks.mkdir()
    (locks / "0.output.lock").write_text("results/2021/plumes.parquet\n")
    try:
        ledger = read_ledger(made.config, made.root)
    finally:
        os.close(hold.handle)
    assert ledger.state == "running"
    assert exit_status(ledger) == status
    text = "\n".join(status_lines(ledger))
    assert "no job at this moment" in text
    assert "left at 1120 days per hour" in text
    assert "No job at this moment" in render_status(ledger)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999.6, "1 kB"), (123_456, "123 kB"), (2.53e9, "2.53 GB"), (1.9e16, "19000 TB")]
)
def test_bytes_are_never_a_power_of_ten(count, words):
    assert byte_words(count) == words


def test_a_rerun_that_fails_is_told_although_the_old_table_is_there(made):
    made.done("2021-12-29", 3, START)
    made.log("detect_plumes", "2021-12-29", FAILED.format("model"), START + 500)
    ledger = read_ledger(made.config, made.root)
    assert ledger.state == "failed"
    assert ledger.days["failed"] == 1
    assert ledger.failures[0].log.name == "2021-12-29.log"


def test_an_old_failure_is_forgotten_when_the_day_is_done(made):
    made.log("fetch_swaths", "2021-12-29", FAILED.format("zip"), START - 900)
    made.done("2021-12-29", 3, START)
    ledger = read_ledger(made.config, made.root)
    assert not ledger.failures
    assert ledger.state == "stopped"
    assert exit_status(ledger) == 3


def test_failures_of_a_kind_are_one_group_with_the_latest_log(made):
    for day in ("2022-01-01", "2022-01-02", "2022-01-03"):
        made.log("fetch_swaths", day, FAILED.format("unauthorised"), START + int(day[-1]))
    made.log("detect_plumes", "2021-12-29", FAILED.format("model"), START)
    groups = read_ledger(made.config, made.root).failures
    assert [(group.reason, len(group.jobs)) for group in groups] == [("unauthorised", 3), ("model", 1)]
    assert groups[0].log.name == "2022-01-03.log"


def test_jobs_of_a_year_and_of_the_campaign_fail_too(made):
    for folder in ("2021", "campaign"):
        path = made.results / "logs" / folder / "report.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FAILED.format("table"))
    (made.results / "logs" / "campaign" / "write_config.log").touch()
    (group,) = read_ledger(made.config, made.root).failures
    assert [(job.step, job.period) for job in group.jobs] == [("report", "2021"), ("report", "")]


def test_finished_means_all_days_and_all_reports(made):
    for number, day in enumerate(["2021-12-29", "2021-12-30", "2021-12-31", "2022-01-01", "2022-01-02", "2022-01-03"]):
        made.done(day, 2, START + 60 * number)
    assert read_ledger(made.config, made.root).state == "stopped"
    for folder in ("2021", "2022", "campaign"):
        made.product(folder, "report.html")
    ledger = read_ledger(made.config, made.root)
    assert ledger.state == "finished"
    assert exit_status(ledger) == 0
    assert ledger.seconds_left is None


def test_a_pause_is_no_part_of_the_pace(made):
    made.done("2021-12-29", 1, START)
    made.done("2021-12-30", 1, START + 90_000)
    made.done("2021-12-31", 1, START + 90_600)
    assert read_ledger(made.config, made.root).days_per_hour == pytest.approx(6.0)


def test_plumes_come_from_the_table_of_the_year_where_it_is_newer(made):
    for day, plumes in (("2021-12-29", 1), ("2021-12-30", 2), ("2021-12-31", 4)):
        made.done(day, plumes, START)
    table = made.results / "2021" / "plumes.parquet"
    shutil.copyfile(made.results / "2021" / "emissions" / "2021-12-31.parquet", table)
    assert read_ledger(made.config, made.root).plumes == 4
    os.utime(table, (START - 5, START - 5))
    assert read_ledger(made.config, made.root).plumes == 7


def test_the_words_name_the_log_and_the_time(made):
    made.done("2021-12-29", 3, START)
    made.done("2021-12-30", 3, START + 3600)
    made.log("fetch_swaths", "2022-01-01", FAILED.format("no_space"), START)
    text = "\n".join(status_lines(read_ledger(made.config, made.root)))
    assert "logs/2022/fetch_swaths/2022-01-01.log" in text
    assert "the disk or the quota is full" in text
    assert "about 4 h of work left" in text


def test_the_command_prints_json_and_a_page(made, tmp_path, capsys, monkeypatch):
    made.done("2021-12-29", 3, START)
    monkeypatch.chdir(made.root)
    (tmp_path / "c.json").write_text(made.config.model_dump_json())
    page = tmp_path / "status.html"
    assert main(["status", str(tmp_path / "c.json"), "--json", "--html", str(page)]) == 3
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert said.err == ""
    assert document["days"]["done"] == 1
    assert sum(document["days"].values()) == 6
    assert "six days: status" in page.read_text()


def test_the_page_is_whole_and_escapes(made):
    made.log("fetch_swaths", "2022-01-01", FAILED.format("<b>"), START)
    page = render_status(read_ledger(made.config, made.root))

    class Balanced(HTMLParser):
        open: list[str] = []

        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "link", "br", "img"):
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    parser = Balanced()
    parser.feed(page)
    assert not parser.open
    assert "<b>" not in page.split("<h2>Failures by reason</h2>")[1].split("</section>")[0]


def test_the_document_of_every_state_is_json(made):
    made.log("fetch_swaths", "2022-01-01", FAILED.format("zip"), START)
    assert json.loads(json.dumps(status_document(read_ledger(made.config, made.root))))["state"] == "failed"


def test_every_reason_of_the_campaign_has_a_meaning():
    from so2plumes.archive.reasons import FINAL_REASONS, PASSING_REASONS

    unknown = meaning_of("unexpected_KeyError")
    assert all(meaning_of(name) != unknown for name in (*FINAL_REASONS, *PASSING_REASONS, "killed", "model", "table"))
