"""A day's job that kills itself: ``python -m tests.faults.day_worker <moment> fetch-swaths ...`` runs the real command.

A moment is ``compaction`` (the compact swath is half written), ``receipt`` (it is written, its receipt is not),
``removal`` (its receipt is written, the granule is still there), ``hand-over`` (all is staged), ``document`` (the
receipts of the day are half written) or ``never``.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4

from so2plumes import files
from so2plumes.archive import obtain
from so2plumes.archive.staging import Staging
from so2plumes.cli import main


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def half_a_file(path: Path, _: Any) -> None:
    """Write a piece of a document under the temporary name that it gets first."""
    with files.atomic_path(path) as temporary:
        temporary.write_text('{"period": ')
        die()


def after(count: int, plain: Callable) -> Callable:
    """The same, until it is called so many times."""
    calls = []

    def counted(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) > count:
            die()
        return plain(*arguments, **options)

    return counted


def arm(moment: str) -> None:
    if moment == "compaction":
        netCDF4.Dataset = killing_dataset()
    elif moment == "receipt":
        Staging.keep = die
    elif moment == "removal":
        Path.unlink = after_granule(Path.unlink)
    elif moment == "hand-over":
        Staging.hand_over = after(1, Staging.hand_over)
    elif moment == "document":
        files.write_json = half_a_file


def after_granule(plain: Callable) -> Callable:
    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.parent.name == "incoming" and path.suffix == ".nc":
            die()
        plain(path, missing_ok)

    return unlink


def killing_dataset() -> type:
    class Dataset(netCDF4.Dataset):
        def createVariable(self, name: str, *arguments: Any, **options: Any) -> Any:
            if name == "vertical_column":
                self.sync()
                die()
            return super().createVariable(name, *arguments, **options)

    return Dataset


if __name__ == "__main__":
    assert obtain.CatalogueDownload
    arm(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
