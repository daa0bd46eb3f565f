"""Where the commands of this environment are."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def put_commands_on_path() -> None:
    """Let rules call the ``so2plumes`` of the environment that runs Snakemake, activated or not."""
    folder = str(Path(sys.executable).parent)
    if folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([folder, os.environ.get("PATH", "")])
