"""A campaign of 54 000 plumes with the papers' statistics, made from a seed: years, clusters, spikes, labels, rates.

Counts by year, the ten largest clusters, the ten spikes, label shares, and median and first percentile of the rates are
those that Finch and Palmer state; all else is invented. The truth behind every plume is kept beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import box

from so2plumes.analysis.published import LABEL_SHARES, SPIKES
from so2plumes.inventory.edgar import EdgarGrid
from so2plumes.inventory.grid import cell_areas_m2
from so2plumes.inventory.months import grid_latitude, grid_longitude
from so2plumes.seen import SHAPE, SeenGrid
from so2plumes.table import conform, plume_columns

START, END = np.datetime64("2019-01-01"), np.datetime64("2024-12-31")
N_DAYS = 2192
YEARS = {2019: 16_093, 2020: 7_500, 2021: 7_900, 2022: 7_700, 2023: 6_900, 2024: 7_900}
"""FP: 53 993 plumes, over 16 000 in 2019 and 6 800 to 8 000 in the other years."""

TOP = (
    ("Popocatepetl", -98.622, 19.023, -98.54, 19.45, 1830, 15_277),
    ("Sabancaya", -71.857, -15.787, -72.17, -16.27, 1628, 25_859),
    ("Sangay", -78.341, -2.005, -80.01, -1.50, 1604, 8_582),
    ("Nevado del Ruiz", -75.324, 4.892, -76.08, 5.26, 1035, 9_716),
    ("Norilsk", 88.13, 69.36, 88.74, 69.65, 875, 12_252),
    ("Dukono", 127.878, 1.699, 127.71, 1.75, 782, 9_268),
    ("Nyamulagira", 29.2, -1.408, 28.17, -1.55, 668, 7_439),
    ("Grootegeluk", 27.58, -23.68, 27.43, -23.74, 612, 12_769),
    ("Rabigh", 39.03, 22.67, 39.51, 21.99, 520, 15_005),
    ("Etna", 14.999, 37.748, 15.25, 37.24, 490, 23_447),
)
"""Name, source, cluster centre, plumes and median rate of FP's ten largest clusters (ranks 9 and 10 in order)."""

SPIKE_PLUMES = {"A": 2200, "B": 700, "C": 500, "D": 260, "E": 180, "F": 420, "G": 300, "H": 320, "I": 160, "J": 500}
MEDIAN_KG_H, FIRST_PERCENTILE_KG_H = 14_629.0, 524.0
SPREAD = np.log(MEDIAN_KG_H / FIRST_PERCENTILE_KG_H) / 2.3263


@dataclass(frozen=True)
class MadeCampaign:
    """Plumes and the truth behind each: 'cluster <name>', 'spike <mark>', 'place <n>' or 'noise'."""

    plumes: gpd.GeoDataFrame
    truth: np.ndarray


def make_campaign(n: int = 53_993, seed: int = 0) -> MadeCampaign:
    """Make a campaign; fewer plumes keep the shares of its parts."""
    rng = np.random.default_rng(seed)
    scale = n / sum(YEARS.values())
    parts = [_cluster(rng, row, scale) for row in TOP]
    parts += [_spike(rng, spike, scale) for spike in SPIKES]
    parts += [_place(rng, number, scale) for number in range(80)]
    made = pd.concat(parts, ignore_index=True)
    table = pd.concat([made, _noise(rng, made, n)], ignore_index=True)
    table = table.iloc[np.argsort(table["time"].to_numpy(), kind="stable")[:n]].reset_index(drop=True)
    return MadeCampaign(plume_table(rng, table.drop(columns="truth")), table["truth"].to_numpy(object))


def _times(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    seconds = rng.integers(0, 86_400, len(days)).astype("timedelta64[s]")
    return (START + days.astype("timedelta64[D]")).astype("datetime64[ms]") + seconds


def _part(rng, truth, days, lon, lat, up_lon, up_lat, rate) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "truth": truth,
            "time": _times(rng, days),
            "max_longitude": (np.asarray(lon) + 180) % 360 - 180,
            "max_latitude": np.clip(lat, -89, 89),
            "upwind_longitude": (np.asarray(up_lon) + 180) % 360 - 180,
            "upwind_latitude": np.clip(up_lat, -89, 89),
            "emission_kg_h": rate,
        }
    )


