"""The numbers of a model card as tables for people; the same ones stand in the page and in the Markdown text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from so2plumes.report import text

Row = Mapping[str, Any]
OURS = "unet"
METHODS = {OURS: "U-Net", "ztest": "local z-test", "threshold": "plain threshold"}
"""Names of the methods in the order in which they are shown."""
BY = {
    "peak": "By peak signal",
    "size": "By plume size",
    "viewing zenith": "By viewing zenith angle",
    "solar zenith": "By solar zenith angle",
    "background": "By background",
    "scene": "By scene type",
    "edge": "By place in the swath",
    "shape": "By shape of the plumes",
    "truth": "By source of the labels",
}
YES_NO = {"True": "yes", "False": "no"}


@dataclass(frozen=True)
class CardTable:
    """A table of texts.

    ``text_columns`` are set to the left, ``wrapped`` ones may break lines, ``folded`` ones open on demand.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: tuple[int, ...] = (0,)
    wrapped: tuple[int, ...] = ()
    folded: bool = False


def method_name(method: str) -> str:
    """Name of a method for people."""
    return METHODS.get(method, method)


def methods_of(rows: Iterable[Row]) -> list[str]:
    """Methods that rows hold, the U-Net first; rows of older cards name none and are the U-Net's."""
    seen = dict.fromkeys(row.get("method", OURS) for row in rows)
    return [name for name in METHODS if name in seen] + [name for name in seen if name not in METHODS]


