"""The tables that the workflow keeps: clusters and eruptions with the plumes that belong to them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from so2plumes.sources.clusters import NOISE, Centre, cluster_labels, cluster_table
from so2plumes.sources.eruptions import match_eruptions
from so2plumes.sources.gvp import active_between, last_days
from so2plumes.sources.origins import Origin, origin_coordinates

ERUPTION_DTYPES = {
    "eruption_number": "Int64",
    "volcano_number": "Int64",
    "volcano_name": "str",
    "longitude": "float64",
    "latitude": "float64",
    "vei": "Int64",
    "start": "str",
    "end": "str",
    "continuing": "bool",
    "n_plumes": "int64",
    "matched": "bool",
    "first_plume_date": "str",
    "last_plume_date": "str",
}
"""Columns of the eruption product but ``plume_ids``, in order."""


def _dates(values: pd.Series) -> list[str]:
    return ["" if pd.isna(value) else pd.Timestamp(value).strftime("%Y-%m-%d") for value in values]


def cluster_product(
    plumes: pd.DataFrame,
    known: pd.DataFrame,
    n_calendar_days: int,
    eps_km: float = 50.0,
    min_samples: int = 20,
    origin: Origin = "max",
    centre: Centre = "mean",
) -> pd.DataFrame:
    """Cluster plumes and describe the clusters (FP 3.1, Table 2).

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    known : DataFrame
        Known sources.
    n_calendar_days : int
        Days of the period.
    eps_km, min_samples
        DBSCAN.
    origin : {'max', 'upwind'}
        Point of a plume that is clustered.
    centre : {'mean', 'densest'}
        Place of a cluster.

    Returns
    -------
    DataFrame
        `cluster_table` with ``plume_ids`` (list) per cluster; the parameters are in ``attrs``.
    """
    labels = cluster_labels(*origin_coordinates(plumes, origin), eps_km, min_samples)
    table = cluster_table(plumes, labels, known, n_calendar_days, origin, eps_km, centre=centre)
    names = plumes["plume_id"].to_numpy(dtype=object)
    numbers = np.unique(labels[labels != NOISE])
    table["plume_ids"] = pd.Series([sorted(names[labels == number]) for number in numbers], dtype=object)
    for column in ("first_date", "last_date"):
        table[column] = _dates(table[column])
    n_clustered = int((labels != NOISE).sum())
    table.attrs = {
        "available": True,
        "eps_km": eps_km,
        "min_samples": min_samples,
        "origin": origin,
        "centre": centre,
        "n_plumes": len(plumes),
        "n_clustered": n_clustered,
        "n_calendar_days": n_calendar_days,
    }
    return table


def eruption_product(
    plumes: pd.DataFrame,
    eruptions: pd.DataFrame | None,
    start: date,
    end: date,
    radius_km: float = 50.0,
    origin: Origin = "max",
    source: str = "",
) -> pd.DataFrame:
    """List the eruptions of a period with the plumes near them (FP 3.2).

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    eruptions : DataFrame or None
        From `gvp.read_eruptions`; None where no list is configured.
    start, end : date
        Period, both days included; an eruption counts when its interval overlaps it.
    radius_km : float
    origin : {'max', 'upwind'}
    source : str
        Name of the list.

    Returns
    -------
    DataFrame
        `ERUPTION_DTYPES` and ``plume_ids`` (list), most plumes first; ``attrs`` say what was compared.
    """
    if eruptions is None:
        table = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in ERUPTION_DTYPES.items()})
        table["plume_ids"] = pd.Series(dtype=object)
        table.attrs = {"available": False, "source": "", "radius_km": radius_km, "origin": origin}
        return table
    active = active_between(eruptions, start, end)
    match = match_eruptions(plumes, active, radius_km, origin)
    ids = match.pairs.groupby("eruption_number")["plume_id"].agg(lambda names: sorted(names))
    table = match.eruptions.assign(
        start=_dates(match.eruptions["start_earliest"]),
        end=[
            "" if going else day
            for day, going in zip(
                last_days(match.eruptions).astype("datetime64[D]").astype(str),
                match.eruptions["continuing"],
                strict=True,
            )
        ],
        first_plume_date=_dates(match.eruptions["first_plume"]),
        last_plume_date=_dates(match.eruptions["last_plume"]),
        plume_ids=pd.Series([list(ids.get(n, [])) for n in match.eruptions["eruption_number"]], dtype=object),
    )
    table = table[[*ERUPTION_DTYPES, "plume_ids"]].astype(ERUPTION_DTYPES)
    table = table.sort_values(["n_plumes", "eruption_number"], ascending=[False, True], ignore_index=True)
    table.attrs = {
        "available": True,
        "source": source,
        "radius_km": radius_km,
        "origin": origin,
        "n_matched_plumes": match.n_plumes,
    }
    return table
