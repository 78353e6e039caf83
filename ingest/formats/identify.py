"""Tells a file's format by its content, with the PRONOM registry's identifiers and a type that readers are chosen by.

The formats of every day are told by signatures of our own, because they are answered at once: plain PDF, MP4, HTML.
Everything else goes to the registry (`ingest.formats.registry`), with two cautions. A ZIP is weighed first: only one
whose directory is honest and whose parts stay small is shown, because the registry inflates them into memory; of any
other it sees the beginning, without a directory. Of a large file it sees the beginning and the end.

The registry tells PDF/A, PDF/X and PDF/E by what the document claims in its metadata. Whether the claim holds is for
an inspector to find out; the label and the basis of such an answer say that it is a claim.
"""

import io
import re
from dataclasses import replace
from typing import BinaryIO

from archive.errors import InvalidInput
from ingest.formats import known
from ingest.formats.containers import Container, open_container
from ingest.formats.registry import ask_registry, ask_registry_of
from ingest.formats.types import EXTENSION_MISMATCH, Certainty, Identified

_HEAD = 1 << 16
_WINDOW = 4 << 20
_WHOLE_OLE = 64 << 20
# A ZIP that may be shown to the registry: at most so many bytes as it stands, and inflated.
_WHOLE_ZIP = 64 << 20
_WEIGHED_ZIP = 128 << 20
_TYPE_BYTES = 1 << 10
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# Profiles of PDF name themselves in the metadata (ISO 19005-1, 6.7.11; ISO 15930; ISO 24517), Illustrator in its data,
# a portfolio in the catalogue (ISO 32000-1, 12.3.5).
_PDF_PROFILE = re.compile(rb"pdfaid|pdfxid|pdfe:|GTS_PDFX|ISO_PDFE|AIPrivateData|AIMetaData|illustrator:|/Collection")
# Answers that say no more than that something is a ZIP or an Office package.
_VAGUE = frozenset({None, "x-fmt/263", "fmt/189"})
_RICH = b"{\\rt"
_WRITTEN = frozenset({known.HTML, known.XML, known.TEXT, "application/xhtml+xml", "image/svg+xml"})
_DRAWING = re.compile(r"<svg[\s>]")
# The name of a tag ends with white space, a slash or the bracket (HTML, 13.2.5.8); what goes on otherwise is no tag.
_HTML = re.compile(
    rb"\s*+(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body|meta|title|style|script|link|div|p|table|span|h[1-6]|center|"
    rb"font|br|a|ul|ol|section|article|b|strong|img|input|form)(?=[\s/>]|$)",
    re.IGNORECASE | re.DOTALL,
)


