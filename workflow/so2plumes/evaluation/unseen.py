"""The scenes that a detector is scored on: those of test orbits, loaded one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import EARTH_RADIUS_KM
from so2plumes.earth import unit_vectors
from so2plumes.swath.names import parse_granule_name
from so2plumes.training.backgrounds import Background, GranulePath, evenly, granules_below
from so2plumes.training.split import is_test_orbit

if TYPE_CHECKING:
    import pandas as pd

SIMULATED_ARCHIVE = "simulated"
NEAR_SOURCE_KM = 100.0


@dataclass(frozen=True)
class UnseenScenes:
    """Granules that can be gone through again and again; each pass reads them again, so memory does not grow.

    Attributes
    ----------
    granules : tuple of GranulePath
    known : DataFrame, optional
        Known sources (longitude, latitude): where a real one is near, a scene is not quiet.
    quiet_only : bool
        Leave out scenes of which more than a quarter may hold a real plume.
    """

    granules: tuple[GranulePath, ...]
    known: pd.DataFrame | None = None
    quiet_only: bool = False

    def __iter__(self) -> Iterator[Background]:
        for granule in self.granules:
            background = granule.load()
            if background is None or (self.quiet_only and not background.is_quiet):
                continue
            if self.known is not None and granule.archive != SIMULATED_ARCHIVE:
                near = near_sources(background, self.known)
                background = replace(background, loud=background.loud | near)
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
        return replace(self, granules=tuple(evenly(self.granules, most)))


def near_sources(background: Background, known: pd.DataFrame) -> NDArray[np.bool_]:
    """Pixels within 100 km of a known source, where a faint plume may be real: (scanline, ground_pixel) bool."""
    swath = background.swath
    near = np.zeros(background.usable.shape, bool)
    pixels = unit_vectors(swath["longitude"], swath["latitude"])
    for source in unit_vectors(known["longitude"].to_numpy(), known["latitude"].to_numpy()):
        with np.errstate(invalid="ignore"):
            near |= pixels @ source > np.cos(NEAR_SOURCE_KM / EARTH_RADIUS_KM)
    return near


def unseen_scenes(folders: Sequence[str | Path], known: pd.DataFrame | None = None) -> UnseenScenes:
    """Return the granules of test orbits below some folders."""
    granules = granules_below(folders)
    chosen = tuple(item for item in granules if is_test_orbit(parse_granule_name(item.path).orbit))
    return UnseenScenes(chosen, known)
