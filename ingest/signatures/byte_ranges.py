"""What the byte range of a PDF signature says, and finding byte ranges where a file cannot be read otherwise.

A signature dictionary has to stand in the file as it is, since the range that it signs leaves out the value of its
`/Contents` (ISO 32000-2, 12.8.1). So a file without a byte range in its bytes has no signature that could hold.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archive.blobs.seekable import SeekableFile
from ingest.signatures.types import SIZE_LIMIT

_CHUNK = 1 << 20
_OVERLAP = 4096
_PARTS = 4
_DIGITS = 19


def _name(letters: str) -> bytes:
    """A name of PDF, each letter as it is or as its number (ISO 32000-2, 7.3.5)."""
    return b"/" + b"".join(b"(?:%c|#(?i:%02x))" % (ord(letter), ord(letter)) for letter in letters)


_MARK = re.compile(_name("ByteRange"))
_RANGE = re.compile(_name("ByteRange") + rb"\s{0,64}\[" + rb"\s{0,64}([0-9]{1,19})" * _PARTS + rb"\s{0,64}\]")
_FORM = re.compile(rb"%s|%s" % (_name("AcroForm"), _name("ObjStm")))
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f\s]*")
_WHITE = b" \t\r\n\f\0"


@dataclass(frozen=True)
class ByteRange:
    """Two stretches of a file that are signed, and the gap between them: `start`, `length`, `resume`, `rest`."""

    start: int
    length: int
    resume: int
    rest: int

    @property
    def end(self) -> int:
        """Where the signed part ends."""
        return self.resume + self.rest

    def is_regular(self, size: int) -> bool:
        """Whether it begins with the file, goes forward, and ends within a file of `size` bytes."""
        return self.start == 0 < self.length < self.resume <= self.end <= size

    def pieces(self, stream: BinaryIO) -> Iterator[bytes]:
        """What is signed, in pieces."""
        for offset, length in ((self.start, self.length), (self.resume, self.rest)):
            yield from stretch(stream, offset, length)

    def gap(self, stream: BinaryIO) -> bytes | None:
        """The signature as it stands in the gap, None where the gap holds anything but one hexadecimal string."""
        width = self.resume - self.length
        if not 2 <= width <= 2 * SIZE_LIMIT + 2:
            return None
        written = b"".join(stretch(stream, self.length, width))
        if written[:1] != b"<" or written[-1:] != b">" or not _HEXADECIMAL.fullmatch(written, 1, len(written) - 1):
            return None
        digits = bytes(written[1:-1].translate(None, _WHITE))
        # A missing last digit counts as zero (ISO 32000-2, 7.3.4.3).
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))


class RangeView(SeekableFile):
    """What a byte range signs, as a file of its own: the two stretches one after the other."""

    def __init__(self, stream: BinaryIO, covered: ByteRange) -> None:
        super().__init__(covered.length + covered.rest)
        self._stream = stream
        self._covered = covered

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        # What reads PDF backwards asks for more than there is, and means the beginning.
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self.position}.get(whence, self.size)
        return super().seek(max(0, origin + offset))

    def read(self, size: int = -1) -> bytes:
        covered = self._covered
        wanted = self.size - self.position if size is None or size < 0 else size
        if self.position < covered.length:
            place, left = covered.start + self.position, covered.length - self.position
        else:
            place, left = covered.resume + self.position - covered.length, self.size - self.position
        self._stream.seek(place)
        piece = self._stream.read(max(0, min(wanted, left)))
        self.position += len(piece)
        return piece


def is_marked(stream: BinaryIO) -> bool:
    """Whether a byte range is named anywhere in the file."""
    return next(occurrences(stream, _MARK), None) is not None


def may_have_fields(stream: BinaryIO) -> bool:
    """Whether the file names a form, or has objects packed in streams, where a form may be without being seen."""
    return next(occurrences(stream, _FORM), None) is not None


def written_ranges(stream: BinaryIO, limit: int) -> list[tuple[int, ByteRange]]:
    """Byte ranges wherever they are written out in the file, with their places; at most `limit`, each range once."""
    known: dict[ByteRange, int] = {}
    for place, found in occurrences(stream, _RANGE):
        known.setdefault(ByteRange(*(int(number) for number in found.groups())), place)
        if len(known) >= limit:
            break
    return [(place, each) for each, place in known.items()]


def stretch(stream: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    """`length` bytes from `offset`, or as many as there are, in pieces."""
    while length > 0:
        stream.seek(offset)
        piece = stream.read(min(_CHUNK, length))
        if not piece:
            return
        offset += len(piece)
        length -= len(piece)
        yield piece


def size_of(stream: BinaryIO) -> int:
    """The size of the file in bytes."""
    return stream.seek(0, io.SEEK_END)


def bytes_after(stream: BinaryIO, end: int) -> int:
    """How many bytes follow `end`, white space at the very end of the file not counted."""
    last = end
    position = end
    for piece in stretch(stream, end, size_of(stream) - end):
        kept = piece.rstrip(_WHITE)
        if kept:
            last = position + len(kept)
        position += len(piece)
    return last - end


def occurrences(stream: BinaryIO, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Where `pattern` occurs, each place once, with pieces overlapping so that none is missed between two."""
    offset = 0
    before = b""
    seen = -1
    while True:
        stream.seek(offset)
        piece = stream.read(_CHUNK)
        window = before + piece
        base = offset - len(before)
        for match in pattern.finditer(window):
            if base + match.start() > seen:
                seen = base + match.start()
                yield seen, match
        if not piece:
            return
        offset += len(piece)
        before = window[-_OVERLAP:]
