"""How long the jobs of a run took, from their benchmarks."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DetectionTime:
    """One job of detection: engine (``gpu``, ``compiled`` ...; empty where unknown), swaths, their pixels, seconds."""

    engine: str
    swaths: int
    pixels: int
    seconds: float


@dataclass(frozen=True)
class Pace:
    """Times of a run.

    Attributes
    ----------
    detection : tuple of DetectionTime
    estimation_s : float
        Seconds of all jobs that estimate rates; 0 where none is known.
    """

    detection: tuple[DetectionTime, ...] = ()
    estimation_s: float = 0.0


def read_pace(results: str | Path) -> Pace:
    """Read what the finished jobs under a folder of results took.

    Parameters
    ----------
    results : path
        With ``benchmarks/{year}/{step}/{period}.tsv`` and ``{year}/probability/{period}.nc``. A job without one of
        them is left out.
    """
    results = Path(results)
    detection = []
    for path, seconds in _benchmarks(results, "detect_plumes"):
        probability = results / path.parent.parent.name / "probability" / f"{path.stem}.nc"
        if probability.is_file() and (found := _detection_time(probability, seconds)) is not None:
            detection.append(found)
    return Pace(tuple(detection), sum(seconds for _, seconds in _benchmarks(results, "estimate_emissions")))


def _benchmarks(results: Path, step: str) -> Iterator[tuple[Path, float]]:
    for path in sorted((results / "benchmarks").glob(f"*/{step}/*.tsv")):
        with path.open() as stream:
            row = next(csv.DictReader(stream, delimiter="\t"), {})
        try:
            yield path, float(row["s"])
        except (KeyError, ValueError):
            continue


def _detection_time(path: Path, seconds: float) -> DetectionTime | None:
    import netCDF4

    try:
        with netCDF4.Dataset(path) as dataset:
            sizes = [group["probability"].size for group in dataset.groups.values()]
            engine = str(getattr(dataset, "engine", ""))
    except (OSError, IndexError):
        return None
    return DetectionTime(engine, len(sizes), int(sum(sizes)), seconds)
