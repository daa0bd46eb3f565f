"""How a column field becomes the network's input.

A scheme works in two stages: on the whole scene, where the surroundings are known, and on each window that the network
sees. Both keep 0 for pixels without information, from which the optional second channel is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.normalise import local_robust

FloatArray = NDArray[np.float32]
SceneStage = Callable[[NDArray[np.floating], NDArray[np.bool_]], FloatArray]
WindowStage = Callable[[FloatArray], FloatArray]


def plain_column(column: NDArray[np.floating], usable: NDArray[np.bool_]) -> FloatArray:
    """Return the column itself, mol m-2; 0 where not usable."""
    return np.where(usable, column, 0.0).astype(np.float32)


def divide_by_maximum(windows: FloatArray) -> FloatArray:
    """Scale each window, (n, window, window), by its largest value; windows without a positive value are 0."""
    largest = windows.max(axis=(1, 2), keepdims=True)
    return np.divide(windows, largest, out=np.zeros_like(windows), where=largest > 0).clip(-1.0, 1.0)


def unchanged(windows: FloatArray) -> FloatArray:
    """Return the windows as they are."""
    return windows


@dataclass(frozen=True)
class InputScheme:
    """A way to scale the input.

    Attributes
    ----------
    scene : callable
        Column (mol m-2) and usable pixels, both (scanline, ground_pixel), to an image of that shape.
    window : callable
        Windows (n, window, window) of that image to what the network sees.
    """

    scene: SceneStage
    window: WindowStage

    def prepare(self, windows: FloatArray, channels: int = 1) -> FloatArray:
        """Turn cut windows (n, window, window) into the network's input (n, window, window, channels).

        With two channels the second one is 1 where a pixel holds information and 0 elsewhere.
        """
        scaled = self.window(windows)
        if channels == 1:
            return scaled[..., None]
        return np.stack([scaled, (windows != 0).astype(np.float32)], axis=-1)


INPUTS: dict[str, InputScheme] = {
    "local_robust": InputScheme(local_robust, unchanged),
    "window_max": InputScheme(plain_column, divide_by_maximum),
}
"""Schemes by the name that a model's card gives.

============  ==========================================================================================================
local_robust  ``arcsinh`` of the column above the local background in units of the local noise
window_max    the column divided by the largest of the window, as in the earlier code of the paper's author
============  ==========================================================================================================
"""
