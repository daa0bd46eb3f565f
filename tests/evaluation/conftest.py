from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from so2plumes.detect.normalise import local_statistics
from so2plumes.simulate.archive import simulate_archive
from so2plumes.training.backgrounds import granules_below


@dataclass(frozen=True)
class Limit:
    """Finds what is over a limit, in sigma; the lower the limit the more it finds."""

    sigma: float

    @property
    def identity(self):
        return f"limit {self.sigma}"

    def probability(self, column, usable):
        local = local_statistics(column, usable)
        with np.errstate(invalid="ignore"):
            z = np.where(usable, (column - local.background) / local.sigma, -50.0)
        return (0.5 + 0.5 * np.tanh(2.0 * (z - self.sigma))).astype(np.float32)


class Silent:
    """Finds nothing."""

    identity = "silent"

    def probability(self, column, usable):
        return np.zeros(column.shape, np.float32)


@pytest.fixture(scope="session")
def simulated_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluated") / "simulated"
    simulate_archive(
        folder,
        date(2021, 1, 1),
        date(2021, 1, 12),
        seed=5,
        scanlines=300,
        ground_pixels=300,
        sources=(),
        bad_granules=False,
    )
    return folder


@pytest.fixture(scope="session")
def backgrounds(simulated_folder):
    return [granule.load() for granule in granules_below([simulated_folder])]