def identify(stream: BinaryIO, name: str, declared: str = "") -> Identified:
    """The format of the bytes in `stream`, a seekable file.

    `name` and `declared`, the MIME type that its source states, only decide whether either disagrees with the content.
    At most 8 MiB are read, 64 MiB of an old Office document or a ZIP. The position of the stream is not kept. Content
    that is broken or hostile is identified as far as it goes; telling what is wrong with it is for others.

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
    found = _by_signature(stream, head, size) or _by_registry(stream, head, size, extension)
    if found.warning is None and found.mime != known.EMPTY and _disagrees(found.mime, extension, declared):
        return replace(found, warning=EXTENSION_MISMATCH)
    return found


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _disagrees(mime: str, extension: str, declared: str) -> bool:
    """Whether the name or the source claims a type that this is not. Only types we know can contradict."""
    if extension in known.PROGRAMS and mime in known.EXTENSIONS:
        # Nothing in words tells a script from a text; whoever opens it by this name runs it.
        return True
    claims = {claimed for claimed, extensions in known.EXTENSIONS.items() if extension in extensions}
    if claims and mime not in claims:
        # Whatever is written in XML may be called so.
        return not (mime.endswith("+xml") and known.XML in claims)
    stated = declared.partition(";")[0].strip().lower()
    stated = known.RENAMED.get(stated, stated)
    if mime in known.LOOSELY.get(stated, ()):
        return False
    # Types that go by the same extension pass for one another: sources tell them apart by nothing else.
    return stated in known.EXTENSIONS and stated != mime and not {stated, mime} <= claims


def _by_signature(stream: BinaryIO, head: bytes, size: int) -> Identified | None:
    if not head:
        return Identified(None, known.EMPTY, "Empty file", "no bytes", None)
    portable = b"%PDF-" in head[:1024]
    if head.startswith(_ZIP_MARKS):
        found = _zip(stream, head, size)
        # A sound ZIP whose first entry is a PDF is a ZIP; readers of PDF forgive whatever stands before the header.
        if found.warning is None or not portable:
            return found
    if portable:
        return _pdf(stream, head, size)
    if head[4:8] == b"ftyp" and head[8:12] in known.MP4_BRANDS:
        return Identified("fmt/199", known.MP4, "MPEG-4 Media File", "file type box", None, Certainty.CONTENT)
    return _html(head)


def _pdf(stream: BinaryIO, head: bytes, size: int) -> Identified:
    at = head.index(b"%PDF-")
    version = head[at + 5 : at + 8].decode("ascii", "replace")
    label = f"Portable Document Format {version}"
    plain = Identified(known.PDF_PUIDS.get(version), known.PDF, label, f"header at {at}", None, Certainty.CONTENT)
    if not _PDF_PROFILE.search(_ends(stream, size)):
        return plain
    asked = ask_registry(stream, size)
    if asked is None or asked.puid in known.PDF_PUIDS.values():
        return plain
    basis = f"{label}, header at {at}; claims a profile: {asked.basis}"
    return replace(asked, mime=known.PDF, label=f"{asked.label} (claimed)", basis=basis)


def _ends(stream: BinaryIO, size: int) -> bytes:
    """The first and the last megabytes of a file, as one."""
    stream.seek(0)
    if size <= 2 * _WINDOW:
        return stream.read(size)
    beginning = stream.read(_WINDOW)
    stream.seek(size - _WINDOW)
    return beginning + stream.read(_WINDOW)


def _zip(stream: BinaryIO, head: bytes, size: int) -> Identified:
    plain = Identified("x-fmt/263", known.ZIP, "ZIP Format", "local file header", None, Certainty.CONTENT)
    try:
        container = open_container(stream)
        ours = _office(container)
    except InvalidInput as problem:
        return replace(_beginning_of_zip(head) or plain, mime=known.ZIP, warning=problem.code)
    if ours is not None and ours.mime == known.OFD:
        return ours
    return _merged(ours or plain, _weighed(stream, container, size))


def _beginning_of_zip(head: bytes) -> Identified | None:
    """What the registry says of a ZIP that cannot be trusted, from its beginning and with no directory to follow."""
    asked = ask_registry_of(head.replace(b"PK\x05\x06", b"PK\0\0"))
    return None if asked is None or asked.puid in _VAGUE else asked


def _weighed(stream: BinaryIO, container: Container, size: int) -> Identified | None:
    inflated = sum(entry.size for entry in container.entries.values())
    if size > _WHOLE_ZIP or inflated > _WEIGHED_ZIP:
        return None
    return ask_registry(stream, size, _WHOLE_ZIP)


def _merged(ours: Identified, asked: Identified | None) -> Identified:
    """The registry's identifier, and the type that the package states of itself, where it states one."""
    if asked is None or asked.puid in _VAGUE:
        return ours
    if ours.mime != known.ZIP or asked.mime == known.UNKNOWN:
        return replace(asked, mime=ours.mime)
    return asked


