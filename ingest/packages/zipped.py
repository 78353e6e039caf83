"""A package in a ZIP container: its members with their names as they are in it."""

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

from ingest.formats.containers import Container, ContainerLimits, open_container
from ingest.packages.members import MOST_MEMBERS, Member

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LIMITS: Final = ContainerLimits(
    entries=MOST_MEMBERS, directory_bytes=16 << 20, entry_bytes=64 << 30, total_bytes=256 << 30
)
"""What a package may hold: recordings are large, but nothing that inflates two hundredfold is one."""

_UTF8_FLAG: Final = 0x800
_BUFFER: Final = 1 << 18


def members_of(stream: BinaryIO, limits: ContainerLimits = LIMITS) -> list[Member]:
    """The files of a container, read from `stream` when they are opened, one after the other.

    Raises:
        InvalidInput: it is not safe to open, as `open_container` says; members raise as `Container.chunks`.
    """
    container = open_container(stream, limits)
    names = _raw_names(stream)
    return [
        Member(names[name], entry.size, _opener(stream, container, name, limits))
        for name, entry in container.entries.items()
    ]


def _raw_names(stream: BinaryIO) -> dict[str, bytes]:
    """Names as bytes by what they were read as. The directory has been found sound and small: it is read again."""
    stream.seek(0)
    listing = zipfile.ZipFile(stream)
    names = {}
    for info in listing.infolist():
        raw = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8_FLAG else "cp437")
        try:
            names[raw.decode().replace("\\", "/")] = raw.replace(b"\\", b"/")
        except UnicodeDecodeError:
            # Half of a character of GB18030 may look like the stroke that some tools write between folders.
            text = raw.decode("gb18030")
            names[text.replace("\\", "/")] = text.replace("\\", "/").encode("gb18030")
    return names


def _opener(stream: BinaryIO, container: Container, name: str, limits: ContainerLimits) -> Callable[[], BinaryIO]:
    """An opener of one member, each time from its start and with a count of its own."""
    return lambda: io.BufferedReader(_Pieces(Container(stream, container.entries, limits).chunks(name)), _BUFFER)


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        taken, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(taken)] = taken
        return len(taken)
