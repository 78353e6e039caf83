"""The bytes of a PDF outside its objects: before the header, behind the end, and how often it was added to.

Readers forgive up to 1024 bytes before the header (PDF Reference 1.7, appendix H, note 13), and whatever stands behind
the last end mark. Both are places where a second file hides in the same bytes.
"""

import io
import re
from dataclasses import dataclass
from typing import BinaryIO

from ingest.outcomes import Observation

_HEADER = b"%PDF-"
_END_MARK = b"%%EOF"
_WINDOW = 1_024
_CHUNK = 1 << 20
_TAIL = (1 << 16) + 22
_BLANK = b"\x00\t\n\f\r \xef\xbb\xbf\x1a"
_ZIP_END = b"PK\x05\x06"
_MAGIC = {
    b"MZ": "MZ",
    b"\x7fELF": "ELF",
    b"PK\x03\x04": "ZIP",
    b"Rar!\x1a\x07": "RAR",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"\xd0\xcf\x11\xe0": "OLE",
    b"#!": "script",
}
# Another document behind the end of one. What is added to a document has no header of its own.
_ANOTHER = re.compile(rb"%%EOF[\x00\t\n\f\r ]{0,32}%PDF-")
_OVERLAP = 48
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|script|svg|iframe)\b|<\?php", re.IGNORECASE)


@dataclass(frozen=True)
class Edges:
    """What stands around the document. `before` and `behind` count bytes that are not blank.

    `ends` says whether an end mark stands in the last 1024 bytes, or before nothing but padding; `updates` counts the
    times something was added after the first writing; `other` names the formats that the same bytes are besides, in
    the order met.
    """

    size: int
    before: int
    behind: int
    ends: bool
    updates: int
    other: tuple[str, ...]

    def observations(self) -> list[Observation]:
        """What of this should not be."""
        found = [Observation("pdf-second-format", {"format": name}) for name in self.other]
        if self.before:
            found.append(Observation("pdf-bytes-before", {"count": self.before}, "byte 0"))
        if self.behind:
            found.append(Observation("pdf-bytes-behind", {"count": self.behind}, "end"))
        return found


def edges(stream: BinaryIO) -> Edges:
    """Read the whole stream once, in pieces, and look at its edges. The position of the stream is not kept."""
    stream.seek(0)
    head = stream.read(_WINDOW * 2)
    size = stream.seek(0, io.SEEK_END)
    start = head.find(_HEADER)
    marks, last, another = _end_marks(stream)
    behind = b""
    trailing = 0
    if last >= 0:
        stream.seek(last + len(_END_MARK))
        behind = stream.read(_CHUNK).lstrip(_BLANK)
        trailing = len(behind.rstrip(_BLANK)) + max(0, size - last - len(_END_MARK) - _CHUNK)
    linear = b"/Linearized" in head
    before = head[:start].strip(_BLANK) if start > 0 else b""
    return Edges(
        size=size,
        before=len(before),
        behind=trailing,
        ends=last >= 0 and (size - last <= _WINDOW or trailing == 0),
        updates=max(0, marks - 1 - int(linear)),
        other=tuple(dict.fromkeys([*another, *_formats(head, before, behind), *_archive(stream, size)])),
    )


def _end_marks(stream: BinaryIO) -> tuple[int, int, list[str]]:
    """How many end marks there are, where the last stands, -1 for none, and what other document follows one."""
    stream.seek(0)
    count, last, offset, kept, another = 0, -1, 0, b"", False
    while piece := stream.read(_CHUNK):
        window = kept + piece
        # What was kept has been counted.
        count += window.count(_END_MARK) - kept.count(_END_MARK)
        another = another or _ANOTHER.search(window) is not None
        if (at := window.rfind(_END_MARK)) >= 0:
            last = offset - len(kept) + at
        offset += len(piece)
        kept = window[-_OVERLAP:]
    return count, last, ["PDF"] if another else []


def _formats(head: bytes, before: bytes, behind: bytes) -> list[str]:
    found = [name for magic, name in _MAGIC.items() if before.startswith(magic) or behind.startswith(magic)]
    if _MARKUP.search(head[:_WINDOW]) or _MARKUP.search(behind[:_WINDOW]):
        found.append("HTML")
    return found


def _archive(stream: BinaryIO, size: int) -> list[str]:
    """Whether a tool for ZIP opens the file: the end of a directory whose remark reaches exactly to the end."""
    stream.seek(max(0, size - _TAIL))
    tail = stream.read(_TAIL)
    at = tail.rfind(_ZIP_END)
    while at >= 0:
        if at + 22 <= len(tail) and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
            return ["ZIP"]
        at = tail.rfind(_ZIP_END, 0, at)
    return []
