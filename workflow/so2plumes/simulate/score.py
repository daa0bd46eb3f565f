"""Hold what was found in a simulated archive against its truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.plumes.chips import Chip
from so2plumes.simulate.truth import TRUTH_FOLDER


def overlap_pixels(truth: NDArray[np.bool_], chip: Chip, origin: tuple[int, int]) -> int:
    """Count the pixels that a truth mask and a plume share.

    Parameters
    ----------
    truth : (scanline, ground_pixel) bool
        Mask of the whole granule.
    chip : Chip
    origin : (int, int)
        Scanline and ground pixel numbers of the granule's first pixel.
    """
    rows = slice(chip.scanline_start - origin[0], chip.scanline_stop - origin[0])
    columns = slice(chip.ground_pixel_start - origin[1], chip.ground_pixel_stop - origin[1])
    return int((truth[rows, columns] & chip.mask).sum())


def score_truth(
    folder: Path, chips: Sequence[Chip], plumes: pd.DataFrame, origins: Mapping[str, tuple[int, int]]
) -> pd.DataFrame:
    """Say for every simulated plume whether it was found and with what rate.

    Parameters
    ----------
    folder : Path
        Simulated archive with its ``truth``.
    chips : sequence of Chip
    plumes : DataFrame
        Plume table.
    origins : mapping
        Numbers of the first pixel of each granule.

    Returns
    -------
    DataFrame
        The truth table with ``found``, ``plume_id`` (the plume that shares most pixels), ``shared_pixels`` and
        ``estimated_kg_h``. A plume counts as found when one pixel is shared.
    """
    truth = pd.read_parquet(folder / TRUTH_FOLDER / "plumes.parquet")
    rates = dict(zip(plumes["plume_id"], plumes["emission_kg_h"], strict=True))
    rows = []
    for granule, group in truth.groupby("granule", sort=True):
        with np.load(folder / TRUTH_FOLDER / f"{granule}.npz") as archive:
            masks, names = archive["mask"], [str(name) for name in archive["source"]]
        here = [chip for chip in chips if chip.granule == granule]
        for _, row in group.iterrows():
            mask = masks[names.index(row["source"])]
            shared = [overlap_pixels(mask, chip, origins[str(granule)]) for chip in here]
            best = int(np.argmax(shared)) if shared and max(shared) > 0 else None
            rows.append(
                {
                    **row.to_dict(),
                    "found": best is not None,
                    "plume_id": "" if best is None else here[best].plume_id,
                    "shared_pixels": 0 if best is None else shared[best],
                    "estimated_kg_h": float("nan") if best is None else rates[here[best].plume_id],
                }
            )
    extra = {"found": "bool", "plume_id": "str", "shared_pixels": "int64", "estimated_kg_h": "float64"}
    return pd.DataFrame(rows, columns=[*truth.columns, *extra]).astype({**truth.dtypes, **extra})
