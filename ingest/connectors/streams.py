"""Openers of component streams: from bytes at hand, or from a file read when its turn comes."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from archive.errors import InvalidInput

_BLOCK = 1 << 20


def from_bytes(data: bytes) -> Callable[[], BinaryIO]:
    """An opener of `data`."""
    return lambda: io.BytesIO(data)


def from_file(path: Path, shown: str) -> Callable[[], BinaryIO]:
    """An opener of the file at `path`, called `shown` where it cannot be read.

    Opener and stream raise:
        InvalidInput: the file cannot be opened, or not be read to its end (`file-unreadable-source`).
    """

    def open_file() -> BinaryIO:
        with _named_errors(shown):
            return io.BufferedReader(_SourceFile(path, shown), _BLOCK)

    return open_file


class _SourceFile(io.FileIO):
    """A file of a source: what goes wrong in reading it is the source's fault, not that of the store it is read for."""

    def __init__(self, path: Path, shown: str) -> None:
        super().__init__(path)
        self._shown = shown

    def readinto(self, buffer: Any, /) -> int:
        with _named_errors(self._shown):
            return super().readinto(buffer) or 0


@contextmanager
def _named_errors(shown: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInput("file-unreadable-source", name=shown, detail=error.strerror or str(error)) from error
