"""Write a scene as a Level-2 SO2 file in the product's layout, in the dialect of any processor version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import netCDF4
import numpy as np
from numpy.typing import NDArray

from so2plumes.files import atomic_path
from so2plumes.simulate.layout import BOX_FACTORS, FILLS, LAYOUT, PIXEL, VariableLayout
from so2plumes.simulate.orbits import EPOCH, SwathGeometry, orbit_interval_s, scan_pattern, to_datetime64
from so2plumes.simulate.scenes import Scene

_COORDINATE_STEP = 2.0**-14
_COLUMN_STEP = 2.0**-24


@dataclass(frozen=True)
class Level2Options:
    """Which dialect of the product to write.

    Parameters
    ----------
    stream : ``RPRO``, ``OFFL``, ``NRTI``, ``PAL_``
        NRTI names carry the times of the slice instead of the orbit's.
    collection : str
    processor : str
        Dotted version. None in the four options below means: as that version does.
    winds, layer_height, box_columns : bool, optional
        Winds since 02.00.00, layer height since 02.05.00, box profiles since 01.01.01.
    cobra : bool, optional
        Main column from the COBRA retrieval, since 02.07.00.
    corners, flags, precision : bool
        False leaves the variables out.
    delta_time_dimensions : 2 or 3
        (time, scanline) or (time, scanline, ground_pixel).
    delta_time_units : ``milliseconds`` or ``since``
        Plain, to be added to ``time``, or ``milliseconds since DATE``, which stands alone.
    time_utc : ``filled``, ``empty`` or ``absent``
    stale_resolution : bool
        The attribute ``spatial_resolution`` still says 7x3.5km2, as in real files after August 2019.
    created : str
        Creation time in the name, ``YYYYMMDDTHHMMSS``.
    quantise : bool
        Round positions to 6e-5 degrees and columns to 6e-8 mol m-2: half the file size.
    """

    stream: Literal["RPRO", "OFFL", "NRTI", "PAL_"] = "RPRO"
    collection: str = "03"
    processor: str = "02.04.01"
    winds: bool | None = None
    layer_height: bool | None = None
    box_columns: bool | None = None
    cobra: bool | None = None
    corners: bool = True
    flags: bool = True
    precision: bool = True
    delta_time_dimensions: Literal[2, 3] = 3
    delta_time_units: Literal["milliseconds", "since"] = "milliseconds"
    time_utc: Literal["filled", "empty", "absent"] = "filled"
    stale_resolution: bool = True
    created: str = "20230207T211525"
    quantise: bool = True

    def _since(self, chosen: bool | None, version: str) -> bool:
        return self.processor >= version if chosen is None else chosen

    @property
    def has_cobra(self) -> bool:
        """Whether the main column is COBRA's."""
        return self._since(self.cobra, "02.07.00")

    def parts(self) -> set[str]:
        """Return the parts of the layout that are written."""
        boxes = self._since(self.box_columns, "01.01.01")
        chosen = {
            "core": True,
            "corners": self.corners,
            "flags": self.flags,
            "precision": self.precision,
            "winds": self._since(self.winds, "02.00.00"),
            "boxes": boxes,
            "boxes_precision": boxes and self.precision,
            "layer_height": self._since(self.layer_height, "02.05.00"),
            "cobra": self.has_cobra,
        }
        return {part for part, wanted in chosen.items() if wanted}


def _stamp(time_s: float) -> str:
    return to_datetime64(time_s).astype("datetime64[s]").item().strftime("%Y%m%dT%H%M%S")


def _iso(time_s: float) -> str:
    return to_datetime64(time_s).astype("datetime64[s]").item().strftime("%Y-%m-%dT%H:%M:%SZ")


def sensing_interval_s(geometry: SwathGeometry) -> tuple[float, float]:
    """First and last scanline's time, seconds since 2010-01-01."""
    return float(geometry.time_s[0]), float(geometry.time_s[-1])


def granule_name(geometry: SwathGeometry, options: Level2Options | None = None) -> str:
    """File name of 86 characters, suffix included."""
    options = options or Level2Options()
    nrti = options.stream == "NRTI"
    start, stop = sensing_interval_s(geometry) if nrti else orbit_interval_s(geometry.orbit)
    product = "L2__SO2CBR" if options.stream == "PAL_" else "L2__SO2___"
    return (
        f"S5P_{options.stream}_{product}_{_stamp(start)}_{_stamp(stop)}_{geometry.orbit:05d}_"
        f"{options.collection}_{options.processor.replace('.', '')}_{options.created}.nc"
    )


