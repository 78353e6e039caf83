"""Tells a file's format by its content, cheaply for the common ones, through PRONOM for the rest.

Own signatures come first, for PDF, ZIP-based documents (OFD, Office), MP4, HTML; Siegfried, with the whole PRONOM
registry, answers for everything else. Not for speed (it takes 2.4 ms a file) but because it inflates the parts of a
ZIP into memory (a bomb of 2 MB cost 12 s and 1 GB), scans a gigabyte of nothing for 10 s, and knows OFD only as a ZIP.
So it is shown no ZIP, and of a large file only the beginning and the end.

Siegfried runs on the Go runtime, which does not survive a fork: a process that has identified a file must start others
with `spawn`. A forked child is refused instead of hanging.

A PDF/A claim stands in the document's metadata, which may lie anywhere in the file; the PDF extractor reads it.
"""

import io
import os
import re
import tempfile
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

from archive.errors import InvalidInput, Unavailable
from ingest.formats import known
from ingest.formats.containers import Container, open_container
from ingest.formats.types import EXTENSION_MISMATCH, Identified

if TYPE_CHECKING:
    from pygfried import Scanner

_HEAD = 1 << 16
_WINDOW = 4 << 20
_WHOLE_OLE = 64 << 20
_TYPE_BYTES = 1 << 10
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_HTML = re.compile(
    rb"\s*+(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body|meta|title|style|script|link|div|p|table|span|h[1-6]|center|"
    rb"font|br|a|ul|ol|section|article|b|strong|img|input|form)\b",
    re.IGNORECASE | re.DOTALL,
)


def identify(stream: BinaryIO, name: str) -> Identified:
    """The format of the bytes in `stream`, a seekable file; `name` only decides whether its extension disagrees.

    At most 8 MiB are read, 64 MiB of an old Office document. The position of the stream is not kept. Content that is
    broken or hostile is identified as far as it goes; telling what is wrong with it is the extractor's business.

    Raises:
        InvalidInput: `file-unreadable`, the stream cannot be read.
        Unavailable: `format-registry-forked`, the registry was loaded before this process was forked;
            `format-registry-failed`, it gave no answer.
    """
    try:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        head = stream.read(_HEAD)
    except (OSError, ValueError) as error:
        raise InvalidInput("file-unreadable") from error
    extension = _extension(name)
    found = _by_signature(stream, head) or _by_registry(stream, head, size, extension)
    claims = {mime for mime, extensions in known.EXTENSIONS.items() if extension in extensions}
    if claims and found.mime not in claims and found.mime != known.EMPTY and found.warning is None:
        return replace(found, warning=EXTENSION_MISMATCH)
    return found


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _by_signature(stream: BinaryIO, head: bytes) -> Identified | None:
    if not head:
        return Identified(None, known.EMPTY, "Empty file", "no bytes", None)
    if b"%PDF-" in head[:1024]:
        return _pdf(head)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(stream)
    if head[4:8] == b"ftyp" and head[8:12] in known.MP4_BRANDS:
        return Identified("fmt/199", known.MP4, "MPEG-4 Media File", "file type box", None)
    return _html(head)


def _pdf(head: bytes) -> Identified:
    at = head.index(b"%PDF-")
    version = head[at + 5 : at + 8].decode("ascii", "replace")
    basis = f"header at {at}"
    return Identified(known.PDF_PUIDS.get(version), known.PDF, f"Portable Document Format {version}", basis, None)


def _zip(stream: BinaryIO) -> Identified:
    plain = Identified("x-fmt/263", known.ZIP, "ZIP Format", "local file header", None)
    try:
        container = open_container(stream)
        return _office(container) or plain
    except InvalidInput as problem:
        return replace(plain, warning=problem.code)


