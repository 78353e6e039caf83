"""How much a PDF would become if everything in it were unpacked, found out without unpacking it into memory.

Whoever reads a document afterwards (qpdf its object streams, pdfium its pages) unpacks without asking. So every stream
is inflated here in pieces that are counted and thrown away, and forms that call forms are multiplied instead of drawn.
"""

import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import pikepdf

from archive.errors import InvalidInput
from ingest.formats.limits import Limits

BROKEN = (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, OverflowError, OSError)
"""What pikepdf raises over broken documents."""

_FLATE = frozenset({"/FlateDecode", "/Fl"})
_LZW = frozenset({"/LZWDecode", "/LZW"})
_RUN_LENGTH = frozenset({"/RunLengthDecode", "/RL"})
_PACKED = _FLATE | _LZW | _RUN_LENGTH
_ASCII = frozenset({"/ASCII85Decode", "/A85", "/ASCIIHexDecode", "/AHx"})
# A code of LZW takes at least 9 bits and stands for at most 4,096 bytes; a pair of RunLength for at most 128.
_LZW_RATIO = 3_641
_RUN_RATIO = 64
_MOST_WARNINGS = 10_000
_MOST_SEARCHED = 64 << 20
_PACKED_OBJECTS = re.compile(rb"/(?:ObjStm|XRef)\b[^\x80-\xff]{0,500}?\bstream\r?\n")
_WHITE = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*+[\r\n])"
_CALL = re.compile(rb"/([^\x00\t\n\f\r ()<>\[\]{}/%]+)" + _WHITE + rb"++Do(?![^\x00\t\n\f\r ()<>\[\]{}/%])")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_DEEPEST_FORM = 30
_MOST_CALLS = 100_000
_MOST_UNFOLDED = 16 << 20
_MOST_TOGETHER = 512 << 20
_MOST_TIMES = 20


@dataclass(frozen=True)
class StreamWeight:
    """What one stream inflates to, in bytes, and whether its compression ends where and how it should."""

    inflated: int
    sound: bool


def bound_qpdf(limits: Limits) -> None:
    """Keep qpdf from inflating object streams and tables without measure: it does so before anybody can weigh them.

    The bound is one of the process, for every document after it.
    """
    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=limits.stream_bytes,
        run_length_max_memory=limits.stream_bytes,
        png_max_memory=limits.stream_bytes,
        tiff_max_memory=limits.stream_bytes,
        doc_max_warnings=_MOST_WARNINGS,
    )


def weigh(item: Any, limits: Limits) -> StreamWeight:
    """Inflate one stream of a document and forget what comes out.

    Raises:
        InvalidInput: `pdf-bomb`, the stream gives more than the limit, or its compressions are stacked upon each other.
    """
    filters = [str(name) for name in listed(item.get("/Filter")) if str(name) != "/Crypt"]
    packed = [name for name in filters if name in _PACKED]
    if len(packed) > 1:
        raise InvalidInput("pdf-bomb", limit=1)
    if not packed:
        return StreamWeight(0, sound=True)
    before = filters[: filters.index(packed[0])]
    if not set(before) <= _ASCII:
        return StreamWeight(0, sound=False)
    try:
        raw = bytes(item.read_raw_bytes())
    except BROKEN:
        return StreamWeight(0, sound=False)
    if before:
        return _weigh_wrapped(item, packed[0], len(raw), limits)
    found = _weigh_packed(packed[0], raw, limits.stream_bytes)
    if found.inflated > limits.stream_bytes:
        raise InvalidInput("pdf-bomb", limit=limits.stream_bytes)
    return found


def packs_without_measure(stream: BinaryIO, limits: Limits) -> bool:
    """Whether streams of objects or tables in a file that does not open are bombs, which is why it does not.

    They are searched for in the bare bytes, at most 64 MiB of them. The position of the stream is not kept.
    """
    stream.seek(0)
    content = stream.read(_MOST_SEARCHED)
    starts = (found.end() for _, found in zip(range(100), _PACKED_OBJECTS.finditer(content), strict=False))
    return any(_inflated(content[start:], limits.stream_bytes).inflated > limits.stream_bytes for start in starts)


