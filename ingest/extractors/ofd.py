"""OFD, the Chinese fixed-layout format (GB/T 33190-2016): text and document information.

Text stands in `TextCode` elements placed on a page (11.3 of the standard). Pieces on one base line are joined, others
begin a new line. The words of a page template are read where the template is first used.
"""

import posixpath
from collections.abc import Mapping
from typing import BinaryIO

from lxml import etree

from archive.errors import InvalidInput
from ingest.extractors.gathering import (
    Enough,
    Gathering,
    Watched,
    extraction,
    opened,
    read_xml,
    small_xml,
    until_enough,
)
from ingest.extractors.port import Extraction, Limits
from ingest.formats import known
from ingest.formats.containers import Container, open_container
from ingest.formats.types import Identified

_INFORMATION = {
    "Title": "title",
    "Author": "author",
    "Subject": "subject",
    "CreationDate": "created",
    "ModDate": "modified",
    "Creator": "creator",
    "DocID": "document_id",
}
# Files that an encrypted OFD carries (GM/T 0099-2020).
_ENCRYPTED_PARTS = frozenset({"encryptions.xml", "decryptseed.dat", "encryptentries.xml"})
# Millimetres: base lines closer than this are the same line; gaps wider than this are blanks.
_SAME_LINE = 1.0
_GAP = 2.0


class OfdExtractor:
    """OFD documents. Signatures are told, not verified; seals and images have no text."""

    name = "ofd"
    version = "1"

    def score(self, identified: Identified) -> int:
        return 100 if identified.mime == known.OFD else 0

    def extract(self, stream: BinaryIO, limits: Limits) -> Extraction:
        opened(stream)
        container = open_container(stream, limits.container)
        if any(posixpath.basename(name).lower() in _ENCRYPTED_PARTS for name in container.entries):
            raise InvalidInput("file-encrypted")
        document = _Document(container, limits)
        finished = until_enough(document.read)
        return extraction(
            document.gathering.text(),
            pages=document.pages,
            metadata=document.metadata,
            cut=not finished,
        )


class _Document:
    """Walks the parts of an OFD file and gathers what they say."""

    def __init__(self, container: Container, limits: Limits) -> None:
        self._container = container
        self._limits = limits
        self._used_templates: set[str] = set()
        self.gathering = Gathering(limits.characters)
        self.metadata: dict[str, str | None] = {}
        self.pages = 0

    def read(self) -> None:
        """Read every document body in the order of `OFD.xml` (7.4)."""
        bodies = list(self._tree("OFD.xml").iterfind("{*}DocBody"))
        if not bodies:
            raise InvalidInput("file-damaged", detail="no document")
        for body in bodies:
            for child in body.iterfind("{*}DocInfo/*"):
                name = _INFORMATION.get(_tag(child))
                if name and name not in self.metadata:
                    self.metadata[name] = child.text
            if body.findtext("{*}Signatures"):
                self.metadata["signed"] = "declared"
            root = (body.findtext("{*}DocRoot") or "").strip()
            self._body(_resolve("", root))

    def _body(self, part: str) -> None:
        tree = self._tree(part)
        templates = {
            str(item.get("ID")): _resolve(part, item.get("BaseLoc", ""))
            for item in tree.iterfind("{*}CommonData/{*}TemplatePage")
        }
        for page in tree.iterfind("{*}Pages/{*}Page"):
            self.pages += 1
            if self.pages > self._limits.pages:
                raise Enough
            self._page(_resolve(part, page.get("BaseLoc", "")), templates)

    def _page(self, part: str, templates: Mapping[str, str]) -> None:
        content = _Content(self.gathering, self._limits.elements)
        read_xml(self._container.chunks(part), content)
        self.gathering.row()
        for identifier in content.templates:
            template = templates.get(identifier)
            if template and template not in self._used_templates:
                self._used_templates.add(template)
                read_xml(self._container.chunks(template), _Content(self.gathering, self._limits.elements))
                self.gathering.row()

    def _tree(self, part: str) -> etree._Element:
        return small_xml(self._container.read(part))


class _Content(Watched):
    """The text of one page. Positions are millimetres from the upper left corner."""

    def __init__(self, gathering: Gathering, limit: int) -> None:
        super().__init__(limit)
        self.templates: list[str] = []
        self._gathering = gathering
        self._boundary = (0.0, 0.0)
        self._line: float | None = None
        self._reached = 0.0
        self._height = 0.0
        self._inside = False

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "TextObject":
            numbers = [*_numbers(attributes.get("Boundary", "")), 0.0, 0.0, 0.0, 0.0]
            self._boundary = (numbers[0], numbers[1])
            self._height = _number(attributes.get("Size", "")) or numbers[3]
        elif tag == "TextCode":
            self._inside = True
            self._place(attributes)
        elif tag == "Template":
            self.templates.append(attributes.get("TemplateID", ""))

    def finish(self, tag: str) -> None:
        if tag == "TextCode":
            self._inside = False

    def characters(self, text: str) -> None:
        if self._inside:
            self._gathering.words(text)

    def _place(self, attributes: Mapping[str, str]) -> None:
        left = self._boundary[0] + _number(attributes.get("X", ""))
        base = self._boundary[1] + _number(attributes.get("Y", ""))
        if self._line is None or abs(base - self._line) > max(_SAME_LINE, self._height / 2):
            self._gathering.row()
        elif left - self._reached > max(_GAP, self._height):
            self._gathering.blank()
        self._line = base
        self._reached = left + sum(_numbers(attributes.get("DeltaX", ""))) + self._height


def _resolve(part: str, location: str) -> str:
    """The part that `location` in `part` names (ST_Loc, 7.3): absolute, or relative to the folder of `part`."""
    folder = posixpath.dirname(part)
    return posixpath.normpath(posixpath.join("/", folder, location.strip().replace("\\", "/"))).lstrip("/")


def _tag(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _numbers(text: str) -> list[float]:
    """Numbers apart by blanks; `g 3 7.2` is 7.2 three times (delta values, 11.3). At most 10,000 of them."""
    values: list[float] = []
    words = iter(text.split()[:10_000])
    for word in words:
        if word == "g":
            times, value = int(_bounded(next(words, ""))), _bounded(next(words, ""))
            values += [value] * max(0, min(times, 10_000 - len(values)))
        else:
            values.append(_bounded(word))
    return values


def _bounded(word: str) -> float:
    value = _number(word)
    return value if -1e6 < value < 1e6 else 0.0
