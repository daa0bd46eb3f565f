"""What plumes are compared with, and how the comparison is shown."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from so2plumes.config.section import Address, Origin, Section


class Cluster(Section):
    """How plumes are clustered."""

    eps_km: float = Field(50, gt=0, description="DBSCAN: largest great-circle distance of neighbours.")
    min_samples: int = Field(20, ge=1, description="DBSCAN: plumes that make a core point.")
    origin: Origin = Field(
        "upwind",
        description="Point of a plume that is clustered: `max` (paper) or `upwind` (end of the mask).",
    )
    centre: Literal["mean", "densest"] = Field(
        "densest",
        description="Place of a cluster, from which its source is named: the `mean` of its points (paper) or where "
        "they are `densest`.",
    )


class Sources(Section):
    """Known sources that clusters are named after."""

    volcanoes: str | None = Field(
        None,
        description="List of Holocene volcanoes of the GVP (website CSV or XLSX, or WFS GeoJSON), added to the known "
        "sources; they name what no known source explains. Null: the known sources alone; `download` fetches it first.",
    )


class Eruptions(Section):
    """Match with the eruptions of the Global Volcanism Program."""

    path: str | None = Field(
        None,
        description="GVP eruption list: website CSV or XLSX, or WFS GeoJSON. Null skips the match, and the report "
        "says so; `download` fetches it first; `simulated` is the list of a simulated archive.",
    )
    url: Address = Field(
        "https://webservices.volcano.si.edu/geoserver/GVP-VOTW/ows", description="Web service of the GVP (`download`)."
    )
    radius_km: float = Field(50, gt=0, description="Largest distance of plume and volcano.")
    origin: Origin = Field("upwind", description="Point of a plume that is matched: `max` (paper) or `upwind`.")
    event_speed_m_s: float = Field(
        12,
        gt=0,
        description="Outflow of an eruption: how far it may have gone between two plumes, by their time apart.",
    )
    event_reach_km: float = Field(500, gt=0, description="Outflow: longest distance of two plumes that follow.")
    event_days: float = Field(10, gt=0, description="Outflow: how long it is followed from the volcano.")


class Edgar(Section):
    """Comparison with the EDGAR inventory."""

    path: str | None = Field(
        None,
        description="EDGAR v8.1 SO2 file or folder (nc or zip). Null skips the comparison, and the report says so; "
        "`download` fetches the grids first; `simulated` is the grid of a simulated archive.",
    )
    url: Address = Field(
        "https://jeodpp.jrc.ec.europa.eu/ftp/jrc-opendata/EDGAR/datasets/v81_FT2022_AP_new",
        description="Where the EDGAR grids are (`download`).",
    )
    top_share: float = Field(0.001, gt=0, lt=1, description="Share of cells that counts as the strongest.")
    radius_km: float = Field(200, gt=0, description="A cell has a plume when one lies within this distance.")


class Catalogues(Section):
    """Comparison with catalogues of others."""

    masses: str | None = Field(None, description="NASA's MSVOLSO2L4 (text): masses of eruptions. Null skips it.")
    persistent: str | None = Field(
        None, description="Persistent volcanic degassing (`.rc` text, kg of sulphur per second). Null skips it."
    )


class Analysis(Section):
    """Days, regions and labels."""

    spike_window_days: int = Field(61, ge=7, description="Length of the running median of the daily counts.")
    spike_score: float = Field(
        6, gt=0, description="A day stands out by this many robust standard deviations above the running median,"
    )
    spike_plumes: float = Field(10, ge=0, description="and by this many plumes.")
    panel_name: str = Field("Norilsk", description="Name of the box whose plumes are counted per day (FP Fig. 6).")
    panel_box: list[float] = Field(
        default=[78.0, 64.0, 98.0, 74.0],
        min_length=4,
        max_length=4,
        description="The box: west, south, east, north; west > east crosses the antimeridian.",
    )
    none_eps_km: float = Field(150, gt=0, description="DBSCAN of plumes without enhancement: distance of neighbours.")
    none_min_samples: int = Field(20, ge=1, description="DBSCAN of plumes without enhancement: plumes of a core point.")


class Report(Section):
    """The reports."""

    gallery: int = Field(20, ge=0, description="Plumes shown with their outlines.")


class Product(Section):
    """The data set that is published (`snakemake product`)."""

    licence: str = Field(
        "other",
        pattern=r"^[A-Za-z0-9.+-]+$",
        description="Licence of the plume table: an SPDX identifier (such as CC-BY-4.0), or `other`, the terms of its "
        "sources.",
    )
    publisher: str | None = Field(None, description="Who publishes the plume table.")