def _cluster(rng, row, scale) -> pd.DataFrame:
    name, at_lon, at_lat, lon, lat, count, median = row
    count = max(round(count * scale), 25)
    days = rng.integers(0, N_DAYS, count)
    wide = 0.16 / np.cos(np.radians(lat))
    return _part(
        rng, f"cluster {name}", days,
        rng.normal(lon, wide, count), rng.normal(lat, 0.16, count),
        rng.normal(at_lon, wide / 2, count), rng.normal(at_lat, 0.08, count),
        median * np.exp(rng.normal(0, 1.0, count)),
    )  # fmt: skip


def _spike(rng, spike, scale) -> pd.DataFrame:
    """A cloud that drifts away and spreads for eight days, its plumes fewer from day to day."""
    count = max(round(SPIKE_PLUMES[spike.mark] * scale), 30)
    age = np.minimum(rng.exponential(1.6, count), 8.0)
    day = int((np.datetime64(spike.date) - START).astype(int))
    start = np.floor(age).astype(int)
    east = 6.0 * start * rng.normal(1.0, 0.25, count) + rng.normal(0, 0.25 + 0.8 * start, count)
    lon = spike.longitude + east / np.cos(np.radians(spike.latitude)) * 0.7
    lat = spike.latitude + rng.normal(0, 0.15 + 0.6 * start, count)
    return _part(rng, f"spike {spike.mark}", day + start, lon, lat, lon - 0.3, lat, _rates(rng, count))


def _place(rng, number, scale) -> pd.DataFrame:
    """One of eighty further clusters, of unknown source as a rule."""
    count = max(round(260 * np.exp(-number / 35) * scale), 25)
    lon, lat = rng.uniform(-180, 180), np.degrees(np.arcsin(rng.uniform(-0.8, 0.9)))
    lons, lats = rng.normal(lon, 0.15 / np.cos(np.radians(lat)), count), rng.normal(lat, 0.15, count)
    days = rng.integers(0, N_DAYS, count)
    return _part(rng, f"place {number}", days, lons, lats, lons - 0.2, lats, _rates(rng, count))


def _noise(rng, made: pd.DataFrame, n: int) -> pd.DataFrame:
    """Spread the plumes that a year still lacks over the globe and its days."""
    total = sum(YEARS.values())
    year = made["time"].to_numpy().astype("datetime64[Y]").astype(int) + 1970
    days = []
    for name, count in YEARS.items():
        lacking = max(round(count * n / total) - int((year == name).sum()), 0)
        first = int((np.datetime64(f"{name}-01-01") - START).astype(int))
        last = int((np.datetime64(f"{name}-12-31") - START).astype(int))
        days.append(rng.integers(first, last + 1, lacking))
    day = np.concatenate(days)
    lon, lat = rng.uniform(-180, 180, len(day)), np.degrees(np.arcsin(rng.uniform(-0.95, 0.97, len(day))))
    return _part(rng, "noise", day, lon, lat, lon - 0.2, lat, _rates(rng, len(day)))


def _rates(rng, n) -> np.ndarray:
    return MEDIAN_KG_H * np.exp(rng.normal(0, SPREAD, n))


