"""The scenes that a detector is scored on: those of test orbits, loaded one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from so2plumes.swath.names import parse_granule_name
from so2plumes.training.backgrounds import Background, GranulePath, granules_below
from so2plumes.training.split import is_test_orbit

SIMULATED_ARCHIVE = "simulated"


@dataclass(frozen=True)
class UnseenScenes:
    """Granules that can be gone through again and again; each pass reads them again, so memory does not grow.

    Attributes
    ----------
    granules : tuple of GranulePath
    quiet_only : bool
        Leave out scenes of which more than a quarter may hold a real plume.
    """

    granules: tuple[GranulePath, ...]
    quiet_only: bool = False

    def __iter__(self) -> Iterator[Background]:
        for granule in self.granules:
            background = granule.load()
            if background is not None and (background.is_quiet or not self.quiet_only):
                yield background

    def quiet(self) -> UnseenScenes:
        """Return the quiet ones."""
        return replace(self, quiet_only=True)

    def of(self, *, real: bool) -> UnseenScenes:
        """Return the real ones or the simulated ones."""
        chosen = tuple(granule for granule in self.granules if (granule.archive != SIMULATED_ARCHIVE) == real)
        return replace(self, granules=chosen)

    def spread(self, most: int) -> UnseenScenes:
        """Return at most so many, evenly spread."""
        if len(self.granules) <= most:
            return self
        places = np.linspace(0, len(self.granules) - 1, most).astype(int)
        return replace(self, granules=tuple(self.granules[place] for place in places))


def unseen_scenes(folders: Sequence[str | Path]) -> UnseenScenes:
    """Return the granules of test orbits below some folders."""
    granules = granules_below(folders)
    return UnseenScenes(tuple(item for item in granules if is_test_orbit(parse_granule_name(item.path).orbit)))