def _midnight_s(geometry: SwathGeometry) -> float:
    return float(np.floor(geometry.time_s[0] / 86400.0) * 86400.0)


def global_attributes(geometry: SwathGeometry, options: Level2Options) -> dict[str, Any]:
    """Attributes of the file, by the names that the product uses."""
    start, end = sensing_interval_s(geometry)
    interval = scan_pattern(geometry.orbit).interval_s
    fine = interval < 1.0 and not options.stale_resolution
    return {
        "Conventions": "CF-1.7",
        "institution": "simulated",
        "source": "Sentinel 5 precursor, TROPOMI, space-borne remote sensing, L2: simulated by so2plumes",
        "title": "TROPOMI/S5P Sulphur Dioxide SO2 (simulated)",
        "summary": "Simulated scene in the layout of the TROPOMI/S5P Level-2 SO2 product; not a measurement",
        "id": granule_name(geometry, options)[:-3],
        "orbit": np.int32(geometry.orbit),
        "time_reference": _iso(_midnight_s(geometry)),
        "time_reference_seconds_since_1970": np.int64(
            _midnight_s(geometry) + (EPOCH - np.datetime64("1970-01-01", "ms")) / np.timedelta64(1, "s")
        ),
        "time_coverage_start": _iso(start),
        "time_coverage_end": _iso(end),
        "time_coverage_duration": f"PT{end - start + interval:.3f}S",
        "time_coverage_resolution": "PT0.840S" if fine else "PT1.080S",
        "processor_version": options.processor,
        "algorithm_version": "UPAS-SO2-COBRA-1.0.0" if options.has_cobra else "UPAS-SO2-DOAS-5.0.0",
        "cdm_data_type": "Swath",
        "platform": "S5P",
        "sensor": "TROPOMI",
        "spatial_resolution": "5.5x3.5km2" if fine else "7x3.5km2",
        "geospatial_lat_min": np.float32(geometry.latitude.min()),
        "geospatial_lat_max": np.float32(geometry.latitude.max()),
        "geospatial_lon_min": np.float32(geometry.longitude[:, 0].mean()),
        "geospatial_lon_max": np.float32(geometry.longitude[:, -1].mean()),
        "processing_status": "Nominal",
        "cloud_mode": "crb",
        "license": "No conditions apply",
    }


def scene_values(scene: Scene) -> dict[str, NDArray]:
    """Arrays by the field names of the layout."""
    geometry = scene.geometry
    values: dict[str, NDArray] = {
        "longitude": geometry.longitude,
        "latitude": geometry.latitude,
        "longitude_bounds": geometry.longitude_bounds,
        "latitude_bounds": geometry.latitude_bounds,
        "solar_zenith": geometry.solar_zenith_deg,
        "viewing_zenith": geometry.viewing_zenith_deg,
        "qa_value": scene.qa_value,
        "column": scene.column,
        "precision": scene.precision,
        "cloud_fraction": scene.cloud_fraction,
        "surface_altitude": scene.surface_altitude,
        "eastward_wind": scene.eastward_wind,
        "northward_wind": scene.northward_wind,
        "detection_flag": scene.detection_flag,
        "layer_height": scene.layer_height,
        "layer_height_qa": np.where(np.isfinite(scene.layer_height), 80, 255).astype(np.uint8),
        "slant_column_cobra": 0.4 * scene.column,
    }
    for box, factor in BOX_FACTORS.items():
        values[f"column_{box}"] = factor * scene.column
        values[f"precision_{box}"] = factor * scene.precision
    return values


def _rounded(values: NDArray, layout: VariableLayout) -> NDArray:
    units = layout.attributes.get("units", "")
    steps = {"mol m-2": _COLUMN_STEP, "degree": 2.0**-8, "m s-1": 2.0**-10, "m": 2.0**-2, "1": 2.0**-12}
    step = _COORDINATE_STEP if str(units).startswith("degrees_") else steps[str(units)]
    return np.round(np.asarray(values) / step) * step


