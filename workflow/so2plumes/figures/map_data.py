"""What the maps of clusters, eruptions and rates show, as tables."""

from __future__ import annotations

import pandas as pd

from so2plumes.findings.inputs import ReportInputs

_PLACE = {"longitude": "longitude_deg", "latitude": "latitude_deg"}


def cluster_data(inputs: ReportInputs) -> pd.DataFrame:
    """Centres of the clusters with their number of plumes."""
    names = ["rank", "cluster_id", "nearest_source", "source_type", "longitude", "latitude", "n_plumes"]
    return inputs.clusters[names].rename(columns=_PLACE)


def cluster_rate_data(inputs: ReportInputs, most: int = 20) -> pd.DataFrame:
    """Quantiles of the rates of the largest clusters."""
    names = ["rank", "cluster_id", "nearest_source", "source_type", "n_plumes"]
    rates = [f"{part}_emission_kg_h" for part in ("p16", "median", "p84")]
    return inputs.clusters.head(most)[[*names, *rates]]


def eruption_data(inputs: ReportInputs) -> pd.DataFrame:
    """Eruptions, with a plume or without, then the places of all plumes."""
    names = ["eruption_number", "volcano_name", "longitude", "latitude", "matched", "n_plumes"]
    names += ["status"] if "status" in inputs.eruptions else []
    eruptions = inputs.eruptions[names].rename(columns=_PLACE).assign(part="eruption")
    eruptions["matched"] = eruptions["matched"].astype(bool)
    plumes = pd.DataFrame(
        {
            "part": "plume",
            "plume_id": inputs.plumes["plume_id"],
            "longitude_deg": inputs.plumes["max_longitude"],
            "latitude_deg": inputs.plumes["max_latitude"],
        }
    )
    return pd.concat([eruptions, plumes], ignore_index=True)
