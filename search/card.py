"""What an index keeps of a document to show it as a hit, as bytes, the public copy apart from the whole."""

import json
from collections.abc import Sequence
from datetime import datetime

from search.cjk import Phrase
from search.snippet import excerpt, marked
from search.types import Document, Hit

_PLAIN = (
    "record_id",
    "class_code",
    "doc_type",
    "trade_type",
    "region",
    "state",
    "withdrawn",
    "project_id",
    "project_code",
    "reference_code",
)


def pack_card(document: Document) -> bytes:
    """What every reader within scope may see."""
    published = document.published.isoformat() if document.published else None
    return _pack({name: getattr(document, name) for name in _PLAIN} | {"published": published})


def pack_texts(document: Document, *, redacted: bool) -> bytes:
    """The texts for one kind of reader."""
    shown = document.shown(redacted=redacted)
    return _pack({"title": shown.title, "body": shown.body, "project": shown.project_name})


def unpack(card: bytes, texts: bytes, phrases: Sequence[Phrase], score: float) -> Hit:
    """The hit, with what `phrases` find in its texts marked.

    Raises:
        ValueError: the bytes are not what was packed.
    """
    values, shown = json.loads(card), json.loads(texts)
    try:
        published = values.pop("published")
        return Hit(
            **values,
            title=shown["title"],
            marked_title=marked(shown["title"], phrases),
            project=shown["project"] or None,
            published=datetime.fromisoformat(published) if published else None,
            snippet=excerpt(shown["body"], phrases),
            score=score,
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("this is no card of a document") from error


def _pack(value: object) -> bytes:
    # Half a surrogate pair can be in a text but in no encoding; it is shown as a question mark.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
