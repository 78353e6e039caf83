"""A file that is two files: a second format in the same bytes, or something behind the end of the first.

A picture shows a picture to whoever looks at it and may be a program or an archive to whoever opens it otherwise. What
is looked for are marks that mean the same wherever they stand: at the very beginning of what follows the end of the
first format, an archive's directory at the end of the file, and markup in a head that should hold none.
"""

import io
import re
import struct
from typing import BinaryIO

from ingest.formats.containers import Container
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect

_HEAD = 1 << 16
_PDF_HEAD = 1 << 10
_COMMENT = 1 << 16
# Between two contents of a ZIP: the headers of many folders, and at most so much.
_GAP = 1 << 20
_DESCRIPTOR = 24
_DIRECTORY_END = struct.Struct("<4s4H2LH")
_MARKUP = re.compile(rb"<(?:script|html|iframe|\?php|!doctype\s+html)\b", re.IGNORECASE)
_BEGINNINGS = (
    (b"PK\x03\x04", "ZIP"),
    (b"%PDF-", "PDF"),
    (b"MZ", "Windows program"),
    (b"\x7fELF", "ELF program"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE"),
    (b"<?php", "PHP"),
    (b"#!/", "script"),
)


def second_formats(stream: BinaryIO, findings: Findings, *, markup: bool = True) -> None:
    """Tell of a PDF header or markup in the head of a file that is neither, and of a ZIP that ends where it ends.

    `markup` is false for formats that may well be made of it.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    if b"%PDF-" in head[:_PDF_HEAD]:
        findings.fail(Aspect.CONCEALED, "second-format", format="PDF")
    if markup and _MARKUP.search(head):
        findings.fail(Aspect.CONCEALED, "second-format", format="HTML")
    if _ends_as_zip(stream):
        findings.fail(Aspect.CONCEALED, "second-format", format="ZIP")


def behind(stream: BinaryIO, end: int, findings: Findings) -> None:
    """Tell what stands behind `end`, where the format ends. Padding with zeros or line ends is none."""
    size = stream.seek(0, io.SEEK_END)
    if end >= size:
        return
    stream.seek(end)
    rest = stream.read(_HEAD)
    if not rest.strip(b"\0\r\n\t ") and size - end <= _HEAD:
        return
    named = _begins(rest.lstrip(b"\0\r\n\t "))
    if named is not None:
        findings.fail(Aspect.CONCEALED, "second-format", f"byte {end}", format=named)
    findings.fail(Aspect.CONCEALED, "bytes-behind-end", f"byte {end}", count=size - end)


def _ends_as_zip(stream: BinaryIO) -> bool:
    """Whether the file ends with the directory of a ZIP whose numbers fit (APPNOTE 4.3.16)."""
    size = stream.seek(0, io.SEEK_END)
    start = max(0, size - _COMMENT - _DIRECTORY_END.size)
    stream.seek(start)
    tail = stream.read(size - start)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if len(tail) - at >= _DIRECTORY_END.size:
            _, _, _, _, entries, length, _, comment = _DIRECTORY_END.unpack_from(tail, at)
            fits = length <= start + at and entries * 46 <= length
            # The comment may be followed by what the first format wants at its end, never be longer than the file.
            if entries and fits and at + _DIRECTORY_END.size + comment <= len(tail):
                return True
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return False


def hidden_in_zip(stream: BinaryIO, container: Container, findings: Findings) -> None:
    """Tell of bytes between the entries of a ZIP that belong to none of them, and of a PDF that begins in its head.

    Folders have a header and no content, and behind an entry may stand a descriptor of up to 24 bytes (APPNOTE 4.3.9).
    """
    stream.seek(0)
    portable = stream.read(_PDF_HEAD).find(b"%PDF-")
    if portable >= 0 and not any(entry.start == portable for entry in container.entries.values()):
        findings.fail(Aspect.CONCEALED, "second-format", f"byte {portable}", format="PDF")
    _comment_of_zip(stream, findings)
    reached = 0
    for entry in sorted(container.entries.values(), key=lambda each: each.start):
        stream.seek(reached)
        between = stream.read(min(entry.start - reached, _GAP))
        if entry.start - reached > _GAP or not _accounted(between):
            findings.fail(Aspect.CONCEALED, "zip-hidden-bytes", f"byte {reached}", count=entry.start - reached)
            return
        reached = entry.start + entry.compressed


def _comment_of_zip(stream: BinaryIO, findings: Findings) -> None:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _COMMENT - _DIRECTORY_END.size))
    comment = stream.read().rpartition(b"PK\x05\x06")[2][_DIRECTORY_END.size - 4 :]
    named = _begins(comment)
    if named is not None:
        findings.fail(Aspect.CONCEALED, "second-format", "comment", format=named)


def _begins(content: bytes) -> str | None:
    return next((name for mark, name in _BEGINNINGS if content.startswith(mark)), None)


def _accounted(between: bytes) -> bool:
    """Whether everything between two contents is headers, with at most a descriptor before the first."""
    at = between.find(b"PK\x03\x04")
    if not 0 <= at <= _DESCRIPTOR:
        return False
    while between[at : at + 4] == b"PK\x03\x04" and len(between) >= at + 30:
        names, extra = struct.unpack_from("<2H", between, at + 26)
        at += 30 + names + extra
        following = between.find(b"PK\x03\x04", at)
        if 0 <= following <= at + _DESCRIPTOR:
            at = following
    return at == len(between)
