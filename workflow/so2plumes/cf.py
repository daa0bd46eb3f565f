"""What NetCDF files say of themselves: attributes after CF 1.11 and ACDD 1.3.

The words are in ``workflow/schemas/netcdf.yaml``. Nothing here depends on the clock or on where files lie, so that
equal content is equal bytes; that is why ``date_created`` is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import yaml
from numpy.typing import NDArray

from so2plumes.versions import code_version

CONVENTIONS = "CF-1.11, ACDD-1.3"
MILLISECONDS = "milliseconds since 1970-01-01 00:00:00"
_CLOCK = {"calendar": "standard", "units_metadata": "leap_seconds: unknown"}
_WORDS = Path(__file__).resolve().parents[1] / "schemas" / "netcdf.yaml"
PAPER_DOI = "10.5194/amt-19-4049-2026"
SENTINEL_DOI = "10.5270/S5P-yr8kdpp"


@cache
def _words() -> Mapping[str, Mapping[str, Any]]:
    return yaml.safe_load(_WORDS.read_text())["variables"]


def variable_attributes(name: str, dtype: str = "f4") -> dict[str, Any]:
    """Attributes of a variable, units left out.

    A name that the words do not know gets a ``long_name`` made of it, so that a new field never stops a campaign.

    Parameters
    ----------
    name : str
        ``has_<name>`` says which plumes have a field.
    dtype : str
        Type of the variable; flag values have it too.
    """
    if name.startswith("has_"):
        words: Mapping[str, Any] = {
            "standard_name": "status_flag",
            "long_name": f"the granule of the plume has {name.removeprefix('has_')}",
            "flags": ["no", "yes"],
            "content": "auxiliaryInformation",
        }
    else:
        words = _words().get(name, {"long_name": name.replace("_", " "), "content": "auxiliaryInformation"})
    attributes = {key: value for key, value in words.items() if key not in ("flags", "content")}
    if "content" in words:
        attributes["coverage_content_type"] = words["content"]
    if "flags" in words:
        attributes["flag_values"] = np.arange(len(words["flags"]), dtype=dtype)
        attributes["flag_meanings"] = " ".join(words["flags"])
    return attributes


def file_attributes(title: str, summary: str, steps: str, **more: str | float) -> dict[str, str | float]:
    """Global attributes that do not depend on the data.

    Parameters
    ----------
    title, summary : str
    steps : str
        Commands that made the file, in their order, for ``history``.
    more : str or float
        Further attributes; they win.
    """
    return {
        "Conventions": CONVENTIONS,
        "title": title,
        "summary": summary,
        "keywords": "EARTH SCIENCE > ATMOSPHERE > ATMOSPHERIC CHEMISTRY > SULFUR COMPOUNDS > SULFUR DIOXIDE",
        "keywords_vocabulary": "GCMD Science Keywords",
        "standard_name_vocabulary": "CF Standard Name Table",
        "source": "Sentinel-5P TROPOMI Level-2 sulphur dioxide",
        "platform": "Sentinel-5P",
        "instrument": "TROPOMI",
        "processing_level": "derived from Level 2",
        "cdm_data_type": "Swath",
        "project": "so2plumes",
        "creator_name": "The so2plumes developers",
        "creator_type": "group",
        "license": "Contains modified Copernicus Sentinel data, which are free and open under the Sentinel data terms",
        "acknowledgement": f"Copernicus Sentinel-5P data, doi:{SENTINEL_DOI}",
        "references": f"https://doi.org/{PAPER_DOI}",
        "product_version": code_version(),
        "history": f"so2plumes {code_version()}: {steps}",
        **more,
    }


def time_coverage(times: NDArray[np.datetime64]) -> dict[str, str]:
    """Global attributes of the time span; none without times."""
    times = times[~np.isnat(times)]
    if not times.size:
        return {}
    start, end = (value.astype("datetime64[ms]") for value in (times.min(), times.max()))
    seconds = (end - start).astype("int64") / 1000
    return {
        "time_coverage_start": f"{start}Z",
        "time_coverage_end": f"{end}Z",
        "time_coverage_duration": f"PT{seconds:.3f}S",
    }


def place_coverage(longitude: NDArray[np.floating], latitude: NDArray[np.floating]) -> dict[str, str | float]:
    """Global attributes of the extent; none without a position.

    Points on both sides of the antimeridian give the whole circle of longitudes.
    """
    good = np.isfinite(longitude) & np.isfinite(latitude)
    if not good.any():
        return {}
    west, east = float(longitude[good].min()), float(longitude[good].max())
    south, north = float(latitude[good].min()), float(latitude[good].max())
    ring = f"{south} {west}, {south} {east}, {north} {east}, {north} {west}, {south} {west}"
    return {
        "geospatial_lon_min": west,
        "geospatial_lon_max": east,
        "geospatial_lon_units": "degrees_east",
        "geospatial_lat_min": south,
        "geospatial_lat_max": north,
        "geospatial_lat_units": "degrees_north",
        "geospatial_bounds": f"POLYGON(({ring}))",
        "geospatial_bounds_crs": "EPSG:4326",
    }


def describe(variable: netCDF4.Variable, units: str | None = None, **more: Any) -> None:
    """Give a variable its attributes; texts and bounds have no units."""
    attributes = variable_attributes(variable.name, str(getattr(variable.dtype, "str", "O")).lstrip("<|>"))
    if units is not None:
        attributes["units"] = units
    if units == MILLISECONDS:
        attributes |= _CLOCK
    variable.setncatts({**attributes, **more})
