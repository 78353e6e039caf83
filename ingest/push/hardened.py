"""XML from strangers: no entities, no document type, no network, bounded in size and number."""

from collections.abc import Iterator
from typing import Final

from lxml import etree

from archive.errors import InvalidInput

MOST_BYTES: Final = 9 << 20
"""Of one envelope; libxml2 reads no longer text than ten million characters unless told to read anything."""

MOST_ELEMENTS: Final = 20_000
_PIECE: Final = 64 << 10
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_FORBIDDEN: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")


def decode(raw: bytes) -> str:
    """The text of an envelope, whatever it declares itself to be.

    A mark at the beginning is believed, then UTF-16 is told by its zeros; else it is UTF-8 if it can be, or GB18030.

    Raises:
        InvalidInput: it is too large (`push-too-large`), or none of these (`push-encoding`).
    """
    if len(raw) > MOST_BYTES:
        raise InvalidInput("push-too-large", most=MOST_BYTES >> 20)
    for encoding in _encodings(raw):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput("push-encoding")


def _encodings(raw: bytes) -> Iterator[str]:
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            yield encoding
    if raw[1:2] == b"\x00":
        yield "utf-16-le"
    elif raw[:1] == b"\x00":
        yield "utf-16-be"
    yield from ("utf-8", "gb18030")


def cleaned(text: str) -> str:
    """`text` with U+FFFD for every character that XML cannot hold."""
    return text.translate(_FORBIDDEN)


def parse(text: str) -> etree._Element:
    """The root of a document. What its first line declares of its encoding is ignored: it has been decoded.

    Raises:
        InvalidInput: it is no XML, declares a document type, or has too many elements (`push-not-xml`).
    """
    start = _beginning(text)
    parser = etree.XMLPullParser(
        events=("start",),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    # The parser is told UTF-8 and given UTF-8, piece by piece: who sends millions of elements must not fill the memory.
    raw, seen = memoryview(text[start:].encode()), 0
    try:
        for place in range(0, max(len(raw), 1), _PIECE):
            parser.feed(bytes(raw[place : place + _PIECE]))
            seen += sum(1 for _ in parser.read_events())
            if seen > MOST_ELEMENTS:
                raise InvalidInput("push-not-xml", detail=f"> {MOST_ELEMENTS} elements")
        root: etree._Element = parser.close()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidInput("push-not-xml", detail=type(error).__name__) from error
    return root


def _beginning(text: str) -> int:
    """Where the root begins: behind declaration and comments. A document type is refused before anything is parsed."""
    position = 0
    while True:
        while position < len(text) and (text[position].isspace() or text[position] == "\ufeff"):
            position += 1
        if text.startswith("<?", position):
            end = text.find("?>", position)
        elif text.startswith("<!--", position):
            end = text.find("-->", position)
        elif text.startswith("<!", position):
            raise InvalidInput("push-not-xml", detail="DOCTYPE")
        else:
            return position
        if end < 0:
            raise InvalidInput("push-not-xml", detail="prolog")
        position = text.index(">", end) + 1


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(element).localname


def content(element: etree._Element) -> str:
    """The text of an element; where markup stands in it unescaped, with that markup."""
    inner = "".join(etree.tostring(child, encoding="unicode") for child in element)
    return (element.text or "") + inner


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first child of this name, whatever its namespace."""
    return next((one for one in element if local_name(one).upper() == name), None)


def children(element: etree._Element, name: str) -> list[etree._Element]:
    """All children of this name, whatever their namespace."""
    return [one for one in element if local_name(one).upper() == name]
