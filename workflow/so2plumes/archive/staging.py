"""What a period has finished so far, kept outside the job's own output until the whole period is."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from so2plumes.files import read_json, write_json
from so2plumes.locks import locked

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Staging:
    """A folder of compact swaths with their receipts, which one job at a time may use.

    Snakemake deletes the outputs of an interrupted job; these survive it, and the next try takes them over. A receipt
    is written after its swath, so what has a receipt is whole.
    """

    folder: Path
    identity: str

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the folder alone; the block is told whether another job had it until now."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        lock = self.folder.with_name(f"{self.folder.name}.lock")
        with locked(lock, f"another job works on {self.folder.name}, waiting", 0o644) as waited:
            yield waited
            lock.unlink(missing_ok=True)

    def swath(self, row: pd.Series) -> Path:
        """Place of a compact swath."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{row['granule']}.nc"

    def _receipt_path(self, row: pd.Series) -> Path:
        return self.folder / f"{row['granule']}.json"

    def _key(self, row: pd.Series) -> str:
        return f"{self.identity} {row['granule']} {row['size_bytes']} {row.get('md5') or row.get('product_id', '')}"

    def receipt(self, row: pd.Series) -> dict[str, Any] | None:
        """Return the receipt of a granule that is finished, made by the same rules from the same product."""
        path = self._receipt_path(row)
        if not path.is_file():
            return None
        try:
            document = read_json(path)
        except (OSError, ValueError):
            log.warning("%s is damaged; the granule is compacted again", path)
            return None
        if document.get("key") != self._key(row):
            return None
        receipt: dict[str, Any] = document["receipt"]
        return receipt if receipt["status"] != "ready" or self.swath(row).is_file() else None

    def keep(self, row: pd.Series, receipt: dict[str, Any]) -> None:
        """Write the receipt of a granule that is finished."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self._receipt_path(row), {"key": self._key(row), "receipt": receipt})

    def hand_over(self, row: pd.Series, target: Path) -> None:
        """Put a compact swath, where there is one, into the output folder; it stays staged too."""
        source = self.swath(row)
        if source.is_file():
            try:
                os.link(source, target)
            except OSError:
                shutil.copyfile(source, target)

    def clear(self) -> None:
        """Forget everything: the period is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)
