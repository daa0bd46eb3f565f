"""Flag classes by the 80 % rule, and clusters of plumes without enhancement (FP 3.3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.analysis.published import LABEL_SHARES
from so2plumes.dictionary import empty, shaped
from so2plumes.sources.clusters import NOISE, cluster_labels
from so2plumes.sources.known import UNKNOWN, nearest_source
from so2plumes.sources.origins import Origin, origin_coordinates, utc_days
from so2plumes.sources.sphere import great_circle_km, nearest, spherical_mean

CLASSES = ("none", "so2", "volcanic", "anthropogenic", "high_sza")
"""Labels of the flags 0 to 4."""


def labels_by_rule(plumes: pd.DataFrame, threshold: float = 0.8) -> NDArray[np.object_]:
    """Return labels from the shares of the flags: the flag of more than `threshold` of the pixels.

    Parameters
    ----------
    plumes : DataFrame
        Plume table, with ``flag_fraction_0`` to ``flag_fraction_4``.
    threshold : float

    Returns
    -------
    (plume,) object
        ``combined`` where no flag has more; ``unavailable`` without flags.
    """
    if plumes.empty:
        return np.empty(0, dtype=object)
    shares = plumes[[f"flag_fraction_{i}" for i in range(len(CLASSES))]].to_numpy(dtype=float)
    known = np.isfinite(shares).any(axis=1)
    best = np.argmax(np.where(np.isfinite(shares), shares, -1.0), axis=1)
    clear = known & (shares[np.arange(len(shares)), best] > threshold)
    names = np.where(clear, np.array(CLASSES, dtype=object)[best], "combined")
    return np.where(known, names, "unavailable").astype(object)


def label_table(plumes: pd.DataFrame, threshold: float = 0.8) -> pd.DataFrame:
    """Count the plumes of every label by year and in all.

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    threshold : float
        Of the rule; ``attrs`` say how many labels of the plume table differ from it.

    Returns
    -------
    DataFrame
        Table ``label_shares``; `year` is missing in the rows of the whole period. Shares are of all plumes and of
        those with flags (the papers' denominators hold only such).
    """
    names = labels_by_rule(plumes, threshold)
    years = utc_days(plumes["time"]).astype("datetime64[Y]").astype(int) + 1970 if len(plumes) else np.empty(0, int)
    order = (*CLASSES, "combined", "unavailable")
    rows: list[dict[str, Any]] = []
    for year in [None, *np.unique(years)]:
        of_year = names if year is None else names[years == year]
        flagged = int((of_year != "unavailable").sum())
        for label in order:
            number = int((of_year == label).sum())
            rows.append(
                {
                    "year": pd.NA if year is None else int(year),
                    "label": label,
                    "n_plumes": number,
                    "share": number / len(of_year) if len(of_year) else float("nan"),
                    "share_of_flagged": number / flagged if flagged and label != "unavailable" else float("nan"),
                    "paper_share": LABEL_SHARES.get(label, float("nan")) if year is None else float("nan"),
                }
            )
    table = pd.DataFrame(rows)
    stored = plumes["label"].to_numpy(dtype=object) if "label" in plumes else names
    table.attrs = {"available": True, "threshold": threshold, "n_differing": int((stored != names).sum())}
    return shaped(table, "label_shares")


def none_clusters(
    plumes: pd.DataFrame,
    clusters: pd.DataFrame,
    known: pd.DataFrame,
    eps_km: float = 150.0,
    min_samples: int = 20,
    origin: Origin = "max",
    touch_km: float = 50.0,
) -> pd.DataFrame:
    """Cluster the plumes labelled ``none`` and say how near they are to clusters of known sources (FP 3.3).

    Two clusters overlap where a plume of one lies within `touch_km` of a plume of the other.

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    clusters : DataFrame
        Table ``clusters``, with ``plume_ids``; those of unknown source are left out.
    known : DataFrame
        Known sources.
    eps_km, min_samples
        DBSCAN of the plumes without enhancement.
    origin : {'max', 'upwind'}
        Place of a plume.
    touch_km : float

    Returns
    -------
    DataFrame
        Table ``none_clusters``, largest first; ``attrs`` hold what FP states: clusters, share of the plumes in them,
        how many overlap, and how far the others are.
    """
    chosen = plumes[plumes["label"] == "none"] if len(plumes) else plumes
    facts = {"available": True, "eps_km": eps_km, "min_samples": min_samples, "n_none": len(chosen)}
    lon, lat = origin_coordinates(chosen, origin)
    labels = cluster_labels(lon, lat, eps_km, min_samples)
    if not (labels != NOISE).any():
        return empty("none_clusters", **facts, n_clusters=0, share_in_clusters=0.0, n_overlapping=0)
    labelled = clusters[clusters["nearest_source"] != UNKNOWN] if len(clusters) else clusters
    members, member_cluster = _members(plumes, labelled, origin)
    rows = []
    for number in range(int(labels.max()) + 1):
        inside = labels == number
        rows.append(_cluster_row(lon[inside], lat[inside], labelled, members, member_cluster))
    table = pd.DataFrame(rows)
    table = table.join(nearest_source(table["longitude"], table["latitude"], known))
    table["rank"] = np.arange(1, len(table) + 1)
    table["share_of_none"] = table["n_plumes"] / len(chosen)
    table["overlaps"] = table["plume_distance_km"] <= touch_km
    apart = table.loc[~table["overlaps"], "centre_distance_km"]
    table.attrs = facts | {
        "n_clusters": len(table),
        "share_in_clusters": float(table["n_plumes"].sum() / len(chosen)),
        "n_overlapping": int(table["overlaps"].sum()),
        "farthest_other_km": float(apart.max()) if len(apart) else None,
    }
    return shaped(table, "none_clusters")


def _members(
    plumes: pd.DataFrame, clusters: pd.DataFrame, origin: Origin
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Positions (plume, 2) of the plumes in clusters and the row of their cluster."""
    place = pd.Series(np.arange(len(plumes)), index=plumes["plume_id"].to_numpy())
    rows = [place[list(names)].to_numpy() for names in clusters.get("plume_ids", [])]
    which = np.repeat(np.arange(len(rows)), [len(part) for part in rows]).astype(np.int64)
    everywhere = np.column_stack(origin_coordinates(plumes, origin))
    return everywhere[np.concatenate(rows)] if rows else np.empty((0, 2)), which


def _cluster_row(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    labelled: pd.DataFrame,
    members: NDArray[np.float64],
    member_cluster: NDArray[np.int64],
) -> dict[str, Any]:
    centre = spherical_mean(lon, lat)
    row: dict[str, Any] = {
        "longitude": centre[0],
        "latitude": centre[1],
        "radius_km": float(np.median(great_circle_km(*centre, lon, lat))),
        "n_plumes": len(lon),
        "nearest_cluster": "",
        "nearest_cluster_source": "",
        "plume_distance_km": float("nan"),
        "centre_distance_km": float("nan"),
    }
    if not len(members):
        return row
    found = nearest(lon, lat, members[:, 0], members[:, 1])
    closest = labelled.iloc[member_cluster[found.index[np.argmin(found.distance_km)]]]
    return row | {
        "nearest_cluster": closest["source_name"],
        "nearest_cluster_source": closest["nearest_source"],
        "plume_distance_km": float(found.distance_km.min()),
        "centre_distance_km": float(great_circle_km(*centre, closest["longitude"], closest["latitude"])),
    }
