"""What comes with the table: where it is from, how to cite it, what its columns are, digests of its files."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from so2plumes.cf import PAPER_DOI, SENTINEL_DOI
from so2plumes.files import sha256
from so2plumes.provenance import config_digest, row_config
from so2plumes.table import plume_columns, reason_codes
from so2plumes.versions import ALGORITHMS, code_version

if TYPE_CHECKING:
    import geopandas as gpd

    from so2plumes.config import Config

PUBLICATIONS: tuple[Mapping[str, str], ...] = (
    {
        "doi": PAPER_DOI,
        "citation": "Finch, D. P. and Palmer, P. I.: Towards automated near-real-time global monitoring of "
        "atmospheric SO2 plumes from satellite data using U-Net segmentation, Atmos. Meas. Tech., 19, 4049-4064, 2026",
    },
    {
        "doi": "10.5194/egusphere-2025-5900",
        "citation": "Finch, D. P. and Palmer, P. I.: A machine-learning reference dataset for SO2 plumes observed by "
        "TROPOMI: uncertainties and emission estimates, EGUsphere [preprint], 2025",
    },
)
"""Papers whose methods the table uses."""


def attributions(config: Config) -> list[dict[str, str]]:
    """Name the sources of the data, the words that credit each, and where it enters."""
    first, last = config.campaign.start.year, config.campaign.end.year
    years = str(first) if first == last else f"{first}-{last}"
    return [
        {
            "source": "Copernicus Sentinel-5P TROPOMI Level-2 sulphur dioxide",
            "text": f"Contains modified Copernicus Sentinel data {years}",
            "doi": SENTINEL_DOI,
            "used_for": "the plume table",
        },
        {
            "source": "Global Volcanism Program, Smithsonian Institution",
            "text": "Global Volcanism Program, Volcanoes of the World, distributed by the Smithsonian Institution, "
            "compiled by Venzke, E.",
            "doi": "10.5479/si.GVP.VOTW5-2024.5.2",
            "used_for": "eruption matches and, where a row says so, heights",
        },
        {
            "source": "EDGAR v8.1, European Commission, Joint Research Centre",
            "text": "Emissions Database for Global Atmospheric Research, release v8.1",
            "used_for": "the comparison with the inventory, not the plume table",
        },
        {
            "source": "ERA5, Copernicus Climate Change Service",
            "text": "Contains modified Copernicus Climate Change Service information",
            "used_for": "winds, where a row says so",
        },
    ]


def citation(config: Config) -> str:
    """Say how to cite the table."""
    return (
        f"{config.campaign.name}: plumes of sulphur dioxide in the TROPOMI archive, {config.campaign.start} to "
        f"{config.campaign.end}, made with so2plumes {code_version()}, after Finch and Palmer (2026), doi:{PAPER_DOI}"
    )


def extent(frame: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return first and last time and the box of the outlines; null without plumes."""
    if frame.empty:
        return {"temporal": None, "spatial": None}
    times = [frame["time"].min(), frame["time"].max()]
    box = [round(float(side), 6) for side in frame.total_bounds]
    return {
        "temporal": [time.isoformat().replace("+00:00", "Z") for time in times],
        "spatial": box if all(side == side for side in box) else None,
    }


def _unique(frame: gpd.GeoDataFrame, name: str) -> list[str]:
    return sorted(str(value) for value in frame[name].unique())


def _file(path: Path, folder: Path) -> dict[str, Any]:
    return {"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size, "sha256": sha256(path)}


def sidecar(
    frame: gpd.GeoDataFrame, config: Config, files: Sequence[Path], folder: Path, known_sha256: str = ""
) -> dict[str, Any]:
    """Gather everything that is said of the table, for ``plumes.json``.

    Parameters
    ----------
    frame : GeoDataFrame
        The plume table.
    config : Config
    files : sequence of Path
        Files of the product, in `folder`.
    folder : Path
    known_sha256 : str
        SHA-256 of the list of known sources.
    """
    made = ("code_version", "config_sha256", "model_sha256", "processor_version", "retrieval")
    campaign = config.campaign
    return {
        "title": campaign.name,
        "description": "One row per plume of sulphur dioxide found in the swaths of TROPOMI on Sentinel-5P",
        "citation": citation(config),
        "publications": list(PUBLICATIONS),
        "licence": config.product.licence,
        "publisher": config.product.publisher,
        "attributions": attributions(config),
        "campaign": {
            "start": campaign.start.isoformat(),
            "end": campaign.end.isoformat(),
            "unit": campaign.unit,
            "region": campaign.region,
        },
        "rows": len(frame),
        "extent": extent(frame),
        "versions": {
            "exported_by": code_version(),
            "algorithms": ALGORITHMS,
            "rows": {name: _unique(frame, name) for name in made},
        },
        "config": {
            "sha256": config_digest(config, known_sha256),
            "content": row_config(config, known_sha256),
        },
        "columns": [asdict(column) for column in plume_columns()],
        "reason_codes": dict(reason_codes()),
        "files": [_file(path, folder) for path in files],
    }


def day_bounds(start: datetime.date, end: datetime.date) -> tuple[str, str]:
    """Return first and last second of a span of days, both days included, as in STAC."""
    return f"{start.isoformat()}T00:00:00Z", f"{end.isoformat()}T23:59:59Z"
