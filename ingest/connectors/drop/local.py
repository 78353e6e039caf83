"""A drop in a folder of this machine: every step from the root down is taken by handle, and no link is followed.

A path is never resolved as a whole: between a look at it and its opening somebody may put a link in its way.
"""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from archive.errors import InvalidInput, SourceFailed
from ingest.connectors.drop.tree import ROOT, Kind, Leaf
from ingest.packages.names import shown

_BUFFER: Final = 1 << 20
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe without a writer would hold us up for ever.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_VANISHED: Final = (FileNotFoundError, NotADirectoryError)


class LocalTree:
    """The files below a folder."""

    near = True

    def __init__(self, root: Path) -> None:
        self._root = root
        self.name = str(root)

    def entries(self, folder: bytes) -> Iterator[Leaf]:
        handle = self._folder(folder)
        try:
            with _unlisted(folder), os.scandir(handle) as found:
                for entry in found:
                    name = os.fsencode(entry.name)
                    leaf = _looked_at(folder + b"/" + name if folder else name, entry.name, handle)
                    if leaf is not None:
                        yield leaf
        finally:
            os.close(handle)

    def stat(self, path: bytes) -> Leaf | None:
        try:
            handle = self._descend(path.rpartition(b"/")[0])
        except OSError:
            self._require_root()
            return None
        try:
            leaf = _looked_at(path, path.rpartition(b"/")[2], handle)
        finally:
            os.close(handle)
        return leaf if leaf is not None and leaf.kind is Kind.FILE else None

    def open(self, leaf: Leaf, offset: int) -> BinaryIO:
        above, _, name = leaf.path.rpartition(b"/")
        try:
            folder = self._descend(above)
            try:
                handle = os.open(name, _FILE, dir_fd=folder)
            finally:
                os.close(folder)
        except _VANISHED as error:
            self._require_root()
            raise InvalidInput("file-vanished-while-read", name=shown(leaf.path)) from error
        except OSError as error:
            raise _unreadable(leaf.path, error) from error
        return _stream(handle, leaf, offset)

    def _folder(self, folder: bytes) -> int:
        try:
            return self._descend(folder)
        except OSError as error:
            self._require_root()
            raise _not_listed(folder, error) from error

    def _descend(self, folder: bytes) -> int:
        """A handle of a folder, reached step by step."""
        handle = os.open(self._root, _FOLDER & ~os.O_NOFOLLOW)
        for step in folder.split(b"/") if folder != ROOT else ():
            above = handle
            try:
                handle = os.open(step, _FOLDER, dir_fd=above)
            finally:
                os.close(above)
        return handle

    def _require_root(self) -> None:
        """A folder that is not there at all, as when a medium is not mounted, is no empty folder."""
        try:
            os.close(os.open(self._root, _FOLDER & ~os.O_NOFOLLOW))
        except OSError as error:
            detail = error.strerror or str(error)
            raise SourceFailed("source-unreachable", source=self.name, detail=detail) from error


class _File(io.FileIO):
    """A file of the folder: what goes wrong in reading it is the source's fault, not that of the store."""

    def __init__(self, handle: int, path: bytes) -> None:
        super().__init__(handle)
        self._path = path

    def readinto(self, buffer: Any, /) -> int:
        try:
            return super().readinto(buffer) or 0
        except OSError as error:
            raise _unreadable(self._path, error) from error


def _stream(handle: int, leaf: Leaf, offset: int) -> BinaryIO:
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise InvalidInput("drop-not-a-file", name=shown(leaf.path))
    file = _File(handle, leaf.path)
    if _leaf(leaf.path, status) != leaf:
        file.close()
        raise InvalidInput("file-changed-while-read", name=shown(leaf.path))
    file.seek(offset)
    return io.BufferedReader(file, _BUFFER)


def _looked_at(path: bytes, name: str | bytes, folder: int) -> Leaf | None:
    """What stands under a name, None where it has gone since it was listed."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except _VANISHED:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    if stat.S_ISREG(status.st_mode):
        return _leaf(path, status)
    return Leaf(path, Kind.FOLDER if stat.S_ISDIR(status.st_mode) else Kind.OTHER)


def _leaf(path: bytes, status: os.stat_result) -> Leaf:
    # Tools that copy set the time of the original; when a file was touched last on this machine nobody can set.
    return Leaf(path, Kind.FILE, status.st_size, status.st_mtime_ns, str(status.st_ctime_ns))


@contextmanager
def _unlisted(folder: bytes) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _not_listed(folder, error) from error


def _not_listed(folder: bytes, error: OSError) -> InvalidInput:
    return InvalidInput("folder-unreadable-source", name=shown(folder) or ".", detail=error.strerror or str(error))


def _unreadable(path: bytes, error: OSError) -> InvalidInput:
    return InvalidInput("file-unreadable-source", name=shown(path), detail=error.strerror or str(error))
