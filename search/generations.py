"""The folder of an embedded index: one folder per generation, and a pointer file that names the one in use.

    CURRENT            the name of the generation in use, replaced in one step
    v1-000001/         a generation; `v1` is the layout of its documents
    write.lock         held while one is written or exchanged
    rebuild.lock       held while a new one is filled beside it

Locks belong to processes and go with them: nothing is left locked by a kill.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from archive.errors import Damaged, Unavailable

_POINTER = "CURRENT"


class Generations:
    """The generations under `root`, all of one `layout`."""

    def __init__(self, root: Path, layout: str) -> None:
        self._root = root
        self._layout = layout

    def current(self) -> Path | None:
        """The generation in use, None before the first.

        Raises:
            Damaged: it has another layout, or the pointer names none.
        """
        try:
            name = (self._root / _POINTER).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise Damaged("search-index-unreadable", path=self._root, detail=str(error)) from error
        layout, dash, number = name.partition("-")
        if not dash or not number.isdigit():
            raise Damaged("search-index-unreadable", path=self._root, detail=_POINTER)
        if layout != self._layout:
            raise Damaged("search-index-layout", path=self._root, found=layout, expected=self._layout)
        return self._root / name

    def create(self) -> Path:
        """The folder of a new generation, not yet in use."""
        with _named_errors(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            numbers = [int(path.name.partition("-")[2]) for path in self._folders()]
            folder = self._root / f"{self._layout}-{max(numbers, default=0) + 1:06d}"
            folder.mkdir()
        return folder

    def promote(self, folder: Path) -> None:
        """Make this generation the one in use. Durable, and in one step: there is no moment without one."""
        staged = self._root / f"{_POINTER}.new"
        with _named_errors(self._root):
            with staged.open("w", encoding="ascii") as stream:
                stream.write(folder.name)
                stream.flush()
                os.fsync(stream.fileno())
            staged.replace(self._root / _POINTER)
            descriptor = os.open(self._root, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def sweep(self) -> None:
        """Drop every generation but the one in use. Whoever still reads a dropped one keeps what it has open."""
        name = self._current_name()
        for folder in self._folders():
            if folder.name != name:
                shutil.rmtree(folder, ignore_errors=True)

    def writing(self) -> AbstractContextManager[None]:
        """Be the only writer, or raise Unavailable (`search-index-locked`)."""
        return self._locked("write.lock", "search-index-locked")

    def rebuilding(self) -> AbstractContextManager[None]:
        """Be the only one that fills a new generation, or raise Unavailable (`search-rebuild-running`)."""
        return self._locked("rebuild.lock", "search-rebuild-running")

    @contextmanager
    def _locked(self, name: str, code: str) -> Iterator[None]:
        with _named_errors(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            stream = (self._root / name).open("a")
        with stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Unavailable(code, path=self._root) from error
            yield

    def _current_name(self) -> str:
        try:
            return (self._root / _POINTER).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""

    def _folders(self) -> list[Path]:
        return [path for path in self._root.glob("v*-*") if path.is_dir() and path.name.partition("-")[2].isdigit()]


@contextmanager
def _named_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable("search-index-unwritable", path=root, detail=error.strerror or str(error)) from error