def _stored(values: NDArray, layout: VariableLayout, quantise: bool) -> NDArray:
    if layout.dtype != "f4":
        return values.astype(layout.dtype)
    if quantise:
        values = _rounded(values, layout)
    return np.where(np.isfinite(values), values, FILLS["f4"]).astype(np.float32)


def _create(
    dataset: netCDF4.Dataset, path: str, dtype: str, dimensions: tuple[str, ...], **attributes: Any
) -> netCDF4.Variable:
    variable = dataset.createVariable(
        path, dtype, dimensions, fill_value=FILLS[dtype], zlib=True, complevel=1, shuffle=True
    )
    variable.setncatts(attributes)
    variable.set_auto_maskandscale(False)
    return variable


def _write_axes(dataset: netCDF4.Dataset, geometry: SwathGeometry) -> None:
    product = dataset.createGroup("PRODUCT")
    sizes = {"time": 1, "scanline": geometry.shape[0], "ground_pixel": geometry.shape[1], "corner": 4}
    starts = {"scanline": geometry.scanline_start, "ground_pixel": geometry.ground_pixel_start}
    for name, size in sizes.items():
        product.createDimension(name, size)
        if name != "time":
            axis = _create(dataset, f"/PRODUCT/{name}", "i4", (name,), units="1", long_name=f"{name} index")
            axis[:] = starts.get(name, 0) + np.arange(size)


def _write_times(dataset: netCDF4.Dataset, geometry: SwathGeometry, options: Level2Options) -> None:
    midnight = _midnight_s(geometry)
    reference = _create(
        dataset,
        "/PRODUCT/time",
        "i4",
        ("time",),
        units="seconds since 2010-01-01 00:00:00",
        standard_name="time",
        long_name="reference time for the measurements",
    )
    reference[:] = int(midnight)
    day = _iso(midnight)[:10]
    units = "milliseconds" if options.delta_time_units == "milliseconds" else f"milliseconds since {day} 00:00:00"
    dimensions = PIXEL[: options.delta_time_dimensions]
    text = "offset from reference start time of measurement"
    delta = _create(dataset, "/PRODUCT/delta_time", "i4", dimensions, units=units, long_name=text)
    milliseconds = np.rint((geometry.time_s - midnight) * 1000).astype(np.int32)
    full = np.broadcast_to(milliseconds[:, None], geometry.shape)
    delta[0] = full if options.delta_time_dimensions == 3 else milliseconds
    if options.time_utc != "absent":
        names = np.datetime_as_string(to_datetime64(geometry.time_s), unit="ms")
        utc = dataset.createVariable("/PRODUCT/time_utc", str, PIXEL[:2])
        utc.long_name = "Time of observation as ISO 8601 date-time string"
        utc[0] = np.array([f"{name}000Z" if options.time_utc == "filled" else "" for name in names], dtype=object)


def write_level2(
    target: str | Path, scene: Scene, options: Level2Options | None = None, *, name: str | None = None
) -> Path:
    """Write a scene below a folder, atomically.

    Parameters
    ----------
    target : path
        Folder.
    scene : Scene
    options : Level2Options, optional
    name : str, optional
        Another file name than the 86-character one.

    Returns
    -------
    Path
        The file. The same arguments give the same bytes.
    """
    options = options or Level2Options()
    path = Path(target) / (name or granule_name(scene.geometry, options))
    values, parts = scene_values(scene), options.parts()
    with atomic_path(path) as temporary, netCDF4.Dataset(temporary, "w", format="NETCDF4") as dataset:
        dataset.setncatts(global_attributes(scene.geometry, options))
        _write_axes(dataset, scene.geometry)
        _write_times(dataset, scene.geometry, options)
        for layout in LAYOUT:
            if layout.part in parts:
                variable = _create(dataset, layout.path, layout.dtype, layout.dimensions, **dict(layout.attributes))
                variable[0] = _stored(values[layout.source], layout, options.quantise)
        granule = dataset.createGroup("/METADATA/GRANULE_DESCRIPTION")
        granule.ProcessingMode, granule.ProcessorVersion = options.stream, options.processor
        granule.ProductShortName, granule.MissionShortName = "L2__SO2___", "S5P"
    return path
