"""The bytes of uploads on their way: one file each, and the file's own length is how far an upload has come.

An offset is only told after `fsync` of all that it covers. Whoever works on an upload holds a lock of the operating
system on its file, which ends with the process. While bytes come that are still to be checked, a file beside it, the
mark, says where they began: a kill in between cuts them off again, for nobody has seen yet whether they are right.
"""

import contextlib
import errno
import fcntl
import hashlib
import io
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from archive.errors import Unavailable
from ingest.uploads.errors import Locked

_MARK: Final = ".mark"
_LOOK_SECONDS: Final = 0.05
_SYNC_EVERY: Final = 64 << 20


class OpenFile:
    """The file of one upload, held by us alone. Places and lengths are in bytes."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._mark = path.with_name(path.name + _MARK)
        self._handle = handle
        with _named_errors(path):
            if self._mark.exists():
                begun = self._mark.read_text(encoding="ascii")
                if begun:
                    # Empty, it was never finished, and no byte came after it.
                    os.ftruncate(handle, int(begun))
            self._unmark()
            self.begun = self.durable = self._end = os.fstat(handle).st_size

    @property
    def end(self) -> int:
        """How many bytes have been written, durable or not."""
        return self._end

    def start(self, *, checked: bool) -> None:
        """Let bytes come; `checked` says that they count only once they have been checked.

        Raises:
            Unavailable: the disk is full (`upload-disk-full`) or fails (`upload-disk`). So do the others.
        """
        self.begun = self._end
        if checked:
            with _named_errors(self._path):
                handle = os.open(self._mark, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
                try:
                    os.write(handle, str(self.begun).encode())
                    os.fsync(handle)
                finally:
                    os.close(handle)
                _sync(self._mark.parent)

    def write(self, data: bytes) -> None:
        """Add bytes. What was written before the disk turned out to be full stays."""
        view = memoryview(data)
        with _named_errors(self._path):
            while view:
                written = os.pwrite(self._handle, view, self._end)
                self._end += written
                view = view[written:]
            if self._end - self.durable >= _SYNC_EVERY:
                os.fsync(self._handle)
                self.durable = self._end

    def keep(self) -> int:
        """Make everything durable; how many bytes that is."""
        with _named_errors(self._path):
            self._unmark()
        self.durable = self._end
        return self._end

    def drop(self) -> None:
        """Take back what was written since `start`."""
        with _named_errors(self._path):
            os.ftruncate(self._handle, self.begun)
            self._unmark()
        self.durable = self._end = self.begun

    def remove(self) -> None:
        """Delete the file while it is held, so that nobody begins on it in between."""
        with _named_errors(self._path):
            self._path.unlink(missing_ok=True)
            self._mark.unlink(missing_ok=True)
            _sync(self._path.parent)

    def reading(self) -> io.BufferedReader:
        """Its bytes from the start."""
        with _named_errors(self._path):
            return self._path.open("rb")

    def sha256(self) -> str:
        """The digest of its bytes, in hexadecimal."""
        with self.reading() as stream, _named_errors(self._path):
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def close(self) -> None:
        """Let go of it."""
        os.close(self._handle)

    def _unmark(self) -> None:
        os.fsync(self._handle)
        if self._mark.exists():
            # Only now that the file itself is as it shall be: a mark that stays cuts off too much, never too little.
            self._mark.unlink()
            _sync(self._mark.parent)


class UploadFiles:
    """A folder of them, named by the ids of their uploads, never by what a sender calls a file."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, upload_id: str) -> None:
        """Make an empty file, durably.

        Raises:
            Unavailable: as `OpenFile.start`.
        """
        path = self._root / upload_id
        with _named_errors(path):
            if not self._root.is_dir():
                self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
                _sync(self._root.parent)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            _sync(self._root)

    def take(self, upload_id: str, patience: float = 0.0) -> OpenFile | None:
        """The file of an upload, locked until it is closed; None where there is none on this machine.

        `patience` is for how many seconds to wait for whoever holds it.

        Raises:
            Locked: somebody else still holds it (`upload-locked`).
            Unavailable: as `OpenFile.start`.
        """
        path, until = self._root / upload_id, time.monotonic() + patience
        with _named_errors(path):
            try:
                handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
        try:
            _lock(handle, until)
            if not os.fstat(handle).st_nlink:
                # Whoever held it has just done with it.
                os.close(handle)
                return None
            return OpenFile(path, handle)
        except BaseException:
            os.close(handle)
            raise

    @contextmanager
    def held(self, upload_id: str, patience: float = 0.0) -> Iterator[OpenFile | None]:
        """The same for as long as the block lasts."""
        file = self.take(upload_id, patience)
        try:
            yield file
        finally:
            if file is not None:
                file.close()

    def old(self, before: datetime) -> list[str]:
        """The ids of files that nobody has written to since a moment; folders and links are none of ours."""
        found = []
        for path in self._root.glob("*"):
            with contextlib.suppress(FileNotFoundError):
                known = path.lstat()
                ours = stat.S_ISREG(known.st_mode) and not path.name.endswith(_MARK)
                if ours and known.st_mtime < before.timestamp():
                    found.append(path.name)
        return sorted(found)


def _lock(handle: int, until: float) -> None:
    """Lock an open file, asking again until a moment on the clock that never goes back."""
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise Locked("upload-locked") from error
            time.sleep(_LOOK_SECONDS)
        else:
            return


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        raise Unavailable(
            "upload-disk-full" if full else "upload-disk", folder=str(path.parent), detail=error.strerror or str(error)
        ) from error
