"""One timer at a time for Snakemake's scheduler."""

from __future__ import annotations

import threading
import time
from typing import Any

METHOD = "_schedule_reevalutation"


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
