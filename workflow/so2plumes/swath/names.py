"""Granule names by the 86-character rule of the product."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from so2plumes.errors import GranuleError
from so2plumes.swath.product import load_product


@dataclass(frozen=True)
class GranuleName:
    """The fields of a Level-2 file name.

    ``start`` and ``stop`` are times of the orbit, not of the first and last measurement: sensing begins about
    20 minutes later, so a granule is assigned to a day by the time inside the file.
    """

    stem: str
    stream: str
    product: str
    start: datetime
    stop: datetime
    orbit: int
    collection: str
    processor: str
    created: datetime

    @property
    def processor_version(self) -> str:
        """Dotted version, such as ``02.04.01``."""
        return ".".join(self.processor[i : i + 2] for i in (0, 2, 4))

    @property
    def retrieval(self) -> str:
        """``doas`` or ``cobra``, as far as the name tells."""
        product = load_product()
        cobra = self.product in product.cobra_products or self.processor >= product.cobra_from_processor
        return "cobra" if cobra else "doas"


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def is_granule_file(path: str | Path) -> bool:
    """Tell whether a file name looks like a Level-2 SO2 granule, subset suffixes included."""
    name = Path(path).name
    product = load_product()
    return name.endswith(product.suffixes) and re.match(product.name_pattern, name) is not None


def parse_granule_name(path: str | Path) -> GranuleName:
    """Parse a file name such as ``S5P_RPRO_L2__SO2____...nc`` or a subset ``...SUB.nc4``.

    Raises
    ------
    GranuleError
        When the name does not follow the 86-character rule or holds an impossible date.
    """
    name = Path(path).name
    product = load_product()
    match = re.match(product.name_pattern, name)
    if match is None:
        raise GranuleError(
            "this is not a Sentinel-5P Level-2 SO2 file name",
            reason="bad_name",
            where=path,
            expected="S5P_<stream>_L2__SO2____<start>_<stop>_<orbit>_<collection>_<processor>_<created>.nc",
            found=name,
            remedy="keep the distributed file name; subset suffixes after the creation time are fine",
        )
    try:
        times = {key: _utc(match[key]) for key in ("start", "stop", "created")}
    except ValueError as error:
        raise GranuleError(
            "the file name holds an impossible date",
            reason="bad_name",
            where=path,
            found=str(error),
            remedy="download the file again under its distributed name",
        ) from None
    return GranuleName(
        stem=match[0],
        stream=match["stream"],
        product=match["product"],
        orbit=int(match["orbit"]),
        collection=match["collection"],
        processor=match["processor"],
        **times,
    )
