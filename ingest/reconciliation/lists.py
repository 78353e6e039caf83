"""A list that a source hands in: JSON lines, one document each, read line by line."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import BinaryIO, Final

from archive.errors import InvalidInput
from ingest.connectors.port import Listed, Stated

MOST_BYTES: Final = 1 << 30
"""Of a list as it is sent in: five million entries of two hundred bytes."""

_LONGEST_LINE: Final = 16_384
_FIELDS: Final = frozenset({"external_id", "data_no", "day", "size", "digest"})


def read_listing(stream: BinaryIO) -> Iterator[Listed]:
    """The entries of a list.

    Raises:
        InvalidInput: a line is no entry (`inventory-line`).
    """
    number = 0
    while line := stream.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise InvalidInput("inventory-line", line=number, detail=f"> {_LONGEST_LINE}")
        if line.strip():
            yield _entry(line, number)


def _entry(line: bytes, number: int) -> Listed:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("inventory-line", line=number, detail=type(error).__name__) from error
    if not isinstance(row, dict):
        raise InvalidInput("inventory-line", line=number, detail=type(row).__name__)
    unknown = sorted(row.keys() - _FIELDS)
    if unknown:
        # A misspelt name would leave everything uncompared, and nobody would know.
        raise InvalidInput("inventory-line", line=number, detail=unknown[0][:40])
    size = row.get("size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool)):
        raise InvalidInput("inventory-line", line=number, detail="size")
    texts = {name: _text(row, name, number) for name in _FIELDS - {"size"}}
    stated = Stated(texts["data_no"], _day(texts["day"], number), None, size, texts["digest"])
    return Listed(texts["external_id"], stated)


def _text(row: Mapping[str, object], name: str, number: int) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInput("inventory-line", line=number, detail=name)
    return value


def _day(text: str, number: int) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInput("inventory-line", line=number, detail="day") from error
