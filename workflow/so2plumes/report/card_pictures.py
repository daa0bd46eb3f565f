"""Pictures of what a detector missed, invented or found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import AsinhNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from so2plumes.figures import style

if TYPE_CHECKING:
    from so2plumes.evaluation.examples import Example

TRUTH = "#111111"
FOUND = "#00b04f"
UNUSABLE = "#c9cdd0"
LEAST = 10.0
"""Where the colour scale ends at least, sigma."""
TICKS = (-10, -3, 0, 3, 10, 30, 100, 300, 1000, 3000)
_SIZE_IN = (2.5, 2.2)
_BOX = (0.11, 0.09, 0.72, 0.88)


def pixel_edges(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Edges between the pixels of a mask and others.

    Parameters
    ----------
    mask : (rows, columns) bool

    Returns
    -------
    (n, 2 ends, 2) float
        (column, row) of the ends; pixel (i, j) is centred on (j, i).
    """
    padded = np.pad(np.asarray(mask, bool), 1)
    rows, columns = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])
    along = np.stack([np.stack([columns, rows], -1), np.stack([columns + 1, rows], -1)], axis=1)
    rows, columns = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
    across = np.stack([np.stack([columns, rows], -1), np.stack([columns, rows + 1], -1)], axis=1)
    return np.concatenate([along, across]) - 0.5


def signal_norm(z: NDArray[np.floating]) -> AsinhNorm:
    """Colour scale around zero: linear within three sigma, logarithmic for eruptions, at least to ten sigma."""
    finite = np.abs(z[np.isfinite(z)])
    top = max(float(np.quantile(finite, 0.998)) if finite.size else 0.0, LEAST)
    return AsinhNorm(linear_width=3.0, vmin=-top, vmax=top)


@style.styled
def example_figure(example: Example) -> Figure:
    """Draw the signal of one example with the outlines of the truth (black) and of detected plumes (green).

    Parameters
    ----------
    example : Example
    """
    rows, columns = example.z.shape
    figure, axes = _framed(rows, columns)
    norm = signal_norm(example.z)
    axes.set_facecolor(UNUSABLE)
    image = axes.imshow(
        np.ma.masked_invalid(example.z), cmap="RdBu_r", norm=norm, interpolation="nearest", aspect="auto"
    )
    line = float(np.clip(60 / max(rows, columns), 0.8, 1.7))
    if example.truth is not None:
        _outline(axes, example.truth, TRUTH, 1.5 * line)
    _outline(axes, example.plume, FOUND, line)
    _frame(axes, rows, columns)
    top = float(norm.vmax or LEAST)
    box = axes.get_position()
    beside = figure.add_axes((box.x1 + 0.02, box.y0, 0.03, box.height))
    bar = figure.colorbar(image, cax=beside, ticks=[t for t in TICKS if t <= top], format="%g")
    bar.ax.set_ylim(-LEAST, top)
    bar.ax.tick_params(labelsize=7, length=2, pad=1.5)
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)
    return figure


def _framed(rows: int, columns: int) -> tuple[Figure, Axes]:
    """Figure of one size for all pictures, with axes of the shape of the image in the upper left of its box."""
    figure = style.new_figure(*_SIZE_IN)
    figure.set_layout_engine("none")
    left, bottom, width, height = _BOX
    inch = min(width * _SIZE_IN[0] / columns, height * _SIZE_IN[1] / rows)
    shown = inch * columns / _SIZE_IN[0], inch * rows / _SIZE_IN[1]
    return figure, figure.add_axes((left, bottom + height - shown[1], *shown))


def _outline(axes: Axes, mask: NDArray[np.bool_], colour: str, width: float) -> None:
    axes.add_collection(LineCollection(list(pixel_edges(mask)), colors=colour, lw=width, capstyle="round", zorder=5))


def _frame(axes: Axes, rows: int, columns: int) -> None:
    axes.grid(False)
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.tick_params(labelsize=7, length=2, pad=1.5)
    axes.locator_params(nbins=4, integer=True)
