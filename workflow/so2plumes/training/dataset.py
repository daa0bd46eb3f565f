"""The training set: 32 x 32 images with truth and weight, and a table that says where each comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from so2plumes.detect.inputs import INPUTS
from so2plumes.errors import TableError
from so2plumes.files import atomic_directory

if TYPE_CHECKING:
    import pandas as pd

ARRAYS = ("z", "column", "truth", "weight")
TABLE_COLUMNS: dict[str, str] = {
    "part": "`train` or `test`",
    "source": "`injected`, `reviewed` or `annotated` where the image holds a plume, else `none`",
    "truth_definition": "how the truth of the image was made",
    "kind": "kind of the injected plume",
    "author": "who drew or confirmed the label",
    "date": "date of the label",
    "version": "version of the label; 0 without one",
    "granule": "granule that the image was cut from",
    "archive": "folder of the granule",
    "orbit": "orbit number",
    "region": "4 x 4 degree region of the image's middle, by its south-west corner",
    "scanline": "scanline of the first row, in the full orbit",
    "ground_pixel": "ground pixel of the first column, in the full row",
    "n_truth": "plume pixels that count (weight 1)",
    "peak_sigma": "largest plume signal on pixels that count, in units of the local noise",
    "background_du": "mean of the added extended enhancement",
    "noise_du": "median of the local noise",
    "viewing_zenith_deg": "median viewing zenith angle",
    "solar_zenith_deg": "median solar zenith angle",
    "edge": "true where the image touches the 20 outer ground pixels of the swath",
}
"""Columns of the table of images."""


@dataclass(frozen=True)
class TrainingSet:
    """Images with truth.

    Attributes
    ----------
    z : (n, window, window) float32
        Column above the local background in units of the local noise; 0 where not usable.
    column : (n, window, window) float32
        Column, mol m-2; 0 where not usable.
    truth : (n, window, window) bool
    weight : (n, window, window) float32
        See `so2plumes.training.scenes.scene_weight`.
    table : DataFrame
        A row per image, `TABLE_COLUMNS`.
    """

    z: NDArray[np.float32]
    column: NDArray[np.float32]
    truth: NDArray[np.bool_]
    weight: NDArray[np.float32]
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.truth)

    def pick(self, chosen: NDArray) -> TrainingSet:
        """Return some images, by mask or number."""
        arrays = {name: getattr(self, name)[chosen] for name in ARRAYS}
        return TrainingSet(**arrays, table=self.table[chosen] if chosen.dtype == bool else self.table.iloc[chosen])

    def part(self, name: str) -> TrainingSet:
        """Return the ``train`` or the ``test`` part."""
        return self.pick((self.table["part"] == name).to_numpy())

    def inputs(self, normalisation: str, channels: int = 1) -> NDArray[np.float32]:
        """Return the images as a network sees them, (n, window, window, channels)."""
        return INPUTS[normalisation].prepare(_SCENE_IMAGES[normalisation](self), channels)


_SCENE_IMAGES: dict[str, Callable[[TrainingSet], NDArray[np.float32]]] = {
    "local_robust": lambda data: np.arcsinh(data.z),
    "window_max": lambda data: data.column,
}


def write_training_set(data: TrainingSet, folder: str | Path) -> None:
    """Write a training set as a folder of ``images.npz`` and ``images.parquet``, atomically."""
    with atomic_directory(folder) as temporary:
        np.savez_compressed(temporary / "images.npz", **{name: getattr(data, name) for name in ARRAYS})
        data.table.to_parquet(temporary / "images.parquet", index=False)


def read_training_set(folder: str | Path) -> TrainingSet:
    """Read a training set.

    Raises
    ------
    TableError
        When the folder does not hold a whole one.
    """
    import pandas as pd

    folder = Path(folder)
    try:
        with np.load(folder / "images.npz") as archive:
            arrays = {name: archive[name] for name in ARRAYS}
        table = pd.read_parquet(folder / "images.parquet", columns=list(TABLE_COLUMNS))
    except (OSError, KeyError, ValueError) as error:
        raise TableError(
            "the training set cannot be read",
            where=folder,
            expected="images.npz and images.parquet as written by `so2plumes build-training-set`",
            found=str(error),
            remedy="delete it and build it again",
        ) from None
    if len(table) != len(arrays["truth"]):
        raise TableError(
            "images and table do not belong together",
            where=folder,
            expected=f"{len(arrays['truth'])} rows",
            found=str(len(table)),
            remedy="build the set again",
        )
    return TrainingSet(**arrays, table=table)
