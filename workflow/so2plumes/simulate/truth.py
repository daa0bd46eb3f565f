"""What is known about a simulated archive: one row per plume, one per granule, and the masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from so2plumes.constants import SO2_KG_PER_MOL
from so2plumes.files import atomic_path
from so2plumes.simulate.orbits import SwathGeometry, to_datetime64
from so2plumes.simulate.scenes import PlumeTruth, SimulatedScene
from so2plumes.simulate.views import locate
from so2plumes.swath.geometry import pixel_areas_m2

if TYPE_CHECKING:
    import pandas as pd

TRUTH_FOLDER = "truth"


@dataclass(frozen=True)
class SimulatedGranule:
    """One written granule.

    Attributes
    ----------
    path : Path
    date : date
        UTC day of the first scanline.
    orbit : int
    kind : str
        ``plume, quiet, truncated, all_fill, duplicate`` or ``tiny``.
    n_plumes : int
        Plumes with a truth mask.
    rows : tuple of mappings
        Their rows of ``truth/plumes.parquet``.
    """

    path: Path
    date: date
    orbit: int
    kind: str
    n_plumes: int
    rows: tuple[Mapping[str, Any], ...]


def mass_in_swath_kg(truth: PlumeTruth, geometry: SwathGeometry) -> float:
    """SO2 of a plume within the granule: the sum of column x area x molar mass."""
    seen = truth.signal > 0
    areas = pixel_areas_m2(geometry.longitude_bounds[seen], geometry.latitude_bounds[seen])
    return float((truth.signal[seen] * areas).sum() * SO2_KG_PER_MOL)


def _time_of(truth: PlumeTruth, geometry: SwathGeometry) -> float:
    """Overpass of the source, or of the plume's strongest pixel where the swath misses the source."""
    times, plume = geometry.time_s, truth.emission.plume
    view = locate(geometry.orbit, plume.longitude, plume.latitude)
    if view is not None and times[0] <= view.time_s <= times[-1]:
        return view.time_s
    scanline = np.unravel_index(int(np.argmax(truth.signal)), truth.signal.shape)[0]
    return float(times[scanline])


def plume_row(truth: PlumeTruth, granule: str, day: date, geometry: SwathGeometry) -> dict[str, Any]:
    """Row of the truth table for one plume."""
    emission, plume = truth.emission, truth.emission.plume
    return {
        "granule": granule,
        "date": day.isoformat(),
        "orbit": geometry.orbit,
        "time": to_datetime64(_time_of(truth, geometry)),
        "source": emission.source,
        "source_type": emission.kind,
        "longitude": plume.longitude,
        "latitude": plume.latitude,
        "emission_kg_h": plume.emission_kg_s * 3600.0,
        "wind_speed_m_s": plume.wind_speed_m_s,
        "wind_toward_deg": plume.wind_toward_deg,
        "lifetime_h": plume.lifetime_h,
        "age_h": plume.age_h,
        "length_m": plume.length_m,
        "mass_kg": mass_in_swath_kg(truth, geometry),
        "height_m": emission.height_m,
        "n_pixels": int(truth.mask.sum()),
        "n_usable": truth.n_usable,
        "peak_sigma": truth.peak_sigma,
    }


def write_masks(folder: Path, granule: str, simulated: SimulatedScene) -> Path:
    """Write ``truth/<granule>.npz``.

    Holds ``mask`` (plume, scanline, ground_pixel) bool, ``signal`` (scanline, ground_pixel) float32 mol m-2
    of all plumes together, ``noise_std`` float32 mol m-2 and ``source`` (plume,) names.
    """
    path = folder / TRUTH_FOLDER / f"{granule}.npz"
    shape = simulated.noise_std.shape
    masks = [truth.mask for truth in simulated.plumes]
    signals = [truth.signal for truth in simulated.plumes]
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        np.savez_compressed(
            stream,
            mask=np.stack(masks) if masks else np.zeros((0, *shape), bool),
            signal=_short(np.sum(signals, axis=0) if signals else np.zeros(shape)),
            noise_std=_short(simulated.noise_std),
            source=np.array([truth.emission.source for truth in simulated.plumes], dtype=str),
        )
    return path


def _short(values: np.ndarray) -> np.ndarray:
    step = 2.0**-24
    return (np.round(values / step) * step).astype(np.float32)


def _merge(path: Path, fresh: pd.DataFrame, days: Sequence[str], order: list[str]) -> None:
    import pandas as pd

    if path.exists():
        old = pd.read_parquet(path)
        kept = old[~old["date"].isin(days)]
        fresh = pd.concat([kept, fresh], ignore_index=True) if len(kept) else fresh
    fresh = fresh.sort_values(order, kind="stable").reset_index(drop=True)
    with atomic_path(path) as temporary:
        fresh.to_parquet(temporary, index=False)


def write_truth(folder: Path, days: Sequence[date], granules: Sequence[SimulatedGranule]) -> None:
    """Write ``truth/plumes.parquet`` and ``truth/granules.parquet``; rows of other days stay as they are."""
    import pandas as pd

    names = [day.isoformat() for day in days]
    rows = [row for granule in granules for row in granule.rows]
    columns = list(plume_columns())
    plumes = pd.DataFrame(rows, columns=columns).astype(plume_columns())
    _merge(folder / TRUTH_FOLDER / "plumes.parquet", plumes, names, ["time", "granule", "source"])
    listed = pd.DataFrame(
        [(g.path.stem, g.date.isoformat(), g.orbit, g.kind, g.n_plumes, g.path.stat().st_size) for g in granules],
        columns=["granule", "date", "orbit", "kind", "n_plumes", "size_bytes"],
    )
    _merge(folder / TRUTH_FOLDER / "granules.parquet", listed, names, ["date", "orbit", "granule"])


def plume_columns() -> dict[str, str]:
    """Columns of ``truth/plumes.parquet`` with their types."""
    return {
        "granule": "str",
        "date": "str",
        "orbit": "int64",
        "time": "datetime64[ms]",
        "source": "str",
        "source_type": "str",
        "longitude": "float64",
        "latitude": "float64",
        "emission_kg_h": "float64",
        "wind_speed_m_s": "float64",
        "wind_toward_deg": "float64",
        "lifetime_h": "float64",
        "age_h": "float64",
        "length_m": "float64",
        "mass_kg": "float64",
        "height_m": "float64",
        "n_pixels": "int64",
        "n_usable": "int64",
        "peak_sigma": "float64",
    }
