"""The strict reader: one pass from the first byte to the last, each compared with what the writer would have written.

Memory does not grow with the size of members. Standard library only.
"""

import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from archive.evidence import container
from archive.evidence.container import Member

Sink = Callable[[bytes], None]
"""Takes the blocks of one member, in order."""


@dataclass(frozen=True)
class Limits:
    """How much a reader is willing to take in.

    `entries` members, names of `name` bytes, `held` bytes for each member that has to be held in memory.
    """

    entries: int = 100_000
    name: int = 512
    held: int = 32 << 20


@dataclass(frozen=True)
class Deviation:
    """Where a container parts from its one spelling: a finding code, the member concerned, numbers for the sentence."""

    code: str
    path: str
    numbers: tuple[tuple[str, int], ...] = ()


class _Stop(Exception):
    """The layout is lost: what follows cannot be read in order."""


class StrictReader:
    """Reads a container and gives each member's bytes to a sink.

    Afterwards `names` are the members that could be read whole, in order, and `deviations` everything that differs from
    the canonical spelling: with none of them the file is canonical. What leaves the layout intact (a wrong checksum,
    an unsafe or repeated name) does not end the reading; `complete` tells whether the last byte was reached.
    """

    def __init__(self, file: BinaryIO, limits: Limits, sink_for: Callable[[str], Sink]) -> None:
        self._file = file
        self._limits = limits
        self._sink_for = sink_for
        self._length = file.seek(0, os.SEEK_END)
        self._members: list[Member] = []
        self._seen: set[str] = set()
        self.names: list[str] = []
        self.deviations: list[Deviation] = []
        self.complete = False

    def read(self) -> None:
        """Read the file."""
        self._file.seek(0)
        try:
            while self._at_member():
                self._member()
            self._end()
        except _Stop:
            return
        self.complete = True

    def _at_member(self) -> bool:
        offset = self._file.tell()
        magic = self._file.read(len(container.LOCAL_MAGIC))
        self._file.seek(offset)
        return magic == container.LOCAL_MAGIC

    def _member(self) -> None:
        if len(self._members) == self._limits.entries:
            self._stop("limit.entries", limit=self._limits.entries)
        offset = self._file.tell()
        fields = container.LOCAL.unpack(self._take(container.LOCAL.size))
        crc, size, name_size, extra_size = fields[6], fields[8], fields[9], fields[10]
        if name_size > self._limits.name:
            self._stop("limit.name", size=name_size, limit=self._limits.name)
        raw_name, extra = self._take(name_size), self._take(extra_size)
        if size == container.FULL_32 and extra_size == container.EXTRA_64_SIZE:
            size = struct.unpack("<Q", extra[4:12])[0]
        self._file.seek(offset)
        self._expect(container.local_header(raw_name, size, crc))
        # A name that is not ASCII is unsafe in any case; it is shown as far as it can be read.
        name = raw_name.decode("ascii", errors="backslashreplace")
        if not container.safe_name(name):
            self._note("container.name-unsafe", name)
        if name in self._seen:
            self._note("container.duplicate-name", name)
        self._seen.add(name)
        actual = self._content(size, self._sink_for(name))
        if actual != crc:
            self._note("container.checksum-wrong", name)
        self._members.append(Member(raw_name, size, crc, offset))
        self.names.append(name)

    def _content(self, size: int, sink: Sink) -> int:
        crc = 0
        while size:
            block = self._file.read(min(size, container.BLOCK))
            if not block:
                self._cut()
            crc = zlib.crc32(block, crc)
            sink(block)
            size -= len(block)
        return crc

    def _end(self) -> None:
        offset = self._file.tell()
        for member in self._members:
            self._expect(container.central_header(member))
        self._expect(container.end_records(len(self._members), offset, self._file.tell() - offset))
        if self._file.tell() < self._length:
            self._note("container.trailing-bytes", "", size=self._length - self._file.tell())

    def _expect(self, expected: bytes) -> None:
        offset = self._file.tell()
        actual = self._file.read(len(expected))
        if actual == expected:
            return
        if expected.startswith(actual):
            self._cut()
        differing = next(i for i, (one, other) in enumerate(zip(actual, expected, strict=False)) if one != other)
        self._stop("container.not-canonical", offset=offset + differing)

    def _take(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            self._cut()
        return data

    def _cut(self) -> None:
        """The file ended too early: cut off, unless its end record is there and a size in it is wrong."""
        self._file.seek(max(0, self._length - container.END.size))
        if self._file.read(len(container.END_MAGIC)) == container.END_MAGIC:
            self._stop("container.not-canonical", offset=self._length)
        self._stop("container.truncated", offset=self._length)

    def _note(self, code: str, path: str, **numbers: int) -> None:
        self.deviations.append(Deviation(code, path, tuple(numbers.items())))

    def _stop(self, code: str, **numbers: int) -> None:
        self._note(code, "", **numbers)
        raise _Stop
