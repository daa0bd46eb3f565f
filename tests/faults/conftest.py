"""The bench that the fault tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.archive.download_server import DownloadServer, Product
from tests.faults.transfer_bench import ID, Bench, md5, netcdf_bytes


@pytest.fixture(scope="session")
def granule(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return netcdf_bytes(tmp_path_factory.mktemp("granule"))


@pytest.fixture
def server() -> Iterator[DownloadServer]:
    with DownloadServer() as running:
        yield running


@pytest.fixture
def bench(server: DownloadServer, tmp_path: Path, granule: bytes) -> Bench:
    server.products[ID] = Product(granule)
    return Bench(server, tmp_path, granule, size_bytes=len(granule), md5=md5(granule))
