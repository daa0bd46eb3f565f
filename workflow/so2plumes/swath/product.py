"""The product description of ``product.yaml`` as typed values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True)
class VariableSpec:
    """One variable of the product: where it is found and what it holds."""

    name: str
    paths: tuple[str, ...]
    kind: str
    units: str
    required: bool = False
    raw: bool = False
    dtype: str = "float32"
    compact_dtype: str | None = None
    since: str | None = None
    gives: str | None = None
    valid: tuple[float, float] | None = None

    @property
    def stored_dtype(self) -> str:
        """Data type in compact swaths."""
        return self.compact_dtype or self.dtype


@dataclass(frozen=True)
class Product:
    """Everything that is known about the Level-2 SO2 product."""

    name_pattern: str
    name_length: int
    suffixes: tuple[str, ...]
    stream_order: tuple[str, ...]
    cobra_from_processor: str
    cobra_products: tuple[str, ...]
    cobra_variables: tuple[str, ...]
    cobra_algorithm_words: tuple[str, ...]
    qa_scale: int
    qa_fill: int
    time_epoch: str
    time_fill: int
    variables: dict[str, VariableSpec]
    time_paths: dict[str, tuple[str, ...]]
    index_paths: dict[str, tuple[str, ...]]
    unit_aliases: dict[str, tuple[str, ...]]
    dimensions: tuple[str, ...]


def _spec(name: str, content: dict[str, Any]) -> VariableSpec:
    values = dict(content)
    values["paths"] = tuple(values["paths"])
    if "valid" in values:
        values["valid"] = tuple(values["valid"])
    return VariableSpec(name=name, **values)


@cache
def load_product() -> Product:
    """Read ``product.yaml`` once per process."""
    raw = yaml.safe_load(files("so2plumes.swath").joinpath("product.yaml").read_text())
    return Product(
        name_pattern=raw["file_name"]["pattern"],
        name_length=raw["file_name"]["length"],
        suffixes=tuple(raw["file_name"]["suffixes"]),
        stream_order=tuple(raw["file_name"]["stream_order"]),
        cobra_from_processor=raw["retrieval"]["cobra_from_processor"],
        cobra_products=tuple(raw["retrieval"]["cobra_products"]),
        cobra_variables=tuple(raw["retrieval"]["cobra_variables"]),
        cobra_algorithm_words=tuple(raw["retrieval"]["cobra_algorithm_words"]),
        qa_scale=raw["qa"]["threshold_scale"],
        qa_fill=raw["qa"]["fill"],
        time_epoch=raw["time"]["epoch"],
        time_fill=raw["time"]["fill"],
        variables={name: _spec(name, content) for name, content in raw["variables"].items()},
        time_paths={name: tuple(paths) for name, paths in raw["time_variables"].items()},
        index_paths={name: tuple(paths) for name, paths in raw["index_variables"].items()},
        unit_aliases={unit: tuple(names) for unit, names in raw["unit_aliases"].items()},
        dimensions=tuple(raw["dimensions"]),
    )
