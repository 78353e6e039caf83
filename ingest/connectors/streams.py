"""Openers of component streams: from bytes at hand, or from a file read when its turn comes."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from archive.errors import InvalidInput


def from_bytes(data: bytes) -> Callable[[], BinaryIO]:
    """An opener of `data`."""
    return lambda: io.BytesIO(data)


def from_file(path: Path, shown: str) -> Callable[[], BinaryIO]:
    """An opener of the file at `path`, called `shown` where it cannot be read.

    The opener raises:
        InvalidInput: the file cannot be opened (`file-unreadable-source`).
    """

    def open_file() -> BinaryIO:
        try:
            return path.open("rb")
        except OSError as error:
            raise InvalidInput("file-unreadable-source", name=shown, detail=error.strerror) from error

    return open_file
