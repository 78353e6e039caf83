"""The layout of an index and its documents as the server takes them, both made from `search.fields`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from search.elastic.address import Address
from search.fields import NUMBERS, STORED, TERMS, TEXTS, Fields, fields_of
from search.types import Document, Removal

LAYOUT = "v1"
POSITION = "position"
"""The document that says where the index stands; records have other ids."""

_MOST_BYTES = 8 << 20
_MOST_DOCUMENTS = 1_000


def settings_of(address: Address) -> dict[str, Any]:
    """How an index is kept. It is refreshed when a batch is complete, never else: half of one is not seen."""
    copies = {"auto_expand_replicas": "0-1"} if address.replicas is None else {"number_of_replicas": address.replicas}
    return {"number_of_shards": address.shards, "refresh_interval": "-1", **copies}


def mapping() -> dict[str, Any]:
    """Which fields there are and what they are for; a document with any other is refused."""
    kinds: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
        (TEXTS, {"type": "text", "analyzer": "whitespace"}),
        (TERMS, {"type": "keyword"}),
        (NUMBERS, {"type": "long"}),
        (STORED, {"type": "keyword", "index": False, "doc_values": False}),
    )
    return {
        "dynamic": "strict",
        # What is only searched need not be kept a second time to be shown.
        "_source": {"includes": [*STORED, "ledger_index"]},
        "properties": {name: kind for names, kind in kinds for name in names},
    }


def source_of(fields: Fields) -> dict[str, Any]:
    """One entry as a document."""
    stored = {name: value.decode() for name, value in fields.stored.items()}
    return {**fields.texts, **fields.terms, **fields.numbers, **stored}


def version_of(ledger_index: int) -> int:
    """The version of a document, of which the server keeps the highest. It counts from 0, positions from -1."""
    return ledger_index + 1


def requests_of(changes: Iterable[Document | Removal]) -> Iterator[list[bytes]]:
    """The lines that bring changes in, cut into requests of a size that the server takes."""
    lines: list[bytes] = []
    size = 0
    for change in changes:
        entry = _lines(change)
        added = sum(map(len, entry))
        if lines and (size + added > _MOST_BYTES or len(lines) >= 2 * _MOST_DOCUMENTS):
            yield lines
            lines, size = [], 0
        lines += entry
        size += added
    if lines:
        yield lines


def _lines(change: Document | Removal) -> list[bytes]:
    version = version_of(change.ledger_index)
    action = {"index": {"_id": change.record_id, "version": version, "version_type": "external_gte"}}
    return [_json(action), _json(source_of(fields_of(change)))]


def _json(value: Mapping[str, Any]) -> bytes:
    # Half a surrogate pair can be in a text but in no encoding.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
