"""What the detection flag calls the plumes, and clusters of those without enhancement (FP-pre Figs. 10, 11)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from so2plumes.figures import style
from so2plumes.figures.maps import MapView, draw_base, place_names
from so2plumes.figures.plume_maps import map_figure, plume_view
from so2plumes.findings.inputs import ReportInputs

_NAMED = 8


def label_rows(inputs: ReportInputs) -> pd.DataFrame:
    """Rows of the table ``label_shares`` for the whole period, most plumes first, and the meaning of each label.

    Labels that no plume has are left out.
    """
    table = inputs.table("label_shares")
    table = table[table["year"].isna() & (table["n_plumes"] > 0)].drop(columns="year")
    meanings = [style.LABELS.get(str(label), ("", "", ""))[2] for label in table["label"]]
    return table.assign(meaning=meanings).sort_values(["n_plumes", "label"], ascending=[False, True], ignore_index=True)


def label_data(inputs: ReportInputs) -> pd.DataFrame:
    """Place and label of every plume, then number and share of every label."""
    plumes = inputs.plumes
    points = pd.DataFrame(
        {
            "part": "plume",
            "label": plumes["label"],
            "plume_id": plumes["plume_id"],
            "longitude_deg": plumes["max_longitude"],
            "latitude_deg": plumes["max_latitude"],
        }
    )
    shares = label_rows(inputs)[["label", "n_plumes", "share", "paper_share"]].assign(part="share")
    return pd.concat([points, shares], ignore_index=True)


@style.styled
def label_figure(inputs: ReportInputs) -> Figure:
    """Draw all plumes by label on a map, rare labels on top, and the share of every label beside the paper's."""
    shares, view = label_rows(inputs), plume_view(inputs)
    bars = 0.3 + 0.24 * len(shares)
    wide = min(style.WIDE_IN, 5.6 * view.aspect)
    figure = style.new_figure(wide, wide / view.aspect + bars + 0.6)
    top, low = figure.subplots(2, 1, height_ratios=[wide / view.aspect, bars + 0.2])
    draw_base(top, view)
    _draw_points(top, inputs, view, list(shares["label"]))
    _draw_shares(low, shares)
    return figure


def _draw_points(axes: Axes, inputs: ReportInputs, view: MapView, labels: list[str]) -> None:
    plumes = inputs.plumes
    x, y = view.xy(plumes["max_longitude"], plumes["max_latitude"])
    size = float(np.clip(26 * (300 / max(len(x), 1)) ** 0.5, 1.2, 26))
    for order, label in enumerate(labels):
        colour, marker, _ = style.LABELS.get(label, ("black", "x", ""))
        here = (plumes["label"] == label).to_numpy()
        axes.scatter(
            x[here], y[here], s=size, c=colour, marker=marker, edgecolors="white", lw=0.2 if size > 4 else 0,
            zorder=4 + 0.1 * order, rasterized=style.is_crowd(len(x)),
        )  # fmt: skip


def _draw_shares(axes: Axes, shares: pd.DataFrame) -> None:
    y = np.arange(len(shares))[::-1]
    for at, row in zip(y, shares.to_dict("records"), strict=True):
        colour, marker, meaning = style.LABELS.get(row["label"], ("black", "x", ""))
        share = 100.0 * row["share"]
        axes.barh(at, share, color=colour, height=0.62, zorder=2)
        axes.plot([-1.5], [at], marker=marker, ms=6, color=colour, mec="white", mew=0.3, clip_on=False)
        paper = 100.0 * row["paper_share"]
        if np.isfinite(paper):
            axes.plot([paper, paper], [at - 0.42, at + 0.42], color=style.INK, lw=1.6, zorder=4)
        number = f"{row['n_plumes']:,}".replace(",", "\u202f")
        far = max(share, paper) if np.isfinite(paper) else share
        words = f"{share:.1f} %, {number}: {meaning.replace('SO2', 'SO$_2$')}"
        axes.text(far + 0.8, at, words, va="center", fontsize=8)
    axes.set_yticks(y, shares["label"].astype(str).tolist(), fontsize=8)
    axes.tick_params(axis="y", length=0, pad=12)
    axes.set_ylim(-0.6, len(shares) - 0.4)
    most = max(100.0 * float(shares["share"].max()), 45.0)
    axes.set_xlim(0, 2.2 * most)
    axes.xaxis.set_major_locator(FixedLocator(range(0, 101, 10 if most < 60 else 20)))
    axes.set_xlabel("% of plumes (black line: the paper)")
    axes.grid(axis="y", visible=False)


def none_data(inputs: ReportInputs) -> pd.DataFrame:
    """Plumes without enhancement, then their clusters."""
    plumes = inputs.plumes[inputs.plumes["label"] == "none"]
    points = pd.DataFrame(
        {
            "part": "plume",
            "plume_id": plumes["plume_id"],
            "longitude_deg": plumes["max_longitude"],
            "latitude_deg": plumes["max_latitude"],
        }
    )
    clusters = inputs.table("none_clusters").rename(columns={"longitude": "longitude_deg", "latitude": "latitude_deg"})
    names = ["rank", "longitude_deg", "latitude_deg", "radius_km", "n_plumes", "overlaps", "nearest_cluster_source"]
    return pd.concat([points, clusters[names].assign(part="cluster")], ignore_index=True)


@style.styled
def none_figure(inputs: ReportInputs) -> Figure:
    """Draw plumes without enhancement and their clusters, those apart from known sources set off."""
    table = none_data(inputs)
    plumes, clusters = table[table["part"] == "plume"], table[table["part"] == "cluster"]
    view = plume_view(inputs)
    figure, axes = map_figure(view, bar=False)
    x, y = view.xy(plumes["longitude_deg"], plumes["latitude_deg"])
    size = float(np.clip(26 * (300 / max(len(x), 1)) ** 0.5, 1.5, 26))
    axes.scatter(x, y, s=size, c=style.ACCENT, lw=0, alpha=0.6, zorder=3, rasterized=style.is_crowd(len(x)))
    handles = [_key("o", style.ACCENT, f"plume without enhancement ({len(plumes)})", 3.0)]
    x, y = view.xy(clusters["longitude_deg"].astype(float), clusters["latitude_deg"].astype(float))
    overlaps = clusters["overlaps"].to_numpy(dtype=bool)
    for here, marker, colour, words in (
        (overlaps, "o", style.STRONG, "cluster that overlaps one of a known source"),
        (~overlaps, "s", style.INK, "other cluster"),
    ):
        axes.scatter(x[here], y[here], s=80, marker=marker, facecolors="none", edgecolors=colour, lw=1.5, zorder=5)
        handles.append(_key(marker, colour, f"{words} ({here.sum()})", 7.0, filled=False))
    names = clusters["nearest_cluster_source"].fillna("").astype(str).tolist()
    shown = [i for i, name in enumerate(names) if name][:_NAMED]
    place_names(axes, x[shown], y[shown], [names[i] for i in shown])
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _key(marker: str, colour: str, text: str, size: float, filled: bool = True) -> Line2D:
    face = colour if filled else "none"
    return Line2D([], [], ls="", marker=marker, ms=size, mfc=face, mec=colour, mew=1.3, label=text)
