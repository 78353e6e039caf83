"""What single objects of a PDF can do or hide: actions, annotations, embedded files, fonts that are not embedded.

Every object is first written out by qpdf and searched for the few names that matter, which costs microseconds; only
where one is found, the object is gone through key by key. Names in strings or in text therefore raise no alarm.
"""

import re
from collections.abc import Iterator
from typing import Any

import pikepdf

from ingest.formats.pdf_weighing import BROKEN, listed
from ingest.outcomes import Observation

_MATTERS = re.compile(
    rb"/(?:JavaScript|JS|Launch|SubmitForm|ImportData|GoToR|GoToE|URI|Rendition|RichMedia\w*|3D|GoTo3DView|Movie|Sound|Screen"
    rb"|AA|OpenAction|XFA|EF|FileAttachment|FontDescriptor|DescendantFonts|CIDSystemInfo|BaseFont|OCProperties|OutputIntents"
    rb"|F|FFilter|Ref)(?![\w.+-])"
)
# Actions that do more than to move about in the document (ISO 32000-1, table 198) -> what is said of them.
_ACTIONS = {
    "/JavaScript": "pdf-javascript",
    "/Launch": "pdf-launch",
    "/SubmitForm": "pdf-submit",
    "/ImportData": "pdf-import",
    "/Movie": "pdf-multimedia",
    "/Sound": "pdf-multimedia",
    "/Rendition": "pdf-multimedia",
    "/GoTo3DView": "pdf-multimedia",
    "/RichMediaExecute": "pdf-multimedia",
}
_ANNOTATIONS = {
    "/RichMedia": "pdf-multimedia",
    "/3D": "pdf-multimedia",
    "/Movie": "pdf-multimedia",
    "/Sound": "pdf-multimedia",
    "/Screen": "pdf-multimedia",
}
_FONTS = frozenset({"/Type1", "/MMType1", "/TrueType", "/CIDFontType0", "/CIDFontType2"})
_FONT_FILES = ("/FontFile", "/FontFile2", "/FontFile3")
_LOCAL = re.compile(r"\s*(?:file:|javascript:|vbscript:|data:|\\\\|//|[A-Za-z]:[\\/]|/)", re.IGNORECASE)
_LOCAL_LINK = re.compile(r"\s*(?:file:|javascript:|vbscript:|data:|\\\\|smb:)", re.IGNORECASE)
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa")
_MOST_PARTS = 200_000


