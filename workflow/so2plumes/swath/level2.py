"""Read a Level-2 SO2 file of any processor version, or a subset of one, into a `Swath`.

Everything that is product knowledge comes from ``product.yaml``; this module only follows it.
"""

from __future__ import annotations

import re
from pathlib import Path

import netCDF4
import numpy as np
from numpy.typing import NDArray

from so2plumes.errors import GranuleError
from so2plumes.swath.dataset import find_variable, open_level2, read_values
from so2plumes.swath.model import Swath
from so2plumes.swath.names import GranuleName, parse_granule_name
from so2plumes.swath.product import Product, VariableSpec, load_product
from so2plumes.swath.times import check_times, scanline_times

_FILL_LIMIT = 1e30


def _check_units(variable: netCDF4.Variable, spec: VariableSpec, product: Product, path: Path) -> None:
    found = str(getattr(variable, "units", spec.units)).strip().lower()
    allowed = product.unit_aliases.get(spec.units, (spec.units,))
    if found not in allowed:
        raise GranuleError(
            "a variable has a unit that is not understood",
            reason="bad_units",
            where=f"{path}: {spec.paths[0]}",
            expected=" or ".join(allowed),
            found=found,
            remedy="use the distributed Level-2 product, or add the spelling to product.yaml",
        )


def _to_float(raw: NDArray, variable: netCDF4.Variable) -> NDArray[np.float32]:
    attributes = variable.ncattrs()
    values = raw.astype(np.float32, copy=True)
    bad = ~np.isfinite(values) | (np.abs(values) > _FILL_LIMIT)
    for attribute in ("_FillValue", "missing_value"):
        if attribute in attributes:
            bad |= raw == variable.getncattr(attribute)
    if "scale_factor" in attributes or "add_offset" in attributes:
        values = values * np.float32(getattr(variable, "scale_factor", 1.0))
        values += np.float32(getattr(variable, "add_offset", 0.0))
    values[bad] = np.nan
    return values


def _to_raw(raw: NDArray, spec: VariableSpec, product: Product, variable: netCDF4.Variable) -> NDArray:
    if np.issubdtype(raw.dtype, np.floating):
        scale = product.qa_scale if "qa" in spec.name else 1
        clean = np.where(np.isfinite(raw) & (np.abs(raw) < _FILL_LIMIT), np.rint(raw * scale), product.qa_fill)
        return clean.astype(spec.stored_dtype)
    fill = variable.getncattr("_FillValue") if "_FillValue" in variable.ncattrs() else None
    if spec.compact_dtype is not None:
        raw = np.where((raw < 0) | (raw > product.qa_fill) | (raw == fill), product.qa_fill, raw)
    return raw.astype(spec.stored_dtype)


def _check_layout(variable: netCDF4.Variable, spec: VariableSpec, product: Product, path: Path) -> None:
    axes = 3 if spec.kind == "pixel" else 4
    order = [name for name in variable.dimensions if name in product.dimensions]
    if variable.dtype is str:
        problem, expected, found = "a variable holds text", "numbers", "text"
    elif variable.ndim == axes and variable.shape[0] != 1:
        problem, expected, found = "a variable holds more than one time step", "time = 1", str(variable.shape)
    elif order != sorted(order, key=product.dimensions.index):
        problem, expected = "the axes of a variable are in another order", ", ".join(product.dimensions)
        found = ", ".join(variable.dimensions)
    else:
        return
    where = f"{path}: {spec.paths[0]}"
    raise GranuleError(problem, reason="bad_shape", where=where, expected=expected, found=found)


def _read_field(dataset: netCDF4.Dataset, spec: VariableSpec, product: Product, path: Path) -> NDArray | None:
    variable = find_variable(dataset, spec.paths)
    if variable is None:
        if not spec.required:
            return None
        raise GranuleError(
            f"the file has no {spec.name.replace('_', ' ')}",
            reason="missing_variable",
            where=f"{path}: {spec.paths[0]}",
            expected="a Level-2 SO2 file with its science variables",
            found=f"variables of /PRODUCT: {_product_variables(dataset)}",
            remedy="fetch the full granule; a subset must keep this variable",
        )
    _check_layout(variable, spec, product, path)
    axes = 3 if spec.kind == "pixel" else 4
    raw = read_values(variable, 0 if variable.ndim == axes else slice(None))
    if spec.raw:
        return _to_raw(raw, spec, product, variable)
    _check_units(variable, spec, product, path)
    return _to_float(raw, variable)


def _product_variables(dataset: netCDF4.Dataset) -> str:
    group = dataset.groups.get("PRODUCT")
    names = list(group.variables) if group is not None else []
    return ", ".join(names) if names else "none"


