"""Which version made which day: a record that travels with the products of a period, from step to step.

A new version of a step recomputes nothing by itself (`so2plumes.versions` does), so days of one campaign may come from
different versions. Each product of a period holds what it was made by, and the plume tables hold it of all periods.
Beside the columns of `so2plumes.provenance`, which name the configuration and the code of a row's last step, this tells
every step from the fetching on, and days without plumes too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from so2plumes.files import read_json, write_json
from so2plumes.versions import ALGORITHMS, code_version

FIELD = b"so2plumes_made_by"
FILE = "made_by.json"


@dataclass(frozen=True)
class MadeBy:
    """What made the products of some periods: version or digest by step, and the periods in time order."""

    versions: Mapping[str, str]
    periods: tuple[str, ...]


def extended(earlier: Mapping[str, str], step: str, **facts: str) -> dict[str, str]:
    """Add a step to what earlier steps were made by.

    Parameters
    ----------
    earlier : mapping
        Of the file that the step reads.
    step : str
        Name of the rule.
    facts : str
        What else decided on the result, such as the digest of a model.
    """
    return {**earlier, step: f"{ALGORITHMS[step]} (so2plumes {code_version()})", **facts}


def to_text(versions: Mapping[str, str]) -> str:
    """Write a record as one line, for the attribute of a file."""
    return json.dumps(versions, sort_keys=True)


def from_text(text: str | None) -> dict[str, str]:
    """Read a record; one that is absent is empty."""
    return dict(json.loads(text)) if text else {}


def read_attribute(path: str | Path) -> dict[str, str]:
    """Read the record of a NetCDF file; empty where it was written without."""
    import netCDF4

    with netCDF4.Dataset(path) as dataset:
        return from_text(getattr(dataset, "made_by", ""))


def write_beside(folder: Path, versions: Mapping[str, str]) -> None:
    """Leave a record in a folder of products."""
    write_json(folder / FILE, dict(versions))


def read_beside(folder: Path) -> dict[str, str]:
    """Read the record of a folder; empty where there is none."""
    path = folder / FILE
    return dict(read_json(path)) if path.is_file() else {}


def to_field(records: Iterable[MadeBy]) -> dict[bytes, bytes]:
    """Write records as metadata of a Parquet file."""
    content = [{"versions": dict(record.versions), "periods": list(record.periods)} for record in records]
    return {FIELD: json.dumps(content, sort_keys=True).encode()}


def read_field(path: str | Path) -> list[MadeBy]:
    """Read the records of a Parquet file; none where it was written without."""
    import pyarrow.parquet as pq

    found = (pq.read_metadata(path).metadata or {}).get(FIELD)
    return [MadeBy(entry["versions"], tuple(entry["periods"])) for entry in json.loads(found)] if found else []


def merged(records: Iterable[MadeBy]) -> list[MadeBy]:
    """Join records of the same versions, in the order of their first periods."""
    periods: dict[str, set[str]] = {}
    for record in records:
        periods.setdefault(to_text(record.versions), set()).update(record.periods)
    joined = [MadeBy(from_text(text), tuple(sorted(names))) for text, names in periods.items()]
    return sorted(joined, key=lambda record: (record.periods[:1], to_text(record.versions)))


def spans(periods: Sequence[str], every: Sequence[str]) -> list[tuple[str, str]]:
    """Return first and last period of every unbroken stretch.

    Parameters
    ----------
    periods : sequence of str
        Some of ``every``, in the same order.
    every : sequence of str
        All periods of the campaign in time order.
    """
    place = {name: number for number, name in enumerate(every)}
    found: list[tuple[str, str]] = []
    for name in periods:
        if found and place[name] == place[found[-1][1]] + 1:
            found[-1] = (found[-1][0], name)
        else:
            found.append((name, name))
    return found
