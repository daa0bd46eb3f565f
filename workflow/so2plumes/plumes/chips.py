"""Chips: all pixels around each plume, and the file that keeps them.

The file is flat (a contiguous ragged array): the pixels of all plumes one after the other, and one entry per plume
that says how many they are and how they fold back into scanline x ground_pixel.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import netCDF4
import numpy as np
from numpy.typing import NDArray

from so2plumes.cf import MILLISECONDS, describe, file_attributes, place_coverage, time_coverage
from so2plumes.errors import TableError
from so2plumes.files import atomic_path
from so2plumes.made_by import to_text

PIXEL_FIELDS: dict[str, tuple[str, str]] = {
    "longitude": ("f4", "degrees_east"),
    "latitude": ("f4", "degrees_north"),
    "vertical_column": ("f4", "mol m-2"),
    "vertical_column_precision": ("f4", "mol m-2"),
    "vertical_column_1km": ("f4", "mol m-2"),
    "vertical_column_7km": ("f4", "mol m-2"),
    "vertical_column_15km": ("f4", "mol m-2"),
    "area_m2": ("f4", "m2"),
    "eastward_wind": ("f4", "m s-1"),
    "northward_wind": ("f4", "m s-1"),
    "solar_zenith_angle": ("f4", "degree"),
    "cloud_fraction": ("f4", "1"),
    "layer_height": ("f4", "m"),
    "layer_height_qa": ("u1", "0.01"),
    "detection_flag": ("u1", "1"),
    "qa_value": ("u1", "0.01"),
    "probability": ("f4", "1"),
    "usable": ("u1", "1"),
    "mask": ("u1", "1"),
    "other_plume": ("u1", "1"),
}
CORNER_FIELDS: dict[str, tuple[str, str]] = {
    "longitude_bounds": ("f4", "degrees_east"),
    "latitude_bounds": ("f4", "degrees_north"),
}
_TEXT = ("plume_id", "granule", "processor_version", "retrieval", "model_sha256")
_NUMBERS = (
    "orbit",
    "bbox_scanline_start",
    "bbox_scanline_stop",
    "bbox_ground_pixel_start",
    "bbox_ground_pixel_stop",
    "scanline_start",
    "scanline_stop",
    "ground_pixel_start",
    "ground_pixel_stop",
    "max_scanline",
    "max_ground_pixel",
)
_FLAGS = ("touches_edge", "edge_swath", "edge_granule", "edge_terminator")


@dataclass(frozen=True)
class Chip:
    """One plume with everything around it.

    Attributes
    ----------
    plume_id, granule, processor_version, retrieval, model_sha256 : str
    orbit : int
    time : datetime64[ms]
        Sensing time of the scanline with the largest column.
    scanline_start, scanline_stop, ground_pixel_start, ground_pixel_stop : int
        Extent of the arrays, numbers in the full orbit, stop exclusive.
    bbox_* : int
        The plume's bounding box with the paper's buffer, inside the extent.
    max_scanline, max_ground_pixel : int
        Pixel with the largest column.
    touches_edge : bool
        The mask reaches the first or last pixel of the granule: one of the next two.
    edge_swath, edge_granule, edge_terminator : bool
        What cuts the plume off, see `so2plumes.plumes.edges.Edges`.
    fields : dict of (scanline, ground_pixel[, 4]) arrays
        Names of `PIXEL_FIELDS` and `CORNER_FIELDS`; optional ones are absent where the granule has none.
    """

    plume_id: str
    granule: str
    processor_version: str
    retrieval: str
    model_sha256: str
    orbit: int
    time: np.datetime64
    scanline_start: int
    scanline_stop: int
    ground_pixel_start: int
    ground_pixel_stop: int
    bbox_scanline_start: int
    bbox_scanline_stop: int
    bbox_ground_pixel_start: int
    bbox_ground_pixel_stop: int
    max_scanline: int
    max_ground_pixel: int
    touches_edge: bool
    fields: dict[str, NDArray] = field(repr=False)
    edge_swath: bool = False
    edge_granule: bool = False
    edge_terminator: bool = False

    def __getitem__(self, name: str) -> NDArray:
        return self.fields[name]

    def get(self, name: str) -> NDArray | None:
        """Return a field, or None where the granule has none."""
        return self.fields.get(name)

    @property
    def shape(self) -> tuple[int, int]:
        """Scanlines and ground pixels of the arrays."""
        return (
            self.scanline_stop - self.scanline_start,
            self.ground_pixel_stop - self.ground_pixel_start,
        )

    @property
    def bbox(self) -> tuple[slice, slice]:
        """The bounding box as slices into the arrays."""
        return (
            slice(self.bbox_scanline_start - self.scanline_start, self.bbox_scanline_stop - self.scanline_start),
            slice(
                self.bbox_ground_pixel_start - self.ground_pixel_start,
                self.bbox_ground_pixel_stop - self.ground_pixel_start,
            ),
        )

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Pixels of the plume."""
        return self.fields["mask"].astype(bool)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Pixels that pass the quality filter."""
        return self.fields["usable"].astype(bool)

    @property
    def has_corners(self) -> bool:
        """True where areas and outlines can be computed."""
        return "longitude_bounds" in self.fields and "latitude_bounds" in self.fields


_SUMMARY = (
    "All pixels around every plume of sulphur dioxide that was found in TROPOMI swaths. A contiguous ragged array: the "
    "pixels of all plumes one after the other; row_size says how many belong to each plume, and a chip folds back into "
    "(scanline_stop - scanline_start) rows of (ground_pixel_stop - ground_pixel_start) pixels."
)
_ATTRIBUTES = {
    "row_size": {"sample_dimension": "pixel", "coordinates": " ".join(("time", *_TEXT, *_NUMBERS))},
    "longitude": {"bounds": "longitude_bounds"},
    "latitude": {"bounds": "latitude_bounds"},
}
"""What a variable says beside its words."""


def _write_text(dataset: netCDF4.Dataset, name: str, values: Sequence[str]) -> None:
    variable = dataset.createVariable(name, str, ("plume",))
    describe(variable)
    for number, value in enumerate(values):
        variable[number] = value


def _write_numbers(dataset: netCDF4.Dataset, name: str, values: Sequence[int], units: str = "1") -> None:
    variable = dataset.createVariable(name, "i8", ("plume",))
    describe(variable, units, **_ATTRIBUTES.get(name, {}))
    variable[:] = values


def _flatten(chips: Sequence[Chip], name: str, dtype: str, tail: tuple[int, ...]) -> NDArray:
    fill = np.nan if dtype.startswith("f") else 255
    parts = []
    for chip in chips:
        values = chip.get(name)
        if values is None:
            values = np.full((*chip.shape, *tail), fill)
        parts.append(np.asarray(values).reshape(-1, *tail))
    return np.concatenate(parts).astype(dtype) if parts else np.empty((0, *tail), dtype)


def write_chips(chips: Sequence[Chip], path: str | Path, made_by: Mapping[str, str] | None = None) -> None:
    """Write chips to one NetCDF-4 file, and what made them, atomically; no chips make a valid file without plumes."""
    with atomic_path(path) as temporary, netCDF4.Dataset(temporary, "w") as dataset:
        dataset.setncatts({**_file_attributes(chips), "made_by": to_text(made_by or {})})
        dataset.createDimension("plume", len(chips))
        dataset.createDimension("pixel", sum(int(np.prod(chip.shape)) for chip in chips))
        dataset.createDimension("corner", 4)
        for name in _TEXT:
            _write_text(dataset, name, [getattr(chip, name) for chip in chips])
        for name in (*_NUMBERS, *_FLAGS):
            _write_numbers(dataset, name, [int(getattr(chip, name)) for chip in chips])
        times = [int(chip.time.astype("datetime64[ms]").astype("int64")) for chip in chips]
        _write_numbers(dataset, "time", times, MILLISECONDS)
        _write_numbers(dataset, "row_size", [int(np.prod(chip.shape)) for chip in chips])
        _write_fields(dataset, chips)


def _file_attributes(chips: Sequence[Chip]) -> dict[str, str | float]:
    places = [_flatten(chips, name, "f4", ()) for name in ("longitude", "latitude")]
    times = np.array([chip.time for chip in chips], "datetime64[ms]")
    attributes = file_attributes("SO2 plume chips", _SUMMARY, "fetch-swaths, detect-plumes, extract-plumes")
    comment = "Fields that the granule of a plume has not are filled, and has_<field> says so."
    return {**attributes, "comment": comment, **time_coverage(times), **place_coverage(*places)}


def _write_fields(dataset: netCDF4.Dataset, chips: Sequence[Chip]) -> None:
    for table, tail in ((PIXEL_FIELDS, ()), (CORNER_FIELDS, (4,))):
        for name, (dtype, unit) in table.items():
            present = [name in chip.fields for chip in chips]
            if not any(present):
                continue
            dimensions = ("pixel", "corner") if tail else ("pixel",)
            fill = np.nan if dtype.startswith("f") else 255
            variable = dataset.createVariable(
                name, dtype, dimensions, zlib=True, complevel=1, fill_value=None if tail else fill
            )
            _describe_field(variable, unit, {other for chip in chips for other in chip.fields})
            variable.set_auto_maskandscale(False)
            variable[:] = _flatten(chips, name, dtype, tail)
            has = dataset.createVariable(f"has_{name}", "i1", ("plume",))
            describe(has, "1")
            has[:] = np.array(present, dtype=np.int8)


def _describe_field(variable: netCDF4.Variable, unit: str, present: Collection[str]) -> None:
    """Give a field its attributes; those that name other fields only where the file has them."""
    name = variable.name
    describe(variable, None if name in CORNER_FIELDS else unit, **_ATTRIBUTES.get(name, {}))
    if name not in ("longitude", "latitude", *CORNER_FIELDS):
        variable.coordinates = "longitude latitude"
    for attribute in set(variable.ncattrs()) & {"bounds", "ancillary_variables"}:
        named = [other for other in variable.getncattr(attribute).split() if other in present]
        variable.delncattr(attribute)
        if named:
            variable.setncattr(attribute, " ".join(named))


def read_chips(path: str | Path) -> list[Chip]:
    """Read all chips of a file.

    Raises
    ------
    TableError
        When the file is not a whole chips file.
    """
    try:
        with netCDF4.Dataset(path) as dataset:
            dataset.set_auto_maskandscale(False)
            return _unfold(dataset)
    except (OSError, RuntimeError, IndexError, KeyError) as error:
        raise TableError(
            "the chips cannot be read",
            where=path,
            expected="a file written by `so2plumes extract-plumes`",
            found=str(error),
            remedy="delete it and run the workflow again",
        ) from None


def _unfold(dataset: netCDF4.Dataset) -> list[Chip]:
    texts = {name: dataset[name][:] for name in _TEXT}
    numbers = {name: np.asarray(dataset[name][:]) for name in (*_NUMBERS, *_FLAGS)}
    times = np.asarray(dataset["time"][:]).astype("datetime64[ms]")
    ends = np.cumsum(np.asarray(dataset["row_size"][:]))
    names = [name for name in (*PIXEL_FIELDS, *CORNER_FIELDS) if name in dataset.variables]
    data = {name: np.asarray(dataset[name][:]) for name in names}
    has = {name: np.asarray(dataset[f"has_{name}"][:]).astype(bool) for name in names}
    chips = []
    for i, end in enumerate(ends):
        values = {name: int(numbers[name][i]) for name in _NUMBERS}
        shape = (
            values["scanline_stop"] - values["scanline_start"],
            values["ground_pixel_stop"] - values["ground_pixel_start"],
        )
        pixels = slice(end - shape[0] * shape[1], end)
        fields = {n: data[n][pixels].reshape(*shape, *data[n].shape[1:]) for n in names if has[n][i]}
        flags = {name: bool(numbers[name][i]) for name in _FLAGS}
        chips.append(
            Chip(**{n: str(texts[n][i]) for n in _TEXT}, **values, **flags, time=times[i], fields=fields)  # type: ignore[arg-type]
        )
    return chips
