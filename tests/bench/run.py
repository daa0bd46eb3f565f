"""Measure the slow steps against their plain versions, in the same run on the same machine.

Prints seconds and ratios; a ratio above 1 means that ours is faster. Run it with ``make bench``, which then measures
detection (`detection.py`).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Line:
    what: str
    ours_s: float
    reference: str
    reference_s: float


def seconds(work: Callable[[], object], repeat: int = 1) -> float:
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def bench_reader(folder: Path) -> Line:
    import xarray as xr

    from so2plumes.simulate.level2 import write_level2
    from so2plumes.simulate.orbits import swath_geometry
    from so2plumes.simulate.scenes import build_scene
    from so2plumes.swath.level2 import read_level2

    geometry = swath_geometry(17849, scanlines=(1500, 2500))
    path = write_level2(folder, build_scene(geometry, [], np.random.default_rng(0)).scene)
    groups = ("", "GEOLOCATIONS", "INPUT_DATA", "DETAILED_RESULTS")

    def reference() -> None:
        for name in groups:
            group = f"PRODUCT/SUPPORT_DATA/{name}" if name else "PRODUCT"
            with xr.open_dataset(path, group=group, engine="netcdf4") as dataset:
                dataset.load()

    return Line(
        "read a granule, 1000 x 450", seconds(lambda: read_level2(path), 3), "xarray, all groups", seconds(reference, 3)
    )


def bench_areas() -> Line:
    from pyproj import Geod

    from so2plumes.simulate.orbits import swath_geometry
    from so2plumes.swath.geometry import pixel_areas_m2

    geometry = swath_geometry(17849, scanlines=(2000, 2100))
    lon, lat = geometry.longitude_bounds, geometry.latitude_bounds
    geod = Geod(ellps="WGS84")

    def reference() -> list[float]:
        flat = zip(lon.reshape(-1, 4), lat.reshape(-1, 4), strict=True)
        return [abs(geod.polygon_area_perimeter(a, b)[0]) for a, b in flat]

    ours = seconds(lambda: pixel_areas_m2(lon, lat), 3)
    return Line("areas of 45 000 pixels", ours, "pyproj.Geod, one by one", seconds(reference))


def bench_clusters(n: int = 54_000) -> Line:
    from sklearn.cluster import DBSCAN

    from so2plumes.sources.clusters import cluster_labels

    rng = np.random.default_rng(0)
    centres = np.column_stack([rng.uniform(-180, 180, 90), rng.uniform(-60, 70, 90)])
    points = centres[rng.integers(90, size=n)] + rng.normal(0, 0.4, (n, 2))
    points[: n // 3] = np.column_stack([rng.uniform(-180, 180, n // 3), rng.uniform(-80, 80, n // 3)])
    radians = np.radians(points[:, ::-1])

    def reference() -> None:
        DBSCAN(eps=50 / 6371.0088, min_samples=20, metric="haversine", algorithm="ball_tree").fit(radians)

    ours = seconds(lambda: cluster_labels(points[:, 0], points[:, 1]))
    return Line(f"DBSCAN of {n} plumes", ours, "haversine ball tree", seconds(reference))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = [bench_areas(), bench_clusters(), bench_reader(Path(folder))]
    width = max(len(line.what) for line in lines)
    print(f"{'step':{width}}  {'ours s':>8}  {'reference s':>11}  {'ratio':>6}  reference")
    for line in lines:
        ratio = line.reference_s / line.ours_s
        print(f"{line.what:{width}}  {line.ours_s:8.2f}  {line.reference_s:11.2f}  {ratio:6.1f}  {line.reference}")


if __name__ == "__main__":
    main()
