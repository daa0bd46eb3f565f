"""Which granules: the campaign, its archive and the filter of pixels."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from so2plumes.config.section import Address, Section
from so2plumes.errors import ConfigError

FIRST_MEASUREMENT = datetime.date(2018, 4, 30)
Processor = Annotated[str, Field(pattern=r"^\d{6}$")]


class Campaign(Section):
    """Which days are processed."""

    name: str = Field("tropomi-so2", description="Title of the reports.")
    start: datetime.date = Field(description="First day, YYYY-MM-DD.")
    end: datetime.date = Field(description="Last day, included.")
    unit: Literal["day", "month"] = Field(
        "day",
        description="Period of one job: `day` for the global archive, `month` for sparse regional ones.",
    )

    region: list[float] | dict[str, Any] | str | None = Field(
        None,
        description="Only this part of the Earth: a box [west, south, east, north] in degrees (west > east crosses the "
        "antimeridian), a GeoJSON geometry or WKT. Swaths are cut to the scanlines that see it.",
    )

    @field_validator("region")
    @classmethod
    def _readable(cls, value: Any) -> Any:
        if value is not None:
            from so2plumes.archive.region import parse_region

            try:
                parse_region(value)
            except ConfigError as error:
                raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Campaign:
        if self.start > self.end:
            raise ValueError(f"start {self.start} lies after end {self.end}")
        if self.start < FIRST_MEASUREMENT:
            raise ValueError(f"start {self.start} lies before the first measurement, {FIRST_MEASUREMENT}")
        return self


class Archive(Section):
    """Where the Level-2 granules come from and which are used."""

    source: Literal["local", "simulated", "cdse", "s3"] = Field(
        description="`local`: a folder of granules, searched recursively; `simulated`: granules with known truth "
        "are made first; `cdse`: the Copernicus Data Space, granules are fetched, compacted and deleted; `s3`: a "
        "bucket of an S3 store, likewise."
    )
    path: str = Field("archive", description="Folder of the local archive. Not used by the other sources.")
    catalogue: Address = Field(
        "https://catalogue.dataspace.copernicus.eu/odata/v1/Products", description="Products of the OData catalogue."
    )
    download: Address = Field(
        "https://download.dataspace.copernicus.eu/odata/v1/Products", description="Where products are downloaded."
    )
    token: Address = Field(
        "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token",
        description="The token service.",
    )
    credentials: str | None = Field(
        None,
        description="File with user name and password in two lines, or in netrc format, that only its owner can read. "
        "The environment (CDSE_USER, CDSE_PASSWORD) goes before, ~/.netrc after it. For `s3`: file with access key, "
        "secret key and, if there is one, session token in a line each, or in the format of ~/.aws/credentials; the "
        "environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN) goes before, ~/.aws/credentials "
        "after.",
    )
    s3_endpoint: Address | None = Field(
        "https://eodata.dataspace.copernicus.eu",
        description="Address of the S3 store; null: Amazon. The defaults of an S3 store are those of the Copernicus "
        "Data Space.",
    )
    bucket: str = Field("eodata", min_length=1, description="Bucket of the S3 store.")
    prefixes: list[str] = Field(
        default=["Sentinel-5P/TROPOMI/L2__SO2___/{year}/{month}/{day}/"],
        min_length=1,
        description="Beginnings of the keys of the S3 store, a stream each, with {year}, {month} and {day} where the "
        "date stands; one without them is listed as it is. The granule may lie there or in a folder of its own.",
    )
    s3_region: str = Field(
        "default", description="Region of the S3 store, such as eu-central-1 (not `campaign.region`)."
    )
    anonymous: bool = Field(False, description="Ask the S3 store without keys: for public buckets.")
    connections: int = Field(4, ge=1, description="Downloads at once, over all jobs of the machine.")
    quota_bytes: float | None = Field(
        12e12,
        gt=0,
        description="Bytes that may be fetched within `quota_days`, over all jobs of the machine; what exceeds them "
        "waits. The default is what the Copernicus Data Space allows; null: no budget.",
    )
    quota_days: int = Field(30, ge=1, description="Days over which `quota_bytes` are counted.")
    shared_folder: str = Field(
        "~/.cache/so2plumes",
        description="For the token, the connections and the count of fetched bytes that all jobs of the machine share.",
    )
    processors: list[Processor] = Field(
        default=["020401", "020500", "020600", "020601"],
        description="Processor versions that may be used, six digits each; within a stream (reprocessed before offline "
        "before near-real-time) the first of the list wins. The SO2 retrieval changed from DOAS to COBRA in November "
        "2024 (020700), so newest-wins would mix algorithms. An empty list allows all.",
    )
    retrievals: list[Literal["doas", "cobra"]] = Field(
        default=["doas"], description="Retrievals that may be used. An empty list allows all."
    )
    window: int = Field(
        16,
        ge=1,
        description="At most this many periods of compact swaths of a year exist at a time. Changing it reruns "
        "fetch_swaths.",
    )
    checksum: bool = Field(True, description="Keep the SHA-256 of every granule in its receipt.")

    @field_validator("prefixes")
    @classmethod
    def _listable(cls, value: list[str]) -> list[str]:
        from so2plumes.archive.s3_prefixes import check_prefix

        for prefix in value:
            try:
                check_prefix(prefix)
            except ConfigError as error:
                raise ValueError(f"{error.expected}, not {prefix!r}") from None
        return value


class Filter(Section):
    """Which pixels are used."""

    min_qa: float = Field(0.5, ge=0, lt=1, description="Pixels with qa_value greater than this are used.")
    max_solar_zenith_deg: float | None = Field(
        None, gt=0, le=180, description="Also drop pixels with a larger solar zenith angle; null keeps all."
    )
