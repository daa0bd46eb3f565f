"""Prepare the next item while the current one is worked on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def prepared_ahead(items: Iterable[Item], prepare: Callable[[Item], Made]) -> Generator[Made, None, None]:
    """Yield ``prepare(item)`` of all items in order; one more is prepared in a thread than was asked for.

    An error of `prepare` is raised where its item would have come. Closing the generator waits for the thread.
    """
    with ThreadPoolExecutor(1) as pool:
        waiting = None
        for item in items:
            coming = pool.submit(prepare, item)
            if waiting is not None:
                yield waiting.result()
            waiting = coming
        if waiting is not None:
            yield waiting.result()