def plume_table(rng, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Fill every column of the plume table; one that this does not know gets a plain value of its type."""
    n = len(table)
    names = np.array([*LABEL_SHARES, "combined"], dtype=object)
    shares = np.array([*LABEL_SHARES.values(), 1 - sum(LABEL_SHARES.values())])
    label = rng.choice(names, n, p=shares / shares.sum())
    flag = np.array(["none", "so2", "volcanic", "anthropogenic", "high_sza"], dtype=object)
    fraction = (label[:, None] == flag) * 1.0
    fraction[label == "combined"] = [0.5, 0.5, 0, 0, 0]
    time = table["time"].to_numpy()
    orbit = 6000 + ((time - START.astype("datetime64[ms]")) / np.timedelta64(6091, "s")).astype(int)
    half = 0.2
    known = {
        **{name: table[name].to_numpy() for name in table.columns},
        "plume_id": np.char.add("made_", np.arange(n).astype(str)).astype(object),
        "date": time.astype("datetime64[D]").astype(str).astype(object),
        "orbit": orbit,
        "label": label,
        **{f"flag_fraction_{i}": fraction[:, i] for i in range(5)},
        "length_m": 37_300.0 * np.exp(rng.normal(0, 0.6, n)),
        "ellipse_fit": np.clip(rng.normal(0.6, 0.12, n), 0.05, 1.5),
        "wind_cov_percent": 12.5 * np.exp(rng.normal(0, 0.5, n)),
        "wind_speed_median_m_s": 6.0 * np.exp(rng.normal(0, 0.4, n)),
        "background_mol_m2": np.zeros(n),
    }
    known["mass_kg"] = known["emission_kg_h"] / 3600 * known["length_m"] / known["wind_speed_median_m_s"]
    plain = {"string": "", "int64": 0, "double": np.nan, "bool": False, "timestamp[ms, UTC]": pd.NaT}
    data = {}
    for column in plume_columns():
        if column.name in known:
            data[column.name] = known[column.name]
        elif column.dtype == "list<string>":
            data[column.name] = [[] for _ in range(n)]
        elif column.dtype == "geometry":
            data[column.name] = gpd.GeoSeries([None] * n, crs="EPSG:4326")
        else:
            data[column.name] = np.full(n, plain[column.dtype], dtype=object if column.dtype == "string" else None)
    lon, lat = table["max_longitude"].to_numpy(), table["max_latitude"].to_numpy()
    west = np.clip(lon - half, -180, 180 - 2 * half)
    shapes = box(west, lat - half, west + 2 * half, lat + half)
    return conform(gpd.GeoDataFrame(data, geometry=shapes, crs="EPSG:4326"))


def make_cells(plumes: pd.DataFrame, seed: int = 1, side: int = 5) -> pd.DataFrame:
    """Make the cells of every plume: a block around the maximum with random shares that sum to 1."""
    rng = np.random.default_rng(seed)
    n = len(plumes)
    row = np.clip(((plumes["max_latitude"].to_numpy() + 90) * 10).astype(int), side, 1799 - side)
    column = ((plumes["max_longitude"].to_numpy() + 180) * 10).astype(int)
    offset = np.arange(side) - side // 2
    rows = np.broadcast_to(row[:, None, None] + offset[:, None], (n, side, side))
    columns = np.broadcast_to((column[:, None, None] + offset[None, :]) % 3600, (n, side, side))
    share = rng.exponential(size=(n, side * side))
    return pd.DataFrame(
        {
            "plume_id": np.repeat(plumes["plume_id"].to_numpy(), side * side),
            "row": rows.ravel(),
            "column": columns.ravel(),
            "share": (share / share.sum(axis=1, keepdims=True)).ravel(),
        }
    )


def make_seen(year: int, seed: int = 2) -> SeenGrid:
    """Make what was seen in a year: clouds that move, no light in polar winter."""
    days = np.arange(np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01"))
    rng = np.random.default_rng(seed)
    cloud = np.kron(rng.integers(0, 101, (SHAPE[0] // 10, SHAPE[1] // 10)), np.ones((10, 10))).astype(np.int8)
    percent = np.stack([np.roll(cloud, 10 * day, axis=1) for day in range(len(days))])
    latitude = (np.arange(SHAPE[0]) + 0.5) / 2 - 90
    sun = 23.4 * np.cos(2 * np.pi * (np.arange(len(days)) - 172) / 365.25)
    percent[np.abs(latitude[None, :] - sun[:, None]) > 80] = -1
    return SeenGrid(days, percent)


def make_edgar(year: int = 2022, monthly: bool = True, seed: int = 3, factor: int = 1) -> EdgarGrid:
    """Make an inventory whose strongest 1 % of cells hold about 85 % of the emission (FP-pre), coarser by a factor."""
    rng = np.random.default_rng(seed)
    lat, lon = (axis.reshape(-1, factor).mean(axis=1) for axis in (grid_latitude(), grid_longitude()))
    values = np.exp(3.3 * rng.standard_normal((len(lat), len(lon)), dtype=np.float32) - 31)
    season = 1 + 0.2 * np.cos(np.arange(12) / 12 * 2 * np.pi).astype(np.float32) if monthly else np.ones(1, np.float32)
    return EdgarGrid(season[:, None, None] * values, lon, lat, year, cell_areas_m2(lat, lon))
