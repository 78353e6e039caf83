"""PDF: pikepdf opens and inspects, pdfium gives the text.

qpdf (inside pikepdf) is the judge of damage and encryption; pdfium reads what it can of anything, so its success proves
little. pdfium is not safe for threads: one document at a time in each process.
"""

import contextlib
import io
import re
import zlib
from typing import Any, BinaryIO

import pikepdf
import pypdfium2

from archive.errors import InvalidInput
from ingest.extractors.gathering import cleaned, extraction, opened
from ingest.extractors.port import RESTRICTED, UNREADABLE_PAGES, Extraction, Limits
from ingest.formats import known
from ingest.formats.pdf_weighing import BROKEN, Unfolding, bound_qpdf, is_form, weigh
from ingest.formats.types import Identified

REPAIRED = "file-repaired"
NOT_ALL_INSPECTED = "objects-unchecked"

_BROKEN_PAGE = (pypdfium2.PdfiumError, ValueError, OverflowError)
_END_MARK = b"%%EOF"
_END_WINDOW = 1_024
_MOST_PADDING = 1 << 16
_INFO = {
    "/Title": "title",
    "/Author": "author",
    "/Creator": "creator",
    "/Producer": "producer",
    "/CreationDate": "created",
    "/ModDate": "modified",
}
_PDFA = re.compile(rb"pdfaid:(part|conformance)(?:[^<>]{0,200}>|\s*=\s*[\"'])\s*([0-9A-Za-z])")
_XMP_LIMIT = 1 << 20
# A document of so many bytes is opened anew after so many pages.
_LARGE = 256 << 20
_TOGETHER = 50


class PdfExtractor:
    """Portable Document Format, all versions."""

    name = "pdf"
    version = "2"

    def score(self, identified: Identified) -> int:
        return 100 if identified.mime == known.PDF else 0

    def extract(self, stream: BinaryIO, limits: Limits) -> Extraction:
        ended = _has_end_mark(stream, opened(stream))
        inspection = _inspected(stream, limits, ended=ended)
        pieces, unreadable, cut = _pages(stream, limits)
        if unreadable:
            inspection.warnings.append(UNREADABLE_PAGES)
        found = extraction(
            cleaned("\n\n".join(pieces)),
            pages=inspection.pages,
            metadata=inspection.metadata,
            cut=cut or inspection.pages > limits.pages,
            warnings=inspection.warnings,
        )
        if unreadable or REPAIRED in inspection.warnings:
            return Extraction(found.text, found.pages, found.metadata, complete=False, warnings=found.warnings)
        return found


class _Inspection:
    """What pikepdf finds in a document that opens."""

    def __init__(self, document: pikepdf.Pdf, limits: Limits) -> None:
        self.pages = len(document.pages)
        self.warnings: list[str] = []
        self.metadata: dict[str, str | None] = _claims(document)
        if document.is_encrypted:
            self.warnings.append(RESTRICTED)
        self._forms = False
        self._walk(document, limits)
        if self._forms:
            Unfolding(limits).weigh(document)
        # Last, because qpdf repairs while it is being asked.
        if document.get_warnings():
            self.warnings.append(REPAIRED)

    def _walk(self, document: pikepdf.Pdf, limits: Limits) -> None:
        if len(document.objects) > limits.objects:
            self.warnings.append(NOT_ALL_INSPECTED)
            self._forms = True
        for _, item in zip(range(limits.objects), document.objects, strict=False):
            if isinstance(item, pikepdf.Stream):
                weigh(item, limits)
                self._forms = self._forms or is_form(item)


def _inspected(stream: BinaryIO, limits: Limits, *, ended: bool) -> _Inspection:
    """Open with qpdf and weigh every stream, since pdfium would unpack them without asking.

    Raises:
        InvalidInput: `file-encrypted`, `file-truncated` (broken, and the end mark is missing), `file-damaged`,
            `pdf-bomb`.
    """
    bound_qpdf(limits)
    try:
        with pikepdf.open(stream, suppress_warnings=True) as document:
            inspection = _Inspection(document, limits)
    except pikepdf.PasswordError as error:
        raise InvalidInput("file-encrypted") from error
    except BROKEN as error:
        raise InvalidInput("file-damaged" if ended else "file-truncated", detail="pdf") from error
    if REPAIRED in inspection.warnings and not ended:
        raise InvalidInput("file-truncated", detail="pdf")
    if not ended:
        # It opens without repair, so little can be missing, but its end is not where it should be: for a person to see.
        inspection.warnings.append(REPAIRED)
    if not inspection.pages:
        raise InvalidInput("file-damaged", detail="no page")
    return inspection


def _has_end_mark(stream: BinaryIO, size: int) -> bool:
    """Whether `%%EOF` stands in the last 1024 bytes, where readers look for it (ISO 32000-1, annex H.3, note 18).

    What only fills up a block of a disk is not counted.
    """
    stream.seek(max(0, size - _MOST_PADDING))
    return _END_MARK in stream.read(_MOST_PADDING).rstrip(b"\0\t\n\f\r ")[-_END_WINDOW:]


def _claims(document: pikepdf.Pdf) -> dict[str, str | None]:
    """What the document says of itself. A PDF/A claim is declared, not validated."""
    claims: dict[str, str | None] = {}
    with contextlib.suppress(*BROKEN):
        stated: Any = document.trailer.get("/Info", {})
        claims |= {name: str(stated[key]) for key, name in _INFO.items() if key in stated}
    with contextlib.suppress(zlib.error, *BROKEN):
        xmp = document.Root.get("/Metadata")
        if isinstance(xmp, pikepdf.Stream) and int(xmp.get("/Length", 0)) < _XMP_LIMIT:
            raw = xmp.read_raw_bytes()
            plain = zlib.decompressobj().decompress(raw, _XMP_LIMIT) if "/Filter" in xmp else raw
            parts = dict(_PDFA.findall(plain))
            level = parts.get(b"part", b"") + parts.get(b"conformance", b"")
            claims["pdfa_declared"] = level.decode("ascii").upper()
    return claims


def _pages(stream: BinaryIO, limits: Limits) -> tuple[list[str], int, bool]:
    """Text page by page, how many pages gave an error, and whether a limit ended it."""
    large = stream.seek(0, io.SEEK_END) > _LARGE
    document = _drawn(stream)
    pieces: list[str] = []
    unreadable = 0
    left = limits.characters
    try:
        for number in range(min(len(document), limits.pages)):
            if large and number % _TOGETHER == _TOGETHER - 1:
                # pdfium keeps what it has read of every page as long as the document is open.
                document.close()
                document = _drawn(stream)
            try:
                text = _page_text(document, number, left)
            except _BROKEN_PAGE:
                unreadable += 1
                continue
            pieces.append(text)
            left -= len(text)
            if left <= 0:
                return pieces, unreadable, True
        return pieces, unreadable, False
    finally:
        document.close()


def _drawn(stream: BinaryIO) -> pypdfium2.PdfDocument:
    stream.seek(0)
    try:
        return pypdfium2.PdfDocument(stream)
    except _BROKEN_PAGE as error:
        raise InvalidInput("file-encrypted" if "password" in str(error) else "file-damaged", detail="pdf") from error


def _page_text(document: pypdfium2.PdfDocument, number: int, left: int) -> str:
    page = document[number]
    try:
        text_page = page.get_textpage()
        try:
            count = min(text_page.count_chars(), left)
            return str(text_page.get_text_range(0, count)) if count > 0 else ""
        finally:
            text_page.close()
    finally:
        page.close()