class Seen:
    """What the objects of a document show, gathered while they pass by."""

    def __init__(self) -> None:
        self.active: list[Observation] = []
        self.concealed: list[Observation] = []
        self.unembedded_fonts = 0
        self.output_intent = False
        self._parts_left = _MOST_PARTS

    @property
    def all_seen(self) -> bool:
        """Whether no object was too large to be gone through."""
        return self._parts_left > 0

    def look(self, item: Any) -> None:
        """Look at one object of the document, not at those it refers to: they pass by themselves."""
        written = item.stream_dict.unparse() if isinstance(item, pikepdf.Stream) else item.unparse(resolved=True)
        if _MATTERS.search(written) is None:
            return
        place = f"object {item.objgen[0]} {item.objgen[1]}"
        if isinstance(item, pikepdf.Stream) and ("/F" in item or "/FFilter" in item):
            self.active.append(Observation("pdf-outside-data", {}, place))
        for part in self._direct(item):
            self._dictionary(part, place)

    def _direct(self, item: Any) -> Iterator[Any]:
        """The dictionaries that stand in an object itself."""
        waiting = [item.stream_dict if isinstance(item, pikepdf.Stream) else item]
        while waiting and self._parts_left > 0:
            part = waiting.pop()
            self._parts_left -= 1
            if isinstance(part, pikepdf.Dictionary):
                yield part
                waiting += [value for value in part.as_dict().values() if _is_direct(value)]
            elif isinstance(part, pikepdf.Array):
                waiting += [value for value in part.as_list() if _is_direct(value)]

    def _dictionary(self, part: Any, place: str) -> None:
        self._action(part, place)
        self._annotation(part, place)
        self._attachment(part, place)
        self._opening(part, place)
        if part.get("/Subtype") in _FONTS and "/BaseFont" in part and not _is_embedded(part):
            self.unembedded_fonts += 1
        if "/XFA" in part:
            self.active.append(Observation("pdf-xfa", {}, place))
        if "/OutputIntents" in part:
            self.output_intent = True
        if _hides_layers(part.get("/OCProperties")):
            self.concealed.append(Observation("pdf-hidden-layers", {}, place))

    def _action(self, part: Any, place: str) -> None:
        kind = _name(part.get("/S"))
        runs = "/JS" in part
        if runs or kind in _ACTIONS:
            code = "pdf-javascript" if runs else _ACTIONS[kind]
            self.active.append(Observation(code, {}, place))
        elif _leads_out(kind, part):
            self.active.append(Observation("pdf-local-link", {}, place))

    def _annotation(self, part: Any, place: str) -> None:
        kind = _name(part.get("/Subtype"))
        if kind in _ANNOTATIONS and "/Rect" in part:
            self.active.append(Observation(_ANNOTATIONS[kind], {}, place))
        if kind == "/FileAttachment":
            self.concealed.append(Observation("pdf-attachment", {}, place))
        if kind == "/Form" and isinstance(part.get("/Ref"), pikepdf.Dictionary):
            self.active.append(Observation("pdf-outside-data", {}, place))

    def _attachment(self, part: Any, place: str) -> None:
        files = part.get("/EF")
        if not isinstance(files, pikepdf.Dictionary):
            return
        self.concealed.append(Observation("pdf-embedded-file", {}, place))
        for _, stream in zip(range(10), files.as_dict().values(), strict=False):
            if isinstance(stream, pikepdf.Stream) and _beginning(stream).startswith(_PROGRAMS):
                self.active.append(Observation("pdf-embedded-program", {}, place))
                break

    def _opening(self, part: Any, place: str) -> None:
        """Something that happens by itself on opening; what scripts and launches do is told where they stand."""
        own = part.get("/OpenAction")
        more = part.get("/AA")
        actions = [own, *(more.as_dict().values() if isinstance(more, pikepdf.Dictionary) else ())]
        for action in actions:
            if isinstance(action, pikepdf.Dictionary) and _name(action.get("/S")) not in {"", "/GoTo"}:
                self.active.append(Observation("pdf-automatic-action", {}, place))
                break


def pages_of(document: pikepdf.Pdf, places: set[str], most: int) -> dict[str, str]:
    """On which page the objects named in `places` stand, as far as they are a page or an annotation of one."""
    found: dict[str, str] = {}
    for number, page in zip(range(1, most + 1), document.pages, strict=False):
        for item in (page.obj, *listed(page.obj.get("/Annots"))):
            try:
                place = f"object {item.objgen[0]} {item.objgen[1]}"
            except BROKEN:
                continue
            if place in places:
                found.setdefault(place, f"page {number}, {place}")
    return found


def _is_direct(value: Any) -> bool:
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect


def _leads_out(kind: str, action: Any) -> bool:
    """Whether a link leads to a file of the machine or of its network, or is a script."""
    if kind == "/URI":
        return _LOCAL_LINK.match(_text(action.get("/URI"))) is not None
    return kind in {"/GoToR", "/GoToE"} and _LOCAL.match(_path(action.get("/F"))) is not None


def _name(value: Any) -> str:
    return str(value) if isinstance(value, pikepdf.Name) else ""


def _text(value: Any) -> str:
    return str(value) if isinstance(value, pikepdf.String) else ""


def _path(specification: Any) -> str:
    """The file that a file specification names (ISO 32000-1, 7.11)."""
    if isinstance(specification, pikepdf.Dictionary):
        return next((text for key in ("/UF", "/F", "/DOS") if (text := _text(specification.get(key)))), "")
    return _text(specification)


def _is_embedded(font: Any) -> bool:
    descriptor = font.get("/FontDescriptor")
    return isinstance(descriptor, pikepdf.Dictionary) and any(key in descriptor for key in _FONT_FILES)


def _hides_layers(properties: Any) -> bool:
    """Whether optional content is off when the document is opened (ISO 32000-1, 8.11.4.3)."""
    usual = properties.get("/D") if isinstance(properties, pikepdf.Dictionary) else None
    if not isinstance(usual, pikepdf.Dictionary):
        return False
    off = usual.get("/OFF")
    return _name(usual.get("/BaseState")) == "/OFF" or (isinstance(off, pikepdf.Array) and len(off) > 0)


def _beginning(stream: Any) -> bytes:
    """The first bytes of an embedded file; it has been weighed before, so it may be unpacked."""
    try:
        return bytes(stream.read_bytes()[:8])
    except BROKEN:
        return b""
