"""The card that lies beside a model's weights."""

from __future__ import annotations

from pathlib import Path


def card_path(model: str | Path) -> Path:
    """Return the path of the card of a weights file."""
    return Path(model).with_name("card.json")
