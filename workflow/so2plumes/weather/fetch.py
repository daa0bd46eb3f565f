"""From the plumes of a period to their ERA5 winds: which are needed, from where, whether they are whole."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from so2plumes.errors import ConfigError, ExternalDataError
from so2plumes.plumes.chips import Chip
from so2plumes.weather.boxes import Block, days_of, has_wind, merge_blocks, plume_block
from so2plumes.weather.client import CdsClient
from so2plumes.weather.cover import check_covers, check_values, merge_parts
from so2plumes.weather.layout import UnusedFileError, read_era5
from so2plumes.weather.question import CdsRequest
from so2plumes.weather.request import obtain

log = logging.getLogger(__name__)

PRESSURE_LEVELS = "reanalysis-era5-pressure-levels"
SINGLE_LEVELS = "reanalysis-era5-single-levels"
SUFFIXES = (".nc", ".nc4", ".zip")


@dataclass(frozen=True)
class WindRule:
    """Which plumes get ERA5 winds, and of which levels.

    Attributes
    ----------
    use : str
        ``missing``: plumes whose granule has no wind; ``always``: all.
    levels_hpa : tuple of int
        Pressure levels that are fetched; none: single levels only.
    max_requests : int
        Per period and data set.
    """

    use: str = "missing"
    levels_hpa: tuple[int, ...] = ()
    max_requests: int = 8


def needed_blocks(chips: Sequence[Chip], rule: WindRule) -> list[Block]:
    """Return the boxes and hours that the plumes of a period need; each plume that needs any is in one of them."""
    needing = [chip for chip in chips if rule.use == "always" or not has_wind(chip)]
    blocks = merge_blocks([plume_block(chip) for chip in needing], len(rule.levels_hpa), rule.max_requests)
    log.info("%d of %d plumes need ERA5 winds: %d boxes", len(needing), len(chips), len(blocks))
    return blocks


def requests_of(block: Block, levels_hpa: Sequence[int]) -> list[CdsRequest]:
    """Return the requests for a block: per month, side of the antimeridian and data set."""
    found = []
    for days in days_of(block.hours):
        for area in block.box.areas:
            common: dict[str, Any] = {
                "product_type": ["reanalysis"],
                "year": [days.year],
                "month": [days.month],
                "day": list(days.days),
                "time": list(days.times),
                "area": list(area),
                "data_format": "netcdf",
                "download_format": "unarchived",
            }
            single = ["10m_u_component_of_wind", "10m_v_component_of_wind", "boundary_layer_height", "surface_pressure"]
            found.append(CdsRequest(SINGLE_LEVELS, common | {"variable": single}))
            if levels_hpa:
                levels = [str(level) for level in sorted(levels_hpa, reverse=True)]
                winds = ["u_component_of_wind", "v_component_of_wind", "geopotential"]
                found.append(CdsRequest(PRESSURE_LEVELS, common | {"variable": winds, "pressure_level": levels}))
    return found


def download_blocks(
    client: CdsClient, blocks: Sequence[Block], levels_hpa: Sequence[int], folder: Path
) -> list[tuple[Block, xr.Dataset]]:
    """Ask the Climate Data Store for blocks, all at once, and read the answers.

    Parameters
    ----------
    client : CdsClient
    blocks : sequence of Block
    levels_hpa : sequence of int
    folder : path
        Keeps request ids and answers until `forget_requests`, so that a later run goes on with them.

    Raises
    ------
    ConfigError, RemoteError
        What the service refuses, in words.
    ExternalDataError
        An answer is not what was asked for; it is removed, the next run asks anew.
    """
    wanted = [requests_of(block, levels_hpa) for block in blocks]
    obtain(client, [request for group in wanted for request in group], folder)
    boxes = []
    for block, group in zip(blocks, wanted, strict=True):
        paths = obtain(client, group, folder)
        try:
            data = _assembled((read_era5(path, block.box, block.hours) for path in paths), block, folder)
            _check_complete(data, bool(levels_hpa), group[0])
            _check_hours(data, block, group[0])
        except ExternalDataError:
            for path in paths:
                path.unlink(missing_ok=True)
                path.with_suffix(".json").unlink(missing_ok=True)
            raise
        boxes.append((block, data))
    return boxes


def forget_requests(folder: Path) -> None:
    """Remove what `download_blocks` kept, once the winds are written."""
    shutil.rmtree(folder, ignore_errors=True)


def folder_blocks(source: str | Path, blocks: Sequence[Block]) -> list[tuple[Block, xr.Dataset]]:
    """Find blocks in a folder of ERA5 files, searched recursively; files without a variable of use are left out.

    Raises
    ------
    ConfigError
        There is no such folder or no file in it.
    ExternalDataError
        A block is not covered, or a file cannot be read.
    """
    paths = sorted(path for path in Path(source).rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise ConfigError(
            "there are no ERA5 files",
            where="era5.path",
            expected=f"a folder with {', '.join(SUFFIXES)} files",
            found=str(source),
            remedy="correct the path, or set era5.path: download",
        )
    boxes, unused = [], set[Path]()
    for block in blocks:
        data = _assembled(_parts_of_folder(paths, block, unused), block, source)
        check_values(data, block.box, block.hours, source)
        if "u10_m_s" not in data or "v10_m_s" not in data:
            log.warning("%s: no 10 m wind there; plumes get no wind at 10 m", source)
        boxes.append((block, data))
    return boxes


def _parts_of_folder(paths: Sequence[Path], block: Block, unused: set[Path]) -> Iterator[xr.Dataset | None]:
    """Read the files, and add those without a variable of use to ``unused``."""
    for path in paths:
        if path in unused:
            continue
        try:
            yield read_era5(path, block.box, block.hours)
        except UnusedFileError as error:
            log.warning("left out: %s", error)
            unused.add(path)


def _assembled(parts: Iterable[xr.Dataset | None], block: Block, where: str | Path) -> xr.Dataset:
    merged = merge_parts([part for part in parts if part is not None], where)
    data = check_covers(merged, block.box, block.hours, where)
    versions = data.attrs.get("expver", "")
    if "5" in versions:
        log.warning("%s to %s: preliminary ERA5 values (ERA5T)", block.hours[0], block.hours[-1])
    return data


def _check_hours(data: xr.Dataset, block: Block, request: CdsRequest) -> None:
    missing = sorted(set(block.hours) - set(data["time"].values.astype("datetime64[h]")))
    if missing:
        raise ExternalDataError(
            "an answer of the Climate Data Store lacks hours",
            where=request.dataset,
            expected=f"all of {len(block.hours)} hours",
            found=f"without {', '.join(map(str, missing))}",
        )


def _check_complete(data: xr.Dataset, levels: bool, request: CdsRequest) -> None:
    wanted = {"u10_m_s", "v10_m_s", "blh_m", "surface_pressure_pa"} | (
        {"u_m_s", "v_m_s", "height_m"} if levels else set()
    )
    missing = sorted(wanted - {str(name) for name in data.data_vars})
    if missing:
        raise ExternalDataError(
            "an answer of the Climate Data Store lacks variables",
            where=request.dataset,
            expected=", ".join(sorted(wanted)),
            found=f"without {', '.join(missing)}",
        )
    for name in sorted(wanted):
        if bool(data[name].isnull().any()):
            raise ExternalDataError(
                "an answer of the Climate Data Store has holes",
                where=f"{request.dataset}: {name}",
                found="missing values",
            )
