"""What the extractors share: opening a stream, gathering text up to a limit, reading XML without building a tree."""

import io
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO, cast

from lxml import etree

from archive.errors import InvalidInput
from ingest.extractors.port import NO_TEXT, TEXT_CUT, Extraction

_BLANKS = re.compile(r"[ \u00a0\r\n\t]+")
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_LINE_ENDS = re.compile(r"[ \t\u3000]*\n[ \t]*")
_MANY_LINES = re.compile(r"\n{3,}")
_METADATA_LENGTH = 1_000


class Enough(Exception):
    """A limit has been reached; what has been gathered so far is kept."""


def opened(stream: BinaryIO) -> int:
    """The size of `stream` in bytes; the position is at the beginning afterwards.

    Raises:
        InvalidInput: `file-empty`, or `file-unreadable` for a stream that is closed or fails.
    """
    try:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
    except (OSError, ValueError) as error:
        raise InvalidInput("file-unreadable") from error
    if size == 0:
        raise InvalidInput("file-empty")
    return size


def cleaned(text: str) -> str:
    """`text` with one kind of line end, without control characters and without blanks at the ends of lines."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    return _MANY_LINES.sub("\n\n", _LINE_ENDS.sub("\n", _UNWANTED.sub("", plain))).strip()


def described(claims: Mapping[str, str | None]) -> dict[str, str]:
    """Metadata that says something, on one line and of bearable length."""
    tidy = {key: _BLANKS.sub(" ", _UNWANTED.sub("", value or "")).strip() for key, value in claims.items()}
    return {key: value[:_METADATA_LENGTH] for key, value in tidy.items() if value}


class Gathering:
    """Text as it comes out of a document: words, line breaks and cell breaks, never more than `limit` characters."""

    def __init__(self, limit: int) -> None:
        self._pieces: list[str] = []
        self._left = limit
        self._pending = ""
        self.cut = False

    def words(self, text: str, *, folded: bool = True) -> None:
        """Append text. `folded` makes one blank of each run of blanks and line ends, as HTML means them.

        Raises:
            Enough: the limit is reached.
        """
        wanted = _BLANKS.sub(" ", text) if folded else text
        if not wanted or (wanted == " " and (self._pending or not self._pieces)):
            return
        if self._pending:
            self._pieces.append(self._pending)
            self._left -= 1
            self._pending = ""
            wanted = wanted.lstrip(" ") if folded else wanted
        self._pieces.append(wanted[: max(self._left, 0)])
        self._left -= len(wanted)
        if self._left < 0:
            self.cut = True
            raise Enough

    def line(self) -> None:
        """End the line, once. The break between two cells stays what it is."""
        if self._pieces and self._pending != "\t":
            self._pending = "\n"

    def cell(self) -> None:
        """End a table cell, whatever block ended in it."""
        if self._pieces:
            self._pending = "\t"

    def row(self) -> None:
        """End a table row, whatever cell ended in it."""
        if self._pieces:
            self._pending = "\n"

    def blank(self) -> None:
        """Keep what follows apart from what came before, on the same line."""
        if self._pieces and not self._pending:
            self._pending = " "

    def text(self) -> str:
        """All of it, cleaned."""
        return cleaned("".join(self._pieces))


class Watched:
    """A parser target that counts what it is called for and refuses document types, which none of our formats needs.

    Subclasses define `begin`, `finish` and `characters`; tags come without their namespace.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._left -= 1
        if self._left < 0:
            raise Enough
        self.begin(_local(tag), attributes)

    def end(self, tag: str) -> None:
        self.finish(_local(tag))

    def data(self, text: str) -> None:
        self._left -= 1
        if self._left < 0:
            raise Enough
        self.characters(text)

    def doctype(self, *_: object) -> None:
        raise InvalidInput("file-damaged", detail="document type")

    def close(self) -> None:
        return None

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def finish(self, tag: str) -> None:
        """An element ends."""

    def characters(self, text: str) -> None:
        """Text between tags, in pieces."""


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def read_xml(pieces: Iterable[bytes], target: Watched) -> None:
    """Feed XML to `target`: no entities, no network, no tree.

    Raises:
        InvalidInput: `file-damaged`, it is not well-formed.
        Enough: the target has seen enough.
    """
    parser = etree.XMLParser(target=cast("Any", target), resolve_entities=False, no_network=True, huge_tree=False)
    try:
        for piece in pieces:
            parser.feed(piece)
        parser.close()
    except (etree.LxmlError, ValueError) as error:
        raise InvalidInput("file-damaged", detail="xml") from error


def small_xml(content: bytes) -> etree._Element:
    """A small part as a tree.

    Raises:
        InvalidInput: `file-damaged`, it is not well-formed or declares a document type.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.LxmlError, ValueError) as error:
        raise InvalidInput("file-damaged", detail="xml") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidInput("file-damaged", detail="document type")
    return root


def until_enough(work: Callable[[], None]) -> bool:
    """Run `work`; whether it came to its end before a limit did."""
    try:
        work()
    except Enough:
        return False
    return True


def extraction(
    text: str, *, pages: int | None, metadata: Mapping[str, str | None], cut: bool, warnings: Iterable[str] = ()
) -> Extraction:
    """Put a result together, with the warnings that follow from it."""
    codes = dict.fromkeys(warnings)
    if cut:
        codes[TEXT_CUT] = None
    if not text:
        codes[NO_TEXT] = None
    return Extraction(text, pages, described(metadata), not cut, tuple(codes))
