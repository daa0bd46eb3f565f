"""The eruption list of the Global Volcanism Program (GVP), in every layout that it is distributed in.

Layouts, told apart by content and never by suffix: the website's search result as xlsx (a title row above
the header) or as CSV (header in row 1 or 2), and the web service's layers as GeoJSON or CSV
(``E3WebApp_Eruptions1960``).

Dates are days as datetime64, whose years are astronomical: GVP's -1 (1 BCE) is kept as the number -1. A day
or month that is 0 or empty is unknown, and the date then stands for the widest interval that it allows.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.errors import ExternalDataError
from so2plumes.sources.gvp_tables import read_cells

logger = logging.getLogger(__name__)

_ALIASES = {
    "eruption_number": ("eruptionnumber", "activityid"),
    "volcano_number": ("volcanonumber",),
    "volcano_name": ("volcanoname",),
    "longitude": ("longitude", "longitudedecimal"),
    "latitude": ("latitude", "latitudedecimal"),
    "vei": ("vei", "explosivityindexmax"),
    "start_year": ("startyear", "startdateyear"),
    "start_month": ("startmonth", "startdatemonth"),
    "start_day": ("startday", "startdateday"),
    "end_year": ("endyear", "enddateyear"),
    "end_month": ("endmonth", "enddatemonth"),
    "end_day": ("endday", "enddateday"),
}
_OPTIONAL = {
    "category": ("eruptioncategory", "activitytype"),
    "end_year_modifier": ("endyearmodifier", "enddateyearmodifier"),
    "continuing": ("continuingeruption",),
    "start_day_uncertainty": ("startdayuncertainty", "startdatedayuncertainty"),
    "end_day_uncertainty": ("enddayuncertainty", "enddatedayuncertainty"),
}
_OPEN_END = np.datetime64("9999-12-31", "D")

ERUPTION_COLUMNS = (
    "eruption_number",
    "volcano_number",
    "volcano_name",
    "longitude",
    "latitude",
    "vei",
    "start_year",
    "start_month",
    "start_day",
    "start_day_uncertainty",
    "start_earliest",
    "start_latest",
    "end_year",
    "end_month",
    "end_day",
    "end_day_uncertainty",
    "end_earliest",
    "end_latest",
    "continuing",
    "end_known",
)
"""Columns of the eruption table, in order."""


def read_eruptions(path: str | Path, confirmed_only: bool = True) -> pd.DataFrame:
    """Read a GVP eruption list of any layout.

    Parameters
    ----------
    path : path
        The file as downloaded.
    confirmed_only : bool
        Leave out eruptions whose category says that they are uncertain or discredited. A layout without
        categories holds confirmed eruptions.

    Returns
    -------
    DataFrame
        Columns `ERUPTION_COLUMNS`, in the order of the file. Years are integers, negative before our era;
        months and days are 0 where unknown. `start_earliest` .. `end_latest` are datetime64 of the widest
        interval (`end_*` NaT where no end is listed; `end_latest` NaT for a continuing eruption, whose
        `end_earliest` is the last report). `continuing` is True where the list says that the eruption went
        on when it was made; `end_known` where it is over and its end is listed. The uncertainties are the
        list's own, in days, and widen nothing.

    Raises
    ------
    ExternalDataError
        The layout is none of those known; the message says what was found.
    """
    header, rows = read_cells(Path(path))
    cells = _unify(header, rows, path)
    if confirmed_only and "category" in cells:
        category = cells["category"].fillna("").astype(str).str.casefold()
        keep = ~category.str.contains("uncertain|discredited")
        if not keep.all():
            logger.info("%s: %d unconfirmed eruptions left out", path, int((~keep).sum()))
        cells = cells[keep]
    dated = pd.to_numeric(cells["start_year"], errors="coerce").notna()
    if not dated.all():
        logger.warning("%s: %d eruptions without a start year left out", path, int((~dated).sum()))
    return _eruption_table(cells[dated].reset_index(drop=True))


def _unify(header: list[str], rows: list[list[Any]], path: str | Path) -> pd.DataFrame:
    where = {"".join(c for c in name.casefold() if c.isalnum()): i for i, name in reversed([*enumerate(header)])}
    found: dict[str, int] = {}
    for column, names in (_ALIASES | _OPTIONAL).items():
        index = next((where[name] for name in names if name in where), None)
        if index is not None:
            found[column] = index
    missing = [column for column in _ALIASES if column not in found]
    if not {"end_year_modifier", "continuing"} & found.keys():
        missing.append("end_year_modifier or continuing")
    if missing:
        raise ExternalDataError(
            "the GVP file is not an eruption list: it lacks " + ", ".join(missing),
            where=path,
            expected="the eruption search result or the layer E3WebApp_Eruptions1960",
            found="columns " + ", ".join(header)[:400],
            remedy="download the eruption list, not the volcano list, with dates and coordinates",
        )
    width = len(header)
    padded = [[*row[:width], *[None] * (width - len(row))] for row in rows]
    table = pd.DataFrame(padded, columns=range(width), dtype=object)
    return pd.DataFrame({column: table[index] for column, index in found.items()})


def _eruption_table(cells: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame({"volcano_name": cells["volcano_name"].astype("str").str.strip()})
    for column in _ALIASES.keys() - {"volcano_name"}:
        table[column] = pd.to_numeric(cells[column], errors="coerce").astype("float64")
    for column in ("start_day_uncertainty", "end_day_uncertainty"):
        values = cells[column] if column in cells else pd.Series(np.nan, index=cells.index)
        table[column] = pd.to_numeric(values, errors="coerce").astype("float64")
    table["continuing"] = _continuing(cells)
    for side in ("start", "end"):
        parts = (table[f"{side}_{part}"].to_numpy() for part in ("year", "month", "day"))
        table[f"{side}_earliest"], table[f"{side}_latest"] = date_bounds(*parts)
    table["end_known"] = table["end_year"].notna() & ~table["continuing"]
    table["end_latest"] = table["end_latest"].where(table["end_known"])
    whole = ("start_month", "start_day", "end_month", "end_day")
    table = table.fillna(dict.fromkeys(whole, 0))
    integers = {
        "eruption_number": "Int64",
        "volcano_number": "Int64",
        "end_year": "Int64",
        "start_year": "int64",
    }
    table = table.astype(integers | dict.fromkeys(whole, "int64"))
    return table[list(ERUPTION_COLUMNS)]


def _continuing(cells: pd.DataFrame) -> pd.Series:
    """GeoJSON says it as text; the search result by '>' before the end year, never before the day alone."""
    if "continuing" in cells:
        return cells["continuing"].map(lambda value: str(value).strip().casefold() in ("true", "1", "yes"))
    return cells["end_year_modifier"].map(lambda value: str(value).strip() == ">")


def date_bounds(
    year: NDArray[np.float64], month: NDArray[np.float64], day: NDArray[np.float64]
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Return the first and last day that a partly known date can mean.

    Parameters
    ----------
    year, month, day : array of float, shape (n,)
        NaN year gives NaT; a month or day that is 0 or NaN is unknown, and so is the day of an unknown
        month. A day beyond the end of its month is the last day of it.

    Returns
    -------
    earliest, latest : array of datetime64[D], shape (n,)
    """
    year, month, day = (np.asarray(part, dtype=float) for part in (year, month, day))
    dated = np.isfinite(year)
    months = 12 * (np.where(dated, year, 1970) - 1970).astype(np.int64)
    month_known = np.isfinite(month) & (month >= 1) & (month <= 12)
    day_known = month_known & np.isfinite(day) & (day >= 1)
    first = (months + np.where(month_known, month - 1, 0).astype(np.int64)).astype("datetime64[M]")
    after = first + np.where(month_known, 1, 12).astype("timedelta64[M]")
    last_day = after.astype("datetime64[D]") - np.timedelta64(1, "D")
    offset = np.where(day_known, day - 1, 0).astype("timedelta64[D]")
    exact = np.minimum(first.astype("datetime64[D]") + offset, last_day)
    nothing = np.datetime64("NaT", "D")
    return np.where(dated, exact, nothing), np.where(dated, np.where(day_known, exact, last_day), nothing)


