"""Variables of the Level-2 SO2 product: where they lie, how they are stored, what their attributes say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FLOAT_FILL = np.float32(9.96921e36)
INT_FILL = np.int32(-2147483647)
QA_FILL = np.uint8(255)
FILLS: Mapping[str, Any] = {"f4": FLOAT_FILL, "i4": INT_FILL, "u1": QA_FILL}

GEOLOCATIONS = "/PRODUCT/SUPPORT_DATA/GEOLOCATIONS"
INPUT_DATA = "/PRODUCT/SUPPORT_DATA/INPUT_DATA"
DETAILED_RESULTS = "/PRODUCT/SUPPORT_DATA/DETAILED_RESULTS"
LAYER_HEIGHT = "/PRODUCT/SO2_LAYER_HEIGHT"

PIXEL = ("time", "scanline", "ground_pixel")
CORNER = (*PIXEL, "corner")

BOX_FACTORS: Mapping[str, float] = {"1km": 1.15, "7km": 0.40, "15km": 0.32}
"""Column of a box profile over the main column: a high layer is seen better, so its column is smaller."""


@dataclass(frozen=True)
class VariableLayout:
    """One variable.

    Parameters
    ----------
    path : str
        Full path in the file.
    source : str
        Name of the values in the mapping that is written.
    dtype : str
    dimensions : tuple of str
    part : str
        Which option switches it: ``core, corners, winds, flags, precision, boxes, layer_height``.
    attributes : dict
    """

    path: str
    source: str
    part: str = "core"
    dtype: str = "f4"
    dimensions: tuple[str, ...] = PIXEL
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """Path of the group."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """Name within the group."""
        return self.path.rpartition("/")[2]


def _column(path: str, name: str, part: str, text: str, *, error: bool = False) -> VariableLayout:
    standard = "atmosphere_mole_content_of_sulfur_dioxide" + (" standard_error" if error else "")
    return VariableLayout(
        path,
        name,
        part,
        attributes={
            "units": "mol m-2",
            "standard_name": standard,
            "long_name": text,
            "multiplication_factor_to_convert_to_DU": np.float32(2241.15),
            "multiplication_factor_to_convert_to_molecules_percm2": np.float32(6.02214e19),
            "coordinates": "/PRODUCT/longitude /PRODUCT/latitude",
        },
    )


def _quality(path: str, name: str, part: str) -> VariableLayout:
    return VariableLayout(
        path,
        name,
        part,
        dtype="u1",
        attributes={
            "units": "1",
            "scale_factor": np.float32(0.01),
            "add_offset": np.float32(0.0),
            "valid_min": np.uint8(0),
            "valid_max": np.uint8(100),
            "long_name": "data quality value",
            "comment": "A continuous quality descriptor, varying between 0 (no data) and 1 (full quality "
            "data). Recommend to ignore data with qa_value < 0.5",
            "coordinates": "/PRODUCT/longitude /PRODUCT/latitude",
        },
    )


def _plain(path: str, name: str, part: str, units: str, text: str, **more: Any) -> VariableLayout:
    attributes = {"units": units, "long_name": text, "coordinates": "/PRODUCT/longitude /PRODUCT/latitude"}
    return VariableLayout(path, name, part, attributes={**attributes, **more})


def _coordinate(axis: str, limit: float, units: str) -> tuple[VariableLayout, VariableLayout]:
    centre = VariableLayout(
        f"/PRODUCT/{axis}",
        axis,
        attributes={
            "units": units,
            "standard_name": axis,
            "long_name": f"pixel center {axis}",
            "valid_min": np.float32(-limit),
            "valid_max": np.float32(limit),
            "bounds": f"{GEOLOCATIONS}/{axis}_bounds",
        },
    )
    bounds = VariableLayout(
        f"{GEOLOCATIONS}/{axis}_bounds",
        f"{axis}_bounds",
        "corners",
        dimensions=CORNER,
        attributes={"units": units, "long_name": f"{axis}_bounds"},
    )
    return centre, bounds


def _boxes() -> tuple[VariableLayout, ...]:
    stem = f"{DETAILED_RESULTS}/sulfurdioxide_total_vertical_column"
    found = []
    for box in BOX_FACTORS:
        text = f"total vertical column of sulfur dioxide for a 1 km box profile at {box}"
        found.append(_column(f"{stem}_{box}", f"column_{box}", "boxes", text))
        found.append(
            _column(f"{stem}_{box}_precision", f"precision_{box}", "boxes_precision", f"{text}, error", error=True)
        )
    return tuple(found)


FLAG = VariableLayout(
    f"{DETAILED_RESULTS}/sulfurdioxide_detection_flag",
    "detection_flag",
    "flags",
    dtype="i4",
    attributes={
        "units": "1",
        "long_name": "sulfur dioxide detection flag",
        "flag_values": np.arange(5, dtype=np.int32),
        "flag_meanings": "no detection, SO2 detected, clear detection close to known volcano, "
        "clear detection close to known anthropogenic source, detection at high SZA",
        "coordinates": "/PRODUCT/longitude /PRODUCT/latitude",
    },
)

LAYOUT: tuple[VariableLayout, ...] = (
    *_coordinate("longitude", 180.0, "degrees_east"),
    *_coordinate("latitude", 90.0, "degrees_north"),
    _quality("/PRODUCT/qa_value", "qa_value", "core"),
    _column(
        "/PRODUCT/sulfurdioxide_total_vertical_column",
        "column",
        "core",
        "total vertical column of sulfur dioxide for the polluted scenario derived from the total slant column",
    ),
    _column(
        "/PRODUCT/sulfurdioxide_total_vertical_column_precision",
        "precision",
        "precision",
        "total vertical column of sulfur dioxide for the polluted scenario, random error",
        error=True,
    ),
    _plain(
        f"{GEOLOCATIONS}/solar_zenith_angle",
        "solar_zenith",
        "core",
        "degree",
        "solar zenith angle",
        standard_name="solar_zenith_angle",
    ),
    _plain(
        f"{GEOLOCATIONS}/viewing_zenith_angle",
        "viewing_zenith",
        "core",
        "degree",
        "viewing zenith angle",
        standard_name="viewing_zenith_angle",
    ),
    _plain(
        f"{INPUT_DATA}/cloud_fraction_crb",
        "cloud_fraction",
        "core",
        "1",
        "effective radiometric cloud fraction",
    ),
    _plain(
        f"{INPUT_DATA}/surface_altitude",
        "surface_altitude",
        "core",
        "m",
        "surface altitude",
        standard_name="surface_altitude",
    ),
    _plain(
        f"{INPUT_DATA}/eastward_wind",
        "eastward_wind",
        "winds",
        "m s-1",
        "Eastward wind from ECMWF at 10 meter height level",
        standard_name="eastward_wind",
    ),
    _plain(
        f"{INPUT_DATA}/northward_wind",
        "northward_wind",
        "winds",
        "m s-1",
        "Northward wind from ECMWF at 10 meter height level",
        standard_name="northward_wind",
    ),
    FLAG,
    *_boxes(),
    _plain(
        f"{LAYER_HEIGHT}/sulfurdioxide_layer_height",
        "layer_height",
        "layer_height",
        "m",
        "sulfur dioxide layer height",
    ),
    _quality(f"{LAYER_HEIGHT}/qa_value_layer_height", "layer_height_qa", "layer_height"),
    _column(
        f"{DETAILED_RESULTS}/sulfurdioxide_slant_column_cobra",
        "slant_column_cobra",
        "cobra",
        "slant column of sulfur dioxide from the covariance-based retrieval",
    ),
)
