"""What the numbers of a model card say, in sentences that are made from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from so2plumes.report import text
from so2plumes.report.card_tables import (
    OURS,
    Row,
    apart,
    by_of,
    groups_of,
    listed,
    method_name,
    methods_of,
    per_100_scenes,
    standing,
)

COVERED = 0.85
"""Share of the strong pixels that one plume has to hold."""
UNSURE = (0.1, 0.9)
"""Probabilities between which the detector does not commit itself."""


def joined(parts: Iterable[str], last: str = "and") -> str:
    """List of words, ``a, b and c``."""
    words = list(parts)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def beaten(values: Mapping[str, float | None]) -> bool | None:
    """Tell whether the U-Net is above all others; None where there is nobody to compare it with."""
    others = [value for name, value in values.items() if name != OURS and value is not None]
    ours = values.get(OURS)
    return None if ours is None or not others else ours > max(others)


def beats(values: Mapping[str, float | None], yes: str = "beats", no: str = "does not beat") -> str:
    """Say whom the U-Net beats, from a score of each method of which more is better; equal is not better."""
    ours = values.get(OURS)
    others = {name: value for name, value in values.items() if name != OURS and value is not None}
    if ours is None or not others:
        return ""
    won = [f"the {method_name(name)}" for name, value in others.items() if ours > value]
    lost = [f"the {method_name(name)}" for name, value in others.items() if ours <= value]
    if not lost:
        return f"{yes} {joined(won)}"
    return f"{no} {joined(lost, 'or')}" if not won else f"{yes} {joined(won)} but not {joined(lost)}"


def verdict_words(bounds: Sequence[Row]) -> list[str]:
    """Count what is met and name what is not."""
    states = [standing(bound) for bound in bounds]
    words = [f"{states.count('met')} of {text.plural(len(bounds), 'bound')} are met."]
    if missed := [bound for bound, state in zip(bounds, states, strict=True) if state == "not met"]:
        words.append("Not met: " + "; ".join(_shortfall(bound) for bound in missed) + ".")
    if unknown := [bound for bound, state in zip(bounds, states, strict=True) if state == "not measured"]:
        words.append("Not measured: " + "; ".join(str(bound["bound"]) for bound in unknown) + ".")
    return words


def _shortfall(bound: Row) -> str:
    reached, required = apart(bound["reached"], bound.get("required"))
    required = f"{bound['words']} {required}" if bound.get("words") else required
    return f"{bound['bound']} (reached {reached}, required {required})"


def score_words(rows: Sequence[Row], of_what: str) -> list[str]:
    """Say whether the U-Net's F1 beats the baselines, over everything and in how many groups."""
    words, groups = [], groups_of(rows)
    for of, cells in by_of(groups.get("all", [])).items():
        scores: dict[str, Any] = {name: row.get("f1") for name, row in cells.items()}
        known = {name: scores[name] for name in methods_of(cells.values()) if scores[name] is not None}
        numbers = [f"{text.fixed(score, 3)} ({method_name(name)})" for name, score in known.items()]
        if numbers:
            said = beats(scores)
            words.append(f"F1 over {of_what}, {of}: {joined(numbers)}" + (f"; the U-Net {said}." if said else "."))
    divided = [(by, of, cells) for by, group in groups.items() if by != "all" for of, cells in by_of(group).items()]
    return words + _groups_words(divided)


def _groups_words(divided: Sequence[tuple[str, str, dict[str, Row]]]) -> list[str]:
    wins, losses = 0, []
    for by, of, cells in divided:
        scores = {name: row["f1"] for name, row in cells.items() if row.get("f1") is not None}
        if OURS not in scores or len(scores) < 2:
            continue
        best = max((name for name in scores if name != OURS), key=lambda name: scores[name])
        if scores[OURS] > scores[best]:
            wins += 1
        else:
            pair = f"{text.fixed(scores[OURS], 3)} against {text.fixed(scores[best], 3)}"
            losses.append(f"{by} {of} ({pair}, {method_name(best)})")
    if not wins + len(losses):
        return []
    if not losses:
        return [f"The U-Net has the highest F1 in each of the {text.plural(wins, 'group')} below."]
    words = f"Of {text.plural(wins + len(losses), 'group')} below, the U-Net has the highest F1 in {text.whole(wins)}"
    return [f"{words}; not in {joined(losses)}."]


