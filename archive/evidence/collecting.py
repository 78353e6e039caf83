"""Gathers what a bundle holds: digests of every member, and the bytes of the few that have to be looked into.

First strictly, in one pass. Where the layout is lost, a second, tolerant reading through the central directory finds
the names, so that files dropped, added or exchanged with an ordinary ZIP tool can still be named. Standard library
only.
"""

import lzma
import os
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from archive.evidence import container
from archive.evidence.codes import LIMITS
from archive.evidence.digests import Digests
from archive.evidence.documents import HELD, MANIFEST, Malformed, parse_manifest
from archive.evidence.strict import Deviation, Limits, Sink, StrictReader
from archive.ledger.canonical import NotCanonical

_TAIL = 65_557
"""As far from the end as APPNOTE 4.3.16 lets an end record begin, with the longest comment."""

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    RuntimeError,
)
"""What `zipfile` and the decompressors behind it raise for a member that they cannot read."""


@dataclass(frozen=True)
class Content:
    """A member's size and digests. `held` are its bytes where they have to be looked into and are not too many."""

    digests: Digests
    held: bytearray | None


@dataclass(frozen=True)
class Contents:
    """Everything gathered. `in_order` tells whether `members` is in the order of the file."""

    members: dict[str, Content]
    deviations: tuple[Deviation, ...]
    in_order: bool


def collect(file: BinaryIO, limits: Limits) -> Contents:
    """Read the bundle in `file`.

    Raises:
        OSError: the file cannot be read.
    """
    gatherer = _Gatherer(limits)
    reader = StrictReader(file, limits, gatherer.sink_for)
    reader.read()
    deviations = [*reader.deviations, *gatherer.oversized]
    if reader.complete:
        return Contents(gatherer.members, tuple(deviations), in_order=True)
    read = {name: gatherer.members[name] for name in reader.names}
    if any(deviation.code in LIMITS for deviation in deviations):
        return Contents(read, tuple(deviations), in_order=False)
    tolerant = _Gatherer(limits)
    listed = _survey(file, limits, tolerant)
    return Contents(tolerant.members if listed else read, (*deviations, *tolerant.oversized), in_order=False)


class _Gatherer:
    def __init__(self, limits: Limits) -> None:
        self._limit = limits.held
        self.members: dict[str, Content] = {}
        self.oversized: list[Deviation] = []

    def sink_for(self, name: str) -> Sink:
        content = Content(Digests(), bytearray() if name in HELD else None)
        # Of two members with one name the first counts; that there are two is a finding of its own.
        self.members.setdefault(name, content)
        if content.held is None:
            return content.digests.update

        def hold(block: bytes) -> None:
            content.digests.update(block)
            if content.held is not None and len(content.held) + len(block) <= self._limit:
                content.held.extend(block)
            elif not any(known.path == name for known in self.oversized):
                self.oversized.append(Deviation("limit.size", name, (("limit", self._limit),)))

        return hold


def _survey(file: BinaryIO, limits: Limits, gatherer: _Gatherer) -> bool:
    """Read through the central directory; whether there is one."""
    if not _directory_is_small(file, limits):
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            infos = {info.filename: info for info in archive.infolist() if not info.is_dir()}
            if len(infos) > limits.entries:
                return False
            _read_member(archive, infos.pop(MANIFEST, None), limits.held + 1, gatherer)
            sizes = _listed_sizes(gatherer.members.get(MANIFEST))
            possible = set(sizes.values())
            for name, info in infos.items():
                # No more is read than could be right, here or in another's place: a small file may unpack to a giant.
                own = limits.held if name in HELD else sizes.get(name, 0)
                most = max(own, info.file_size if info.file_size in possible else 0)
                _read_member(archive, info, most + 1, gatherer)
    except _UNREADABLE:
        return False
    return True


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo | None, most: int, gatherer: _Gatherer) -> None:
    if info is None:
        return
    sink = gatherer.sink_for(info.filename)
    try:
        with archive.open(info) as member:
            while most > 0 and (block := member.read(min(most, container.BLOCK))):
                sink(block)
                most -= len(block)
    except _UNREADABLE:
        # What was read so far stands for the member: it cannot have the digests it should have.
        return


def _listed_sizes(manifest: Content | None) -> dict[str, int]:
    if manifest is None or manifest.held is None:
        return {}
    try:
        return {file.path: file.size for file in parse_manifest(bytes(manifest.held)).files}
    except (NotCanonical, Malformed):
        return {}


def _directory_is_small(file: BinaryIO, limits: Limits) -> bool:
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - _TAIL))
    tail = file.read()
    at = tail.rfind(container.END_MAGIC)
    if at < 0 or len(tail) - at < container.END.size:
        return False
    size = container.END.unpack_from(tail, at)[5]
    return bool(size <= limits.entries * (limits.name + 64))
