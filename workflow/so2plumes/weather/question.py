"""What is asked of a data set of the Climate Data Store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CdsRequest:
    """What is asked of one data set."""

    dataset: str
    inputs: dict[str, Any]

    @property
    def name(self) -> str:
        """Digest that tells requests apart: the same question has the same name."""
        text = json.dumps([self.dataset, self.inputs], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def page(self) -> str:
        """Page on which the licence of the data set is accepted."""
        return f"https://cds.climate.copernicus.eu/datasets/{self.dataset}?tab=download#manage-licences"
