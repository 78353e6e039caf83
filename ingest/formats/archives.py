"""Archives: weighed without unpacking anything to disk, and never a second layer deep.

ZIP, tar, gzip and their combination are looked into. What is packed in ways that nothing here reads (7z, RAR, bzip2,
xz) is told to be unchecked, never passed.
"""

import io
import tarfile
import zlib
from typing import BinaryIO, Final

from archive.errors import InvalidInput
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.limits import Limits
from ingest.formats.parts import CONTAINER_MARKS, beginning, opened
from ingest.formats.trickery import behind

ZIP_TOOL: Final = "zip"
_CHUNK = 1 << 16
_MEMBERS = 10_000
_TAR_MAGIC = b"ustar"


def inspect_zip(stream: BinaryIO, limits: Limits) -> tuple[Inspection, ...]:
    """A ZIP that is no document. The files in it are not looked into, and what that leaves open is not checked."""
    findings = Findings(ZIP_TOOL)
    container = opened(stream, limits, findings)
    if container is not None:
        for name in container.entries:
            if beginning(container, name).startswith(CONTAINER_MARKS):
                findings.fail(Aspect.CONCEALED, "archive-inside", name)
        _unopened(findings)
    return findings.conclude()


def inspect_gzip(stream: BinaryIO, limits: Limits) -> tuple[Inspection, ...]:
    """One file packed by gzip (RFC 1952); a tar in it is looked into as well."""
    findings = Findings("zlib")
    unpacked = _Inflated(stream, limits)
    try:
        first = unpacked.read(512)
        if first[257:262] == _TAR_MAGIC:
            unpacked.unread(first)
            _members(unpacked, findings, limits)
        elif first.startswith(CONTAINER_MARKS):
            findings.fail(Aspect.CONCEALED, "archive-inside")
        while unpacked.read(_CHUNK):
            pass
    except InvalidInput as error:
        findings.give_up(error)
    else:
        behind(stream, unpacked.end, findings)
        _unopened(findings)
    return findings.conclude()


def inspect_tar(stream: BinaryIO, limits: Limits) -> tuple[Inspection, ...]:
    """A tape archive (POSIX.1-2008, pax)."""
    findings = Findings("tarfile")
    stream.seek(0)
    try:
        _members(stream, findings, limits)
        _unopened(findings)
    except InvalidInput as error:
        findings.give_up(error)
    return findings.conclude()


def _unopened(findings: Findings) -> None:
    """The archive is sound; whether the files in it run something or are locked, nobody has looked."""
    for aspect in (Aspect.LOCKED, Aspect.ACTIVE):
        findings.leave(aspect, "archive-members-unchecked")


def _members(source: "BinaryIO | _Inflated", findings: Findings, limits: Limits) -> None:
    """Names, links and sizes of the members.

    Raises:
        InvalidInput: `file-damaged`, `archive-bomb`.
    """
    names: set[str] = set()
    total = 0
    try:
        with tarfile.open(fileobj=source, mode="r|") as archive:
            for number, member in enumerate(archive):
                total += member.size
                if number >= _MEMBERS or total > limits.container.total_bytes:
                    raise InvalidInput("archive-bomb", limit=limits.container.total_bytes)
                _member(member, names, findings)
                packed = archive.extractfile(member) if member.isreg() else None
                if packed is not None and packed.read(8).startswith(CONTAINER_MARKS):
                    findings.fail(Aspect.CONCEALED, "archive-inside", member.name[:200])
    except (tarfile.TarError, OSError, ValueError, EOFError, zlib.error) as error:
        raise InvalidInput("file-damaged", detail="tar") from error


def _member(member: tarfile.TarInfo, names: set[str], findings: Findings) -> None:
    name = member.name.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":":
        findings.fail(Aspect.STRUCTURE, "archive-unsafe-name")
    if member.issym() or member.islnk():
        findings.fail(Aspect.STRUCTURE, "archive-link", name[:200])
    elif not (member.isreg() or member.isdir()):
        findings.fail(Aspect.STRUCTURE, "archive-device", name[:200])
    if name in names and not member.isdir():
        findings.fail(Aspect.STRUCTURE, "archive-name-twice", name[:200])
    names.add(name)


class _Inflated(io.RawIOBase):
    """What comes out of a gzip, in pieces, never more than the limits allow. `end` is where the last member ended."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._limit = limits.container.total_bytes
        self._ratio = limits.container.ratio
        self._grace = limits.container.ratio_grace
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._ready = b""
        self._produced = 0
        self._pending = b""
        self.end = 0
        stream.seek(0)

    def unread(self, content: bytes) -> None:
        """Give back what was read last."""
        self._ready = content + self._ready

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes.

        Raises:
            InvalidInput: `file-damaged`, `file-truncated`, `archive-bomb`.
        """
        wanted = _CHUNK if size < 0 else size
        while len(self._ready) < wanted and (piece := self._more()):
            self._ready += piece
        taken, self._ready = self._ready[:wanted], self._ready[wanted:]
        return taken

    def _more(self) -> bytes:
        while True:
            if self._inflate.eof and not self._next_member():
                return b""
            if not self._pending:
                self._pending = self._stream.read(_CHUNK)
                self.end += len(self._pending)
            if not self._pending:
                raise InvalidInput("file-truncated")
            try:
                piece = self._inflate.decompress(self._pending, _CHUNK)
            except zlib.error as error:
                raise InvalidInput("file-damaged", detail="gzip") from error
            self._pending = self._inflate.unconsumed_tail
            self._count(len(piece))
            if piece:
                return piece

    def _count(self, produced: int) -> None:
        self._produced += produced
        natural = self._produced <= max(self._grace, self._ratio * max(self.end, 1))
        if self._produced > self._limit or not natural:
            raise InvalidInput("archive-bomb", limit=self._limit)

    def _next_member(self) -> bool:
        """Go on with the next member of the file, where one follows (RFC 1952, 2.2)."""
        rest = self._inflate.unused_data
        if len(rest) < 2:
            more = self._stream.read(_CHUNK)
            self.end += len(more)
            rest += more
        if not rest.startswith(b"\x1f\x8b"):
            self.end -= len(rest)
            return False
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._pending = rest
        return True
