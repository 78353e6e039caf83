"""XML in packages: no document type, so no entity; bounded in size, number and depth; large content never held.

A parser of events is used: the content of an element may be longer than memory, and an encapsulation carries whole
files as text.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Never
from xml.parsers import expat

from archive.errors import InvalidInput

MOST_ELEMENTS: Final = 500_000
_MOST_TEXT: Final = 64 << 20
"""Characters of text and attributes that are kept, in all."""

_MOST_TOKEN: Final = 8 << 20
"""Bytes of one tag: a parser holds a tag until it ends."""

_MOST_BYTES: Final = 4 << 30
_DEEPEST: Final = 64
_BLOCK: Final = 64 << 10
_OPENING: Final = 256
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_ENCODING: Final = re.compile(rb"""<\?xml[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,20})["']""")
_ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "iso-8859-1": "iso-8859-1",
}
_PREFIXES: Final = {
    "http://www.w3.org/1999/xlink": "xlink",
    "https://DILCIS.eu/XML/METS/CSIPExtensionMETS": "csip",
    "https://DILCIS.eu/XML/METS/SIPExtensionMETS": "sip",
}


@dataclass(slots=True)
class Element:
    """One element. `name` is local; attributes of the namespaces known here are by prefix and name (`xlink:href`)."""

    name: str
    namespace: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element"] = field(default_factory=list)
    text: str = ""
    line: int = 0

    def first(self, *path: str) -> "Element | None":
        """The first element down this path of names."""
        here: Element | None = self
        for name in path:
            here = next((child for child in here.children if child.name == name), None) if here is not None else None
        return here

    def all(self, name: str) -> list["Element"]:
        """The children of this name."""
        return [child for child in self.children if child.name == name]

    def descendants(self, name: str) -> Iterator["Element"]:
        """All elements below of this name, in their order."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.descendants(name)

    def said(self, *path: str) -> str:
        """The text down this path, "" where there is none."""
        found = self.first(*path)
        return found.text.strip() if found is not None else ""


Taking = Callable[[Element, str], bool]
"""Is offered each piece of text of an element; True keeps it out of the tree, for it has been taken."""


def parse(stream: BinaryIO, name: str, taking: Taking = lambda element, text: False) -> Element:  # noqa: ARG005 - names say what is offered
    """The root of a document, read in pieces.

    Raises:
        InvalidInput: `package-xml`: it is no XML, declares a document type, or is larger, deeper or in more pieces than
            any list or metadata file is.
    """
    for _ in (reading := _Reading(name, taking)).read(stream):
        pass
    return reading.root()


def walk(stream: BinaryIO, name: str, taking: Taking) -> Iterator[None]:
    """Parse a document and stop after each piece, so that what `taking` took can be passed on.

    Raises:
        InvalidInput: as `parse`.
    """
    yield from _Reading(name, taking).read(stream)


class _Reading:
    """One parse."""

    def __init__(self, name: str, taking: Taking) -> None:
        self._name = name
        self._taking = taking
        self._stack: list[Element] = []
        self._root: Element | None = None
        self._texts: list[list[str]] = []
        self._elements = self._kept = self._fed = 0
        self._parser = expat.ParserCreate("utf-8", " ")
        # Content comes in lines of base64: taken one by one they cost ten times as much.
        self._parser.buffer_text = True
        self._parser.buffer_size = _BLOCK
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data

    def root(self) -> Element:
        if self._root is None:
            self._refuse("empty")
        return self._root

    def read(self, stream: BinaryIO) -> Iterator[None]:
        opening = stream.read(_OPENING)
        decoder = codecs.getincrementaldecoder(self._encoding(opening))()
        try:
            block = opening
            while block:
                self._feed(decoder.decode(block).encode(), last=False)
                yield
                block = stream.read(_BLOCK)
            self._feed(decoder.decode(b"", final=True).encode(), last=True)
        except (UnicodeDecodeError, UnicodeEncodeError):
            self._refuse("encoding")
        except expat.ExpatError as error:
            self._refuse(f"line {error.lineno}: {expat.ErrorString(error.code)}")
        yield

    def _encoding(self, opening: bytes) -> str:
        for mark, encoding in _BOMS:
            if opening.startswith(mark):
                return encoding
        found = _ENCODING.match(opening)
        declared = found[1].decode().lower() if found else "utf-8"
        if declared not in _ENCODINGS:
            self._refuse("encoding")
        return _ENCODINGS[declared]

    def _feed(self, data: bytes, *, last: bool) -> None:
        self._fed += len(data)
        if self._fed > _MOST_BYTES:
            self._refuse("size")
        self._parser.Parse(data, last)
        if self._fed - max(self._parser.CurrentByteIndex, 0) > _MOST_TOKEN:
            self._refuse("tag")

    def _doctype(self, *_: object) -> None:
        self._refuse("DOCTYPE")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        self._elements += 1
        self._keep(sum(len(key) + len(value) for key, value in attributes.items()))
        if self._elements > MOST_ELEMENTS or len(self._stack) >= _DEEPEST:
            self._refuse("elements")
        named = {_attribute(key): value for key, value in attributes.items()}
        element = Element(local, namespace, named, line=self._parser.CurrentLineNumber)
        if self._stack:
            self._stack[-1].children.append(element)
        else:
            self._root = element
        self._stack.append(element)
        self._texts.append([])

    def _end(self, _: str) -> None:
        self._stack.pop().text = "".join(self._texts.pop())

    def _data(self, text: str) -> None:
        if not self._taking(self._stack[-1], text):
            self._keep(len(text))
            self._texts[-1].append(text)

    def _keep(self, characters: int) -> None:
        self._kept += characters
        if self._kept > _MOST_TEXT:
            self._refuse("text")

    def _refuse(self, detail: str) -> Never:
        raise InvalidInput("package-xml", name=self._name, detail=detail)


def _attribute(key: str) -> str:
    namespace, _, local = key.rpartition(" ")
    if not namespace:
        return local
    return f"{_PREFIXES.get(namespace, namespace)}:{local}"
