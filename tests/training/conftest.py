from __future__ import annotations

from datetime import date

import pytest

from so2plumes.simulate.archive import simulate_archive
from so2plumes.training.build import Recipe, build_training_set


@pytest.fixture(scope="session")
def quiet_archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive") / "quiet"
    simulate_archive(
        folder,
        date(2021, 1, 1),
        date(2021, 1, 12),
        seed=3,
        scanlines=96,
        ground_pixels=160,
        sources=(),
        bad_granules=False,
    )
    return folder


@pytest.fixture(scope="session")
def data(quiet_archive):
    return build_training_set([quiet_archive], Recipe(seed=7, scenes_per_granule=6))