def _check_shapes(fields: dict[str, NDArray], product: Product, path: Path) -> tuple[int, int]:
    shape = fields["vertical_column"].shape
    for name, values in fields.items():
        wanted = shape if product.variables[name].kind == "pixel" else (*shape, 4)
        if values.shape != wanted:
            raise GranuleError(
                "a variable does not have the shape of the column",
                reason="bad_shape",
                where=f"{path}: {product.variables[name].paths[0]}",
                expected=str(wanted),
                found=str(values.shape),
                remedy="fetch the granule again",
            )
    if len(shape) != 2 or 0 in shape:
        raise GranuleError("the granule holds no scanline", reason="empty", where=path, found=str(shape))
    return shape


def _index_numbers(dataset: netCDF4.Dataset, product: Product, axis: str, size: int) -> NDArray[np.int32]:
    variable = find_variable(dataset, product.index_paths[axis])
    if variable is not None and variable.shape == (size,):
        numbers = read_values(variable).astype(np.int64)
        if size == 1 or np.all(np.diff(numbers) == 1):
            return numbers.astype(np.int32)
    return np.arange(size, dtype=np.int32)


def retrieval_of(dataset: netCDF4.Dataset, name: GranuleName) -> str:
    """Return the retrieval of the main column, ``doas`` or ``cobra``: as the file tells, else as its name does."""
    product = load_product()
    algorithm = str(getattr(dataset, "algorithm_version", "")).upper()
    if any(word in algorithm for word in product.cobra_algorithm_words):
        return "cobra"
    if find_variable(dataset, product.cobra_variables) is not None:
        return "cobra"
    return name.retrieval


def _check_identity(dataset: netCDF4.Dataset, name: GranuleName, product: Product, path: Path) -> None:
    inside = str(getattr(dataset, "id", name.stem))
    claims = [("name", name.stem, inside)] if re.match(product.name_pattern, inside) else []
    if "orbit" in dataset.ncattrs():
        orbit = np.ravel(dataset.orbit)[0]
        text = str(int(orbit)) if isinstance(orbit, np.number) else str(orbit).strip().lstrip("0")
        claims.insert(0, ("orbit", str(name.orbit), text))
    for what, expected, found in claims:
        if found != expected:
            raise GranuleError(
                f"the {what} inside the file is not the one of its file name",
                reason="wrong_identity",
                where=path,
                expected=expected,
                found=found,
                remedy="fetch the granule again; do not rename granules",
            )


def name_inside(path: str | Path) -> GranuleName:
    """Return the identity that a file states of itself, for one that was renamed.

    Raises
    ------
    GranuleError
        ``bad_name`` when it states none.
    """
    with open_level2(path) as dataset:
        return parse_granule_name(str(getattr(dataset, "id", Path(path).name)))


def read_level2(path: str | Path, name: GranuleName | None = None) -> Swath:
    """Read what the campaign needs from one Level-2 file.

    Parameters
    ----------
    path : path
        A granule as distributed, or a subset that keeps the groups and the first 83 characters of the name.
    name : GranuleName, optional
        Identity of a file that was renamed; otherwise its name tells.

    Returns
    -------
    Swath

    Raises
    ------
    GranuleError
        With ``reason`` one of ``bad_name, missing, unreadable, truncated, missing_variable, bad_shape, bad_units,
        empty, all_fill, no_time, wrong_identity``.
    """
    path = Path(path)
    name = name or parse_granule_name(path)
    product = load_product()
    with open_level2(path) as dataset:
        _check_identity(dataset, name, product, path)
        fields: dict[str, NDArray] = {}
        for spec in product.variables.values():
            values = _read_field(dataset, spec, product, path)
            if values is not None:
                fields[spec.name] = values
        shape = _check_shapes(fields, product, path)
        if not np.isfinite(fields["vertical_column"]).any():
            raise GranuleError(
                "every pixel of the column is fill",
                reason="all_fill",
                where=f"{path}: {product.variables['vertical_column'].paths[0]}",
                remedy="nothing to do: the granule holds no measurement",
            )
        for key in ("longitude", "longitude_bounds"):
            if key in fields:
                fields[key] = np.where(fields[key] > 180.0, fields[key] - 360.0, fields[key])
        times = scanline_times(dataset, shape[0], path)
        check_times(times[0], times[-1], name, path)
        return Swath(
            granule=name.stem,
            orbit=name.orbit,
            processor_version=name.processor_version,
            retrieval=retrieval_of(dataset, name),
            time=times,
            scanline=_index_numbers(dataset, product, "scanline", shape[0]),
            ground_pixel=_index_numbers(dataset, product, "ground_pixel", shape[1]),
            fields=fields,
            unavailable=tuple(spec for spec in product.variables if spec not in fields),
        )


def index_origin(path: str | Path) -> tuple[int, int]:
    """Return the scanline and ground pixel number of a file's first pixel, without reading its columns."""
    product = load_product()
    with open_level2(path) as dataset:
        latitude = find_variable(dataset, product.variables["latitude"].paths)
        if latitude is None:
            raise GranuleError("the file has no latitude", reason="missing_variable", where=path)
        scanline, ground_pixel = (
            _index_numbers(dataset, product, axis, size)
            for axis, size in zip(("scanline", "ground_pixel"), latitude.shape[-2:], strict=True)
        )
    return int(scanline[0]), int(ground_pixel[0])
