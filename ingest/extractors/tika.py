"""What our own extractors do not read, read by a Tika server: older office files, OpenDocument, mail, e-books.

It knows formats by a list, never by exclusion: archives, pictures, recordings and programs are not sent. The name of a
file is not sent either: Tika tells these formats by their content, and a wrong name or type would only mislead it.

Tika reads leniently and does not look for what runs, so the adapter does both: containers go through the same guard as
those we read ourselves, an RTF file that just stops is cut off, marks of macros and embedded objects are looked for on
the way. What carries no such mark has still not been inspected, and that is said (`active-content-unchecked`).
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO, Final

from archive.errors import InvalidInput
from ingest.extractors.gathering import cleaned, extraction, opened
from ingest.extractors.port import ACTIVE_CONTENT, ACTIVE_UNCHECKED, PARTS_UNREADABLE, Extraction, Limits
from ingest.extractors.tika_server import Asked, TikaServer
from ingest.formats import known
from ingest.formats.containers import open_container
from ingest.formats.types import Identified

MOST_BYTES: Final = 200 << 20

_READ = frozenset(
    {
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.ms-project",
        "application/vnd.ms-outlook",
        "application/vnd.visio",
        "application/vnd.wordperfect",
        "application/x-mspublisher",
        "application/rtf",
        "text/rtf",
        "message/rfc822",
        "multipart/related",
        known.PPTX,
        *known.PACKAGES,
    }
)
# Word templates: PRONOM states no type for them.
_READ_PUIDS = frozenset({"x-fmt/45"})
_EMBEDDED = 1_000
_ROOM = 4 << 20
# A character of text takes up to six bytes in JSON.
_BYTES_A_CHARACTER = 6

_EXCEPTION = "X-TIKA:EXCEPTION:"
# Of a document in the file, and of a part that Tika went on without.
_UNREAD = ("embedded_exception", "warn")
_CONTENT = "X-TIKA:content"
_CLAIMS = {
    "title": "dc:title",
    "author": "dc:creator",
    "subject": "dc:subject",
    "created": "dcterms:created",
    "modified": "dcterms:modified",
    "modified_by": "meta:last-author",
}
_MOST_PAGES = 1_000_000

_ZIP, _RTF = b"PK\x03\x04", b"{\\rtf"
_ACTIVE_MARKS = ("_VBA_PROJECT".encode("utf-16-le"), b"\\objdata", b"\\objupdate")
_ACTIVE_PARTS = ("vbaproject.bin", "activex", "oleobject", "basic/", "scripts/", ".js")
_RTF_TAIL = 64


class TikaExtractor:
    """Text by a Tika server."""

    name = "tika"

    def __init__(self, server: TikaServer, most_bytes: int = MOST_BYTES) -> None:
        self._server = server
        self._most = most_bytes

    @property
    def version(self) -> str:
        """The version of this adapter and of the server. Raises Unavailable where the server does not answer."""
        return f"1+{self._server.version()}"[:16]

    def score(self, identified: Identified) -> int:
        return 10 if identified.mime in _READ or identified.puid in _READ_PUIDS else 0

    def extract(self, stream: BinaryIO, limits: Limits) -> Extraction:
        size = opened(stream)
        if size > self._most:
            raise InvalidInput("file-too-large-to-read", size=size, limit=self._most)
        active = _guarded(stream, size, limits)
        marks = _Marks()
        asked = Asked(
            # Blank lines count too, and one stands for each thing Tika knows of a document.
            characters=2 * limits.characters + _EMBEDDED,
            answer_bytes=_BYTES_A_CHARACTER * limits.characters + _ROOM,
            embedded=_EMBEDDED,
        )
        parts = self._server.read(stream, size, asked, marks.look)
        _require_read(parts[0])
        text = cleaned("\n\n".join(_contents(parts)))
        warnings = [ACTIVE_CONTENT if active or marks.found else ACTIVE_UNCHECKED]
        unread = any(_EXCEPTION + kind in part for part in parts for kind in _UNREAD)
        cut = len(text) > limits.characters or any(_limited(part) for part in parts)
        if unread:
            warnings.append(PARTS_UNREADABLE)
        found = extraction(
            cleaned(text[: limits.characters]),
            pages=_pages(parts[0]),
            metadata={name: _claim(parts[0].get(key)) for name, key in _CLAIMS.items()},
            cut=cut,
            warnings=warnings,
        )
        return replace(found, complete=found.complete and not unread)


def _guarded(stream: BinaryIO, size: int, limits: Limits) -> bool:
    """Look at what Tika would take as it comes; whether the parts of a container run.

    Raises:
        InvalidInput: as `open_container`; `file-truncated` for an RTF file without an end.
    """
    opening = stream.read(max(len(_ZIP), len(_RTF)))
    if opening.startswith(_RTF):
        stream.seek(max(size - _RTF_TAIL, 0), io.SEEK_SET)
        if not stream.read().rstrip(b"\0\r\n\t ").endswith(b"}"):
            raise InvalidInput("file-truncated")
    if not opening.startswith(_ZIP):
        return False
    container = open_container(stream, limits.container)
    for name in container.entries:
        for _ in container.chunks(name):
            pass
    return any(mark in name.lower() for name in container.entries for mark in _ACTIVE_PARTS)


def _require_read(document: Mapping[str, Any]) -> None:
    """Raises InvalidInput where Tika could not read the file itself."""
    problem = document.get(_EXCEPTION + "container_exception")
    if isinstance(problem, str) and problem:
        kind = problem.splitlines()[0].partition(":")[0].rpartition(".")[2]
        if "Encrypted" in kind:
            raise InvalidInput("file-encrypted")
        raise InvalidInput("file-damaged", detail=kind)
    parsers = document.get("X-TIKA:Parsed-By")
    if isinstance(parsers, str) and parsers.endswith(".EmptyParser"):
        raise InvalidInput("file-unsupported")


def _contents(parts: list[dict[str, Any]]) -> Iterator[str]:
    """The text of the file, then that of each document in it, in the order in which they lie there."""
    for part in parts:
        content = part.get(_CONTENT)
        if isinstance(content, str):
            yield content


def _limited(part: Mapping[str, Any]) -> bool:
    return any(key.startswith(_EXCEPTION) and "limit_reached" in key for key in part)


def _pages(document: Mapping[str, Any]) -> int | None:
    number = document.get("xmpTPg:NPages")
    if not (isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 8):
        return None
    return int(number) if 0 < int(number) <= _MOST_PAGES else None


def _claim(value: object) -> str | None:
    """What a file says of itself, whether it says it once or more often."""
    if isinstance(value, list):
        return "; ".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else None


class _Marks:
    """Looks for marks of what runs in the blocks of a file, also across two of them."""

    def __init__(self) -> None:
        self.found = False
        self._end = b""

    def look(self, block: bytes) -> None:
        """Take the next block."""
        shown = self._end + block
        self.found = self.found or any(mark in shown for mark in _ACTIVE_MARKS)
        self._end = block[-max(map(len, _ACTIVE_MARKS)) :]
