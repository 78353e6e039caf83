"""The files of a package in a tar container that is not compressed, where each can be read without the others.

Nothing is unpacked. What `tarfile` reads of headers is metered, and payload is read past it.
"""

import io
import tarfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

from archive.errors import InvalidInput
from ingest.packages.findings import Findings
from ingest.packages.members import Member
from ingest.packages.names import shown

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_HEADER: Final = 1 << 20
"""So long one header may be: a name, a few attributes."""

_BUFFER: Final = 1 << 18
_MAGIC: Final = 257


def is_tar(stream: BinaryIO) -> bool:
    """Whether a file begins as a tar container does (POSIX.1, ustar)."""
    stream.seek(0)
    return stream.read(_MAGIC + 5)[_MAGIC:] == b"ustar"


def members_of_tar(stream: BinaryIO, most: int, findings: Findings) -> list[Member]:
    """The files of a container. Links, devices and sparse files are findings (`package-not-a-file`).

    Raises:
        InvalidInput: it is damaged (`file-damaged`), holds too much (`package-too-many`), has headers made to fill the
            memory (`tar-bomb`), or names that lead out of it (`zip-unsafe-name`).
    """
    end = stream.seek(0, io.SEEK_END)
    found: list[Member] = []
    for count, info in enumerate(_headers(stream)):
        if count >= most:
            raise InvalidInput("package-too-many", most=most)
        path = _path(info)
        if info.isdir():
            continue
        if not info.isreg() or info.sparse is not None:
            findings.error("package-not-a-file", shown(path))
        elif info.size < 0 or info.offset_data + info.size > end:
            raise InvalidInput("file-truncated")
        else:
            found.append(Member(path, info.size, part_of(stream, info.offset_data, info.size)))
    return found


def _headers(stream: BinaryIO) -> Iterator[tarfile.TarInfo]:
    stream.seek(0)
    try:
        with tarfile.TarFile(fileobj=_Metered(stream), encoding="utf-8", errors="surrogateescape") as container:
            while (info := container.next()) is not None:
                # It would remember every header; one at a time is enough.
                container.members = []  # type: ignore[attr-defined]  # it is there, the stubs leave it out
                yield info
            # A header that it cannot read is an end to it; at the true end there is nothing, or zeros.
            stream.seek(container.offset)
            if stream.read(tarfile.BLOCKSIZE).strip(b"\0"):
                raise InvalidInput("file-damaged", detail="tar")
    except (tarfile.TarError, ValueError, OverflowError, EOFError, RecursionError) as error:
        raise InvalidInput("file-damaged", detail="tar") from error


def _path(info: tarfile.TarInfo) -> bytes:
    path = info.name.encode("utf-8", "surrogateescape")
    while path.startswith(b"./"):
        path = path[2:]
    if path.startswith(b"/") or b".." in path.split(b"/") or b"\0" in path or b":" in path[1:2]:
        raise InvalidInput("zip-unsafe-name", name=shown(path))
    return path


def part_of(stream: BinaryIO, start: int, size: int) -> Callable[[], BinaryIO]:
    """An opener of a part of a stream, each time from its start. A part that is cut off raises `file-truncated`."""
    return lambda: io.BufferedReader(_Part(stream, start, size), _BUFFER)


class _Metered(io.RawIOBase):
    """Lets headers be read, and nothing that is as long as no header is."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > _HEADER:
            raise InvalidInput("tar-bomb", limit=_HEADER)
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


class _Part(io.RawIOBase):
    """A part of a stream that others read as well: each time from where this one is."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._stream = stream
        self._at = start
        self._end = start + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        self._stream.seek(self._at)
        data = self._stream.read(min(len(view), self._end - self._at))
        if not data and self._at < self._end:
            raise InvalidInput("file-truncated")
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
