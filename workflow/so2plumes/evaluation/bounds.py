"""What a shipped detector has to reach, and whether it does."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from so2plumes.evaluation.scenes import CLEAN, QUIET, STRUCTURED
from so2plumes.evaluation.unseen import SIMULATED_ARCHIVE

METHOD = "unet"
MAX_BYTES = 10_000_000


def _find(rows: Iterable[Mapping[str, Any]], **wanted: Any) -> Mapping[str, Any]:
    return next((row for row in rows if all(row.get(key) == value for key, value in wanted.items())), {})


_HOLDS = {"at least": operator.ge, "at most": operator.le, "over": operator.gt}


def _bound(
    text: str, required: float, reached: float | None, words: str = "at least", note: str = ""
) -> dict[str, Any]:
    met = reached is not None and bool(_HOLDS[words](reached, required))
    return {"bound": text, "words": words, "required": required, "reached": reached, "met": met, "note": note}


def _lead(rows: Sequence[Mapping[str, Any]], of: str) -> float | None:
    """F1 of the network minus that of the best other method."""
    scores = {row["method"]: row["f1"] for row in rows if row["of"] == of and row["f1"] is not None}
    others = [value for method, value in scores.items() if method != METHOD]
    return round(scores[METHOD] - max(others), 4) if METHOD in scores and others else None


def _structure_loss(rows: Sequence[Mapping[str, Any]]) -> float | None:
    clean, structured = (
        _find(rows, method=METHOD, by="scene", of=scene).get("recall") for scene in (CLEAN, STRUCTURED)
    )
    return None if clean is None or structured is None else round(clean - structured, 4)


def verdict(card: Mapping[str, Any], n_bytes: int) -> list[dict[str, Any]]:
    """Compare a card with the bounds.

    Parameters
    ----------
    card : mapping
        With ``pixel_scores, scene_scores, object_scores, quiet_scenes, strong_scenes, bands``.
    n_bytes : int
        Size of the weights file.

    Returns
    -------
    list of dict
        ``bound, words, required, reached, met, note``.
    """
    pixels, scenes, objects = card["pixel_scores"], card["scene_scores"], card["object_scores"]
    real = [
        row
        for row in card["quiet_scenes"]
        if row["method"] == METHOD and row["scene"] == QUIET and row["of"] != SIMULATED_ARCHIVE
    ]
    n_real = sum(row["scenes"] for row in real)
    false = round(100.0 * sum(row["plumes"] for row in real) / n_real, 2) if n_real else None
    strong = card["strong_scenes"]
    covered = round(sum(row["covered_by_one"] >= 0.85 for row in strong) / len(strong), 4) if strong else None
    return [
        _bound(
            "pixel F1, windows, peak over 6 sigma", 0.90, _find(pixels, method=METHOD, of="peak over 6 sigma").get("f1")
        ),
        _bound(
            "pixel F1, windows, peak over 3 sigma", 0.87, _find(pixels, method=METHOD, of="peak over 3 sigma").get("f1")
        ),
        _bound(
            "pixel F1, whole scenes, peak over 6 sigma",
            0.90,
            _find(scenes, method=METHOD, of="peak over 6 sigma").get("f1"),
        ),
        _bound(
            "share of plumes found that have 12 pixels over 4 sigma",
            0.95,
            _find(objects, method=METHOD, of="12 pixels over 4 sigma").get("recall"),
        ),
        _bound(
            "share of plumes found that have 12 pixels and a peak over 4 sigma",
            0.95,
            _find(objects, method=METHOD, of="12 pixels, peak over 4 sigma").get("recall"),
        ),
        _bound("false plumes on 100 quiet real scenes", 1.0, false, "at most", f"{n_real} scenes"),
        _bound(
            "share of strong real scenes of which one plume covers 85 % of the pixels over 6 sigma",
            1.0,
            covered,
            note=f"{len(strong)} scenes",
        ),
        _bound("pixel recall lost over 3 DU of structure", 0.10, _structure_loss(scenes), "at most"),
        _bound("share of plumes found lost over 3 DU of structure", 0.10, _structure_loss(objects), "at most"),
        _bound(
            "share of 1500 km bands that stay one plume",
            0.80,
            card["bands"].get("share"),
            note=f"{card['bands'].get('cases', 0)} cases",
        ),
        _bound(
            "lead of pixel F1 over the better baseline, windows, peak over 3 sigma",
            0.0,
            _lead(pixels, "peak over 3 sigma"),
            "over",
        ),
        _bound(
            "lead of pixel F1 over the better baseline, whole scenes", 0.0, _lead(scenes, "peak over 3 sigma"), "over"
        ),
        _bound("bytes of the weights", MAX_BYTES, n_bytes, "at most"),
    ]
