"""The scheduler of the installed Snakemake has one timer at a time."""

import gc
import threading
import time
from types import SimpleNamespace

import pytest
from snakemake.scheduling.job_scheduler import JobScheduler

from so2plumes.scheduling import METHOD, collect_garbage_rarely, look_again, one_timer_at_a_time


@pytest.fixture
def scheduler():
    return SimpleNamespace(_open_jobs=threading.Semaphore(0))


def test_the_method_is_still_there():
    assert hasattr(JobScheduler, METHOD), "if the defect was mended, so2plumes.scheduling can go"


def test_it_is_replaced(monkeypatch):
    monkeypatch.setattr(JobScheduler, METHOD, getattr(JobScheduler, METHOD))
    one_timer_at_a_time()
    assert getattr(JobScheduler, METHOD) is look_again


def test_many_wishes_are_one_look(scheduler):
    for _ in range(200):
        look_again(scheduler, 0.3)
    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    assert sum(timer.function == scheduler._open_jobs.release for timer in timers) == 1
    assert scheduler._open_jobs.acquire(timeout=10)
    assert not scheduler._open_jobs.acquire(timeout=0.5)


def test_a_look_can_be_asked_for_again(scheduler):
    for _ in range(3):
        look_again(scheduler, 0.01)
        assert scheduler._open_jobs.acquire(timeout=10)
        time.sleep(0.05)


def test_an_earlier_look_does_not_wait_for_a_later_one(scheduler):
    look_again(scheduler, 60.0)
    look_again(scheduler, 0.01)
    assert scheduler._open_jobs.acquire(timeout=10)


def test_objects_that_stay_are_not_looked_through_again_and_again():
    before = gc.get_threshold()
    try:
        collect_garbage_rarely()
        gc.collect()
        seen = gc.get_stats()[0]["collections"]
        kept = [[number] for number in range(40_000)]
        assert gc.get_stats()[0]["collections"] == seen
        assert gc.isenabled()
        assert gc.get_threshold()[1:] == before[1:]
        assert len(kept) == 40_000
    finally:
        gc.set_threshold(*before)
