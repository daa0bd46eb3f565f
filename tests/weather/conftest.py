from __future__ import annotations

import pytest
from tests.weather.bench import PATIENCE, Clock
from tests.weather.cds_server import KEY, CdsServer
from tests.weather.worker import BLOCK

from so2plumes.weather.account import CdsAccount
from so2plumes.weather.client import CdsClient
from so2plumes.weather.fetch import download_blocks

LEVELS = (1000, 500)


@pytest.fixture
def server():
    with CdsServer() as running:
        yield running


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def fetch(server, clock, tmp_path):
    """Fetch a block through a new client, as a new job would."""

    def fetch(block=BLOCK, levels=LEVELS, key=KEY, queue_s=48 * 3600.0):
        client = CdsClient(CdsAccount(server.url, key), PATIENCE, queue_s, clock.sleep, clock)
        ((_, data),) = download_blocks(client, [block], levels, tmp_path / "requests")
        return data

    return fetch
