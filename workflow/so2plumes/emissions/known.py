"""Places of known sources, as far as a plume's record needs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import EARTH_RADIUS_KM
from so2plumes.earth import unit_vectors


@dataclass(frozen=True)
class KnownPlaces:
    """Known sources.

    Attributes
    ----------
    longitude, latitude : (source,) degrees
    elevation_m : (source,) float
        Summit above the sea; not-a-number where it is not known.
    """

    longitude: NDArray[np.floating]
    latitude: NDArray[np.floating]
    elevation_m: NDArray[np.floating]

    def __len__(self) -> int:
        return len(self.longitude)

    def distances_km(
        self, longitude: NDArray[np.floating] | float, latitude: NDArray[np.floating] | float
    ) -> NDArray[np.floating]:
        """Great-circle distance of every source from the nearest of some places, (source,)."""
        places = np.atleast_2d(unit_vectors(longitude, latitude))
        chord = unit_vectors(self.longitude, self.latitude) @ places.T
        return EARTH_RADIUS_KM * np.arccos(np.clip(chord.max(axis=1), -1.0, 1.0))
