"""PDF: pikepdf opens and inspects, pdfium gives the text.

qpdf (inside pikepdf) is the judge of damage and encryption; pdfium reads what it can of anything, so its success proves
little. pdfium is not safe for threads: one document at a time in each process.
"""

import contextlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import pikepdf
import pypdfium2

from archive.errors import InvalidInput
from ingest.extractors.gathering import cleaned, extraction, opened
from ingest.extractors.port import ACTIVE_CONTENT, Extraction, Limits
from ingest.formats import known
from ingest.formats.types import Identified

REPAIRED = "file-repaired"
RESTRICTED = "pdf-restricted"
UNREADABLE_PAGES = "pages-unreadable"
NOT_ALL_INSPECTED = "objects-unchecked"

_BROKEN = (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, OverflowError, OSError)
_BROKEN_PAGE = (pypdfium2.PdfiumError, ValueError, OverflowError)
_END_MARK = b"%%EOF"
_END_WINDOW = 1_024
_INFO = {
    "/Title": "title",
    "/Author": "author",
    "/Creator": "creator",
    "/Producer": "producer",
    "/CreationDate": "created",
    "/ModDate": "modified",
}
_PACKED = frozenset({"/FlateDecode", "/LZWDecode", "/RunLengthDecode", "/Fl", "/LZW", "/RL"})
_SMALL_STREAM = 1 << 17
_ACTIVE = re.compile(rb"/S\s*/(?:JavaScript|Launch)\b|/JS[\s(<\[]")
_PDFA = re.compile(rb"pdfaid:(part|conformance)(?:[^<>]{0,200}>|\s*=\s*[\"'])\s*([0-9A-Za-z])")
_XMP_LIMIT = 1 << 20
_WHITE = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*+[\r\n])"
_CALL = re.compile(rb"/([^\x00\t\n\f\r ()<>\[\]{}/%]+)" + _WHITE + rb"++Do(?![^\x00\t\n\f\r ()<>\[\]{}/%])")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_DEEPEST_FORM = 30
_MOST_CALLS = 100_000
_MOST_UNFOLDED = 16 << 20
_MOST_TOGETHER = 512 << 20
_MOST_TIMES = 20


class PdfExtractor:
    """Portable Document Format, all versions."""

    name = "pdf"
    version = "1"

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
            _Unfolding(limits).weigh(document)
        # Last, because qpdf repairs while it is being asked.
        if document.get_warnings():
            self.warnings.append(REPAIRED)

    def _walk(self, document: pikepdf.Pdf, limits: Limits) -> None:
        if len(document.objects) > limits.objects:
            self.warnings.append(NOT_ALL_INSPECTED)
            self._forms = True
        for _, item in zip(range(limits.objects), document.objects, strict=False):
            if isinstance(item, pikepdf.Stream):
                _weigh(item, limits)
                self._forms = self._forms or item.get("/Subtype") == "/Form"
            if isinstance(item, pikepdf.Object) and ACTIVE_CONTENT not in self.warnings and _runs(item):
                self.warnings.append(ACTIVE_CONTENT)


@dataclass(frozen=True)
class _Weight:
    """What content unfolds to and what it is made of, in bytes, and how many calls of forms are in it, unfolded."""

    unfolded: int
    made: int
    calls: int

    @property
    def measureless(self) -> bool:
        """Whether it is more than any honest page."""
        return self.calls > _MOST_CALLS or self.unfolded > max(_MOST_UNFOLDED, self.made * _MOST_TIMES)


class _Unfolding:
    """How much content the pages of a document amount to once every form XObject stands where it is called.

    A few forms that call each other several times each (ISO 32000-1, 8.10) unfold into billions of operators, which
    pdfium would all hold in memory. Only pages that call forms are read; every form is read once.
    """

    def __init__(self, limits: Limits) -> None:
        self._pages = limits.pages
        self._weights: dict[tuple[object, object], _Weight] = {}

    def weigh(self, document: pikepdf.Pdf) -> None:
        """Look at every page.

        Raises:
            InvalidInput: `pdf-bomb`, a page unfolds to more than 100,000 calls, or to more than 16 MiB and 20 times
                what it is made of, all pages together to more than 512 MiB, or forms call themselves, or lie more
                than 30 deep.
        """
        together = 0
        for _, page in zip(range(self._pages), document.pages, strict=False):
            resources = _resources(page.obj)
            if any(_is_form(item) for item in _called(resources).values()):
                content = b"\n".join(_content(part) for part in _parts(page.obj.get("/Contents")))
                weight = self._weight(content, resources, ())
                together += weight.unfolded - len(content)
                if together > _MOST_TOGETHER:
                    raise InvalidInput("pdf-bomb", limit=_MOST_TOGETHER)

    def _weight(self, content: bytes, resources: Any, above: tuple[object, ...]) -> _Weight:
        found = _Weight(len(content), len(content), 0)
        if b"Do" not in content:
            return found
        calls = Counter(_ESCAPED.sub(_unescaped, name) for name in _CALL.findall(content))
        named = _called(resources)
        for name, times in calls.items():
            form = named.get("/" + name.decode("utf-8", "surrogateescape"))
            if _is_form(form):
                each = self._form(form, resources, above)
                found = _Weight(
                    found.unfolded + times * each.unfolded,
                    found.made + each.made,
                    found.calls + times * (each.calls + 1),
                )
        if found.measureless:
            raise InvalidInput("pdf-bomb", limit=_MOST_UNFOLDED)
        return found

    def _form(self, form: Any, around: Any, above: tuple[object, ...]) -> _Weight:
        key = form.objgen
        if key in above or len(above) >= _DEEPEST_FORM:
            raise InvalidInput("pdf-bomb", limit=_MOST_UNFOLDED)
        # Without resources of its own, a form draws on those of where it is called.
        own = form.get("/Resources")
        resources, owner = (around, around.objgen) if own is None else (own, None)
        if (key, owner) not in self._weights:
            self._weights[key, owner] = self._weight(_content(form), resources, (*above, key))
        return self._weights[key, owner]


