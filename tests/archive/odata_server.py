"""A stand-in for the OData catalogue of the Copernicus Data Space Ecosystem.

Written from the CDSE documentation, not from what the client sends:

* OData page, "Query structure" and "Filter option": `$filter` with `eq`, `ge`, `lt`, `and`, `or`,
  `contains/startswith/endswith(Name,'...')` and `Attributes/OData.CSC.StringAttribute/any(...)`; what it does not know
  is refused with status 400.
* OData page, "Top option": 20 unless told, 0 to 1000. "Skip option": 10 000 at most, beyond it status 422 and (change
  of 12 November 2024) no `@odata.nextLink`. "Orderby option": `ContentDate/Start|End`, `PublicationDate` or
  `ModificationDate`, with the Id as tie breaker. "Count option": `@odata.count`. "Expand option": Attributes.
* OData page, "Listing product": fields of a product; Checksum and ContentLength may be null or 0 (known from the issue
  lists of CDSETool and sentinelsat).
* Sentinel-5P page: names of 86 characters, orbit times in the name, ContentDate/Start about 20 minutes later.
* OData page, "Footprint": `geography'SRID=4326;POLYGON((...))'` and the GeoJSON GeoFootprint.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from tests.loopback import Loopback, Reply, Seen, json_reply

PATH = "/odata/v1/Products"
ORBIT_S = 6090.0
_ORDERS = {f"{key} asc" for key in ("ContentDate/Start", "ContentDate/End", "PublicationDate", "ModificationDate")}
_OPTIONS = {"$filter", "$orderby", "$top", "$skip", "$count", "$expand", "$select"}
_ANY = re.compile(
    r"Attributes/OData\.CSC\.StringAttribute/any\(att:att/Name eq '(\w+)'"
    r" and att/OData\.CSC\.StringAttribute/Value eq '([^']*)'\)"
)
_WORD = re.compile(r"(contains|startswith|endswith)\(Name,\s*'([^']*)'\)")
_DATE = re.compile(r"(ContentDate/Start|ContentDate/End|PublicationDate) (ge|gt|lt|le) (\d{4}-\d\d-\d\dT[\d:.]+Z)")
_COLLECTION = re.compile(r"Collection/Name eq '([^']*)'")

Test = Callable[[dict[str, Any]], bool]


def make_product(
    orbit: int,
    start: datetime,
    stream: str = "OFFL",
    processor: str = "020401",
    created: datetime | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """One product as the catalogue lists it; ``start`` is its first measurement, ``fields`` replace what is listed."""
    named, created = start - timedelta(seconds=1290), created or start + timedelta(days=9)
    stamp = "%Y%m%dT%H%M%S"
    name = (
        f"S5P_{stream}_L2__SO2____{named:{stamp}}_{named + timedelta(seconds=ORBIT_S):{stamp}}_{orbit:05d}_03_"
        f"{processor}_{created:{stamp}}.nc"
    )
    attributes = {
        "productType": "L2__SO2___",
        "orbitNumber": orbit,
        "processorVersion": ".".join(processor[i : i + 2] for i in (0, 2, 4)),
        "processingMode": stream,
    }
    west = (-25.46 * (orbit % 14)) % 360 - 180
    ring = [(west, -60), (west + 20, -58), (west + 10, 58), (west - 10, 60), (west, -60)]
    ring = [((x + 180) % 360 - 180, y) for x, y in ring]
    iso = "%Y-%m-%dT%H:%M:%S.000000Z"
    return {
        "@odata.mediaContentType": "application/octet-stream",
        "Id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "Name": name,
        "ContentType": "application/octet-stream",
        "ContentLength": 600_000_000 + orbit,
        "OriginDate": f"{created:{iso}}",
        "PublicationDate": f"{created + timedelta(hours=3):{iso}}",
        "ModificationDate": f"{created + timedelta(hours=3):{iso}}",
        "Online": True,
        "EvictionDate": "9999-12-31T23:59:59.999999Z",
        "S3Path": f"/eodata/Sentinel-5P/TROPOMI/L2__SO2___/{start:%Y/%m/%d}/{name}",
        "Checksum": [
            {"Value": hashlib.md5(name.encode()).hexdigest(), "Algorithm": "MD5", "ChecksumDate": f"{created:{iso}}"},
            {"Value": hashlib.sha256(name.encode()).hexdigest(), "Algorithm": "BLAKE3"},
        ],
        "ContentDate": {"Start": f"{start:{iso}}", "End": f"{start + timedelta(minutes=58):{iso}}"},
        "Footprint": f"geography'SRID=4326;POLYGON(({', '.join(f'{x:g} {y:g}' for x, y in ring)}))'",
        "GeoFootprint": {"type": "Polygon", "coordinates": [[list(point) for point in ring]]},
        "Attributes": [{"Name": key, "Value": value} for key, value in attributes.items()],
        "_collection": "SENTINEL-5P",
    } | fields


def orbits_of(start: datetime, n: int, first: int = 12000, **options: Any) -> list[dict[str, Any]]:
    """So many orbits one after another."""
    return [make_product(first + i, start + timedelta(seconds=ORBIT_S * i), **options) for i in range(n)]


def _value(product: dict[str, Any], field: str) -> datetime:
    head, _, tail = field.partition("/")
    text = product[head][tail] if tail else product[head]
    return datetime.fromisoformat(text).astimezone(UTC)


def _clause(text: str) -> Test | None:
    text = text.strip()
    if text.startswith("(") and text.endswith(")") and " or " in text:
        tests = [_clause(part) for part in text[1:-1].split(" or ")]
        return None if None in tests else lambda p: any(test(p) for test in tests if test)
    if match := _ANY.fullmatch(text):
        key, wanted = match.groups()
        return lambda p: any(a["Name"] == key and a["Value"] == wanted for a in p["Attributes"])
    if match := _WORD.fullmatch(text):
        how, word = match.groups()
        return {
            "contains": lambda p: word in p["Name"],
            "startswith": lambda p: p["Name"].startswith(word),
            "endswith": lambda p: p["Name"].endswith(word),
        }[how]
    if match := _COLLECTION.fullmatch(text):
        return lambda p, wanted=match[1]: p["_collection"] == wanted
    if match := _DATE.fullmatch(text):
        field, how, moment = match[1], match[2], datetime.fromisoformat(match[3])
        return {
            "ge": lambda p: _value(p, field) >= moment,
            "gt": lambda p: _value(p, field) > moment,
            "le": lambda p: _value(p, field) <= moment,
            "lt": lambda p: _value(p, field) < moment,
        }[how]
    return None


def _compiled(text: str) -> Test | None:
    """Read clauses joined by ``and``; the one inside ``any(...)`` belongs to its clause."""
    kept: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"<{len(kept) - 1}>"

    aside = _ANY.sub(put_aside, text)
    parts = [re.sub(r"<(\d+)>", lambda m: kept[int(m[1])], part) for part in aside.split(" and ")]
    tests = [_clause(part) for part in parts]
    return None if None in tests else lambda p: all(test(p) for test in tests if test)


class ODataServer(Loopback):
    """The catalogue over some products; ``before_page`` may change them while they are paged."""

    def __init__(self, products: list[dict[str, Any]], max_skip: int = 10_000) -> None:
        super().__init__(self._answer)
        self.products = products
        self.max_skip = max_skip
        self.before_page: Callable[[int], None] = lambda page: None
        self.pages = 0

    @property
    def url(self) -> str:
        return self.host + PATH

    def _answer(self, seen: Seen) -> Reply:
        query = seen.query
        if seen.path != PATH:
            return json_reply({"detail": "Not Found"}, 404)
        if unknown := set(query) - _OPTIONS:
            return json_reply({"detail": f"unknown query options {sorted(unknown)}"}, 400)
        test = _compiled(query.get("$filter", ""))
        if test is None or query.get("$orderby", "ContentDate/Start asc") not in _ORDERS:
            return json_reply({"detail": "Invalid query"}, 400)
        top, skip = int(query.get("$top", 20)), int(query.get("$skip", 0))
        if not 0 <= top <= 1000 or skip > self.max_skip:
            return json_reply({"detail": [{"msg": "Input should be less than or equal to 10000"}]}, 422)
        if query.get("$count") != "true":
            self.pages += 1
            self.before_page(self.pages)
        return json_reply(self._document(test, query, top, skip))

    def _document(self, test: Test, query: dict[str, str], top: int, skip: int) -> dict[str, Any]:
        order = query.get("$orderby", "ContentDate/Start asc").split(" ")[0]
        found = sorted((p for p in self.products if test(p)), key=lambda p: (_value(p, order), p["Id"]))
        hidden = {"_collection"} | (set() if query.get("$expand") == "Attributes" else {"Attributes"})
        document: dict[str, Any] = {"@odata.context": "$metadata#Products"}
        if query.get("$count") == "true":
            document["@odata.count"] = len(found)
        document["value"] = [{k: v for k, v in p.items() if k not in hidden} for p in found[skip : skip + top]]
        if skip + top < len(found) and top and skip + top <= self.max_skip:
            following = query | {"$skip": str(skip + top)}
            link = "&".join(f"{key}={quote(value)}" for key, value in following.items())
            document["@odata.nextLink"] = f"{self.url}?{link}"
        return document
