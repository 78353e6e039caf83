"""What a drop is to its connector: files below a root, whatever protocol they lie behind."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Final, Protocol
from urllib.parse import quote_from_bytes, unquote_to_bytes

ROOT: Final = b""


class Kind(StrEnum):
    """What a name in a tree stands for. Links are `other`: they lead out of the tree or in a circle."""

    FILE = "file"
    FOLDER = "folder"
    OTHER = "other"


@dataclass(frozen=True)
class Leaf:
    """One name in a tree. `path` is byte-exact, below the root, with slashes.

    Of a file: `size` in bytes, `modified` in nanoseconds since 1970 as coarse as the tree keeps it, `tag` what else
    tells one state from another, such as an ETag; "" where there is nothing.
    """

    path: bytes
    kind: Kind
    size: int = 0
    modified: int = 0
    tag: str = ""

    @property
    def name(self) -> bytes:
        """The last part of the path."""
        return self.path.rpartition(b"/")[2]


class Tree(Protocol):
    """Files below a root. A stream of it breaks with `SourceFailed` and may be opened again where it broke."""

    name: str
    """What may be said of it to people: never a password."""

    near: bool
    """Whether its files lie on this machine, and their streams can be sought in at no cost."""

    def entries(self, folder: bytes) -> Iterator[Leaf]:
        """Everything that lies directly in a folder, in any order.

        Raises:
            InvalidInput: this folder cannot be listed (`folder-unreadable-source`); others may.
            SourceFailed: the whole tree does not answer.
        """
        ...

    def stat(self, path: bytes) -> Leaf | None:
        """The file at `path` as it is now; None where there is none any more.

        Raises:
            InvalidInput: it cannot be looked at (`file-unreadable-source`).
            SourceFailed: the tree does not answer.
        """
        ...

    def open(self, leaf: Leaf, offset: int) -> BinaryIO:
        """The bytes of a file from `offset` on.

        Raises, here and while it is read:
            InvalidInput: it is gone (`file-vanished-while-read`), it is no longer what was listed
                (`file-changed-while-read`), no file (`drop-not-a-file`), or cannot be read (`file-unreadable-source`).
            SourceFailed: the tree does not answer, or broke off.
        """
        ...


def id_of(path: bytes) -> str:
    """A path as an id: plain text, and telling two names apart even where neither is UTF-8.

    No path begins with the slash that marks one written in percent signs, but keys of a bucket may.
    """
    if not path.startswith(b"/"):
        try:
            return path.decode()
        except UnicodeDecodeError:
            pass
    return "/" + quote_from_bytes(path, safe="/ ")


def path_of(external_id: str) -> bytes:
    """The path that `id_of` wrote down."""
    return unquote_to_bytes(external_id[1:]) if external_id.startswith("/") else external_id.encode()
