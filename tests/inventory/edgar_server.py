"""A stand-in for the open data folder of the Joint Research Centre that holds EDGAR.

Written from the folder layout that the EDGAR v8.1 page links to (dataset_ap81, air pollutants): annual totals as
`<gas>/TOTALS/<kind>_nc/v8.1_FT2022_AP_<gas>_<year>_TOTALS_<kind>_nc.zip` with one NetCDF file, months as
`monthly/<gas>/bkl_<SECTOR>/bkl_<SECTOR>_<kind>_nc.zip` with one NetCDF file a year. A file that is not there is
status 404 with a web page.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from tests.inventory.edgar_files import write_edgar
from tests.loopback import Loopback, Reply, Seen

ROOT = "/ftp/jrc-opendata/EDGAR/datasets/v81_FT2022_AP_new"
OLDER = "/ftp/jrc-opendata/EDGAR/datasets/v81_FT2022_AP"
MISSING = Reply(404, b"<html><head><title>404 Not Found</title></head></html>", "text/html")


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def grid_file(folder: Path, year: int, shape: tuple[int, ...] = (18, 36), **options) -> bytes:
    """A grid of fluxes as NetCDF, of ten degrees unless told."""
    values = np.random.default_rng(year).lognormal(-20, 2, shape)
    path = folder / f"made_{year}.nc"
    return write_edgar(path, values, year=options.pop("says", year), **options).read_bytes()


def annual_name(year: int, suffix: str = "_flx_nc.zip") -> str:
    return f"v8.1_FT2022_AP_SO2_{year}_TOTALS{suffix}"


class EdgarServer(Loopback):
    """Files by their path below the host."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(self._answer)
        self.files = files

    def _answer(self, seen: Seen) -> Reply:
        content = self.files.get(seen.path)
        return MISSING if content is None else Reply(200, content, "application/zip")

    @property
    def bases(self) -> tuple[str, str]:
        return self.host + ROOT, self.host + OLDER
