"""Tables of a report as files."""

from __future__ import annotations

from pathlib import Path

from so2plumes.files import atomic_path
from so2plumes.findings import summary as tables
from so2plumes.findings.inputs import ReportInputs
from so2plumes.table import lists_as_text


def write_tables(inputs: ReportInputs, folder: str | Path) -> list[Path]:
    """Write the tables of a report as CSV: numbers with six significant figures, lists separated by blanks.

    Returns
    -------
    list of Path
        ``yearly, clusters, eruptions, coverage, quarantined``.
    """
    content = {
        "yearly.csv": tables.yearly(inputs),
        "clusters.csv": inputs.clusters,
        "eruptions.csv": inputs.eruptions,
        "coverage.csv": tables.coverage_by_month(inputs),
        "quarantined.csv": tables.quarantined(inputs),
    }
    paths = []
    for name, frame in content.items():
        paths.append(Path(folder) / name)
        with atomic_path(paths[-1]) as temporary:
            lists_as_text(frame).to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
    return paths
