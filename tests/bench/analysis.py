"""Measure the analysis commands and the figures on a made campaign of 54 000 plumes and an inventory of real size.

Every command runs in a process of its own, as the workflow runs it, start-up included. Prints seconds of wall clock and
of CPU, and the largest memory. Run it with ``make bench-analysis``; SO2PLUMES_SHARED names a folder with the real GVP
lists and catalogues, which are used where they are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import netCDF4
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
SHARED = Path(os.environ.get("SO2PLUMES_SHARED", "/nonexistent")) / "data"
TABLES = (
    "plumes", "coverage", "clusters", "cluster_history", "cluster_origins", "eruptions", "eruption_plumes", "daily",
    "spikes", "region_panel", "label_shares", "none_clusters", "catalogue_eruptions", "catalogue_sources",
)  # fmt: skip
SCIENCE = TABLES[3:5] + TABLES[6:]
EDGAR = ("edgar_months", "edgar_histogram", "edgar_curve", "flux_arithmetic")
PERIOD = ("--start", "2019-01-01", "--end", "2024-12-31")


@dataclass(frozen=True)
class Measured:
    what: str
    wall_s: float
    cpu_s: float
    peak_mb: float


def run(*arguments: object) -> Measured:
    command = [sys.executable, "-m", "so2plumes", *map(str, arguments)]
    start = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        sys.exit(f"{arguments[0]} failed:\n{said[-3000:]}")
    return Measured(str(arguments[0]), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def existing(path: Path) -> object:
    return path if path.is_file() else "none"


def write_inputs(folder: Path, plumes: int) -> None:
    from tests.analysis.made_campaign import make_campaign, make_cells, make_seen

    from so2plumes.dictionary import write_described
    from so2plumes.findings.inputs import COVERAGE_COLUMNS
    from so2plumes.seen import write_seen
    from so2plumes.table import write_plumes, write_table

    made = make_campaign(plumes).plumes
    write_plumes(made, folder / "plumes.parquet")
    write_described(make_cells(made), "plume_cells", folder / "plume_cells.parquet")
    for year in range(2019, 2025):
        write_seen(make_seen(year), folder / f"seen_{year}.nc")
    days = pd.date_range("2019-01-01", "2024-12-31").strftime("%Y-%m-%d")
    granules = pd.DataFrame({"date": np.repeat(days, 14), "status": "ready", "usable_fraction": 0.5})
    for name in COVERAGE_COLUMNS:
        granules[name] = granules.get(name, "")
    write_table(granules.assign(orbit=range(len(granules)), size_bytes=0), folder / "coverage.parquet")


def write_inventory(path: Path) -> None:
    """Write 12 months of 1800 x 3600 cells in the layout of EDGAR v8.1."""
    from tests.analysis.made_campaign import make_edgar

    grid = make_edgar(2022)
    with netCDF4.Dataset(path, "w") as dataset:
        for name, axis in (("lat", grid.latitude), ("lon", grid.longitude)):
            dataset.createDimension(name, len(axis))
            dataset.createVariable(name, "f4", (name,))[:] = axis
        dataset.createDimension("time", 12)
        fluxes = dataset.createVariable("fluxes", "f4", ("time", "lat", "lon"), zlib=True, complevel=1)
        fluxes.units, fluxes.substance = "kg m-2 s-1", "SO2"
        fluxes[:] = grid.flux_kg_m2_s


def measure(folder: Path) -> list[Measured]:
    seen = ["--seen", *(folder / f"seen_{year}.nc" for year in range(2019, 2025))]
    table = {name: folder / f"{name}.parquet" for name in TABLES}
    plumes, clusters = ("--plumes", table["plumes"]), ("--clusters", table["clusters"])
    volcanoes = existing(SHARED / "gvp" / "GVP_Volcano_List_Holocene_WoWED.csv")
    known = ("--known", ROOT / "resources" / "known_sources.csv")
    sources = (*known, "--volcanoes", volcanoes)
    eruptions = existing(SHARED / "gvp" / "GVP_Eruption_Search_Result_v5.2.8_2025-05-15.csv")
    catalogues = SHARED / "so2_catalogues"
    linked = ("--eruptions", table["eruptions"], "--eruption-plumes", table["eruption_plumes"])
    return [
        run("cluster-plumes", *plumes, *sources, *seen, *PERIOD, "--origin", "upwind", "--centre", "densest",
            "--out", table["clusters"]),
        run("describe-clusters", *plumes, *clusters, *sources, *seen, *PERIOD, "--centre", "densest",
            "--history", table["cluster_history"], "--origins", table["cluster_origins"]),
        run("match-eruptions", *plumes, *known, *seen, *PERIOD, "--eruptions", eruptions,
            "--out", table["eruptions"], "--plumes-out", table["eruption_plumes"]),
        run("describe-days", *plumes, "--coverage", table["coverage"], *clusters, *linked, *seen, *PERIOD,
            "--regions", ROOT / "resources" / "regions.csv", "--daily", table["daily"], "--spikes", table["spikes"],
            "--panel", table["region_panel"]),
        run("describe-labels", *plumes, *clusters, *sources, "--shares", table["label_shares"],
            "--out", table["none_clusters"]),
        run("compare-catalogues", *plumes, *clusters, *linked, *sources, *seen, *PERIOD,
            "--masses", existing(catalogues / "MSVOLSO2L4_20260129.txt"),
            "--persistent", existing(catalogues / "so2_volcanic_emissions_Carns.20200630.rc"),
            "--masses-out", table["catalogue_eruptions"], "--rates-out", table["catalogue_sources"]),
        run("export-csv", *(path for name, path in table.items() if name not in ("plumes", "coverage")),
            "--out", folder / "tables"),
    ]  # fmt: skip


def draw(folder: Path) -> Measured:
    """Draw every figure but those of single plumes, which a made campaign has no chips of."""
    tables = {name: folder / f"{name}.parquet" for name in ("plumes", "clusters", "coverage", "eruptions", "edgar")}
    named = [part for name, path in tables.items() for part in (f"--{name}", path)]
    science = [folder / f"{name}.parquet" for name in (*SCIENCE, *EDGAR)]
    return run("draw-figures", *named, *PERIOD, "--science", *science, "--figures", folder / "figures")


def show(title: str, lines: list[Measured]) -> None:
    print(f"\n{title}\n{'command':20}  {'wall s':>7}  {'CPU s':>7}  {'peak MB':>8}")
    total = Measured("all", *(sum(getattr(line, name) for line in lines) for name in ("wall_s", "cpu_s")),
                     max(line.peak_mb for line in lines))  # fmt: skip
    for line in [*lines, total] if len(lines) > 1 else lines:
        print(f"{line.what:20}  {line.wall_s:7.1f}  {line.cpu_s:7.1f}  {line.peak_mb:8.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plumes", type=int, default=53_993)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, options.plumes)
        show(f"tables of {options.plumes} plumes over 2192 days", measure(folder))
        inventory = folder / "v8.1_FT2022_AP_SO2_2022_TOTALS_flx.nc"
        write_inventory(inventory)
        inputs = ("--plumes", folder / "plumes.parquet", "--cells", folder / "plume_cells.parquet")
        outputs = ("--folder", folder, "--out", folder / "edgar.parquet")
        show("EDGAR, 12 x 1800 x 3600", [run("compare-edgar", *inputs, "--edgar", inventory, "--year", 2022, *outputs)])
        show("figures", [draw(folder)])


if __name__ == "__main__":
    main()
