"""What a long campaign asks of the Snakemake process: one timer at a time, and few collections of garbage."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

METHOD = "_schedule_reevalutation"


NEW_OBJECTS = 50_000


def collect_garbage_rarely() -> None:
    """Let Python look for unreachable objects after 50 000 new ones, not after 700.

    The plan of six years makes millions of objects, and nearly all of them stay: looking through them again and again
    took a quarter of its CPU time, and found nothing.
    """
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])


def one_timer_at_a_time() -> None:
    """Keep Snakemake's scheduler from looking for jobs ever more often.

    Whenever it looks for jobs, Snakemake 9 starts a timer of a second to look again, and each timer starts the next. So
    their number grows with the jobs that have ended (snakemake issue 2967): after 700 of 8800 jobs the looking took a
    quarter of a core. Here a timer is started only where none is waiting that ends as early. A Snakemake without this
    method is left as it is.
    """
    from snakemake.scheduling.job_scheduler import JobScheduler

    if hasattr(JobScheduler, METHOD):
        setattr(JobScheduler, METHOD, look_again)


def look_again(scheduler: Any, delay: float) -> None:
    """Let a scheduler look for jobs after some seconds, once, however often it is asked for."""
    waiting: tuple[threading.Timer, float] | None = getattr(scheduler, "_waiting", None)
    due = time.monotonic() + delay
    if waiting is not None and waiting[0].is_alive() and waiting[1] <= due:
        return
    timer = threading.Timer(delay, scheduler._open_jobs.release)
    timer.daemon = True
    scheduler._waiting = (timer, due)
    timer.start()
