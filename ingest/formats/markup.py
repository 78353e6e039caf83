"""XML and what is written in it: well-formed or not, what it would load, what it would blow up to.

Nothing is expanded and nothing is fetched. A document type is read from the beginning of the file before any parser
sees the rest, because entities in attribute values are expanded by every parser, whatever it is told.
"""

import codecs
import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO, Final, cast

from lxml import etree

from archive.errors import InvalidInput
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.limits import Limits

TOOL: Final = f"lxml {etree.__version__}"

_STEP = 1 << 16
_PROLOGUE = 1 << 20
_DEPTH = 200
# Characters that entities may come to when all of them are expanded.
_TOO_MANY = "xml-too-many-elements"
_EXPANDED = 10_000_000
_ENTITY = re.compile(
    r"<!ENTITY\s+(?P<parameter>%\s+)?(?P<name>[^\s%;\"'<>]{1,200})\s+(?:(?P<outside>SYSTEM|PUBLIC)\b|\"(?P<one>[^\"]*)\"|'(?P<two>[^']*)')"
)
_REFERENCE = re.compile(r"[&%]([^\s&%;#<>\"']{1,200});")
# Document types that every reader has at hand and none fetches: those of the public standards.
_STANDARD_TYPE = re.compile(r"-//(?:W3C|OASIS|NISO|Apple|Sun Microsystems)[^/]*//|\+//IDN ")
_SVG = "http://www.w3.org/2000/svg"
_SCRIPT = "{http://www.w3.org/1999/xhtml}script"
_LINKS = frozenset({"href", "src", "data"})
_OUTSIDE = re.compile(r"\s*(?:https?:|ftp:|file:|smb:|//|\\\\)", re.IGNORECASE)
_RUNS = re.compile(r"\s*(?:javascript|vbscript|data:text/html)", re.IGNORECASE)


@dataclass
class _Markup:
    """What was met in a document. `doctype` is one that was not seen before parsing."""

    doctype: bool = False
    stylesheet: bool = False
    scripts: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def inspect_xml(stream: BinaryIO, limits: Limits) -> tuple[Inspection, ...]:
    """XML of any kind, SVG among them."""
    findings = Findings(TOOL)
    stream.seek(0)
    look_at_xml(iter(lambda: stream.read(_STEP), b""), limits, findings)
    return findings.conclude()


def look_at_xml(pieces: Iterable[bytes], limits: Limits, findings: Findings, place: str = "") -> None:
    """Read a document to its end and tell `findings` what is wrong with it, `place` being where it lies.

    What declares entities that blow up or lie outside is not given to a parser at all.
    """
    source = iter(pieces)
    first = bytearray()
    for piece in source:
        first += piece
        if len(first) >= _PROLOGUE:
            break
    said = _as_text(bytes(first))
    if _declarations(said, findings, place):
        return
    markup = _Markup()
    # A target that is told of the document type keeps the parser from learning the entities that it declares.
    target = _Target(markup, limits.elements) if "<!DOCTYPE" in said else _Wary(markup, limits.elements)
    # Entities of the document itself have been weighed; others are never looked for.
    parser = etree.XMLParser(
        target=cast("Any", target),
        resolve_entities=cast("Any", "internal"),
        load_dtd=False,
        no_network=True,
        huge_tree=True,
    )
    try:
        for piece in chain([bytes(first)], source):
            for start in range(0, len(piece), _STEP):
                parser.feed(piece[start : start + _STEP])
        parser.close()
    except InvalidInput as error:
        _break_off(error, findings, place)
    except (etree.LxmlError, ValueError, LookupError):
        findings.give_up(InvalidInput("xml-not-well-formed"), place)
    if markup.doctype:
        findings.leave(Aspect.ACTIVE, "xml-document-type-unread", place)
    _tell(markup, findings, place)


def _break_off(error: InvalidInput, findings: Findings, place: str) -> None:
    """A table of a million rows is no fault: what was not looked at stays open."""
    if error.code == _TOO_MANY:
        _leave(findings, error.code, place)
    else:
        findings.give_up(error, place)


def _leave(findings: Findings, code: str, place: str) -> None:
    for aspect in (Aspect.STRUCTURE, Aspect.ACTIVE):
        findings.leave(aspect, code, place)


