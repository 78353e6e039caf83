"""Bytes in a directory of this machine: `ab/abcd…`, written once.

A file is written under a stage name, fsynced, linked to its digest name and its directory fsynced: at any moment a
crash leaves either the whole file under its name or a stage file that `sweep` drops.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from archive.blobs.digests import Digest, Digester, blocks, digest_stream
from archive.errors import Damaged, Unavailable

_READ_ONLY = 0o444


class DirectoryBlobStore:
    """The embedded default."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stage = root / "stage"

    def put(self, stream: BinaryIO) -> Digest:
        with self._named_errors():
            return self._put(stream)

    def _put(self, stream: BinaryIO) -> Digest:
        _make_directory(self._stage)
        staged = self._stage / uuid4().hex
        digester = Digester()
        try:
            with staged.open("xb") as file:
                for block in blocks(stream):
                    digester.update(block)
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            digest = digester.digest()
            self._keep(staged, digest.sha256)
        finally:
            staged.unlink(missing_ok=True)
        return digest

    def _keep(self, staged: Path, sha256: str) -> None:
        target = self._path(sha256)
        _make_directory(target.parent)
        staged.chmod(_READ_ONLY)
        # A link, unlike a rename, refuses to replace a file that is there already.
        with contextlib.suppress(FileExistsError):
            os.link(staged, target)
        _sync(target.parent)

    def open(self, sha256: str) -> BinaryIO:
        with self._named_errors():
            try:
                return self._path(sha256).open("rb")
            except FileNotFoundError as error:
                raise Damaged("blob-missing", sha256=sha256) from error

    def size(self, sha256: str) -> int | None:
        with self._named_errors():
            try:
                return self._path(sha256).stat().st_size
            except FileNotFoundError:
                return None

    def verify(self, sha256: str) -> Digest:
        with self._named_errors(), self.open(sha256) as stream:
            digest = digest_stream(stream)
        if digest.sha256 != sha256:
            raise Damaged("blob-changed", sha256=sha256, found=digest.sha256)
        return digest

    def digests(self) -> Iterator[str]:
        for path in sorted(self._root.glob("[0-9a-f][0-9a-f]/*")):
            yield path.name

    def sweep(self, before: datetime) -> int:
        dropped = 0
        limit = before.timestamp()
        for staged in self._stage.glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if staged.stat().st_mtime < limit:
                    staged.unlink()
                    dropped += 1
        return dropped

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256

    @contextlib.contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            code = "blob-store-full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "blob-store-unavailable"
            raise Unavailable(code, path=str(self._root), detail=error.strerror or str(error)) from error


def _make_directory(directory: Path) -> None:
    """Make a directory and what is missing above it, each durable before anything lies in it."""
    if directory.is_dir():
        return
    missing = [place for place in (directory, *directory.parents) if not place.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for made in missing:
        _sync(made.parent)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
