"""How figures look: the one place for sizes, fonts and colours, and for turning a figure into bytes."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray
from PIL import Image

from so2plumes.files import atomic_path

P = ParamSpec("P")

INK = "#22303a"
MUTED = "#66737d"
RULE = "#d9dee2"
LAND = "#e9e6df"
SEA = "#f5f8fa"
COAST = "#a9a79f"
NOT_SEEN = "#dfe3e6"
ACCENT = "#0072B2"
STRONG = "#D55E00"
OUTLINE = "#e3171b"

WIDE_IN = 7.2
"""Width of a figure over the whole page of a journal, 183 mm."""

STRIP_IN = 0.2
"""Height of words below a figure."""

RASTER_POINTS = 5000
"""Clouds of more points are an image in a PDF."""

LABELS: dict[str, tuple[str, str, str]] = {
    "volcanic": ("#D55E00", "^", "near a known volcano"),
    "anthropogenic": ("#0072B2", "s", "near a known anthropogenic source"),
    "so2": ("#56B4E9", "o", "SO2 detected, no source named"),
    "combined": ("#009E73", "D", "no flag shared by enough pixels"),
    "none": ("#8d8d8d", "o", "no enhancement flagged"),
    "high_sza": ("#CC79A7", "v", "high solar zenith angle"),
    "unavailable": ("#E69F00", "P", "the file has no flag"),
}
"""Colour (Okabe and Ito), marker and meaning of each plume label."""

_RC: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#8a959d",
    "axes.facecolor": "white",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "grid.color": "#e8ecef",
    "grid.linewidth": 0.7,
    "hatch.color": "#b6bec4",
    "hatch.linewidth": 0.6,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.handletextpad": 0.5,
    "pdf.fonttype": 42,
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8.5,
}


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Decorate a function that draws a figure so that the house style holds while it draws."""

    @functools.wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with rc_context(_RC):
            return draw(*args, **kwargs)

    return wrapped


def new_figure(width_in: float = WIDE_IN, height_in: float = 3.0) -> Figure:
    """Make an empty figure that belongs to no window and no global state."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _layout(figure: Figure) -> ConstrainedLayoutEngine | None:
    """Return what lays a figure out; None where its parts have fixed places."""
    layout = figure.get_layout_engine()
    return layout if isinstance(layout, ConstrainedLayoutEngine) else None


def plain_log(axis: Axis, low: float, high: float) -> None:
    """Label a logarithmic axis with plain numbers: few decades also in between, many only every other one."""
    few, many = high < 100 * low, high > 3e4 * low

    def words(value: float, _: int | None = None) -> str:
        left_out = many and round(np.log10(value)) % 2 != 0
        return "" if left_out else f"{value:,.12g}".replace(",", "\u202f")

    axis.set_major_formatter(FuncFormatter(words))
    axis.set_minor_locator(LogLocator(subs=(2, 5) if few else range(2, 10), numticks=40))
    axis.set_minor_formatter(FuncFormatter(words) if few else NullFormatter())


def square_log(axes: Axes, low: float, high: float) -> None:
    """Give both axes the same logarithmic scale, in a square."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        plain_log(axis, low, high)


def bare(axes: Axes) -> None:
    """Take ticks, grid and frame off an image or a map."""
    axes.grid(False)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def png_bytes(figure: Figure, dpi: int = 150) -> bytes:
    """Render a figure as PNG; the bytes depend on the figure only.

    Blank margins are trimmed where the figure has a layout engine.
    """
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(dpi)
    with rc_context(_RC):
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    if _layout(figure) is not None:
        pixels = _trimmed(pixels, margin=round(0.03 * dpi))
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format="PNG", dpi=(dpi, dpi))
    return stream.getvalue()


def pdf_bytes(figure: Figure, dpi: int = 180) -> bytes:
    """Render a figure as PDF with embedded TrueType fonts; the bytes depend on the figure only.

    Lines and letters are vectors; what is marked as rasterized is an image of the resolution `dpi`.
    """
    stream = io.BytesIO()
    nobody = {"Creator": None, "Producer": None, "CreationDate": None}
    edge = None if _layout(figure) is None else "tight"
    with rc_context(_RC):
        figure.savefig(stream, format="pdf", dpi=dpi, metadata=nobody, pad_inches=0.03, bbox_inches=edge)
    return stream.getvalue()


def write_below(figure: Figure, words: str) -> None:
    """Write words under all that a figure shows, in a strip that it grows by."""
    width, height = figure.get_size_inches()
    share = STRIP_IN / (height + STRIP_IN)
    figure.set_size_inches(width, height + STRIP_IN)
    layout = _layout(figure)
    if layout is not None:
        layout.set(rect=(0.0, share, 1.0, 1.0 - share))
    else:
        for axes in figure.axes:
            box = axes.get_position()
            axes.set_position((box.x0, share + (1 - share) * box.y0, box.width, (1 - share) * box.height))
        for item in figure.texts:
            item.set_y(share + (1 - share) * item.get_position()[1])
    figure.text(0.99, 0.03 / (height + STRIP_IN), words, ha="right", va="bottom", color=STRONG, fontsize=7.5)


def is_crowd(count: int) -> bool:
    """Tell whether so many points are drawn as an image in a PDF."""
    return count > RASTER_POINTS


def _trimmed(pixels: NDArray[np.uint8], margin: int) -> NDArray[np.uint8]:
    """Cut white rows and columns off the edges, leaving a margin."""
    inked: NDArray[np.bool_] = np.min(pixels, axis=-1) < 255
    if not inked.any():
        return pixels
    rows, columns = (np.flatnonzero(inked.any(axis=axis)) for axis in (1, 0))
    return pixels[
        max(rows[0] - margin, 0) : rows[-1] + margin + 1,
        max(columns[0] - margin, 0) : columns[-1] + margin + 1,
    ]


def data_uri(png: bytes) -> str:
    """Turn a PNG into a data address for an ``img`` element."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def png_width_in(png: bytes, dpi: int = 150) -> float:
    """Width of a PNG of known resolution, inches."""
    return int.from_bytes(png[16:20], "big") / dpi


@styled
def sheet(words: str) -> Figure:
    """Make a figure that says why there is nothing to show."""
    figure = new_figure(WIDE_IN, 1.2)
    figure.set_layout_engine("none")
    figure.text(0.5, 0.5, words, ha="center", va="center", color=MUTED, fontsize=10, wrap=True, parse_math=False)
    return figure


def write_png(figure: Figure, path: str | Path, dpi: int = 150) -> None:
    """Write a figure as PNG, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(png_bytes(figure, dpi))
