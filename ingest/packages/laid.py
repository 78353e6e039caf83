"""The files of a package laid one behind the other as one stream, which is how a bounded process is given them.

The parent has the files, wherever they lie, and opens each when its bytes are asked for; the process sees one seekable
stream and a list of what stands where in it.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO, cast

from archive.blobs.seekable import SeekableFile
from ingest.packages.members import Member, Members
from ingest.packages.tarred import part_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_STEP = 1 << 20


def listing(members: Members) -> list[list[object]]:
    """What stands in the stream, as JSON carries it: the path of each file in base64, and its size in bytes."""
    return [[b64encode(path).decode(), member.size] for path, member in members.items()]


def members_from(stream: BinaryIO, listed: Sequence[Sequence[object]]) -> Members:
    """The files of such a stream again.

    Raises:
        ValueError: the list is none that `listing` gave.
    """
    found: dict[bytes, Member] = {}
    at = 0
    for path, size in listed:
        name, length = b64decode(str(path)), int(str(size))
        found[name] = Member(name, length, part_of(stream, at, length))
        at += length
    return found


def laid(members: Members) -> BinaryIO:
    """The files as one seekable stream. It is as long as their sizes say; errors are those of whoever opens them."""
    return cast("BinaryIO", _Laid(members))


class _Laid(SeekableFile):
    """One file is open at a time, and is opened again where something before its present place is asked for."""

    def __init__(self, members: Members) -> None:
        self._starts: list[tuple[int, Member]] = []
        end = 0
        for member in members.values():
            if member.size:
                self._starts.append((end, member))
                end += member.size
        super().__init__(end)
        self._number = -1
        self._open: BinaryIO | None = None
        self._reached = 0

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        if self.position >= self.size or not view:
            return 0
        number = self._number_at(self.position)
        start, member = self._starts[number]
        stream = self._reach(number, self.position - start)
        # Never across the end of a file: the next may be opened for nothing. One that is shorter than said ends here.
        data = stream.read(min(len(view), start + member.size - self.position))
        view[: len(data)] = data
        self.position += len(data)
        self._reached += len(data)
        return len(data)

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
        super().close()

    def _number_at(self, position: int) -> int:
        low, high = 0, len(self._starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._starts[middle][0] <= position else (low, middle)
        return low

    def _reach(self, number: int, offset: int) -> BinaryIO:
        """The file of this number, open and read up to `offset`."""
        if self._open is None or number != self._number or offset < self._reached:
            if self._open is not None:
                self._open.close()
            self._open = None
            self._open = self._starts[number][1].open()
            self._number, self._reached = number, 0
        while self._reached < offset:
            passed = len(self._open.read(min(_STEP, offset - self._reached)))
            if not passed:
                break
            self._reached += passed
        return self._open
