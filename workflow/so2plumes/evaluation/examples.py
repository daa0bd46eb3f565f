"""Pictures to be: what a detector missed, invented or found, kept as arrays beside the card."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from so2plumes.errors import TableError
from so2plumes.files import atomic_path

KINDS = ("missed", "false", "found", "real")
_FACTS = ("kind", "title", "granule", "note")


@dataclass(frozen=True, eq=False)
class Example:
    """A piece of a scene with what the detector said of it.

    Attributes
    ----------
    kind : str
        ``missed`` (an injected plume that was not found), ``false`` (a detection where nothing is), ``found`` (an
        injected plume that was found) or ``real`` (a real scene, its truth unknown).
    title : str
        A few words.
    z : (scanline, ground_pixel) float32
        Column above the local background in units of the local noise; not-a-number where not usable.
    plume : (scanline, ground_pixel) bool
        Pixels of detected plumes.
    truth : (scanline, ground_pixel) bool or None
        Pixels of the true plume; None where it is not known.
    granule : str
    note : str
        Numbers or remarks for the caption.
    """

    kind: str
    title: str
    z: NDArray[np.float32] = field(repr=False)
    plume: NDArray[np.bool_] = field(repr=False)
    truth: NDArray[np.bool_] | None = field(repr=False)
    granule: str
    note: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise TableError(
                "an example is of no known kind", where=self.title, expected=", ".join(KINDS), found=str(self.kind)
            )
        shapes = [part.shape for part in (self.z, self.plume, self.truth) if part is not None]
        if len(set(shapes)) > 1 or self.z.ndim != 2 or 0 in self.z.shape:
            raise TableError(
                "the arrays of an example do not fit each other",
                where=self.title,
                expected="z, plume and truth of one shape (scanline, ground_pixel) with at least one pixel",
                found=" ".join(map(str, shapes)),
            )


def write_examples(path: str | Path, examples: Sequence[Example]) -> None:
    """Write examples to one compressed ``.npz`` file, atomically; none make a valid file.

    Parameters
    ----------
    path : path
    examples : sequence of Example
        Their arrays may differ in shape; columns are kept as float32.
    """
    arrays: dict[str, NDArray] = {
        "facts": np.array(json.dumps([{name: getattr(example, name) for name in _FACTS} for example in examples]))
    }
    for number, example in enumerate(examples):
        arrays[f"z_{number}"] = np.asarray(example.z, np.float32)
        arrays[f"plume_{number}"] = np.asarray(example.plume, bool)
        if example.truth is not None:
            arrays[f"truth_{number}"] = np.asarray(example.truth, bool)
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]


def read_examples(path: str | Path) -> list[Example]:
    """Read all examples of a file, in the order in which they were written.

    Raises
    ------
    TableError
        When the file is not a whole file of examples.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return [
                Example(
                    z=stored[f"z_{number}"],
                    plume=stored[f"plume_{number}"],
                    truth=stored.get(f"truth_{number}"),
                    **{name: str(facts[name]) for name in _FACTS},
                )
                for number, facts in enumerate(json.loads(str(stored["facts"])))
            ]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, TableError) as error:
        raise TableError(
            "the examples cannot be read",
            where=path,
            expected="a file written by `write_examples`",
            found=str(error),
            remedy="delete it and score the model again",
        ) from None