def last_days(eruptions: pd.DataFrame) -> NDArray[np.datetime64]:
    """Return the last day on which each eruption may have been active (datetime64[D]).

    A continuing eruption has an open end (year 9999). One that is over but whose end is not listed is known
    for its start alone: its last day is the latest day of that.
    """
    end = eruptions["end_latest"].to_numpy().astype("datetime64[D]")
    start = eruptions["start_latest"].to_numpy().astype("datetime64[D]")
    end = np.where(np.isnat(end), start, np.maximum(end, start))
    return np.where(eruptions["continuing"].to_numpy(dtype=bool), _OPEN_END, end)


def active_between(eruptions: pd.DataFrame, start: Any, end: Any) -> pd.DataFrame:
    """Return the eruptions that overlap a period (FP 3.2).

    Parameters
    ----------
    eruptions : DataFrame
        From `read_eruptions`.
    start, end : date-like
        First and last day of the period, both inside it.

    Returns
    -------
    DataFrame
        The rows whose interval from the earliest start to `last_days` meets the period; index reset.
    """
    first, last = (np.datetime64(pd.Timestamp(day).date(), "D") for day in (start, end))
    if last < first:
        raise ValueError(f"the period ends ({last}) before it starts ({first})")
    begun = eruptions["start_earliest"].to_numpy().astype("datetime64[D]") <= last
    return eruptions[begun & (last_days(eruptions) >= first)].reset_index(drop=True)