def _resources(page: Any) -> Any:
    """The resources of a page, which it may have from a node above it (ISO 32000-1, 7.7.3.4)."""
    for _ in range(_DEEPEST_FORM):
        if not isinstance(page, pikepdf.Dictionary):
            break
        if "/Resources" in page:
            return page["/Resources"]
        page = page.get("/Parent")
    return pikepdf.Dictionary()


def _called(resources: Any) -> dict[str, Any]:
    named = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    return dict(named.items()) if isinstance(named, pikepdf.Dictionary) else {}


def _is_form(item: Any) -> bool:
    return isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Form"


def _parts(contents: Any) -> Iterator[Any]:
    yield from (part for part in _listed(contents) if isinstance(part, pikepdf.Stream))


def _content(stream: Any) -> bytes:
    """What a content stream says; nothing where it cannot be decoded, which pdfium meets with the same."""
    try:
        return bytes(stream.read_bytes())
    except _BROKEN:
        return b""


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escape[1].decode("ascii"))


def _inspected(stream: BinaryIO, limits: Limits, *, ended: bool) -> _Inspection:
    """Open with qpdf and look at every object.

    Raises:
        InvalidInput: `file-encrypted`, `file-truncated` (broken, and the end mark is missing), `file-damaged`,
            `pdf-bomb`.
    """
    try:
        with pikepdf.open(stream, suppress_warnings=True) as document:
            inspection = _Inspection(document, limits)
    except pikepdf.PasswordError as error:
        raise InvalidInput("file-encrypted") from error
    except _BROKEN as error:
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
    """Whether `%%EOF` stands in the last 1024 bytes, where readers look for it (ISO 32000-1, annex H.3, note 18)."""
    stream.seek(max(0, size - _END_WINDOW))
    return _END_MARK in stream.read(_END_WINDOW)


def _claims(document: pikepdf.Pdf) -> dict[str, str | None]:
    """What the document says of itself. A PDF/A claim is declared, not validated."""
    claims: dict[str, str | None] = {}
    with contextlib.suppress(*_BROKEN):
        stated: Any = document.trailer.get("/Info", {})
        claims |= {name: str(stated[key]) for key, name in _INFO.items() if key in stated}
    with contextlib.suppress(zlib.error, *_BROKEN):
        xmp = document.Root.get("/Metadata")
        if isinstance(xmp, pikepdf.Stream) and int(xmp.get("/Length", 0)) < _XMP_LIMIT:
            raw = xmp.read_raw_bytes()
            plain = zlib.decompressobj().decompress(raw, _XMP_LIMIT) if "/Filter" in xmp else raw
            parts = dict(_PDFA.findall(plain))
            level = parts.get(b"part", b"") + parts.get(b"conformance", b"")
            claims["pdfa_declared"] = level.decode("ascii").upper()
    return claims


def _runs(item: pikepdf.Object) -> bool:
    """Whether an object holds an action that runs something: JavaScript or a program (ISO 32000-1, 12.6.4)."""
    written = item.stream_dict.unparse() if isinstance(item, pikepdf.Stream) else item.unparse(resolved=True)
    return _ACTIVE.search(written) is not None


def _weigh(item: pikepdf.Stream, limits: Limits) -> None:
    """Refuse streams that inflate beyond measure: filters stacked on filters, or one that gives more than the limit."""
    filters = [str(name) for name in _listed(item.get("/Filter"))]
    packed = [name for name in filters if name in _PACKED]
    if len(packed) > 1:
        raise InvalidInput("pdf-bomb", limit=1)
    if not packed or int(item.get("/Length", 0)) <= _SMALL_STREAM or filters[0] != packed[0]:
        return
    raw = item.read_raw_bytes()
    if packed[0] in {"/FlateDecode", "/Fl"} and _inflates_to(raw, limits.stream_bytes) > limits.stream_bytes:
        raise InvalidInput("pdf-bomb", limit=limits.stream_bytes)


def _listed(value: Any) -> Iterator[object]:
    if isinstance(value, pikepdf.Array):
        yield from value.as_list()
    elif value is not None:
        yield value


def _inflates_to(raw: bytes, limit: int) -> int:
    inflate = zlib.decompressobj()
    total = 0
    pending = io.BytesIO(raw)
    with contextlib.suppress(zlib.error):
        while (piece := pending.read(1 << 14)) and total <= limit and not inflate.eof:
            while piece and total <= limit and not inflate.eof:
                total += len(inflate.decompress(piece, 1 << 20))
                piece = inflate.unconsumed_tail
    return total


def _pages(stream: BinaryIO, limits: Limits) -> tuple[list[str], int, bool]:
    """Text page by page, how many pages gave an error, and whether a limit ended it."""
    stream.seek(0)
    try:
        document = pypdfium2.PdfDocument(stream)
    except _BROKEN_PAGE as error:
        raise InvalidInput("file-encrypted" if "password" in str(error) else "file-damaged", detail="pdf") from error
    pieces: list[str] = []
    unreadable = 0
    left = limits.characters
    try:
        for number in range(min(len(document), limits.pages)):
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
