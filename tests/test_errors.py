"""Errors say where, what was expected, what was found and what to do, also after crossing a process border."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from so2plumes import errors
from so2plumes.errors import ConfigError, GranuleError, SO2PlumesError
from so2plumes.swath.names import parse_granule_name

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SO2PlumesError)]
PARTS = {"where": Path("/a/b.nc"), "expected": "1", "found": "2", "remedy": "do it again"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parts", [PARTS, {}, {"found": "2"}])
@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
def test_every_error_survives_pickling(kind, parts, again):
    error = kind("it is wrong", **parts)
    other = again(error)
    assert type(other) is kind
    assert str(other) == str(error)
    assert vars(other) == vars(error)


def test_the_reason_code_survives():
    error = GranuleError("it is wrong", reason="all_fill", **PARTS)
    other = pickle.loads(pickle.dumps(error))
    assert (other.reason, other.where, str(other)) == ("all_fill", "/a/b.nc", str(error))
    assert GranuleError("it is wrong").reason == "unusable"


def test_the_message_has_a_line_for_each_part():
    assert str(ConfigError("it is wrong", **PARTS)).splitlines() == [
        "it is wrong",
        "  where: /a/b.nc",
        "  expected: 1",
        "  found: 2",
        "  what to do: do it again",
    ]
    assert str(ConfigError("it is wrong")) == "it is wrong"


def test_all_are_caught_as_one():
    assert len(KINDS) >= 7
    for kind in KINDS:
        assert issubclass(kind, SO2PlumesError)
        assert not issubclass(kind, (OSError, ValueError))


def test_a_worker_process_hands_its_error_over():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        error = pool.submit(parse_granule_name, "granule.nc").exception()
    assert isinstance(error, GranuleError)
    assert (error.reason, error.where, error.found) == ("bad_name", "granule.nc", "granule.nc")
