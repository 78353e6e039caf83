"""A row of a table as a document: its envelope, its page, and the digest that tells whether it is still the same."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from hashlib import sha256
from html import escape
from typing import Final

from archive.records.types import ComponentRole, Incoming
from ingest.connectors.streams import from_bytes
from ingest.connectors.texts import well_formed

MARK: Final = "row:"
"""What the digest of a row begins with."""

_LOOKS_MARKED: Final = re.compile(r"<(?:!doctype|[a-z][a-z0-9]*)(?:\s[^<>]*)?/?>", re.IGNORECASE)


def canonical(row: Mapping[str, object], about: Mapping[str, object] | None = None) -> bytes:
    """A row as JSON in the order of its columns: decimals and times as text, bytes in base64.

    `about` says where it stood, before the columns.
    """
    said = {**(about or {}), "row": row} if about is not None else row
    return json.dumps(said, ensure_ascii=False, default=_value, separators=(",", ":")).encode(
        "utf-8", "backslashreplace"
    )


def row_digest(row: Mapping[str, object], without: Iterable[str] = ()) -> str:
    """The digest of a row but for some columns, which only say how it is handed over."""
    left = set(without)
    return MARK + sha256(canonical({name: row[name] for name in row if name not in left})).hexdigest()


def told(options: Mapping[str, object]) -> str:
    """A digest of what a source is told: rows are looked at afresh when it changes."""
    return sha256(json.dumps(options, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()[:32]


def envelope(data: bytes) -> Incoming:
    """The row as received."""
    return Incoming("envelope.json", ComponentRole.ENVELOPE, from_bytes(data))


def main_of(content: str, title: str, row: Mapping[str, object]) -> Incoming:
    """The document itself: the content of the row, or where there is none a page of its fields."""
    if not content.strip():
        page = page_of(title, row).encode()
        return Incoming("notice.html", ComponentRole.MAIN, from_bytes(page), "text/html")
    data = content.encode("utf-8", "replace")
    if looks_marked(content):
        return Incoming("notice.html", ComponentRole.MAIN, from_bytes(data), "text/html")
    return Incoming("notice.txt", ComponentRole.MAIN, from_bytes(data), "text/plain")


def looks_marked(content: str) -> bool:
    """Whether a text is HTML rather than plain words."""
    return _LOOKS_MARKED.search(content) is not None


def page_of(title: str, row: Mapping[str, object]) -> str:
    """A page of the fields of a row; the same row gives the same page."""
    lines = [
        f"<tr><th>{escape(well_formed(name))}</th><td>{escape(well_formed(_shown(value)))}</td></tr>"
        for name, value in row.items()
        if value is not None and value != "" and not isinstance(value, bytes)
    ]
    heading = escape(well_formed(title))
    head = f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{heading}</title></head>'
    return "\n".join([head, f"<body><h1>{heading}</h1>", "<table>", *lines, "</table></body></html>"])


def _shown(value: object) -> str:
    return value if isinstance(value, str) else str(_value(value) if not isinstance(value, int | float) else value)


def _value(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return b64encode(bytes(value)).decode("ascii")
    return str(value)
