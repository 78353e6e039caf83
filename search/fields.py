"""What an index holds of a record: the one definition from which the layout and the documents of every engine are made.

A text is its tokens joined by spaces, so that an engine has only to cut at spaces. A text and its public copy are two
fields, or one where they say the same; a redacted scope is answered from the public copy alone, which `searched`
decides for all engines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from search.card import pack_card, pack_texts
from search.cjk import tokens
from search.types import Area, Document, Removal

WHOLE, PUBLIC, _BOTH = "whole", "public", "both"
_COPIED = ("names", "body", "project")
_NAME_WEIGHT = 3.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

TEXTS = (*(f"{copy}_{text}" for copy in (WHOLE, PUBLIC, _BOTH) for text in _COPIED), "reference", "type_words")
"""Fields of tokens, of which phrases are looked for."""
TERMS = ("kind", "record", "class", "trade_type", "doc_type", "state", "project_id", "region", "level", "settled")
"""Fields of values that are found whole. `kind` is document, removal or position; only a document has a level."""
NUMBERS = ("ledger_index", "released_from", "published", "newest")
"""Fields of numbers that fit eight bytes with a sign; moments are microseconds since 1970."""
STORED = ("card", WHOLE, PUBLIC)
"""What is kept to be shown and never searched."""


@dataclass(frozen=True)
class Fields:
    """One entry of an index, field by field. Without a `stored` whole, the whole is what the public copy says."""

    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    terms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    stored: Mapping[str, bytes] = field(default_factory=dict)


def fields_of(change: Document | Removal) -> Fields:
    """A document, or the tombstone of a removed record.

    The tombstone keeps older documents of its record out. It has no access level, so no scope ever reaches it.
    """
    if isinstance(change, Document):
        return _document(change)
    return Fields(
        terms={"kind": ("removal",), "record": (change.record_id,)}, numbers={"ledger_index": change.ledger_index}
    )


def position_of(position: int) -> Fields:
    """Where the index stands in the ledger, as an entry of its own."""
    return Fields(terms={"kind": ("position",)}, numbers={"ledger_index": position})


def searched(area: Area, *, redacted: bool) -> tuple[tuple[str, float], ...]:
    """The fields in which an area is looked for, with their weights: only those of the copy that this reader gets."""
    if area is Area.REFERENCE:
        return (("reference", 1.0),)
    if area is Area.DOC_TYPE:
        return (("type_words", 1.0),)
    own = PUBLIC if redacted else WHOLE
    weights = {"project": 1.0} if area is Area.PROJECT else {"names": _NAME_WEIGHT, "body": 1.0}
    return tuple((f"{copy}_{text}", weight) for text, weight in weights.items() for copy in (own, _BOTH))


def micros(moment: datetime) -> int:
    """A moment as the number that is indexed."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _document(document: Document) -> Fields:
    whole, public = _copied(document, redacted=False), _copied(document, redacted=True)
    texts = {"reference": _words([document.reference_code]), "type_words": _words([document.doc_type])}
    for name in _COPIED:
        if whole[name] == public[name]:
            texts[f"{_BOTH}_{name}"] = _words(public[name])
        else:
            texts[f"{WHOLE}_{name}"] = _words(whole[name])
            texts[f"{PUBLIC}_{name}"] = _words(public[name])
    stored = {"card": pack_card(document), PUBLIC: pack_texts(document, redacted=True)}
    if whole != public:
        stored[WHOLE] = pack_texts(document, redacted=False)
    return Fields(texts, _terms(document), _numbers(document), stored)


def _terms(document: Document) -> dict[str, Sequence[str]]:
    terms: dict[str, Sequence[str]] = {
        "kind": ("document",),
        "record": (document.record_id,),
        "class": document.classes(),
        "state": (document.state,),
        "region": [document.region[:length] for length in range(1, len(document.region) + 1)],
        "level": (str(document.level),),
        "settled": ("yes" if document.settled else "no",),
    }
    named = {"trade_type": document.trade_type, "doc_type": document.doc_type, "project_id": document.project_id}
    for name, value in named.items():
        if value:
            terms[name] = (value,)
    return terms


def _numbers(document: Document) -> dict[str, int]:
    numbers = {"ledger_index": document.ledger_index, "newest": document.newest}
    if document.released_from is not None:
        numbers["released_from"] = micros(document.released_from)
    if document.published is not None:
        numbers["published"] = micros(document.published)
    return numbers


def _copied(document: Document, *, redacted: bool) -> dict[str, tuple[str | None, ...]]:
    """The texts of which there is a public copy, by name."""
    shown = document.shown(redacted=redacted)
    return {
        "names": document.names(redacted=redacted),
        "body": (shown.body,),
        "project": (shown.project_name, document.project_code),
    }


def _words(values: Iterable[str | None]) -> list[str]:
    return [" ".join(tokens(value)) for value in values if value]
