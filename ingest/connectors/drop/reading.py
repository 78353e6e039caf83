"""Streams of a drop: read on where they broke, and compared with what was listed when they end."""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from archive.errors import InvalidInput, SourceFailed
from ingest.connectors.drop.tree import Leaf, Tree
from ingest.packages.names import shown

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER: Final = 1 << 18


@dataclass(frozen=True)
class Patience:
    """How often a break is overcome without a byte in between, and the first pause before trying again, in seconds."""

    tries: int = 4
    pause: float = 0.2
    sleep: Callable[[float], None] = time.sleep


class Steady(io.RawIOBase):
    """One file of a tree from its first byte to its last, whatever breaks on the way.

    Raises while it is read:
        InvalidInput: it is no longer what was listed (`file-changed-while-read`).
        SourceFailed: it broke too often.
    """

    def __init__(self, tree: Tree, leaf: Leaf, patience: Patience = Patience()) -> None:
        super().__init__()
        self._tree = tree
        self._leaf = leaf
        self._patience = patience
        self._position = 0
        self._stream: BinaryIO | None = None
        self._checked = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._leaf.size - self._position)
        if wanted <= 0:
            self._end()
            return 0
        data = self._next(wanted)
        if not data:
            # A server may send less than it was asked for: what is missing is asked for anew.
            self._drop()
            data = self._next(wanted)
        if not data:
            raise self._changed()
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        self._drop()
        super().close()

    def _next(self, wanted: int) -> bytes:
        breaks = 0
        while True:
            try:
                if self._stream is None:
                    self._stream = self._tree.open(self._leaf, self._position)
                return self._stream.read(wanted)
            except SourceFailed:
                self._drop()
                breaks += 1
                if breaks >= self._patience.tries:
                    raise
                self._patience.sleep(self._patience.pause * 2**breaks)

    def _end(self) -> None:
        """Look once more: what was changed while it was read is neither the old file nor the new one.

        A file that is gone now was whole while it lasted: all its bytes came from one state of it.
        """
        if self._checked:
            return
        self._checked = True
        require_unchanged(self._tree, self._leaf)

    def _changed(self) -> InvalidInput:
        return InvalidInput("file-changed-while-read", name=shown(self._leaf.path))

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()


def require_unchanged(tree: Tree, leaf: Leaf) -> None:
    """Refuse a file that is no longer what was listed.

    Raises:
        InvalidInput: it has changed (`file-changed-while-read`).
    """
    if tree.stat(leaf.path) not in {leaf, None}:
        raise InvalidInput("file-changed-while-read", name=shown(leaf.path))


def steady(tree: Tree, leaf: Leaf, patience: Patience = Patience()) -> BinaryIO:
    """A buffered stream over a file of a tree; see `Steady`."""
    return io.BufferedReader(Steady(tree, leaf, patience), _BUFFER)
