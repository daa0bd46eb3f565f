"""Tell of which rows of a granule list a period was made, so that a new list makes no other period anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from so2plumes.files import read_json, write_json

if TYPE_CHECKING:
    import pandas as pd

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
    identity = _text(table, "md5")
    identity = identity.where(identity != "", _text(table, "product_id"))
    for *values, date, content in zip(*columns, identity, strict=True):
        lines.setdefault(str(date), []).append("\t".join(map(str, (*values, content))))
    return Listed(str(table.attrs.get(CHOICE, "")), {date: _digest(rows) for date, rows in lines.items()})


def _text(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as text, empty where it has no value or the table does not have it."""
    return table.reindex(columns=[name])[name].fillna("").astype(str)


def write_listed(table: pd.DataFrame, path: str | Path) -> None:
    """Write what a list says beside it, as JSON: a plan that has to read tables takes 0.1 GB more for that alone."""
    listed = listed_in(table)
    write_json(_beside(path), {"choice": listed.choice, "days": listed.digests})


def _beside(path: str | Path) -> Path:
    return Path(path).with_suffix(".json")


def read_listed(path: str | Path) -> Listed | None:
    """Read what a list says from the file beside it, or from itself where there is none; None without a list."""
    if not Path(path).is_file():
        return None
    try:
        document = read_json(_beside(path))
        return Listed(str(document["choice"]), dict(document["days"]))
    except (OSError, ValueError, TypeError, KeyError):
        from so2plumes.table import read_table

        return listed_in(read_table(path))


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
