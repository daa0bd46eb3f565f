"""Pictures of single plumes: gallery cards, the worked example and quick looks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from so2plumes.constants import MOL_M2_PER_DU, SO2_KG_PER_MOL
from so2plumes.figures import numbers as text
from so2plumes.figures import style
from so2plumes.figures.chip_geometry import ChipGeometry, MainAxis, centre_line, chip_geometry, main_axis

if TYPE_CHECKING:
    from so2plumes.plumes.chips import Chip

FloatArray = NDArray[np.float64]

HALO = [patheffects.withStroke(linewidth=2.6, foreground="black", alpha=0.55)]
PALE = [patheffects.withStroke(linewidth=4.0, foreground="white", alpha=0.8)]
NOTE: dict[str, Any] = {
    "fontsize": 8,
    "color": style.INK,
    "bbox": {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
}
UNUSABLE = "#d6d9db"
CENTRE_LINE = "#E69F00"


def column_du(chip: Chip) -> FloatArray:
    """Vertical column in Dobson units, not-a-number where the pixel is not usable."""
    return np.where(chip.usable, chip["vertical_column"].astype(float) / MOL_M2_PER_DU, np.nan)


def enhancement_kg(chip: Chip, background_mol_m2: float) -> FloatArray | None:
    """Mass of every usable pixel over the background, kg; None without pixel areas (FP-pre Fig. 3)."""
    area = chip.get("area_m2")
    if area is None or not np.isfinite(background_mol_m2):
        return None
    mass = (chip["vertical_column"].astype(float) - background_mol_m2) * SO2_KG_PER_MOL * area
    return np.where(chip.usable, mass, np.nan)


def draw_pixels(
    axes: Axes,
    geometry: ChipGeometry,
    values: FloatArray,
    cmap: str = "viridis",
    norm: Normalize | None = None,
) -> Any:
    """Draw one value a pixel on its corners; pixels without value are grey."""
    style.bare(axes)
    axes.set_facecolor(style.SEA)
    shown = np.ma.masked_where(~geometry.drawable | ~np.isfinite(values), values)
    x, y = (np.nan_to_num(grid) for grid in (geometry.x_km, geometry.y_km))
    back = np.ma.masked_where(~geometry.drawable | ~shown.mask, np.zeros(values.shape))
    axes.pcolormesh(x, y, back, cmap=ListedColormap([UNUSABLE]), vmin=0, vmax=1, lw=0, rasterized=True)
    norm = norm or column_norm(values, geometry)
    return axes.pcolormesh(x, y, shown, cmap=cmap, norm=norm, lw=0, rasterized=True)


def column_norm(values: FloatArray, geometry: ChipGeometry) -> Normalize:
    """Linear scale from the low end of the background to the top of the plume."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return Normalize(0, 1)
    plume = values[geometry.mask & np.isfinite(values)]
    low = float(np.quantile(finite, 0.05))
    high = float(np.quantile(plume if plume.size else finite, 0.99))
    return Normalize(low, max(high, low + 1e-6))


def draw_outline(axes: Axes, geometry: ChipGeometry, width: float = 1.5) -> None:
    """Draw the plume's outline along pixel edges."""
    axes.add_collection(
        LineCollection(list(geometry.outline_segments()), colors=style.OUTLINE, lw=width, capstyle="round", zorder=5)
    )


def frame_plume(axes: Axes, geometry: ChipGeometry) -> float:
    """Set square limits around the plume and return their half width, km."""
    x, y, half = geometry.window()
    axes.set_xlim(x - half, x + half)
    axes.set_ylim(y - half, y + half)
    axes.set_aspect("equal")
    return half


def scale_bar(axes: Axes, half_km: float) -> None:
    """Draw a bar of a round number of kilometres in the lower left corner."""
    length = next((step for step in (1000, 500, 200, 100, 50, 20, 10, 5) if step <= 0.7 * half_km), 2)
    x0, y0 = axes.get_xlim()[0] + 0.1 * half_km, axes.get_ylim()[0] + 0.1 * half_km
    axes.plot([x0, x0 + length], [y0, y0], color=style.INK, lw=2.2, zorder=7, path_effects=PALE)
    axes.annotate(f"{length} km", (x0, y0), (0, 4), textcoords="offset points", ha="left", zorder=7, **NOTE)


