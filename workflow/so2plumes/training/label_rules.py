"""What a table of labels must hold (docs/labels.md)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from so2plumes.errors import GranuleError, TableError
from so2plumes.swath.names import parse_granule_name

if TYPE_CHECKING:
    import geopandas as gpd

COLUMNS = ("granule", "label", "source", "method", "author", "date", "version", "complete", "geometry")
"""Columns of a table of labels; ``complete`` may be missing from a file and is then false."""
LABELS = ("plume", "quiet")
SOURCES = ("annotated", "reviewed")


@dataclass(frozen=True)
class _Rule:
    """What a column of one row must hold."""

    expected: str
    holds: Callable[[Any], bool]
    remedy: str


def _is_granule(value: Any) -> bool:
    try:
        return isinstance(value, str) and parse_granule_name(value).stem == value
    except GranuleError:
        return False


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_version(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= 1


_RULES: dict[str, _Rule] = {
    "granule": _Rule("the name of a Level-2 SO2 file without suffix", _is_granule, "copy the name of the file"),
    "label": _Rule(" or ".join(LABELS), lambda v: v in LABELS, "say what the polygon holds"),
    "source": _Rule(" or ".join(SOURCES), lambda v: v in SOURCES, "say where the polygon comes from"),
    "method": _Rule("text such as hand, or the identity of a detector", _is_text, "say how the polygon was made"),
    "author": _Rule(
        "the name of the person who drew or confirmed the polygon",
        _is_text,
        "a proposal is no label: look at its picture, delete the row if in doubt, else set author and date",
    ),
    "date": _Rule("a date, YYYY-MM-DD", _is_date, "set the day on which the polygon was drawn or confirmed"),
    "version": _Rule("a whole number from 1", _is_version, "count the versions of an author's labels of a granule"),
    "complete": _Rule("true or false", lambda v: isinstance(v, bool | np.bool_), "leave it out unless it is true"),
}


def _geometry_problem(geometry: Any) -> str | None:
    """Say what is wrong with a polygon, or None."""
    import shapely

    if geometry is None or geometry.is_empty:
        return "no geometry"
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        return str(geometry.geom_type)
    west, south, east, north = geometry.bounds
    if west < -180.0 or east > 180.0 or south < -90.0 or north > 90.0:
        return f"longitudes {west:g} to {east:g}, latitudes {south:g} to {north:g}"
    if not geometry.is_valid:
        return f"an invalid polygon: {shapely.is_valid_reason(geometry)}"
    for part in shapely.get_parts(geometry):
        longitude, latitude = shapely.get_coordinates(part.exterior).T
        at_pole = np.abs(latitude) > 90.0 - 1e-6
        if (np.abs(np.diff(longitude)) > 180.0)[~(at_pole[1:] & at_pole[:-1])].any():
            return "an edge longer than 180 degrees"
    return None


def _check_row(row: Mapping[str, Any], where: str, proposal: bool) -> None:
    for name, rule in _RULES.items():
        if proposal and name in ("author", "date"):
            continue
        if not rule.holds(row[name]):
            raise TableError(
                f"a label has no valid {name}",
                where=f"{where}, column {name}",
                expected=rule.expected,
                found=repr(row[name]),
                remedy=rule.remedy,
            )
    problem = _geometry_problem(row["geometry"])
    if problem is not None:
        raise TableError(
            "a label has no usable polygon",
            where=f"{where}, column geometry",
            expected="a Polygon or MultiPolygon, longitude -180..180, latitude -90..90, valid",
            found=problem,
            remedy="draw it again; cut it in two at the antimeridian (RFC 7946, 3.1.9)",
        )
    if row["complete"] and row["source"] != "annotated":
        raise TableError(
            "only an annotated granule can be complete",
            where=f"{where}, column complete",
            expected="false, or source annotated",
            found=f"true, source {row['source']}",
            remedy="a person must have searched the whole granule: draw quiet polygons instead",
        )


def checked(labels: gpd.GeoDataFrame, where: str | Path, proposals: bool = False) -> gpd.GeoDataFrame:
    """Check every row of a table of labels.

    Parameters
    ----------
    labels : GeoDataFrame
    where : path
        File that the table comes from or goes to.
    proposals : bool
        Let rows pass whose ``author`` is empty.

    Returns
    -------
    GeoDataFrame
        The columns of `COLUMNS`, in that order.

    Raises
    ------
    TableError
        At the first row that breaks a rule; rows count from 1.
    """
    import pandas as pd

    missing = [name for name in COLUMNS if name not in labels and name != "complete"]
    if missing:
        raise TableError(
            "a table of labels lacks columns",
            where=where,
            expected=", ".join(COLUMNS),
            found=f"without {', '.join(missing)}",
            remedy="see docs/labels.md",
        )
    given = labels["complete"] if "complete" in labels else [False] * len(labels)
    labels = labels.assign(complete=np.array([False if pd.isna(value) is True else value for value in given], object))
    for number, row in enumerate(labels[list(COLUMNS)].to_dict("records"), 1):
        _check_row(row, f"{where}: row {number}", proposal=proposals and row["author"] == "")
    return labels[list(COLUMNS)].astype({"version": "int64", "complete": bool})
