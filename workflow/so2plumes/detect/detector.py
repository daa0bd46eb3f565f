"""What every detection method offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Detector(Protocol):
    """A method that says where plumes are.

    Attributes
    ----------
    identity : str
        Digest of the weights, or the method's name and parameters: written into everything that it makes.
    """

    @property
    def identity(self) -> str:
        """Digest of the weights, or name and parameters."""

    def probability(self, column: NDArray[np.floating], usable: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Plume probability of every pixel.

        Parameters
        ----------
        column : (scanline, ground_pixel), mol m-2
        usable : (scanline, ground_pixel) bool

        Returns
        -------
        (scanline, ground_pixel) float32, 0..1
            Plumes are where it reaches `detect.threshold`, 0.5 by default.
        """
