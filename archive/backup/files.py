"""Files of a snapshot: written whole and durable, digested on the way, read back line by line."""

import contextlib
import errno
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from archive.backup.manifest import KeptFile
from archive.blobs.digests import blocks
from archive.errors import Damaged, Unavailable

_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
# Rows are texts; a better level costs twice the time for a few percent.
_LEVEL = 4


class Lines:
    """Lines on their way into one packed file. `kept` is known when the block of `writing_lines` has ended."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self.count = 0
        self.kept = KeptFile(0, "")

    def write(self, line: str) -> None:
        """Append a line; `line` has no line end of its own."""
        self._file.write(line.encode() + b"\n")
        self.count += 1


class _Digesting:
    """Passes bytes on to a file and digests them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self._size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def kept(self) -> KeptFile:
        return KeptFile(self._size, self._digest.hexdigest())


@contextlib.contextmanager
def writing_lines(path: Path) -> Iterator[Lines]:
    """A new packed file of lines at `path`, durable when the block ends."""
    private_folder(path.parent)
    with _new(path) as file:
        digesting = _Digesting(file)
        # Neither name nor moment goes in: the same rows give the same bytes.
        with gzip.GzipFile("", "wb", _LEVEL, cast("BinaryIO", digesting), mtime=0) as packed:
            lines = Lines(packed)
            yield lines
        _settle(file)
    lines.kept = digesting.kept()


def write_file(path: Path, data: bytes, mode: int = _PRIVATE_FILE) -> KeptFile:
    """A new file at `path`, durable when this returns. Unless `mode` says otherwise only its owner can read it."""
    private_folder(path.parent)
    with _new(path, mode) as file:
        file.write(data)
        _settle(file)
    return KeptFile(len(data), hashlib.sha256(data).hexdigest())


def read_lines(path: Path, name: str) -> Iterator[str]:
    """The lines of a packed file.

    Raises:
        Damaged: it is not packed lines; `name` is what it is called then.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield line.removesuffix("\n")
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise Damaged("backup-file-damaged", file=name) from error


def digest_file(path: Path) -> KeptFile | None:
    """Size and digest of a file as it lies there, None where there is none."""
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            for block in blocks(stream):
                digest.update(block)
                size += len(block)
    except (FileNotFoundError, IsADirectoryError):
        return None
    return KeptFile(size, digest.hexdigest())


def private_folder(path: Path) -> None:
    """Make a folder that only its owner can enter, and what is missing above it."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)


def sync_folder(path: Path) -> None:
    """Make what a folder lists durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def named_errors(folder: Path) -> Iterator[None]:
    """Give names to what a file system complains of while the block works in the backup folder.

    Raises:
        Unavailable: there is no room (`backup-folder-full`), or the folder cannot be used (`backup-folder-unusable`).
    """
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        code = "backup-folder-full" if full else "backup-folder-unusable"
        raise Unavailable(code, folder=str(folder), detail=error.strerror or type(error).__name__) from error


def _new(path: Path, mode: int = _PRIVATE_FILE) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
