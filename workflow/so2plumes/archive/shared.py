"""What jobs share lies in a folder of files: say in words why one cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from so2plumes.archive.answers import fault_words
from so2plumes.errors import ConfigError


@contextmanager
def sharing(folder: str | Path, what: str) -> Iterator[None]:
    """Turn what the disk does to a file that jobs share into a message.

    Raises
    ------
    ConfigError
        Names the folder, and what is kept in it.
    """
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"the folder of the {what} cannot be written",
            where=folder,
            found=fault_words(error),
            remedy="choose a folder on a local disk that this user may write, and with room (archive.shared_folder)",
        ) from None
