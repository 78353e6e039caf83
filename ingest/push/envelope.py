"""Envelopes, read: the general one (TITLE, CONTEXT, FILECONTEXT) as XML or JSON, and a data set's table as XML.

Nothing is judged here but whether it is an envelope at all.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from archive.errors import InvalidInput
from ingest.push.hardened import MOST_ELEMENTS, child, children, cleaned, content, decode, local_name, parse
from ingest.push.types import FileReference, Message, Operation, Shape

_DROPPED: Final = frozenset({"1", "T", "Y", "TRUE", "是"})


def read_envelope(raw: bytes, shape: Shape) -> Message:
    """An envelope of this shape.

    Raises:
        InvalidInput: it cannot be decoded (`push-encoding`), is no XML or JSON (`push-not-xml`, `push-not-json`), is
            too large (`push-too-large`), or something else than an envelope (`push-not-an-envelope`).
    """
    return _READERS[shape](decode(raw))


def shape_of(raw: bytes) -> Shape:
    """Whether a general envelope is XML or JSON: JSON begins with a brace."""
    return Shape.GENERAL_JSON if raw.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] == b"{" else Shape.GENERAL_XML


def _general_xml(text: str) -> Message:
    clean = cleaned(text)
    root = parse(clean)
    title, context = child(root, "TITLE"), child(root, "CONTEXT")
    if title is None or context is None:
        raise InvalidInput("push-not-an-envelope", missing="TITLE" if title is None else "CONTEXT")
    head = {local_name(one).upper(): content(one).strip() for one in title}
    listed = child(root, "FILECONTEXT")
    files = [] if listed is None else children(listed, "SOURCE")
    sources = [{local_name(one).upper(): content(one).strip() for one in file} for file in files]
    given = tuple((local_name(one), content(one).strip()) for one in context)
    return _message(head, given, sources, replaced=clean != text)


def _table_xml(text: str) -> Message:
    clean = cleaned(text)
    root = parse(clean)
    given = tuple((local_name(one), content(one).strip()) for one in root)
    return Message("", local_name(root), "", Operation.CHANGE, given, (), clean != text)


def _general_json(text: str) -> Message:
    try:
        # Numbers stay as they were written, and a name that comes twice is seen.
        read = json.loads(text, object_pairs_hook=_Pairs, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("push-not-json", detail=type(error).__name__) from error
    root = _object(read, "DES")
    root = _object(root.first("DES"), "DES") if len(root) == 1 and root.first("DES") is not None else root
    title, context = _object(root.first("TITLE"), "TITLE"), _object(root.first("CONTEXT"), "CONTEXT")
    listed = root.first("FILECONTEXT")
    if isinstance(listed, _Pairs):
        listed = listed.first("SOURCE")
    files = listed if isinstance(listed, list) else [] if listed is None else [listed]
    sources = [dict(_texts(_object(file, "SOURCE"), upper=True)) for file in files]
    given = tuple(_texts(context))
    replaced = any("\ufffd" in value for _, value in given)
    return _message(dict(_texts(title, upper=True)), given, sources, replaced=replaced)


_READERS: Final[Mapping[Shape, Callable[[str], Message]]] = {
    Shape.GENERAL_XML: _general_xml,
    Shape.GENERAL_JSON: _general_json,
    Shape.TABLE_XML: _table_xml,
}


class _Pairs(list[tuple[str, object]]):
    """A JSON object with its names in order, each as often as it came."""

    def first(self, name: str) -> object:
        """The first value of a name, in whatever case; None where there is none."""
        return next((value for key, value in self if key.upper() == name), None)


def _object(value: object, name: str) -> _Pairs:
    if not isinstance(value, _Pairs):
        raise InvalidInput("push-not-an-envelope", missing=name)
    if len(value) > MOST_ELEMENTS:
        raise InvalidInput("push-not-json", detail=f"> {MOST_ELEMENTS}")
    return value


def _texts(pairs: _Pairs, *, upper: bool = False) -> Iterator[tuple[str, str]]:
    for key, value in pairs:
        if isinstance(value, bool):
            text = "1" if value else "0"
        elif value is None or isinstance(value, str):
            text = value or ""
        else:
            raise InvalidInput("push-not-an-envelope", missing=cleaned(key)[:64])
        yield cleaned(key.upper() if upper else key), cleaned(text).strip()


def _message(
    head: Mapping[str, str], given: tuple[tuple[str, str], ...], sources: list[dict[str, str]], *, replaced: bool
) -> Message:
    files = tuple(
        FileReference(
            code=source.get("FILE_EN_NAME", ""),
            name=source.get("FILE_NAME", ""),
            path=source.get("BINARY_CONTENT", ""),
            dropped=source.get("IS_DELETE", "").upper() in _DROPPED,
        )
        for source in sources
    )
    return Message(
        number=head.get("DATA_NO", ""),
        table=head.get("DATA_EN", ""),
        key=head.get("DATA_KEY", ""),
        operation=head.get("DATA_TYPE", ""),
        given=given,
        files=files,
        cleaned=replaced,
    )
