"""HTML: the words of a page as a reader sees them, blocks on lines of their own, table cells apart."""

import io
import re
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from lxml import etree

from archive.errors import InvalidInput
from ingest.extractors.decoding import decoded
from ingest.extractors.gathering import Gathering, Watched, extraction, opened, until_enough
from ingest.extractors.port import HTML_UNCLOSED, Extraction, Limits
from ingest.formats import known
from ingest.formats.types import Identified

_BLOCKS = frozenset(
    {"address", "article", "blockquote", "body", "br", "center", "dd", "details", "div", "dl", "dt", "fieldset"}
    | {
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
    }
    | {"ol", "p", "pre", "section", "summary", "ul"},
)
_ROWS = frozenset({"tr", "table", "tbody", "thead", "tfoot", "caption"})
_UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "textarea", "select"}
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([a-z0-9_\-]{2,20})", re.IGNORECASE)
_OPEN_TAG = re.compile(r"<[a-zA-Z/!][^<>]*\Z")
_TAIL = 4_096
_STEP = 1 << 16
# Parsers of HTML keep every open element; more text than this per permitted character is markup without words.
_MARKUP_FACTOR = 4


class HtmlExtractor:
    """Web pages and fragments of them."""

    name = "html"
    version = "2"

    def score(self, identified: Identified) -> int:
        return 100 if identified.mime in {known.HTML, "application/xhtml+xml"} else 0

    def extract(self, stream: BinaryIO, limits: Limits) -> Extraction:
        opened(stream)
        declared = _CHARSET.search(stream.read(4_096))
        source = decoded(stream, _STEP + _MARKUP_FACTOR * limits.characters, declared[1].decode() if declared else "")
        tail = source.text[-_TAIL:]
        if source.complete and _OPEN_TAG.search(tail):
            raise InvalidInput("file-truncated")
        page = _Page(limits)
        finished = until_enough(lambda: _feed(source.text, page))
        warnings: list[str] = []
        if source.complete and "<html" in source.text[:_TAIL].lower() and "</html" not in tail.lower():
            warnings.append(HTML_UNCLOSED)
        metadata = {"title": "".join(page.title), "encoding": source.encoding}
        cut = not (finished and source.complete)
        return extraction(page.gathering.text(), pages=None, metadata=metadata, cut=cut, warnings=warnings)


def _feed(text: str, page: "_Page") -> None:
    # The parser is told UTF-8 and given UTF-8, so that no declaration in the page can make it read otherwise.
    parser = etree.HTMLParser(target=cast("Any", page), encoding="utf-8", huge_tree=True, no_network=True)
    source = io.StringIO(text)
    try:
        while piece := source.read(_STEP):
            parser.feed(piece.encode("utf-8", "surrogatepass"))
        parser.close()
    except (etree.LxmlError, ValueError) as error:
        if page.seen:
            raise InvalidInput("file-damaged", detail="html") from error


class _Page(Watched):
    """Gathers what is seen of a page."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits.elements)
        self.gathering = Gathering(limits.characters)
        self.title: list[str] = []
        self.seen = False
        self._hidden: list[str] = []
        self._in_title = False

    def doctype(self, *_: object) -> None:
        """HTML has one, and it declares nothing."""

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 - the parser gives both
        self.seen = True
        if tag in _UNSEEN:
            self._hidden.append(tag)
        elif tag == "title":
            self._in_title = True
        elif tag in _ROWS:
            self.gathering.row()
        elif tag in _BLOCKS:
            self.gathering.line()

    def finish(self, tag: str) -> None:
        if tag in _UNSEEN:
            if tag in self._hidden:
                self._hidden.remove(tag)
        elif tag == "title":
            self._in_title = False
        elif tag in {"td", "th"}:
            self.gathering.cell()
        elif tag in _ROWS:
            self.gathering.row()
        elif tag in _BLOCKS:
            self.gathering.line()

    def characters(self, text: str) -> None:
        if self._in_title:
            self.title.append(text[:1_000])
        elif not self._hidden:
            self.gathering.words(text)
