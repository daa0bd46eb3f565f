"""Fixtures shared by all rooms."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def find_shared() -> Path | None:
    """Return the folder with the real data, or None where it is absent."""
    named = os.environ.get("SO2PLUMES_SHARED")
    for candidate in ([Path(named)] if named else []) + [ROOT.parent / "shared"]:
        if (candidate / "data" / "etna").is_dir():
            return candidate
    return None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    shared = find_shared()
    if shared is None:
        pytest.skip("real data absent: set SO2PLUMES_SHARED to the folder that holds data/etna")
    return shared / "data"


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