def draw_axis(axes: Axes, axis: MainAxis | None) -> None:
    """Draw ellipse (light blue) and main axis (white; dashed where trimmed off)."""
    if axis is None:
        return
    axes.plot(*axis.ellipse.T, color="#7fd4ff", lw=1.8, zorder=6, path_effects=HALO)
    axes.plot(*axis.full.T, color="white", lw=1.4, ls=(0, (3, 2)), zorder=6, path_effects=HALO)
    if axis.trimmed is not None:
        axes.plot(*axis.trimmed.T, color="white", lw=2.6, zorder=6.5, path_effects=HALO, solid_capstyle="butt")


def draw_centre_line(axes: Axes, line: NDArray[np.floating] | None) -> None:
    """Draw the centre line (orange) with a dot at its upwind end."""
    if line is None:
        return
    axes.plot(*line.T, color=CENTRE_LINE, lw=2.0, zorder=6.8, path_effects=HALO)
    axes.plot(*line[0], "o", color=CENTRE_LINE, ms=5, zorder=6.9, path_effects=HALO)


def mean_wind(chip: Chip) -> tuple[float, float] | None:
    """Mean wind (east, north) over the usable pixels of the plume, m/s; None where the file has none."""
    east, north = chip.get("eastward_wind"), chip.get("northward_wind")
    if east is None or north is None:
        return None
    inside = chip.mask & chip.usable & np.isfinite(east) & np.isfinite(north)
    return (float(east[inside].mean()), float(north[inside].mean())) if inside.any() else None


def wind_arrow(axes: Axes, chip: Chip, half_km: float) -> None:
    """Draw the mean wind as an arrow of fixed length in the upper right corner, its speed beside it."""
    wind = mean_wind(chip)
    speed = float(np.hypot(*wind)) if wind else 0.0
    if wind is None or speed == 0:
        return
    x, y = axes.get_xlim()[1] - 0.3 * half_km, axes.get_ylim()[1] - 0.34 * half_km
    dx, dy = (0.2 * half_km * part / speed for part in wind)
    look = {
        "arrowstyle": "-|>,head_width=0.35,head_length=0.6",
        "color": style.INK,
        "lw": 2.0,
        "path_effects": PALE,
    }
    axes.annotate("", (x + dx, y + dy), (x - dx, y - dy), zorder=8, arrowprops=look)
    corner: dict[str, Any] = {"xycoords": "axes fraction", "ha": "right", "va": "top", "zorder": 8}
    axes.annotate(f"wind {speed:.1f} m/s", (0.975, 0.975), **corner, **NOTE)


@style.styled
def card(chip: Chip) -> Figure:
    """One plume of the gallery: column, outline and scale (FP-pre Fig. 2)."""
    figure = style.new_figure(2.3, 1.95)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0.0, 0.01, 1.9 / 2.3, 1.9 / 1.95))
    geometry = chip_geometry(chip)
    image = draw_pixels(axes, geometry, column_du(chip))
    draw_outline(axes, geometry)
    scale_bar(axes, frame_plume(axes, geometry))
    bar = figure.colorbar(image, cax=figure.add_axes((0.84, 0.05, 0.028, 0.8)), extend="both")
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7.5, length=2, pad=1.5)
    bar.ax.locator_params(nbins=5)
    bar.ax.set_title("DU", fontsize=7.5, weight="normal", loc="left", pad=7)
    return figure


def _bar(figure: Figure, axes: Axes, image: Any, label: str, extend: str = "both", **where: Any) -> None:
    where = where or {"location": "right", "aspect": 22, "shrink": 0.92}
    bar = figure.colorbar(image, ax=axes, pad=0.02, extend=extend, **where)
    bar.set_label(label, labelpad=2)
    bar.outline.set_visible(False)
    bar.ax.locator_params(nbins=5)


def enhancement_norm(mass: FloatArray, mask: NDArray[np.bool_]) -> Normalize:
    """Linear scale that holds zero and the middle of the plume's masses."""
    finite = mass[np.isfinite(mass)]
    if not finite.size:
        return Normalize(0, 1)
    plume = mass[mask & np.isfinite(mass)]
    high = float(np.quantile(plume if plume.size else finite, 0.99))
    low = min(float(np.quantile(finite, 0.05)), 0.0)
    return Normalize(low, max(high, low + 1e-6))


def _enhancement(axes: Axes, figure: Figure, chip: Chip, row: Mapping[str, Any], **where: Any) -> float:
    geometry = chip_geometry(chip, float(row["ellipse_longitude"]), float(row["ellipse_latitude"]))
    mass = enhancement_kg(chip, float(row["background_mol_m2"]))
    half = frame_plume(axes, geometry)
    if mass is None:
        style.bare(axes)
        axes.text(0.5, 0.5, "no pixel areas or background", transform=axes.transAxes, ha="center", color=style.MUTED)
        return half
    unit, scale = ("t", 1e-3) if np.nanmax(np.abs(mass)) > 5e3 else ("kg", 1.0)
    image = draw_pixels(axes, geometry, mass * scale, "cividis", enhancement_norm(mass * scale, geometry.mask))
    draw_outline(axes, geometry)
    axis = main_axis(geometry, row)
    draw_axis(axes, axis)
    draw_centre_line(axes, centre_line(geometry, row))
    _bar(figure, axes, image, f"mass enhancement, {unit} per pixel", **where)
    return half


