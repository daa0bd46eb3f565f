"""Tell of which rows of a granule list a period was made, so that a new list makes no other period anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from so2plumes.files import read_json
from so2plumes.table import read_table

CHOICE = "choice"
"""Attribute of a stored list: the choice of the configuration that it was made by."""
_COLUMNS = ("granule", "orbit", "selected", "reason", "size_bytes", "time_from")


@dataclass(frozen=True)
class Listed:
    """A stored granule list: the choice that it was made by, and a digest of the rows of each day."""

    choice: str
    digests: Mapping[str, str]

    def of(self, dates: Sequence[str]) -> str:
        """Digest of the rows of some days, in order."""
        return _digest(f"{date} {self.digests.get(date, '')}" for date in dates)


def listed_in(table: pd.DataFrame) -> Listed:
    """Digest what of a list decides on the swaths and receipts of a day.

    Where a granule lies, and whether it is on line, does not; its MD5 does, or its product where it has none.
    """
    lines: dict[str, list[str]] = {}
    columns = [table[name] for name in (*_COLUMNS, "date") if name in table]
    identity = table.get("md5", pd.Series("", table.index)).fillna("").astype(str)
    if "product_id" in table:
        identity = identity.where(identity != "", table["product_id"].fillna("").astype(str))
    for *values, date, content in zip(*columns, identity, strict=True):
        lines.setdefault(str(date), []).append("\t".join(map(str, (*values, content))))
    return Listed(str(table.attrs.get(CHOICE, "")), {date: _digest(rows) for date, rows in lines.items()})


def read_listed(path: str | Path) -> Listed | None:
    """Read what a list says; None where there is none."""
    return listed_in(read_table(path)) if Path(path).is_file() else None


def is_current(receipt: str | Path, listed: Listed, dates: Sequence[str]) -> bool:
    """Tell whether the receipt of a period is of the same rows of the list; one of an earlier version is not."""
    try:
        return bool(read_json(receipt).get("listed") == listed.of(dates))
    except (OSError, ValueError, AttributeError):
        return False


def choice_of(*parts: object) -> str:
    """Digest what a list is made by."""
    return _digest([json.dumps(parts, sort_keys=True, default=str)])


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