def groups_of(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by what they are divided by, in their order; those of older cards are divided by the peak signal."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.get("by", "peak"), []).append(row)
    return groups


def by_of(rows: Iterable[Row]) -> dict[str, dict[str, Row]]:
    """Rows of one group as ``{of: {method: row}}``, in their order."""
    cells: dict[str, dict[str, Row]] = {}
    for row in rows:
        cells.setdefault(label_of(row), {})[row.get("method", OURS)] = row
    return cells


def label_of(row: Row) -> str:
    """Say what a row is of; scenes without a plume may be of several kinds."""
    of = YES_NO.get(str(row["of"]), str(row["of"]))
    return f"{of}, {row['scene']}" if row.get("scene") else of


def trimmed(value: float | None, figures: int = 3) -> str:
    """Round to a few figures without trailing zeros."""
    number = text.rounded(value, figures) if value is not None else text.DASH
    return number.rstrip("0").rstrip(".") if "." in number else number


def apart(reached: float | None, required: float | None) -> tuple[str, str]:
    """Two numbers with as many figures as it takes to tell them apart."""
    for figures in range(3, 8):
        pair = trimmed(reached, figures), trimmed(required, figures)
        if reached == required or pair[0] != pair[1]:
            break
    return pair


def interval(value: float | None, low: float | None, high: float | None, figures: int = 2) -> str:
    """Value with its interval in brackets, ``1 200 (900 to 1 500)``."""
    if value is None:
        return text.DASH
    limits = (text.rounded(limit, figures) if limit is not None else text.DASH for limit in (low, high))
    return f"{text.rounded(value, figures)} ({' to '.join(limits)})"


def listed(value: Any) -> str:
    """Any value of a card as text; lists with commas."""
    if value is None:
        return text.DASH
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {listed(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return text.whole(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)


def standing(bound: Row) -> str:
    """Say whether a bound is met; one without a number was not measured."""
    if bound.get("reached") is None:
        return "not measured"
    return "met" if bound["met"] else "not met"


def bounds_table(bounds: Sequence[Row]) -> CardTable:
    """Bounds, what was reached and whether it suffices."""
    rows = []
    for bound in bounds:
        reached, required = apart(bound.get("reached"), bound.get("required"))
        required = f"{bound['words']} {required}" if bound.get("words") else required
        rows.append((str(bound["bound"]), required, reached, standing(bound), str(bound.get("note") or "")))
    head = ("bound", "required", "reached", "", "note")
    caption = "What the detector had to reach, measured on orbits that it had not seen."
    return CardTable(caption, head, tuple(rows), (0, 3, 4), (0, 4))


def score_tables(rows: Sequence[Row], counted: str) -> list[CardTable]:
    """Pixel scores of all methods side by side, one table for every division, the whole first."""
    groups = groups_of(rows)
    names = sorted(groups, key=lambda by: by != "all")
    return [_score_table(groups[by], caption_of(by, counted), counted, by != "all") for by in names]


def caption_of(by: str, counted: str) -> str:
    """Say by what rows are divided."""
    return f"All {nouns(counted)}" if by == "all" else BY.get(by, f"By {by}")


def nouns(counted: str) -> str:
    """Name what is counted under a key of the card."""
    return "windows" if counted == "images" else counted


def _score_table(rows: Sequence[Row], caption: str, counted: str, folded: bool) -> CardTable:
    methods = methods_of(rows)
    head = ["", nouns(counted), "true pixels"]
    head += [f"{method_name(m)} {score}" for m in methods for score in ("precision", "recall", "F1")]
    lines = []
    for of, cells in by_of(rows).items():
        any_row = next(iter(cells.values()))
        line = [of, text.whole(any_row[counted]), text.whole(any_row["truth_pixels"])]
        for method in methods:
            row = cells.get(method, {})
            line += [score_text(row.get(score)) for score in ("precision", "recall", "f1")]
        lines.append(tuple(line))
    return CardTable(caption, tuple(head), tuple(lines), folded=folded)


def score_text(value: float | None) -> str:
    """Score with three decimals; a dash where there is none."""
    return text.DASH if value is None else text.fixed(value, 3)


def object_tables(rows: Sequence[Row]) -> list[CardTable]:
    """Plumes that were found, with intervals, one table for every division."""
    tables = []
    for by, group in sorted(groups_of(rows).items(), key=lambda item: item[0] != "all"):
        methods = methods_of(group)
        lines = []
        for of, cells in by_of(group).items():
            found = [_found(cells.get(method)) for method in methods]
            lines.append((of, text.whole(next(iter(cells.values()))["plumes"]), *found))
        head = ("", "plumes", *(f"{method_name(method)} found" for method in methods))
        tables.append(CardTable(caption_of(by, "plumes"), head, tuple(lines), folded=by != "all"))
    return tables


def _found(row: Row | None) -> str:
    if row is None:
        return text.DASH
    if row.get("recall") is None:
        return text.whole(row["found"])
    between = f"{100 * row['low']:.1f} to {100 * row['high']:.1f}" if row.get("low") is not None else text.DASH
    return f"{text.whole(row['found'])}: {text.percent(row['recall'])} ({between})"


def quiet_table(rows: Sequence[Row]) -> CardTable:
    """Plumes drawn where nothing was injected and nothing is seen."""
    lines = [
        (
            method_name(row.get("method", OURS)),
            label_of(row),
            text.whole(row["scenes"]),
            text.rounded(row["usable_pixels"] / 1e6) if row["usable_pixels"] else "0",
            text.whole(row["plumes"]),
            text.fixed(per_100_scenes(row), 2),
            text.fixed(row["plumes_per_million_pixels"], 2),
        )
        for row in rows
    ]
    head = ("method", "scenes of", "scenes", "million usable pixels", "false plumes", "per 100 scenes", "per million")
    return CardTable("Scenes without an injected plume.", head, tuple(lines), (0, 1))


def per_100_scenes(row: Row) -> float:
    """Return false plumes per 100 scenes; older cards count per scene."""
    return float(row.get("plumes_per_100_scenes", 100 * row.get("plumes_per_scene", float("nan"))))


def calibration_table(calibration: Row) -> CardTable:
    """Probability said and share observed."""
    rows = tuple(
        (
            f"{entry['low']:.2f} to {entry['high']:.2f}",
            text.whole(entry["pixels"]),
            text.fixed(entry["mean_probability"], 3),
            text.fixed(entry["observed"], 3),
        )
        for entry in calibration["bins"]
    )
    head = ("probability", "pixels", "mean probability", "share of true pixels")
    return CardTable("Reliability.", head, rows, folded=True)


def strong_table(rows: Sequence[Row]) -> CardTable:
    """Strong real scenes and how much of the signal the plumes hold."""
    lines = tuple(
        (
            str(row["granule"]),
            text.whole(row["pixels_over_6_sigma"]),
            text.percent(row["covered_by_one"]),
            text.percent(row["covered_by_all"]),
        )
        for row in rows
    )
    head = ("granule", "pixels over 6 sigma", "held by one plume", "held by all plumes")
    return CardTable("Strong real scenes: usable pixels above 6 sigma that the masks hold.", head, lines)
