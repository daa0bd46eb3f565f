"""A stand-in for the web service of the Global Volcanism Program.

Written from the OGC Web Feature Service 1.0.0 specification (GetFeature, ServiceExceptionReport) and GeoServer's
documentation (WFS reference, GeoJSON output): parameters are asked for by name in any case, `maxFeatures` cuts the list
off, `totalFeatures` counts what there is, and faults are reported as XML with status 200.
"""

from __future__ import annotations

import json
from typing import Any

from tests.loopback import Loopback, Reply, Seen, json_reply

PATH = "/geoserver/GVP-VOTW/ows"
LAYER = "GVP-VOTW:E3WebApp_Eruptions1960"


def exception(text: str) -> Reply:
    body = (
        '<?xml version="1.0" ?>\n<ServiceExceptionReport version="1.2.0" xmlns="http://www.opengis.net/ogc">\n'
        f'<ServiceException code="InvalidParameterValue" locator="typeName">{text}</ServiceException>\n'
        "</ServiceExceptionReport>"
    )
    return Reply(200, body.encode(), "application/xml")


def eruption(number: int, start: str = "20190622", end: str | None = "20190625", continuing: bool = False) -> dict:
    """One feature as the layer has it."""
    days = {"Start": start, "End": end or ""}
    properties: dict[str, Any] = {
        "VolcanoNumber": 290000 + number,
        "VolcanoName": f"Volcano {number}",
        "ExplosivityIndexMax": 2,
        "ContinuingEruption": str(continuing),
        "LatitudeDecimal": 48.1,
        "LongitudeDecimal": 153.25,
        "Activity_ID": 20000 + number,
    }
    for side, text in days.items():
        properties[f"{side}Date"] = text or None
        for part, digits in (("Year", text[:4]), ("Month", text[4:6]), ("Day", text[6:])):
            properties[f"{side}Date{part}"] = int(digits) if digits else None
    return {
        "type": "Feature",
        "id": f"E3WebApp_Eruptions1960.fid-{number}",
        "geometry": {"type": "Point", "coordinates": [153.25, 48.1]},
        "geometry_name": "GeoLocation",
        "properties": properties,
    }


def volcano(number: int, name: str, longitude: float, latitude: float) -> dict:
    """One feature of the layer of Holocene volcanoes."""
    properties = {
        "Volcano_Number": number,
        "Volcano_Name": name,
        "Country": "Italy",
        "Primary_Volcano_Type": "Stratovolcano(es)",
        "Last_Eruption_Year": 2024,
        "Elevation": 924,
        "Latitude": latitude,
        "Longitude": longitude,
    }
    geometry = {"type": "Point", "coordinates": [longitude, latitude]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


class GvpServer(Loopback):
    """The layer of eruptions since 1960, or another."""

    def __init__(self, features: list[dict], layer: str = LAYER) -> None:
        super().__init__(self._answer)
        self.features, self.layer = features, layer

    @property
    def url(self) -> str:
        return self.host + PATH

    def _answer(self, seen: Seen) -> Reply:
        query = {key.lower(): value for key, value in seen.query.items()}
        if seen.path != PATH:
            return Reply(404, b"<html><head><title>404 Not Found</title></head></html>", "text/html")
        if query.get("service", "").upper() != "WFS" or query.get("request") != "GetFeature":
            return exception("Could not determine geoserver request")
        if query.get("typename") != self.layer:
            return exception(f"Feature type {query.get('typename')} unknown")
        if query.get("outputformat") != "application/json":
            return Reply(200, b"<wfs:FeatureCollection/>", "text/xml; subtype=gml/2.1.2")
        return self.collection(int(query.get("maxfeatures", len(self.features))))

    def collection(self, most: int, **fields: Any) -> Reply:
        document = {"type": "FeatureCollection", "totalFeatures": len(self.features), "features": self.features[:most]}
        return json_reply(document | fields)


def from_file(content: bytes) -> list[dict]:
    return json.loads(content)["features"]