@style.styled
def worked(chip: Chip, row: Mapping[str, Any]) -> Figure:
    """Mass enhancement of one plume with outline, ellipse, main axis, centre line and wind (FP-pre Fig. 3)."""
    figure = style.new_figure(5.4, 4.5)
    axes = figure.add_subplot()
    half = _enhancement(axes, figure, chip, row)
    scale_bar(axes, half)
    wind_arrow(axes, chip, half)
    return figure


@style.styled
def quicklook_figure(chip: Chip, row: Mapping[str, Any]) -> Figure:
    """Draw three panels of one plume: column, mass enhancement, probability."""
    figure = style.new_figure(10.5, 4.0)
    left, middle, right = figure.subplots(1, 3)
    where: dict[str, Any] = {"location": "bottom", "aspect": 30, "shrink": 0.85}
    geometry = chip_geometry(chip, float(row["ellipse_longitude"]), float(row["ellipse_latitude"]))
    _bar(figure, left, draw_pixels(left, geometry, column_du(chip)), "column, DU", **where)
    draw_outline(left, geometry)
    half = frame_plume(left, geometry)
    scale_bar(left, half)
    left.set_title("Column")
    _enhancement(middle, figure, chip, row, **where)
    middle.set_title("Mass, ellipse, length and centre line")
    image = draw_pixels(right, geometry, chip["probability"].astype(float), "viridis", Normalize(0, 1))
    _bar(figure, right, image, "plume probability", extend="neither", **where)
    draw_outline(right, geometry)
    frame_plume(right, geometry)
    _wind_field(right, chip, geometry)
    wind_arrow(right, chip, half)
    right.set_title("Probability and 10 m wind")
    figure.suptitle(
        f"{row['plume_id']}   {str(chip.time)[:16].replace('T', ' ')} UTC   {_rate_text(row)}",
        fontsize=10,
        x=0.01,
        ha="left",
    )
    return figure


def _rate_text(row: Mapping[str, Any]) -> str:
    """Say a rate with its interval, no finer than it is known."""
    rate, low, high = (
        float(row.get(name, np.nan)) / 1e3 for name in ("emission_kg_h", "emission_p16_kg_h", "emission_p84_kg_h")
    )
    if not np.isfinite(rate):
        return "no rate"
    interval = f" ({text.rounded(low, 2)} to {text.rounded(high, 2)})" if np.isfinite(low + high) else ""
    return f"{text.rounded(rate, 2)} t/h{interval}"


def _wind_field(axes: Axes, chip: Chip, geometry: ChipGeometry, most: int = 11) -> None:
    east, north = chip.get("eastward_wind"), chip.get("northward_wind")
    if east is None or north is None:
        return
    inner_x, inner_y = (
        0.25 * (g[:-1, :-1] + g[1:, :-1] + g[1:, 1:] + g[:-1, 1:]) for g in (geometry.x_km, geometry.y_km)
    )
    x0, x1, y0, y1 = *axes.get_xlim(), *axes.get_ylim()
    shown = geometry.drawable & np.isfinite(east) & np.isfinite(north)
    shown &= (inner_x > x0) & (inner_x < x1) & (inner_y > y0) & (inner_y < y1)
    rows, columns = (max(1, round(np.ptp(index) / most)) if index.size else 1 for index in np.nonzero(shown))
    every = np.zeros_like(shown)
    every[rows // 2 :: rows, columns // 2 :: columns] = True
    shown &= every
    axes.quiver(
        inner_x[shown], inner_y[shown], east[shown], north[shown], color="white", alpha=0.8, width=0.004,
        zorder=4, angles="xy",
    )  # fmt: skip


def quicklook(chip: Chip, row: Mapping[str, Any], path: str | Path) -> None:
    """Write a PNG of one plume: column with outline, mass with ellipse, axis and centre line, probability with winds.

    Parameters
    ----------
    chip : Chip
    row : mapping
        The plume's row of the plume table.
    path : path
        PNG file, written atomically.
    """
    style.write_png(quicklook_figure(chip, row), path, dpi=120)
