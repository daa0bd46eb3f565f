"""What it takes to fetch a year again: its frozen list knows granules and bytes before anything is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from so2plumes.config import Config
from so2plumes.errors import TableError
from so2plumes.periods import year_bounds


@dataclass(frozen=True)
class FetchSize:
    """Selected granules of the campaign's days of one year, their bytes, and where they come from."""

    year: int
    granules: int
    n_bytes: float
    source: str


def source_of(config: Config, year: int) -> str:
    """Where the granules of a year come from."""
    if config.archive.source == "cdse":
        return config.archive.download
    if config.archive.source == "s3":
        return f"bucket {config.archive.bucket} of {config.archive.s3_endpoint or 'Amazon S3'}"
    return f"{config.results}/{year}/simulated" if config.archive.source == "simulated" else config.archive.path


def fetch_size(config: Config, year: int, root: Path = Path()) -> FetchSize:
    """Count what a new detection of a year would fetch: the compact swaths of finished days are gone.

    Parameters
    ----------
    config : Config
    year : int
    root : path
        Folder in which the workflow runs.

    Raises
    ------
    TableError
        When the granule list of the year is not there.
    """
    from so2plumes.table import read_table

    path = root / config.results / str(year) / "index.parquet"
    if not path.is_file():
        raise TableError(
            "the granule list of the year is not there",
            where=path,
            remedy=f"snakemake {config.results}/{year}/index.parquet --cores 1 makes it and fetches no granule",
        )
    index = read_table(path)
    first, last = year_bounds(config.campaign.start, config.campaign.end, year)
    rows = index[index["selected"] & index["date"].between(str(first), str(last))]
    known = rows.loc[rows["size_bytes"] > 0, "size_bytes"]
    n_bytes = float(known.mean() * len(rows)) if len(known) else 0.0
    return FetchSize(year, len(rows), n_bytes, source_of(config, year))
