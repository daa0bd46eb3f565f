"""The nets that a card compares, as a table and in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from so2plumes.report import text
from so2plumes.report.card_tables import CardTable, Row, listed, score_text

VARIED = {"normalisation": "input", "channels": "channels", "loss": "loss", "base_width": "base width"}


def variants_table(variants: Sequence[Row]) -> CardTable:
    """Nets that were compared, the chosen one first, then by F1."""
    chosen = chosen_variant(variants)
    ordered = sorted(variants, key=lambda row: (row is not chosen, -(row["f1_over_3"] or 0.0)))
    head = ("variant", "change from the chosen", "weights", "epochs", "windows", "precision over 3σ",
            "recall over 3σ", "F1 over 3σ", "difference", "F1 over 6σ", "F1 3 to 6σ", "ECE",
            "s per 1000 windows")  # fmt: skip
    lines = tuple(
        (
            variant_name(row, chosen),
            changes_text(row, chosen),
            text.whole(row["weights"]),
            text.whole(row["epochs"]),
            text.whole(row["images"]),
            *(score_text(row[name]) for name in ("precision_over_3", "recall_over_3", "f1_over_3")),
            _difference(row, chosen),
            *(score_text(row[name]) for name in ("f1_over_6", "f1_3_to_6")),
            text.fixed(row["ece"], 4) if row.get("ece") is not None else text.DASH,
            text.rounded(row["seconds_per_1000_windows"], 2) if row.get("seconds_per_1000_windows") else text.DASH,
        )
        for row in ordered
    )
    said = f"The chosen one: {described(chosen)}." if chosen else "None is marked as chosen."
    return CardTable(f"Nets compared on the same unseen windows. {said}", head, lines, (0, 1))


def variant_name(row: Row, chosen: Row | None) -> str:
    """Name of a variant, marked where it is the chosen one."""
    name = str(row["variant"])
    return f"{name} (chosen)" if row is chosen and name != "chosen" else name


def described(row: Row) -> str:
    """Say how a variant is made, ``input local_robust, channels 2, loss bce, base width 8``."""
    return ", ".join(f"{word} {listed(row.get(name))}" for name, word in VARIED.items())


def chosen_variant(variants: Iterable[Row]) -> Row | None:
    """Return the variant that is shipped."""
    return next((row for row in variants if row.get("chosen")), None)


def changes(row: Row, chosen: Row | None) -> dict[str, Any]:
    """Return properties in which a variant differs from the chosen one."""
    return {} if chosen is None else {name: row.get(name) for name in VARIED if row.get(name) != chosen.get(name)}


def changes_text(row: Row, chosen: Row | None) -> str:
    """Differences from the chosen variant in words."""
    return ", ".join(f"{VARIED[name]} {listed(value)}" for name, value in changes(row, chosen).items())


def _difference(row: Row, chosen: Row | None) -> str:
    if chosen is None or row is chosen or None in (row["f1_over_3"], chosen["f1_over_3"]):
        return ""
    return signed(row["f1_over_3"] - chosen["f1_over_3"])


def signed(value: float, decimals: int = 3) -> str:
    """Format with its sign and a true minus."""
    return f"{value:+.{decimals}f}".replace("-", "\u2212")


def variants_words(variants: Sequence[Row]) -> list[str]:
    """Where the choice stands, and what one change alone does."""
    chosen = chosen_variant(variants)
    if chosen is None or chosen["f1_over_3"] is None:
        return []
    others = [row for row in variants if row is not chosen and row["f1_over_3"] is not None]
    ahead = [row for row in others if row["f1_over_3"] > chosen["f1_over_3"]]
    words = [f"Chosen: {described(chosen)}; F1 over 3 sigma {text.fixed(chosen['f1_over_3'], 3)}."]
    if ahead:
        parts = (f"{row['variant']} ({signed(row['f1_over_3'] - chosen['f1_over_3'], 4)})" for row in ahead)
        words.append(f"Higher: {', '.join(parts)}.")
    elif others:
        words.append("No other variant is higher.")
    alone = [(row, changes(row, chosen)) for row in others]
    effects = [
        f"{VARIED[name]} {listed(row[name])} {signed(row['f1_over_3'] - chosen['f1_over_3'])}"
        for row, changed in alone if len(changed) == 1 for name in changed
    ]  # fmt: skip
    if effects:
        words.append(f"Changing one thing only moves this F1 by: {'; '.join(effects)}.")
    if len({(row.get("epochs"), row.get("images")) for row in variants}) > 1:
        words.append("Epochs or numbers of windows differ between rows; compare those that are alike.")
    return words
