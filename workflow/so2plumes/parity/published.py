"""The numbers that Finch and Palmer state, and what each needs to be compared."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from so2plumes.errors import TableError

GROUPS = {
    "archive": "Archive and detection",
    "detector": "Detector",
    "plumes": "Plumes and rates",
    "clusters": "Clusters",
    "days": "Days with many plumes",
    "eruptions": "Eruptions",
    "labels": "Labels",
    "edgar": "EDGAR",
}
"""Groups of numbers in the order of the page, and their titles."""

RELATIONS = ("", "about", "at least", "at most")
SCOPES = (
    "any",
    "six_years",
    "year",
    "source",
    "days",
    "day",
    "eruption_list",
    "inventory",
    "six_years_inventory",
    "swaths",
    "pace",
    "detector",
)
_NUMBERS = ("value", "high", "relative_tolerance", "absolute_tolerance", "corrected")


@dataclass(frozen=True)
class PublishedNumber:
    """A number of the papers.

    Attributes
    ----------
    id, group, quantity, unit : str
        Name, one of `GROUPS`, words and unit.
    paper, section : str
        ``FP`` (Atmos. Meas. Tech. 2026), ``FP-pre`` (its preprint) or ``both``; section, table or figure.
    value, high : float
        The number; of a range its lower end, and its upper end (otherwise not-a-number).
    relation : str
        How the paper means it: empty, ``about``, ``at least`` or ``at most``.
    relative_tolerance, absolute_tolerance : float
        Ours agrees within the larger of both.
    scope, when : str
        What a run has to cover, of `SCOPES`, and year or day where the scope has one.
    key, argument : str
        Name of the function that computes ours, and what it is told.
    corrected : float
        What the paper should have printed; not-a-number where nothing is known to be wrong.
    erratum : str
        What is wrong, or where the papers contradict themselves.
    """

    id: str
    group: str
    paper: str
    section: str
    quantity: str
    unit: str
    value: float
    high: float
    relation: str
    relative_tolerance: float
    absolute_tolerance: float
    scope: str
    when: str
    key: str
    argument: str
    corrected: float
    erratum: str

    @property
    def day(self) -> datetime.date:
        """Day of the scope."""
        return datetime.date.fromisoformat(self.when)


def read_published(path: str | Path) -> tuple[PublishedNumber, ...]:
    """Read the list of published numbers.

    Parameters
    ----------
    path : path
        CSV with the fields of `PublishedNumber` as columns.

    Raises
    ------
    TableError
        A column or a field is missing, an id comes twice, or a group, relation, scope or number is none.
    """
    names = [field.name for field in fields(PublishedNumber)]
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except pd.errors.ParserError as error:
        raise _refused(path, ", ".join(names), str(error)) from error
    if list(table.columns) != names:
        raise _refused(path, ", ".join(names), ", ".join(map(str, table.columns)))
    for column in _NUMBERS:
        number = pd.to_numeric(table[column], errors="coerce")
        bad = number.isna() & (table[column] != "")
        if bad.any():
            raise _refused(path, f"a number as {column}", "; ".join(table.loc[bad, column]))
        table[column] = number.fillna(0.0) if column.endswith("tolerance") else number
    faults = {
        "different ids": table["id"].duplicated(),
        f"groups {', '.join(GROUPS)}": ~table["group"].isin(list(GROUPS)),
        f"relations {', '.join(RELATIONS[1:])} or none": ~table["relation"].isin(RELATIONS),
        f"scopes {', '.join(SCOPES)}": ~table["scope"].isin(SCOPES),
        "a value": table["value"].isna(),
    }
    for expected, bad in faults.items():
        if bad.any():
            raise _refused(path, expected, "; ".join(table.loc[bad, "id"]))
    return tuple(PublishedNumber(*row) for row in table.itertuples(index=False))


def _refused(path: str | Path, expected: str, found: str) -> TableError:
    return TableError(
        "the list of published numbers cannot be used",
        where=path,
        expected=expected,
        found=found,
        remedy="correct the file, or restore the one of this version",
    )