def _office(container: Container) -> Identified | None:
    if "OFD.xml" in container:
        return Identified(None, known.OFD, "Open Fixed-layout Document (GB/T 33190)", "OFD.xml at the root", None)
    if "mimetype" in container:
        return _self_named(container.read("mimetype", _TYPE_BYTES))
    if "[Content_Types].xml" not in container:
        return None
    types = container.read("[Content_Types].xml")
    for main, (puid, mime, label) in known.OFFICE_PARTS.items():
        if main in types:
            return Identified(puid, mime, label, "content type of the main part", None)
    return None


def _self_named(said: bytes) -> Identified | None:
    mime = said.decode("ascii", "replace").strip()
    if mime not in known.PACKAGES:
        return None
    puid, label = known.PACKAGES[mime]
    return Identified(puid, mime, label, "type that the package names", None)


def _html(head: bytes) -> Identified | None:
    text = head.removeprefix(_BOMS[0])
    if b"\0" in text or not _HTML.match(text):
        return None
    if re.match(rb"\s*<!doctype html\s*>", text, re.IGNORECASE):
        return Identified("fmt/471", known.HTML, "Hypertext Markup Language 5", "document type", None)
    return Identified("fmt/96", known.HTML, "Hypertext Markup Language", "tags at the beginning", None)


def _by_registry(stream: BinaryIO, head: bytes, size: int, extension: str) -> Identified:
    match = _ask_registry(stream, head, size)
    if match is not None and match.mime not in {"", known.TEXT, known.XML}:
        return match
    if match is not None and match.mime == known.XML:
        return match if b"<html" not in head[:4096].lower() else replace(match, mime=known.HTML)
    if match is None and not _textual(head):
        return Identified(None, known.UNKNOWN, "Unknown", "no signature known", None)
    if extension in known.EXTENSIONS[known.HTML]:
        return Identified("fmt/96", known.HTML, "Hypertext Markup Language", "text named as HTML", None)
    return Identified("x-fmt/111", known.TEXT, "Plain Text File", "text without a signature", None)


def _ask_registry(stream: BinaryIO, head: bytes, size: int) -> Identified | None:
    with tempfile.TemporaryFile() as shown:
        _excerpt(stream, shown, size, _WHOLE_OLE if head.startswith(_OLE) else 2 * _WINDOW)
        shown.flush()
        try:
            answer = _scanner().identify(f"/dev/fd/{shown.fileno()}", detailed=True)
        except OSError as error:
            raise Unavailable("format-registry-failed") from error
    match = answer["files"][0]["matches"][0]
    if match["id"] == "UNKNOWN":
        return None
    label = f"{match['format']} {match['version']}".strip()
    mime = match["mime"].split(",")[0].strip().lower() or known.NAMELESS.get(match["id"], known.UNKNOWN)
    return Identified(match["id"], mime, label, match["basis"], None)


def _excerpt(stream: BinaryIO, shown: BinaryIO, size: int, whole: int) -> None:
    spans = [(0, size)] if size <= whole else [(0, _WINDOW), (size - _WINDOW, size)]
    for start, end in spans:
        stream.seek(start)
        left = end - start
        while left > 0 and (piece := stream.read(min(1 << 20, left))):
            shown.write(piece)
            left -= len(piece)


def _textual(head: bytes) -> bool:
    if head.startswith(_BOMS):
        return True
    if b"\0" in head:
        return False
    whole = len(head) < _HEAD
    return any(_decodes(head, encoding, whole=whole) for encoding in ("utf-8", "gb18030"))


def _decodes(head: bytes, encoding: str, *, whole: bool) -> bool:
    try:
        head.decode(encoding)
    except UnicodeDecodeError as error:
        # A character may lie across the end of what was read; four bytes is the longest in both encodings.
        return not whole and error.start >= len(head) - 4
    return True


def _scanner() -> "Scanner":
    owner, scanner = _loaded_scanner()
    if owner != os.getpid():
        raise Unavailable("format-registry-forked")
    return scanner


@cache
def _loaded_scanner() -> "tuple[int, Scanner]":
    # Importing it starts threads of the Go runtime, so it waits until a file asks for it.
    from pygfried import Scanner  # noqa: PLC0415 - see above: importing is work

    return os.getpid(), Scanner()