def comparison_words(card: Row) -> list[str]:
    """Count the comparisons with the baselines that the U-Net wins, over everything and not by group."""
    counts = {}
    for key, value, label in (
        ("pixel_scores", "f1", "pixel F1 in windows"),
        ("scene_scores", "f1", "pixel F1 in whole scenes"),
        ("object_scores", "recall", "plumes found"),
    ):
        whole = by_of(groups_of(card.get(key, ())).get("all", [])).values()
        counts[label] = [beaten({name: row.get(value) for name, row in cells.items()}) for cells in whole]
    quiet = by_of(card.get("quiet_scenes", ())).values()
    counts["false plumes"] = [
        beaten({name: -per_100_scenes(row) for name, row in cells.items() if row["scenes"]}) for cells in quiet
    ]
    known = {label: [won for won in results if won is not None] for label, results in counts.items()}
    results = [won for part in known.values() for won in part]
    if not results:
        return []
    parts = joined(f"{label} {sum(part)} of {len(part)}" for label, part in known.items() if part)
    words = f"The U-Net is ahead of every baseline in {sum(results)} of {text.plural(len(results), 'comparison')}"
    return [f"{words}, a draw not counted: {parts}."]


def object_words(rows: Sequence[Row]) -> list[str]:
    """Plumes found by every method."""
    words = []
    for of, cells in by_of(groups_of(rows).get("all", [])).items():
        parts = [
            f"{method_name(name)} {text.whole(cells[name]['found'])} of {text.whole(cells[name]['plumes'])} "
            f"({text.percent(cells[name].get('recall'))})"
            for name in methods_of(cells.values())
        ]
        said = beats({name: row.get("recall") for name, row in cells.items()})
        words.append(f"Plumes found, {of}: {joined(parts)}" + (f"; the U-Net {said}." if said else "."))
    return words


def quiet_words(rows: Sequence[Row]) -> list[str]:
    """Compare the false plumes of the methods."""
    words = []
    for of, cells in by_of(rows).items():
        rates = {name: per_100_scenes(row) for name, row in cells.items() if row["scenes"]}
        if not rates:
            continue
        parts = [f"{method_name(name)} {text.fixed(rates[name], 2)}" for name in methods_of(cells.values())
                 if name in rates]  # fmt: skip
        said = beats({name: -rate for name, rate in rates.items()}, "draws fewer than", "does not draw fewer than")
        scenes = text.plural(max(row["scenes"] for row in cells.values()), "scene")
        words.append(
            f"False plumes per 100 scenes, {of} ({scenes}): {joined(parts)}" + (f"; the U-Net {said}." if said else ".")
        )
    return words


def calibration_words(calibration: Row) -> list[str]:
    """Error of the probability, over all pixels and over those where it is unsure."""
    words = [
        f"Expected calibration error {text.fixed(calibration['ece'], 4)} over "
        f"{text.whole(calibration['pixels'])} pixels"
    ]
    easy = sum(b["pixels"] for b in calibration["bins"] if b["high"] <= UNSURE[0] + 1e-9)
    share = text.percent(easy / max(calibration["pixels"], 1))
    words[0] += f", of which {share} have a probability below {UNSURE[0]}."
    unsure = [b for b in calibration["bins"] if b["low"] >= UNSURE[0] - 1e-9 and b["high"] <= UNSURE[1] + 1e-9]
    counts = np.array([b["pixels"] for b in unsure if b["pixels"]], dtype=float)
    if counts.size:
        said, seen = (
            np.array([b[name] for b in unsure if b["pixels"]], dtype=float) for name in ("mean_probability", "observed")
        )
        error = float(np.average(np.abs(said - seen), weights=counts))
        shift = float(np.average(said - seen, weights=counts))
        way = "too sure of plumes" if shift > 0 else "too cautious"
        words.append(
            f"Among the {text.whole(counts.sum())} pixels with a probability between {UNSURE[0]} and {UNSURE[1]} the "
            f"error is {text.fixed(error, 3)}, and the net is {way} by {text.fixed(abs(shift), 3)} on average."
        )
    return words


