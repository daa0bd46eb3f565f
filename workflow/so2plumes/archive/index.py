"""Freeze the granule list of a year from a folder of Level-2 files."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import netCDF4
import numpy as np
import pandas as pd

from so2plumes.archive.region import Region, rows_that_see
from so2plumes.archive.select import select_granules
from so2plumes.errors import ConfigError, GranuleError
from so2plumes.swath.dataset import find_variable, open_level2, read_values
from so2plumes.swath.level2 import retrieval_of
from so2plumes.swath.names import GranuleName, is_granule_file, parse_granule_name
from so2plumes.swath.product import load_product
from so2plumes.swath.times import check_times, sensing_interval

log = logging.getLogger(__name__)

INDEX_COLUMNS = (
    "granule",
    "path",
    "size_bytes",
    "orbit",
    "stream",
    "collection",
    "processor",
    "retrieval",
    "created",
    "sensing_start",
    "sensing_end",
    "date",
    "time_from",
    "selected",
    "reason",
)


def list_granules(folder: str | Path, start: date, end: date) -> list[Path]:
    """All granule files below a folder whose orbit may hold measurements of the period.

    The time in a name is the orbit's, so a day of margin is kept on both sides.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ConfigError(
            "the local archive is not there",
            where="archive.path",
            expected="a folder with Level-2 SO2 granules",
            found=str(folder),
            remedy="mount or name the folder, or choose archive.source: simulated",
        )
    lower, upper = start - timedelta(days=1), end + timedelta(days=1)
    found = []
    for base, _, names in os.walk(folder, followlinks=True):
        for name in names:
            if is_granule_file(name):
                try:
                    parsed = parse_granule_name(name)
                except GranuleError as error:
                    log.warning("left out: %s", error)
                    continue
                if lower <= parsed.start.date() <= upper:
                    found.append(Path(base) / name)
    return sorted(found)


def _sees(dataset: netCDF4.Dataset, region: Region) -> bool:
    """Tell whether a pixel of the swath lies in the region; in doubt it does."""
    fields = []
    for axis in ("longitude", "latitude"):
        variable = find_variable(dataset, load_product().variables[axis].paths)
        if variable is None:
            return True
        fields.append(np.squeeze(read_values(variable)))
    longitude, latitude = fields
    return (
        longitude.ndim != 2 or longitude.shape != latitude.shape or rows_that_see(longitude, latitude, region).size > 0
    )


def _look_inside(path: Path, name: GranuleName, region: Region | None) -> dict[str, object]:
    meets = True
    try:
        with open_level2(path) as dataset:
            meets = region is None or _sees(dataset, region)
            start, end = sensing_interval(dataset, path)
            check_times(start, end, name, path)
            retrieval, origin = retrieval_of(dataset, name), "file"
    except (GranuleError, OSError, RuntimeError, IndexError, ValueError) as error:
        log.warning("sensing time taken from the name: %s", error)
        start, end = (np.datetime64(time.replace(tzinfo=None), "ms") for time in (name.start, name.stop))
        retrieval, origin = name.retrieval, "name"
    return {
        "retrieval": retrieval,
        "sensing_start": pd.Timestamp(start, tz="UTC"),
        "sensing_end": pd.Timestamp(end, tz="UTC"),
        "date": str(start)[:10],
        "time_from": origin,
        "meets_region": meets,
    }


def describe_granule(path: Path, root: Path, region: Region | None = None) -> dict[str, object]:
    """One row of the index: identity from the name, times and retrieval from inside the file."""
    name = parse_granule_name(path)
    return _look_inside(path, name, region) | {
        "granule": name.stem,
        "path": str(path.relative_to(root)),
        "size_bytes": path.stat().st_size,
        "orbit": name.orbit,
        "stream": name.stream,
        "collection": name.collection,
        "processor": name.processor,
        "created": pd.Timestamp(name.created),
    }


def build_index(
    folder: str | Path,
    start: date,
    end: date,
    processors: Sequence[str] = (),
    retrievals: Sequence[str] = (),
    region: Region | None = None,
) -> pd.DataFrame:
    """List and select the granules whose sensing starts within a period.

    Parameters
    ----------
    folder : path
        Searched recursively.
    start, end : date
        First and last day, both included.
    processors, retrievals : sequences of str
        See `select_granules`.
    region : Region, optional
        Only granules whose swath meets it are kept, and those that cannot be read. It has no part in the selection.

    Returns
    -------
    DataFrame
        One row per granule found, selected or not, sorted by sensing time; columns `INDEX_COLUMNS`.
    """
    root = Path(folder)
    paths = list_granules(root, start, end)
    rows = []
    for count, path in enumerate(paths, 1):
        rows.append(describe_granule(path, root, region))
        if count % 100 == 0 or count == len(paths):
            log.info("read the times of %d of %d granules", count, len(paths))
    columns = [*(c for c in INDEX_COLUMNS if c not in ("selected", "reason")), "meets_region"]
    table = pd.DataFrame(rows, columns=columns)
    inside = (table["date"] >= start.isoformat()) & (table["date"] <= end.isoformat())
    table = select_granules(table[inside].reset_index(drop=True), processors, retrievals)
    if not table["meets_region"].all():
        log.info("outside the region: %d granules", int((~table["meets_region"].astype(bool)).sum()))
        table = table[table["meets_region"].astype(bool)]
    table = table.sort_values(["sensing_start", "granule"]).reset_index(drop=True)
    for column in ("created", "sensing_start", "sensing_end"):
        table[column] = pd.to_datetime(table[column], utc=True).astype("datetime64[ms, UTC]")
    return table[list(INDEX_COLUMNS)].astype(
        {
            "size_bytes": np.int64,
            "orbit": np.int64,
            "selected": bool,
            "granule": str,
            "path": str,
            "reason": str,
        }
    )


def summarise_index(table: pd.DataFrame, start: date, end: date) -> list[str]:
    """Lines that tell what was found: granules, bytes, processors, days without data."""
    selected = table[table["selected"]]
    days = pd.date_range(start, end, freq="D").strftime("%Y-%m-%d")
    empty = sorted(set(days) - set(selected["date"]))
    lines = [
        f"{len(table)} granules found, {len(selected)} selected, "
        f"{selected['size_bytes'].sum() / 1e9:.2f} GB, {len(days) - len(empty)} of {len(days)} days with data"
    ]
    for (processor, stream), group in selected.groupby(["processor", "stream"]):
        lines.append(f"processor {processor} {stream}: {len(group)} granules")
    for reason, group in table[~table["selected"]].groupby(table["reason"].str.split("_of_").str[0]):
        lines.append(f"not selected, {reason}: {len(group)} granules")
    if empty:
        lines.append(f"days without data: {len(empty)} (first {empty[0]}, last {empty[-1]})")
    return lines
