"""Wind fields that are known everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Vectors:
    """Wind at places, m/s."""

    eastward_m_s: NDArray[np.floating]
    northward_m_s: NDArray[np.floating]


@dataclass(frozen=True)
class UniformWind:
    """The same wind everywhere; stands for a wind field of the right height."""

    eastward_m_s: float
    northward_m_s: float

    def has(self, *names: str) -> bool:
        """Return True."""
        return True

    def _everywhere(self, longitude: NDArray[np.floating]) -> Vectors:
        return Vectors(
            np.full(np.shape(longitude), self.eastward_m_s), np.full(np.shape(longitude), self.northward_m_s)
        )

    def at(
        self,
        longitude: NDArray[np.floating],
        latitude: NDArray[np.floating],
        time: np.datetime64,
        *,
        height_m: NDArray[np.floating] | float | None = None,
    ) -> Vectors:
        """Return the wind."""
        return self._everywhere(longitude)

    def boundary_layer_mean(
        self, longitude: NDArray[np.floating], latitude: NDArray[np.floating], time: np.datetime64
    ) -> Vectors:
        """Return the wind."""
        return self._everywhere(longitude)
