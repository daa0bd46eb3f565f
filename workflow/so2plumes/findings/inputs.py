"""Everything a report shows, and how it is read from the files of a campaign."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from so2plumes.dictionary import empty
from so2plumes.errors import TableError
from so2plumes.files import read_json
from so2plumes.findings.sample import GALLERY_SIZE, select_gallery, select_worked
from so2plumes.made_by import MadeBy
from so2plumes.table import plume_frame, read_plumes

if TYPE_CHECKING:
    import geopandas as gpd

    from so2plumes.plumes.chips import Chip

log = logging.getLogger(__name__)

CLUSTER_COLUMNS = (
    "rank",
    "cluster_id",
    "longitude",
    "latitude",
    "nearest_source",
    "source_type",
    "source_distance_km",
    "n_plumes",
    "n_days",
    "median_emission_kg_h",
    "p16_emission_kg_h",
    "p84_emission_kg_h",
    "persistence_percent",
    "first_date",
    "last_date",
)
ERUPTION_COLUMNS = (
    "eruption_number",
    "volcano_number",
    "volcano_name",
    "longitude",
    "latitude",
    "vei",
    "start",
    "end",
    "continuing",
    "n_plumes",
    "matched",
    "first_plume_date",
    "last_plume_date",
    "plume_ids",
)
EDGAR_COLUMNS = (
    "longitude",
    "latitude",
    "edgar_flux_kg_m2_s",
    "is_top",
    "nearest_plume_km",
    "has_plume",
    "plume_flux_kg_m2_s",
    "month",
)
COVERAGE_COLUMNS = (
    "granule",
    "orbit",
    "date",
    "status",
    "reason",
    "message",
    "size_bytes",
    "usable_fraction",
    "retrieval",
    "processor_version",
)
TRUTH_COLUMNS = (
    "granule",
    "source",
    "emission_kg_h",
    "n_pixels",
    "peak_sigma",
    "longitude",
    "latitude",
    "found",
    "plume_id",
    "estimated_kg_h",
)


def empty_table(columns: Iterable[str], available: bool = False) -> pd.DataFrame:
    """Return a table without rows that says in its attributes whether its source was there."""
    frame = pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    frame.attrs["available"] = available
    return frame


@dataclass(frozen=True)
class ReportInputs:
    """What a report is made of; only title, period and plumes are needed.

    Attributes
    ----------
    title : str
    start, end : date
        First and last day of the period, both included.
    plumes : GeoDataFrame
        The plume table (`so2plumes.table`).
    clusters, eruptions, edgar, coverage : DataFrame
        Columns ``CLUSTER_COLUMNS``, ``ERUPTION_COLUMNS``, ``EDGAR_COLUMNS``, ``COVERAGE_COLUMNS``; more are
        welcome. Facts about a whole table are in its ``attrs``; shares are 0..1.
    chips : sequence of Chip
        Plumes that can be shown as images.
    gallery : int
        How many of them the gallery shows.
    truth : DataFrame or None
        What a simulated archive holds, with what was found of it (``TRUTH_COLUMNS``).
    config, versions : mapping
        Configuration of the run; name and version (or digest) of everything that made it.
    made_by : sequence of MadeBy
        Which version made which periods; none where the tables do not say.
    science : mapping
        Other tables of `workflow/schemas/tables.yaml` by name; `table` gives one or its empty form.
    pages : mapping
        Other pages of the campaign by title: paths from the folder of this report.
    """

    title: str
    start: date
    end: date
    plumes: gpd.GeoDataFrame
    clusters: pd.DataFrame = field(default_factory=lambda: empty_table(CLUSTER_COLUMNS))
    eruptions: pd.DataFrame = field(default_factory=lambda: empty_table(ERUPTION_COLUMNS))
    edgar: pd.DataFrame = field(default_factory=lambda: empty_table(EDGAR_COLUMNS))
    coverage: pd.DataFrame = field(default_factory=lambda: empty_table(COVERAGE_COLUMNS))
    chips: Sequence[Chip] = ()
    gallery: int = GALLERY_SIZE
    truth: pd.DataFrame | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    made_by: Sequence[MadeBy] = ()
    science: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"the period ends ({self.end}) before it starts ({self.start})")
        for name, columns in (
            ("clusters", CLUSTER_COLUMNS),
            ("eruptions", ERUPTION_COLUMNS),
            ("edgar", EDGAR_COLUMNS),
            ("coverage", COVERAGE_COLUMNS),
        ):
            _require(getattr(self, name), columns, name)
        if self.truth is not None:
            _require(self.truth, TRUTH_COLUMNS, "truth")

    def table(self, name: str) -> pd.DataFrame:
        """Table of the dictionary by its name; without rows, and ``attrs["available"]`` false, where there is none."""
        return self.science[name] if name in self.science else empty(name, available=False)

    @property
    def years(self) -> tuple[int, ...]:
        """Calendar years that the period touches."""
        return tuple(range(self.start.year, self.end.year + 1))

    @property
    def is_simulated(self) -> bool:
        """True where the configuration or the presence of a truth says that nothing of this was measured."""
        return self.truth is not None or (self.config.get("archive") or {}).get("source") == "simulated"


def _require(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise TableError(
            "a table of the report lacks columns",
            where=what,
            expected=", ".join(columns),
            found="missing: " + ", ".join(missing),
            remedy="run the step that makes it again with this version",
        )


def read_any(path: str | Path) -> pd.DataFrame:
    """Read a table as Parquet or, by its suffix, CSV; it counts as available unless its ``attrs`` deny it."""
    path = Path(path)
    frame = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    frame.attrs.setdefault("available", True)
    return frame


def read_coverage(receipts: Iterable[str | Path]) -> pd.DataFrame:
    """Flatten receipts (one JSON a period) to one row a granule, in order of date, orbit and name."""
    rows = [granule for path in receipts for granule in read_json(path)["granules"]]
    if not rows:
        return empty_table(COVERAGE_COLUMNS)
    frame = pd.DataFrame(rows).sort_values(["date", "orbit", "granule"], ignore_index=True)
    frame.attrs["available"] = True
    return frame


def read_gallery_chips(
    plumes: pd.DataFrame, paths: Iterable[str | Path], n: int = GALLERY_SIZE, also: Iterable[str] = ()
) -> list[Chip]:
    """Read the chips of the plumes that the gallery and the worked example show, opening only the periods they lie in.

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    paths : iterable of path
        Chip files named by their period, ``2021-03-24.nc`` or ``2021-03.nc``.
    n : int
        Number of plumes.
    also : iterable of str
        Plumes to read besides.
    """
    from so2plumes.plumes.chips import read_chips

    names = {*select_gallery(plumes, n), *also, select_worked(plumes, set(plumes["plume_id"]))}
    chosen = plumes[plumes["plume_id"].isin(names)]
    wanted, dates = set(chosen["plume_id"]), tuple(sorted(set(chosen["date"])))
    chips: dict[str, Chip] = {}
    for path in sorted(Path(p) for p in paths):
        if any(day.startswith(path.stem) for day in dates):
            chips |= {chip.plume_id: chip for chip in read_chips(path) if chip.plume_id in wanted}
    if len(chips) < len(wanted):
        log.warning("%d of %d plumes of the gallery have no chip", len(wanted) - len(chips), len(wanted))
    return [chips[name] for name in sorted(chips)]


def load_inputs(
    *,
    title: str,
    start: date,
    end: date,
    plumes: Sequence[str | Path],
    science: Sequence[str | Path] = (),
    clusters: str | Path | None = None,
    eruptions: str | Path | None = None,
    edgar: str | Path | None = None,
    receipts: Sequence[str | Path] = (),
    chips: Sequence[str | Path] = (),
    truth: str | Path | None = None,
    config: Mapping[str, Any] | None = None,
    versions: Mapping[str, Any] | None = None,
) -> ReportInputs:
    """Read the inputs of a report; every path but those of the plumes may be absent.

    Parameters
    ----------
    plumes : sequence of path
        Plume tables, joined in the order given; none means a period without plumes.
    science : sequence of path
        Parquet tables named as in the dictionary, ``spikes.parquet``.
    clusters, eruptions, edgar : path, optional
        Parquet tables with their attributes.
    receipts, chips : sequence of path
        Receipts and chip files of all periods.
    truth : path, optional
        Parquet or CSV.

    Raises
    ------
    TableError
        When a table lacks columns.
    """
    frames = [read_plumes(path) for path in plumes]
    table = plume_frame([]) if not frames else pd.concat(frames, ignore_index=True)
    return ReportInputs(
        title=title,
        start=start,
        end=end,
        plumes=table,
        clusters=read_any(clusters) if clusters else empty_table(CLUSTER_COLUMNS),
        eruptions=read_any(eruptions) if eruptions else empty_table(ERUPTION_COLUMNS),
        edgar=read_any(edgar) if edgar else empty_table(EDGAR_COLUMNS),
        coverage=read_coverage(receipts),
        chips=read_gallery_chips(table, chips) if chips else (),
        truth=read_any(truth) if truth else None,
        config=dict(config or {}),
        versions=dict(versions or {}),
        science={Path(path).stem: read_any(path) for path in science},
    )
