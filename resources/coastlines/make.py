"""Turn a Natural Earth land layer in TopoJSON into the rings that the report's maps draw.

Usage: python resources/coastlines/make.py land-50m.json resources/coastlines/ne_50m.npz
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from shapely import intersection, make_valid
from shapely.affinity import translate
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

DECIMALS = 3


def decode_arcs(topology: dict) -> list[NDArray[np.float64]]:
    """Decode the delta-encoded arcs to degrees, shape (n, 2) each."""
    scale, offset = (np.array(topology["transform"][name]) for name in ("scale", "translate"))
    return [np.cumsum(np.array(arc), axis=0) * scale + offset for arc in topology["arcs"]]


def stitch(arcs: list[NDArray[np.float64]], numbers: list[int]) -> NDArray[np.float64]:
    """Join arcs to a closed ring; ``~n`` is arc n reversed."""
    parts = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def unwrap(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make longitude continuous along a closed ring; a ring around the south pole is closed along 90 S."""
    longitude = np.degrees(np.unwrap(np.radians(ring[:, 0])))
    open_ring = np.column_stack([longitude, ring[:, 1]])
    if abs(longitude[-1] - longitude[0]) < 180:
        return open_ring
    return np.vstack([open_ring, [[longitude[-1], -90.0], [longitude[0], -90.0]]])


def cut(polygon: BaseGeometry) -> list[Polygon]:
    """Cut an unwrapped polygon at 180 degrees and bring the pieces to -180..180."""
    pieces: list[Polygon] = []
    for turn in (-360.0, 0.0, 360.0):
        part = intersection(polygon, box(turn - 180.0, -90.0, turn + 180.0, 90.0))
        pieces += [translate(piece, -turn) for piece in getattr(part, "geoms", [part]) if piece.area > 0]
    return pieces


def land_polygons(topology: dict) -> list[Polygon]:
    """Polygons of the layer."""
    arcs = decode_arcs(topology)
    polygons: list[Polygon] = []
    for geometry in topology["objects"]["land"]["geometries"]:
        members = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for rings in members:
            shell, *holes = (unwrap(stitch(arcs, ring)) for ring in rings)
            polygons += cut(make_valid(Polygon(shell, holes)))
    return polygons


def compact(polygons: list[Polygon]) -> NDArray[np.float32]:
    """All rings one after the other, (n, 2) degrees, a row of NaN after each; the largest polygon first."""
    rings: list[NDArray] = []
    for polygon in sorted(polygons, key=lambda p: (-p.area, p.bounds)):
        for ring in (polygon.exterior, *polygon.interiors):
            points = np.round(np.asarray(ring.coords), DECIMALS)
            keep = np.append(True, np.any(np.diff(points, axis=0) != 0, axis=1))
            rings += [points[keep], np.full((1, 2), np.nan)]
    return np.concatenate(rings).astype(np.float32)


def main() -> None:
    """Read the named TopoJSON and write the named .npz."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("topojson", type=Path)
    parser.add_argument("npz", type=Path)
    options = parser.parse_args()
    np.savez_compressed(options.npz, land=compact(land_polygons(json.loads(options.topojson.read_text()))))


if __name__ == "__main__":
    main()
