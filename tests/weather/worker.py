"""One fetching job as a process of its own: ``python -m tests.weather.worker <url> <key> <folder>``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from tests.weather.era5_files import hours

from so2plumes.weather.account import CdsAccount
from so2plumes.weather.boxes import Block, Box
from so2plumes.weather.client import CdsClient
from so2plumes.weather.fetch import download_blocks

BLOCK = Block(Box(14.0, 16.0, 37.0, 38.0), tuple(hours("2021-03-24T10", 2)), ("plume",))

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    url, key, folder = sys.argv[1:]
    download_blocks(CdsClient(CdsAccount(url, key)), [BLOCK], (1000, 500), Path(folder))
