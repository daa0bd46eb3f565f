"""Small archives on disk: six by five pixels a granule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from so2plumes.simulate.level2 import Level2Options, write_level2
from so2plumes.simulate.orbits import scan_pattern, sensing_start_s, swath_geometry
from so2plumes.simulate.scenes import build_scene

Add = Callable[..., Path]

LATER = "20240101T000000"


@pytest.fixture(scope="session")
def add() -> Add:
    """Write a granule of an orbit into a folder: ``add(folder, orbit, scanline=2000, **options)``."""

    def make(folder: Path, orbit: int, scanline: int = 2000, **options) -> Path:
        geometry = swath_geometry(orbit, (scanline, scanline + 6), (200, 205))
        scene = build_scene(geometry, [], np.random.default_rng(orbit), cloud_share=0.3).scene
        return write_level2(folder, scene, Level2Options(**options))

    return make


@pytest.fixture(scope="session")
def midnight_orbit() -> int:
    """Orbit whose file name begins on the day before its first measurement."""
    return next(orbit for orbit in range(17849, 17950) if 0 < sensing_start_s(orbit) % 86400 < 600)


@pytest.fixture(scope="session")
def late_orbit() -> tuple[int, int]:
    """Orbit that measures over midnight, and its last scanline of the first day."""
    for orbit in range(17849, 17950):
        left = 86400 - sensing_start_s(orbit) % 86400
        if 300 < left < 2000:
            return orbit, int(left / scan_pattern(orbit).interval_s)
    raise AssertionError