def _as_text(first: bytes) -> str:
    """The beginning of a document with its ASCII characters as they are; nothing else matters in a document type."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if first.startswith(mark):
            return first.decode(encoding, "replace")
    if first.startswith((b"<\0", b"\0<")):
        return first.decode("utf-16-le" if first[:1] == b"<" else "utf-16-be", "replace")
    return first.decode("latin-1")


def _declarations(said: str, findings: Findings, place: str) -> bool:
    """Tell what the document type declares; whether it is such that no parser should see the document."""
    at = said.find("<!DOCTYPE")
    if at < 0:
        return False
    opening = re.match(r"<!DOCTYPE\s+\S+\s*(?:(SYSTEM|PUBLIC)\s+[\"']([^\"']*)[\"'])?", said[at : at + 4_096])
    if opening and opening[1] and not (opening[1] == "PUBLIC" and _STANDARD_TYPE.match(opening[2])):
        findings.fail(Aspect.ACTIVE, "xml-external-type", place)
    values: dict[str, str] = {}
    dangerous = False
    for found in _ENTITY.finditer(said, at):
        if found["outside"]:
            findings.fail(Aspect.ACTIVE, "xml-external-entity", place)
            dangerous = True
        elif found["parameter"] and "<!" in html.unescape(found["one"] or found["two"] or ""):
            # Declarations that are only there once the parser has put them together.
            _leave(findings, "xml-declarations-hidden", place)
            dangerous = True
        else:
            values.setdefault(found["name"], found["one"] or found["two"] or "")
    if _expands(values, said) > _EXPANDED:
        findings.give_up(InvalidInput("xml-entity-bomb", limit=_EXPANDED), place)
        dangerous = True
    return dangerous


def _expands(values: Mapping[str, str], said: str) -> int:
    """How many characters the entities come to where they are used; an entity within itself comes to infinity."""
    sizes: dict[str, int] = {}

    def size(name: str, depth: int) -> int:
        if depth > _DEPTH:
            return _EXPANDED + 1
        if name not in sizes:
            sizes[name] = _EXPANDED + 1
            inner = sum(size(each, depth + 1) for each in _REFERENCE.findall(values[name]) if each in values)
            sizes[name] = min(len(values[name]) + inner, _EXPANDED + 1)
        return sizes[name]

    used = [name for name in _REFERENCE.findall(said) if name in values]
    return sum(size(name, 0) for name in used) if used else 0


def _tell(markup: _Markup, findings: Findings, place: str) -> None:
    if markup.stylesheet:
        findings.note(Aspect.ACTIVE, "xml-stylesheet", place)
    for script in markup.scripts:
        findings.fail(Aspect.ACTIVE, "markup-script", place or script, element=script)
    for element in markup.outside:
        findings.fail(Aspect.ACTIVE, "markup-outside-resource", place or element, element=element)


class _Target:
    """Counts what passes, and keeps the little that matters. Only drawings (SVG) and XHTML run what is written."""

    def __init__(self, markup: _Markup, limit: int) -> None:
        self._markup = markup
        self._left = limit
        self._depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._left -= 1
        self._depth += 1
        if self._depth > _DEPTH:
            raise InvalidInput("xml-too-deep", limit=_DEPTH)
        if self._left < 0:
            raise InvalidInput(_TOO_MANY)
        if tag == _SCRIPT:
            self._markup.scripts.append("script")
        elif tag.startswith(f"{{{_SVG}}}"):
            self._drawn(tag.rpartition("}")[2].lower(), attributes)

    def _drawn(self, name: str, attributes: Mapping[str, str]) -> None:
        plain = {key.rpartition("}")[2].lower(): value for key, value in attributes.items()}
        handler = any(key.startswith("on") for key in plain)
        links = [value for key, value in plain.items() if key in _LINKS]
        if name == "script" or handler or any(_RUNS.match(link) for link in links):
            self._markup.scripts.append(name)
        elif name not in {"a", "metadata"} and any(_OUTSIDE.match(link) for link in links):
            self._markup.outside.append(name)

    def end(self, tag: str) -> None:
        del tag
        self._depth -= 1

    def data(self, text: str) -> None:
        """Words are no business of an inspector."""

    def pi(self, target: str, data: str | None = None) -> None:
        del data
        self._markup.stylesheet = self._markup.stylesheet or target == "xml-stylesheet"

    def comment(self, text: str) -> None:
        """Neither are comments."""

    def close(self) -> None:
        return None


class _Wary(_Target):
    """For a document in whose beginning no document type was seen: there may be one in an encoding of its own."""

    def doctype(self, *_: object) -> None:
        self._markup.doctype = True
