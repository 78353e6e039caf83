"""Word documents (.docx): headers, body with tables, notes, footers, in that order.

Parts are read as a stream of tags, not as a tree, so memory stays flat however large the document claims to be. Deleted
and moved-away text is left out; text boxes are read once, not again in their fallback.
"""

from collections.abc import Mapping
from typing import BinaryIO

from ingest.extractors.gathering import Gathering, Watched, extraction, read_xml, until_enough
from ingest.extractors.package import Package, open_package
from ingest.extractors.port import Extraction, Limits
from ingest.formats import known
from ingest.formats.types import Identified

_SKIPPED = frozenset({"Fallback", "moveFrom", "del", "instrText", "delText"})
_BREAKS = frozenset({"br", "cr"})


class WordExtractor:
    """Office Open XML word processing documents, with and without macros."""

    name = "word"
    version = "2"

    def score(self, identified: Identified) -> int:
        return 100 if identified.mime in {known.DOCX, known.DOCM} else 0

    def extract(self, stream: BinaryIO, limits: Limits) -> Extraction:
        package = open_package(stream, limits)
        gathering = Gathering(limits.characters)
        finished = until_enough(lambda: _read(package, gathering, limits))
        return extraction(
            gathering.text(),
            pages=None,
            metadata=package.metadata(),
            cut=not finished,
        )


def _read(package: Package, gathering: Gathering, limits: Limits) -> None:
    related = package.related_parts()
    notes = [*related.get("footnotes", []), *related.get("endnotes", [])]
    _distinct(package, related.get("header", []), gathering, limits)
    read_xml(package.container.chunks(package.main), _Story(gathering, limits.elements))
    _distinct(package, [*notes, *related.get("footer", [])], gathering, limits)


def _distinct(package: Package, parts: list[str], gathering: Gathering, limits: Limits) -> None:
    """Headers and footers of several sections, each text once."""
    seen = {""}
    for part in parts:
        aside = Gathering(limits.characters)
        read_xml(package.container.chunks(part), _Story(aside, limits.elements))
        text = aside.text()
        if text not in seen:
            seen.add(text)
            gathering.words(text, folded=False)
            gathering.row()


class _Story(Watched):
    """One part of a Word document as lines of text."""

    def __init__(self, gathering: Gathering, limit: int) -> None:
        super().__init__(limit)
        self._gathering = gathering
        self._skipping = 0
        self._in_text = False

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 - the parser gives both
        if tag in _SKIPPED:
            self._skipping += 1
        elif tag == "t":
            self._in_text = True
        elif tag == "tab":
            self._gathering.blank()
        elif tag in _BREAKS:
            self._gathering.line()
        elif tag == "noBreakHyphen" and not self._skipping:
            self._gathering.words("-")

    def finish(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipping -= 1
        elif tag == "t":
            self._in_text = False
        elif tag == "p":
            self._gathering.line()
        elif tag == "tc":
            self._gathering.cell()
        elif tag in {"tr", "tbl"}:
            self._gathering.row()

    def characters(self, text: str) -> None:
        if self._in_text and not self._skipping:
            self._gathering.words(text)
