"""One product of the OData catalogue: the fields of its answer that the campaign keeps."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from so2plumes.errors import GranuleError, SO2PlumesError
from so2plumes.swath.names import GranuleName, parse_granule_name

log = logging.getLogger(__name__)

_FRACTION = re.compile(r"\.(\d+)")
_LITERAL = re.compile(r"^geography'SRID=4326;(.*)'$", flags=re.DOTALL)


class CatalogueError(SO2PlumesError):
    """The catalogue's answers cannot be used."""


@dataclass(frozen=True)
class CatalogueEntry:
    """One product of the catalogue.

    Attributes
    ----------
    product_id : str
        Identifier for the download.
    name : GranuleName
        What the file name says: orbit, stream, processor, creation time.
    size_bytes : int
        0 where the catalogue does not say.
    md5 : str or None
    content_start, content_end : datetime
        Sensing times, UTC. They are not the orbit times of the name: sensing begins about 20 minutes later.
    publication_date : datetime or None
    online : bool
    s3_path : str
    footprint : str or None
        WKT in degrees, x is longitude.
    time_from : str
        ``catalogue``, or ``name`` where the times are taken from those of the orbit in the name.
    """

    product_id: str
    name: GranuleName
    size_bytes: int
    md5: str | None
    content_start: datetime
    content_end: datetime
    publication_date: datetime | None
    online: bool
    s3_path: str
    footprint: str | None
    time_from: str = "catalogue"

    @property
    def orbit(self) -> int:
        """Absolute orbit number."""
        return self.name.orbit

    @property
    def processor(self) -> str:
        """Processor version in six digits."""
        return self.name.processor


def parse_entry(product: Any) -> CatalogueEntry | None:
    """Read one element of an answer; None for a product that is no granule of ours, which is logged.

    Raises
    ------
    CatalogueError
        A field that every product has is missing or unreadable.
    """
    if not isinstance(product, dict):
        raise _unusable(repr(product), "a JSON object", "")
    named = [product.get(field) for field in ("Name", "Id") if isinstance(product.get(field), str) and product[field]]
    label = str(named[0]) if named else "a product without Name and Id"
    for field in ("Id", "Name"):
        if not isinstance(product.get(field), str) or not product[field]:
            raise _unusable(repr(product.get(field)), f"text in the field {field}", label)
    span = product.get("ContentDate")
    if not isinstance(span, dict):
        raise _unusable(repr(span), "ContentDate with Start and End", label)
    try:
        name = parse_granule_name(product["Name"])
    except GranuleError as error:
        log.warning("left out of the catalogue: %s", error)
        return None
    _compare_attributes(product, name)
    start = _time(span.get("Start"), "ContentDate/Start", label)
    published = product.get("PublicationDate")
    return CatalogueEntry(
        product_id=product["Id"],
        name=name,
        size_bytes=_size(product.get("ContentLength"), label),
        md5=_md5(product.get("Checksum")),
        content_start=start,
        content_end=_time(span["End"], "ContentDate/End", label) if span.get("End") else start,
        publication_date=_time(published, "PublicationDate", label) if published else None,
        online=product.get("Online") is not False,
        s3_path=str(product.get("S3Path") or ""),
        footprint=_footprint(product, label),
    )


def _unusable(found: str, expected: str, label: str) -> CatalogueError:
    return CatalogueError(
        "a product of the catalogue cannot be read",
        where=label or None,
        expected=expected,
        found=found[:300],
        remedy="ask again later; if it stays, the catalogue has changed its answers",
    )


def _time(text: Any, field: str, label: str) -> datetime:
    """Parse an instant; times without a zone are UTC and fractions may have any number of digits."""
    try:
        whole = _FRACTION.sub(lambda match: "." + match.group(1)[:6].ljust(6, "0"), text)
        time = datetime.fromisoformat(whole)
    except (TypeError, ValueError):
        raise _unusable(repr(text), f"an ISO time in {field}", label) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _size(value: Any, label: str) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _unusable(repr(value), "a number of bytes in ContentLength", label)
    return value


def _md5(checksums: Any) -> str | None:
    for checksum in checksums or []:
        if isinstance(checksum, dict) and str(checksum.get("Algorithm")).upper() == "MD5":
            value = str(checksum.get("Value") or "").lower()
            return value if re.fullmatch(r"[0-9a-f]{32}", value) else None
    return None


def _footprint(product: dict[str, Any], label: str) -> str | None:
    """Return the outline as WKT with three decimals (100 m), from GeoFootprint or the older Footprint."""
    import shapely
    from shapely.geometry import shape

    try:
        if product.get("GeoFootprint"):
            geometry = shape(product["GeoFootprint"])
        elif product.get("Footprint"):
            literal = str(product["Footprint"])
            match = _LITERAL.match(literal)
            geometry = shapely.from_wkt(match.group(1) if match else literal)
        else:
            return None
    except (shapely.errors.ShapelyError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        found = json.dumps(product.get("GeoFootprint") or product.get("Footprint"))[:100]
        log.warning("the footprint of %s is not read (%s): %s", label, error, found)
        return None
    return None if geometry.is_empty else shapely.to_wkt(geometry, rounding_precision=3)


def _compare_attributes(product: dict[str, Any], name: GranuleName) -> None:
    """Warn where attributes and name disagree; the name counts, for it is checked again inside the file."""
    values = {a.get("Name"): a.get("Value") for a in product.get("Attributes") or [] if isinstance(a, dict)}
    orbit = values.get("orbitNumber")
    if orbit is not None and str(orbit).lstrip("0") != str(name.orbit):
        log.warning("%s: the catalogue says orbit %s", name.stem, orbit)
    processor = values.get("processorVersion")
    if processor is not None and str(processor).replace(".", "") != name.processor:
        log.warning("%s: the catalogue says processor %s", name.stem, processor)
