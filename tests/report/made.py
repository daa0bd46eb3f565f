"""Fabricated plumes, chips and tables with known content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from shapely.geometry import box

from so2plumes.analysis.daily import daily_counts
from so2plumes.analysis.labels import label_table
from so2plumes.analysis.spikes import spike_table
from so2plumes.constants import MOL_M2_PER_DU, SO2_KG_PER_MOL
from so2plumes.findings.inputs import ReportInputs
from so2plumes.plumes.chips import Chip
from so2plumes.swath.geometry import inverse_equal_area, pixel_areas_m2
from so2plumes.table import plume_columns, plume_frame

ETNA = (14.999, 37.748)
SOURCES = {
    "Popocatepetl": (-98.62, 19.02, "volcano"),
    "Sabancaya": (-71.85, -15.78, "volcano"),
    "Norilsk": (88.1, 69.3, "metal smelting"),
    "Dukono": (127.88, 1.69, "volcano"),
    "Hunga Tonga": (-175.38, -20.55, "volcano"),
    "Taveuni": (179.9, -16.9, "volcano"),
    "Etna": (*ETNA, "volcano"),
    "Rabigh": (39.03, 22.68, "oil and gas"),
}


@dataclass(frozen=True)
class Made:
    """A chip with its row of the plume table."""

    chip: Chip
    row: dict


def swath_corners(longitude: float, latitude: float, n_scan: int, n_pixel: int, turn_deg: float = -12.0):
    """Corners of a regular swath, 5.5 km x 7 km pixels, turned from north, around a place."""
    s, g = np.meshgrid(np.arange(n_scan + 1) - n_scan / 2, np.arange(n_pixel + 1) - n_pixel / 2, indexing="ij")
    turn = np.radians(turn_deg)
    along, across = 5500.0 * s, 7000.0 * g
    x = across * np.cos(turn) + along * np.sin(turn)
    y = -across * np.sin(turn) + along * np.cos(turn)
    lon, lat = inverse_equal_area(x, y, longitude, latitude)

    def ring(grid):
        return np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=-1)

    lon = np.where(lon > 180, lon - 360, lon)
    return ring(lon), ring(lat), ring(x), ring(y)


def make_chip(
    name: str,
    longitude: float = ETNA[0],
    latitude: float = ETNA[1],
    when: str = "2021-03-24T11:40:00",
    length_km: float = 120.0,
    peak_du: float = 8.0,
    toward_deg: float = 120.0,
    corners: bool = True,
    seed: int = 1,
) -> Made:
    """Make an ellipse plume of known length and direction on a noisy background, and its row."""
    rng = np.random.default_rng(seed)
    half = int(np.ceil(0.6 * length_km / 5.5)) + 12
    n_scan, n_pixel = 2 * half, 2 * int(np.ceil(half * 5.5 / 7.0))
    lon_b, lat_b, x_b, y_b = swath_corners(longitude, latitude, n_scan, n_pixel)
    x, y = x_b.mean(axis=-1) / 1e3, y_b.mean(axis=-1) / 1e3
    toward = np.radians(toward_deg)
    along = x * np.sin(toward) + y * np.cos(toward)
    across = x * np.cos(toward) - y * np.sin(toward)
    width = 0.17 * length_km
    inside = (along / (0.5 * length_km)) ** 2 + (across / width) ** 2
    shape = np.exp(-1.6 * inside) * np.exp(-0.7 * (along / length_km + 0.5))
    column = (peak_du * shape + rng.normal(0.1, 0.35, x.shape)) * MOL_M2_PER_DU
    mask = inside <= 1.0
    usable = rng.random(x.shape) > 0.03
    area = pixel_areas_m2(lon_b, lat_b)
    centre = inverse_equal_area(1e3 * x, 1e3 * y, longitude, latitude)
    speed = 6.0 + 0.6 * np.sin(x / 40)
    fields = {
        "longitude": np.where(centre[0] > 180, centre[0] - 360, centre[0]).astype("f4"),
        "latitude": centre[1].astype("f4"),
        "vertical_column": column.astype("f4"),
        "area_m2": area.astype("f4"),
        "eastward_wind": (speed * np.sin(toward)).astype("f4"),
        "northward_wind": (speed * np.cos(toward)).astype("f4"),
        "probability": np.clip(1.3 - 0.8 * inside + rng.normal(0, 0.05, x.shape), 0, 1).astype("f4"),
        "usable": usable.astype("u1"),
        "mask": mask.astype("u1"),
        "other_plume": np.zeros(mask.shape, "u1"),
        "detection_flag": np.where(mask, 2, 0).astype("u1"),
    }
    if corners:
        fields |= {"longitude_bounds": lon_b.astype("f4"), "latitude_bounds": lat_b.astype("f4")}
    rows, columns = np.nonzero(mask)
    peak = np.unravel_index(np.argmax(np.where(mask & usable, column, -1)), mask.shape)
    chip = Chip(
        plume_id=name,
        granule=f"granule_{name}",
        processor_version="2.4.1",
        retrieval="doas",
        model_sha256="0" * 64,
        orbit=5875 + seed,
        time=np.datetime64(when, "ms"),
        scanline_start=1000,
        scanline_stop=1000 + n_scan,
        ground_pixel_start=100,
        ground_pixel_stop=100 + n_pixel,
        bbox_scanline_start=1000 + int(rows.min()) - 3,
        bbox_scanline_stop=1004 + int(rows.max()),
        bbox_ground_pixel_start=100 + int(columns.min()) - 3,
        bbox_ground_pixel_stop=104 + int(columns.max()),
        max_scanline=1000 + int(peak[0]),
        max_ground_pixel=100 + int(peak[1]),
        touches_edge=False,
        fields=fields,
    )
    background = float(np.median(column[~mask & usable]))
    pick = mask & usable
    mass = float(((column - background)[pick] * area[pick]).sum() * SO2_KG_PER_MOL)
    rate = mass * float(np.median(speed[pick])) / (length_km * 1e3) * 3600
    row = make_row(
        name,
        fields["longitude"][peak],
        fields["latitude"][peak],
        when,
        rate,
        mass_kg=mass,
        background_mol_m2=background,
        n_pixels=int(mask.sum()),
        n_valid=int(pick.sum()),
        length_m=length_km * 1e3,
        ellipse_major_m=1.12 * length_km * 1e3,
        ellipse_minor_m=2.1e3 * width,
        ellipse_longitude=longitude,
        ellipse_latitude=latitude,
        ellipse_angle_deg=toward_deg % 180,
        ellipse_fit=0.71,
        wind_speed_median_m_s=float(np.median(speed[pick])),
        wind_direction_deg=(toward_deg + 180) % 360,
        crosses_antimeridian=bool(np.ptp(fields["longitude"][mask]) > 180),
    )
    return Made(chip, row)


def make_row(name: str, longitude: float, latitude: float, when: str, emission_kg_h: float, **known) -> dict:
    """Make a row of the plume table; what is not named is a plain value of its type."""
    plain = {"string": "", "int64": 0, "double": 1.0, "bool": False, "list<string>": []}
    row = {column.name: plain.get(column.dtype) for column in plume_columns()}
    row |= {
        "plume_id": name,
        "time": pd.Timestamp(when, tz="UTC"),
        "date": when[:10],
        "max_longitude": float(longitude),
        "max_latitude": float(latitude),
        "emission_kg_h": emission_kg_h,
        "emission_paper_kg_h": emission_kg_h,
        "mass_kg": emission_kg_h * 2.0,
        "length_m": 37_300.0,
        "ellipse_fit": 0.6,
        "wind_cov_percent": 12.5,
        "wind_speed_min_m_s": 5.4,
        "wind_speed_max_m_s": 6.6,
        "label": "volcanic",
        "retrieval": "doas",
        "geometry": box(longitude - 0.2, latitude - 0.1, longitude + 0.2, latitude + 0.1),
    }
    row |= flags_of(str(known.get("label", row["label"])))
    return row | known


def make_rows(
    n: int, places, start: date, days: int, spread_deg: float = 1.5, seed: int = 3, hidden=frozenset()
) -> list[dict]:
    """Make plumes scattered around some places and days, none on hidden ones, many on three days."""
    rng = np.random.default_rng(seed)
    labels = ["volcanic", "so2", "anthropogenic", "none", "combined", "high_sza", "unavailable"]
    rows = []
    for i in range(n):
        lon, lat = places[min(int(rng.exponential(len(places) / 3)), len(places) - 1)][:2]
        lon, lat = lon + rng.normal(0, spread_deg), np.clip(lat + rng.normal(0, 0.6 * spread_deg), -85, 85)
        offset = int(rng.integers(days)) if rng.random() > 0.06 else days // 3 + int(rng.integers(3))
        if offset in hidden:
            continue
        when = f"{start + timedelta(days=offset)}T{10 + i % 4:02d}:30:00"
        rate = float(np.nan if i % 41 == 0 else rng.lognormal(np.log(14_000), 1.2))
        rows.append(
            make_row(
                f"S5P_{i:05d}",
                (lon + 180) % 360 - 180,
                lat,
                when,
                rate,
                length_m=1e3 * float(rng.lognormal(np.log(37), 0.7)),
                ellipse_fit=float(rng.normal(0.6, 0.12)),
                wind_cov_percent=float(rng.gamma(2.2, 6.5)),
                mass_kg=rate * 1.8,
                label=str(rng.choice(labels, p=[0.31, 0.43, 0.14, 0.08, 0.02, 0.01, 0.01])),
                quality=["wind_low"] if i % 7 == 0 else [],
            )
        )
    return rows


def make_clusters(plumes: pd.DataFrame, places: dict) -> pd.DataFrame:
    rows = []
    for name, (lon, lat, kind) in places.items():
        near = np.hypot((plumes["max_longitude"] - lon + 180) % 360 - 180, plumes["max_latitude"] - lat) < 2.5
        member = plumes[near]
        rate = member["emission_kg_h"].dropna()
        low, mid, high = rate.quantile([0.16, 0.5, 0.84]) if len(rate) else (np.nan,) * 3
        rows.append(
            {
                "cluster_id": f"SO2_{name}",
                "longitude": lon + 0.4,
                "latitude": lat - 0.2,
                "nearest_source": name,
                "source_type": kind,
                "source_distance_km": 48.0,
                "n_plumes": len(member),
                "n_days": member["date"].nunique(),
                "median_emission_kg_h": mid,
                "p16_emission_kg_h": low,
                "p84_emission_kg_h": high,
                "persistence_percent": 20.0,
                "first_date": member["date"].min(),
                "last_date": member["date"].max(),
                "plume_ids": list(member["plume_id"]),
            }
        )
    table = pd.DataFrame(rows).sort_values("n_plumes", ascending=False, ignore_index=True)
    table.insert(0, "rank", range(1, len(table) + 1))
    table.attrs = {"eps_km": 50.0, "min_samples": 20}
    return table


def make_eruptions(plumes: pd.DataFrame, places: dict, extra: int = 30, seed: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for i, (name, (lon, lat, kind)) in enumerate(places.items()):
        if kind == "volcano":
            near = np.hypot((plumes["max_longitude"] - lon + 180) % 360 - 180, plumes["max_latitude"] - lat) < 0.5
            rows.append((22000 + i, name, lon, lat, list(plumes.loc[near, "plume_id"])))
    for i in range(extra):
        rows.append((23000 + i, f"Quiet {i}", rng.uniform(-180, 180), rng.uniform(-50, 65), []))
    table = pd.DataFrame(rows, columns=["eruption_number", "volcano_name", "longitude", "latitude", "plume_ids"])
    table["volcano_number"] = table["eruption_number"] + 100_000
    table["n_plumes"] = table["plume_ids"].map(len)
    table["matched"] = table["n_plumes"] > 0
    table = table.assign(vei=2.0, start="2021-01-02", end="2021-11-30", continuing=False)
    table["first_plume_date"] = [
        min(plumes.loc[plumes["plume_id"].isin(p), "date"], default="") for p in table["plume_ids"]
    ]
    table["last_plume_date"] = [
        max(plumes.loc[plumes["plume_id"].isin(p), "date"], default="") for p in table["plume_ids"]
    ]
    table.attrs = {"source": "an eruption list", "radius_km": 50.0, "available": True}
    return table


def make_edgar(n: int = 500, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    centre = rng.choice([[112, 34], [78, 23], [10, 50], [-85, 38], [29, -26]], n)
    table = pd.DataFrame(np.round(centre + rng.normal(0, 5, (n, 2)), 1) + 0.05, columns=["longitude", "latitude"])
    table["edgar_flux_kg_m2_s"] = rng.lognormal(np.log(2e-9), 1.5, n)
    table["is_top"] = table["edgar_flux_kg_m2_s"] >= 1e-9
    table["nearest_plume_km"] = rng.uniform(10, 2200, n)
    table["has_plume"] = table["nearest_plume_km"] <= 200
    table["plume_flux_kg_m2_s"] = np.where(rng.random(n) < 0.3, rng.lognormal(np.log(3e-8), 1, n), np.nan)
    table["month"] = rng.integers(1, 13, n)
    cells = np.geomspace(1e-6, 1, 60)
    table.attrs = {
        "available": True,
        "used_year": 2022,
        "year": 2023,
        "top_share": 0.001,
        "radius_km": 200.0,
        "threshold_flux": 1e-9,
        "share_top_with_plume": float(table.loc[table["is_top"], "has_plume"].mean()),
        "curve_cells": list(cells),
        "curve_emission": list(1 - (1 - cells**0.165) ** 4),
        "top1_percent_share": 0.85,
        "top01_percent_share": 0.5,
        "detection_limit_kg_h": 690.0,
        "n_plumes_gridded": 150,
    }
    return table


def make_coverage(start: date, days: int, hidden=(), per_day: int = 3, bad_every: int = 17) -> pd.DataFrame:
    """Make granules of every day but the hidden ones; some are quarantined or not selected."""
    rows = []
    for offset in range(days):
        if offset in hidden:
            continue
        for k in range(per_day):
            i = offset * per_day + k
            status = "quarantined" if i % bad_every == 5 else "not_selected" if i % 11 == 7 else "ready"
            reason = {"quarantined": "truncated", "not_selected": "older_processor"}.get(status, "")
            rows.append(
                {
                    "granule": f"S5P_OFFL_L2__SO2____{i:06d}",
                    "orbit": i,
                    "date": str(start + timedelta(days=offset)),
                    "status": status,
                    "reason": reason,
                    "message": "the file ends early" if reason == "truncated" else "",
                    "size_bytes": 450_000_000,
                    "usable_fraction": 0.7 if status == "ready" else 0.0,
                    "retrieval": "doas" if status == "ready" else "",
                    "processor_version": "2.4.1",
                }
            )
    table = pd.DataFrame(rows)
    table.attrs["available"] = True
    return table


def make_truth(plumes: pd.DataFrame, n: int = 24, seed: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    chosen = plumes.dropna(subset=["emission_kg_h"]).head(n)
    found = rng.random(len(chosen)) < 0.75
    true = chosen["emission_kg_h"].to_numpy() * rng.lognormal(0.1, 0.3, len(chosen))
    return pd.DataFrame(
        {
            "granule": "granule",
            "source": "Etna",
            "emission_kg_h": true,
            "n_pixels": rng.integers(6, 400, len(chosen)),
            "peak_sigma": rng.uniform(2, 40, len(chosen)),
            "longitude": chosen["max_longitude"].to_numpy(),
            "latitude": chosen["max_latitude"].to_numpy(),
            "found": found,
            "plume_id": np.where(found, chosen["plume_id"], None),
            "estimated_kg_h": np.where(found, chosen["emission_kg_h"], np.nan),
        }
    )


CONFIG = {
    "campaign": {"start": "2021-01-01", "end": "2021-12-31", "unit": "day"},
    "archive": {"source": "local", "processors": ["02.04.01"]},
    "detect": {"window": 32, "step": 4, "threshold": 0.5},
}
VERSIONS = {
    "so2plumes": "0.1.0",
    "model": {"name": "unet", "sha256": "ab" * 32},
    "libraries": {"numpy": "2.4"},
}


def gallery(n: int = 6) -> list[Made]:
    """Make chips of different length, direction and place, the last one across 180 degrees."""
    rng = np.random.default_rng(9)
    made = []
    for i in range(n):
        lon, lat = (179.95, -16.9) if i == n - 1 else (ETNA[0] + rng.normal(0, 0.6), ETNA[1] - 1.0 + rng.normal(0, 0.4))
        made.append(
            make_chip(
                f"S5P_chip_{i:02d}",
                lon,
                lat,
                f"2021-0{1 + i % 9}-0{1 + i % 9}T11:{10 + i}:00",
                float(rng.uniform(45, 190)),
                float(rng.uniform(3, 14)),
                float(rng.uniform(0, 360)),
                corners=i != 1,
                seed=i,
            )
        )
    return made


def make_science(
    plumes: pd.DataFrame, coverage: pd.DataFrame, clusters: pd.DataFrame, start: date, end: date
) -> dict[str, pd.DataFrame]:
    """Compute the tables of days and labels as the workflow does."""
    daily = daily_counts(plumes, coverage, start, end)
    spikes = spike_table(plumes, daily, pd.DataFrame(), pd.DataFrame(), clusters)
    return {"daily": daily, "spikes": spikes, "label_shares": label_table(plumes)}


def flags_of(label: str) -> dict[str, float]:
    """Shares of the flags that give a label."""
    names = ["none", "so2", "volcanic", "anthropogenic", "high_sza"]
    if label == "combined":
        return {f"flag_fraction_{i}": 0.5 * (i < 2) for i in range(5)}
    shares = [float(name == label) if label in names else np.nan for name in names]
    return {f"flag_fraction_{i}": share for i, share in enumerate(shares)}


def globe_inputs(n: int = 300, n_chips: int = 4, days: int = 365, **changes) -> ReportInputs:
    """Build the inputs of a whole-Earth year."""
    start = date(2021, 1, 1)
    made = gallery(n_chips)
    hidden = set(range(40, 52)) | {200}
    rows = make_rows(n, list(SOURCES.values()), start, days, hidden=hidden)
    plumes = plume_frame(rows + [m.row for m in made])
    parts = {
        "title": "SO₂ plumes of 2021",
        "start": start,
        "end": start + timedelta(days=days - 1),
        "plumes": plumes,
        "clusters": make_clusters(plumes, SOURCES),
        "eruptions": make_eruptions(plumes, SOURCES),
        "edgar": make_edgar(),
        "coverage": make_coverage(start, days, hidden=hidden),
        "chips": [m.chip for m in made],
        "config": CONFIG,
        "versions": VERSIONS,
    }
    parts["science"] = make_science(plumes, parts["coverage"], parts["clusters"], start, parts["end"])
    return ReportInputs(**(parts | changes))


def etna_inputs(n: int = 60, n_chips: int = 4, **changes) -> ReportInputs:
    """Build the inputs of two months over Etna alone."""
    start, days = date(2018, 12, 1), 62
    hidden = {4, 8, 9, 30}
    rows = make_rows(n, [ETNA], start, days, spread_deg=0.9, hidden=hidden)
    rows = [r | {"max_latitude": min(max(r["max_latitude"] - 0.8, 33.3), 37.9)} for r in rows]
    plumes = plume_frame([r for r in rows if 14 < r["max_longitude"] < 19.3])
    parts = {
        "title": "Etna, winter 2018/19",
        "start": start,
        "end": date(2019, 1, 31),
        "plumes": plumes,
        "clusters": make_clusters(plumes, {"Etna": SOURCES["Etna"]}),
        "eruptions": make_eruptions(plumes, {"Etna": SOURCES["Etna"]}, extra=0),
        "coverage": make_coverage(start, days, hidden=hidden, per_day=1),
    }
    parts["science"] = make_science(plumes, parts["coverage"], parts["clusters"], start, parts["end"])
    return ReportInputs(**(parts | changes))