def _weigh_wrapped(item: Any, packed: str, size: int, limits: Limits) -> StreamWeight:
    """A compression written in letters. qpdf unwraps it; its own bound and the ratio of the compression hold it."""
    most = size * (1_032 if packed in _FLATE else _LZW_RATIO)
    if packed not in _FLATE and most > limits.stream_bytes:
        raise InvalidInput("pdf-bomb", limit=limits.stream_bytes)
    before = pikepdf.settings.qpdf_limit_errors()
    try:
        return StreamWeight(len(item.read_bytes()), sound=True)
    except BROKEN as error:
        if pikepdf.settings.qpdf_limit_errors() > before or "memory limit" in str(error):
            raise InvalidInput("pdf-bomb", limit=limits.stream_bytes) from error
        return StreamWeight(0, sound=False)


def _weigh_packed(packed: str, raw: bytes, limit: int) -> StreamWeight:
    if packed in _FLATE:
        return _inflated(raw, limit)
    if packed in _RUN_LENGTH:
        return StreamWeight(_runs_to(raw) if len(raw) * _RUN_RATIO > limit else 0, sound=True)
    return StreamWeight(_lzw_unpacks_to(raw, limit) if len(raw) * _LZW_RATIO > limit else 0, sound=True)


def _inflated(raw: bytes, limit: int) -> StreamWeight:
    inflate = zlib.decompressobj()
    total = 0
    pending = io.BytesIO(raw)
    try:
        while (piece := pending.read(1 << 14)) and total <= limit and not inflate.eof:
            while piece and total <= limit and not inflate.eof:
                total += len(inflate.decompress(piece, 1 << 20))
                piece = inflate.unconsumed_tail
    except zlib.error:
        return StreamWeight(total, sound=False)
    return StreamWeight(total, sound=inflate.eof or not raw)


def _runs_to(raw: bytes) -> int:
    total = at = 0
    while at < len(raw) and raw[at] != 128:
        length = raw[at]
        total += length + 1 if length < 128 else 257 - length
        at += length + 2 if length < 128 else 2
    return total


def _lzw_unpacks_to(raw: bytes, limit: int) -> int:
    """The length of what LZW stands for (ISO 32000-1, 7.4.4.2): the lengths of its codes are enough to tell."""
    lengths = [1] * 258
    total = bits = held = 0
    width, last = 9, 0
    for byte in raw:
        held, bits = (held << 8 | byte) & 0xFFFFF, bits + 8
        if bits < width:
            continue
        bits -= width
        code = held >> bits & (1 << width) - 1
        if code == 257 or total > limit:
            break
        if code == 256:
            lengths, width, last = [1] * 258, 9, 0
            continue
        length = lengths[code] if code < len(lengths) else last + 1
        total += length
        if last and len(lengths) < 4_096:
            lengths.append(last + 1)
            width = min(12, max(9, (len(lengths) + 1).bit_length()))
        last = length
    return total


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


class Unfolding:
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
            if any(is_form(item) for item in _called(resources).values()):
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
            if is_form(form):
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


def listed(value: Any) -> Iterator[Any]:
    """What stands in an array, or the one value that stands for an array of one."""
    if isinstance(value, pikepdf.Array):
        yield from value.as_list()
    elif value is not None:
        yield value


def is_form(item: Any) -> bool:
    """Whether `item` is a form XObject."""
    return isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Form"


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


def _parts(contents: Any) -> Iterator[Any]:
    yield from (part for part in listed(contents) if isinstance(part, pikepdf.Stream))


def _content(stream: Any) -> bytes:
    """What a content stream says; nothing where it cannot be decoded, which pdfium meets with the same."""
    try:
        return bytes(stream.read_bytes())
    except BROKEN:
        return b""


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escape[1].decode("ascii"))