def _office(container: Container) -> Identified | None:
    if "OFD.xml" in container:
        label = "Open Fixed-layout Document (GB/T 33190)"
        return Identified(None, known.OFD, label, "OFD.xml at the root", None, Certainty.CONTAINER)
    if "mimetype" in container:
        return _self_named(container.read("mimetype", _TYPE_BYTES))
    if "[Content_Types].xml" not in container:
        return None
    types = container.read("[Content_Types].xml")
    for main, (puid, mime, label) in known.OFFICE_PARTS.items():
        if main in types:
            return Identified(puid, mime, label, "content type of the main part", None, Certainty.CONTAINER)
    return None


def _self_named(said: bytes) -> Identified | None:
    mime = said.decode("ascii", "replace").strip()
    if mime not in known.PACKAGES:
        return None
    puid, label = known.PACKAGES[mime]
    return Identified(puid, mime, label, "type that the package names", None, Certainty.CONTAINER)


def _html(head: bytes) -> Identified | None:
    text = head.removeprefix(_BOMS[0])
    if b"\0" in text or not _HTML.match(text):
        return None
    if re.match(rb"\s*<!doctype html\s*>", text, re.IGNORECASE):
        label = "Hypertext Markup Language 5"
        return Identified("fmt/471", known.HTML, label, "document type", None, Certainty.CONTENT)
    label = "Hypertext Markup Language"
    return Identified("fmt/96", known.HTML, label, "tags at the beginning", None, Certainty.CONTENT)


def _by_registry(stream: BinaryIO, head: bytes, size: int, extension: str) -> Identified:
    match = ask_registry(stream, size, _WHOLE_OLE) if head.startswith(_OLE) else ask_registry(stream, size)
    # The registry finds the tags of a page wherever they stand, also behind a picture.
    if (match is None or match.mime in _WRITTEN) and (picture := _picture(head)) is not None:
        return picture
    if match is not None and match.mime not in {known.TEXT, known.XML}:
        return match
    if match is not None and match.mime == known.XML:
        return match if b"<html" not in head[:4096].lower() else replace(match, mime=known.HTML)
    if match is None and not _textual(head):
        return Identified(None, known.UNKNOWN, "Unknown", "no signature known", None)
    if match is not None and match.certainty is not Certainty.TEXT:
        return match
    return _written(head, extension)


def _written(head: bytes, extension: str) -> Identified:
    """Text by what it is written in."""
    if head.startswith(_RICH):
        # Word opens whatever begins so, also what the registry wants to see more of.
        return Identified(
            None, "application/rtf", "Rich Text Format", "group at the beginning", None, Certainty.CONTENT
        )
    if (written := _xml(head, extension)) is not None:
        return written
    if extension in known.EXTENSIONS[known.HTML]:
        label = "Hypertext Markup Language"
        return Identified("fmt/96", known.HTML, label, "text named as HTML", None, Certainty.EXTENSION)
    return Identified("x-fmt/111", known.TEXT, "Plain Text File", "text without a signature", None, Certainty.TEXT)


def _picture(head: bytes) -> Identified | None:
    """A picture by its beginning alone."""
    for mark, (mime, label) in known.PICTURES.items():
        if head.startswith(mark):
            return Identified(None, mime, label, "mark at the beginning, without the end", None, Certainty.CONTENT)
    return None


def _xml(head: bytes, extension: str) -> Identified | None:
    """XML that the registry does not see: in UTF-16, or without its declaration, as is allowed (XML 1.0, 2.8)."""
    wide = head.startswith(_BOMS[1:])
    text = head[:4096].decode("utf-16" if wide else "latin-1", "replace").lstrip("\ufeff\r\n\t ï»¿")
    if _DRAWING.match(text):
        return Identified(None, known.SVG, "Scalable Vector Graphics", "tag at the beginning", None, Certainty.CONTENT)
    declared = text.startswith(("<?xml ", "<!DOCTYPE "))
    if not declared and not (extension == "xml" and text.startswith("<")):
        return None
    label = "Extensible Markup Language"
    if declared:
        return Identified("fmt/101", known.XML, label, "declaration or document type", None, Certainty.CONTENT)
    return Identified("fmt/101", known.XML, label, "tags, named as XML", None, Certainty.EXTENSION)


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