def bands_words(bands: Row) -> list[str]:
    """Long plumes that stay one."""
    if not bands.get("cases"):
        return ["No long band was tried."]
    words = (
        f"{text.whole(bands['whole'])} of {text.whole(bands['cases'])} injected bands "
        f"({text.percent(bands['share'])}) of {trimmed_km(bands.get('length_km'))} stay one component"
    )
    alone = bands.get("threshold_only_share")
    words += f"; with the threshold alone {text.percent(alone)} do." if alone is not None else "."
    return [words] + ([str(bands["text"])] if bands.get("text") else [])


def separation_words(card: Row) -> list[str]:
    """Plumes that are two: the price of growth and bridges."""
    separation = card.get("separation")
    if not separation:
        return []
    return [
        f"{text.whole(separation['plumes_of_two'])} of {text.whole(separation['plumes'])} plumes in scenes with "
        "injections hold two injected plumes that do not touch."
    ]


def false_pixel_words(shares: Row) -> list[str]:
    """Pixels that are marked in windows without a plume."""
    if not shares:
        return []
    parts = [f"{method_name(name)} {text.fixed(100.0 * share, 3)} %" for name, share in shares.items()]
    return [f"Pixels marked as plume in windows without one: {joined(parts)}."]


def trimmed_km(length_km: Any) -> str:
    """Length, or range of lengths, in kilometres."""
    return f"{listed(length_km)} km" if length_km is not None else "unknown length"


def strong_words(rows: Sequence[Row]) -> list[str]:
    """How many strong real scenes have their signal in one plume."""
    shares = np.array([row["covered_by_one"] for row in rows if row.get("covered_by_one") is not None], dtype=float)
    if not shares.size:
        return ["No strong real scene was scored."]
    enough = int((shares >= COVERED).sum())
    return [
        f"In {text.whole(enough)} of {text.plural(shares.size, 'strong real scene')} one plume holds at least "
        f"{text.percent(COVERED, 0)} of the usable pixels above 6 sigma (median {text.percent(np.median(shares))}, "
        f"lowest {text.percent(shares.min())})."
    ]


def history_words(history: Sequence[Row]) -> list[str]:
    """Length of the training and where its loss went."""
    if not history:
        return []
    losses = [(row["test_loss"], row["epoch"]) for row in history if row.get("test_loss") is not None]
    words = f"{text.plural(len(history), 'epoch')}"
    if losses:
        words += (
            f"; the loss on unseen orbits went from {text.rounded(losses[0][0])} to {text.rounded(losses[-1][0])}, "
            f"its lowest value {text.rounded(min(losses)[0])} was that of epoch {min(losses)[1]}"
        )
    return [words + "."]


def limits_words(detection: Row) -> list[str]:
    """Emission rates at which plumes are found, for one plain condition."""
    words = [
        f"{text.plural(detection.get('trials', 0), 'injected plume')} of known emission rate"
        + (f", {text.whole(detection['skipped'])} more left out" if detection.get("skipped") else "")
        + "."
    ]
    if said := (detection.get("fit") or {}).get("text"):
        words.append(str(said))
    limits = [row for row in detection.get("limits", []) if row.get("emission_kg_h") is not None]
    plain = [row for row in limits if not row["edge"] and row["background_du"] == 0] or limits
    if not plain:
        return [*words, "There is no limit to be given."]
    wind = min((row["wind_speed_m_s"] for row in plain), key=lambda speed: abs(speed - 5))
    parts = [
        f"{text.percent(row['pod'], 0)} at {text.rounded(row['emission_kg_h'], 2)} kg/h"
        for row in plain if row["wind_speed_m_s"] == wind
    ]  # fmt: skip
    row = plain[0]
    where = f"{'at the edge of the swath' if row['edge'] else 'away from the edge of the swath'}"
    over = "a clean background" if row["background_du"] == 0 else f"a background of {row['background_du']:g} DU"
    return [
        *words,
        f"With a wind of {wind:g} m/s over {over} {where}, the chance that a plume is found is {joined(parts)}.",
    ]
